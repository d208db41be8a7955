"""Files that people put here: what is taken, under which name, how it is given out, and when it goes.

What a file is, its ending and its first bytes have to say together. Whatever it is, it leaves as a download
and is never shown as a page of this site (OWASP, File Upload Cheat Sheet).
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import PurePath

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q, Sum
from django.urls import reverse

from members.access import can_organise, member_of
from members.errors import Refused
from members.models import User
from sessions_app.models import Material, Session, StoredFile

LARGEST_FILE = 20 * 1024 * 1024  # bytes
MOST_OF_ONE_PERSON = 500 * 1024 * 1024  # bytes, of everybody but the organisers
LONGEST_NAME = 120  # characters, so that the row has room for what storages append
TEXT = "text/plain; charset=utf-8"
# Signs that are not seen or turn the writing around: with them, “fdp.exe” reads as “exe.pdf”.
UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


class FileRefused(Refused):
    """The file is not taken; the sentence says what to do."""


# --- What a file is ------------------------------------------------------------------------------------
def _begins(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(signatures)


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\0" not in text


def _is_notebook(content: bytes) -> bool:
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(notebook, dict) and "cells" in notebook


def _holds(name: str) -> Callable[[bytes], bool]:
    """A zip file that has an entry of this name. Nothing is unpacked."""

    def check(content: bytes) -> bool:
        if not content.startswith(b"PK\x03\x04"):
            return False
        try:
            with zipfile.ZipFile(BytesIO(content)) as archive:
                return not name or name in archive.NameToInfo
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False

    return check


OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
OLD_OFFICE = _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
TEXTS = ("txt", "md", "csv", "tsv", "tex", "bib", "py", "r", "jl", "m", "json", "yaml", "yml")
# By ending: the type that the file is given out as, and whether its content is of it.
KINDS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "pdf": ("application/pdf", _begins(b"%PDF-")),
    "pptx": (f"{OFFICE}presentationml.presentation", _holds("[Content_Types].xml")),
    "docx": (f"{OFFICE}wordprocessingml.document", _holds("[Content_Types].xml")),
    "xlsx": (f"{OFFICE}spreadsheetml.sheet", _holds("[Content_Types].xml")),
    "odp": (f"{OPEN_DOCUMENT}presentation", _holds("mimetype")),
    "odt": (f"{OPEN_DOCUMENT}text", _holds("mimetype")),
    "ods": (f"{OPEN_DOCUMENT}spreadsheet", _holds("mimetype")),
    "ppt": ("application/vnd.ms-powerpoint", OLD_OFFICE),
    "doc": ("application/msword", OLD_OFFICE),
    "xls": ("application/vnd.ms-excel", OLD_OFFICE),
    "key": ("application/vnd.apple.keynote", _holds("")),
    "zip": ("application/zip", _holds("")),
    "gz": ("application/gzip", _begins(b"\x1f\x8b\x08")),
    "epub": ("application/epub+zip", _holds("mimetype")),
    "djvu": ("image/vnd.djvu", _begins(b"AT&TFORM")),
    "ps": ("application/postscript", _begins(b"%!PS")),
    "ipynb": ("application/x-ipynb+json", _is_notebook),
    "png": ("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    "jpg": ("image/jpeg", _begins(b"\xff\xd8\xff")),
    "jpeg": ("image/jpeg", _begins(b"\xff\xd8\xff")),
    **dict.fromkeys(TEXTS, (TEXT, _is_text)),
}
UNKNOWN = "Choose a PDF, slides, a document, a notebook, a picture or a text; put anything else into a zip."


def ending(name: str) -> str:
    """The ending of a file's name, without its dot, in small letters; "" without one."""
    return PurePath(name).suffix[1:].lower()


def clean_name(name: str) -> str:
    """A name as it is stored and downloaded: no folders, nothing unseen, one space, at most LONGEST_NAME.

    The ending stays. Empty when nothing of the name is left.
    """
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    name = "".join(" " if unicodedata.category(sign) in UNSEEN else sign for sign in name)
    name = re.sub(r'[<>:"|?*\s]+', " ", name).strip(" .")
    stem, dot, last = name.rpartition(".")
    if not dot:
        return name[:LONGEST_NAME]
    last = last[:20].strip()
    stem = stem[: LONGEST_NAME - len(last) - 1].strip(" .")
    return f"{stem}.{last}" if stem else last


# --- Taking and letting go -----------------------------------------------------------------------------
def accept(upload: UploadedFile, *, by: User | None, now: datetime) -> StoredFile:
    """Keep an uploaded file. Raises FileRefused with a sentence for the field.

    by: who uploads it, None for a guest presenter.
    """
    if upload.size > LARGEST_FILE:
        raise FileRefused("Choose a smaller file; at most 20 MB fit.")
    if by and not can_organise(by):
        used = StoredFile.objects.filter(uploaded_by=by).aggregate(sum=Sum("size"))["sum"] or 0
        if used + upload.size > MOST_OF_ONE_PERSON:
            raise FileRefused("Remove a file of yours first; you have filled the 500 MB that one person has.")
    upload.seek(0)
    return keep(upload.name or "", upload.read(LARGEST_FILE + 1), by=by, now=now)


def keep(name: str, content: bytes, *, by: User | None, now: datetime) -> StoredFile:
    """Keep a file with this name and these bytes. Raises FileRefused."""
    name = clean_name(name)
    if not content:
        raise FileRefused("Choose another file; this one is empty.")
    if len(content) > LARGEST_FILE:
        raise FileRefused("Choose a smaller file; at most 20 MB fit.")
    content_type, is_of_its_kind = KINDS.get(ending(name), ("", None))
    if is_of_its_kind is None or name == ending(name):
        raise FileRefused(UNKNOWN)
    if not is_of_its_kind(content):
        raise FileRefused(f"Choose another file; this one is no .{ending(name)}, whatever its name says.")
    file = StoredFile(
        name=name,
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=by,
        uploaded_at=now,
    )
    # Under its key, not its name: nothing that somebody typed becomes a path.
    file.content.save(f"{file.pk}.{ending(name)}", ContentFile(content), save=False)
    try:
        with transaction.atomic():
            file.save(force_insert=True)
    except Exception:
        file.content.storage.delete(file.content.name)  # no row knows of it
        raise
    return file


def forget(file: StoredFile) -> None:
    """Delete a file; its content once the transaction is committed."""
    storage, name = file.content.storage, file.content.name
    file.delete()
    transaction.on_commit(lambda: storage.delete(name))


def forget_ownerless(*, now: datetime) -> int:
    """Delete the files that have belonged to nothing for a day: their reading or material is gone.

    Returns how many. A file is younger than a day while somebody may still be filling in its form.
    """
    ownerless = StoredFile.objects.filter(
        reading__isnull=True, material__isnull=True, uploaded_at__lt=now - timedelta(days=1)
    )
    count = 0
    with transaction.atomic():
        for file in ownerless.select_for_update(of=("self",), skip_locked=True)[:100]:
            forget(file)
            count += 1
    return count


# --- Who may open it -----------------------------------------------------------------------------------
def address(file: StoredFile) -> str:
    """Where the file is downloaded."""
    return reverse("stored_file", args=[file.pk, file.name])


def can_open(user: User, file: StoredFile, *, organiser: bool) -> bool:
    """Whether this person may download the file (rule 7). Two queries at most, besides the membership.

    organiser: whether what is the organisers' may be shown (access.sees_everything).
    Something to read: members, of a session that they may open. Material: by its audience, and who presents
    the talk always. A file without an owner: whoever uploaded it.
    """
    member = member_of(user)
    sessions = Session.objects.visible_to(organiser=organiser)
    if reading := getattr(file, "reading", None):
        return (organiser or member is not None) and sessions.filter(pk=reading.session_id).exists()
    material = getattr(file, "material", None)
    if material is None:
        return user.is_authenticated and file.uploaded_by_id == user.pk
    if organiser:
        return True
    if member and material.presentation_id and _is_presenter(member.pk, material):
        return True
    if material.audience == Material.Audience.MEMBERS and member is None:
        return False
    return sessions.filter(
        Q(pk=material.session_id) | Q(presentations=material.presentation_id) & Q(presentations__isnull=False)
    ).exists()


def _is_presenter(member_id: int, material: Material) -> bool:
    talk = material.presentation
    return (
        talk.proposed_by_id == member_id or talk.appearances.filter(presenter__member_id=member_id).exists()
    )
