"""Sessions and talks as rows, and the whole archive in the order in which rows need one another."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import connection, models

from sessions_app import stored_files
from sessions_app.models import Photo, Presentation, Presenter, Reading, Session
from studygroup.archive_export import records, tables
from studygroup.archive_export.loading import Loader
from studygroup.archive_export.reading import Document
from studygroup.group_file.checking import Values

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class SessionLoader(Loader):
    """Writes a whole archive."""

    def everything(self) -> None:
        """All rows, each model after those of which it speaks."""
        self.told = sorted(self.archive.of(records.SESSION), key=lambda each: each.values["number"])
        self.name_what_has_an_address()
        self.group()
        self.people()
        self.curriculum()
        self.sessions()
        self.talks()
        self.readings()
        self.materials()
        self.answers()
        self.photos()
        self.notes()
        self.seats()

    # --- Keys ----------------------------------------------------------------------------------------
    def name_what_has_an_address(self) -> None:
        """Give photos, talks and presenters their keys before any text is written that links to them."""
        first: dict[str, int] = {}
        places = [entry["presentation"] for each in self.told for entry in each.values.get("talks", ())]
        for place, stem in enumerate(places):
            first.setdefault(stem, place)
        # They come by name, and sorting keeps that where nothing else decides.
        self.talk_documents = sorted(
            self.archive.of(records.TALK),
            key=lambda each: (first.get(each.stem, len(places)), each.values.get("proposed_at", LONG_AGO)),
        )
        for model, documents, address in (
            (Presentation, self.talk_documents, "presentations"),
            (Presenter, self.archive.of(records.PRESENTER), "presenters"),
        ):
            for document, key in zip(documents, next_keys(model, len(documents)), strict=True):
                self.keys[document.path] = key
                self.addresses[document.path] = f"/{address}/{key}/"
        photos = [
            (each.located(entry["picture"]), each.values["number"])
            for each in self.told
            for entry in each.values.get("photos", ())
        ]
        for (path, number), key in zip(photos, next_keys(Photo, len(photos)), strict=True):
            self.keys[path] = key
            self.addresses[path] = f"/sessions/{number}/photos/{key}/"

    # --- Sessions ------------------------------------------------------------------------------------
    def sessions(self) -> None:
        """The sessions, by number, and what links them with each other and with tracks."""
        rows = []
        for document in self.told:
            texts = {name: self.text(text, document) for name, text in document.texts.items()}
            rows.append(self.make(tables.SESSION, document, document.values, **texts))
        self.save(rows)
        self.known[Session] = {session.number: session for session in rows}
        self.relate("prerequisites", zip(rows, [each.values for each in self.told], strict=True), Session)
        self.relate("sessions", self.tracks, Session)

    def lists(self, name: str) -> Iterator[tuple[Document, Session, Values]]:
        """Each session that says something under this name."""
        for document in self.told:
            if name in document.values:
                yield document, self.known[Session][document.values["number"]], document.values

    def of_sessions(self, table: tables.Table, name: str) -> None:
        """Write a list that stands in sessions and has nothing inside it."""
        found = [
            self.rows(table, document, values, name, session=session)
            for document, session, values in self.lists(name)
        ]
        self.save(row for rows in found for row in rows)

    def answers(self) -> None:
        """Who would come, and who came."""
        self.of_sessions(tables.RSVP, "rsvps")
        self.of_sessions(tables.ATTENDANCE, "attendance")

    # --- Talks ---------------------------------------------------------------------------------------
    def talks(self) -> None:
        """Talks in the order of the archive, with their presenters, steps and places in sessions."""
        documents = self.talk_documents
        talks = self.save(
            self.make(tables.PRESENTATION, each, each.values, pk=self.keys[each.path]) for each in documents
        )
        self.known[Presentation] = dict(zip([each.stem for each in documents], talks, strict=True))
        self.talk_rows = list(zip(documents, talks, strict=True))
        for table, name in ((tables.APPEARANCE, "presenters"), (tables.STEP, "steps")):
            found = [
                self.rows(table, document, document.values, name, presentation=talk)
                for document, talk in self.talk_rows
            ]
            self.save(row for rows in found for row in rows)
        self.of_sessions(tables.SLOT, "talks")

    # --- Readings and files --------------------------------------------------------------------------
    def file_of(self, document: Document, values: Values) -> models.Model | None:
        """The stored file of a reading or a material, with its content in its place; not yet saved."""
        if "file" not in values:
            return None
        told = values["file"]
        row = self.make(tables.FILE, document, told)
        ending = stored_files.ending(row.name)
        row.content_type = stored_files.KINDS[ending][0]
        path = document.located(told["path"])
        data = self.source.read(path, stored_files.LARGEST_FILE)
        row.size, row.sha256 = len(data), hashlib.sha256(data).hexdigest()
        self.keep("content", row, f"{row.pk}.{ending}", path)
        self.files.append(row)
        return row

    def readings(self) -> None:
        """Readings, those on top first, and what hangs on them."""
        self.files: list[models.Model] = []
        by_depth: dict[int, list[Reading]] = defaultdict(list)
        told: list[tuple[Document, Reading, Values]] = []
        for document, session, values in self.lists("readings"):
            place = 0

            def take(entry: Values, parent: Reading | None, depth: int, document=document, session=session):
                nonlocal place
                row = self.make(
                    tables.READING,
                    document,
                    entry,
                    place,
                    session=session,
                    parent=parent,
                    file=self.file_of(document, entry),
                )
                place += 1
                by_depth[depth].append(row)
                told.append((document, row, entry))
                for part in entry.get("parts", ()):
                    take(part, row, depth + 1)

            for entry in values["readings"]:
                take(entry, None, 0)
        self.save(self.files)
        for depth in sorted(by_depth):
            self.save(by_depth[depth])
        self.save(
            row
            for document, reading, values in told
            for row in self.rows(tables.READING_LINK, document, values, "links", reading=reading)
        )
        self._questions(told)

    def _questions(self, told: list[tuple[Document, Reading, Values]]) -> None:
        points, others = [], []
        for document, reading, values in told:
            rows = self.rows(tables.STUCK_POINT, document, values, "questions", reading=reading)
            points += rows
            for row, entry in zip(rows, values.get("questions", ()), strict=True):
                others += self.rows(tables.ME_TOO, document, entry, "me_too", point=row)
        self.save(points)
        self.save(others)

    def materials(self) -> None:
        """What belongs to sessions and to talks: links and files."""
        self.files = []
        owners = [
            (document, values, {"session": session}) for document, session, values in self.lists("materials")
        ]
        owners += [(document, document.values, {"presentation": talk}) for document, talk in self.talk_rows]
        rows = [
            self.make(tables.MATERIAL, document, entry, place, file=self.file_of(document, entry), **owner)
            for document, values, owner in owners
            for place, entry in enumerate(values.get("materials", ()))
        ]
        self.save(self.files)
        self.save(rows)

    # --- Photos and notes ----------------------------------------------------------------------------
    def photos(self) -> None:
        """Photos under the keys that they were given."""
        rows = []
        for document, session, values in self.lists("photos"):
            for place, entry in enumerate(values["photos"]):
                path = document.located(entry["picture"])
                width, height = self.archive.sizes[path]
                row = self.make(
                    tables.PHOTO,
                    document,
                    entry,
                    place,
                    pk=self.keys[path],
                    session=session,
                    width=width,
                    height=height,
                )
                name = uuid.uuid4().hex  # as of one that is uploaded
                self.keep("picture", row, f"{name}.jpg", path)
                self.keep("small", row, f"{name}-small.jpg", document.located(entry["small"]))
                rows.append(row)
        self.save(rows)

    def notes(self) -> None:
        """Notes with every version."""
        notes, revisions = [], []
        for document in self.told:
            if document.notes:
                session = self.known[Session][document.values["number"]]
                row = self.make(tables.NOTES, document.notes, document.notes.values, session=session)
                notes.append(row)
                revisions += [
                    self.make(tables.REVISION, each, each.values, notes=row) for each in document.revisions
                ]
        self.save(notes)
        self.save(revisions)


def next_keys(model: type[models.Model], number: int) -> list[int]:
    """Keys that no row has had, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select nextval(pg_get_serial_sequence(%s, 'id')) from generate_series(1, %s)",
            [model._meta.db_table, number],
        )
        return [key for (key,) in cursor.fetchall()]
