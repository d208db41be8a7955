"""Which session a file tells of: its number, its title and its day, and from where each is known."""

from __future__ import annotations

import re

from sessions_app.archive_import import dates, front_matter, numbers
from sessions_app.archive_import.dates import Day
from sessions_app.archive_import.outline import Block, Outline
from sessions_app.archive_import.said import Said

LONGEST_TITLE = 200
DATE_LABEL = (
    r"(?:(?:meeting|session|class|event)?\s*(?:date|day|when|held(?: on)?|met on|time)(?: (?:and|&) time)?)"
)
DATE_LINE = re.compile(rf"^[\W_]*(?:{DATE_LABEL}\s*[:–—-]?)?[\W_]*$", re.IGNORECASE)
LABELLED = re.compile(rf"^[\W_]*{DATE_LABEL}\b[\W_]*", re.IGNORECASE)
SEPARATORS = " \t:–—-|,.;/·•"


def identify(said: Said, matter, outline: Outline, heading: Block | None, taken: set[int]) -> set[str]:
    """Find number, title and day; returns the names of the front matter's fields that were read."""
    used: set[str] = set()
    words = heading.line.source if heading else ""
    _day(said, matter, outline, heading, taken, used)
    words = _number(said, matter, words, used)
    _title(said, matter, heading, words, taken, used)
    return used


def _number(said: Said, matter, words: str, used: set[str]) -> str:
    """Set the number; returns the heading's words without it."""
    found: list[tuple[numbers.Number, str]] = []
    name, value = matter.first(front_matter.NUMBER)
    if value and (number := numbers.in_field(value)):
        used.add(name)
        found.append((number, f"the field “{name}”"))
    if number := numbers.in_heading(words):
        found.append((number, "the heading"))
        words = _without(words, number.start, number.end)
    parts = said.path.split("/")
    for part, where in (
        (parts[-1].rpartition(".")[0], "the file’s name"),
        *((p, "the folder’s name") for p in parts[-2::-1]),
    ):
        if number := numbers.in_name(part):
            found.append((number, where))
            break
    if not found:
        return words
    number, where = found[0]
    if not 1 <= number.value <= numbers.MOST:
        said.no_session = (
            f"Its number, by {where}, is {number.value}; sessions count from 1 to {numbers.MOST}."
        )
        return words
    said.number, said.number_from = number.value, where
    said.recognised.append(f"Number {number.value}, {number.form}, from {where}.")
    for other, place in found[1:]:
        if other.value != number.value:
            said.doubtful.append(f"By {place} it is number {other.value}; {where} was taken.")
    return words


def _title(said: Said, matter, heading: Block | None, words: str, taken: set[int], used: set[str]) -> None:
    name, value = matter.first(front_matter.TITLE)
    if heading and said.day_from == "the heading" and said.day:
        words = words.replace(said.day.text, " ", 1)
    words = re.sub(r"[(\[]\s*[)\]]", " ", words)
    words = " ".join(words.split()).strip(SEPARATORS)
    whole = not heading or not (heading.line.links or heading.line.images or heading.line.comments)
    if value:
        used.add(name)
        number = numbers.in_heading(value)
        said.title, said.title_from = (
            (_without(value, number.start, number.end) if number else value),
            "the field “title”",
        )
        said.title = said.title.strip(SEPARATORS) or value
        same = heading and words.casefold() in ("", said.title.casefold())
        if heading and same and whole:
            taken |= set(range(heading.first, heading.last))
        if number and said.number is None and 1 <= number.value <= numbers.MOST:
            said.number, said.number_from = number.value, "the field “title”"
            said.recognised.append(f"Number {number.value}, {number.form}, from the field “title”.")
    elif words:
        said.title, said.title_from = words, "the heading"
        if whole and len(words) <= LONGEST_TITLE:
            taken |= set(range(heading.first, heading.last))
    elif heading and whole and (said.number or said.day):
        taken |= set(range(heading.first, heading.last))
    said.heading = " ".join(heading.line.text.split())[:LONGEST_TITLE] if heading else ""
    if not said.title:
        said.title, said.title_from = _title_from_path(said.path), "the file’s name"
    if said.title:
        if len(said.title) > LONGEST_TITLE:
            said.title = said.title[: LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…"
            said.doubtful.append(
                "The title is longer than 200 characters and was cut; the notes keep it whole."
            )
        said.recognised.append(f"Title “{said.title}”, from {said.title_from}.")
    else:
        said.missing.append("No title: the heading holds a number alone.")


def _title_from_path(path: str) -> str:
    name = path.rpartition("/")[2].rpartition(".")[0]
    if re.fullmatch(r"(?i)readme|index|notes|summary|minutes", name):
        return ""
    days = dates.find_in_path(name)
    words = re.sub(r"[-_.]+", " ", name)
    words = re.sub(r"(?<!\d)\d{1,4} \d{1,2} \d{1,4}(?!\d)|(?<!\d)\d{8}(?!\d)", " ", words) if days else words
    words = re.sub(rf"(?i)\b{numbers.COUNTED}s? *[0-9ivxl]+\b|^\s*[sw]?\d{{1,3}}\b", " ", words)
    words = " ".join(words.split())
    return words[:1].upper() + words[1:] if re.search(r"[^\W\d]", words) else ""


def _without(words: str, start: int, end: int) -> str:
    """A heading without its number; a word that only led up to it, as in “Notes of week 3”, goes too."""
    before, after = words[:start].rstrip(SEPARATORS + "(["), words[end:].lstrip(SEPARATORS + ")]")
    before = re.sub(
        r"(?i)^(?:(?:meeting|session)? ?(?:notes|minutes|summary)(?: (?:of|for|from))?)$", "", before
    )
    return f"{before}: {after}" if before and after else before or after


def _day(
    said: Said, matter, outline: Outline, heading: Block | None, taken: set[int], used: set[str]
) -> None:
    name, value = matter.first(front_matter.DAY)
    in_path = dates.find_in_path(said.path)
    found: list[tuple[Day, str]] = []
    if value and (days := dates.find(value)):
        used.add(name)
        found.append((days[0], f"the field “{name}”"))
    elif value:
        said.missing.append(f"The field “{name}” holds no day that can be read: “{value[:60]}”.")
    found += _days_of_lines(said, outline, heading, taken, found_already=bool(found))
    if heading and (days := dates.find(heading.line.text)):
        found.append((days[0], "the heading"))
    found += [(day, "the path") for day in in_path[:1]]
    if not found:
        return
    said.day, said.day_from = found[0]
    for other, where in found[1:]:
        if said.day.settled and other.settled and other.settled != said.day.settled:
            said.doubtful.append(
                f"By {where} it was on {other.settled.isoformat()}; {said.day_from} says {said.day.text}."
            )
    settled = {day.settled for day, _ in found if day.settled}
    if not said.day.settled and len(settled & {said.day.month_first, said.day.day_first}) == 1:
        said.day = next(day for day, _ in found if day.settled in (said.day.month_first, said.day.day_first))
    day = said.day.settled
    if day and said.day.weekday is not None and said.day.weekday != day.weekday():
        said.doubtful.append(f"“{said.day.text}” is a {dates.DAYS[day.weekday()].capitalize()}.")


def _days_of_lines(
    said: Said, outline: Outline, heading: Block | None, taken: set[int], *, found_already: bool
) -> list[tuple[Day, str]]:
    """The day that a line before the first section names; the line goes when it says nothing else."""
    loose: list[tuple[Day, int]] = []
    for block in outline.blocks:
        if block.kind == "heading" and block is not heading:
            if block.first > (heading.last if heading else 0) and not dates.find(block.line.text):
                break
            if not (days := dates.find(block.line.text)) or not _nothing_else(block.line.text, days[0]):
                break
            taken |= set(range(block.first, block.last))
            return [(days[0], f"line {block.first + 1}")]
        if block.kind not in ("paragraph", "label", "list", "table"):
            continue
        end = block.last if block.kind != "list" else block.items[-1].last
        for at in range(block.first, end):
            line = outline.lines[at]
            if not (days := dates.find(line)):
                if LABELLED.match(line) and (none := dates.looks_like_a_day(line)):
                    said.missing.append(f"“{none}” in line {at + 1} is on no calendar.")
                continue
            if _nothing_else(line, days[0]):
                taken.add(at)
                return [(days[0], f"line {at + 1}")]
            if LABELLED.match(re.sub(r"^\s*(?:[-*+>]|\d+[.)])\s+", "", line)):
                return [(days[0], f"line {at + 1}")]
            loose += [(day, at) for day in days] if block.kind in ("paragraph", "table") else []
    if len(loose) == 1 and not found_already:
        day, at = loose[0]
        said.doubtful.append(f"The day stands within a sentence (line {at + 1}): “{day.text}”.")
        return [(day, f"line {at + 1}")]
    if len(loose) > 1 and not found_already:
        said.missing.append("Several days are named before the first section, and none is called the date.")
    return []


def _nothing_else(line: str, day: Day) -> bool:
    line = re.sub(r"^\s*(?:[-+>#]+|\d+[.)])\s+", "", line)
    found = dates.find(line)
    return (
        bool(found)
        and bool(DATE_LINE.match(line[: found[0].start]))
        and not re.search(r"\w", re.sub(r"(?i)^T?\s*\d{2}:\d{2}.*$", "x", line[found[0].end :]))
    )
