"""The room of one session: who has a chair, who waits in line for one, and what is left for guests.

A session that says how many people its room holds has a line: members who would come and find no chair.
Whoever has a chair keeps it, also when the room is made smaller; the line moves up by itself. Every function
that changes the line is called with the session's row locked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from members.models import Group, Member, SeatChange
from members.models.application import OPEN_STATES
from sessions_app import mails_coming
from sessions_app.models import GuestChair, Rsvp, Session

PRESENT = [Member.State.ACTIVE, Member.State.ON_LEAVE]
TICK = timedelta(microseconds=1)


def kept(session: Session) -> QuerySet[GuestChair]:
    """The session's guest chairs that are spoken for.

    Who has joined meanwhile comes as a member, and who has left the list does not come.
    """
    return session.guest_chairs.kept().filter(application__state__in=OPEN_STATES)


def seated(session: Session) -> QuerySet[Rsvp]:
    """The answers of the members who come and have a chair."""
    return _would_come(session).filter(in_line_since=None)


def line(session: Session) -> QuerySet[Rsvp]:
    """The answers of the members who wait for a chair, the longest in line first."""
    return _would_come(session).filter(in_line_since__isnull=False).order_by("in_line_since", "pk")


def _would_come(session: Session) -> QuerySet[Rsvp]:
    # Somebody on leave may come to a session; somebody who has left the group may not.
    return Rsvp.objects.filter(session=session, answer=Rsvp.Answer.YES, member__state__in=PRESENT)


def chairs_left(session: Session) -> int | None:
    """The chairs that no member who comes has, less those kept for guests; None in a room without a limit.

    Negative in a room that was made smaller. Two queries; exact only while the session's row is locked.
    """
    if session.chairs is None:
        return None
    return session.chairs - kept(session).count() - seated(session).count()


def free_chairs(session: Session, *, capacity: int, chairs: int | None = None) -> int:
    """The room's slack for guests: its chairs, less the members who might come, less the chairs kept.

    Active members might come until they say no, members on leave when they have said yes; so there is no
    slack while anybody is in line. capacity: the group's seats, for a session that does not say how many the
    room holds. chairs: how many are kept, when the caller has counted. Negative in a room that is too small.
    Two queries; exact only while the group's and the session's rows are locked.
    """
    answers = Rsvp.objects.filter(session=session)
    away = answers.filter(answer=Rsvp.Answer.NO).values("member")
    comes = answers.filter(answer=Rsvp.Answer.YES).values("member")
    might_come = Member.objects.filter(
        Q(state=Member.State.ACTIVE) & ~Q(pk__in=away) | Q(state=Member.State.ON_LEAVE, pk__in=comes)
    ).count()
    spoken_for = kept(session).count() if chairs is None else chairs
    return (session.chairs or capacity) - might_come - spoken_for


def end_of_line(session: Session, *, now: datetime) -> datetime:
    """Since when the next one is in line: now, and after everybody who was told a place."""
    last = line(session).values_list("in_line_since", flat=True).last()
    return max(now, last + TICK) if last else now


def move_up(session: Session, *, now: datetime) -> list[Rsvp]:
    """Give the free chairs of a locked session to those longest in line, and tell each by mail.

    Somebody who went on leave after the answer goes to the end of the line when another waits. Returns who
    moved up. Nothing moves in a session that has started or is not announced.
    """
    if session.state != Session.State.ANNOUNCED or session.starts_at <= now:
        return []
    waiting = list(line(session).select_related("member__user"))
    if not waiting:
        return []
    free = chairs_left(session)
    if free is not None and free < len(waiting):
        waiting, free = _pass_on(session, waiting, free, now=now)
    up = waiting if free is None else waiting[: max(0, free)]
    if up:
        group = Group.objects.current()
        mails_coming.chair_freed(up, session, group, now=now)
        Rsvp.objects.filter(pk__in=[rsvp.pk for rsvp in up]).update(in_line_since=None)
    return up


def _pass_on(session: Session, waiting: list[Rsvp], free: int, *, now: datetime) -> tuple[list[Rsvp], int]:
    """Let members who lent their seat since they answered change places with those in line.

    Returns the line and the number of free chairs after that.
    """
    lent = SeatChange.objects.filter(kind=SeatChange.Kind.LENT, member=OuterRef("member"))
    away = list(
        seated(session)
        .filter(member__state=Member.State.ON_LEAVE)
        .annotate(lent_at=Subquery(lent.order_by("-at", "-pk").values("at")[:1]))
        .filter(lent_at__gt=F("answered_at"))
        .select_related("member__user")
        .order_by("lent_at", "pk")[: len(waiting) - max(0, free)]
    )
    if not away or free + len(away) <= 0:  # nobody in line would gain a chair
        return waiting, free
    group, since = Group.objects.current(), end_of_line(session, now=now)
    for rsvp in away:
        # Answered anew, so to speak: who comes nevertheless waits like everybody else from now on.
        rsvp.in_line_since, rsvp.answered_at = since, now
        rsvp.save(update_fields=["in_line_since", "answered_at"])
        since += TICK
    mails_coming.chair_passed_on(away, session, group, now=now)
    return [*waiting, *away], free + len(away)


def move_up_everywhere(*, now: datetime) -> int:
    """Let the lines of all sessions to come move up after somebody has left the group, or went on leave.

    Answers of people who have left the group become no. Returns how many got a chair. Each session is a
    transaction of its own.
    """
    to_come = Session.objects.filter(state=Session.State.ANNOUNCED, starts_at__gt=now)
    Rsvp.objects.filter(session__in=to_come, member__state=Member.State.ALUMNI).exclude(
        answer=Rsvp.Answer.NO
    ).update(answer=Rsvp.Answer.NO, in_line_since=None)
    waited_for = to_come.filter(rsvps__in_line_since__isnull=False).distinct().order_by("starts_at", "pk")
    moved = 0
    for pk in list(waited_for.values_list("pk", flat=True)):
        with transaction.atomic():
            session = Session.objects.select_for_update().filter(pk=pk).first()
            moved += len(move_up(session, now=now)) if session else 0
    return moved
