"""Which message goes to whom at which event of the waiting list and the seats.

Each function is called inside the transaction of its event and returns the message in the outbox.
"""

from __future__ import annotations

from collections.abc import Iterable
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


def events_of(application: Application, invitations: Iterable[int] | None = None) -> list[str]:
    """What the mails about an application are about: itself, what hangs on it, and its invitations.

    invitations: their keys, where they are known already.
    """
    if invitations is None:
        invitations = application.invitations.values_list("pk", flat=True)
    return [f"application:{application.pk}", *(f"invitation:{pk}" for pk in invitations)]


def confirm_address(application: Application, group: Group, *, now: datetime) -> Message:
    """To the applicant: please confirm that the address is yours."""
    url = absolute(reverse("application_confirm", args=[application.token]))
    return _to_applicant("confirm_address", application, group, now=now, confirm_url=url)


def applied_again(application: Application, group: Group, *, now: datetime) -> Message:
    """To the owner of the address: somebody applied again; here is the first one. At most once a day."""
    about = f"application:{application.pk}:{now:%Y-%m-%d}"
    return _to_applicant("applied_again", application, group, now=now, about=about)


def your_link(application: Application, group: Group, *, now: datetime) -> Message:
    """To the owner of the address: the lost link. At most once an hour."""
    about = f"application:{application.pk}:{now:%Y-%m-%dT%H}"
    return _to_applicant("your_link", application, group, now=now, about=about)


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


def shortlisted(application: Application, group: Group, *, now: datetime) -> Message:
    """To the applicant: the organisers would like you to come. Once for each time it gets there."""
    about = f"application:{application.pk}:{now:%Y-%m-%dT%H:%M}"
    return _to_applicant("shortlisted", application, group, now=now, about=about)


def invitation_reminder(invitation: Invitation, token: str, group: Group, *, now: datetime) -> Message:
    """To the invitee: the seat is held for a few days more. Again after the time was extended."""
    return _to_applicant(
        "invitation_reminder",
        invitation.application,
        group,
        now=now,
        about=f"invitation:{invitation.pk}:{now:%Y-%m-%d}",
        can_ask_more=invitation.asked_more_at is None,
        invitation_url=absolute(reverse("invitation", args=[token])),
        expires_at=invitation.expires_at.astimezone(ZoneInfo(group.time_zone)),
        secrets=[token],
    )


def more_time(
    invitation: Invitation, application: Application, group: Group, *, granted: bool, now: datetime
) -> Message:
    """To the invitee: the organisers' answer to the request for another month."""
    return _to_applicant(
        "more_time",
        application,
        group,
        now=now,
        about=f"invitation:{invitation.pk}",
        granted=granted,
        expires_at=invitation.expires_at.astimezone(ZoneInfo(group.time_zone)),
    )


def revoked(
    invitation: Invitation, application: Application, group: Group, *, reason: str, now: datetime
) -> Message:
    """To the invitee: the invitation was taken back, and why."""
    about = f"invitation:{invitation.pk}"
    return _to_applicant("revoked", application, group, now=now, about=about, reason=reason)


def still_interested(application: Application, group: Group, *, now: datetime) -> Message:
    """To an applicant who has waited long: a page with a button to stay on the list."""
    about = f"application:{application.pk}:{now:%Y-%m-%d}"
    return _to_applicant("still_interested", application, group, now=now, about=about)


def dormant(application: Application, group: Group, *, now: datetime) -> Message:
    """To an applicant who has not answered: the application sleeps, and how to wake it."""
    about = f"application:{application.pk}:{now:%Y-%m-%d}"
    return _to_applicant("dormant", application, group, now=now, about=about)


def lapsed(invitation: Invitation, application: Application, group: Group, *, now: datetime) -> Message:
    """To the invitee: nobody answered, so the seat went back; the application is shortlisted or dormant."""
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


def back_from_leave(member: Member, group: Group, *, now: datetime) -> Message:
    """To a member whose leave is over: the seat is theirs again."""
    return _to_member("back_from_leave", member, group, now=now)


def left(member: Member, group: Group, *, removed: bool, reason: str, now: datetime) -> Message:
    """To somebody whose membership has ended, by their own wish or the organisers' decision."""
    return _to_member("left", member, group, now=now, removed=removed, reason=reason)


def _to_member(kind: str, member: Member, group: Group, *, now: datetime, **context) -> Message:
    return write(
        kind=kind,
        about=f"member:{member.pk}:{now.isoformat()}",  # each time; what comes twice at once is refused
        to=member.user.email,
        context={
            "name": member.name,
            "group": group,
            "next_url": absolute(reverse("next")),
            "home_url": absolute(reverse("home")),
            **context,
        },
        now=now,
    )


def imported(application: Application, group: Group, *, now: datetime) -> Message:
    """To an applicant whom an organiser has put on the list from a file: the link to the private page."""
    return _to_applicant("imported", application, group, now=now)
