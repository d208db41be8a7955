"""Photos of a session: what is taken, what is kept of it, in which order it stands, and when the files go."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max, OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.db.models.signals import post_delete
from django.urls import reverse

from members import pictures
from members.errors import Refused
from members.models import User
from sessions_app.models import Photo, Session

SIDE, SMALL_SIDE = 2000, 800  # pixels of the longer side
QUALITY = 82
LARGEST_FILE = 20 * pictures.MEGABYTE  # bytes
MOST = 60  # photos of one session
SECOND_CLICK = timedelta(minutes=1)  # in which the same photo from the same person is the same one
MARKS = re.compile(r"([\\\[\]*_`$<>&!~^|])")  # what Markdown could take for more than a letter


class PhotoGone(Refused):
    """Somebody else removed the photo meanwhile."""

    def __init__(self):
        super().__init__("This photo is gone already. Nothing was changed.")


class TooManyPhotos(Refused):
    """The session's page would become too long."""

    def __init__(self):
        super().__init__(f"Remove a photo first; a session has {MOST} at most.")


@dataclass(frozen=True)
class Prepared:
    """The two JPEGs made of one upload, and the size of the larger one in pixels."""

    picture: bytes
    small: bytes
    width: int
    height: int


@dataclass(frozen=True)
class NewPhoto:
    """A photo that is about to be added, with what is said of it."""

    prepared: Prepared
    alternative: str
    caption: str = ""
    audience: str = Photo.Audience.MEMBERS


def prepared(upload: UploadedFile) -> Prepared:
    """An upload as it is kept: upright, in two sizes, with nothing of the file but its pixels.

    Raises pictures.PictureRefused with a sentence for the page.
    """
    picture = pictures.read(upload, largest_file=LARGEST_FILE, side=SIDE, shrink=True)
    small = picture.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE))
    return Prepared(
        pictures.jpeg(picture, quality=QUALITY),
        pictures.jpeg(small, quality=QUALITY),
        picture.width,
        picture.height,
    )


# --- Adding, changing, removing ------------------------------------------------------------------------
@transaction.atomic
def add(*, session_id: int, new: Iterable[NewPhoto], by: User | None, now: datetime) -> list[Photo]:
    """Put photos behind those that the session has. Raises TooManyPhotos, and Session.DoesNotExist.

    What the same person sent a moment ago is a second click, and not added again.
    """
    session = Session.objects.select_for_update().get(pk=session_id)
    new = [each for each in new if not (by and _came_before(session, each, by=by, now=now))]
    if session.photos.count() + len(new) > MOST:
        raise TooManyPhotos
    last = session.photos.aggregate(last=Max("position"))["last"] or 0
    made: list[Photo] = []
    try:
        for position, each in enumerate(new, start=last + 1):
            photo = Photo(
                session=session,
                width=each.prepared.width,
                height=each.prepared.height,
                alternative=each.alternative,
                caption=each.caption,
                audience=each.audience,
                position=position,
                uploaded_by=by,
                uploaded_at=now,
            )
            made.append(photo)
            name = uuid.uuid4().hex  # nobody's file name
            photo.picture.save(f"{name}.jpg", ContentFile(each.prepared.picture), save=False)
            photo.small.save(f"{name}-small.jpg", ContentFile(each.prepared.small), save=False)
            photo.save(force_insert=True)
    except Exception:
        for photo in made:  # no row knows of the files
            _delete_files(photo)
        raise
    return made


def _came_before(session: Session, each: NewPhoto, *, by: User, now: datetime) -> bool:
    just_now = session.photos.filter(
        uploaded_by=by,
        uploaded_at__gt=now - SECOND_CLICK,
        alternative=each.alternative,
        width=each.prepared.width,
        height=each.prepared.height,
    )
    return any(photo.small.read() == each.prepared.small for photo in just_now)


def change(*, session_id: int, photo_id: int, alternative: str, caption: str, audience: str) -> None:
    """Say something else of a photo, or show it to others. Raises PhotoGone."""
    said = {"alternative": alternative, "caption": caption, "audience": Photo.Audience(audience)}
    if not Photo.objects.filter(session=session_id, pk=photo_id).update(**said):
        raise PhotoGone


@transaction.atomic
def move(*, session_id: int, photo_id: int, up: bool) -> None:
    """Change places with the photo before it or after it. Raises PhotoGone, and Refused at an end."""
    Session.objects.select_for_update().get(pk=session_id)
    order = list(Photo.objects.filter(session=session_id))
    place = next((place for place, photo in enumerate(order) if photo.pk == photo_id), None)
    if place is None:
        raise PhotoGone
    other = place - 1 if up else place + 1
    if not 0 <= other < len(order):
        raise Refused(f"This photo is the {'first' if up else 'last'} already. Nothing was changed.")
    order[place], order[other] = order[other], order[place]
    for position, photo in enumerate(order, start=1):
        photo.position = position
    Photo.objects.bulk_update(order, ["position"])


def remove(*, session_id: int, photo_id: int) -> None:
    """Delete a photo; its files once the transaction is committed. Raises PhotoGone."""
    deleted, _ = Photo.objects.filter(session=session_id, pk=photo_id).delete()
    if not deleted:
        raise PhotoGone


def _delete_files(photo: Photo) -> None:
    for file in (photo.picture, photo.small):
        if file:
            file.storage.delete(file.name)


def _forget(sender, instance: Photo, **kwargs) -> None:
    transaction.on_commit(lambda: _delete_files(instance))


def listen() -> None:
    """Hear of every photo that goes, also with its session: the files go when that is committed."""
    post_delete.connect(_forget, sender=Photo, dispatch_uid="sessions_app.photos.forget")


# --- Showing -------------------------------------------------------------------------------------------
def with_photos(sessions: QuerySet[Session], *, member: bool) -> QuerySet[Session]:
    """Add `photo_list`, the photos that this reader may see: {"id", "alternative", "caption", "width",
    "height"}, in their order; pass each session through `placed`.
    """
    rows = Photo.objects.visible_to(member=member).filter(session=OuterRef("pk")).order_by("position", "pk")
    keys = {"id": "pk"} | {name: name for name in ("alternative", "caption", "width", "height")}
    return sessions.annotate(photo_list=ArraySubquery(rows.values_list(JSONObject(**keys))))


def placed(session: Session | None) -> Session | None:
    """Give the photos of a session from `with_photos` their addresses, `url` and `small_url`."""
    for photo in session.photo_list if session else ():
        photo["url"] = reverse("sessions:photo", args=[session.number, photo["id"]])
        photo["small_url"] = f"{photo['url']}?size=small"
    return session


def in_markdown(photo: Photo) -> str:
    """What one writes to show the photo in the notes."""
    words = MARKS.sub(r"\\\1", photo.alternative)
    return f"![{words}]({photo.get_absolute_url()})"
