"""A member's own years at the sessions: which they came to, what they presented."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import ExtractYear, JSONObject

from members.models import Group, Member
from sessions_app.models import Attendance, Presentation, Rsvp, Session, Slot


@dataclass
class Year:
    """One year of a member: the sessions there were, those that the member came to, the talks given."""

    year: int
    sessions: int = 0
    came: int = 0
    talks: list[Presentation] = field(default_factory=list)


def sessions_of(member: Member, *, now: datetime) -> QuerySet[Session]:
    """The past sessions of the member's time in the group, and others they answered or came to; latest first.

    Adds `came`; `was_noted`, whether anybody noted who came; `answer` ("" for none); `was_in_line`, whether
    the member had no chair until the end.
    """
    own = Rsvp.objects.filter(session=OuterRef("pk"), member=member)
    noted = Attendance.objects.filter(session=OuterRef("pk"))
    return (
        Session.objects.past(now=now)
        .filter(
            _in_the_group(member)
            | Q(pk__in=Attendance.objects.filter(member=member).values("session"))
            | Q(pk__in=Rsvp.objects.filter(member=member).values("session"))
        )
        .annotate(
            came=Exists(noted.filter(member=member)),
            was_noted=Exists(noted),
            answer=Subquery(own.values("answer")),
            was_in_line=Exists(own.filter(in_line_since__isnull=False)),
        )
    )


def _in_the_group(member: Member) -> Q:
    since = Q(starts_at__gte=member.joined_at)
    return since & Q(starts_at__lte=member.left_at) if member.left_at else since


def talks_of(member: Member, *, now: datetime) -> list[Presentation]:
    """What the member presented in past sessions, the latest first. One query.

    Adds `given_in`: {"number", "title", "at"} of those sessions, the earliest first.
    """
    past = Session.objects.past(now=now)
    slots = Slot.objects.filter(presentation=OuterRef("pk"), session__in=past).order_by("session__starts_at")
    session = JSONObject(number="session__number", title="session__title")
    return list(
        Presentation.objects.filter(presenters__member=member)
        .exclude(state__in=[Presentation.State.DECLINED, Presentation.State.WITHDRAWN])
        .annotate(
            first_at=Subquery(slots.values("session__starts_at")[:1]),
            given_in=ArraySubquery(slots.values_list(session)),
        )
        .filter(first_at__isnull=False)
        .order_by("-first_at", "pk")
    )


def years_of(member: Member, group: Group, *, now: datetime) -> list[Year]:
    """The member's years, the latest first, by the group's own clock. Three queries."""
    zone = zoneinfo.ZoneInfo(group.time_zone)
    sessions = Session.objects.filter(pk__in=sessions_of(member, now=now).values("pk"))
    attended = sessions.filter(attendance__member=member)
    talks = talks_of(member, now=now)
    there_were, came = (_by_year(rows, zone) for rows in (sessions, attended))
    in_year = {talk.pk: talk.first_at.astimezone(zone).year for talk in talks}
    return [
        Year(
            year,
            sessions=there_were[year],
            came=came[year],
            talks=[talk for talk in talks if in_year[talk.pk] == year],
        )
        for year in sorted({*there_were, *in_year.values()}, reverse=True)
    ]


def _by_year(sessions: QuerySet[Session], zone: zoneinfo.ZoneInfo) -> Counter[int]:
    years = sessions.order_by().annotate(year=ExtractYear("starts_at", tzinfo=zone)).values("year")
    return Counter({row["year"]: row["n"] for row in years.annotate(n=Count("pk", distinct=True))})
