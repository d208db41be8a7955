"""An uploaded zip of notes between its upload and its import: taken in, looked at, imported once, emptied."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from members.errors import Refused
from members.models import Group, User
from sessions_app.archive_import.comparing import compare
from sessions_app.archive_import.dates import Order
from sessions_app.archive_import.folder import Folder, Unreadable, natural, read_zip
from sessions_app.archive_import.loading import NoGroup, load
from sessions_app.archive_import.report import report
from sessions_app.archive_import.survey import Survey, survey
from sessions_app.models import ArchiveUpload, Notes

KEPT = timedelta(days=1)  # an upload that nobody imports


class ImportDone(Refused):
    """The upload was imported before; a second time would do nothing."""


class UploadGone(Refused):
    """The upload was emptied, so there is nothing to import."""


class ChoicesMoved(Refused):
    """Somebody chose otherwise since the page was shown."""


def take(*, data: bytes, name: str, by: User, now: datetime) -> ArchiveUpload:
    """Store the texts of a zip, and not the zip. Raises Unreadable for what is no folder of notes."""
    folder = read_zip(data)
    if not folder.texts:
        raise Unreadable(f"Nothing in the zip can be read. {' '.join(folder.all_left_out()[:3])}")
    return ArchiveUpload.objects.create(
        name="".join(letter for letter in name if letter.isprintable())[-200:] or "notes.zip",
        files=folder.texts,
        left_out={"sentences": folder.all_left_out(), "remarks": folder.remarks},
        uploaded_by=by,
        uploaded_at=now,
    )


def look(upload: ArchiveUpload, group: Group | None, *, now: datetime) -> dict[str, Any]:
    """The report of what an import would do, with what was chosen. Six queries. Raises NoGroup."""
    if group is None:
        raise NoGroup
    overwrite = bool(upload.choices.get("overwrite"))
    return report(compare(_survey(upload), group, now=now, overwrite=overwrite))


def _survey(upload: ArchiveUpload) -> Survey:
    dates = upload.choices.get("dates")
    # The stored order of a JSON object's names is the database's, so it is made anew.
    texts = {path: upload.files[path] for path in sorted(upload.files, key=natural)}
    folder = Folder(
        texts=texts,
        remarks=upload.left_out.get("remarks", {}),
        left_out=upload.left_out.get("sentences", []),
    )
    return survey(folder, order=Order(dates) if dates in list(Order) else None)


def seen(upload: ArchiveUpload) -> str:
    """What was chosen, as a word for the page to send back."""
    return ",".join(f"{name}:{upload.choices.get(name, '')}" for name in ("dates", "audience", "overwrite"))


@transaction.atomic
def choose(*, upload_id: int, dates: str, audience: str, overwrite: bool) -> None:
    """Keep what was chosen on the preview. Raises ImportDone or UploadGone."""
    upload = _open(upload_id)
    upload.choices = {"dates": dates, "audience": audience, "overwrite": overwrite}
    upload.save(update_fields=["choices"])


@transaction.atomic
def confirm(*, upload_id: int, by: User, now: datetime, seen_choices: str) -> dict[str, Any]:
    """Import an upload, keep the report without the texts, and return the report.

    seen_choices: what `seen` gave when the page was shown. Raises ImportDone the second time, UploadGone,
    ChoicesMoved, and what `loading.load` raises; then nothing was imported.
    """
    upload = _open(upload_id)
    if seen_choices != seen(upload):
        raise ChoicesMoved("Somebody chose otherwise meanwhile. Nothing was imported; look at it again.")
    audience = upload.choices.get("audience") or None
    plan = load(
        _survey(upload),
        by=by,
        now=now,
        audience=audience if audience in Notes.Audience.values else None,
        overwrite=bool(upload.choices.get("overwrite")),
    )
    upload.report = report(plan)
    upload.files, upload.imported_at = {}, now
    upload.save()
    return upload.report


def _open(upload_id: int) -> ArchiveUpload:
    """The upload, locked. Raises ImportDone or UploadGone."""
    upload = ArchiveUpload.objects.select_for_update().get(pk=upload_id)
    if upload.imported_at:
        raise ImportDone("These notes were imported before. Nothing was imported twice.")
    if not upload.files:
        raise UploadGone("The upload was emptied after a day. Nothing was imported; upload the zip again.")
    return upload


def empty_old(*, now: datetime) -> int:
    """Empty uploads that nobody has imported for a day. Returns how many."""
    old = ArchiveUpload.objects.filter(uploaded_at__lte=now - KEPT).exclude(files={})
    return old.update(files={})
