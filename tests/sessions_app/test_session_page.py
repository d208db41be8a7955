"""A session's page joins everything that is on record of it, in the order in which it happens."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sessions_app.models import Attendance, Material, Notes, Photo, Session
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
)
from tests.sessions_app.test_public_pages import text_of

PAGE = "/sessions/7/"


def headings(response) -> list[str]:
    """The words of the headings below the title, as they follow each other."""
    main = response.content.decode().partition("<main")[2]
    found = re.findall(r"<h2[^>]*>(.*?)</h2>", main, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", "", heading).split()) for heading in found]


def photo_of(session: Session, **said) -> Photo:
    said = {"alternative": "The room", "audience": "public", "width": 2000, "height": 1500} | said
    return Photo.objects.create(
        session=session, picture="photos/a.jpg", small="photos/b.jpg", uploaded_at=timezone.now(), **said
    )


def full(session: Session) -> Session:
    """Something of everything."""
    Session.objects.filter(pk=session.pk).update(
        summary="S", agenda="Doors at six.", up_next="U", notes_url="https://example.org/notes"
    )
    ReadingFactory(session=session, title="Keras")
    talk = PresentationFactory(session=session, presenter=PresenterFactory(guest_name="Bo"))
    Material.objects.create(presentation=talk, kind="slides", url="https://example.org/slides")
    Notes.objects.create(session=session, text="What we found.", audience="public", updated_at=timezone.now())
    photo_of(session)
    return session


def test_page_of_a_held_session_tells_in_the_order_in_which_it_happened(visitor):
    full(HeldSessionFactory(number=7))

    assert headings(visitor.get(PAGE)) == [
        "What we prepared",
        "On the day",
        "Presented",
        "Notes",
        "Notes elsewhere",
        "Photos",
        "What was up next",
    ]


def test_page_of_a_session_that_is_over_reads_like_that_of_a_held_one(visitor):
    start = timezone.now() - timedelta(hours=4)
    full(SessionFactory(number=7, starts_at=start))

    assert headings(visitor.get(PAGE))[:3] == ["What we prepared", "On the day", "Presented"]


def test_page_of_a_coming_session_says_what_to_read_and_who_presents(visitor):
    full(SessionFactory(number=7))

    assert headings(visitor.get(PAGE)) == [
        "What to read",
        "Notes",
        "Notes elsewhere",
        "Photos",
        "Up next",
        "Presenting",
        "On the day",
        "Add to a calendar",
    ]


def test_page_of_a_cancelled_session_says_when_it_was_and_what_was_meant(visitor):
    called_off = datetime(2026, 5, 3, 22, 30, tzinfo=UTC)  # the fourth in Tallinn
    full(SessionFactory(number=7, state="cancelled", cancelled_at=called_off))

    page = visitor.get(PAGE)

    assert "This session was cancelled on 4 May 2026. It does not take place." in text_of(page)
    assert [headings(page)[0], *headings(page)[-2:]] == [
        "What we meant to read",
        "Was to be presented",
        "On the day",
    ]


def test_page_of_an_empty_archive_session_says_so(visitor):
    HeldSessionFactory(number=7)

    page = visitor.get(PAGE)

    assert headings(page) == []
    assert "Nothing is on record of what was prepared." in text_of(page)


def test_page_says_how_many_came(visitor):
    session = HeldSessionFactory(number=7)
    now = timezone.now()
    Attendance.objects.create(session=session, guest_name="Bo", noted_at=now)
    assert "One person came." in text_of(visitor.get(PAGE))
    for _ in range(13):
        Attendance.objects.create(session=session, member=MemberFactory(), noted_at=now)
    Attendance.objects.create(session=HeldSessionFactory(), guest_name="Cy", noted_at=now)

    assert "Fourteen people came." in text_of(visitor.get(PAGE))


def test_page_of_a_session_whose_visitors_nobody_counted_says_nothing_of_them(visitor):
    HeldSessionFactory(number=7)

    assert "came" not in text_of(visitor.get(PAGE)).partition("<main")[2]


def test_photos_stand_in_their_order_with_their_words_and_their_room(visitor):
    session = HeldSessionFactory(number=7)
    second = photo_of(session, position=2, alternative='The "board"', caption="At <nine>")
    first = photo_of(session, position=1, width=900, height=1200)

    page = text_of(visitor.get(PAGE))

    pictures = re.findall(r"<figure>.*?</figure>", page)
    one, other = (f"/sessions/7/photos/{photo.pk}/" for photo in (first, second))
    assert pictures == [
        f'<figure><a href="{one}"><img src="{one}?size=small" alt="The room" width="900" height="1200" '
        'loading="lazy"></a></figure>',
        f'<figure><a href="{other}"><img src="{other}?size=small" alt="The &quot;board&quot;" width="2000" '
        'height="1500" loading="lazy"></a><figcaption>At &lt;nine&gt;</figcaption></figure>',
    ]


@pytest.mark.parametrize(
    ("who", "seen"),
    [("visitor", ["Open"]), ("as_member", ["Open", "Own"]), ("as_organiser", ["Open", "Own"])],
)
def test_photos_are_shown_by_audience(request, who, seen):
    client = request.getfixturevalue(who)
    session = HeldSessionFactory(number=7)
    photo_of(session, alternative="Open", position=1)
    photo_of(session, alternative="Own", audience="members", position=2)

    page = client.get(PAGE)

    assert re.findall(r'<img src="[^"]*" alt="(\w+)"', page.text) == seen
    assert ("Change the photos" in page.text) == (who == "as_organiser")


def test_who_writes_the_notes_is_led_to_the_photos_once_there_can_be_some(visitor, as_member):
    scribe = as_member.person
    session = HeldSessionFactory(number=7, scribe=scribe)
    coming = SessionFactory(scribe=scribe)

    link = '<a href="/sessions/7/photos/">Add photos</a>'
    assert [link in client.get(PAGE).text for client in (visitor, as_member)] == [False, True]
    assert "/photos/" not in as_member.get(coming.get_absolute_url()).text
    photo_of(session, audience="members")
    assert [f"Photos</{tag}" in visitor.get(PAGE).text for tag in ("h2>",)] == [False]
