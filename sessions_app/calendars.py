"""Sessions as calendar entries (RFC 5545): the public calendar, a member's own, and one session's file.

Everything here comes from the rows, never from the clock, so that an unchanged calendar is the same bytes and
a program that asks for it each hour is answered by 304. `icalendar` writes the lines: their length, their
escapes, their ends, and the zones with their summer times.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from icalendar import Alarm, Calendar, Event, Timezone
from icalendar.prop import vDuration

from members.models import Member
from outbox.writing import absolute, host
from sessions_app import text
from sessions_app.calendar_zones import timezone_of
from sessions_app.durations import duration
from sessions_app.models import CalendarLink, Progress, Reading, Rsvp, Session, Slot

PRODUCT = "-//Study Group//Sessions//EN"
MOST = 300  # entries: ten years of a group that meets every other week
REFRESH = timedelta(hours=4)  # how often a program should ask again (RFC 7986, 5.7)


@dataclass(frozen=True)
class Reader:
    """Whose calendar it is: a member with what they chose, or everybody."""

    member: Member | None = None
    link: CalendarLink | None = None


EVERYBODY = Reader()


# --- Which sessions ------------------------------------------------------------------------------------
def sessions_for(reader: Reader) -> QuerySet[Session]:
    """The latest sessions that the reader may open, cancelled ones too, the latest first.

    For a member with `answer`, `in_line`, `minutes_left` (required readings not ticked off) and `own_talks`
    (their titles).
    """
    found = Session.objects.visible_to(organiser=False).order_by("-starts_at", "-pk")[:MOST]
    if reader.member is None:
        return found
    mine = Rsvp.objects.filter(session=OuterRef("pk"), member=reader.member)
    read = Progress.objects.filter(reading=OuterRef("pk"), member=reader.member)
    left = (
        Reading.objects.filter(session=OuterRef("pk"), importance=Reading.Importance.REQUIRED)
        .exclude(Exists(read))
        .order_by()
        .values("session")
        .annotate(sum=Sum("minutes"))
        .values("sum")
    )
    talks = Slot.objects.filter(
        session=OuterRef("pk"), presentation__presenters__member=reader.member
    ).order_by("position", "pk")
    return found.annotate(
        answer=Subquery(mine.values("answer")[:1]),
        in_line=Exists(mine.filter(in_line_since__isnull=False)),
        minutes_left=Coalesce(Subquery(left, output_field=IntegerField()), 0),
        own_talks=ArraySubquery(talks.values("presentation__title")),
    )


# --- What an entry says --------------------------------------------------------------------------------
def uid_of(session: Session) -> str:
    """The name of a session's entry for its whole life, whatever its number and date become."""
    return f"session-{session.pk}@{host()}"


def _changed_at(session: Session) -> datetime:
    moments = (session.announced_at, session.changed_at, session.cancelled_at)
    return max((moment for moment in moments if moment), default=session.starts_at).astimezone(UTC)


def _title(session: Session) -> str:
    return f"Session {session.number}: {text.plain(session.title)}"


def _when(event: Event, session: Session) -> None:
    if session.hours_known:
        event.add("dtstart", session.local_start)
        event.add("dtend", session.local_end)
    else:
        event.add("dtstart", session.local_start.date())
        event.add("dtend", session.local_start.date() + timedelta(days=1))


def _where(session: Session) -> str:
    return ", ".join(part for part in (session.place or session.host, session.address) if part)


def summary_of(session: Session) -> str:
    """What a session is about, in plain words; "" where nothing is said."""
    return text.plain_opening(session.summary, 600) if session.summary else ""


def members_only(session: Session) -> list[str]:
    """What the entry of a session says to members alone: how to join from afar and how to get in."""
    found = [f"Join from afar: {session.online_url}"] if session.online_url else []
    if session.directions:
        found.append("Directions: " + text.plain_opening(session.directions, 600))
    return found


def _description(session: Session, reader: Reader) -> str:
    parts = [summary_of(session)]
    if reader.member:
        if session.own_talks:
            parts.append("You present: " + "; ".join(text.plain(title) for title in session.own_talks))
        if session.minutes_left and session.state == Session.State.ANNOUNCED:
            parts.append(f"Left to read: {duration(session.minutes_left)}")
        parts += members_only(session)
    parts.append(absolute(session.get_absolute_url()))
    return "\n\n".join(part for part in parts if part)


def _status(session: Session, reader: Reader) -> str:
    if session.state == Session.State.CANCELLED:
        return "CANCELLED"
    unsure = reader.member and (session.answer == Rsvp.Answer.MAYBE or session.in_line)
    return "TENTATIVE" if unsure else "CONFIRMED"


def common_event(session: Session, *, stamp: datetime) -> Event:
    """What the entry of a session says to everybody: its name, its change, when, what and where it is.

    stamp: when what is said was last put together.
    """
    event = Event()
    event.add("uid", uid_of(session))
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("last-modified", _changed_at(session))
    event.add("sequence", session.sequence)
    _when(event, session)
    cancelled = "Cancelled: " if session.state == Session.State.CANCELLED else ""
    event.add("summary", f"{cancelled}{_title(session)}")
    if where := _where(session):
        event.add("location", where)
    event.add("url", absolute(session.get_absolute_url()))
    return event


def session_event(session: Session, reader: Reader = EVERYBODY) -> Event:
    """The entry of one session; for a member, of a row from `sessions_for`."""
    event = common_event(session, stamp=_changed_at(session))
    event.add("description", _description(session, reader))
    event.add("status", _status(session, reader))
    absent = session.state == Session.State.CANCELLED or (
        reader.member is not None and session.answer == Rsvp.Answer.NO
    )
    event.add("transp", "TRANSPARENT" if absent else "OPAQUE")
    if reader.link and reader.link.alarm and not absent and session.hours_known:
        event.add_component(_alarm(session, reader.link.alarm))
    return event


def _alarm(session: Session, hours: int) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _title(session))
    alarm.add("trigger", -timedelta(hours=hours))
    return alarm


def _day_before(session: Session, what: str, days: int, summary: str) -> Event:
    """An entry of a whole day, some days before a session; it goes where the session goes."""
    day = session.local_start.date() - timedelta(days=days)
    event = Event()
    event.add("uid", f"{what}-{uid_of(session)}")
    event.add("dtstamp", _changed_at(session))
    event.add("sequence", session.sequence)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", summary)
    event.add("url", absolute(session.get_absolute_url()))
    event.add("description", absolute(session.get_absolute_url()))
    event.add("transp", "TRANSPARENT")
    return event


def _own_entries(session: Session, reader: Reader, slides_days: int) -> list[Event]:
    """A member's deadlines before one announced session."""
    link, found = reader.link, []
    if link is None or session.state != Session.State.ANNOUNCED:
        return found
    if link.with_preparation and session.minutes_left and session.answer != Rsvp.Answer.NO:
        summary = f"To read for session {session.number}: {duration(session.minutes_left)}"
        found.append(_day_before(session, "preparation", 1, summary))
    if link.with_slides and session.own_talks and slides_days:
        titles = ", ".join(text.plain(title) for title in session.own_talks)
        found.append(_day_before(session, "slides", slides_days, f"Slides are due: {titles}"))
    return found


# --- Calendars -----------------------------------------------------------------------------------------
def calendar_of(events: list[Event]) -> Calendar:
    """A calendar with these entries and the zones that they name."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for component in (*_zones(events), *events):
        calendar.add_component(component)
    return calendar


def _published(name: str, events: list[Event]) -> bytes:
    """A calendar with a name, that programs ask for again."""
    calendar = calendar_of(events)
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH).to_ical().decode())
    return calendar.to_ical()


def _zones(events: list[Event]) -> list[Timezone]:
    """The zones that the entries name, each over the years of all of them."""
    starts = [event["dtstart"] for event in events]
    years = [start.dt.year for start in starts]
    names = sorted({start.params["tzid"] for start in starts if "tzid" in start.params})
    return [timezone_of(name, min(years), max(years)) for name in names]


def public_calendar(group_name: str) -> bytes:
    """Every session that everybody may see. One query."""
    return _published(group_name, [session_event(session) for session in sessions_for(EVERYBODY)])


def member_calendar(group_name: str, link: CalendarLink, *, slides_days: int) -> bytes:
    """A member's calendar, with what they chose. One query.

    slides_days: how many days before a session its slides are due; 0 for never.
    """
    reader = Reader(member=link.member, link=link)
    events = []
    for session in sessions_for(reader):
        events += [session_event(session, reader), *_own_entries(session, reader, slides_days)]
    return _published(group_name, events)


def session_file(session: Session, group_name: str) -> bytes:
    """One session, as a file to open with a calendar."""
    return _published(group_name, [session_event(session)])


# --- Other people's calendars --------------------------------------------------------------------------
@dataclass(frozen=True)
class AddTo:
    """Where one session is put into a calendar: a name, an address, and whether it leaves the site."""

    name: str
    url: str
    leaves: bool = True


def add_links(session: Session) -> list[AddTo]:
    """Google's and Outlook's forms, filled in, and the file for all others."""
    page = absolute(session.get_absolute_url())
    return [
        AddTo("Google Calendar", f"https://calendar.google.com/calendar/render?{_google(session, page)}"),
        AddTo("Outlook", f"https://outlook.live.com/calendar/0/deeplink/compose?{_outlook(session, page)}"),
        AddTo("A file", reverse("session_calendar", args=[session.number]), leaves=False),
    ]


def _google(session: Session, page: str) -> str:
    if session.hours_known:
        ends = (session.starts_at, session.ends_at)
        dates = "/".join(f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in ends)
    else:
        day = session.local_start.date()
        dates = f"{day:%Y%m%d}/{day + timedelta(days=1):%Y%m%d}"
    asked = {"action": "TEMPLATE", "text": _title(session), "dates": dates}
    return urlencode(asked | {"location": _where(session), "details": page, "ctz": session.time_zone})


def _outlook(session: Session, page: str) -> str:
    asked = {"path": "/calendar/action/compose", "rru": "addevent", "subject": _title(session)}
    if session.hours_known:
        asked |= {
            "startdt": f"{session.starts_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "enddt": f"{session.ends_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
    else:
        asked |= {"startdt": f"{session.local_start:%Y-%m-%d}", "allday": "true"}
    return urlencode(asked | {"location": _where(session), "body": page})
