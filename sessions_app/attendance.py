"""Who was there: ticked off at the door, or noted later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from members.errors import Refused
from members.models import Member, User
from members.models.member import MemberQuerySet
from sessions_app import room
from sessions_app.models import Attendance, GuestChair, Rsvp, Session

DOOR_OPENS = timedelta(hours=1)  # before the start; it never closes
LONGEST_NAME = Attendance._meta.get_field("guest_name").max_length
COMING, IN_LINE, UNSURE, SILENT, AWAY, LEFT = range(6)
FEW = 60  # so many people are listed by name at once; among more, the others are found by name


class NotAtTheDoor(Refused):
    """Nobody comes to this session, or not yet."""


class NoName(Refused):
    """A guest needs a name, and one that fits."""


# --- Noting --------------------------------------------------------------------------------------------
def opens_at(session: Session) -> datetime:
    """When the first may be ticked off."""
    return session.starts_at - DOOR_OPENS


def closed_sentence(session: Session, *, now: datetime) -> str:
    """Why nobody can be ticked off, in a sentence; empty while they can."""
    if session.state not in (Session.State.ANNOUNCED, Session.State.HELD):
        return f"{session} is {session.get_state_display().lower()}, so nobody is noted."
    if now < opens_at(session):
        return f"{session} has not begun; people are ticked off from an hour before its start."
    return ""


def _open_session(session_id: int, *, now: datetime) -> Session:
    session = Session.objects.get(pk=session_id)
    if sentence := closed_sentence(session, now=now):
        raise NotAtTheDoor(f"{sentence} Nothing was changed.")
    return session


def note_member(*, session_id: int, member_id: int, came: bool, by: User, now: datetime) -> str:
    """Note that a member came, or take that back; returns the name. Saying the same twice changes nothing.

    Raises NotAtTheDoor, or Refused for somebody who was erased.
    """
    session = _open_session(session_id, now=now)
    member = Member.objects.select_related("user").filter(pk=member_id).first()
    if member is None:
        raise Refused("This person’s record was erased meanwhile. Nothing was changed.")
    _write(session, came=came, by=by, now=now, member=member)
    return member.name


def note_guest(*, session_id: int, chair_id: int, came: bool, by: User, now: datetime) -> str:
    """Note that a guest with a chair came, or take that back; returns the name. As `note_member`."""
    session = _open_session(session_id, now=now)
    chair = session.guest_chairs.select_related("application").filter(pk=chair_id).first()
    if chair is None:
        raise Refused("This guest’s record was erased meanwhile. Nothing was changed.")
    _write(session, came=came, by=by, now=now, guest_chair=chair)
    return chair.application.name


def note_name(*, session_id: int, name: str, came: bool, by: User, now: datetime) -> str:
    """Note that somebody else came, by name, or take that back; returns the name. As `note_member`.

    Small and capital letters make no difference. Raises NoName.
    """
    session = _open_session(session_id, now=now)
    name = " ".join(name.split())
    if not name:
        raise NoName("Write the guest’s name.")
    if len(name) > LONGEST_NAME:
        raise NoName(f"Shorten the name; at most {LONGEST_NAME} characters are kept.")
    if came:
        _write(session, came=True, by=by, now=now, guest_name=name)
    else:
        session.attendance.filter(guest_name__iexact=name).delete()
    return name


def _write(session: Session, *, came: bool, by: User, now: datetime, **who) -> None:
    if came:
        row = Attendance(session=session, noted_by=by, noted_at=now, **who)
        Attendance.objects.bulk_create([row], ignore_conflicts=True)
    else:
        session.attendance.filter(**who).delete()


# --- At the door ---------------------------------------------------------------------------------------
def people(session: Session) -> MemberQuerySet:
    """All members, each with whether they `came`, their answer to the session (`reply_*`), and `rank`.

    By rank: COMING, IN_LINE (the longest first), UNSURE, SILENT, AWAY (said no), LEFT (the group); by name.
    """
    yes = Q(reply__answer=Rsvp.Answer.YES)
    return (
        Member.objects.select_related("user")
        .annotate(
            reply=FilteredRelation("rsvps", condition=Q(rsvps__session=session)),
            came=Exists(Attendance.objects.filter(session=session, member=OuterRef("pk"))),
        )
        .annotate(
            rank=Case(
                When(state=Member.State.ALUMNI, then=LEFT),
                When(yes & Q(reply__in_line_since=None), then=COMING),
                When(yes, then=IN_LINE),
                When(reply__answer=Rsvp.Answer.MAYBE, then=UNSURE),
                When(reply__answer=Rsvp.Answer.NO, then=AWAY),
                default=SILENT,
                output_field=IntegerField(),
            ),
            reply_note=F("reply__note"),
        )
        .order_by("rank", F("reply__in_line_since").asc(nulls_first=True), "user__name", "pk")
    )


@dataclass(frozen=True)
class Door:
    """Who stands on the door's list. `hidden`: how many others are found by name alone."""

    members: list[Member]
    chairs: list[GuestChair]
    names: list[Attendance]
    hidden: int


def door(session: Session, *, named: str = "") -> Door:
    """All who may come: members, guests with chairs, and guests noted by name. Four queries.

    named: only those with this in their names, also members who have left, for corrections in the archive.
    Without it, a long list leaves out those who have not said that they might come and are not here.
    """
    found, everybody = people(session), 0
    chairs, names = guests_with_chairs(session), session.attendance.exclude(guest_name="")
    if named:
        found = found.filter(user__name__icontains=named)[:FEW]
        chairs = chairs.filter(application__name__icontains=named)
        names = names.filter(guest_name__icontains=named)
    else:
        found = found.filter(Q(state__in=room.PRESENT) | Q(came=True))
        everybody = found.count()
        if everybody > FEW:
            found = found.filter(Q(rank__lt=SILENT) | Q(came=True))
    members = list(found)
    return Door(members, list(chairs), list(names), hidden=max(0, everybody - len(members)))


def guests_with_chairs(session: Session) -> QuerySet[GuestChair]:
    """The session's guests: those whose chair is kept, and those who came; each with `came`, by name."""
    here = Exists(Attendance.objects.filter(guest_chair=OuterRef("pk")))
    kept = Q(pk__in=room.kept(session).values("pk"))
    return (
        session.guest_chairs.annotate(came=here)
        .filter(kept | Q(came=True))
        .select_related("application")
        .order_by("application__name", "pk")
    )


@dataclass(frozen=True)
class HeadCount:
    """How many are here, how many of them have no name any more, and how many more said that they come."""

    here: int
    nameless: int
    expected: int


def head_count_of(session: Session) -> HeadCount:
    """The counter at the door: everybody who came, and members and guests still to come. One query."""
    came = Attendance.objects.filter(session=session)
    nameless = came.filter(member=None, guest_chair=None, guest_name="")
    members = room.seated(session).exclude(member__in=came.exclude(member=None).values("member"))
    guests = guests_with_chairs(session).filter(state=GuestChair.State.ACCEPTED, came=False)
    row = Session.objects.filter(pk=session.pk).values_list(
        *map(_number_of, (came, nameless, members, guests))
    )
    here, without_name, *expected = row.get()
    return HeadCount(here=here, nameless=without_name, expected=sum(expected))


def _number_of(rows: QuerySet) -> Coalesce:
    counted = rows.order_by().annotate(one=Value(1)).values("one").annotate(rows=Count("pk"))
    return Coalesce(Subquery(counted.values("rows"), output_field=IntegerField()), 0)


def head_count() -> Subquery:
    """For an annotation of sessions: how many came, guests too; None when nobody noted it."""
    counted = Attendance.objects.filter(session=OuterRef("pk")).order_by().values("session")
    return Subquery(counted.annotate(heads=Count("pk")).values("heads"), output_field=IntegerField())
