"""Sessions and talks as files, and the whole archive in its order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import Prefetch

from members.models import Group
from sessions_app.models import (
    Appearance,
    Attendance,
    Material,
    MeToo,
    Notes,
    NotesRevision,
    Photo,
    Presentation,
    PresentationStep,
    Reading,
    ReadingLink,
    Rsvp,
    Session,
    Slot,
    StuckPoint,
)
from studygroup.archive_export import naming, readme, tables
from studygroup.archive_export.index import make_index
from studygroup.archive_export.writing import Entry, NoGroup, Writer, listed, local, snapshot

SESSIONS_AT_A_TIME = 50  # with every version of their notes in memory
TALKS_AT_A_TIME = 500


def entries() -> Iterator[Entry]:
    """Every file of the archive, in an order that stays. Raises NoGroup before the first.

    What the storage has lost is named in MISSING.md at the end.
    """
    with snapshot():
        group = Group.objects.first()
        if group is None:
            raise NoGroup
        lost = []
        for entry in _all(SessionWriter(make_index()), group):
            if isinstance(entry.content, str) or entry.content.storage.exists(entry.content.name):
                yield entry
            else:
                lost.append(entry.path)
        if lost:
            yield Entry("MISSING.md", readme.missing(lost))


def _all(writer: SessionWriter, group: Group) -> Iterator[Entry]:
    yield Entry("README.md", readme.readme(group.name))
    yield writer.group(group)
    yield writer.curriculum()
    yield writer.resources()
    yield writer.seats()
    yield from writer.accounts()
    yield from writer.members()
    yield from writer.presenters()
    yield from writer.talks()
    yield from writer.sessions()


def _in_order(model, *order: str):
    return model.objects.order_by(*order)


class SessionWriter(Writer):
    """Makes the files of sessions and talks."""

    # --- Talks ---------------------------------------------------------------------------------------
    def talks(self) -> Iterator[Entry]:
        """A file for each talk, and what belongs to it. Four queries for so many at a time."""
        rows = Presentation.objects.prefetch_related(
            Prefetch("appearances", _in_order(Appearance, "position", "pk")),
            Prefetch("materials", _in_order(Material, "position", "pk").select_related("file")),
            Prefetch("steps", _in_order(PresentationStep, "at", "pk")),
        )
        for start in range(0, len(self.index.talks), TALKS_AT_A_TIME):
            keys = self.index.talks[start : start + TALKS_AT_A_TIME]
            found = rows.in_bulk(keys)
            for key in keys:
                yield from self._talk(found[key])

    def _talk(self, talk: Presentation) -> Iterator[Entry]:
        stem = self.index.call(Presentation, talk.pk)
        files: list[Entry] = []
        matter = self.record(tables.PRESENTATION, talk, "talks")
        matter |= listed("presenters", self.records(tables.APPEARANCE, talk.appearances.all(), "talks"))
        matter |= self._materials(talk.materials.all(), "talks", stem, naming.Names(), files)
        matter |= listed("steps", self.records(tables.STEP, talk.steps.all(), "talks"))
        yield self.file(f"talks/{stem}.md", tables.PRESENTATION, talk, matter)
        yield from files

    def _materials(self, materials, folder: str, inside: str, names, files: list[Entry]) -> dict[str, Any]:
        return listed(
            "materials",
            self.records(
                tables.MATERIAL,
                materials,
                folder,
                lambda material: self.stored(material, folder, inside, names, files),
            ),
        )

    # --- Sessions ------------------------------------------------------------------------------------
    def sessions(self) -> Iterator[Entry]:
        """A folder for each session, by number. Twelve queries for so many at a time."""
        readings = Reading.objects.order_by("position", "pk").select_related("file")
        rows = Session.objects.select_related("notes").prefetch_related(
            Prefetch("readings", readings),
            Prefetch("readings__links", _in_order(ReadingLink, "position", "pk")),
            Prefetch("readings__stuck_points", _in_order(StuckPoint, "asked_at", "pk")),
            Prefetch("readings__stuck_points__others", _in_order(MeToo, "said_at", "pk")),
            Prefetch("slots", _in_order(Slot, "position", "pk")),
            Prefetch("materials", _in_order(Material, "position", "pk").select_related("file")),
            Prefetch("rsvps", _in_order(Rsvp, "answered_at", "pk")),
            Prefetch("attendance", _in_order(Attendance, "noted_at", "pk")),
            Prefetch("photos", _in_order(Photo, "position", "pk")),
            Prefetch("notes__revisions", _in_order(NotesRevision, "number")),
            Prefetch("prerequisites", _in_order(Session, "number")),
        )
        last = 0
        while found := list(rows.filter(number__gt=last).order_by("number")[:SESSIONS_AT_A_TIME]):
            for session in found:
                yield from self._session(session)
            last = found[-1].number

    def _session(self, session: Session) -> Iterator[Entry]:
        folder, files, names = self.index.folders[session.pk], [], naming.Names()
        matter = local(session, self.record(tables.SESSION, session, folder))
        matter |= listed("talks", self.records(tables.SLOT, session.slots.all(), folder))
        matter |= listed("readings", self._readings(list(session.readings.all()), folder, names, files))
        matter |= self._materials(session.materials.all(), folder, "files", names, files)
        matter |= listed("rsvps", self.records(tables.RSVP, session.rsvps.all(), folder))
        matter |= listed("attendance", self.records(tables.ATTENDANCE, session.attendance.all(), folder))
        matter |= listed("photos", self._photos(session, folder, files))
        yield self.file(f"{folder}/session.md", tables.SESSION, session, matter)
        for field, name in tables.SESSION.beside.items():
            if text := getattr(session, field):
                yield Entry(f"{folder}/{name}", self.text(text, folder))
        if hasattr(session, "notes"):
            yield from self._notes(session.notes, folder)
        yield from files

    def _notes(self, notes: Notes, folder: str) -> Iterator[Entry]:
        matter = self.record(tables.NOTES, notes, folder)
        yield self.file(f"{folder}/notes.md", tables.NOTES, notes, matter)
        for revision in notes.revisions.all():
            history = f"{folder}/history"
            matter = self.record(tables.REVISION, revision, history)
            yield self.file(f"{history}/{revision.number:03d}.md", tables.REVISION, revision, matter)

    def _photos(self, session: Session, folder: str, files: list[Entry]) -> list[dict[str, Any]]:
        def pictures(photo: Photo) -> dict[str, str]:
            name = self.index.photo_names[photo.pk]
            both = {"picture": f"photos/{name}", "small": f"photos/small/{name}"}
            files.extend(Entry(f"{folder}/{path}", getattr(photo, field)) for field, path in both.items())
            return both

        return self.records(tables.PHOTO, session.photos.all(), folder, pictures)

    # --- Readings ------------------------------------------------------------------------------------
    def _readings(self, readings: list[Reading], folder: str, names, files: list[Entry]) -> list[Any]:
        """The readings as a tree. What stands in none, because its parents go in a circle, stands on top."""
        keys = {reading.pk for reading in readings}
        parts, told, place = defaultdict(list), set(), 0
        for reading in readings:
            parts[reading.parent_id if reading.parent_id in keys else None].append(reading)

        def tell(reading: Reading) -> dict[str, Any]:
            nonlocal place
            told.add(reading.pk)
            record = self.record(tables.READING, reading, folder, place)
            place += 1
            record |= self.stored(reading, folder, "files", names, files)
            record |= listed("links", self.records(tables.READING_LINK, reading.links.all(), folder))
            record |= listed("questions", self._questions(reading, folder))
            return record | listed("parts", [tell(part) for part in parts[reading.pk] if part.pk not in told])

        tops = [tell(reading) for reading in parts[None]]
        return tops + [tell(reading) for reading in readings if reading.pk not in told]

    def _questions(self, reading: Reading, folder: str) -> list[dict[str, Any]]:
        return self.records(
            tables.STUCK_POINT,
            reading.stuck_points.all(),
            folder,
            lambda point: listed("me_too", self.records(tables.ME_TOO, point.others.all(), folder)),
        )
