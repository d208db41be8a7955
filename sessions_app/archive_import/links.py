"""What of a line's links can be kept, and why not where it cannot."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from sessions_app.archive_import.outline import Line, Piece

LONGEST = 800  # characters: Reading.url and ReadingLink.url
LONGEST_MATERIAL = 500
LONGEST_WORDS = 250
_web_address = URLValidator(schemes=["http", "https"])


def fault(href: str, longest: int = LONGEST) -> str:
    """Why an address is not taken, as the end of a sentence; empty for a good one."""
    if not href:
        return "is empty"
    if len(href) > longest:
        return f"is longer than {longest} characters"
    try:
        _web_address(href)
    except (ValidationError, ValueError):
        return "is no web address"
    return ""


def good(line: Line) -> list[Piece]:
    """The links of a line that can be kept, each address once."""
    found: dict[str, Piece] = {}
    for piece in line.links:
        if not fault(piece.href or ""):
            found.setdefault(piece.href or "", piece)
    return list(found.values())


def faults(line: Line) -> list[tuple[str, str, str]]:
    """The links that cannot be kept: words, address, and why."""
    return [
        (piece.text.strip(), piece.href or "", why)
        for piece in line.links
        if (why := fault(piece.href or ""))
    ]
