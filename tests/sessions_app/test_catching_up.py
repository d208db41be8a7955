"""What a member has missed of what the next session builds on, in an order in which it can be taken."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from sessions_app import catching_up
from sessions_app.models import Attendance, Notes, Progress, Reading, Rsvp, Session
from tests.factories import HeldSessionFactory, MemberFactory, ReadingFactory, SessionFactory
from tests.sessions_app.test_public_pages import text_of
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()
HTMX = {"HX-Request": "true"}


@pytest.fixture
def coming(group):
    return SessionFactory(number=20, title="Next", starts_at=NOW + timedelta(days=3))


def held(number, *leads_to, **fields) -> Session:
    session = HeldSessionFactory(number=number, title=f"S{number}", **fields)
    session.leads_to.set(leads_to)
    return session


def path(coming, member) -> list[int]:
    found = catching_up.path_to(coming, member=member, everything=False, now=NOW)
    return [session.number for session in found.sessions]


def note_attendance(session, *members) -> None:
    for member in members or [MemberFactory()]:
        Attendance.objects.create(session=session, member=member, noted_at=NOW)


# --- The order -----------------------------------------------------------------------------------------
def reachable(builds_on) -> dict[int, set[int]]:
    """For each session, all that it builds on, directly or not."""
    reach = {pk: set(others) for pk, others in builds_on.items()}
    for middle, first in product(reach, repeat=2):
        if middle in reach[first]:
            reach[first] |= reach[middle]
    return reach


@st.composite
def curricula(draw) -> tuple[list[Session], dict[int, list[int]]]:
    """Sessions on any dates, building on one another in any way, loops and themselves included."""
    count = draw(st.integers(1, 9))
    pks = list(range(1, count + 1))
    days = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    start = datetime(2020, 1, 1, tzinfo=UTC)
    sessions = [
        Session(pk=pk, starts_at=start + timedelta(days=day)) for pk, day in zip(pks, days, strict=True)
    ]
    others = st.lists(st.integers(1, count + 2), max_size=4)  # some of them not among the sessions
    return sessions, {pk: draw(others) for pk in pks}


@given(curricula())
def test_order_respects_what_builds_on_what_whatever_the_data_says(curriculum):
    sessions, builds_on = curriculum
    among = {
        pk: {other for other in others if other in builds_on and other != pk}
        for pk, others in builds_on.items()
    }
    reach = reachable(among)

    ordered = [session.pk for session in catching_up.in_order(sessions, builds_on)]

    assert sorted(ordered) == sorted(builds_on)
    place = {pk: number for number, pk in enumerate(ordered)}
    wrong = [
        (pk, other)
        for pk, others in reach.items()
        for other in others
        if pk not in reach[other] and place[other] > place[pk]  # of a loop there is no order
    ]
    assert wrong == []


def test_order_without_edges_is_by_date():
    start = datetime(2020, 1, 1, tzinfo=UTC)
    sessions = [Session(pk=pk, starts_at=start - timedelta(days=pk)) for pk in (1, 2, 3)]

    assert [session.pk for session in catching_up.in_order(sessions, {})] == [3, 2, 1]


# --- What counts as missed -----------------------------------------------------------------------------
def test_path_runs_through_all_that_it_builds_on(coming, member):
    second = held(2, coming)
    held(1, second)
    held(3)
    held(4, coming, starts_at=NOW - timedelta(days=900))

    assert path(coming, member) == [4, 1, 2]


def test_path_ends_in_a_loop(coming, member):
    first, second = held(1, coming), held(2)
    second.prerequisites.set([first, coming])
    first.prerequisites.set([second, first])

    assert sorted(path(coming, member)) == [1, 2]


def test_path_runs_through_sessions_that_it_does_not_show(coming, member):
    draft = SessionFactory(number=9, state="draft")
    draft.leads_to.set([coming])
    cancelled = SessionFactory(number=8, state="cancelled", starts_at=NOW - timedelta(days=9))
    cancelled.leads_to.set([draft])
    later = SessionFactory(number=21, starts_at=NOW + timedelta(days=30))
    later.leads_to.set([coming])
    over = SessionFactory(number=7, starts_at=NOW - timedelta(days=5))
    over.leads_to.set([cancelled])

    assert path(coming, member) == [7]


def test_who_was_noted_as_there_has_not_missed_it(coming, member):
    there, missed = held(1, coming), held(2, coming)
    note_attendance(there, member)
    note_attendance(missed)
    for session in (there, missed):
        Rsvp.objects.create(session=session, member=member, answer="yes", answered_at=NOW)

    assert path(coming, member) == [2]


@pytest.mark.parametrize(
    ("answer", "read", "expected"),
    [
        ("yes", 0, []),
        ("maybe", 0, [1]),
        ("no", 1, [1]),
        (None, 2, []),
        (None, 1, [1]),
        (None, 0, [1]),
    ],
)
def test_where_nobody_noted_who_came_the_answer_or_all_readings_count(coming, member, answer, read, expected):
    session = held(1, coming)
    readings = [ReadingFactory(session=session) for _ in range(2)]
    ReadingFactory(session=session, importance=Reading.Importance.OPTIONAL)
    if answer:
        Rsvp.objects.create(session=session, member=member, answer=answer, answered_at=NOW)
    for reading in readings[:read]:
        Progress.objects.create(reading=reading, member=member, read_at=NOW)

    assert path(coming, member) == expected


def test_session_without_required_readings_is_not_attended_by_reading_nothing(coming, member):
    ReadingFactory(session=held(1, coming), importance=Reading.Importance.OPTIONAL)

    assert path(coming, member) == [1]


def test_others_answers_and_ticks_do_not_count(coming, member):
    session = held(1, coming)
    reading, other = ReadingFactory(session=session), MemberFactory()
    Progress.objects.create(reading=reading, member=other, read_at=NOW)
    Rsvp.objects.create(session=session, member=other, answer="yes", answered_at=NOW)

    assert path(coming, member) == [1]


def test_minutes_are_of_unread_required_readings(coming, member):
    session = held(1, coming)
    read, _, _ = (ReadingFactory(session=session, minutes=minutes) for minutes in (100, 30, 20))
    ReadingFactory(session=session, minutes=500, importance=Reading.Importance.STRETCH)
    Progress.objects.create(reading=read, member=member, read_at=NOW)

    found = catching_up.path_to(coming, member=member, everything=False, now=NOW)

    assert (found.minutes, found.some_unknown) == (50, False)


@pytest.mark.parametrize(
    ("audience", "text", "everything", "readable"),
    [
        ("members", "Notes", False, True),
        ("public", "", False, False),
        ("organisers", "Notes", False, False),
        ("organisers", "Notes", True, True),
    ],
)
def test_notes_are_named_to_who_may_read_them(coming, member, audience, text, everything, readable):
    Notes.objects.create(session=held(1, coming), text=text, audience=audience, updated_at=NOW)

    found = catching_up.path_to(coming, member=member, everything=everything, now=NOW)

    assert [session.has_notes for session in found.sessions] == [readable]


def test_path_takes_one_query_and_is_bounded(coming, member, django_assert_num_queries):
    chain = coming
    for number in range(100, 100 + catching_up.MOST_SESSIONS + 5):
        chain = held(number, chain)

    with django_assert_num_queries(1):
        found = path(coming, member)

    assert len(found) == catching_up.MOST_SESSIONS
    assert found == sorted(found, reverse=True)


# --- The pages -----------------------------------------------------------------------------------------
def test_next_leads_to_the_catch_up_page_only_when_there_is_something(as_member, coming):
    link = 'href="/next/catch-up/"'
    before = link in text_of(as_member.get("/next/"))
    for number, minutes in [(1, 100), (2, 80)]:
        ReadingFactory(session=held(number, coming), minutes=minutes)

    words = text_of(as_member.get("/next/"))

    assert (before, link in words) == (False, True)
    assert "Catch up</a>: two sessions that this one builds on, about 3 h." in words


def test_catch_up_shows_each_session_with_notes_and_unread_readings(as_member, coming):
    first = held(1, coming)
    ReadingFactory(session=first, title="Unread", minutes=30)
    read = ReadingFactory(session=first, title="Done", minutes=30)
    ReadingFactory(session=first, title="Optional", importance=Reading.Importance.OPTIONAL)
    Progress.objects.create(reading=read, member=as_member.person, read_at=NOW)
    Notes.objects.create(session=first, text="N", audience="members", updated_at=NOW)
    held(2, first)

    words = text_of(as_member.get("/next/catch-up/"))

    assert "Two sessions that session 20 builds on and you missed, in the order to take them: about" in words
    assert "about 30 min to read." in words
    assert words.index("Session 2,") < words.index("Session 1,")
    assert 'href="/sessions/1/#notes">Read the notes</a>' in words
    assert [title in words for title in ("Unread", ">Done<", "Optional")] == [True, False, False]


def test_catch_up_shows_no_title_of_a_draft(as_member, coming):
    SessionFactory(number=9, title="Secret plan", state="draft").leads_to.set([coming])

    words = text_of(as_member.get("/next/catch-up/"))

    assert "Secret plan" not in words
    assert "Nothing is left to catch up on." in words


def test_catch_up_without_a_session_to_come_says_so(as_member):
    assert "No session is planned yet" in text_of(as_member.get("/next/catch-up/"))


def test_catch_up_is_for_members(visitor, group, client_of):
    gone = MemberFactory(state="alumni", left_at=NOW)

    assert visitor.get("/next/catch-up/").url == "/accounts/login/?next=/next/catch-up/"
    assert client_of(gone.user).get("/next/catch-up/").status_code == 403


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_tick_on_the_catch_up_page_stays_there(as_member, coming, headers):
    session = held(1, coming)
    reading = ReadingFactory(session=session, title="Paper")
    ReadingFactory(session=session, title="More", minutes=25)

    response = as_member.post(
        f"/readings/{reading.pk}/read/?back=catch-up", {"read": "1"}, headers=headers, follow=True
    )

    words = text_of(response)
    assert words.startswith('<div id="catch-up">') == bool(headers)
    assert "“Paper” is ticked off." in words
    assert "in the order to take it: about 25 min to read." in words
    assert Progress.objects.get().reading == reading


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(("said", "told"), [("0", ""), ("x", "That said neither read nor unread.")])
def test_tick_taken_back_or_meaning_nothing_is_not_called_ticked_off(as_member, coming, headers, said, told):
    reading = ReadingFactory(session=held(1, coming), title="Paper")

    response = as_member.post(
        f"/readings/{reading.pk}/read/?back=catch-up", {"read": said}, headers=headers, follow=True
    )

    assert ("is ticked off" in text_of(response), Progress.objects.count()) == (False, 0)
    assert headers or told in text_of(response)


def test_past_sessions_page_lets_members_tick_and_says_what_was_prepared(as_member, visitor, group):
    session = held(3)
    reading = ReadingFactory(session=session, title="Paper")
    as_member.post(f"/readings/{reading.pk}/read/?back=session", {"read": "1"})

    own, public = text_of(as_member.get("/sessions/3/")), text_of(visitor.get("/sessions/3/"))

    assert "What we prepared" in own
    assert 'aria-pressed="true" aria-label="Read: Paper"' in own
    assert ("What we prepared" in public, 'name="read"' in public) == (True, False)


@pytest.mark.parametrize("rows", [1, 3, 60])
def test_pages_cost_the_same_whatever_was_missed(as_member, coming, rows):
    for number in range(100, 100 + rows):
        session = held(number, coming)
        ReadingFactory(session=session, parent=ReadingFactory(session=session))
        note_attendance(session)
        Notes.objects.create(session=session, text="N", updated_at=NOW)

    assert queries_of(as_member, ["/next/catch-up/", "/next/"]) == {"/next/catch-up/": 7, "/next/": 9}
