"""From values to rows: how any row is made, the group, its people, and what it studies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import models

from members.addresses import fold
from members.models import (
    Member,
    Strength,
    User,
)
from sessions_app import stored_files
from sessions_app.models import Path, Presenter, Track
from studygroup.archive_export import addresses, records, sources, tables
from studygroup.archive_export.reading import Archive, Document
from studygroup.archive_export.tables import Table
from studygroup.group_file.checking import Values

BATCH = 1000  # rows in one statement


class Loader:
    """Writes the group and its people; knows how any row is made."""

    def __init__(self, archive: Archive, source: sources.Source):
        self.archive, self.source = archive, source
        self.known: dict[type[models.Model], dict[Any, models.Model]] = {}
        self.addresses: dict[str, str] = {}  # by the path in the archive
        self.keys: dict[str, int] = {}  # of what has an address, by the path in the archive
        self.count: Counter[str] = Counter()
        self.kept: list[tuple[Storage, str]] = []

    # --- Rows ----------------------------------------------------------------------------------------
    def make(self, table: Table, document: Document, values: Values, place: int = 0, **more) -> models.Model:
        """A row, not yet saved. place: in its list, from 0; more: what the record does not say itself."""
        given = dict(more)
        for field in table.fields:
            if field.name == "position":
                given["position"] = values.get("position", table.first_position + place)
            elif field.name in values and not isinstance(field, models.ManyToManyField):
                given[field.name] = self._value(field, values[field.name], document)
        if table.body:
            given[table.body] = self.text(document.body, document)
        return table.model(**given)

    def _value(self, field: models.Field, value: Any, document: Document) -> Any:
        if isinstance(field, models.ForeignKey):
            return self.known[field.related_model][value]
        if isinstance(field, models.TextField):
            return self.text(value, document)
        return list(value) if isinstance(value, list) else value

    def text(self, text: str, document: Document) -> str:
        """A text as the site holds it."""
        return addresses.coming(text, document.folder, self.addresses)

    def rows(self, table: Table, document: Document, values: Values, name: str, **more) -> list[models.Model]:
        """The rows of a list in a record."""
        entries = values.get(name, [])
        return [self.make(table, document, entry, place, **more) for place, entry in enumerate(entries)]

    def save(self, rows: Iterable[models.Model]) -> list[models.Model]:
        """Write rows of one model, in this order."""
        rows = list(rows)
        if rows:
            type(rows[0]).objects.bulk_create(rows, batch_size=BATCH)
            self.count[type(rows[0])._meta.verbose_name_plural] += len(rows)
        return rows

    def relate(self, field: str, owners: Iterable[tuple[models.Model, Values]], model) -> None:
        """Write the links of a many-to-many field, in the order in which they are named."""
        links = []
        for owner, values in owners:
            relation = owner._meta.get_field(field)
            near, far = relation.m2m_field_name(), relation.m2m_reverse_field_name()
            for word in values.get(field, ()):
                links.append(relation.remote_field.through(**{near: owner, far: self.known[model][word]}))
        if links:
            type(links[0]).objects.bulk_create(links, batch_size=BATCH)

    def all_of(self, shape: records.Shape, name: str) -> list[tuple[Document, Values]]:
        """Every entry of a list that stands in the files of one kind."""
        return [(each, entry) for each in self.archive.of(shape) for entry in each.values.get(name, ())]

    # --- Files ---------------------------------------------------------------------------------------
    def keep(self, field: str, row: models.Model, name: str, path: str) -> None:
        """Put a file of the archive where the site keeps such files, and name it in the row."""
        file_field = row._meta.get_field(field)
        data = self.source.read(path, stored_files.LARGEST_FILE)
        stored = file_field.storage.save(file_field.generate_filename(row, name), ContentFile(data))
        self.kept.append((file_field.storage, stored))
        setattr(row, field, stored)

    def forget_files(self) -> None:
        """Delete what was kept, when the rows are not."""
        for storage, name in self.kept:
            storage.delete(name)

    # --- The group and its people --------------------------------------------------------------------
    def group(self) -> None:
        """The group, its lists, and the ledger of its seats."""
        document = self.archive.of(records.GROUP)[0]
        values = document.values
        self.save([self.make(tables.GROUP, document, values)])
        strengths = self.save(self.rows(tables.STRENGTH, document, values, "strengths"))
        self.known[Strength] = {strength.name: strength for strength in strengths}
        for name, table in (
            ("criteria", tables.CRITERION),
            ("acknowledgements", tables.ACKNOWLEDGEMENT),
            ("reply_templates", tables.REPLY_TEMPLATE),
        ):
            self.save(self.rows(table, document, values, name))

    def people(self) -> None:
        """Accounts and members. They have no password and sign in by a code that is mailed."""
        told = self.archive.of(records.MEMBER)
        entries = [(each, each.values) for each in told] + self.all_of(records.ACCOUNTS, "accounts")
        users = [self.make(tables.ACCOUNT, document, values) for document, values in entries]
        # The body of a member's file is the member's, not the account's.
        for user in users:
            user.email = fold(user.email)
            user.set_unusable_password()
        self.save(users)
        EmailAddress.objects.bulk_create(
            [EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users]
        )
        members = [
            self.make(tables.MEMBER, document, document.values, user=user)
            for document, user in zip(told, users, strict=False)
        ]
        for document, member in zip(told, members, strict=True):
            if photo := document.values.get("photo"):
                self.keep("photo", member, "photo.jpg", document.located(photo))
        self.save(members)
        self.known[Member] = {member.slug: member for member in members}
        words = [values.get("slug", values["email"]) for _, values in entries]
        self.known[User] = dict(zip(words, users, strict=True))
        self.relate("strengths", zip(members, [each.values for each in told], strict=True), Strength)

    def seats(self) -> None:
        """The ledger, as it was written: importing is no change of a seat."""
        self.save(
            self.make(tables.SEAT_CHANGE, document, entry)
            for document, entry in self.all_of(records.SEATS, "changes")
        )

    # --- What it studies -----------------------------------------------------------------------------
    def curriculum(self) -> None:
        """Presenters, paths, tracks with their sources, resources. Their sessions come later."""
        told = self.archive.of(records.PRESENTER)
        presenters = self.save(
            self.make(tables.PRESENTER, each, each.values, pk=self.keys[each.path]) for each in told
        )
        self.known[Presenter] = dict(zip([each.stem for each in told], presenters, strict=True))
        for document in self.archive.of(records.RESOURCES):
            self.save(self.rows(tables.RESOURCE, document, document.values, "resources"))
        self.tracks: list[tuple[Track, Values]] = []
        self.known[Path] = {}
        for document in self.archive.of(records.CURRICULUM):
            paths = self.save(self.rows(tables.PATH, document, document.values, "paths"))
            self.known[Path] = {path.name: path for path in paths}
            tracks = self.save(self.rows(tables.TRACK, document, document.values, "tracks"))
            self.tracks = list(zip(tracks, document.values.get("tracks", ()), strict=True))
            found = [
                self.rows(tables.SOURCE, document, values, "sources", track=track)
                for track, values in self.tracks
            ]
            self.save(source for rows in found for source in rows)
        self.relate("leaders", self.tracks, Presenter)
