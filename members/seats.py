"""Seats: how many there are, who holds them, and the only ways to take one (rule 1).

Active members + open invitations ≤ capacity. Every function that takes or frees a seat locks the group's
row first, so that two of them never count at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Count, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

from members.errors import GroupFull, Refused
from members.models import Acknowledgement, Application, Group, Invitation, Member, SeatChange, User
from members.models.member import MemberQuerySet

MOST_SEATS = 500


@dataclass(frozen=True)
class Seats:
    """The seats at one moment. `free` is never negative, even when a lowered capacity is exceeded."""

    capacity: int
    taken: int
    held: int

    @property
    def free(self) -> int:
        """Seats that may be offered now."""
        return max(0, self.capacity - self.taken - self.held)

    @property
    def over(self) -> int:
        """By how many the seats in use exceed the group's number, after it was lowered."""
        return max(0, self.taken + self.held - self.capacity)

    @property
    def is_full(self) -> bool:
        """Whether nobody can be invited."""
        return self.free == 0


def count(group: Group) -> Seats:
    """The seats as they are. Exact only while the group's row is locked; for pages, good enough without."""
    return Seats(
        capacity=group.capacity,
        taken=Member.objects.active().count(),
        held=Invitation.objects.open().count(),
    )


def require_free(group: Group) -> None:
    """Raise GroupFull when no seat can be offered. `group` comes from Group.objects.locked()."""
    if count(group).is_full:
        raise GroupFull(group.capacity)


def write(
    kind: str,
    *,
    group: Group,
    now: datetime,
    member: Member | None = None,
    application: Application | None = None,
    actor: User | None = None,
    note: str = "",
) -> SeatChange:
    """Write one line of the seat ledger, with the seats as they are after the change.

    kind: SeatChange.Kind; actor: who did it, None for the person concerned or the system. `group` is locked.
    """
    after = count(group)
    return SeatChange.objects.create(
        kind=kind,
        at=now,
        member=member,
        application=application,
        actor=actor,
        note=note,
        capacity=after.capacity,
        taken=after.taken,
        held=after.held,
    )


@transaction.atomic
def set_capacity(
    *, capacity: int, by: User | None, now: datetime, reason: str = "", seen: int | None = None
) -> Group:
    """Change how many seats the group has, from 1 to MOST_SEATS.

    Fewer than are in use is allowed: nobody loses a seat, and nobody is invited until enough are free.
    seen: the number on the page from which this was asked. Raises Refused when it is that number already,
    when it has changed since, or is out of range.
    """
    group = Group.objects.locked()
    if not 1 <= capacity <= MOST_SEATS:
        raise Refused(f"Choose a number of seats from 1 to {MOST_SEATS}.")
    if group.capacity == capacity:
        raise Refused(f"The group has {capacity} seats already. Nothing was changed.")
    if seen is not None and seen != group.capacity:
        raise Refused(f"Somebody else has set the seats to {group.capacity} meanwhile. Nothing was changed.")
    before, group.capacity = group.capacity, capacity
    group.save(update_fields=["capacity"])
    note = f"From {before} to {capacity}" + (f": {reason.strip()}" if reason.strip() else "")
    write(SeatChange.Kind.CAPACITY, group=group, now=now, actor=by, note=note)
    return group


def seat(*, user: User, now: datetime, strengths=()) -> Member:
    """Give the person an active membership; the caller has locked the group and made sure of a seat.

    A former member takes the old record up again: one person is one member.
    """
    member, _ = Member.objects.update_or_create(
        user=user,
        defaults={
            "state": Member.State.ACTIVE,
            "left_at": None,
            "leave_until": None,
            "leave_reason": "",
        },
        create_defaults={"state": Member.State.ACTIVE, "joined_at": now},
    )
    member.strengths.add(*strengths)
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    return member


def holders() -> MemberQuerySet:
    """Members with a seat or on leave, by name, each with how they came by it, in one query.

    Adds `seat_since` and `seat_line` (kind, note, application of the line that says how, or None), and for
    those on leave `lent_at` and `lent_by` (the name of whoever entered it).
    """
    lines = SeatChange.objects.filter(member=OuterRef("pk")).order_by("-at", "-pk")
    took = lines.filter(kind__in=[SeatChange.Kind.TAKEN, SeatChange.Kind.RETURNED])
    lent = lines.filter(kind=SeatChange.Kind.LENT)
    line = JSONObject(kind="kind", note="note", application="application_id")
    return (
        Member.objects.present()
        .by_name()
        .annotate(
            seat_since=Coalesce(Subquery(took.values("at")[:1]), "joined_at"),
            seat_line=Subquery(took.values_list(line)[:1]),
            lent_at=Subquery(lent.values("at")[:1]),
            lent_by=Subquery(lent.values("actor__name")[:1]),
        )
    )


@transaction.atomic
def add_member(
    *, user: User, now: datetime, role: str = Member.Role.MEMBER, strengths=(), by: User | None = None
) -> Member:
    """Seat somebody without an application: the first organiser, or a group that already meets.

    Raises GroupFull when no seat is free.
    """
    group = Group.objects.locked()
    sits = Member.objects.active().filter(user=user).exists()
    if not sits:
        require_free(group)
    member = seat(user=user, now=now, strengths=strengths)
    if not sits:
        write(
            SeatChange.Kind.TAKEN,
            group=group,
            now=now,
            member=member,
            actor=by,
            note="Without an application",
        )
    if member.role != role:
        member.role = role
        member.save(update_fields=["role"])
    return member


def current_group() -> Group | None:
    """The group with its seats (`seats`) and those it thanks (`thanks`), in one query, for pages.

    thanks: a list of {"name", "url", "role", "reason"}. None before the group is set up.
    """
    thanks = Acknowledgement.objects.order_by("position", "pk").values_list(
        JSONObject(name="name", url="url", role="role", reason="reason")
    )
    group = Group.objects.annotate(
        taken=_count_of(Member.objects.active()),
        held=_count_of(Invitation.objects.open()),
        thanks=ArraySubquery(thanks),
    ).first()
    if group:
        group.seats = Seats(capacity=group.capacity, taken=group.taken, held=group.held)
    return group


def _count_of(rows) -> Subquery:
    # Rows and not keys: an index alone can answer that.
    counted = rows.order_by().annotate(one=Value(1)).values("one").annotate(rows=Count("*"))
    return Coalesce(Subquery(counted.values("rows")), 0)
