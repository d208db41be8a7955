"""Guest chairs: for one session, the room's slack goes to people from the shortlist. No seat is taken."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from members import moves
from members.errors import Refused
from members.models import Application, Group, User
from members.models.application import OPEN_STATES, State
from members.models.invitation import hash_token
from members.names import isolated
from sessions_app import mails
from sessions_app.models import GuestChair, Session
from sessions_app.room import free_chairs, kept, move_up

CLOSED_SENTENCES = {
    GuestChair.State.DECLINED: "You have told us that you do not come, and the chair went to somebody else.",
    GuestChair.State.REVOKED: "The organisers have taken this chair back.",
}


class NoChairFree(Refused):
    """The room has no slack for this session."""


class ChairClosed(Refused):
    """The chair can no longer be answered."""


@dataclass(frozen=True)
class Room:
    """The next session as the shortlist shows it: how many chairs are free, and who has one.

    chairs: by the application's key.
    """

    session: Session
    free: int
    chairs: dict[int, GuestChair]


def next_room(group: Group, *, now: datetime) -> Room | None:
    """The next session that guests may be asked to; None when none is announced. Three queries."""
    session = (
        Session.objects.filter(state=Session.State.ANNOUNCED, starts_at__gt=now)
        .order_by("starts_at", "pk")
        .first()
    )
    if session is None:
        return None
    chairs = {chair.application_id: chair for chair in kept(session)}
    return Room(session, free_chairs(session, capacity=group.capacity, chairs=len(chairs)), chairs)


def coming(*, now: datetime) -> QuerySet[GuestChair]:
    """The chairs kept at sessions to come, the soonest first, with their sessions and people. One query."""
    return (
        GuestChair.objects.kept()
        .filter(
            application__state__in=OPEN_STATES,
            session__state=Session.State.ANNOUNCED,
            session__ends_at__gt=now,
        )
        .select_related("session", "application")
        .order_by("session__starts_at", "offered_at", "pk")
    )


@transaction.atomic
def offer(*, session_id: int, application_id: int, by: User, now: datetime) -> GuestChair:
    """Offer a chair at one session to somebody on the shortlist, and mail the link.

    Raises NoChairFree without slack in the room, Refused when the session is not announced or has begun,
    when the person is not on the shortlist, or has a chair there already.
    """
    # One lock order: group, session, application.
    group = Group.objects.locked()
    session = Session.objects.select_for_update().get(pk=session_id)
    application = moves.lock(application_id)
    if session.state != Session.State.ANNOUNCED:
        raise Refused(f"{session} is {session.get_state_display().lower()}; guests come to announced ones.")
    if session.starts_at <= now:
        raise Refused(f"{session} has begun. Nothing was changed.")
    if application.state != State.SHORTLISTED:
        raise Refused(moves.stale_sentence(application, now=now))
    if session.guest_chairs.kept().filter(application=application).exists():
        raise Refused(f"{isolated(application.name)} has a chair at {_named(session)} already.")
    if free_chairs(session, capacity=group.capacity) <= 0:
        raise NoChairFree(f"The room has no chair to spare at {_named(session)}. Nothing was changed.")
    token = secrets.token_urlsafe(32)
    chair = GuestChair.objects.create(
        session=session,
        application=application,
        token_hash=hash_token(token),
        offered_by=by,
        offered_at=now,
    )
    _log(application, f"Was offered a guest chair at {_named(session)}", by=by, now=now)
    mails.guest_chair(chair, token, group, now=now)
    return chair


@transaction.atomic
def answer(*, token: str, comes: bool, now: datetime) -> GuestChair:
    """The guest says whether they come; until the session starts, who said yes may still say no.

    The same answer twice is harmless. Raises GuestChair.DoesNotExist for a token never issued, ChairClosed
    when the chair was declined or taken back, the session has begun or is called off, or the person has left
    the list.
    """
    found = GuestChair.objects.with_token(token).get()
    session = Session.objects.select_for_update().get(pk=found.session_id)
    application = moves.lock(found.application_id)
    chair = GuestChair.objects.select_for_update().get(pk=found.pk)
    chair.session, chair.application = session, application
    if sentence := closed_sentence(chair, now=now):
        raise ChairClosed(sentence)
    state = GuestChair.State.ACCEPTED if comes else GuestChair.State.DECLINED
    if chair.state == state:
        return chair
    chair.state, chair.answered_at = state, now
    chair.save(update_fields=["state", "answered_at"])
    said = "Comes" if comes else "Does not come"
    _log(application, f"{said} to {_named(session)} as a guest", by=None, now=now)
    move_up(session, now=now)
    return chair


@transaction.atomic
def revoke(*, chair_id: int, by: User, now: datetime) -> GuestChair:
    """Take a chair back, and tell the guest.

    Raises Refused when it was declined or taken back already, or the session has begun.
    """
    group = Group.objects.locked()
    found = GuestChair.objects.get(pk=chair_id)
    session = Session.objects.select_for_update().get(pk=found.session_id)
    application = moves.lock(found.application_id)
    chair = GuestChair.objects.select_for_update().get(pk=chair_id)
    chair.session, chair.application = session, application
    if chair.state not in (GuestChair.State.OFFERED, GuestChair.State.ACCEPTED):
        raise Refused(
            f"This chair is free already: {chair.get_state_display().lower()}. Nothing was changed."
        )
    if session.starts_at <= now:
        raise Refused(f"{session} has begun. Nothing was changed.")
    chair.state, chair.answered_at = GuestChair.State.REVOKED, now
    chair.save(update_fields=["state", "answered_at"])
    _log(application, f"The guest chair at {_named(session)} was taken back", by=by, now=now)
    mails.guest_chair_revoked(chair, group, now=now)
    move_up(session, now=now)
    return chair


def call_off(session: Session, group: Group, *, now: datetime) -> None:
    """Tell the guests of a locked session that it is cancelled; their chairs end with it."""
    chairs = list(kept(session).select_related("application"))
    mails.cancelled_for_guests(session, chairs, group, now=now)
    session.guest_chairs.kept().update(state=GuestChair.State.REVOKED, answered_at=now)


def closed_sentence(chair: GuestChair, *, now: datetime) -> str:
    """Why the link no longer works, in a sentence; empty while it does. Reads the session and the person."""
    session = chair.session
    if session.state == Session.State.CANCELLED:
        return f"{session} was cancelled. It does not take place."
    if chair.state in CLOSED_SENTENCES:
        return CLOSED_SENTENCES[chair.state]
    if chair.application.state == State.JOINED:
        return "You have a seat in the group now; sign in and say there whether you come."
    if chair.application.state not in OPEN_STATES:
        return "Your application is closed, and the chair went to somebody else."
    if session.state != Session.State.ANNOUNCED:
        return f"{session} is {session.get_state_display().lower()}."
    if session.starts_at <= now:
        return f"{session} has begun."
    return ""


def _named(session: Session) -> str:
    return f"session {session.number}"


def _log(application: Application, reason: str, *, by: User | None, now: datetime) -> None:
    moves.log(
        application,
        before=application.state,
        by=moves.By.ORGANISER if by else moves.By.APPLICANT,
        actor=by,
        now=now,
        reason=reason,
    )
