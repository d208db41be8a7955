"""What a member has read and still has to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from members.models import Member
from sessions_app.models import Progress, Reading


@dataclass(frozen=True)
class Prep:
    """One member's preparation for one session. Minutes count the required readings only."""

    readings: list[Reading]

    @property
    def required(self) -> list[Reading]:
        """What everybody is asked to read."""
        return [reading for reading in self.readings if reading.is_required]

    @property
    def read(self) -> int:
        """How many of the required readings are read."""
        return sum(reading.is_read for reading in self.required)

    @property
    def minutes(self) -> int:
        """How long the required readings take, where that is known."""
        return sum(reading.minutes or 0 for reading in self.required)

    @property
    def minutes_left(self) -> int:
        """How long the required readings take that are not read yet."""
        return sum(reading.minutes or 0 for reading in self.required if not reading.is_read)

    @property
    def is_done(self) -> bool:
        """Whether every required reading is read."""
        return self.read == len(self.required)


def prep_for(readings: Iterable[Reading], *, member: Member | None) -> Prep:
    """The readings in their order, each marked with `is_read` for this member. One query."""
    read = set()
    readings = list(readings)
    if member and readings:
        read = set(
            Progress.objects.filter(member=member, reading__in=readings).values_list("reading_id", flat=True)
        )
    for reading in readings:
        reading.is_read = reading.pk in read
    return Prep(readings)


@transaction.atomic
def set_read(*, reading: Reading, member: Member, read: bool, now: datetime) -> None:
    """Record that the member has read it, or take that back. Saying the same twice changes nothing."""
    if read:
        Progress.objects.bulk_create(
            [Progress(reading=reading, member=member, read_at=now)], ignore_conflicts=True
        )
    else:
        Progress.objects.filter(reading=reading, member=member).delete()
