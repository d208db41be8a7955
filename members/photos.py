"""Members' photos: what is taken, what is kept of it, and when the files go."""

from __future__ import annotations

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from PIL import Image, ImageOps

from members import pictures
from members.models import Member
from members.pictures import PictureRefused as PhotoRefused

SIDE = 480  # pixels of the square that is kept
LARGEST_FILE = 10 * pictures.MEGABYTE  # bytes


def portrait(upload: UploadedFile) -> ContentFile:
    """A square JPEG made from an uploaded picture, upright, with nothing of the file but its pixels.

    What the file is, its content says, whatever its name. Raises PhotoRefused with a sentence for the page.
    """
    picture = pictures.read(upload, largest_file=LARGEST_FILE, side=2 * SIDE)
    try:
        square = ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.LANCZOS)
    except Exception:  # Pillow raises its own and others' errors on wild input
        raise PhotoRefused(pictures.DAMAGED) from None
    return ContentFile(pictures.jpeg(square, quality=85), "photo.jpg")


@transaction.atomic
def put(*, member_id: int, photo: ContentFile) -> Member:
    """Make a portrait the member's photo; the one before is deleted once this one stands."""
    member = Member.objects.select_for_update().get(pk=member_id)
    forget(member)
    member.photo.save(photo.name, photo, save=False)
    try:
        member.save(update_fields=["photo"])
    except Exception:
        member.photo.storage.delete(member.photo.name)  # no row knows of it
        raise
    return member


@transaction.atomic
def remove(*, member_id: int) -> Member:
    """Take the member's photo away."""
    member = Member.objects.select_for_update().get(pk=member_id)
    forget(member)
    member.photo = ""
    member.save(update_fields=["photo"])
    return member


def forget(member: Member) -> None:
    """Delete the file of the member's photo once the transaction is committed; the row is the caller's."""
    if member.photo:
        storage, name = member.photo.storage, member.photo.name
        transaction.on_commit(lambda: storage.delete(name))
