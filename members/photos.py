"""Members' photos: what is taken, what is kept of it, and when the files go."""

from __future__ import annotations

from io import BytesIO

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from PIL import Image, ImageOps

from members.errors import Refused
from members.models import Member

SIDE = 480  # pixels of the square that is kept
LARGEST_FILE = 10 * 1024 * 1024  # bytes
MOST_PIXELS = 40_000_000
FORMATS = ["JPEG", "PNG", "WEBP"]


class PhotoRefused(Refused):
    """The file cannot become a photo."""


UNKNOWN = "Choose a complete JPEG, PNG or WebP picture; this file is none."
DAMAGED = "Choose another picture; this file is damaged or incomplete."
TOO_MANY_PIXELS = "Choose a smaller picture; at most 40 megapixels fit."


def portrait(upload: UploadedFile) -> ContentFile:
    """A square JPEG made from an uploaded picture, upright, with nothing of the file but its pixels.

    What the file is, its content says, whatever its name. Raises PhotoRefused with a sentence for the page.
    """
    if upload.size > LARGEST_FILE:
        raise PhotoRefused("Choose a smaller file; at most 10 MB fit.")
    _examine(upload)
    try:
        return _square(upload)
    except Exception:  # Pillow raises its own and others' errors on wild input
        raise PhotoRefused(DAMAGED) from None


def _examine(upload: UploadedFile) -> None:
    """Look at the head of the file, before a pixel is decoded."""
    upload.seek(0)
    try:
        picture = Image.open(upload, formats=FORMATS)
    except Image.DecompressionBombError:
        raise PhotoRefused(TOO_MANY_PIXELS) from None
    except Exception:  # as above
        raise PhotoRefused(UNKNOWN) from None
    if picture.width * picture.height > MOST_PIXELS:
        raise PhotoRefused(TOO_MANY_PIXELS)
    try:
        picture.verify()
    except Exception:  # as above
        raise PhotoRefused(DAMAGED) from None


def _square(upload: UploadedFile) -> ContentFile:
    upload.seek(0)  # after verify() a picture has to be opened again
    picture = Image.open(upload, formats=FORMATS)
    picture.draft("RGB", (2 * SIDE, 2 * SIDE))  # a large JPEG is decoded at a fraction of its size
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I;16"):
        picture = picture.point(lambda value: value / 256).convert("L")
    picture = ImageOps.fit(picture.convert("RGBA"), (SIDE, SIDE), Image.Resampling.LANCZOS)
    # A new picture: profiles, comments and places stay behind with the old one.
    clean = Image.new("RGB", picture.size, "white")
    clean.paste(picture, mask=picture.getchannel("A"))
    jpeg = BytesIO()
    clean.save(jpeg, "JPEG", quality=85, optimize=True)
    return ContentFile(jpeg.getvalue(), "photo.jpg")


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
