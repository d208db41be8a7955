"""Photos of a session: what is taken, what is kept of it, who sees it, and when the files go."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from PIL import Image

from members.errors import Refused
from members.pictures import PictureRefused
from sessions_app import photos, text
from sessions_app.models import Photo, Session
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
)
from tests.members.test_photos import DAMAGED, NONE, PIXELS, files, picture, png

PAGE = "/sessions/7/photos/"
MISSING = "Say what the photo shows, for whoever does not see it."


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def session(group) -> Session:
    return HeldSessionFactory(number=7, title="Nets")


def upload(content: bytes, name="IMG_1.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/jpeg")


def kept(content: bytes) -> Image.Image:
    return Image.open(BytesIO(photos.prepared(upload(content)).picture))


def add(session: Session, *, audience="public", alternative="A full room", **said) -> Photo:
    prepared = photos.prepared(upload(picture((1200, 900))))
    new = photos.NewPhoto(prepared, alternative, audience=audience, **said)
    return photos.add(session_id=session.pk, new=[new], by=None, now=timezone.now())[0]


def row(number: int, content: bytes | None = None, **said) -> dict:
    """One row of the form as a browser sends it."""
    filled = {"alternative": "", "caption": "", "audience": "members"} | said
    data = {f"photo{number}-{name}": value for name, value in filled.items()}
    return data if content is None else data | {f"photo{number}-file": upload(content)}


class _Descriptions(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name == "alt"]


def described(html: str) -> list[str]:
    """The alternative texts of the pictures in some HTML."""
    reader = _Descriptions()
    reader.feed(html)
    return reader.found


def errors(page) -> list[dict]:
    return [dict(form.errors) for form in page.context["rows"]]


# --- What is kept ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("size", "large", "small"),
    [
        ((3000, 1500), (2000, 1000), (800, 400)),
        ((1000, 4000), (500, 2000), (200, 800)),
        ((640, 480), (640, 480), (640, 480)),
    ],
)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_photo_is_kept_as_two_jpegs_that_are_never_larger_than_it_was(size, large, small, file_format):
    made = photos.prepared(upload(picture(size, file_format)))

    pictures = [Image.open(BytesIO(content)) for content in (made.picture, made.small)]
    assert [(each.format, each.size) for each in pictures] == [("JPEG", large), ("JPEG", small)]
    assert (made.width, made.height) == large


@pytest.mark.parametrize(
    ("file_format", "mode"), [("PNG", "P"), ("PNG", "LA"), ("PNG", "I;16"), ("JPEG", "CMYK")]
)
def test_every_kind_of_picture_is_kept_in_plain_colours(file_format, mode):
    colour = {"LA": (9, 9), "P": 3, "I;16": 40_000}.get(mode, "red")

    assert kept(picture((90, 60), file_format, mode, colour)).mode == "RGB"


def test_photo_is_turned_upright():
    """Orientation 6: the first row of the file is the right side of the picture."""
    lying = Image.new("RGB", (2600, 1300), "blue")
    lying.paste("red", (0, 0, 1300, 1300))
    exif = Image.Exif()
    exif[0x0112] = 6
    out = BytesIO()
    lying.save(out, "JPEG", exif=exif)

    photo = kept(out.getvalue())

    top, bottom = photo.getpixel((500, 300)), photo.getpixel((500, 1700))
    assert photo.size == (1000, 2000)
    assert (top[0] > 200 > top[2], bottom[2] > 200 > bottom[0]) == (True, True)


def test_place_and_camera_are_gone_from_both_sizes():
    exif = Image.Exif()
    exif[0x010F] = "Camera maker"
    exif.get_ifd(0x8825)[2] = (59.0, 26.0, 13.0)  # the latitude
    source = picture(exif=exif, comment=b"at home", icc_profile=b"profile")
    assert Image.open(BytesIO(source)).getexif().get_ifd(0x8825) != {}

    made = photos.prepared(upload(source))

    for content in (made.picture, made.small):
        assert dict(Image.open(BytesIO(content)).getexif()) == {}
        assert [word for word in (b"Exif", b"Camera", b"at home", b"profile") if word in content] == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", NONE),
        (b"GIF89a" + bytes(40), NONE),
        (picture(file_format="GIF"), NONE),
        (b"GIF89a/*" + picture(), NONE),
        (b"<html><script>alert(1)</script></html>" + picture(), NONE),
        (picture((900, 900))[:2000], DAMAGED),
        (picture((900, 900), "PNG")[:-30], DAMAGED),
        (png(300, 300, b"too little"), DAMAGED),
        (png(8000, 5001), PIXELS),
        (png(60_000, 60_000), PIXELS),
        (bytes(photos.LARGEST_FILE + 1), "Choose a smaller file; at most 20 MB fit."),
    ],
    ids=[
        "svg",
        "head of a gif",
        "gif",
        "gif that ends as a jpeg",
        "page that ends as a jpeg",
        "truncated jpeg",
        "truncated png",
        "empty png",
        "just too many pixels",
        "bomb",
        "too many bytes",
    ],
)
def test_what_is_no_fit_picture_is_refused_in_a_sentence(content, sentence):
    with pytest.raises(PictureRefused) as refused:
        photos.prepared(upload(content))

    assert str(refused.value) == sentence


def test_what_hangs_on_a_jpeg_is_not_kept():
    made = photos.prepared(upload(picture() + b"<script>alert(1)</script>PK\x03\x04"))

    assert [b"script" in content or b"PK\x03\x04" in content for content in (made.picture, made.small)] == [
        False,
        False,
    ]


# --- The rows and their files ------------------------------------------------------------------------
def test_photos_stand_in_the_order_in_which_they_came(session):
    first, second = add(session), add(session)

    assert list(session.photos.all()) == [first, second]
    assert (first.width, first.height) == (1200, 900)
    assert first.picture.name.startswith("photos/")
    assert first.picture.name != second.picture.name


@pytest.mark.parametrize(
    ("moved", "up", "order"), [(1, True, [1, 0, 2]), (1, False, [0, 2, 1]), (2, True, [0, 2, 1])]
)
def test_move_changes_places_with_a_neighbour(session, moved, up, order):
    made = [add(session) for _ in range(3)]
    Photo.objects.update(position=0)  # as they may stand after an import

    photos.move(session_id=session.pk, photo_id=made[moved].pk, up=up)

    assert [made.index(photo) for photo in session.photos.all()] == order


@pytest.mark.parametrize(("moved", "up", "word"), [(0, True, "first"), (1, False, "last")])
def test_move_beyond_an_end_is_refused(session, moved, up, word):
    made = [add(session) for _ in range(2)]

    with pytest.raises(Refused) as refused:
        photos.move(session_id=session.pk, photo_id=made[moved].pk, up=up)

    assert str(refused.value) == f"This photo is the {word} already. Nothing was changed."
    assert list(session.photos.all()) == made


def test_a_session_has_only_so_many_photos(session, monkeypatch, media):
    monkeypatch.setattr(photos, "MOST", 1)
    add(session)
    before = files(media)

    with pytest.raises(photos.TooManyPhotos):
        add(session)

    assert (session.photos.count(), files(media)) == (1, before)


@pytest.mark.django_db(transaction=True)
def test_files_go_with_the_photo_and_not_before_it_is_certain(session, media):
    gone, stays = add(session), add(session)

    with transaction.atomic():
        photos.remove(session_id=session.pk, photo_id=gone.pk)
        transaction.set_rollback(True)
    assert len(files(media)) == 4

    photos.remove(session_id=session.pk, photo_id=gone.pk)
    assert files(media) == sorted([stays.picture.name, stays.small.name])


@pytest.mark.django_db(transaction=True)
def test_files_go_with_the_session(session, media):
    add(session)
    other = add(SessionFactory())

    Session.objects.filter(pk=session.pk).delete()

    assert files(media) == sorted([other.picture.name, other.small.name])


def test_files_of_photos_that_cannot_be_kept_are_deleted(session, media):
    prepared = photos.prepared(upload(picture()))
    new = [photos.NewPhoto(prepared, "Right"), photos.NewPhoto(prepared, "")]

    with pytest.raises(IntegrityError), transaction.atomic():
        photos.add(session_id=session.pk, new=new, by=None, now=timezone.now())

    assert (session.photos.count(), files(media)) == (0, [])


# --- The page that manages them ----------------------------------------------------------------------
def test_several_photos_are_added_at_once(session, as_organiser):
    data = row(1, picture(), alternative=" A  full room ", caption="At nine", audience="public")
    data |= row(2) | row(3, picture(), alternative="The board")

    answer = as_organiser.post(PAGE, data, follow=True)

    said = list(Photo.objects.values_list("alternative", "caption", "audience", "uploaded_by"))
    organiser = as_organiser.person.user.pk
    assert said == [
        ("A full room", "At nine", "public", organiser),
        ("The board", "", "members", organiser),
    ]
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "2 photos were added." in answer.text


def test_photo_without_a_description_is_refused_at_the_field_and_the_rest_stays(session, as_organiser):
    data = row(1, picture(), caption="At nine") | row(2, picture(), alternative="The board")

    page = as_organiser.post(PAGE, data)

    assert page.status_code == 422
    assert errors(page) == [{"alternative": [MISSING]}, {}, {}]
    assert 'value="At nine"' in page.text
    assert 'value="The board"' in page.text
    assert Photo.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (row(1), {"file": ["Choose a file."], "alternative": [MISSING]}),
        (row(1, alternative="A room"), {"file": ["Choose a file."]}),
        (row(1, b"", alternative="A room"), {"file": ["Choose another file; this one is empty."]}),
        (row(1, b"<svg/>", alternative="A room"), {"file": [NONE]}),
        (
            row(1, picture(), alternative="IMG_1.JPG"),
            {"alternative": ["Say what the photo shows; the name of a file does not."]},
        ),
        (
            row(1, picture(), alternative="x" * 301),
            {"alternative": ["Say it in at most 300 characters."]},
        ),
        (
            row(1, picture(), alternative="A room", audience="nobody"),
            {"audience": ["Choose one of the two."]},
        ),
    ],
    ids=["nothing", "no file", "empty file", "svg", "a file's name", "too long", "unknown audience"],
)
def test_what_is_wrong_is_said_at_its_field(session, as_organiser, data, wrong):
    page = as_organiser.post(PAGE, data)

    assert (page.status_code, errors(page)[0]) == (422, wrong)
    assert Photo.objects.count() == 0


def test_one_photo_too_many_is_refused_on_the_page(session, as_organiser, monkeypatch):
    monkeypatch.setattr(photos, "MOST", 0)

    page = as_organiser.post(PAGE, row(1, picture(), alternative="A room"))

    assert page.status_code == 422
    assert "Remove a photo first; a session has 0 at most." in page.text


def test_photo_is_described_anew(session, as_organiser):
    photo = add(session)
    data = {"alternative": "Nine people", "caption": "C", "audience": "members"}

    answer = as_organiser.post(f"{PAGE}{photo.pk}/change/", data)

    assert answer.headers["Location"] == PAGE
    assert list(Photo.objects.values("alternative", "caption", "audience")) == [data]


def test_change_without_a_description_changes_nothing(session, as_organiser):
    photo = add(session)

    page = as_organiser.post(f"{PAGE}{photo.pk}/change/", {"alternative": " ", "audience": "members"})

    assert (page.status_code, dict(page.context["form"].errors)) == (422, {"alternative": [MISSING]})
    assert Photo.objects.get().audience == "public"


def test_photo_is_removed_after_a_page_that_asks_and_only_once(session, as_organiser):
    photo = add(session)
    address = f"{PAGE}{photo.pk}/remove/"

    assert "Remove this photo?" in as_organiser.get(address).text
    assert Photo.objects.count() == 1
    assert "The photo was removed." in as_organiser.post(address, follow=True).text
    assert "This photo is gone already. Nothing was changed." in as_organiser.post(address, follow=True).text
    assert as_organiser.get(address).status_code == 404
    assert Photo.objects.count() == 0


def test_photo_is_moved_by_its_buttons(session, as_organiser):
    first, second = add(session), add(session)

    answer = as_organiser.post(f"{PAGE}{second.pk}/move/", {"to": "up"})
    nonsense = as_organiser.post(f"{PAGE}{second.pk}/move/", {"to": "left"}, follow=True)

    assert answer.headers["Location"] == f"{PAGE}#photo-{second.pk}"
    assert "That said neither up nor down." in nonsense.text
    assert list(session.photos.all()) == [second, first]


@pytest.mark.parametrize("action", ["", "{pk}/change/", "{pk}/remove/", "{pk}/move/"])
def test_only_those_who_write_the_notes_manage_photos(session, visitor, as_member, client_of, action):
    scribe, speaker = MemberFactory(), MemberFactory()
    Session.objects.update(scribe=scribe)
    PresentationFactory(session=session, presenter=PresenterFactory(guest_name="", member=speaker))
    address = PAGE + action.format(pk=add(session).pk)
    data = {"alternative": "x", "audience": "members", "to": "up"}

    assert visitor.post(address, data).headers["Location"].startswith("/accounts/login/")
    statuses = [
        client_of(who.user).post(address, data).status_code for who in (as_member.person, scribe, speaker)
    ]
    allowed = 422 if action == "" else 302
    assert statuses == [403, allowed, allowed]


@pytest.mark.parametrize("action", ["{pk}/change/", "{pk}/remove/", "{pk}/move/"])
def test_photo_of_another_session_is_not_reached_through_this_one(session, as_organiser, action):
    other = add(SessionFactory())
    data = {"alternative": "x", "audience": "members", "to": "up"}

    as_organiser.post(PAGE + action.format(pk=other.pk), data)

    other.refresh_from_db()
    assert (other.alternative, other.audience) == ("A full room", "public")


@pytest.mark.parametrize(
    "alternative", ["A room", r"a]b[c*d*e_f_`g`$h$<i>&amp;!~j\k", "![x](/y) $$z$$ ~~w~~ | ^ #1"]
)
def test_what_is_pasted_into_the_notes_shows_the_photo(session, as_organiser, alternative):
    photo = add(session, alternative=alternative)

    page = as_organiser.get(PAGE)

    pasted = page.context["photos"][0].markdown
    html = text.markdown(pasted)
    assert html.count("<img") == 1
    assert f'src="/sessions/7/photos/{photo.pk}/"' in html
    assert described(html) == [alternative]


# --- The pictures --------------------------------------------------------------------------------------
def test_picture_is_answered_in_both_sizes(session, visitor):
    address = add(session).get_absolute_url()

    large, small = visitor.get(address), visitor.get(f"{address}?size=small")

    sizes = [Image.open(BytesIO(b"".join(page.streaming_content))).size for page in (large, small)]
    assert (address, sizes) == (f"/sessions/7/photos/{Photo.objects.get().pk}/", [(1200, 900), (800, 600)])
    assert {
        name: large.headers[name] for name in ("Content-Type", "X-Content-Type-Options", "Cache-Control")
    } == {
        "Content-Type": "image/jpeg",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "public, max-age=300",
    }
    assert "default-src 'none'" in large.headers["Content-Security-Policy"]
    assert large.headers["ETag"] != small.headers["ETag"]


def test_picture_that_is_known_is_not_sent_again(session, visitor):
    address = add(session).get_absolute_url()
    tag = visitor.get(address).headers["ETag"]

    again = visitor.get(address, headers={"If-None-Match": tag})

    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)


def test_picture_for_members_is_kept_by_nobody_else(session, as_member):
    photo = add(session, audience="members")

    assert as_member.get(photo.get_absolute_url()).headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("state", "audience", "statuses"),
    [
        ("held", "public", [200, 200, 200]),
        ("held", "members", [404, 200, 200]),
        ("announced", "members", [404, 200, 200]),
        ("draft", "public", [404, 404, 200]),
        ("draft", "members", [404, 404, 200]),
    ],
)
def test_picture_is_shown_to_those_who_may_see_it(
    session, visitor, as_member, as_organiser, state, audience, statuses
):
    Session.objects.update(state=state)
    photo = add(session, audience=audience)

    seen = [who.get(photo.get_absolute_url()).status_code for who in (visitor, as_member, as_organiser)]
    shown = [
        [each["id"] for each in page.context["session"].photo_list] if page.status_code == 200 else None
        for page in [who.get("/sessions/7/") for who in (visitor, as_member, as_organiser)]
    ]

    assert seen == statuses
    visible = [photo.pk]
    on_page = None if state == "draft" else []
    assert shown == [visible if status == 200 else on_page for status in statuses]


def test_picture_of_who_has_left_is_that_of_a_visitor(session, client_of):
    left = MemberFactory(state="alumni", left_at=timezone.now())
    photo = add(session, audience="members")

    assert client_of(left.user).get(photo.get_absolute_url()).status_code == 404


def test_picture_that_is_not_there_is_not_found(session, visitor, media):
    photo = add(session)

    assert visitor.get(f"{PAGE}{photo.pk + 1}/").status_code == 404
    assert visitor.get(f"/sessions/8/photos/{photo.pk}/").status_code == 404
    assert visitor.get("/sessions/99999999999999999999/photos/99999999999999999999999/").status_code == 404
    for file in files(media):
        (media / file).unlink()
    assert visitor.get(photo.get_absolute_url()).status_code == 404


def test_pages_of_photos_ask_as_many_questions_whatever_there_is(
    session, as_organiser, django_assert_num_queries
):
    for rows in (1, 3):
        while session.photos.count() < rows:
            photo = add(session)
        with django_assert_num_queries(6):
            assert as_organiser.get(PAGE).status_code == 200
        with django_assert_num_queries(6):
            assert as_organiser.get(f"{PAGE}{photo.pk}/change/").status_code == 200


def test_public_picture_costs_one_question(session, visitor, django_assert_num_queries):
    address = add(session).get_absolute_url()

    with django_assert_num_queries(1):
        assert visitor.get(address).status_code == 200


def test_second_click_adds_nothing_and_the_same_photo_later_is_another(session, as_organiser, organiser):
    now = timezone.now()
    new = photos.NewPhoto(photos.prepared(upload(picture())), "A full room")
    given = {"session_id": session.pk, "new": [new], "by": organiser}

    counts = [len(photos.add(**given, now=now + timedelta(seconds=seconds))) for seconds in (0, 1, 59, 61)]

    assert (counts, session.photos.count()) == ([1, 0, 0, 1], 2)
