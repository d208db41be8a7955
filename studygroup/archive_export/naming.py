"""What files and folders are called: readable, the same each time, fit for every file system."""

from __future__ import annotations

import posixpath
import re
import unicodedata

from django.utils.text import slugify

LONGEST = 48  # characters; with a number before and an ending behind, any file system takes it
# Windows keeps these for itself, with any ending.
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)),
}
ENDING = re.compile(r"\.[a-z0-9]{1,10}$")


def word(text: str, otherwise: str) -> str:
    """A text as part of a file's name: letters, digits and hyphens; `otherwise` where it has none."""
    whole = unicodedata.normalize("NFC", slugify(text, allow_unicode=True))
    made = whole[:LONGEST]
    if len(whole) > LONGEST and whole[LONGEST] not in "-_" and "-" in made:
        made = made.rpartition("-")[0]  # no half words
    made = unicodedata.normalize("NFC", made.strip("-_")) or otherwise
    return f"{made}-" if made in RESERVED else made


def session_folder(number: int, title: str) -> str:
    """The folder of a session."""
    return f"sessions/{number:03d}-{word(title, 'session')}"


def photo_name(place: int, alternative: str) -> str:
    """The name of a session's photo: where it stands, from 1, and what it shows."""
    return f"{place:02d}-{word(alternative, 'photo')}.jpg"


class Names:
    """Gives each thing in a folder a name of its own: the second of a name is name-2."""

    def __init__(self):
        self.taken: set[str] = set()

    def give(self, text: str, otherwise: str) -> str:
        """A free name for something that is called so."""
        stem = name = word(text, otherwise)
        number = 1
        while name.casefold() in self.taken:
            number += 1
            name = f"{stem}-{number}"
        self.taken.add(name.casefold())
        return name

    def give_file(self, name: str) -> str:
        """A free name for a file that is downloaded under this one; the ending stays."""
        stem, ending = posixpath.splitext(name)
        ending = ending.lower()
        return self.give(stem, "file") + (ending if ENDING.fullmatch(ending) else "")
