"""What an import would do, session by session, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sessions_app.archive_import.comparing_readings import ReadingChange
from sessions_app.archive_import.said import Said, Talk
from sessions_app.archive_import.survey import Survey
from sessions_app.models import Reading, Session


@dataclass
class TalkChange:
    """One talk of a file: the row that it is or becomes, and the links to add."""

    talk: Talk
    presentation_id: int | None = None
    title: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Change:
    """What one file does to its session; `sentences` say it."""

    said: Said
    number: int
    session: Session | None = None
    values: dict[str, Any] = field(default_factory=dict)
    readings: list[ReadingChange] = field(default_factory=list)
    gone: list[Reading] = field(default_factory=list)
    talks: list[TalkChange] = field(default_factory=list)
    slides: list[tuple[str, str]] = field(default_factory=list)
    notes: str | None = None
    base: int = 0
    record: dict[str, Any] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    @property
    def changes_something(self) -> bool:
        """Whether anything of it is written, besides the record of the import."""
        rows = any(each.row is None or each.values or each.links is not None for each in self.readings)
        talks = any(each.presentation_id is None or each.title or each.links for each in self.talks)
        written = self.values or self.gone or self.slides or self.notes is not None
        return bool(self.session is None or rows or talks or written)


@dataclass
class Plan:
    """Everything that an import would do, and the files that it leaves aside."""

    survey: Survey
    changes: list[Change] = field(default_factory=list)

    @property
    def by_path(self) -> dict[str, Change]:
        """The change of each file that has one."""
        return {change.said.path: change for change in self.changes}

    @property
    def new(self) -> list[Change]:
        """Sessions that are not there yet."""
        return [change for change in self.changes if change.session is None]

    @property
    def changed(self) -> list[Change]:
        """Sessions that are there and become different."""
        return [change for change in self.changes if change.session and change.changes_something]
