"""Which message goes to whom when a session is announced, changed or cancelled; guests hear, too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse

from members.models import Group
from outbox.models import Message
from outbox.writing import absolute, write
from sessions_app.concerned import Recipient
from sessions_app.models import GuestChair, Session

if TYPE_CHECKING:
    from sessions_app.changes import Change


def _to_one(
    kind: str,
    session: Session,
    recipient: Recipient,
    group: Group,
    *,
    now: datetime,
    event: object = "",
    **context,
) -> Message:
    # A session that is announced again after having been cancelled is another event.
    event = event or f"{session.announced_at:%Y-%m-%dT%H:%M:%S.%f}"
    return write(
        kind=kind,
        about=f"session:{session.pk}:{event}",
        to=recipient.address,
        context={
            "name": recipient.name,
            "signs_in": recipient.signs_in,
            "group": group,
            "session": session,
            "session_url": absolute(session.get_absolute_url()),
            **context,
        },
        now=now,
    )


def announced(session: Session, recipient: Recipient, group: Group, *, now: datetime) -> Message:
    """To a member or a presenter: when and where the session is, and its page."""
    return _to_one("session_announced", session, recipient, group, now=now)


def cancelled(session: Session, recipient: Recipient, group: Group, *, now: datetime) -> Message:
    """To a member or a presenter: the session does not take place."""
    return _to_one("session_cancelled", session, recipient, group, now=now)


def changed(
    session: Session, changes: Sequence[Change], recipient: Recipient, group: Group, *, now: datetime
) -> Message:
    """To a member or a presenter: the session has another date or place. Once for each `sequence`.

    changes: without the link to join from afar for somebody who does not sign in.
    """
    return _to_one(
        "session_changed",
        session,
        recipient,
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
