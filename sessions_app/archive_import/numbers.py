"""The number of a session: "Week 1", "Session VII", "third meeting", "#12", session-12.md."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST = 32_767  # what the field holds
COUNTED = r"(?:session|week|wk|meeting|meetup|meet-up|class|lecture|seminar|episode|evening|gathering|day)"
UNITS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
    *("eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"),
    *("eighteenth", "nineteenth", "twentieth"),
)
ROMAN = re.compile(r"(?=[IVXLC])(C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
WORDS = dict(zip(UNITS, range(1, 21), strict=True))
PLACES = dict(zip(ORDINALS, range(1, 21), strict=True))
END = r"(?=\s*(?:$|[:.,;()\[\]|–—/-]))"

FORMS = [
    (
        "in figures",
        re.compile(
            rf"\b{COUNTED}\s*(?:no\.?|nr\.?|number|#)?\s*[:#]?\s*0*(?P<figures>\d{{1,5}})\b(?![.,]\d)", re.I
        ),
    ),
    ("in Roman figures", re.compile(rf"\b(?i:{COUNTED})\s+(?P<roman>[IVXLC]{{2,}})\b")),
    ("in Roman figures", re.compile(rf"\b(?i:{COUNTED})\s+(?P<roman>[IVXLC]){END}")),
    (
        "in words",
        re.compile(rf"\b{COUNTED}\s+(?P<word>{'|'.join(sorted(UNITS, key=len, reverse=True))})\b", re.I),
    ),
    (
        "in words",
        re.compile(
            rf"^\W*(?:the\s+)?(?P<place>{'|'.join(sorted(ORDINALS, key=len, reverse=True))})\s+{COUNTED}\b",
            re.I,
        ),
    ),
    (
        "in figures",
        re.compile(rf"^\W*(?:the\s+)?0*(?P<figures>\d{{1,5}})(?:st|nd|rd|th)\s+{COUNTED}\b", re.I),
    ),
    ("in figures", re.compile(r"^\s*(?:#|no\.?\s*|nr\.?\s*)0*(?P<figures>\d{1,5})\b(?![.,]\d)", re.I)),
]
IN_NAME = re.compile(rf"(?:^|[^a-z]){COUNTED}s?[-_ ]*0*(?P<figures>\d{{1,5}})(?!\d)", re.IGNORECASE)
ROMAN_NAME = re.compile(rf"(?:^|[^A-Za-z])(?i:{COUNTED})[-_ ]*(?P<roman>[IVXLC]+)(?![A-Za-z])")
BARE_NAME = re.compile(r"^[sw]?0*(?P<figures>\d{1,3})(?:[-_. ]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Number:
    """A number with how it is written, and its place in the text."""

    value: int
    form: str
    start: int = 0
    end: int = 0


def roman(text: str) -> int:
    """The value of a Roman number as it is properly written; 0 for any other text."""
    if not text or not ROMAN.fullmatch(text):
        return 0
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}[letter] for letter in text]
    return sum(
        -value if value < max(values[at + 1 :], default=0) else value for at, value in enumerate(values)
    )


def in_heading(text: str) -> Number | None:
    """The session's number that a heading names, wherever in it."""
    for form, pattern in FORMS:
        if (match := pattern.search(text)) and (value := _value(match)) is not None:
            return Number(value, form, match.start(), match.end())
    return None


def in_name(name: str) -> Number | None:
    """The session's number that a file or a folder is called by: week7, session-12, 07-topic."""
    for form, pattern in (
        ("in figures", IN_NAME),
        ("in Roman figures", ROMAN_NAME),
        ("in figures", BARE_NAME),
    ):
        if (match := pattern.search(name)) and (value := _value(match)) is not None:
            return Number(value, form)
    return None


def in_field(text: str) -> Number | None:
    """A number that stands alone, such as front matter's."""
    text = text.strip().lstrip("#").strip()
    if text.isascii() and text.isdigit() and len(text) <= 5:
        return Number(int(text), "in figures")
    if value := roman(text):
        return Number(value, "in Roman figures")
    return in_heading(text)


def _value(match: re.Match[str]) -> int | None:
    parts = match.groupdict()
    if parts.get("figures"):
        return int(parts["figures"])
    if parts.get("roman"):
        return roman(parts["roman"]) or None
    if parts.get("word"):
        return WORDS[parts["word"].lower()]
    return PLACES[parts["place"].lower()]
