"""Which message goes to whom when a session is announced or cancelled."""

from __future__ import annotations

from datetime import datetime

from members.models import Group, Member
from outbox.models import Message
from outbox.writing import absolute, write
from sessions_app.models import Session


def _to_member(kind: str, session: Session, member: Member, group: Group, *, now: datetime) -> Message:
    return write(
        kind=kind,
        # A session that is announced again after having been cancelled is another event.
        about=f"session:{session.pk}:{session.announced_at:%Y-%m-%dT%H:%M:%S.%f}",
        to=member.user.email,
        context={
            "name": member.name,
            "group": group,
            "session": session,
            "session_url": absolute(session.get_absolute_url()),
        },
        now=now,
    )


def announced(session: Session, member: Member, group: Group, *, now: datetime) -> Message:
    """To a member: when and where the session is, and the page with what to prepare."""
    return _to_member("session_announced", session, member, group, now=now)


def cancelled(session: Session, member: Member, group: Group, *, now: datetime) -> Message:
    """To a member: the session does not take place."""
    return _to_member("session_cancelled", session, member, group, now=now)
