"""One file into what it says. Whatever does not become a field stays in the notes as it was written."""

from __future__ import annotations

import re

from sessions_app.archive_import import front_matter, numbers, prep, talks
from sessions_app.archive_import.identity import identify
from sessions_app.archive_import.outline import Block, Outline, is_comment, parse, section, with_definitions
from sessions_app.archive_import.said import Said
from sessions_app.models.notes import LONGEST_NOTES
from sessions_app.models.session import LONGEST_TEXT

# Files that projects have about themselves; their dates and numbers are those of versions and licences.
ABOUT = re.compile(
    r"^(?:licen[cs]e|copying|changelog|changes|history|contributing|code[-_]of[-_]conduct|security|authors|"
    r"contributors|requirements.*|robots|todo|citation|notice|summary|_sidebar|_navbar|404|glossary)$",
    re.IGNORECASE,
)
UP_NEXT = re.compile(
    r"^(?:up next|next up|next (?:time|session|week|meeting|steps|meet-?up)|what(?:'s| is) next|"
    r"coming up(?: next)?|"
    r"for next (?:time|week|session)|(?:topics|plans?|ideas) for (?:the )?next (?:time|session|week|meeting)|"
    r"upcoming(?: topics| sessions?)?|future (?:topics|sessions)|looking ahead)$",
    re.IGNORECASE,
)
LONGEST_LINE = 120  # characters of a first line that stands for a heading
LIST_LINE = re.compile(r"\s|[-*+]\s|\d+[.)]\s")
MANY = 2  # headings with different session numbers: an index, or several sessions in one file


def recognise(text: str, path: str) -> Said:
    """What one file says. Never raises; what cannot be read is said in `missing` or `no_session`."""
    said = Said(path)
    name = path.rpartition("/")[2].rpartition(".")[0]
    if ABOUT.match(name):
        said.no_session = "Files of this name tell of the project, not of a session."
        return said
    matter, text = front_matter.split(text)
    outline = parse(text)
    if not text.strip() and not matter.lines:
        said.no_session = "The file is empty."
        return said
    if matter.problem:
        said.missing.append(matter.problem)
    taken: set[int] = set(range(matter.lines))
    heading = _top(outline)
    if several := _several(outline, heading):
        said.no_session = (
            f"Its headings name several sessions ({several}). One file a session is read; an index is none."
        )
        return said
    used = identify(said, matter, outline, heading, taken)
    apart = _sections(said, outline, heading, taken)
    _talks(said, outline, apart | ({heading.first} if heading else set()))
    rest = front_matter.unread(matter, used) if matter.lines else []
    _notes(said, outline, taken, rest)
    return said


def _top(outline: Outline) -> Block | None:
    """The heading that stands for the whole file: the first, unless it already begins a section."""
    first = outline.blocks[0] if outline.blocks else None
    if first and first.kind == "paragraph" and first.last - first.first == 1 and not first.line.links:
        words = first.line.text  # a plain text has no marks for its headings
        named = numbers.in_heading(words)
        if named and named.start == 0 and len(words) <= LONGEST_LINE and not _has_title(outline):
            first.kind, first.level = "heading", 1
    for block in outline.blocks:
        if block.kind == "heading":
            begins = prep.is_clear(block.line) or UP_NEXT.match(prep.heading_of(block.line))
            return None if begins or not block.line.text else block
        if block.kind in ("list", "table"):
            return None
    return None


def _has_title(outline: Outline) -> bool:
    return any(block.kind == "heading" and block.level == 1 for block in outline.blocks)


def _several(outline: Outline, top: Block | None) -> str:
    """The numbers that the headings of an index, or of several sessions in one file, name."""
    first: set[int] = set()  # at the top level; below it, “Lecture 7” may be a part of a session’s notes
    lower: set[int] = set()
    numbered = bool(top and numbers.in_heading(top.line.text))
    for block in outline.blocks:
        if block.kind != "heading" or not (number := numbers.in_heading(block.line.text)):
            continue
        if block.level == 1:
            first.add(number.value)
        elif not numbered and number.start == 0 and block.level <= 3:
            lower.add(number.value)
    several = first if len(first) >= 2 else first | lower
    return ", ".join(map(str, sorted(several))) if len(first) >= 2 or len(several) > MANY else ""


# --- Preparation, what comes next, talks --------------------------------------------------------------
def _sections(said: Said, outline: Outline, heading: Block | None, taken: set[int]) -> set[int]:
    """Read the sections that become fields; returns the first lines of their blocks."""
    apart: set[int] = set()
    blocks, at = outline.blocks, 0
    while at < len(blocks):
        block = blocks[at]
        if block.kind not in ("heading", "label") or block is heading:
            at += 1
            continue
        end = section(blocks, at)
        inside = blocks[at + 1 : end]
        if UP_NEXT.match(prep.heading_of(block.line)):
            _up_next(said, outline, block, inside, taken)
        elif prep.is_clear(block.line) or prep.is_maybe(block.line, inside):
            if block.level == 7:  # words in bold stand above the list that follows, not above all the rest
                inside = inside[: next((n + 1 for n, b in enumerate(inside) if b.kind == "list"), 0)]
                end = at + 1 + len(inside)
            _prep(said, block, inside, taken)
        else:
            at += 1
            continue
        apart |= {each.first for each in [block, *inside]}
        at = end
    if not said.items:
        said.missing.append(
            "No heading such as “Preparation” or “Readings” with a list, so nothing to prepare."
        )
    return apart


def _prep(said: Said, heading: Block, inside: list[Block], taken: set[int]) -> None:
    found = prep.read(heading.line, inside)
    said.missing += found.left
    if not found.items:
        return
    said.items += found.items
    taken |= found.lines
    if not found.words_left:
        taken |= set(range(heading.first, heading.last))
    said.recognised.append(
        f"“{prep.heading_of(heading.line)}” (line {heading.first + 1}) as what to prepare."
    )


def _up_next(said: Said, outline: Outline, heading: Block, inside: list[Block], taken: set[int]) -> None:
    kept = [
        block
        for block in inside
        if block.kind not in ("rule", "comment") and (block.line.text or block.kind not in ("paragraph",))
    ]
    if not kept:
        return
    text = "\n\n".join("\n".join(outline.lines[block.first : block.last]).strip("\n") for block in kept)
    text = with_definitions(text, outline.references)
    both = f"{said.up_next}\n\n{text}".strip()
    if len(both) > LONGEST_TEXT:
        said.missing.append(
            f"“{prep.heading_of(heading.line)}” (line {heading.first + 1}) is too long for its field; "
            "it stays in the notes."
        )
        return
    said.up_next = both
    taken |= set(range(heading.first, heading.last)) | {
        at for block in kept for at in range(block.first, block.last)
    }
    said.recognised.append(
        f"“{prep.heading_of(heading.line)}” (line {heading.first + 1}) as what comes next."
    )


def _talks(said: Said, outline: Outline, apart: set[int]) -> None:
    said.talks, said.slides, left = talks.read(talks.sentences(outline.blocks, apart), said.title)
    said.missing += left
    for talk in said.talks:
        names = " and ".join(name for name, _ in talk.people)
        count = f", with {len(talk.links)} link{'s' if len(talk.links) > 1 else ''}" if talk.links else ""
        said.doubtful.append(
            f"A talk by {names}, read from the sentence in line {talk.line}: “{talk.title}”{count}."
        )


# --- The rest -----------------------------------------------------------------------------------------
def _notes(said: Said, outline: Outline, taken: set[int], rest: list[str]) -> None:
    """The lines that became no field, with the definitions that their links need, and without comments."""
    keep_lines = {at for ref in outline.references.values() for at in range(*ref.get("map", (0, 0)))}
    taken = taken - keep_lines
    lines = list(outline.lines)
    for block in outline.blocks:
        if block.kind == "comment":
            taken |= set(range(block.first, block.last))
            _left_out(said, block.content, block.first)
        for comment, first, last in _comments(block):
            if set(range(first, last)) <= taken:
                _left_out(said, comment, first)
                continue
            text = "\n".join(lines[first:last])
            if comment in text:
                count = text.count("\n")
                text = text.replace(comment, "", 1)
                changed = text.split("\n")
                lines[first:last] = changed + [""] * (count - len(changed) + 1)
                _left_out(said, comment, first)
    kept: list[str] = []
    cut = False
    for at, line in enumerate(lines):
        if at in taken:
            cut = True
        elif line.strip() or not (cut and (not kept or not kept[-1].strip())):
            if cut and kept and kept[-1].strip() and line.strip() and not LIST_LINE.match(line):
                kept.append("")  # what stood apart does not run together
            kept.append(line)
            cut = cut and not line.strip()
    text = "\n".join(kept).strip("\n")
    if not text.strip():
        text = ""
    if rest:
        text = f"{text}\n\n```yaml\n" + "\n".join(rest) + "\n```"
        said.recognised.append("Fields at the top that no field here holds stand at the end of the notes.")
    said.notes = with_definitions(text, outline.references).strip("\n").rstrip()
    if len(said.notes) > LONGEST_NOTES:
        said.no_session = f"The notes have {len(said.notes):,} characters; at most {LONGEST_NOTES:,} fit."


def _comments(block: Block) -> list[tuple[str, int, int]]:
    found = [(comment, block.first, block.last) for comment in block.line.comments]
    for item in prep.walk(block.items):
        found += [(comment, item.first, item.last) for comment in item.line.comments]
    return found


def _left_out(said: Said, comment: str, at: int) -> None:
    words = " ".join(re.sub(r"<!--|-->", " ", comment).split())
    if words and is_comment(comment):
        short = words if len(words) <= 120 else words[:119] + "…"
        said.missing.append(f"The hidden comment in line {at + 1} is left out: “{short}”.")
