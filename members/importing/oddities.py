"""What an organiser may want to look at in a row that is good enough to import. Nothing is changed."""

from __future__ import annotations

import re
import unicodedata

from members.importing.columns import LABELS

LONG = 5_000  # characters of one answer: about 800 words
TEXTS = ("name", "role", "affiliation", "experience", "interest", "talk")
SHORT = ("name", "role", "affiliation")  # they stand in lists and sentences
MARKUP = re.compile(r"<[A-Za-z/!][^<>]*>")
GARBLED = re.compile("\ufffd|Ã[\u0080-\u00bf]|â€")
INVISIBLE = "\u00a0\u00ad\u200b\u202f\u2007\u2060\ufeff"  # zero-width joiners are letters' business
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
EMOJI = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")
LOOKALIKE = ("LATIN", "CYRILLIC", "GREEK")


def notice(values: dict[str, str]) -> list[str]:
    """One short sentence for each thing that is odd in a row. values: field to text, of chosen columns."""
    return [
        *_empty(values),
        *_name(values.get("name", "")),
        *_told("markup", "kept as typed and shown as text", values, TEXTS, MARKUP.search),
        *_long(values),
        *_told("text that looks garbled", "perhaps the wrong encoding", values, TEXTS, GARBLED.search),
        *_told("invisible or non-breaking characters", "kept", values, SHORT, _invisible),
        *_told("emoji", "kept", values, SHORT, EMOJI.search),
    ]


def _empty(values: dict[str, str]) -> list[str]:
    empty = [
        LABELS[name].lower()
        for name in ("role", "affiliation", "experience", "interest")
        if name in values and not values[name]
    ]
    return [f"Empty: {_and(empty)}."] if empty else []


def _name(name: str) -> list[str]:
    found = []
    if len([letter for letter in name if not unicodedata.combining(letter)]) == 1:
        found.append("The name is one character long.")
    if re.search(r"\s\s", name):
        found.append("The name has doubled spaces; kept.")
    if any(_mixed(word) for word in name.split()):
        found.append("One word of the name mixes letters of two scripts that look alike.")
    return found


def _long(values: dict[str, str]) -> list[str]:
    return [
        f"Unusually long: {LABELS[name].lower()}, {len(values[name]):,} characters."
        for name in ("experience", "interest")
        if len(values.get(name, "")) > LONG
    ]


def _told(what: str, outcome: str, values: dict[str, str], names: tuple[str, ...], test) -> list[str]:
    where = [LABELS[name].lower() for name in names if test(values.get(name, ""))]
    return [f"{what.capitalize()} in {_and(where)}: {outcome}."] if where else []


def _invisible(text: str) -> bool:
    return any(
        letter in INVISIBLE
        or letter in TURNING
        or (unicodedata.category(letter) == "Cc" and letter not in "\t\r\n")
        for letter in text
    )


def _mixed(word: str) -> bool:
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word if letter.isalpha()}
    return len(scripts & set(LOOKALIKE)) > 1


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
