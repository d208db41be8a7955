"""From rows to the files of an archive, one after the other: the same group gives the same bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction
from django.db.models.fields.files import FieldFile

from members.errors import Refused
from members.models import (
    Acknowledgement,
    Criterion,
    Group,
    Member,
    ReplyTemplate,
    SeatChange,
    Strength,
    User,
)
from sessions_app.models import Path, Presenter, Resource, Session, Track
from studygroup.archive_export import addresses, kinds, naming, tables
from studygroup.archive_export.emitting import Plain, file_with
from studygroup.archive_export.index import Index
from studygroup.archive_export.tables import Table

FORMAT = Plain("study group archive 1")


class NoGroup(Refused):
    """There is nothing to export."""

    def __init__(self):
        super().__init__("There is no group on this site yet, so there is nothing to take along.")


@dataclass(frozen=True)
class Entry:
    """One file of an archive: its text, or a file of the site whose bytes it has."""

    path: str
    content: str | FieldFile


@contextmanager
def snapshot() -> Iterator[None]:
    """See the database as it is at one moment, however long the writing takes."""
    inside = connection.in_atomic_block
    with transaction.atomic():
        if not inside:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class Writer:
    """Makes the files of the group and its people; knows how any row is told."""

    def __init__(self, index: Index):
        self.index = index

    # --- Rows ----------------------------------------------------------------------------------------
    def record(self, table: Table, row: models.Model, folder: str, place: int = 0) -> dict[str, Any]:
        """One row's fields, as far as they say something. folder: of the file; place: in its list, from 0."""
        found = {}
        for field in table.fields:
            if field.name == "position" and row.position == table.first_position + place:
                continue
            value = self._value(field, row, folder)
            if not kinds.goes_without_saying(field, value):
                found[field.name] = value
        return found

    def _value(self, field: models.Field, row: models.Model, folder: str) -> Any:
        if isinstance(field, models.ManyToManyField):
            return [self.index.call(field.related_model, each.pk) for each in getattr(row, field.name).all()]
        value = getattr(row, field.attname)
        if isinstance(field, models.ForeignKey):
            return self.index.call(field.related_model, value)
        if isinstance(field, models.TextField):
            return self.text(value, folder)
        return kinds.written(field, value)

    def records(
        self,
        table: Table,
        rows: Iterable[models.Model],
        folder: str,
        more: Callable[[models.Model], dict] | None = None,
    ) -> list[Any]:
        """The rows of a list; where only the short field speaks, that alone."""
        found = []
        for place, row in enumerate(rows):
            record = self.record(table, row, folder, place) | (more(row) if more else {})
            found.append(record[table.short] if list(record) == [table.short] else record)
        return found

    def text(self, text: str, folder: str) -> str:
        """A text as it stands in a file of this folder."""
        return addresses.leaving(text, folder, self.index.files)

    def file(self, path: str, table: Table, row: models.Model, matter: dict[str, Any]) -> Entry:
        """The file of one row: its fields, and its text below."""
        body = self.text(getattr(row, table.body), path.rpartition("/")[0]) if table.body else ""
        return Entry(path, file_with(matter, body))

    # --- The group -----------------------------------------------------------------------------------
    def group(self, group: Group) -> Entry:
        """group.md; by its first line an archive is known."""
        matter = {"format": FORMAT, **self.record(tables.GROUP, group, "")}
        for name, table, model in (
            ("strengths", tables.STRENGTH, Strength),
            ("criteria", tables.CRITERION, Criterion),
            ("acknowledgements", tables.ACKNOWLEDGEMENT, Acknowledgement),
            ("reply_templates", tables.REPLY_TEMPLATE, ReplyTemplate),
        ):
            matter |= listed(name, self.records(table, model.objects.order_by("position", "pk"), ""))
        return self.file("group.md", tables.GROUP, group, matter)

    def curriculum(self) -> Entry:
        """curriculum.md: paths, tracks and their sources."""
        leaders = defaultdict(list)
        through = Track.leaders.through.objects.order_by("pk")
        for track, presenter in through.values_list("track_id", "presenter_id"):
            leaders[track].append(self.index.call(Presenter, presenter))
        tracks = []
        rows = Track.objects.order_by("position", "pk")
        for place, track in enumerate(rows.prefetch_related("sources", "leaders", "sessions")):
            # In the order in which they were named, which the key of a presenter does not say.
            record = self.record(tables.TRACK, track, "", place) | listed("leaders", leaders[track.pk])
            record |= listed("sources", self.records(tables.SOURCE, track.sources.all(), ""))
            tracks.append(record)
        paths = self.records(tables.PATH, Path.objects.order_by("position", "pk"), "")
        return Entry("curriculum.md", file_with(listed("paths", paths) | listed("tracks", tracks)))

    def resources(self) -> Entry:
        """resources.md."""
        rows = self.records(tables.RESOURCE, Resource.objects.order_by("position", "pk"), "")
        return Entry("resources.md", file_with(listed("resources", rows)))

    def seats(self) -> Entry:
        """seats.md: the ledger, the oldest line first."""
        rows = self.records(tables.SEAT_CHANGE, SeatChange.objects.order_by("at", "pk"), "")
        return Entry("seats.md", file_with(listed("changes", rows)))

    # --- People --------------------------------------------------------------------------------------
    def accounts(self) -> Iterator[Entry]:
        """accounts.md: accounts without a membership, if there are any."""
        rows = list(User.objects.filter(member__isnull=True).order_by("email"))
        if rows:
            yield Entry("accounts.md", file_with(listed("accounts", self.records(tables.ACCOUNT, rows, ""))))

    def members(self) -> Iterator[Entry]:
        """A file for each member, and the photo."""
        members = Member.objects.order_by("pk").select_related("user").prefetch_related("strengths")
        for member in members:
            name = self.index.member_files[member.pk]
            matter = self.record(tables.ACCOUNT, member.user, "members")
            matter |= self.record(tables.MEMBER, member, "members")
            if member.photo:
                matter["photo"] = f"{name.removeprefix('members/')}.jpg"
                yield Entry(f"{name}.jpg", member.photo)
            yield self.file(f"{name}.md", tables.MEMBER, member, matter)

    def presenters(self) -> Iterator[Entry]:
        """A file for each presenter."""
        for presenter in Presenter.objects.order_by("pk"):
            path = f"presenters/{self.index.call(Presenter, presenter.pk)}.md"
            matter = self.record(tables.PRESENTER, presenter, "presenters")
            yield self.file(path, tables.PRESENTER, presenter, matter)

    # --- Files ---------------------------------------------------------------------------------------
    def stored(
        self, owner: models.Model, folder: str, inside: str, names: naming.Names, found: list[Entry]
    ) -> dict[str, Any]:
        """The `file` of a reading or a material, if it has one; the file itself is added to `found`."""
        if not (file := owner.file):
            return {}
        path = f"{inside}/{names.give_file(file.name)}"
        found.append(Entry(f"{folder}/{path}", file.content))
        return {"file": {"path": path, **self.record(tables.FILE, file, folder)}}


def listed(name: str, rows: list[Any]) -> dict[str, Any]:
    """A list with its name, or nothing for an empty one."""
    return {name: rows} if rows else {}


def local(session: Session, record: dict[str, Any]) -> dict[str, Any]:
    """A session's fields with its hours on the clock of its place."""
    hours = {name: kinds.moment(getattr(session, name), session.zone) for name in ("starts_at", "ends_at")}
    return {name: hours.get(name, value) for name, value in record.items()}
