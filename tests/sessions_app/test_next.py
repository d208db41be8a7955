"""The next session as a member prepares for it: what to read, who comes, and the two answers given there."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from members.models import Member
from sessions_app.models import Material, Progress, Reading, Rsvp
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
)
from tests.sessions_app.test_public_pages import text_of

HTMX = {"HX-Request": "true"}


def read_by(member) -> list[str]:
    return list(Progress.objects.filter(member=member).values_list("reading__title", flat=True))


# --- The page ------------------------------------------------------------------------------------------
def test_next_sends_visitors_to_sign_in(visitor):
    response = visitor.get("/next/")

    assert (response.status_code, response.url) == (302, "/accounts/login/?next=/next/")


def test_next_is_closed_to_those_who_have_left(group, client_of):
    gone = MemberFactory(state=Member.State.ALUMNI, left_at=timezone.now())

    reading = ReadingFactory(session=SessionFactory(number=4))

    assert client_of(gone.user).get("/next/").status_code == 403
    assert client_of(gone.user).post("/sessions/4/rsvp/", {"answer": "yes"}).status_code == 403
    assert client_of(gone.user).post(f"/readings/{reading.pk}/read/", {"read": "1"}).status_code == 403


@pytest.mark.parametrize("method", ["get", "head"])
def test_next_without_a_session_says_what_to_do(as_member, method):
    HeldSessionFactory(number=7, title="The last one")
    SessionFactory(state="draft")

    page = getattr(as_member, method)("/next/")

    assert page.status_code == 200
    if method == "get":
        assert "No session is planned yet" in text_of(page)
        assert "session 7, The last one" in text_of(page)


def test_next_shows_the_soonest_announced_session(as_member):
    SessionFactory(title="Later", starts_at=timezone.now() + timedelta(days=30))
    SessionFactory(title="Sooner", starts_at=timezone.now() + timedelta(days=9), host="untapt")
    SessionFactory(title="Draft", starts_at=timezone.now() + timedelta(days=2), state="draft")

    page = as_member.get("/next/")

    assert page.context["session"].title == "Sooner"
    assert "in nine days" in text_of(page)
    assert "With thanks to <bdi>untapt</bdi> for the room" in text_of(page)


def test_next_tells_minutes_presenters_materials_and_the_day(as_member):
    session = SessionFactory(agenda="- Doors 18:15", directions="Ring *twice*.")
    ReadingFactory(session=session, title="Read", minutes=55)
    ReadingFactory(session=session, title="Unread", minutes=100, note="Section *4*.")
    ReadingFactory(session=session, title="Extra", minutes=500, importance=Reading.Importance.OPTIONAL)
    Progress.objects.create(
        reading=Reading.objects.get(title="Read"), member=as_member.person, read_at=timezone.now()
    )
    talk = PresentationFactory(title="Capsules", session=session, presenter=PresenterFactory(guest_name="Bo"))
    Material.objects.create(presentation=talk, kind="slides", url="https://example.org/slides")
    PresentationFactory(title="BERT", session=session, presenter=PresenterFactory(guest_name="Ana"))

    words = text_of(as_member.get("/next/"))

    for part in [
        "1 h 40 min left to read",
        "1 of 2 read, of 2 h 35 min",
        'aria-pressed="true" aria-label="Read: Read"',
        'aria-pressed="false" aria-label="Read: Unread"',
        "Section <em>4</em>.",
        ">Slides</a>",
        "Slides to come",
        "Doors 18:15",
        "Ring <em>twice</em>.",
    ]:
        assert part in words


@pytest.mark.parametrize(
    ("minutes", "read", "heading"),
    [
        ([], [], "Nothing to read yet"),
        ([40, 20], [0, 1], "You have read everything"),
        ([40, None], [], "At least 40 min left to read"),
        ([None, None, 30], [2], "2 of 3 left to read"),
    ],
)
def test_next_heading_says_what_is_left(as_member, minutes, read, heading):
    session = SessionFactory()
    for place, length in enumerate(minutes):
        reading = ReadingFactory(session=session, minutes=length)
        if place in read:
            Progress.objects.create(reading=reading, member=as_member.person, read_at=timezone.now())

    assert heading in text_of(as_member.get("/next/"))


def test_next_with_optional_readings_alone_asks_for_nothing(as_member):
    ReadingFactory(importance=Reading.Importance.OPTIONAL, session=SessionFactory())

    assert "To read if you have time" in text_of(as_member.get("/next/"))


def test_next_shows_the_members_own_zone(as_member):
    now = timezone.now()
    SessionFactory(starts_at=now.replace(hour=16, minute=30) + timedelta(days=5), time_zone="Europe/Tallinn")
    as_member.person.user.time_zone = "Asia/Tokyo"
    as_member.person.user.save()

    assert "your time, in Tokyo" in text_of(as_member.get("/next/"))


# --- Ticking -------------------------------------------------------------------------------------------
def test_tick_without_script_is_recorded_and_leads_back(as_member):
    reading = ReadingFactory(title="Paper", session=SessionFactory())

    response = as_member.post(f"/readings/{reading.pk}/read/", {"read": "1"})

    assert (response.status_code, response.url) == (302, "/next/#prep")
    assert read_by(as_member.person) == ["Paper"]


def test_tick_from_the_sessions_page_leads_back_there(as_member):
    reading = ReadingFactory(session=SessionFactory(number=4))

    response = as_member.post(f"/readings/{reading.pk}/read/?back=session", {"read": "yes"})

    assert response.url == "/sessions/4/#prep"


def test_tick_leads_nowhere_else(as_member):
    reading = ReadingFactory(session=SessionFactory())

    response = as_member.post(f"/readings/{reading.pk}/read/?back=https://evil.example", {"read": "1"})

    assert response.url == "/next/#prep"


def test_tick_with_htmx_answers_with_the_part_alone(as_member):
    session = SessionFactory()
    reading = ReadingFactory(session=session, minutes=40)
    ReadingFactory(session=session, minutes=25)

    response = as_member.post(f"/readings/{reading.pk}/read/", {"read": "1"}, headers=HTMX)

    words = text_of(response)
    assert response.status_code == 200
    assert words.startswith('<section id="prep"')
    assert "<html" not in words
    assert "data-announce> 25 min left to read </h2>" in words
    assert f'id="tick-{reading.pk}" name="read" value="0" aria-pressed="true"' in words


def test_tick_twice_is_one_tick_and_taking_it_back_twice_is_none(as_member):
    reading = ReadingFactory(title="Paper", session=SessionFactory())

    states = []
    for said in ["1", "1", "0", "0"]:
        as_member.post(f"/readings/{reading.pk}/read/", {"read": said})
        states.append(read_by(as_member.person))

    assert states == [["Paper"], ["Paper"], [], []]


def test_tick_that_says_nothing_changes_nothing(as_member):
    reading = ReadingFactory(session=SessionFactory())

    page = as_member.post(f"/readings/{reading.pk}/read/", {"read": "perhaps"}, follow=True)

    assert "Nothing was changed." in text_of(page)
    assert read_by(as_member.person) == []


@pytest.mark.parametrize("url", ["/readings/{pk}/read/", "/sessions/4/rsvp/"])
def test_answers_are_posts_of_members(url, visitor, as_member):
    reading = ReadingFactory(session=SessionFactory(number=4))

    assert as_member.get(url.format(pk=reading.pk)).status_code == 405
    assert visitor.post(url.format(pk=reading.pk)).url.startswith("/accounts/login/")


def test_drafts_take_no_answers_from_members(as_member):
    reading = ReadingFactory(session=SessionFactory(number=4, state="draft"))

    assert as_member.post(f"/readings/{reading.pk}/read/", {"read": "1"}).status_code == 404
    assert as_member.post("/sessions/4/rsvp/", {"answer": "yes"}).status_code == 404
    assert read_by(as_member.person) == []


def test_answers_to_what_does_not_exist_are_not_found(as_member):
    assert as_member.post("/readings/99/read/", {"read": "1"}).status_code == 404
    assert as_member.post("/sessions/99/rsvp/", {"answer": "yes"}).status_code == 404


# --- Coming --------------------------------------------------------------------------------------------
def test_rsvp_without_script_is_recorded_and_leads_back(as_member):
    SessionFactory(number=4)

    response = as_member.post("/sessions/4/rsvp/", {"answer": "yes"})

    assert (response.status_code, response.url) == (302, "/next/#rsvp")
    assert list(Rsvp.objects.values_list("member", "answer")) == [(as_member.person.pk, "yes")]


def test_rsvp_with_htmx_answers_with_the_part_alone(as_member):
    session = SessionFactory(number=4)
    for answer in ["yes", "yes", "maybe"]:
        Rsvp.objects.create(
            session=session, member=MemberFactory(), answer=answer, answered_at=timezone.now()
        )

    response = as_member.post("/sessions/4/rsvp/?back=session", {"answer": "no"}, headers=HTMX)

    words = text_of(response)
    assert words.startswith('<section id="rsvp"')
    assert "2 of 4 are coming, 1 is not sure." in words
    assert 'id="rsvp-no" name="answer" value="no" aria-pressed="true"' in words
    assert 'id="rsvp-yes" name="answer" value="yes" aria-pressed="false"' in words


def test_rsvp_last_answer_counts(as_member):
    SessionFactory(number=4)

    for answer in ["yes", "no", "maybe", "maybe"]:
        as_member.post("/sessions/4/rsvp/", {"answer": answer})

    assert list(Rsvp.objects.values_list("answer", flat=True)) == ["maybe"]


def test_rsvp_other_than_the_three_changes_nothing(as_member):
    SessionFactory(number=4)

    page = as_member.post("/sessions/4/rsvp/", {"answer": "perhaps"}, follow=True)

    assert "Choose one of the three answers." in text_of(page)
    assert Rsvp.objects.count() == 0


@pytest.mark.parametrize(
    ("state", "hours", "sentence"),
    [
        ("announced", -1, "has started. Your answer was not recorded."),
        ("cancelled", 50, "is cancelled. Your answer was not recorded."),
        ("held", -50, "is held. Your answer was not recorded."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_rsvp_too_late_is_refused_in_words(as_member, state, hours, sentence, headers):
    SessionFactory(number=4, state=state, starts_at=timezone.now() + timedelta(hours=hours))

    page = as_member.post("/sessions/4/rsvp/?back=session", {"answer": "yes"}, headers=headers, follow=True)

    assert page.status_code == 200
    assert f"Session 4 {sentence}" in text_of(page)
    assert Rsvp.objects.count() == 0


def test_started_session_shows_who_comes_without_buttons(as_member):
    SessionFactory(number=4, starts_at=timezone.now() - timedelta(minutes=5))

    words = text_of(as_member.get("/next/"))

    assert "The session has started, so answers are closed." in words
    assert 'name="answer"' not in words


def test_sessions_page_lets_members_tick_and_answer_before_it_is_held(as_member, visitor):
    session = SessionFactory(number=4)
    ReadingFactory(session=session)

    words, public = text_of(as_member.get("/sessions/4/")), text_of(visitor.get("/sessions/4/"))

    assert 'name="answer"' in words
    assert 'name="read"' in words
    assert 'name="answer"' not in public
    assert 'name="read"' not in public


def test_tally_counts_active_members_alone(as_member):
    session = SessionFactory()
    other = SessionFactory()
    away = MemberFactory(state=Member.State.ON_LEAVE)
    for member, answer, where in [
        (as_member.person, "yes", session),
        (MemberFactory(), "maybe", session),
        (away, "yes", session),
        (as_member.person, "no", other),
    ]:
        Rsvp.objects.create(
            session=where, member=member, answer=answer, answered_at=datetime(2026, 1, 1, tzinfo=UTC)
        )

    tally = Rsvp.objects.tally(session=session, member=away)

    assert (tally.members, tally.coming, tally.unsure, tally.mine) == (2, 1, 1, "yes")
