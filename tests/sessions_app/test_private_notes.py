"""A member's own notes beside the readings, which nobody else gets to read."""

import re

import pytest
from django.utils import timezone

from members.models import User
from sessions_app import private_notes
from sessions_app.models import PrivateNote
from sessions_app.models.stuck_point import LONGEST_NOTE
from tests.factories import HeldSessionFactory, MemberFactory, ReadingFactory, SessionFactory
from tests.sessions_app.test_public_pages import text_of

HTMX = {"HX-Request": "true"}
SECRET = "I have no idea what a kernel is"


@pytest.fixture
def reading(group):
    return ReadingFactory(title="Paper", session=SessionFactory(number=4))


def notes_of(member) -> list[str]:
    return list(PrivateNote.objects.filter(member=member).values_list("text", flat=True))


# --- The verb ------------------------------------------------------------------------------------------
def test_saving_again_replaces_the_note_and_leaves_others_alone(reading, member):
    other = MemberFactory()
    now = timezone.now()
    private_notes.save(reading=reading, member=other, text="Theirs", now=now)

    for text in ["First", "Second\r\nline  "]:
        private_notes.save(reading=reading, member=member, text=text, now=now)

    assert (notes_of(member), notes_of(other)) == (["Second\nline"], ["Theirs"])


@pytest.mark.parametrize("text", ["", " \r\n\t"])
def test_saving_an_empty_note_takes_it_away(reading, member, text):
    now = timezone.now()
    private_notes.save(reading=reading, member=member, text="First", now=now)

    assert private_notes.save(reading=reading, member=member, text=text, now=now) is None
    assert notes_of(member) == []


def test_saving_more_than_fits_changes_nothing(reading, member):
    now = timezone.now()
    private_notes.save(reading=reading, member=member, text="First", now=now)

    with pytest.raises(private_notes.TooLong) as refused:
        private_notes.save(reading=reading, member=member, text="x" * (LONGEST_NOTE + 1), now=now)

    assert str(refused.value) == "Shorten your note; it has 4,001 characters, and 4,000 are allowed."
    assert notes_of(member) == ["First"]


# --- The pages -----------------------------------------------------------------------------------------
def test_note_without_script_is_kept_and_leads_back(as_member, reading):
    response = as_member.post(f"/readings/{reading.pk}/note/?back=session", {"text": SECRET})

    assert (response.status_code, response.url) == (302, f"/sessions/4/#note-{reading.pk}")
    assert notes_of(as_member.person) == [SECRET]
    words = text_of(as_member.get("/sessions/4/"))
    assert "Your note is kept." in words
    assert f">{SECRET}</textarea>" in words


def test_note_with_htmx_answers_with_the_part_alone(as_member, reading):
    words = text_of(as_member.post(f"/readings/{reading.pk}/note/", {"text": SECRET}, headers=HTMX))

    assert words.startswith(f'<details class="beside" id="note-{reading.pk}" open>')
    assert words.count("data-announce>Your note is kept.") == 1
    assert f">{SECRET}</textarea>" in words


@pytest.mark.parametrize(
    ("had", "sentence"), [(True, "Your note is gone."), (False, "There was nothing to keep.")]
)
def test_emptied_note_says_what_happened(as_member, reading, had, sentence):
    if had:
        as_member.post(f"/readings/{reading.pk}/note/", {"text": "First"}, headers=HTMX)

    words = text_of(as_member.post(f"/readings/{reading.pk}/note/", {"text": " "}, headers=HTMX))

    assert f"data-announce>{sentence}" in words
    assert notes_of(as_member.person) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("y" * (LONGEST_NOTE + 1), "Shorten it; at most 4,000 characters are kept."),
        ("a\0b", "Take out the null characters; they cannot be kept."),
    ],
)
def test_refused_note_keeps_what_was_typed(as_member, reading, text, sentence):
    address = f"/readings/{reading.pk}/note/"
    page = as_member.post(address, {"text": text})
    part = as_member.post(address, {"text": text}, headers=HTMX)

    assert (page.status_code, part.status_code) == (422, 200)
    for response in (page, part):
        assert sentence in text_of(response)
        assert re.search(rf">\s*{re.escape(text)}</textarea>", response.content.decode())
    assert notes_of(as_member.person) == []


def test_note_on_a_page_of_its_own_shows_the_own_note(as_member, reading):
    private_notes.save(reading=reading, member=as_member.person, text=SECRET, now=timezone.now())
    private_notes.save(reading=reading, member=MemberFactory(), text="Theirs", now=timezone.now())

    words = text_of(as_member.get(f"/readings/{reading.pk}/note/"))

    assert SECRET in words
    assert "Theirs" not in words


def test_notes_are_members_alone_and_not_on_drafts(visitor, as_member, reading):
    draft = ReadingFactory(session=SessionFactory(state="draft"))

    assert visitor.post(f"/readings/{reading.pk}/note/").url.startswith("/accounts/login/")
    assert as_member.post(f"/readings/{draft.pk}/note/", {"text": "x"}).status_code == 404
    assert as_member.post("/readings/999999/note/", {"text": "x"}).status_code == 404
    assert notes_of(as_member.person) == []


# --- Nobody else ---------------------------------------------------------------------------------------
def test_no_page_of_anybody_else_shows_a_note(client_of, organiser, reading):
    """Every page on which it could stand: of another member, an organiser, and the admin of a superuser."""
    writer = MemberFactory()
    held = ReadingFactory(session=HeldSessionFactory(number=3))
    for one in (reading, held):
        private_notes.save(reading=one, member=writer, text=SECRET, now=timezone.now())
    root = User.objects.create_superuser("root@example.org", "x")
    pages = ["/next/", "/next/catch-up/", "/sessions/4/", "/sessions/3/", "/members/"]
    pages += [f"/readings/{reading.pk}/note/", f"/readings/{reading.pk}/questions/"]
    desk = ["/sessions/4/readiness/", "/organise/", f"/organise/sessions/{reading.session.pk}/"]
    kept = PrivateNote.objects.get(reading=reading)
    of_admin = [
        "/admin/sessions_app/privatenote/",
        f"/admin/sessions_app/privatenote/{kept.pk}/change/",
        f"/admin/sessions_app/session/{reading.session.pk}/change/",
        "/admin/sessions_app/session/",
        f"/admin/members/member/{writer.pk}/change/",
    ]

    shown = {}
    for user, addresses in [
        (MemberFactory().user, pages),
        (organiser, pages + desk),
        (root, [*desk, *of_admin, "/sessions/4/"]),
    ]:
        client = client_of(user)
        for address in addresses:
            response = client.get(address)
            shown[user.email, address] = (response.status_code, SECRET in response.content.decode())

    assert set(shown.values()) == {(200, False)}
    own = client_of(writer.user)
    assert SECRET in own.get("/sessions/4/").content.decode()
    assert SECRET in own.get("/sessions/3/").content.decode()
