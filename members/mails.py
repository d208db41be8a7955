"""Which message goes to whom at which event of the waiting list and the seats.

Each function is called inside the transaction of its event and returns the message in the outbox.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse

from members.models import Application, Group, Invitation, Member
from outbox.models import Message
from outbox.writing import absolute, write


def _to_applicant(
    kind: str, application: Application, group: Group, *, now: datetime, about: str = "", **context
) -> Message:
    token = application.token
    return write(
        kind=kind,
        about=about or f"application:{application.pk}",
        to=application.email,
        context={
            "application": application,
            "group": group,
            "status_url": absolute(application.get_absolute_url()),
            **context,
        },
        secrets=[token, *context.get("secrets", ())],
        now=now,
    )


def confirm_address(application: Application, group: Group, *, now: datetime) -> Message:
    """To the applicant: please confirm that the address is yours."""
    url = absolute(reverse("application_confirm", args=[application.token]))
    return _to_applicant("confirm_address", application, group, now=now, confirm_url=url)


def applied_again(application: Application, group: Group, *, now: datetime) -> Message:
    """To the owner of the address: somebody applied again; here is the first one. At most once a day."""
    about = f"application:{application.pk}:{now:%Y-%m-%d}"
    return _to_applicant("applied_again", application, group, now=now, about=about)


def received(application: Application, group: Group, *, now: datetime) -> Message:
    """To the applicant: the address is confirmed and the application is on the list."""
    return _to_applicant("received", application, group, now=now)


def withdrawn(application: Application, group: Group, *, now: datetime) -> Message:
    """To the applicant: the receipt of a withdrawal."""
    return _to_applicant("withdrawn", application, group, now=now)


def declined(application: Application, group: Group, *, reason: str, now: datetime) -> Message:
    """To the applicant: the group says no, and why."""
    return _to_applicant("declined", application, group, now=now, reason=reason)


def invitation(invitation: Invitation, token: str, group: Group, *, now: datetime) -> Message:
    """To the invitee: a seat is yours until a moment that the mail names, in the group's time zone."""
    return _to_applicant(
        "invitation",
        invitation.application,
        group,
        now=now,
        about=f"invitation:{invitation.pk}",
        invitation_url=absolute(reverse("invitation", args=[token])),
        expires_at=invitation.expires_at.astimezone(ZoneInfo(group.time_zone)),
        secrets=[token],
    )


def lapsed(invitation: Invitation, application: Application, group: Group, *, now: datetime) -> Message:
    """To the invitee: nobody answered, so the seat went back; the application stays on the shortlist."""
    return _to_applicant("lapsed", application, group, now=now, about=f"invitation:{invitation.pk}")


def welcome(member: Member, group: Group, *, about: str, now: datetime) -> Message:
    """To the new member: what to do first."""
    return write(
        kind="welcome",
        about=about,
        to=member.user.email,
        context={
            "name": member.name,
            "group": group,
            "next_url": absolute(reverse("next")),
            "sign_in_url": absolute(reverse("account_login")),
        },
        now=now,
    )
