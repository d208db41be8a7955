"""A session's life: planned, announced, held or cancelled; and what it is made of (rule 5)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from members.errors import Refused
from members.models import Group
from sessions_app import concerned, guests, mails, mails_in_time, notes, proposals
from sessions_app.models import Session

State = Session.State

ALLOWED_MOVES: dict[str, frozenset[str]] = {
    State.DRAFT: frozenset({State.ANNOUNCED, State.CANCELLED}),
    State.ANNOUNCED: frozenset({State.HELD, State.CANCELLED}),
    State.HELD: frozenset(),
    State.CANCELLED: frozenset({State.DRAFT}),
}


class IllegalStep(Refused):
    """The session is not in a state from which this step starts."""


def next_number() -> int:
    """The number to suggest for a new session. Not reserved: two drafts at once are told apart by rule 5."""
    last = Session.objects.order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


def _step(session_id: int, to: str) -> Session:
    session = Session.objects.select_for_update().get(pk=session_id)
    if to not in ALLOWED_MOVES[session.state]:
        raise IllegalStep(f"{session} is {session.get_state_display().lower()}. Nothing was changed.")
    session.state = to
    return session


@transaction.atomic
def announce(*, session_id: int, now: datetime) -> Session:
    """Show a draft to everybody and write to those concerned: members who may come, and who presents.

    Returns it with `told`, the number of mails. Raises IllegalStep when it is not a draft, Refused when it
    lies in the past.
    """
    session = _step(session_id, State.ANNOUNCED)
    if session.ends_at <= now:
        raise Refused("This session is over. Give it a date to come, then announce it.")
    session.announced_at = now
    session.save(update_fields=["state", "announced_at"])
    group = Group.objects.current()
    session.told = mails.announced(session, concerned.of_session(session), group, now=now)
    mails_in_time.scribe_named(session, now=now)
    return session


@transaction.atomic
def hold(*, session_id: int, now: datetime) -> Session:
    """Record that an announced session took place. Raises IllegalStep, or Refused before it has started."""
    session = _step(session_id, State.HELD)
    if session.starts_at > now:
        raise Refused("This session has not started yet. Nothing was changed.")
    session.save(update_fields=["state"])
    proposals.follow_session(session, now=now)
    notes.tell_of_held(session, now=now)
    return session


@transaction.atomic
def cancel(*, session_id: int, now: datetime) -> Session:
    """Call a session off. When it had been announced, those concerned hear of it. Raises IllegalStep.

    These are members who may come, presenters, and guests with a chair. Their answers stay on record.
    """
    session = _step(session_id, State.CANCELLED)
    session.cancelled_at = now
    _count_change(session)
    session.save(update_fields=["state", "cancelled_at", "sequence"])
    if session.announced_at and session.starts_at > now:
        group = Group.objects.current()
        with_chair = guests.kept(session).values_list("application__email", flat=True)
        mails.cancelled(session, concerned.of_session(session, besides=with_chair), group, now=now)
        guests.call_off(session, group, now=now)
    return session


@transaction.atomic
def reopen(*, session_id: int) -> Session:
    """Take a cancelled session up again as a draft. Raises IllegalStep when it is not cancelled."""
    session = _step(session_id, State.DRAFT)
    _count_change(session)
    session.announced_at = session.cancelled_at = None
    session.save(update_fields=["state", "announced_at", "cancelled_at", "sequence"])
    return session


def _count_change(session: Session) -> None:
    """Let the calendars that know an announced session take what comes now for newer (RFC 5545, 3.8.7.4)."""
    if session.announced_at:
        session.sequence += 1
