"""What a member has read and still has to read, and who follows how far the members are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from members.access import can_organise, member_of
from members.models import Member, User
from sessions_app.models import Presentation, Progress, Reading, Session


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


def with_ticks(readings: QuerySet[Reading], *, member: Member) -> QuerySet[Reading]:
    """Add `is_read`: whether this member has read it. It costs no further query."""
    return readings.annotate(is_read=Exists(Progress.objects.filter(reading=OuterRef("pk"), member=member)))


def prep_of(readings: Iterable[Reading]) -> Prep:
    """The preparation that these readings ask for, in their order; what nobody has marked is unread."""
    readings = list(readings)
    for reading in readings:
        reading.is_read = getattr(reading, "is_read", False)
    return Prep(readings)


def can_tick(session: Session) -> bool:
    """Whether its readings are ticked off and asked about: of what is to come, and of what was."""
    return session.state in (Session.State.ANNOUNCED, Session.State.HELD)


def presents(member: Member, session: Session) -> bool:
    """Whether the member gives a talk in the session. One query."""
    talks = Presentation.objects.filter(slots__session=session, presenters__member=member)
    return talks.exclude(state__in=[Presentation.State.DECLINED, Presentation.State.WITHDRAWN]).exists()


def can_follow(user: User, session: Session) -> bool:
    """Whether this person sees how the preparation goes: organisers, and members who present in the session.

    Drafts are the organisers' (rule 7). One query at most, besides the membership.
    """
    if can_organise(user):
        return True
    member = member_of(user)
    return member is not None and session.is_public and presents(member, session)


@transaction.atomic
def set_read(*, reading: Reading, member: Member, read: bool, now: datetime) -> None:
    """Record that the member has read it, or take that back. Saying the same twice changes nothing."""
    if read:
        Progress.objects.bulk_create(
            [Progress(reading=reading, member=member, read_at=now)], ignore_conflicts=True
        )
    else:
        Progress.objects.filter(reading=reading, member=member).delete()
