"""Whether a member comes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from members.errors import Refused
from members.models import Member
from sessions_app.models import Rsvp, Session


class TooLate(Refused):
    """The session has started, or is not one that people come to."""


@transaction.atomic
def answer(*, session_id: int, member: Member, answer: str, now: datetime) -> Rsvp:
    """Record yes, maybe or no, until the session starts; the last answer counts.

    Raises TooLate after the start and for a session that is not announced.
    """
    session = Session.objects.select_for_update().get(pk=session_id)
    if session.state != Session.State.ANNOUNCED:
        raise TooLate(f"{session} is {session.get_state_display().lower()}. Your answer was not recorded.")
    if session.starts_at <= now:
        raise TooLate(f"{session} has started. Your answer was not recorded.")
    rsvp, _ = Rsvp.objects.update_or_create(
        session=session, member=member, defaults={"answer": answer, "answered_at": now}
    )
    return rsvp
