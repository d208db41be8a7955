"""Carry a change made in one text over to another that is nearly alike: a merge of three texts by lines."""

from __future__ import annotations

from difflib import SequenceMatcher


def carried_over(before: str, after: str, other: str) -> str | None:
    """The other text with the change from `before` to `after`; None when it differs where that was changed.

    Lines are compared whole. What stands in `other` alone, such as the reader's name, stays as it is.
    """
    old, new, lines = before.split("\n"), after.split("\n"), other.split("\n")
    place = {}  # where a line of `before` stands in `other`
    for block in SequenceMatcher(None, old, lines, autojunk=False).get_matching_blocks():
        place |= {block.a + n: block.b + n for n in range(block.size)}
    place |= {-1: -1, len(old): len(lines)}
    changes = [
        code for code in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if code[0] != "equal"
    ]
    for _, start, end, new_start, new_end in reversed(changes):
        first = place.get(start - 1)
        # The lines that are changed, and their neighbours, must stand there one after the other.
        if first is None or any(place.get(n) != first + 1 + n - start for n in range(start, end + 1)):
            return None
        lines[first + 1 : first + 1 + end - start] = new[new_start:new_end]
    return "\n".join(lines)
