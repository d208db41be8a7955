"""What a new session probably is: at the last one's place, or in everything like one that is named."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from members.models import Group
from sessions_app import schedule
from sessions_app.models import Session, Track

# A session carries its own place, so that the record of an old one stays true.
PLACE = ("place", "address", "access_notes", "online_url", "chairs", "directions", "host", "host_url")
WEEK = 7
LONGEST_GAP = timedelta(days=183)  # a longer one was a pause; nothing follows from it


def usual(group: Group | None) -> dict:
    """The next number, the group's usual hours, and the last session's place, for the form. One query."""
    last = Session.objects.order_by("-number").first()
    values = {"number": last.number + 1 if last else 1, **_usual_hours(group)}
    return values | (_filled(last, PLACE) if last else {})


def like(number: int, group: Group | None, *, now: datetime) -> dict:
    """The next number, and the shape of the session with this number: place, hours, agenda, tracks, weekday.

    Not what it was about: its title, readings, talks and notes. Three queries. Raises Session.DoesNotExist.
    """
    tracks = Track.objects.filter(sessions=OuterRef("pk")).order_by("position", "pk")
    model = Session.objects.annotate(track_keys=ArraySubquery(tracks.values_list("pk"))).get(number=number)
    values = {"number": schedule.next_number(), **_usual_hours(group), "time_zone": model.time_zone}
    if model.hours_known:
        start, end = model.local_start, model.local_end
        values["starts"] = start.time().replace(second=0, microsecond=0)
        if start.date() == end.date():  # the form takes no end after midnight
            values["ends"] = end.time().replace(second=0, microsecond=0)
    if day := _next_date(model, today=now.astimezone(model.zone).date()):
        values["date"] = day
    return values | _filled(model, (*PLACE, "agenda")) | {"tracks": model.track_keys}


def _usual_hours(group: Group | None) -> dict:
    if group is None:
        return {}
    return {"time_zone": group.time_zone, "starts": group.usual_start, "ends": group.usual_end}


def _filled(session: Session, names: tuple[str, ...]) -> dict:
    return {name: value for name in names if (value := getattr(session, name))}


def _next_date(model: Session, *, today: date) -> date | None:
    """On the model's weekday, as far from the last session as that one was from the one before it.

    None where fewer than two sessions stand, after a pause, and where that day is not to come.
    """
    standing = Session.objects.exclude(state=Session.State.CANCELLED).order_by("-starts_at", "-pk")
    days = [session.local_start.date() for session in standing.only("starts_at", "time_zone")[:2]]
    if len(days) < 2 or days[0] - days[1] > LONGEST_GAP:
        return None
    last, before = days
    aim = last + (last - before)
    # The nearest such weekday, at most three days away.
    half = WEEK // 2
    day = aim + timedelta((model.local_start.weekday() - aim.weekday() + half) % WEEK - half)
    return day if day > max(last, today) else None
