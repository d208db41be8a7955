"""A file of applicants between its upload and its import: taken in, matched, confirmed once, emptied."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from members.errors import Refused
from members.importing import columns as known
from members.importing.loading import Comparison, load
from members.importing.reading import BREAK, Unreadable, decode, read
from members.models import ApplicantImport, User

LARGEST = 5_000_000  # bytes of a file that is uploaded; the command takes longer ones
KEPT = timedelta(days=1)  # an upload that nobody imports
MOST_MAILS = 1_000  # rows of a file imported with mail: a page must answer before anybody gives it up
MOST_LINES = 200  # of each kind in the stored report


class ImportDone(Refused):
    """The file was imported before; a second time would do nothing."""


class UploadGone(Refused):
    """The upload was emptied, so there is nothing to import."""


class ColumnsMoved(Refused):
    """Somebody chose other columns since the page was shown."""


def take(*, data: bytes, name: str, encoding: str, by: User, now: datetime) -> ApplicantImport:
    """Store a file, with the columns that are recognised. Raises Unreadable for what is no CSV file."""
    if len(data) > LARGEST:
        raise Unreadable("The file is larger than 5 MB. Split it, or import it with the command.")
    text = decode(data, encoding)
    if "\0" in text:
        line = len(BREAK.findall(text[: text.index("\0")])) + 1
        raise Unreadable(f"Line {line} has a NUL character, which no text has. Save the file as “CSV UTF-8”.")
    table = read(text)
    return ApplicantImport.objects.create(
        name=name[-200:],
        text=text,
        columns={"fields": known.recognise(table.headings)},
        uploaded_by=by,
        uploaded_at=now,
    )


def fields_of(upload: ApplicantImport) -> dict[str, int]:
    """Which column fills which field, as last chosen."""
    return upload.columns.get("fields", {})


def seen(upload: ApplicantImport) -> str:
    """The chosen columns as a word, for the page to send back."""
    return ",".join(f"{name}:{at}" for name, at in sorted(fields_of(upload).items()))


class TooManyMails(Refused):
    """More mails than can be written while a page waits."""

    def __init__(self):
        super().__init__(
            f"Mail goes to at most {MOST_MAILS:,} people from this page. Nothing was imported. "
            "Import without mail, or use the command."
        )


@transaction.atomic
def choose(*, import_id: int, fields: dict[str, int]) -> None:
    """Change which column fills which field. Raises ImportDone or UploadGone."""
    upload = _open(import_id)
    upload.columns = {"fields": fields}
    upload.save(update_fields=["columns"])


@transaction.atomic
def confirm(*, import_id: int, by: User, mail: bool, now: datetime, seen_columns: str) -> Comparison:
    """Import an upload, keep the report without the file, and return what was done.

    seen_columns: what `seen` gave when the page was shown. Raises ImportDone the second time, UploadGone,
    ColumnsMoved, TooManyMails, and what `loading.load` raises; then nothing was imported.
    """
    upload = _open(import_id)
    if seen_columns != seen(upload):
        raise ColumnsMoved("Somebody chose other columns meanwhile. Nothing was imported; look at it again.")
    table = read(upload.text)
    if mail and len(table.rows) > MOST_MAILS:
        raise TooManyMails
    done = load(table, fields_of(upload), source=upload.name, by=by, mail=mail, now=now)
    upload.text, upload.imported_at, upload.imported = "", now, len(done.new)
    upload.columns["report"] = {
        "mail": mail,
        "counts": {kind: len(getattr(done, kind)) for kind in ("repeats", "already", "oddities")},
        **{
            kind: [[each.line, each.text] for each in getattr(done, kind)[:MOST_LINES]]
            for kind in ("repeats", "already", "oddities")
        },
    }
    upload.save()
    return done


def _open(import_id: int) -> ApplicantImport:
    """The upload, locked. Raises ImportDone or UploadGone."""
    upload = ApplicantImport.objects.select_for_update().get(pk=import_id)
    if upload.imported_at:
        raise ImportDone("This file was imported before. Nothing was imported twice.")
    if not upload.text:
        raise UploadGone("The upload was emptied after a day. Nothing was imported; upload the file again.")
    return upload


def empty_old(*, now: datetime) -> int:
    """Empty uploads that nobody has imported for a day. Returns how many."""
    old = ApplicantImport.objects.filter(uploaded_at__lte=now - KEPT).exclude(text="")
    return old.update(text="")
