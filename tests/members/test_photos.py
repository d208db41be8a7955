"""Photos: what is taken, what is kept, who sees them, and when the files go."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from members import photos
from members.models import Member
from tests.factories import MemberFactory, OrganiserFactory


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture(size=(600, 800), file_format="JPEG", mode="RGB", colour="red", **options) -> bytes:
    out = BytesIO()
    Image.new(mode, size, colour).save(out, file_format, **options)
    return out.getvalue()


def upload(content: bytes, name="me.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/jpeg")


def kept(content: bytes, name="me.jpg") -> Image.Image:
    return Image.open(BytesIO(photos.portrait(upload(content, name)).read()))


def refusal(content: bytes, name="me.jpg") -> str:
    with pytest.raises(photos.PhotoRefused) as refused:
        photos.portrait(upload(content, name))
    return str(refused.value)


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG with this size in its head, however little comes after it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


NONE = "Choose a complete JPEG, PNG or WebP picture; this file is none."
DAMAGED = "Choose another picture; this file is damaged or incomplete."
PIXELS = "Choose a smaller picture; at most 40 megapixels fit."


@pytest.mark.parametrize(
    ("file_format", "mode"),
    [
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("JPEG", "L"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("PNG", "LA"),
        ("PNG", "1"),
        ("PNG", "I;16"),
        ("WEBP", "RGBA"),
    ],
)
def test_every_kind_of_picture_becomes_a_square_jpeg(file_format, mode):
    colour = {"L": 9, "LA": (9, 9), "1": 1, "P": 3, "I;16": 40_000}.get(mode, "red")
    photo = kept(picture(file_format=file_format, mode=mode, colour=colour))
    assert (photo.format, photo.mode, photo.size) == ("JPEG", "RGB", (480, 480))


def test_what_is_see_through_becomes_white():
    photo = kept(picture(file_format="PNG", mode="RGBA", colour=(255, 0, 0, 0)))
    assert photo.getpixel((240, 240)) == (255, 255, 255)


def test_picture_is_turned_upright_and_its_middle_kept():
    """Orientation 6: the first row of the file is the right side of the picture."""
    tall = Image.new("RGB", (900, 300), "blue")
    tall.paste("red", (0, 0, 450, 300))
    exif = Image.Exif()
    exif[0x0112] = 6
    out = BytesIO()
    tall.save(out, "JPEG", exif=exif)
    photo = kept(out.getvalue())
    top, bottom = photo.getpixel((240, 60)), photo.getpixel((240, 420))
    assert (top[0] > 200 > top[2], bottom[2] > 200 > bottom[0]) == (True, True)


def test_nothing_but_pixels_is_kept():
    exif = Image.Exif()
    exif[0x010F] = "Camera maker"
    exif.get_ifd(0x8825)[2] = (59.0, 26.0, 13.0)  # the latitude
    source = picture(exif=exif, comment=b"at home", icc_profile=b"profile", dpi=(300, 300))
    assert Image.open(BytesIO(source)).getexif().get_ifd(0x8825) != {}
    assert b"at home" in source
    content = photos.portrait(upload(source)).read()
    photo = Image.open(BytesIO(content))
    assert dict(photo.getexif()) == {}
    assert set(photo.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert [word for word in (b"Exif", b"Camera", b"at home", b"profile", b"http") if word in content] == []


@pytest.mark.parametrize("name", ["me.exe", "me.svg", "me", "../../me.png", "x" * 90 + ".jpg"])
def test_content_counts_and_not_the_name(name):
    assert kept(picture(file_format="PNG"), name).size == (480, 480)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", NONE),
        (b"GIF89a" + bytes(40), NONE),
        (b"%PDF-1.7 " + bytes(100), NONE),
        (b"<html><script>alert(1)</script></html>", NONE),
        (picture(file_format="TIFF"), NONE),
        (picture(file_format="BMP"), NONE),
        (picture(size=(900, 900))[:2000], DAMAGED),
        (picture(size=(900, 900), file_format="PNG")[:-30], DAMAGED),
        (picture(size=(900, 900), file_format="WEBP")[:-30], NONE),
        (png(300, 300, b"too little"), DAMAGED),
        (png(8000, 5001), PIXELS),
        (png(60_000, 60_000), PIXELS),
        (bytes(photos.LARGEST_FILE + 1), "Choose a smaller file; at most 10 MB fit."),
    ],
    ids=[
        "svg",
        "gif",
        "pdf",
        "html",
        "tiff",
        "bmp",
        "truncated jpeg",
        "truncated png",
        "truncated webp",
        "empty png",
        "just too many pixels",
        "bomb",
        "too many bytes",
    ],
)
def test_what_is_no_fit_picture_is_refused_in_a_sentence(content, sentence):
    assert refusal(content) == sentence


def test_polyglot_loses_what_is_not_picture():
    content = photos.portrait(upload(picture() + b"<script>alert(1)</script><?php evil(); ?>")).read()
    assert [word for word in (b"script", b"php") if word in content] == []


# --- On one's own page ----------------------------------------------------------------------------
FORM = {
    "name": "Mira Tamm",
    "time_zone": "",
    "bio": "I knit.",
    "links": "",
    "profile_audience": "members",
    "address_audience": "organisers",
}


def files(folder) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def post(client, **changes):
    return client.post("/me/", FORM | changes)


@pytest.mark.django_db(transaction=True)
def test_photo_is_stored_replaced_and_removed_with_its_file(member, client_of, media):
    client = client_of(member.user)
    assert post(client, new_photo=upload(picture())).headers["Location"] == "/me/"
    (first,) = files(media)
    assert post(client, new_photo=upload(picture(colour="blue")), remove_photo="on").status_code == 302
    (second,) = files(media)
    assert first != second
    member.refresh_from_db()
    assert (member.photo.name, member.bio) == (second, "I knit.")
    assert post(client, remove_photo="on").status_code == 302
    member.refresh_from_db()
    assert (member.photo.name, files(media)) == ("", [])


@pytest.mark.django_db(transaction=True)
def test_file_of_the_old_photo_stays_while_the_change_can_fail(member, media, monkeypatch):
    photos.put(member_id=member.pk, photo=photos.portrait(upload(picture())))
    (first,) = files(media)
    monkeypatch.setattr(Member, "save", lambda self, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        photos.put(member_id=member.pk, photo=photos.portrait(upload(picture(colour="blue"))))
    assert files(media) == [first]


def test_nine_megabytes_arrive_and_eleven_are_refused_at_the_field(member, client_of):
    client = client_of(member.user)
    noise = picture() + bytes(9 * 1024 * 1024)
    assert post(client, new_photo=upload(noise)).status_code == 302
    answer = post(client, new_photo=upload(picture() + bytes(11 * 1024 * 1024)), bio="I sew.")
    assert answer.status_code == 422
    assert answer.context["profile_form"].errors == {
        "new_photo": ["Choose a smaller file; at most 10 MB fit."]
    }


def test_wrong_file_keeps_the_rest_of_the_form_and_the_old_photo(member, client_of, media):
    client = client_of(member.user)
    post(client, new_photo=upload(picture()))
    before = files(media)
    answer = post(client, bio="I sew.", name="Mira T.", new_photo=upload(b"<svg/>", "me.svg"))
    assert answer.status_code == 422
    assert answer.context["profile_form"].errors == {"new_photo": [NONE]}
    assert ">\nI sew.</textarea>" in answer.text
    assert 'value="Mira T."' in answer.text
    assert f'href="#{answer.context["profile_form"]["new_photo"].auto_id}"' in answer.text
    member.refresh_from_db()
    assert (member.bio, files(media)) == ("I knit.", before)


def test_empty_file_says_so(member, client_of):
    answer = post(client_of(member.user), new_photo=upload(b""))
    assert answer.context["profile_form"].errors == {"new_photo": ["Choose another file; this one is empty."]}


# --- Seen by others -------------------------------------------------------------------------------
@pytest.fixture
def address(member) -> str:
    photos.put(member_id=member.pk, photo=photos.portrait(upload(picture())))
    return f"/members/{member.slug}/photo/"


def test_photo_is_answered_as_a_private_jpeg(member, address, client_of):
    answer = client_of(MemberFactory().user).get(address)
    assert answer.status_code == 200
    assert Image.open(BytesIO(b"".join(answer.streaming_content))).size == (480, 480)
    assert {
        name: answer.headers[name] for name in ("Content-Type", "X-Content-Type-Options", "Cache-Control")
    } == {
        "Content-Type": "image/jpeg",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=3600",
    }


@pytest.mark.parametrize("audience", ["members", "organisers"])
def test_photo_is_shown_to_those_who_read_the_page(member, address, client, client_of, audience):
    Member.objects.update(profile_audience=audience)
    former = MemberFactory(state="alumni", left_at=member.joined_at)
    readers = [member, MemberFactory(), OrganiserFactory(), former]
    seen = [client_of(reader.user).get(address).status_code for reader in readers]
    assert seen == [200, 200 if audience == "members" else 404, 200, 404]
    assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"


def test_photo_that_is_not_there_is_404(member, address, client_of, media):
    client = client_of(member.user)
    assert client.get(f"/members/{MemberFactory().slug}/photo/").status_code == 404
    assert client.get("/members/nobody/photo/").status_code == 404
    for file in files(media):
        (media / file).unlink()
    assert client.get(address).status_code == 404
