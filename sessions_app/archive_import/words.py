"""Words for the report."""

from __future__ import annotations

from datetime import date


def long(day: date | None) -> str:
    """A day in words: 8 September 2016."""
    return f"{day.day} {day.strftime('%B %Y')}" if day else "no day"


def short(text: str) -> str:
    """The beginning of a text, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:79]}…"


def counted(number: int, what: str) -> str:
    """“1 link”, “3 links”."""
    return f"{number} {what}{'' if number == 1 else 's'}"
