"""What one file says, as far as it is recognised, and what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sessions_app.archive_import.dates import Day


@dataclass(frozen=True)
class Item:
    """One thing to prepare. Further links are (words, address); parts are the items of a list inside it."""

    title: str
    kind: str
    url: str = ""
    links: tuple[tuple[str, str], ...] = ()
    part: str = ""
    note: str = ""
    optional: bool = False
    why_optional: str = ""
    line: int = 0
    parts: tuple[Item, ...] = ()

    @property
    def addresses(self) -> list[str]:
        """Every address of the item itself, its first one first."""
        return [self.url, *(url for _, url in self.links)] if self.url else []


@dataclass(frozen=True)
class Talk:
    """A talk that the text tells of. people: (name, address); links: (kind, address)."""

    title: str
    people: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...] = ()
    line: int = 0
    sentence: str = ""


@dataclass
class Said:
    """One file. Sentences in `recognised`, `missing` and `doubtful` are for the report."""

    path: str
    number: int | None = None
    number_from: str = ""
    title: str = ""
    title_from: str = ""
    heading: str = ""  # as it is written, for a session without another title
    day: Day | None = None
    day_from: str = ""
    date: date | None = None
    items: list[Item] = field(default_factory=list)
    up_next: str = ""
    talks: list[Talk] = field(default_factory=list)
    slides: list[tuple[str, str]] = field(default_factory=list)
    notes: str = ""
    recognised: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    no_session: str = ""  # why the file is no session, or cannot become one
    question: bool = False  # only an answer about the order of day and month lets it become one

    def all_items(self) -> list[Item]:
        """Every item, each followed by its parts."""
        return [each for item in self.items for each in (item, *item.parts)]
