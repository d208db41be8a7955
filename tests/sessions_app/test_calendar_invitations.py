"""Invitations that come with mails (RFC 5546): what calendars read in them, checked with `vobject`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import dateutil.tz
import pytest
import vobject
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from icalendar import Calendar

from members.models.application import State
from outbox.models import Message
from sessions_app import calendar_invitations as invitations
from sessions_app import calendars, changes, guests, room, rsvps, schedule
from sessions_app.calendar_invitations import Attendee
from sessions_app.models import CalendarLink, Rsvp, Session
from tests.factories import (
    ApplicationFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
)

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 10, 1, 9, 0, tzinfo=ZoneInfo("UTC"))
# The clocks change in the night before.
START = datetime(2026, 11, 1, 18, 30, tzinfo=NEW_YORK)
ROOM = "https://meet.example.org/room"


def draft(**values) -> Session:
    given = {
        "number": 18,
        "title": "Curiosity, *once*; and again",
        "state": "draft",
        "starts_at": START,
        "ends_at": START + timedelta(hours=2, minutes=30),
        "time_zone": "America/New_York",
        "place": "Lantern Hall",
        "address": "4 Lamp Street; New York",
        "online_url": ROOM,
        "directions": "Ring *twice*.",
        "summary": "What makes a machine **explore**?",
    }
    return SessionFactory(**given | values)


def parsed(content: str):
    """The invitation as another program reads it. Raises where it is not what RFC 5545 asks for."""
    assert content.replace("\r\n", "").count("\n") == content.replace("\r\n", "").count("\r") == 0
    assert max(len(line.encode()) for line in content.split("\r\n")) <= 75
    calendar = vobject.readOne(content)
    assert calendar.validate(raiseException=True)
    return calendar


def sent(kind: str, to: str):
    return parsed(Message.objects.filter(kind=kind, to=to).latest("pk").calendar)


def entry_in_the_subscription(member) -> dict[str, object]:
    link = CalendarLink.objects.create(member=member, made_at=NOW)
    return vobject.readOne(calendars.member_calendar("Readers", link, slides_days=0).decode()).vevent


# --- A session's life ------------------------------------------------------------------------------------
def test_announcement_invites_each_member_over_the_night_when_clocks_change(group, member, settings):
    settings.DEFAULT_FROM_EMAIL = "Readers <hello@group.example.org>"
    session = draft()

    schedule.announce(session_id=session.pk, now=NOW)

    calendar = sent("session_announced", member.user.email)
    event = calendar.vevent
    assert calendar.method.value == "REQUEST"
    assert (event.dtstart.value, event.dtend.value) == (START, START + timedelta(hours=2, minutes=30))
    assert event.dtstart.value.utcoffset() == timedelta(hours=-5)
    assert event.dtstart.params == {"X-VOBJ-ORIGINAL-TZID": ["America/New_York"]}
    assert event.summary.value == "Session 18: Curiosity, once; and again"
    assert event.location.value == "Lantern Hall, 4 Lamp Street; New York"
    assert (event.status.value, event.sequence.value, event.dtstamp.value) == ("CONFIRMED", "0", NOW)
    assert (event.organizer.value, event.organizer.params) == (
        "mailto:hello@group.example.org",
        {"CN": ["Tuesday Readers"]},
    )
    assert (event.attendee.value, event.attendee.params) == (
        "mailto:mira@example.org",
        {
            "CN": ["Mira Tamm"],
            "CUTYPE": ["INDIVIDUAL"],
            "PARTSTAT": ["NEEDS-ACTION"],
            "ROLE": ["REQ-PARTICIPANT"],
            "RSVP": ["FALSE"],
        },
    )
    assert event.description.value.split("\n\n") == [
        "What makes a machine explore?",
        f"Join from afar: {ROOM}",
        "Directions: Ring twice.",
        "Say on the session’s page whether you come. An answer by mail or from your calendar reaches nobody.",
        f"{settings.SITE_URL}{session.get_absolute_url()}",
    ]


def test_zone_of_an_invitation_knows_both_sides_of_the_night(group, member):
    schedule.announce(session_id=draft().pk, now=NOW)

    content = Message.objects.get().calendar
    zone = content[content.index("BEGIN:VTIMEZONE") : content.index("BEGIN:VEVENT")]
    read = dateutil.tz.tzical(StringIO(zone)).get("America/New_York")
    for day, hours in ((date(2026, 10, 31), -4), (date(2026, 11, 1), -5)):
        assert datetime.combine(day, START.time(), tzinfo=read).utcoffset() == timedelta(hours=hours)


def test_moved_and_cancelled_session_keeps_its_name_and_counts(group, member):
    session = schedule.announce(session_id=draft().pk, now=NOW)
    before = changes.arrangement(session)
    session.starts_at += timedelta(days=7)
    session.ends_at += timedelta(days=7)
    session.save()
    changes.tell(session, before, group, now=NOW + timedelta(hours=1))
    subscribed = entry_in_the_subscription(member)
    schedule.cancel(session_id=session.pk, now=NOW + timedelta(hours=2))

    kinds = ["session_announced", "session_changed", "session_cancelled"]
    found = [parsed(Message.objects.filter(kind=kind).earliest("pk").calendar) for kind in kinds]
    told = [
        (
            calendar.method.value,
            calendar.vevent.sequence.value,
            calendar.vevent.status.value,
            calendar.vevent.dtstart.value,
            calendar.vevent.dtstamp.value,
        )
        for calendar in found
    ]
    later = START + timedelta(days=7)
    assert told == [
        ("REQUEST", "0", "CONFIRMED", START, NOW),
        ("REQUEST", "1", "CONFIRMED", later, NOW + timedelta(hours=1)),
        ("CANCEL", "2", "CANCELLED", later, NOW + timedelta(hours=2)),
    ]
    assert {calendar.vevent.uid.value for calendar in found} == {calendars.uid_of(session)}
    assert (subscribed.uid.value, subscribed.sequence.value) == (calendars.uid_of(session), "1")
    cancelled = found[-1].vevent
    assert cancelled.summary.value == "Cancelled: Session 18: Curiosity, once; and again"
    assert (cancelled.attendee.value, cancelled.transp.value) == ("mailto:mira@example.org", "TRANSPARENT")


# --- Answers ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "in_line", "says"),
    [
        ("yes", False, ("ACCEPTED", "CONFIRMED", "OPAQUE")),
        ("yes", True, ("TENTATIVE", "TENTATIVE", "OPAQUE")),
        ("maybe", False, ("TENTATIVE", "TENTATIVE", "OPAQUE")),
        ("no", False, ("DECLINED", "CONFIRMED", "TRANSPARENT")),
    ],
)
def test_invitation_knows_what_the_member_has_said(group, member, answer, in_line, says):
    session = draft()
    since = NOW if in_line else None
    Rsvp.objects.create(session=session, member=member, answer=answer, answered_at=NOW, in_line_since=since)
    other = MemberFactory()

    schedule.announce(session_id=session.pk, now=NOW)

    event = sent("session_announced", member.user.email).vevent
    assert (event.attendee.params["PARTSTAT"][0], event.status.value, event.transp.value) == says
    assert sent("session_announced", other.user.email).vevent.attendee.params["PARTSTAT"] == ["NEEDS-ACTION"]


def test_who_moves_up_is_told_that_they_come(group, member):
    session = draft(state="announced", chairs=1)
    other = MemberFactory()
    for one in (other, member):
        rsvps.answer(member=one, session_id=session.pk, answer="yes", now=NOW)
    rsvps.answer(member=other, session_id=session.pk, answer="no", now=NOW)

    calendar = sent("chair_freed", member.user.email)

    assert (calendar.method.value, calendar.vevent.status.value) == ("REQUEST", "CONFIRMED")
    assert calendar.vevent.attendee.params["PARTSTAT"] == ["ACCEPTED"]
    assert list(room.seated(session)) == [Rsvp.objects.get(member=member)]


# --- Guests ----------------------------------------------------------------------------------------------
def test_guests_and_presenters_read_nothing_that_is_for_members(group, organiser):
    session = draft(state="announced")
    PresentationFactory(
        session=session, presenter=PresenterFactory(guest_name="Ana", email="ana@example.net")
    )
    application = ApplicationFactory(email="ada@example.org", state=State.SHORTLISTED)
    guests.offer(session_id=session.pk, application_id=application.pk, by=organiser, now=NOW)
    before = changes.arrangement(session)
    session.place = "Kumu"
    session.save()
    changes.tell(session, before, group, now=NOW)
    schedule.cancel(session_id=session.pk, now=NOW)

    read = {
        to: sent("session_changed", to).vevent.description.value
        for to in ("ana@example.net", "ada@example.org")
    }
    assert [word for word in (ROOM, "Ring") for text in read.values() if word in text] == []
    assert "You present in it. If you cannot come, please tell the organisers." in read["ana@example.net"]
    assert "Say on your guest’s page whether you come;" in read["ada@example.org"]
    assert [sent("session_cancelled", to).method.value for to in read] == ["CANCEL", "CANCEL"]
    assert ROOM in sent("session_changed", organiser.email).vevent.description.value


# --- The format ------------------------------------------------------------------------------------------
def test_session_of_which_only_the_date_is_known_takes_the_day(group, member):
    schedule.announce(session_id=draft(hours_known=False).pk, now=NOW)

    event = sent("session_announced", member.user.email).vevent

    assert (event.dtstart.value, event.dtend.value) == (date(2026, 11, 1), date(2026, 11, 2))


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.text(max_size=80),
    group_name=st.text(max_size=80),
    title=st.text(max_size=120),
    place=st.text(max_size=80),
)
def test_wild_words_stay_one_invitation_of_one_person(group, name, group_name, title, place):
    session = Session(
        pk=1, number=3, title=title, place=place, starts_at=START, ends_at=START + timedelta(hours=1),
        time_zone="America/New_York", state="announced",
    )  # fmt: skip
    group.name = group_name
    attendee = Attendee("ada@example.org", name, "NEEDS-ACTION", "Answer.", is_member=True)

    content = invitations.request(session, attendee, group, now=NOW)

    calendar = Calendar.from_ical(content)
    assert [component.name for component in calendar.walk()].count("VEVENT") == 1
    event = parsed(content).vevent
    assert (event.uid.value, event.attendee.value) == (calendars.uid_of(session), "mailto:ada@example.org")
    assert event.attendee.params["PARTSTAT"] == ["NEEDS-ACTION"]
