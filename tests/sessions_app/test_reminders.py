"""Reminders of a session: when, how often, to whom; over the nights of the clocks, and when it moves."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members import keeping
from members.models.application import State
from members.models.member import Member
from outbox.models import Message
from sessions_app import moments, reminders
from sessions_app.models import GuestChair, Rsvp, Session
from tests.factories import ApplicationFactory, MemberFactory, ReadingFactory, SessionFactory
from tests.members.test_races import at_once

HALF_PAST_SIX = "18:30"


@pytest.fixture(autouse=True)
def _nothing_is_settled(db) -> None:
    """Tests that commit leave their marks in the cache behind."""
    cache.clear()


def local(day: str, clock: str = HALF_PAST_SIX, zone: str = "Europe/Tallinn") -> datetime:
    """A moment by the clock of a place."""
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZoneInfo(zone))


def walk(start: datetime, end: datetime, *, every: timedelta = timedelta(hours=1)) -> None:
    """Let the worker look at the last minute before each hour and half hour, and then at it."""
    now = start.astimezone(UTC)
    while now < end:
        reminders.remind(now=now - timedelta(minutes=1))
        reminders.remind(now=now)
        now += every


def told(session: Session, **which) -> list[tuple[str, str]]:
    """The reminders that were written: which, and when by the clock of the session."""
    return [
        (message.kind, f"{message.created_at.astimezone(session.zone):%Y-%m-%d %H:%M}")
        for message in Message.objects.filter(thread=f"session:{session.pk}", **which).order_by("pk")
    ]


def planned(day: str, clock: str = HALF_PAST_SIX, zone: str = "Europe/Tallinn", **more) -> Session:
    return SessionFactory(number=17, starts_at=local(day, clock, zone), time_zone=zone, **more)


# --- When ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2027-03-28", "Europe/Tallinn", 23),  # the clocks go forward on the morning of the session
        ("2027-10-31", "Europe/Tallinn", 25),  # and back
        ("2027-03-14", "America/New_York", 23),
        ("2027-11-07", "America/New_York", 25),
    ],
)
def test_each_reminder_goes_once_at_the_hour_of_the_session_over_the_night_of_the_clocks(
    member, day, zone, hours
):
    session = planned(day, zone=zone)
    start = session.starts_at
    walk(start - timedelta(days=7, hours=2), start - timedelta(days=6, hours=22))
    walk(start - timedelta(days=1, hours=2), start - timedelta(hours=21))
    week, before = (local(day, zone=zone) - timedelta(days=days) for days in (7, 1))
    assert told(session) == [
        (reminders.WEEK, f"{week:%Y-%m-%d} 18:30"),
        (reminders.DAY, f"{before:%Y-%m-%d} 18:30"),
    ]
    assert start - Message.objects.get(kind=reminders.DAY).created_at == timedelta(hours=hours)


def test_nothing_goes_between_the_two_moments(member):
    session = planned("2027-06-15")
    walk(local("2027-06-06"), local("2027-06-15"), every=timedelta(hours=12))
    assert told(session) == [(reminders.WEEK, "2027-06-08 18:30"), (reminders.DAY, "2027-06-14 18:30")]


@pytest.mark.parametrize(
    ("day", "clock", "due"),
    [
        # 03:30 does not come on 28 March: it would be half an hour after the skip to 04:00.
        ("2027-04-04", "03:30", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        # It comes twice on 31 October: the first counts.
        ("2027-11-07", "03:30", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
    ],
)
def test_hour_that_is_skipped_or_comes_twice_has_one_moment(day, clock, due):
    session = Session(starts_at=local(day, clock), time_zone="Europe/Tallinn")
    assert moments.before(session, days=7) == due


def test_session_in_the_second_of_two_equal_hours_is_reminded_of_by_the_clock():
    second = local("2027-10-31", "03:30").replace(fold=1)
    session = Session(starts_at=second.astimezone(UTC), time_zone="Europe/Tallinn")
    assert moments.before(session, days=1) == datetime(2027, 10, 30, 0, 30, tzinfo=UTC)


# --- Moved, called off ---------------------------------------------------------------------------------
def move(session: Session, day: str) -> None:
    session.starts_at = local(day)
    session.ends_at = session.starts_at + timedelta(hours=2)
    session.save()


def test_session_that_is_moved_moves_both_reminders(member):
    session = planned("2027-06-15")
    walk(local("2027-06-05"), local("2027-06-08", "06:30"), every=timedelta(hours=12))
    move(session, "2027-06-25")
    walk(local("2027-06-08", "06:30"), local("2027-06-25"), every=timedelta(hours=12))
    assert told(session) == [(reminders.WEEK, "2027-06-18 18:30"), (reminders.DAY, "2027-06-24 18:30")]


@pytest.mark.parametrize(
    ("to", "weeks"),
    [
        ("2027-06-13", 1),  # earlier: they know
        ("2027-06-17", 1),  # two days later: within three days of the first
        ("2027-06-19", 2),  # four days later
    ],
)
def test_move_after_the_reminder_of_the_week_repeats_it_only_when_three_days_lie_between(member, to, weeks):
    session = planned("2027-06-15")
    walk(local("2027-06-08"), local("2027-06-10", "06:30"), every=timedelta(hours=12))
    move(session, to)
    walk(local("2027-06-10", "06:30"), local(to), every=timedelta(hours=12))
    day_before = f"{local(to) - timedelta(days=1):%Y-%m-%d} 18:30"
    again = [(reminders.WEEK, "2027-06-12 18:30")] if weeks == 2 else []
    assert told(session) == [(reminders.WEEK, "2027-06-08 18:30"), *again, (reminders.DAY, day_before)]


def test_move_to_another_hour_of_the_same_day_repeats_nothing(member):
    session = planned("2027-06-15")
    reminders.remind(now=local("2027-06-14"))
    session.starts_at += timedelta(hours=1)
    session.save()
    walk(local("2027-06-14"), local("2027-06-15", "19:30"), every=timedelta(hours=12))
    assert [kind for kind, _ in told(session)] == [reminders.DAY]


@pytest.mark.parametrize("state", [Session.State.DRAFT, Session.State.CANCELLED, Session.State.HELD])
def test_session_that_is_not_announced_has_none(member, state):
    session = planned("2027-06-15", state=state)
    walk(local("2027-06-08"), local("2027-06-15"), every=timedelta(hours=12))
    assert told(session) == []


def test_session_cancelled_after_the_first_reminder_has_no_second(member):
    session = planned("2027-06-15")
    reminders.remind(now=local("2027-06-08"))
    Session.objects.update(state=Session.State.CANCELLED)
    walk(local("2027-06-08"), local("2027-06-15"), every=timedelta(hours=12))
    assert [kind for kind, _ in told(session)] == [reminders.WEEK]


def test_reminder_whose_moment_lay_before_the_announcement_does_not_go(member, caplog):
    session = planned("2027-06-15", announced_at=local("2027-06-10"))
    walk(local("2027-06-10"), local("2027-06-15"), every=timedelta(hours=12))
    assert told(session) == [(reminders.DAY, "2027-06-14 18:30")]
    assert caplog.messages == []


# --- A worker that was down, two at once ---------------------------------------------------------------
@pytest.mark.parametrize(
    ("back", "written"),
    [
        ("2027-06-09 18:30", [reminders.WEEK]),
        ("2027-06-14 18:29", [reminders.WEEK]),
        ("2027-06-14 18:30", [reminders.DAY]),
        ("2027-06-15 18:29", [reminders.DAY]),
        ("2027-06-15 18:30", []),
    ],
)
def test_worker_that_was_down_sends_what_still_makes_sense(member, back, written):
    session = planned("2027-06-15")
    reminders.remind(now=local("2027-06-01"))
    reminders.remind(now=local(*back.split()))
    assert [kind for kind, _ in told(session)] == written


def test_what_is_dropped_is_logged_once(member, caplog):
    planned("2027-06-15")
    with caplog.at_level(logging.INFO):
        for minute in range(3):
            reminders.remind(now=local("2027-06-15", "18:30") + timedelta(minutes=minute))
    assert caplog.messages == [
        "reminder_week of Session 17 on 2027-06-15 is dropped: its moment has passed",
        "reminder_day of Session 17 on 2027-06-15 is dropped: its moment has passed",
    ]


def test_reminder_that_nobody_wanted_is_settled_and_not_logged(member, caplog):
    session = planned("2027-06-15")
    Rsvp.objects.create(session=session, member=member, answer="no", answered_at=session.announced_at)
    walk(local("2027-06-08"), local("2027-06-16"), every=timedelta(hours=12))
    assert (told(session), caplog.messages) == ([], [])


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_one_each(group):
    MemberFactory.create_batch(3)
    planned("2027-06-15")
    for _ in range(3):
        looks = [lambda: reminders.remind(now=local("2027-06-08"))] * 4
        assert at_once(looks) == {"done": 4}
    assert Message.objects.filter(kind=reminders.WEEK).count() == 3


def test_mails_in_the_outbox_count_even_when_the_cache_has_forgotten(member):
    session = planned("2027-06-15")
    reminders.remind(now=local("2027-06-14"))
    member.user.email = "moved@example.org"
    member.user.save()
    cache.clear()
    assert reminders.remind(now=local("2027-06-14")) == 0
    assert len(told(session)) == 1


# --- To whom -------------------------------------------------------------------------------------------
def test_who_has_said_no_has_left_or_is_away_hears_nothing(member):
    session = planned("2027-06-15")
    people = {
        "no": MemberFactory(user__email="no@example.org"),
        "maybe": MemberFactory(user__email="maybe@example.org", state=Member.State.ON_LEAVE),
        "": MemberFactory(user__email="away@example.org", state=Member.State.ON_LEAVE),
    }
    for answer, person in people.items():
        if answer:
            Rsvp.objects.create(
                session=session, member=person, answer=answer, answered_at=session.announced_at
            )
    MemberFactory(user__email="left@example.org", state=Member.State.ALUMNI, left_at=session.announced_at)
    MemberFactory(user__email="barred@example.org", user__is_active=False)
    reminders.remind(now=local("2027-06-08"))
    assert sorted(Message.objects.values_list("to", "recipient")) == [
        ("maybe@example.org", f"user:{people['maybe'].user_id}"),
        ("mira@example.org", f"user:{member.user_id}"),
    ]


def chair(session: Session, **more) -> GuestChair:
    guest = ApplicationFactory(name="Gus", email="gus@example.org", state=State.SHORTLISTED)
    details = {"state": GuestChair.State.ACCEPTED, "offered_at": session.announced_at} | more
    return GuestChair.objects.create(session=session, application=guest, token_hash="x", **details)


@pytest.mark.parametrize("state", [GuestChair.State.DECLINED, GuestChair.State.REVOKED])
def test_guest_without_a_chair_hears_nothing(group, state):
    chair(planned("2027-06-15"), state=state)
    assert reminders.remind(now=local("2027-06-08")) == 0


def test_guests_reminder_goes_with_the_application(member):
    found = chair(planned("2027-06-15"))
    assert reminders.remind(now=local("2027-06-08")) == 2
    mail = Message.objects.get(to="gus@example.org")
    assert mail.recipient == f"application:{found.application_id}"
    keeping.erase(application_id=found.application_id, now=local("2027-06-09"))
    assert list(Message.objects.values_list("to", flat=True)) == ["mira@example.org"]


# --- Outdated ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "changes", "now", "sentence"),
    [
        (reminders.WEEK, {}, "2027-06-09", ""),
        (reminders.DAY, {}, "2027-06-15 18:29", ""),
        (reminders.WEEK, {"state": "cancelled"}, "2027-06-09", "Session 17 is cancelled."),
        (
            reminders.WEEK,
            {"starts_at": local("2027-06-16")},
            "2027-06-09",
            "Session 17 was moved to another day.",
        ),
        (
            reminders.WEEK,
            {"changed_at": local("2027-06-09")},
            "2027-06-09",
            "The date or the place of Session 17 has changed since.",
        ),
        (reminders.DAY, {}, "2027-06-15 18:30", "Session 17 has begun."),
        (reminders.WEEK, {}, "2027-06-14 18:30", "The reminder of the day before has taken its place."),
    ],
)
def test_reminder_that_waits_is_outdated_when(member, kind, changes, now, sentence):
    session = planned("2027-06-15")
    due = {reminders.WEEK: "2027-06-08", reminders.DAY: "2027-06-14"}[kind]
    reminders.remind(now=local(due))
    Session.objects.filter(pk=session.pk).update(**{"ends_at": local("2027-06-17"), **changes})
    message = Message.objects.get(kind=kind)
    day, _, clock = now.partition(" ")
    assert reminders.outdated(message, local(day, clock or HALF_PAST_SIX)) == sentence


def test_reminder_is_outdated_when_its_reader_has_said_no(member):
    session = planned("2027-06-15")
    reminders.remind(now=local("2027-06-08"))
    Rsvp.objects.create(session=session, member=member, answer="no", answered_at=local("2027-06-08"))
    said = reminders.outdated(Message.objects.get(), local("2027-06-09"))
    assert said == "They have said meanwhile that they do not come."


# --- What a look costs ---------------------------------------------------------------------------------
def cost(now: datetime) -> int:
    with CaptureQueriesContext(connection) as queries:
        reminders.remind(now=now)
    return len(queries)


@pytest.mark.parametrize("many", [1, 3, 40])
def test_look_costs_a_fixed_number_of_queries(group, many):
    session = planned("2027-06-15")
    for member in MemberFactory.create_batch(many):
        ReadingFactory(session=session)
        Rsvp.objects.create(session=session, member=member, answer="yes", answered_at=session.announced_at)
    far, before, at, after = (
        cost(local(*when.split()))
        for when in ("2027-05-01 12:00", "2027-06-08 18:29", "2027-06-08 18:30", "2027-06-08 18:31")
    )
    assert (far, before, after) == (1, 1, 2)
    assert at == 24
    assert Message.objects.count() == many
