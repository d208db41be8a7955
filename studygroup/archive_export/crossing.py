"""What one file of an archive says of another, and one field of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models

from members.models import Member, Strength, User
from sessions_app.models import Path, Presentation, Presenter, Session
from studygroup.archive_export import records, tables
from studygroup.archive_export.problems import ArchiveProblem
from studygroup.archive_export.reading import Archive, Document
from studygroup.group_file.checking import Values
from studygroup.group_file.problems import shown

Known = dict[type[models.Model], set[Any]]


def check(archive: Archive) -> list[ArchiveProblem]:
    """Every contradiction between values that are good one by one."""
    documents = list(archive.documents)
    for session in archive.of(records.SESSION):
        documents += [each for each in (session.notes, *session.revisions) if each]
    known = _known(archive)
    for document in documents:
        for shape, values in document.shape.walk(document.values):
            _references(document, shape, values, known)
            for table in shape.tables:
                if rule := RULES.get(id(table)):
                    rule(document, values)
    _told_twice(archive)
    return [complaint for document in documents for complaint in document.complaints]


def _rows(archive: Archive, shape: records.Shape, name: str) -> list[Values]:
    return [entry for document in archive.of(shape) for entry in document.values.get(name, ())]


def _known(archive: Archive) -> Known:
    slugs = {document.values.get("slug") for document in archive.of(records.MEMBER)}
    accounts = {entry.get("email") for entry in _rows(archive, records.ACCOUNTS, "accounts")}
    return {
        Member: slugs,
        User: slugs | accounts,
        Presenter: {document.stem for document in archive.of(records.PRESENTER)},
        Presentation: {document.stem for document in archive.of(records.TALK)},
        Session: {document.values.get("number") for document in archive.of(records.SESSION)},
        Path: {entry.get("name") for entry in _rows(archive, records.CURRICULUM, "paths")},
        Strength: {entry.get("name") for entry in _rows(archive, records.GROUP, "strengths")},
    }


def _references(document: Document, shape: records.Shape, values: Values, known: Known) -> None:
    for table in shape.tables:
        for field in table.fields:
            if not field.is_relation or field.name not in values:
                continue
            value, where = values[field.name], known[field.related_model]
            if not isinstance(value, list):
                if value not in where:
                    document.complain(values, field.name, _unknown(field, value))
                continue
            for each, (line, place) in zip(value, value.places, strict=True):
                if each not in where:
                    at = Values()
                    at.places = {"": (line, place)}
                    document.complain(at, "", _unknown(field, each))


def _unknown(field: models.Field, value: Any) -> str:
    what = {
        Member: "member with the slug",
        User: "member with the slug, and no account with the address,",
        Session: "session",
        Presenter: "file in presenters for",
        Presentation: "file in talks for",
    }.get(field.related_model, field.related_model._meta.verbose_name)
    return f"there is no {what} “{shown(str(value))}” in the archive"


# --- What may be there once --------------------------------------------------------------------------
def _told_twice(archive: Archive) -> None:
    members = [(each, each.values) for each in archive.of(records.MEMBER)]
    people = [
        (each, entry) for each in archive.of(records.ACCOUNTS) for entry in each.values.get("accounts", ())
    ]
    sessions = [(each, each.values) for each in archive.of(records.SESSION)]
    _once(sessions, "number", "another session has this number")
    _once(members, "slug", "another member has this slug")
    _once(members + people, "email", "another account has this address", str.lower)
    _once(
        [(each, each.values) for each in archive.of(records.PRESENTER)],
        "member",
        "this member is another presenter, too",
    )
    files = [
        (each, values)
        for each in archive.documents
        for shape, values in each.shape.walk(each.values)
        if shape is records.FILE
    ]
    _once(files, "id", "another file has this identifier")
    for session in archive.of(records.SESSION):
        _once(
            [(each, each.values) for each in session.revisions], "number", "another version has this number"
        )


def _once(
    rows: list[tuple[Document, Values]], name: str, what: str, key: Callable[[Any], Any] = lambda value: value
) -> None:
    first: dict[Any, str] = {}
    for document, values in rows:
        if name not in values:
            continue
        if (told := first.get(key(values[name]))) is not None:
            document.complain(values, name, f"{what}: {told}")
        first.setdefault(key(values[name]), document.path)


# --- What fits together in one record ----------------------------------------------------------------
def _session(document: Document, values: Values) -> None:
    if {"starts_at", "ends_at"} <= values.keys() and values["ends_at"] <= values["starts_at"]:
        document.complain(values, "ends_at", "a session ends after it starts")


def _member(document: Document, values: Values) -> None:
    state = values.get("state", Member.State.ACTIVE)
    if (state == Member.State.ALUMNI) != ("left_at" in values):
        document.complain(values, "left_at", "who has left has a moment of leaving, and nobody else")
    if "leave_until" in values and state != Member.State.ON_LEAVE:
        document.complain(values, "leave_until", "only somebody on leave has a day of return")


def _presenter(document: Document, values: Values) -> None:
    if "member" in values and values.get("guest_name"):
        document.complain(values, "guest_name", "a member presents under the account’s name; take this out")


def _rsvp(document: Document, values: Values) -> None:
    if "in_line_since" in values and values.get("answer") != "yes":
        document.complain(values, "in_line_since", "only somebody who would come is in the line")


def _attendance(document: Document, values: Values) -> None:
    if "member" in values and values.get("guest_name"):
        document.complain(values, "guest_name", "this is a member or a guest, not both")


def _material(document: Document, values: Values) -> None:
    if bool(values.get("url")) == ("file" in values):
        document.complain(values, "url", "a material has an address or a file: one of the two")


def _not_empty(name: str) -> Callable[[Document, Values], None]:
    def rule(document: Document, values: Values) -> None:
        if values.get(name) in ("", 0):
            document.complain(values, name, "this may not be empty")

    return rule


RULES: dict[int, Callable[[Document, Values], None]] = {
    id(tables.SESSION): _session,
    id(tables.MEMBER): _member,
    id(tables.PRESENTER): _presenter,
    id(tables.RSVP): _rsvp,
    id(tables.ATTENDANCE): _attendance,
    id(tables.MATERIAL): _material,
    id(tables.PHOTO): _not_empty("alternative"),
    id(tables.STUCK_POINT): _not_empty("question"),
    id(tables.PRESENTATION): _not_empty("minutes"),
}
