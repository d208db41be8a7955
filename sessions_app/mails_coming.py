"""What members are told when a chair in a full room changes hands."""

from __future__ import annotations

from datetime import datetime

from members.models import Group
from outbox.models import Message
from outbox.writing import absolute, write
from sessions_app.models import Rsvp, Session


def chair_freed(rsvp: Rsvp, session: Session, group: Group, *, now: datetime) -> Message:
    """To a member who was in line: there is a chair now. Once for each time in the line."""
    return _to_member("chair_freed", rsvp, session, group, event=rsvp.in_line_since, now=now)


def chair_passed_on(rsvp: Rsvp, session: Session, group: Group, *, now: datetime) -> Message:
    """To a member who went on leave: somebody in line has the chair, and how to get it back."""
    return _to_member("chair_passed_on", rsvp, session, group, event=rsvp.in_line_since, now=now)


def _to_member(
    kind: str, rsvp: Rsvp, session: Session, group: Group, *, event: datetime, now: datetime
) -> Message:
    member = rsvp.member
    return write(
        kind=kind,
        about=f"session:{session.pk}:line:{rsvp.pk}:{event:%Y-%m-%dT%H:%M:%S.%f}",
        to=member.user.email,
        context={
            "name": member.name,
            "group": group,
            "session": session,
            "answer_url": absolute(f"{session.get_absolute_url()}#rsvp"),
        },
        now=now,
    )
