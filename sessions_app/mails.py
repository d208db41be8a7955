"""Which message goes to whom when a session is announced or cancelled, and what its guests are told."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from members.models import Group, Member
from outbox.models import Message
from outbox.writing import absolute, write
from sessions_app.models import GuestChair, Session


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


def _to_guest(kind: str, chair: GuestChair, group: Group, *, now: datetime, **context) -> Message:
    application = chair.application
    return write(
        kind=kind,
        # Begins with the application: when that is erased, its mails go too.
        about=f"application:{application.pk}:guest_chair:{chair.pk}",
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
