"""How far those who come are with the readings: how many, never who, unless the group's setting says so."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, IntegerField, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce, NullIf

from members.models import Member
from sessions_app.models import Reading, Rsvp, Session, nest
from sessions_app.models.presentation import FORGOTTEN

FEWEST = 3  # members: of fewer, a count says who has not read


@dataclass(frozen=True)
class Degree:
    """One reading, how many of those counted have read it, and who, where the group shows that."""

    reading: Reading
    read: int
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Thermometer:
    """The preparation of a session, of the active members who said that they come or may come."""

    members: int
    degrees: list[Degree]
    with_names: bool

    @property
    def is_shown(self) -> bool:
        """Whether the counts may be shown: not of so few that they would name people."""
        return self.with_names or self.members >= FEWEST

    @property
    def minutes_left(self) -> int:
        """How long all of them together still have to read of what is required, where that is known."""
        return sum(
            (degree.reading.minutes or 0) * (self.members - degree.read)
            for degree in self.degrees
            if degree.reading.is_required
        )

    @property
    def minutes_each(self) -> int:
        """The same for one of them, on average, in whole minutes."""
        return round(self.minutes_left / self.members) if self.members else 0

    @property
    def some_unknown(self) -> bool:
        """Whether a required reading does not say how long it takes."""
        return any(degree.reading.is_required and not degree.reading.minutes for degree in self.degrees)


def measure(session: Session, *, with_names: bool) -> Thermometer:
    """How far the preparation is. Without `with_names`, no name leaves the database. One query."""
    readings = nest(_with_counts(session, with_names=with_names))
    degrees = [
        Degree(reading, reading.read_count, reading.name_list if with_names else []) for reading in readings
    ]
    return Thermometer(
        members=readings[0].member_count if readings else 0, degrees=degrees, with_names=with_names
    )


def _with_counts(session: Session, *, with_names: bool) -> QuerySet[Reading]:
    """The readings with `member_count`, `read_count` and, when asked for, `name_list`.

    Who counts is asked once, apart from the readings: reading by reading it would be a product of tables.
    """
    comes = Rsvp.objects.filter(
        session=session,
        answer__in=[Rsvp.Answer.YES, Rsvp.Answer.MAYBE],
        member__state=Member.State.ACTIVE,
    )
    counted = Q(progress__member__in=comes.values("member"))
    number = comes.order_by().values("session").annotate(n=Count("pk")).values("n")
    readings = session.readings.annotate(
        member_count=Coalesce(Subquery(number, output_field=IntegerField()), 0),
        read_count=Count("progress", filter=counted),
    )
    if not with_names:
        return readings
    name = Coalesce(
        NullIf(F("progress__member__user__name"), Value("")), Value(FORGOTTEN), output_field=TextField()
    )
    return readings.annotate(
        name_list=ArrayAgg(name, filter=counted, order_by=["progress__member__user__name"], default=Value([]))
    )
