"""Slides, code and other material of a talk or a session: put there, changed, taken away; slides due."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, OuterRef, Sum

from members.errors import Refused
from members.models import Group, User
from outbox.models import Message
from sessions_app import concerned, presenting, stored_files
from sessions_app import mails_talks as mails
from sessions_app.models import Material, Presentation, Presenter, Session, Slot, StoredFile

MOST = 30  # materials of one talk or session
MOST_OF_A_GUEST = 100 * 1024 * 1024  # bytes of files in one guest's talks
Owner = Presentation | Session


@dataclass(frozen=True)
class Values:
    """What somebody says of one material. url or upload; neither leaves what is there."""

    kind: str
    title: str
    audience: str
    url: str = ""
    upload: UploadedFile | None = None


# --- Putting, changing, taking away --------------------------------------------------------------------
def of(owner: Owner) -> dict[str, Owner]:
    """The owner as the field of a material names it."""
    return {"session": owner} if isinstance(owner, Session) else {"presentation": owner}


def _lock(owner: Owner) -> None:
    if not type(owner).objects.select_for_update().filter(pk=owner.pk).exists():
        raise Refused("It was deleted meanwhile. Nothing was saved.")


@transaction.atomic
def add(
    *, owner: Owner, values: Values, by: User | None, now: datetime, guest: Presenter | None = None
) -> Material:
    """Put a link or a file to a talk or a session. What stands there already, to the byte, is not put twice.

    guest: the presenter without an account who does it. Raises Refused when MOST are there, FileRefused.
    """
    _lock(owner)
    there = Material.objects.filter(**of(owner))
    if again := there.filter(kind=values.kind, title=values.title, **_what(values)).first():
        return again
    if there.count() >= MOST:
        raise Refused(f"Take something away first; {MOST} links and files are the most.")
    last = there.order_by("-position").values_list("position", flat=True).first() or 0
    return Material.objects.create(
        **of(owner),
        kind=values.kind,
        title=values.title,
        audience=values.audience,
        url="" if values.upload else values.url,
        file=_accept(values.upload, by=by, now=now, guest=guest) if values.upload else None,
        position=last + 1,
    )


def _what(values: Values) -> dict:
    """By what a second click is recognised: the link, or the file's name and bytes."""
    if values.upload is None:
        return {"url": values.url}
    digest = hashlib.sha256()
    for chunk in values.upload.chunks():
        digest.update(chunk)
    return {
        "file__sha256": digest.hexdigest(),
        "file__name": stored_files.clean_name(values.upload.name or ""),
    }


def _accept(upload: UploadedFile, *, by: User | None, now: datetime, guest: Presenter | None) -> StoredFile:
    if guest is not None:
        theirs = StoredFile.objects.filter(material__presentation__presenters=guest)
        if (theirs.aggregate(sum=Sum("size"))["sum"] or 0) + upload.size > MOST_OF_A_GUEST:
            raise stored_files.FileRefused("Take a file away first; 100 MB are the most for your talks.")
    return stored_files.accept(upload, by=by, now=now)


@transaction.atomic
def change(
    *,
    owner: Owner,
    material_id: int,
    values: Values,
    by: User | None,
    now: datetime,
    guest: Presenter | None = None,
) -> Material:
    """Say something else of a material, or put another link or file in its place.

    Raises Material.DoesNotExist when it is gone or somebody else's, FileRefused.
    """
    _lock(owner)
    material = (
        Material.objects.select_for_update(of=("self",))
        .select_related("file")
        .get(pk=material_id, **of(owner))
    )
    old = material.file
    material.kind, material.title, material.audience = values.kind, values.title, values.audience
    if values.upload:
        material.file = _accept(values.upload, by=by, now=now, guest=guest)
        material.url = ""
    elif values.url:
        material.file, material.url = None, values.url
    material.save()
    if old and material.file_id != old.pk:
        stored_files.forget(old)
    return material


@transaction.atomic
def remove(*, owner: Owner, material_id: int) -> None:
    """Take a material away, with its file. Raises Material.DoesNotExist when it is gone already."""
    _lock(owner)
    material = Material.objects.select_related("file").get(pk=material_id, **of(owner))
    file = material.file
    material.delete()
    if file:
        stored_files.forget(file)


# --- Slides that are due -------------------------------------------------------------------------------
def due_at(session: Session, group: Group) -> datetime:
    """When the slides of a session's talks should be there."""
    return session.starts_at - timedelta(days=group.materials_days)


def ask_for_slides(*, now: datetime) -> int:
    """Write to those who present in an announced session soon and have put no slides. Returns how many.

    Each person once a talk, whatever else happens; nobody who has left, nobody once the session has started.
    """
    group = Group.objects.current()
    if group is None or not group.materials_days:
        return 0
    slides = Material.objects.filter(presentation=OuterRef("presentation"), kind=Material.Kind.SLIDES)
    due = (
        Slot.objects.filter(
            ~Exists(slides),
            session__state=Session.State.ANNOUNCED,
            session__starts_at__gt=now,
            session__starts_at__lte=now + timedelta(days=group.materials_days),
            presentation__state=Presentation.State.SCHEDULED,
        )
        .order_by("session__starts_at", "pk")
        .values_list("presentation", "session")
    )
    return sum(_ask(talk, session, group, now=now) for talk, session in list(due))


@transaction.atomic
def _ask(talk_id: int, session_id: int, group: Group, *, now: datetime) -> int:
    # Another worker may be at the same talk, and a guest's mail has a link of its own: only one is made.
    talk = Presentation.objects.select_for_update(skip_locked=True).filter(pk=talk_id).first()
    if talk is None:
        return 0
    session = Session.objects.get(pk=session_id)
    asked = set(
        Message.objects.filter(kind="slides_due", about__startswith=mails.slides_of(talk_id, "")).values_list(
            "about", flat=True
        )
    )
    count = 0
    for presenter in Presenter.objects.with_people().filter(presentations=talk).order_by("pk"):
        recipient = concerned.presenting(presenter)
        if recipient is None or mails.slides_of(talk_id, presenter.pk) in asked:
            continue
        if presenter.member_id and not recipient.signs_in:
            continue  # somebody who has left has no page to put slides on
        token = "" if recipient.signs_in else presenting.issue(presenter, by=None, now=now)[1]
        mails.slides_due(talk, presenter, recipient, session, group, now=now, token=token)
        count += 1
    return count
