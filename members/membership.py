"""What becomes of a member: leave, return, departure, role. Each change locks the group first."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from members import mails, photos, recipients, seats
from members.errors import GroupFull, LastOrganiser, Refused
from members.models import Group, Member, SeatChange, User
from members.models.member import MemberQuerySet
from members.names import isolated
from outbox.forgetting import forget_person

Kind = SeatChange.Kind
NOW_IS = {
    Member.State.ACTIVE: "has a seat",
    Member.State.ON_LEAVE: "is on leave",
    Member.State.ALUMNI: "has left the group",
}


def _locked(member_id: int) -> tuple[Group, Member]:
    """The group and the member, both locked, in this order. Raises Refused for somebody who was erased."""
    group = Group.objects.locked()
    member = Member.objects.select_for_update(of=["self"]).select_related("user").filter(pk=member_id).first()
    if member is None:
        raise Refused("This person’s record was erased meanwhile. Nothing was changed.")
    return group, member


def _require(member: Member, *states: str, seen: str | None) -> None:
    """The member is in one of the states, and in the one that the page showed, if there was a page."""
    if member.state not in states or (seen and member.state != seen):
        raise Refused(f"{isolated(member.name)} {NOW_IS[member.state]} by now. Nothing was changed.")


def _actor(by: User | None, member: Member) -> User | None:
    # The ledger names who acted for somebody else; nobody stands for the person concerned.
    return None if by is None or by.pk == member.user_id else by


def require_other_organisers(user_ids: Collection[int]) -> None:
    """Make sure that the group is still run by somebody when these people no longer are there to do it.

    Inside a transaction, whose end lets go of the group's row: until then nobody else can stop being an
    organiser. Raises LastOrganiser. A group that has no organiser now has none to lose.
    """
    if Group.objects.current() is None:
        return
    Group.objects.locked()
    organisers = list(Member.objects.organisers().select_related("user"))
    leaving = [member for member in organisers if member.user_id in user_ids]
    if leaving and len(leaving) == len(organisers):
        raise LastOrganiser(isolated(leaving[0].name))


@transaction.atomic
def go_on_leave(
    *, member_id: int, until: date, by: User, now: datetime, reason: str = "", seen: str | None = None
) -> Member:
    """Lend the seat until a day: others may have it meanwhile.

    until: the day of return, in the group's time zone, after today; seen: the state that the page showed.
    Raises Refused when the day has come, or when the member is not active or no longer as seen.
    """
    group, member = _locked(member_id)
    _require(member, Member.State.ACTIVE, seen=seen)
    if until <= now.astimezone(ZoneInfo(group.time_zone)).date():
        raise Refused("Choose a day of return after today.")
    member.state, member.leave_until, member.leave_reason = Member.State.ON_LEAVE, until, reason.strip()
    member.save(update_fields=["state", "leave_until", "leave_reason"])
    note = f"Until {until:%-d %B %Y}"
    seats.write(Kind.LENT, group=group, now=now, member=member, actor=_actor(by, member), note=note)
    return member


@transaction.atomic
def come_back(*, member_id: int, by: User | None, now: datetime, seen: str | None = None) -> Member:
    """Take the seat again after a leave. `by`: None when the day of return has come.

    Raises GroupFull while every seat is taken or held, Refused when the member is not on leave.
    """
    group, member = _locked(member_id)
    _require(member, Member.State.ON_LEAVE, seen=seen)
    seats.require_free(group)
    member = seats.seat(user=member.user, now=now)
    seats.write(Kind.RETURNED, group=group, now=now, member=member, actor=_actor(by, member))
    mails.back_from_leave(member, group, now=now)
    return member


@transaction.atomic
def seat_again(*, member_id: int, by: User, now: datetime, seen: str | None = None) -> Member:
    """Give somebody who had left a seat again, without an application.

    Raises GroupFull while every seat is taken or held, Refused when the person has not left.
    """
    group, member = _locked(member_id)
    _require(member, Member.State.ALUMNI, seen=seen)
    seats.require_free(group)
    member = seats.seat(user=member.user, now=now)
    seats.write(
        Kind.TAKEN,
        group=group,
        now=now,
        member=member,
        actor=_actor(by, member),
        note="Came back to the group",
    )
    mails.welcome(member, group, about=f"member:{member.pk}:{now.isoformat()}", now=now)
    return member


@transaction.atomic
def leave_group(
    *, member_id: int, by: User, now: datetime, reason: str = "", seen: str | None = None
) -> Member:
    """Become an alumnus, by one's own wish: the seat is free, the talks and notes stay.

    Raises LastOrganiser, or Refused when the member has left already.
    """
    return _end(member_id, Kind.LEFT, by=by, now=now, reason=reason, seen=seen)


@transaction.atomic
def remove(*, member_id: int, by: User, now: datetime, reason: str, seen: str | None = None) -> Member:
    """End a membership from the organisers' side, with a reason that the person reads.

    Raises LastOrganiser, or Refused without a reason or when the member has left already.
    """
    if not reason.strip():
        raise Refused("Give a reason; the person reads it.")
    return _end(member_id, Kind.REMOVED, by=by, now=now, reason=reason, seen=seen)


def _end(member_id: int, kind: str, *, by: User, now: datetime, reason: str, seen: str | None) -> Member:
    group, member = _locked(member_id)
    _require(member, Member.State.ACTIVE, Member.State.ON_LEAVE, seen=seen)
    require_other_organisers({member.user_id})
    # Whoever leaves while on leave has lent the seat already: the line says why the numbers stay.
    note = "While on leave" if member.state == Member.State.ON_LEAVE else ""
    member.state, member.left_at, member.leave_until = Member.State.ALUMNI, now, None
    member.role, member.leave_reason = Member.Role.MEMBER, reason.strip()
    member.save(update_fields=["state", "left_at", "leave_until", "role", "leave_reason"])
    # The reason is about a person, who may be erased; so it stands at the member, not in the ledger.
    seats.write(kind, group=group, now=now, member=member, actor=_actor(by, member), note=note)
    mails.left(member, group, removed=kind == Kind.REMOVED, reason=member.leave_reason, now=now)
    return member


@transaction.atomic
def set_role(*, member_id: int, role: str, by: User, now: datetime, seen: str | None = None) -> Member:
    """Make somebody a member, a reviewer or an organiser.

    seen: the role that the page showed. Raises LastOrganiser when nobody would run the group any more,
    Refused for who has left, an unknown role, the role somebody has already, or one that has changed.
    """
    if role not in Member.Role.values:
        raise Refused("Choose one of the roles.")
    _, member = _locked(member_id)
    _require(member, Member.State.ACTIVE, Member.State.ON_LEAVE, seen=None)
    if member.role == role or (seen and member.role != seen):
        raise Refused(
            f"{isolated(member.name)} is {article(member.get_role_display())} by now. Nothing was changed."
        )
    if role != Member.Role.ORGANISER:
        require_other_organisers({member.user_id})
    member.role = role
    member.save(update_fields=["role"])
    return member


def article(role: str) -> str:
    """A role in a sentence: a member, an organiser."""
    word = role.lower()
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


@transaction.atomic
def erase(*, user_ids: Collection[int], by: User, now: datetime, delete: Callable[[], object]) -> None:
    """Delete accounts or memberships for good, with their photos; the ledger tells of the seats they free.

    With an account go the mails to it and what its owner has chosen about them. user_ids: whose; delete: what
    deletes the rows. Raises LastOrganiser.
    """
    require_other_organisers(user_ids)
    members = list(Member.objects.filter(user_id__in=user_ids))
    for member in members:
        photos.forget(member)
    delete()
    standing = set(User.objects.filter(pk__in=user_ids).values_list("pk", flat=True))
    for user_id in set(user_ids) - standing:
        forget_person(recipients.of_user(user_id), instead=recipients.ERASED)
    group = Group.objects.current()
    for member in members:
        if member.state == Member.State.ACTIVE:
            seats.write(Kind.REMOVED, group=group, now=now, actor=by, note="The record was erased")


def due_back(group: Group, *, now: datetime) -> MemberQuerySet:
    """Members whose day of return has come, the earliest first."""
    today = now.astimezone(ZoneInfo(group.time_zone)).date()
    return Member.objects.filter(state=Member.State.ON_LEAVE, leave_until__lte=today).order_by(
        "leave_until", "pk"
    )


def seat_returners(*, now: datetime) -> int:
    """Give everybody whose leave is over the seat again, the earliest return first, while seats are free.

    Returns how many. Who finds the room full stays on leave, and is the first to get the next free seat.
    """
    group = Group.objects.current()
    if group is None:
        return 0
    done = 0
    for member_id in list(due_back(group, now=now).values_list("pk", flat=True)):
        try:
            come_back(member_id=member_id, by=None, now=now)
        except GroupFull:
            break
        except Refused:
            continue  # came back, left or was erased since the look
        done += 1
    return done
