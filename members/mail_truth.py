"""Whether a mail still says what is so, asked when it is released and again when it is sent.

Between writing and sending lie the organisers' reading, quiet hours, and mail servers that do not answer.
Each function takes a message and a moment, and returns why the mail makes no sense any more, or "".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from members import keeping, mails, recipients
from members.membership import NOW_IS
from members.models import Application, Invitation, Member
from members.models.application import State
from outbox.models import Message

Outdated = Callable[[Message, datetime], str]
NO_APPLICATION = "The application was erased."
NO_INVITATION = "The invitation was erased, with its application."


def unless_in(*states: str) -> Outdated:
    """A mail about an application that makes sense only while it is in one of these states."""

    def outdated(message: Message, now: datetime) -> str:
        application = _application(message)
        if application is None:
            return NO_APPLICATION
        return "" if application.state in states else _is(application)

    return outdated


def _is(application: Application) -> str:
    return f"The application is {application.get_state_display().lower()} by now."


def of_invitation(message: Message, now: datetime) -> str:
    """An invitation that is answered, taken back or past its expiry offers nothing."""
    invitation = _invitation(message)
    if invitation is None:
        return NO_INVITATION
    if invitation.state != Invitation.State.OPEN:
        return f"The invitation is {invitation.get_state_display().lower()} by now."
    return "The time to answer the invitation is over." if invitation.expires_at <= now else ""


def of_reminder(message: Message, now: datetime) -> str:
    """As the invitation; and an extension makes the date untrue, which is reminded of anew."""
    reason, invitation = of_invitation(message, now), _invitation(message)
    if not reason and invitation.reminded_at is None:
        return "The time to answer was extended."
    return reason


def of_revocation(message: Message, now: datetime) -> str:
    """Who never heard of a seat is not told that it was taken back."""
    invitation = _invitation(message)
    if invitation is None:
        return NO_INVITATION
    if not mails.has_gone_out(invitation.pk):
        return "The invitation was never sent, so there is nothing to take back."
    return unless_in(State.SHORTLISTED)(message, now)


def of_decline(message: Message, now: datetime) -> str:
    """A decline is final; but who has applied again meanwhile would read it as the answer to that."""
    application = _application(message)
    if application is None:
        return NO_APPLICATION
    since = Application.objects.filter(email_key=application.email_key, applied_at__gt=application.applied_at)
    # An address that is not confirmed may have been typed by anybody.
    if since.exclude(state=State.UNCONFIRMED).exists():
        return "The same person has applied again since."
    return "" if application.state == State.DECLINED else _is(application)


def of_question(message: Message, now: datetime) -> str:
    """“Still interested?” is asked of nobody who has answered, or has moved on."""
    application = _application(message)
    if application is None:
        return NO_APPLICATION
    if application.state not in keeping.ASKABLE:
        return _is(application)
    return "" if keeping.is_asked(application) else "The applicant has been heard of since."


def of_membership(*states: str) -> Outdated:
    """A mail to a member that makes sense only while the membership is in one of these states."""

    def outdated(message: Message, now: datetime) -> str:
        member = Member.objects.filter(user=recipients.key_in(message.recipient, recipients.USER)).first()
        if member is None:
            return "The membership was erased."
        return "" if member.state in states else f"The member {NOW_IS[member.state]} by now."

    return outdated


def older_than(age: timedelta, what: str) -> Outdated:
    """A code or link that opens nothing any more. what: what has grown too old, such as “code”."""

    def outdated(message: Message, now: datetime) -> str:
        return f"The {what} has expired." if now - message.created_at > age else ""

    return outdated


def _application(message: Message) -> Application | None:
    key = recipients.key_in(message.recipient, recipients.APPLICATION)
    return Application.objects.filter(pk=key).first()


def _invitation(message: Message) -> Invitation | None:
    key = ":".join(message.about.split(":")[:2])
    return Invitation.objects.filter(pk=recipients.key_in(key, "invitation")).first()
