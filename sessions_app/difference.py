"""What changed from one text to another: by words within the lines that changed, in bounded time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher

CONTEXT = 2  # lines shown around a change
MOST_LINES = 3_000  # on either side, what is alike at both ends not counted; beyond, no line is matched
MOST_WORDS = 800  # on either side of one change; beyond, its lines stand as removed and added
WORDS_IN_ALL = 20_000  # compared by words in one difference
ALIKE = 0.5  # of the shorter side's words; lines that share fewer are easier to read apart

SAME, REMOVED, ADDED = "", "del", "ins"


@dataclass(frozen=True)
class Piece:
    """Some text that stays, was removed (`del`) or was added (`ins`)."""

    kind: str
    text: str


@dataclass
class Part:
    """One stretch of changed text with the lines around it; `skipped` lines before it are the same."""

    skipped: int
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """Everything that changed; `left` lines after the last part are the same."""

    parts: list[Part]
    left: int


def between(old: str, new: str) -> Difference:
    """The way from the old text to the new one.

    The pieces that are not added spell the old lines shown, those that are not removed the new ones. Takes
    about a second at most, whatever the texts are: where comparing would take long, whole lines are removed
    and added.
    """
    before, after = _lines(old), _lines(new)
    budget = [WORDS_IN_ALL]
    parts: list[Part] = []
    waiting: list[str] = []  # lines that stay, since the last change
    for kind, mine, yours in _blocks(before, after):
        if kind == "equal":
            waiting += mine
            continue
        _lead_in(parts, waiting)
        waiting = []
        # As many lines as before were probably changed each on its own.
        one_each = len(mine) == len(yours)
        pairs = zip(mine, yours, strict=True) if one_each else [("".join(mine), "".join(yours))]
        for one, other in pairs:
            parts[-1].pieces += _changed(one, other, budget)
    if parts:
        parts[-1].pieces += _piece(SAME, "".join(waiting[:CONTEXT]))
        waiting = waiting[CONTEXT:]
    return Difference(parts, left=len(waiting))


def _lead_in(parts: list[Part], waiting: list[str]) -> None:
    """Before a change, the lines that stay: all of them when they are few, else those next to changes."""
    if parts and len(waiting) <= 2 * CONTEXT + 1:
        parts[-1].pieces += _piece(SAME, "".join(waiting))
        return
    if parts:
        parts[-1].pieces += _piece(SAME, "".join(waiting[:CONTEXT]))
        waiting = waiting[CONTEXT:]
    shown = waiting[-CONTEXT:]
    parts.append(Part(skipped=len(waiting) - len(shown), pieces=_piece(SAME, "".join(shown))))


def _piece(kind: str, text: str) -> list[Piece]:
    return [Piece(kind, text)] if text else []


def _blocks(before: list[str], after: list[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    """The lines in stretches that are equal or not. What is alike at both ends is found without searching."""
    shorter = min(len(before), len(after))
    head = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    tail = next((n for n in range(shorter - head) if before[-1 - n] != after[-1 - n]), shorter - head)
    middle = before[head : len(before) - tail], after[head : len(after) - tail]
    if head:
        yield "equal", before[:head], after[:head]
    if max(map(len, middle)) > MOST_LINES:
        yield "replace", *middle
    else:
        for kind, a, b, c, d in SequenceMatcher(None, *middle).get_opcodes():
            yield kind, middle[0][a:b], middle[1][c:d]
    if tail:
        yield "equal", before[-tail:], after[-tail:]


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def _changed(old: str, new: str, budget: list[int]) -> list[Piece]:
    """One stretch that is not equal, by words where that helps."""
    apart = _piece(REMOVED, old) + _piece(ADDED, new)
    # Before cutting a book into words: a word has at least one letter, and one more between it and the next.
    if not old or not new or max(len(old), len(new)) > 20 * MOST_WORDS:
        return apart
    mine, yours = _words(old), _words(new)
    if max(len(mine), len(yours)) > MOST_WORDS or len(mine) + len(yours) > budget[0]:
        return apart
    budget[0] -= len(mine) + len(yours)
    matcher = SequenceMatcher(None, mine, yours)
    words = min(sum(not word.isspace() for word in side) for side in (mine, yours))
    shared = sum(
        not word.isspace()
        for start, _, size in matcher.get_matching_blocks()
        for word in mine[start : start + size]
    )
    if shared < ALIKE * words:
        return apart
    pieces: list[Piece] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            pieces += _piece(SAME, "".join(mine[a:b]))
        else:
            pieces += _piece(REMOVED, "".join(mine[a:b])) + _piece(ADDED, "".join(yours[c:d]))
    return pieces
