"""The section that says what to prepare, made into readings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sessions_app.archive_import import links, reading_kinds
from sessions_app.archive_import.outline import Block, Line, ListItem
from sessions_app.archive_import.reading_kinds import Kind
from sessions_app.archive_import.said import Item

LONGEST_TITLE, LONGEST_NOTE, LONGEST_WORDS = 250, 300, 250
BEFORE = r"(?:recommended|required|suggested|assigned|optional|additional|weekly|your|the|our|and|pre-?|to)"
MEETING = r"(?:session|meeting|class|week|meet-?up|lecture)"
# Headings whose lists are what to prepare.
CLEAR = re.compile(
    rf"^(?:{BEFORE} )*(?:"
    r"prep|preparation|preparatory (?:work|reading|material)s?|pre-?(?:reading|work)s?|"
    r"readings?(?: list| material| assignment)?s?|reading and viewing|read|read and watch|watch|home ?work|"
    rf"assignments?|(?:to-?do )?before (?:(?:the|this|our|we|next|each) )?(?:{MEETING}|meet)|"
    r"further reading|background(?: reading| material)?|papers?(?: to read)?|what to (?:read|prepare)|"
    r"(?:reading|study|course) materials?|lectures? to watch"
    rf")(?: (?:for|before) (?:this|the|next|today|today's|our)(?: {MEETING})?)?$",
    re.IGNORECASE,
)
# Headings that mean it only where their lists hold links.
MAYBE = re.compile(
    r"^(?:(?:what we|topics|material|we) )?covered(?: (?:material|topics|this week))?$", re.IGNORECASE
)
PERHAPS_AFTER = re.compile(r"home ?work|assignment|further|background|materials", re.IGNORECASE)
INNER = re.compile(
    r"^(?:required|must(?: read)?|core|main|essential|for everyone|videos?|papers?|articles?|books?|"
    r"chapters?|lectures?|notes|tutorials?|software|reading|watch|links|recommended|suggested)$",
    re.IGNORECASE,
)
GREETING = r"^\W*(?:[0-9]+[.)]\s*)?"


@dataclass
class Prep:
    """What a section gives, which of its lines are thereby kept, and what is left over."""

    items: list[Item] = field(default_factory=list)
    lines: set[int] = field(default_factory=set)
    left: list[str] = field(default_factory=list)
    words_left: bool = False


def heading_of(line: Line) -> str:
    """A heading's words for comparing: no numbering, colon, emoji or brackets around them."""
    words = re.sub(r"\s*\([^)]*\)\s*$", "", line.text)
    words = re.sub(GREETING, "", words)
    return re.sub(r"[\W_]+$", "", words).replace("’", "'")


def is_clear(line: Line) -> bool:
    """Whether a heading says that what to prepare follows."""
    return bool(CLEAR.match(heading_of(line)))


def is_maybe(line: Line, blocks: list[Block]) -> bool:
    """Whether a heading such as “Covered” stands above a list of links."""
    return bool(MAYBE.match(heading_of(line))) and any(
        links.good(each.line) for block in blocks if block.kind == "list" for each in walk(block.items)
    )


def walk(items: list[ListItem]) -> list[ListItem]:
    """Every item of a list with those of the lists inside it."""
    return [each for item in items for each in (item, *walk(item.items))]


def read(heading: Line, blocks: list[Block]) -> Prep:
    """The readings of a section. blocks: what stands under its heading."""
    prep = Prep()
    from_heading = reading_kinds.optional_word(heading.text)
    optional, inside, taken = from_heading, True, None
    for block in blocks:
        if block.kind in ("heading", "label"):
            word = reading_kinds.optional_word(block.line.text)
            name = heading_of(block.line)
            inside = bool(word or INNER.match(name) or CLEAR.match(name)) or _is_links(blocks, block)
            optional = word or ("" if INNER.match(name) else from_heading)
            taken = block if inside else None
            if not inside:
                prep.words_left = True
        elif not inside:
            prep.words_left = True
        elif block.kind == "list":
            _list(prep, block, optional)
            if taken:
                prep.lines |= set(range(taken.first, taken.last))
                taken = None
        elif block.kind == "paragraph" and links.good(block.line) and not block.line.images:
            _keep(prep, _item(block.line, block.first, optional, None), block.line, block.first, block.last)
        elif block.kind not in ("rule", "comment") and block.line.text:
            prep.words_left = True
        elif block.kind in ("table", "other"):
            prep.words_left = True
            prep.left.append(
                f"The {_name(block)} in line {block.first + 1} is not read as a list to prepare."
            )
    return prep


def _name(block: Block) -> str:
    return "table" if block.kind == "table" else "block"


def _is_links(blocks: list[Block], heading: Block) -> bool:
    """Whether under an unknown heading of the section every item of the next list holds a link."""
    after = blocks[blocks.index(heading) + 1 :]
    following = next((block for block in after if block.kind in ("list", "heading", "label")), None)
    return bool(following and following.kind == "list") and all(
        any(links.good(each.line) for each in walk([item])) for item in following.items
    )


def _list(prep: Prep, block: Block, optional: str) -> None:
    for listed in block.items:
        item = _item(listed.line, listed.first, optional, None)
        if item is None:
            prep.left.append(f"The item in line {listed.first + 1} holds no words.")
            prep.words_left = True
            continue
        inner = walk(listed.items)
        parts = [
            _item(each.line, each.first, item.why_optional, item.kind) for each in inner if each.line.text
        ]
        item = _with_parts(item, [part for part in parts if part])
        whole = not listed.more and not any(each.more for each in inner)
        faulty = [fault for each in [listed, *inner] for fault in _faults(each.line, each.first)]
        prep.left += faulty
        prep.items.append(item)
        if not whole:
            prep.left.append(
                f"The item in line {listed.first + 1} holds more than words and links; "
                "it stays in the notes too."
            )
        if not whole or any("stays in the notes" in fault for fault in faulty) or _cut(item):
            prep.words_left = True
        else:
            prep.lines |= set(range(listed.first, listed.last))


def _keep(prep: Prep, item: Item | None, line: Line, first: int, last: int) -> None:
    if item is None:
        return
    faulty = _faults(line, first)
    prep.left += faulty
    prep.items.append(item)
    if any("stays in the notes" in fault for fault in faulty) or _cut(item):
        prep.words_left = True
    else:
        prep.lines |= set(range(first, last))


def _cut(item: Item) -> bool:
    return any(each.title.endswith("…") for each in (item, *item.parts))


def _faults(line: Line, at: int) -> list[str]:
    """Sentences on the links that cannot be kept. An empty one takes nothing with it."""
    found = []
    for words, href, why in links.faults(line):
        called = f"The link “{words[:60]}” in line {at + 1}" if words else f"A link in line {at + 1}"
        rest = f" ({href[:80]}); the item stays in the notes too" if href else ""
        found.append(f"{called} {why}{rest}.")
    return found


def _with_parts(item: Item, parts: list[Item]) -> Item:
    return Item(
        **{**{name: getattr(item, name) for name in item.__dataclass_fields__}, "parts": tuple(parts)}
    )


def _item(line: Line, at: int, why_optional: str, above: str | None) -> Item | None:
    """The reading of one item's words. above: what sort of thing the item around it is."""
    if not line.text:
        return None
    good = links.good(line)
    title, part = reading_kinds.part_of(line.source.rstrip(" :") or line.source)
    note = ""
    if len(title) > LONGEST_TITLE:
        title, note = _shortened(title)
    kind = reading_kinds.kind_of(line.text, good[0].href or "" if good else "")
    word = reading_kinds.optional_word(line.text) or why_optional
    return Item(
        title=title,
        kind=str(kind or above or Kind.ARTICLE),
        url=(good[0].href or "") if good else "",
        links=tuple((piece.text.strip()[:LONGEST_WORDS], piece.href or "") for piece in good[1:]),
        part=part,
        note=note,
        optional=bool(word),
        why_optional=word,
        line=at + 1,
    )


def _shortened(title: str) -> tuple[str, str]:
    """A long item as a title and a note; where even that is too short for it, the title ends in dots."""
    at = max(title.rfind(mark, 0, LONGEST_TITLE) for mark in (". ", "; ", ": ", ", "))
    if at > 20 and len(title) - at - 2 <= LONGEST_NOTE:
        return title[: at + 1].rstrip(",;:"), title[at + 2 :]
    return title[: LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…", ""
