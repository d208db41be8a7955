"""Pictures that people upload: what is taken, and what is kept of it — the pixels, and nothing else."""

from __future__ import annotations

from io import BytesIO

from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps

from members.errors import Refused

MOST_PIXELS = 40_000_000
FORMATS = ["JPEG", "PNG", "WEBP"]
MEGABYTE = 1024 * 1024

UNKNOWN = "Choose a complete JPEG, PNG or WebP picture; this file is none."
DAMAGED = "Choose another picture; this file is damaged or incomplete."
TOO_MANY_PIXELS = "Choose a smaller picture; at most 40 megapixels fit."


class PictureRefused(Refused):
    """The file cannot become a picture of ours."""


def read(upload: UploadedFile, *, largest_file: int, side: int, shrink: bool = False) -> Image.Image:
    """An uploaded picture, upright. What the file is, its content says, whatever its name.

    largest_file: bytes. side: pixels; a large JPEG is decoded at a fraction of its size with no side shorter,
    and with `shrink` no side of any picture is longer. Raises PictureRefused with a sentence for the page.
    """
    if upload.size > largest_file:
        raise PictureRefused(f"Choose a smaller file; at most {largest_file // MEGABYTE} MB fit.")
    _examine(upload)
    try:
        return _decoded(upload, side, shrink=shrink)
    except Exception:  # Pillow raises its own and others' errors on wild input
        raise PictureRefused(DAMAGED) from None


def jpeg(picture: Image.Image, *, quality: int) -> bytes:
    """The picture on white as a JPEG without profiles, comments or places."""
    with_alpha = picture.convert("RGBA")
    # A new picture: whatever came with the old one stays behind with it.
    clean = Image.new("RGB", picture.size, "white")
    clean.paste(with_alpha, mask=with_alpha.getchannel("A"))
    made = BytesIO()
    clean.save(made, "JPEG", quality=quality, optimize=True)
    return made.getvalue()


def _examine(upload: UploadedFile) -> None:
    """Look at the head of the file, before a pixel is decoded."""
    upload.seek(0)
    try:
        picture = Image.open(upload, formats=FORMATS)
    except Image.DecompressionBombError:
        raise PictureRefused(TOO_MANY_PIXELS) from None
    except Exception:  # as above
        raise PictureRefused(UNKNOWN) from None
    if picture.width * picture.height > MOST_PIXELS:
        raise PictureRefused(TOO_MANY_PIXELS)
    try:
        picture.verify()
    except Exception:  # as above
        raise PictureRefused(DAMAGED) from None


def _decoded(upload: UploadedFile, side: int, *, shrink: bool) -> Image.Image:
    upload.seek(0)  # after verify() a picture has to be opened again
    picture = Image.open(upload, formats=FORMATS)
    picture.draft("RGB", (side, side))
    if picture.mode.startswith("I;16"):
        picture = picture.point(lambda value: value / 256).convert("L")
    elif picture.mode not in ("L", "LA", "RGB", "RGBA"):
        picture = picture.convert("RGBA")
    if shrink:  # before it is turned, since a large picture takes much memory
        picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return ImageOps.exif_transpose(picture)
