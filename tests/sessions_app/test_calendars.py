"""Calendars: what stands in them, for whom, and that others can read them (checked with `vobject`)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import dateutil.tz
import pytest
import vobject
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from members.models import Member
from sessions_app import calendars
from sessions_app.calendar_zones import timezone_of
from sessions_app.models import CalendarLink, Progress, Rsvp, Session
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
)
from tests.studygroup.test_pages import queries_of

NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2026, 10, 21, 18, 30, tzinfo=NEW_YORK)
ANNOUNCED = datetime(2026, 10, 1, 9, 0, tzinfo=ZoneInfo("UTC"))


def coming(**values) -> Session:
    given = {
        "number": 18,
        "title": "Curiosity, *once*",
        "starts_at": START,
        "ends_at": START + timedelta(hours=2, minutes=30),
        "time_zone": "America/New_York",
        "announced_at": ANNOUNCED,
        "place": "Lantern Hall",
        "address": "4 Lamp Street; New York",
    }
    return SessionFactory(**given | values)


def parsed(content: bytes):
    """The calendar as another program reads it. Raises where it is not what RFC 5545 asks for."""
    calendar = vobject.readOne(content.decode())
    assert calendar.validate(raiseException=True)
    return calendar


def entries(content: bytes) -> dict[str, object]:
    return {event.uid.value: event for event in parsed(content).contents.get("vevent", [])}


@pytest.fixture(autouse=True)
def _site(settings) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"


@pytest.fixture
def link(member) -> CalendarLink:
    return CalendarLink.objects.create(member=member, made_at=ANNOUNCED)


def own(client, link: CalendarLink) -> dict[str, object]:
    return entries(client.get(link.get_absolute_url()).content)


# --- The format ----------------------------------------------------------------------------------------
def test_entry_of_a_session_says_it_all(group, client):
    session = coming(summary="What makes a machine **explore**?")

    calendar = parsed(client.get("/calendar.ics").content)
    event = calendar.vevent

    assert event.uid.value == f"session-{session.pk}@127.0.0.1"
    assert event.summary.value == "Session 18: Curiosity, once"
    assert event.dtstart.value == START
    assert event.dtstart.params == {"X-VOBJ-ORIGINAL-TZID": ["America/New_York"]}
    assert event.dtend.value == START + timedelta(hours=2, minutes=30)
    assert event.location.value == "Lantern Hall, 4 Lamp Street; New York"
    address = f"http://127.0.0.1:8000{session.get_absolute_url()}"
    assert event.description.value == f"What makes a machine explore?\n\n{address}"
    assert (event.url.value, event.status.value, event.sequence.value) == (address, "CONFIRMED", "0")
    assert event.dtstamp.value == ANNOUNCED
    assert [line.value for line in calendar.contents["name"]] == [group.name]


def test_lines_are_short_end_right_and_the_zone_knows_its_summer_time(group, client):
    coming(title="Ein sehr langer Titel über Verhältnismäßigkeit " * 4)

    content = client.get("/calendar.ics").content
    lines = content.split(b"\r\n")

    assert max(len(line) for line in lines) <= 75
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert lines[-1] == b""
    zone = content.decode().partition("BEGIN:VTIMEZONE")[2].partition("END:VTIMEZONE")[0]
    assert "TZID:America/New_York" in zone
    assert ("BEGIN:STANDARD" in zone, "BEGIN:DAYLIGHT" in zone) == (True, True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text(max_size=120), place=st.text(max_size=80))
def test_wild_words_stay_one_calendar_of_one_entry(group, title, place):
    session = Session(
        pk=1, number=3, title=title, place=place, starts_at=START, ends_at=START + timedelta(hours=1),
        time_zone="America/New_York", state="announced",
    )  # fmt: skip

    found = entries(calendars.session_file(session, group.name))

    assert list(found) == ["session-1@127.0.0.1"]


@pytest.mark.parametrize(("day", "offset"), [(date(2026, 10, 31), -4), (date(2026, 11, 2), -5)])
def test_clock_stays_the_rooms_over_the_night_when_it_changes(group, client, day, offset):
    start = datetime.combine(day, START.timetz())
    coming(starts_at=start, ends_at=start + timedelta(hours=2))

    found = parsed(client.get("/calendar.ics").content).vevent.dtstart.value

    assert (found.hour, found.minute, found.utcoffset()) == (18, 30, timedelta(hours=offset))


ZONES = ["America/New_York", "Europe/London", "Europe/Dublin", "Africa/Casablanca", "Asia/Kolkata", "UTC"]
ZONES += ["Australia/Lord_Howe", "America/Santiago", "Asia/Tehran", "Pacific/Apia", "Europe/Tallinn"]


@pytest.mark.parametrize("zone", ZONES)
def test_written_zone_shows_the_zones_clock_at_every_hour(zone):
    """Read by dateutil, which `vobject` uses; from the year before summer time changed in America on."""
    first, last = 2006, 2031
    written = timezone_of(zone, first, last)
    calendar = Calendar()
    calendar.add_component(written)
    theirs = dateutil.tz.tzical(StringIO(calendar.to_ical().decode())).get(zone)
    wrong = []
    moment, end = datetime(first, 1, 2, tzinfo=UTC), datetime(last, 12, 31, tzinfo=UTC)
    while moment < end:
        ours = moment.astimezone(ZoneInfo(zone))
        # An hour that is shown twice says nothing: compare the clocks of hours that come once.
        if ours.replace(fold=1).utcoffset() == ours.replace(fold=0).utcoffset():
            local = ours.replace(tzinfo=theirs)
            if local.utcoffset() != ours.utcoffset():
                wrong.append(moment)
        moment += timedelta(hours=5)

    assert wrong == []


def test_rules_of_today_are_written_without_an_end():
    written = timezone_of("Europe/London", 2026, 2026).to_ical().decode().split("\r\n")

    rules = [line for line in written if line.startswith("RRULE")]
    assert rules == [
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
    ]


def test_session_of_which_only_the_date_is_known_takes_the_day(group, client):
    coming(hours_known=False)

    event = parsed(client.get("/calendar.ics").content).vevent

    assert (event.dtstart.value, event.dtend.value) == (date(2026, 10, 21), date(2026, 10, 22))


# --- A session's life ----------------------------------------------------------------------------------
def test_moved_and_cancelled_session_keeps_its_name_and_counts_its_changes(group, client):
    session = coming()
    before = entries(client.get("/calendar.ics").content)
    Session.objects.filter(pk=session.pk).update(
        number=19, starts_at=START + timedelta(days=7), ends_at=START + timedelta(days=7, hours=2),
        sequence=1, changed_at=ANNOUNCED + timedelta(days=1),
    )  # fmt: skip
    moved = entries(client.get("/calendar.ics").content)
    Session.objects.filter(pk=session.pk).update(
        state="cancelled", sequence=2, cancelled_at=ANNOUNCED + timedelta(days=2)
    )
    cancelled = entries(client.get("/calendar.ics").content)

    assert list(before) == list(moved) == list(cancelled) == [calendars.uid_of(session)]
    told = [
        (event.sequence.value, event.status.value, event.dtstamp.value, event.summary.value.split(":")[0])
        for event in (*before.values(), *moved.values(), *cancelled.values())
    ]
    assert told == [
        ("0", "CONFIRMED", ANNOUNCED, "Session 18"),
        ("1", "CONFIRMED", ANNOUNCED + timedelta(days=1), "Session 19"),
        ("2", "CANCELLED", ANNOUNCED + timedelta(days=2), "Cancelled"),
    ]


def test_drafts_and_what_is_for_members_stay_out_of_the_public_calendar(group, client):
    SessionFactory(state="draft")
    SessionFactory(state="cancelled", announced_at=None)
    coming(directions="Ring twice", online_url="https://example.org/room")

    content = client.get("/calendar.ics").content.decode()

    assert len(entries(content.encode())) == 1
    assert [word for word in ("Ring twice", "example.org/room") if word in content] == []


def test_one_session_comes_as_a_file(group, client):
    session = coming()

    answer = client.get("/sessions/18/calendar.ics")

    assert list(entries(answer.content)) == [calendars.uid_of(session)]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="session-18.ics"'
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"


def test_draft_has_no_file(group, client):
    SessionFactory(number=4, state="draft")

    assert client.get("/sessions/4/calendar.ics").status_code == 404


def test_unchanged_calendar_is_not_sent_again(group, client):
    coming()
    etag = client.get("/calendar.ics").headers["ETag"]

    assert client.get("/calendar.ics", headers={"If-None-Match": etag}).status_code == 304


# --- A member's own ------------------------------------------------------------------------------------
def test_member_reads_what_is_left_how_to_get_in_and_where_to_join(client, link, member):
    session = coming(directions="Ring *twice*", online_url="https://example.org/room")
    read = ReadingFactory(session=session, minutes=40)
    ReadingFactory(session=session, minutes=65)
    ReadingFactory(session=session, minutes=500, importance=2)
    Progress.objects.create(reading=read, member=member, read_at=ANNOUNCED)

    found = own(client, link)

    event = found[calendars.uid_of(session)]
    assert event.description.value.split("\n\n") == [
        "Left to read: 1 h 5 min",
        "Join from afar: https://example.org/room",
        "Directions: Ring twice",
        f"http://127.0.0.1:8000{session.get_absolute_url()}",
    ]
    before = found[f"preparation-{calendars.uid_of(session)}"]
    assert (before.summary.value, before.dtstart.value) == (
        "To read for session 18: 1 h 5 min",
        date(2026, 10, 20),
    )
    assert event.valarm.trigger.value == timedelta(hours=-24)


@pytest.mark.parametrize(
    ("answer", "in_line", "said"),
    [
        ("yes", False, ("CONFIRMED", "OPAQUE")),
        ("yes", True, ("TENTATIVE", "OPAQUE")),
        ("maybe", False, ("TENTATIVE", "OPAQUE")),
        ("no", False, ("CONFIRMED", "TRANSPARENT")),
    ],
)
def test_answer_stands_in_the_entry(client, link, member, answer, in_line, said):
    session = coming()
    Rsvp.objects.create(
        session=session,
        member=member,
        answer=answer,
        answered_at=ANNOUNCED,
        in_line_since=ANNOUNCED if in_line else None,
    )

    event = own(client, link)[calendars.uid_of(session)]

    assert (event.status.value, event.transp.value) == said


def test_own_talk_brings_the_day_on_which_slides_are_due(client, link, member):
    session = coming()
    PresentationFactory(
        title="What *I* found", session=session, presenter=PresenterFactory(guest_name="", member=member)
    )

    found = own(client, link)

    due = found[f"slides-{calendars.uid_of(session)}"]
    assert (due.summary.value, due.dtstart.value) == ("Slides are due: What I found", date(2026, 10, 14))
    assert "You present: What I found" in found[calendars.uid_of(session)].description.value


def test_member_switches_off_what_is_not_wanted(client, link, member, client_of):
    session = coming()
    ReadingFactory(session=session, minutes=10)
    PresentationFactory(session=session, presenter=PresenterFactory(guest_name="", member=member))
    client_of(member.user).post("/me/calendar/", {"alarm": "0"})

    found = own(client, link)

    assert list(found) == [calendars.uid_of(session)]
    assert "valarm" not in found[calendars.uid_of(session)].contents


def test_another_members_ticks_and_talks_stay_theirs(client, link):
    session, other = coming(), MemberFactory()
    reading = ReadingFactory(session=session, minutes=30)
    Progress.objects.create(reading=reading, member=other, read_at=ANNOUNCED)
    PresentationFactory(session=session, presenter=PresenterFactory(guest_name="", member=other))

    found = own(client, link)

    assert f"slides-{calendars.uid_of(session)}" not in found
    assert "Left to read: 30 min" in found[calendars.uid_of(session)].description.value


# --- The address ---------------------------------------------------------------------------------------
def test_member_makes_an_address_and_reading_it_changes_nothing(member, client_of, django_assert_num_queries):
    signed_in = client_of(member.user)
    assert signed_in.get("/me/calendar/").context["link"] is None
    signed_in.post("/me/calendar/on/")
    link = CalendarLink.objects.get()
    signed_in.post("/me/calendar/on/")

    page = signed_in.get("/me/calendar/")
    answers = [Client().get(link.get_absolute_url()).status_code for _ in range(3)]

    assert page.context["address"] == f"http://127.0.0.1:8000{link.get_absolute_url()}"
    assert page.context["webcal"] == f"webcal://127.0.0.1:8000{link.get_absolute_url()}"
    assert answers == [200] * 3
    assert list(CalendarLink.objects.values()) == [CalendarLink.objects.filter(pk=link.pk).values()[0]]


def test_new_address_ends_the_old_one_and_a_second_click_does_not_end_the_new_one(client, link, client_of):
    signed_in = client_of(link.member.user)
    old = link.get_absolute_url()
    data = {"seen": str(link.key)}
    said = []
    for _ in range(2):
        answer = signed_in.post("/me/calendar/replace/", data, follow=True)
        said += [str(message) for message in answer.context["messages"]]
        link.refresh_from_db()

    assert said == [
        "Your calendar has a new address. The old one opens nothing any more.",
        "The address was changed already. This is the one that works now.",
    ]
    assert [client.get(url).status_code for url in (old, link.get_absolute_url())] == [404, 200]


@pytest.mark.parametrize("seen", ["", "nonsense"])
def test_replacing_without_having_seen_one_changes_nothing(link, client_of, seen):
    before = CalendarLink.objects.values().get()
    client_of(link.member.user).post("/me/calendar/replace/", {"seen": seen})

    assert CalendarLink.objects.values().get() == before


def test_switched_off_calendar_opens_nothing(client, link, client_of):
    signed_in = client_of(link.member.user)
    said = [
        str(next(iter(signed_in.post("/me/calendar/off/", follow=True).context["messages"])))
        for _ in range(2)
    ]

    assert said == [
        "Your calendar is switched off. Its address opens nothing any more.",
        "Your calendar was switched off already.",
    ]
    assert client.get(link.get_absolute_url()).status_code == 404
    late = signed_in.post("/me/calendar/", {"alarm": "0"}, follow=True)
    assert [str(message) for message in late.context["messages"]] == [
        "Your calendar was switched off meanwhile. Nothing was saved."
    ]


@pytest.mark.parametrize("token", ["x", "0" * 32, "0" * 32 + ":signature", "%00"])
def test_address_that_was_never_made_opens_nothing(group, client, token):
    assert client.get(f"/me/calendar/{token}.ics").status_code == 404


def test_who_has_left_reads_nothing_more(client, link):
    Member.objects.filter(pk=link.member_id).update(state="alumni", left_at=ANNOUNCED)

    assert client.get(link.get_absolute_url()).status_code == 404


def test_wrong_choice_is_told_at_the_field(link, client_of):
    page = client_of(link.member.user).post("/me/calendar/", {"alarm": "5"})

    assert page.status_code == 422
    assert list(page.context["form"].errors) == ["alarm"]


# --- Budgets -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rows", [1, 3, 60])
def test_calendars_ask_so_many_questions(client, link, member, client_of, rows):
    for _ in range(rows):
        session = HeldSessionFactory()
        ReadingFactory(session=session)
        PresentationFactory(session=session, presenter=PresenterFactory())
        Rsvp.objects.create(session=session, member=member, answer="yes", answered_at=ANNOUNCED)
    addresses = ["/calendar.ics", f"/sessions/{session.number}/calendar.ics", link.get_absolute_url()]

    assert list(queries_of(client, addresses).values()) == [2, 2, 3]
    assert queries_of(client_of(member.user), ["/me/calendar/"]) == {"/me/calendar/": 5}


# --- Into other calendars ------------------------------------------------------------------------------
def test_session_goes_to_google_and_outlook_with_its_hours():
    session = Session(
        number=18, title="A & B", place="Hall", starts_at=START, ends_at=START + timedelta(hours=2),
        time_zone="America/New_York", state="announced",
    )  # fmt: skip

    google, outlook, file = calendars.add_links(session)

    assert google.url == (
        "https://calendar.google.com/calendar/render?action=TEMPLATE&text=Session+18%3A+A+%26+B"
        "&dates=20261021T223000Z%2F20261022T003000Z&location=Hall"
        "&details=http%3A%2F%2F127.0.0.1%3A8000%2Fsessions%2F18%2F&ctz=America%2FNew_York"
    )
    assert outlook.url == (
        "https://outlook.live.com/calendar/0/deeplink/compose?path=%2Fcalendar%2Faction%2Fcompose"
        "&rru=addevent&subject=Session+18%3A+A+%26+B&startdt=2026-10-21T22%3A30%3A00Z"
        "&enddt=2026-10-22T00%3A30%3A00Z&location=Hall&body=http%3A%2F%2F127.0.0.1%3A8000%2Fsessions%2F18%2F"
    )
    assert (file.url, [link.leaves for link in (google, outlook, file)]) == (
        "/sessions/18/calendar.ics",
        [True, True, False],
    )
