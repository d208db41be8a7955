"""Which message goes to whom when a session is announced, changed or cancelled; guests hear, too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse

from members.models import Group, Member
from outbox.models import Message
from outbox.writing import absolute, write
from sessions_app.models import GuestChair, Session

if TYPE_CHECKING:
    from sessions_app.changes import Change


def _to_member(
    kind: str, session: Session, member: Member, group: Group, *, now: datetime, event: object = "", **context
) -> Message:
    # A session that is announced again after having been cancelled is another event.
    event = event or f"{session.announced_at:%Y-%m-%dT%H:%M:%S.%f}"
    return write(
        kind=kind,
        about=f"session:{session.pk}:{event}",
        to=member.user.email,
        context={
            "name": member.name,
            "group": group,
            "session": session,
            "session_url": absolute(session.get_absolute_url()),
            **context,
        },
        now=now,
    )


def announced(session: Session, member: Member, group: Group, *, now: datetime) -> Message:
    """To a member: when and where the session is, and the page with what to prepare."""
    return _to_member("session_announced", session, member, group, now=now)


def cancelled(session: Session, member: Member, group: Group, *, now: datetime) -> Message:
    """To a member: the session does not take place."""
    return _to_member("session_cancelled", session, member, group, now=now)


def changed(
    session: Session, changes: Sequence[Change], member: Member, group: Group, *, now: datetime
) -> Message:
    """To a member: the session has another date or place. Once for each number in its `sequence`."""
    return _to_member(
        "session_changed",
        session,
        member,
        group,
        now=now,
        event=session.sequence,
        changes=changes,
        main=changes[0].name,
    )


def _to_guest(
    kind: str, chair: GuestChair, group: Group, *, now: datetime, event: str = "", **context
) -> Message:
    application = chair.application
    return write(
        kind=kind,
        # Begins with the application: when that is erased, its mails go too.
        about=f"application:{application.pk}:guest_chair:{chair.pk}{event}",
        to=application.email,
        context={
            "name": application.name,
            "group": group,
            "session": chair.session,
            "status_url": absolute(application.get_absolute_url()),
            **context,
        },
        secrets=[application.token, *context.get("secrets", ())],
        now=now,
    )


def guest_chair(chair: GuestChair, token: str, group: Group, *, now: datetime) -> Message:
    """To somebody on the shortlist: come to this one session as a guest."""
    url = absolute(reverse("guest_chair", args=[token]))
    return _to_guest("guest_chair", chair, group, now=now, chair_url=url, secrets=[token])


def guest_chair_revoked(chair: GuestChair, group: Group, *, now: datetime) -> Message:
    """To a guest: the chair was taken back."""
    return _to_guest("guest_chair_revoked", chair, group, now=now)


def cancelled_for_guest(chair: GuestChair, group: Group, *, now: datetime) -> Message:
    """To a guest: the session does not take place."""
    return _to_guest("session_cancelled", chair, group, now=now)


def changed_for_guest(
    session: Session, changes: Sequence[Change], chair: GuestChair, group: Group, *, now: datetime
) -> Message:
    """To a guest with a chair: the session has another date or place. Nothing about joining from afar."""
    chair.session = session
    return _to_guest(
        "session_changed",
        chair,
        group,
        now=now,
        event=f":{session.sequence}",
        changes=changes,
        main=changes[0].name,
        is_guest=True,
    )
