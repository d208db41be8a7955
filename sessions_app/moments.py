"""When what time brings about falls due: by clocks on walls, so right over the nights that change them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from members.models import Group
from sessions_app.models import Session

DIGEST_AT = time(8)  # of a group without quiet hours


def moment_of(day: date, clock: time, zone: str) -> datetime:
    """The instant at which a clock in the zone shows this, in UTC.

    The first where it shows it twice; where it skips it, as long after the skip as the time lies within it:
    02:30 on the night on which 02:00 becomes 03:00 is 03:30. `planning.moment` is for what somebody typed.
    """
    local = datetime.combine(day, clock.replace(fold=0), tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC)


def before(session: Session, *, days: int) -> datetime:
    """So many days of the calendar before a session, at the hour of its start where it is held."""
    start = session.local_start
    return moment_of(start.date() - timedelta(days=days), start.time(), session.time_zone)


def morning_after(session: Session, clock: time) -> datetime:
    """This time of the day after the one on which a session ends, where it is held."""
    return moment_of(session.local_end.date() + timedelta(days=1), clock, session.time_zone)


def newest_digest(group: Group, *, now: datetime) -> datetime:
    """When the group's digests last fell due: its weekday, at the end of its quiet hours, on its clock."""
    clock = DIGEST_AT if group.quiet_from == group.quiet_until else group.quiet_until
    today = now.astimezone(ZoneInfo(group.time_zone)).date()
    day = today - timedelta(days=(today.isoweekday() - group.digest_weekday) % 7)
    due = moment_of(day, clock, group.time_zone)
    return due if due <= now else moment_of(day - timedelta(days=7), clock, group.time_zone)


def week_of(group: Group, moment: datetime) -> str:
    """The week of a moment on the group's calendar, such as 2027-W12 (ISO 8601)."""
    year, week, _ = moment.astimezone(ZoneInfo(group.time_zone)).isocalendar()
    return f"{year}-W{week:02}"
