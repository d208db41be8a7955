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
from django.db.models import Count, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

from members.errors import GroupFull
from members.models import Acknowledgement, Group, Invitation, Member, User


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


def seat(*, user: User, now: datetime, strengths=()) -> Member:
    """Give the person an active membership; the caller has locked the group and made sure of a seat.

    A former member takes the old record up again: one person is one member.
    """
    member, _ = Member.objects.update_or_create(
        user=user,
        defaults={"state": Member.State.ACTIVE, "left_at": None},
        create_defaults={"state": Member.State.ACTIVE, "joined_at": now},
    )
    member.strengths.add(*strengths)
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    return member


@transaction.atomic
def add_member(*, user: User, now: datetime, role: str = Member.Role.MEMBER, strengths=()) -> Member:
    """Seat somebody without an application: the first organiser, or a group that already meets.

    Raises GroupFull when no seat is free.
    """
    group = Group.objects.locked()
    if not Member.objects.active().filter(user=user).exists():
        require_free(group)
    member = seat(user=user, now=now, strengths=strengths)
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
    counted = rows.order_by().annotate(one=Value(1)).values("one").annotate(rows=Count("pk"))
    return Coalesce(Subquery(counted.values("rows")), 0)
