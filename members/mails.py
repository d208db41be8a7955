"""Which message goes to whom at which event of the waiting list and the seats.

Each function is called inside the transaction of its event and returns the message in the outbox. What the
messages say stands in `templates/mail`, or is the organisers' own wording; see `members.mail_kinds`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.urls import reverse

from members import mail_values, recipients
from members.models import Application, Group, Invitation, Member
from outbox.models import Message
from outbox.wording import Value
from outbox.writing import absolute, write

NEVER_SENT = (Message.State.DRAFT, Message.State.HELD)


def _to_applicant(
    kind: str,
    application: Application,
    group: Group,
    *,
    now: datetime,
    about: str = "",
    secrets: Iterable[str] = (),
    waits: bool | None = None,
    **values: Value,
) -> Message:
    return write(
        kind=kind,
        about=about or f"application:{application.pk}",
        to=application.email,
        recipient=recipients.of_application(application.pk),
        thread=thread_of(application.pk),
        context=mail_values.to_applicant(application, group) | values,
        secrets=[application.token, *secrets],
        now=now,
        waits=waits,
    )


def thread_of(application_id: int) -> str:
    """What all mails about one application share, those about its invitations too."""
    return f"application:{application_id}"


def events_of(application: Application, invitations: Iterable[int] | None = None) -> list[str]:
    """What the mails about an application are about: itself, what hangs on it, and its invitations.

    invitations: their keys, where they are known already.
    """
    if invitations is None:
        invitations = application.invitations.values_list("pk", flat=True)
    return [f"application:{application.pk}", *(f"invitation:{pk}" for pk in invitations)]


def waiting_since(now: datetime, names: Iterable[str]) -> set[str]:
    """Which of these recipients have a mail that was written at `now` and waits to be released. One query."""
    drafts = Message.objects.filter(created_at=now, state=Message.State.DRAFT, recipient__in=list(names))
    return set(drafts.values_list("recipient", flat=True))


def written_at(now: datetime) -> tuple[int, int]:
    """Of the mails that were written at `now`: how many wait to be released, and how many there are.

    Without those that nobody gets, since their recipient wants none. One query.
    """
    states = Message.objects.filter(created_at=now).exclude(state=Message.State.HELD).values_list("state")
    found = [state for (state,) in states]
    return found.count(Message.State.DRAFT), len(found)


# --- Applications ------------------------------------------------------------------------------------
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
    return _to_applicant("received", application, group, now=now, **mail_values.capacity(group))


def withdrawn(application: Application, group: Group, *, now: datetime) -> Message:
    """To the applicant: the receipt of a withdrawal."""
    return _to_applicant("withdrawn", application, group, now=now)


def declined(application: Application, group: Group, *, reason: str, now: datetime) -> Message:
    """To the applicant: the group says no, and why."""
    return _to_applicant("declined", application, group, now=now, reason=reason)


def shortlisted(application: Application, group: Group, *, now: datetime) -> Message:
    """To the applicant: the organisers would like you to come. Once for each time it gets there."""
    about = f"application:{application.pk}:{now:%Y-%m-%dT%H:%M}"
    return _to_applicant("shortlisted", application, group, now=now, about=about)


def still_interested(application: Application, group: Group, *, now: datetime) -> Message:
    """To an applicant who has waited long: a page with a button to stay on the list."""
    about = f"application:{application.pk}:{now:%Y-%m-%d}"
    values = mail_values.answer_within(group)
    return _to_applicant("still_interested", application, group, now=now, about=about, **values)


def dormant(application: Application, group: Group, *, now: datetime) -> Message:
    """To an applicant who has not answered: the application sleeps, and how to wake it."""
    about = f"application:{application.pk}:{now:%Y-%m-%d}"
    values = mail_values.kept_for(group)
    return _to_applicant("dormant", application, group, now=now, about=about, **values)


def imported(application: Application, group: Group, *, now: datetime) -> Message:
    """To an applicant whom an organiser has put on the list from a file: the link to the private page."""
    return _to_applicant("imported", application, group, now=now)


def letter(
    application: Application, group: Group, *, subject: str, text: str, once: str, now: datetime
) -> Message:
    """To an applicant: what an organiser has written, and has just read as it will be. It goes at once."""
    about = f"application:{application.pk}:{once}"
    return _to_applicant("letter", application, group, now=now, about=about, subject=subject, text=text)


# --- Invitations -------------------------------------------------------------------------------------
def invitation(
    invitation: Invitation, token: str, group: Group, *, now: datetime, waits: bool | None = None
) -> Message:
    """To the invitee: a seat is yours until a moment that the mail names, in the group's time zone.

    waits: False for an automatic offer, since somebody has decided that offers go out by themselves.
    """
    return _to_applicant(
        "invitation",
        invitation.application,
        group,
        now=now,
        about=f"invitation:{invitation.pk}",
        secrets=[token],
        waits=waits,
        **mail_values.offer(_answer_url(token), invitation.expires_at, group),
    )


def _answer_url(token: str) -> str:
    return absolute(reverse("invitation", args=[token]))


def has_gone_out(invitation_id: int) -> bool:
    """Whether the invitation's mail has left the organisers' desk: no draft, and not held back."""
    about = f"invitation:{invitation_id}"
    return not Message.objects.filter(kind="invitation", about=about, state__in=NEVER_SENT).exists()


def invitation_reminder(invitation: Invitation, token: str, group: Group, *, now: datetime) -> Message:
    """To the invitee: the seat is held for a few days more. Again after the time was extended."""
    can_ask_more = invitation.asked_more_at is None
    return _to_applicant(
        "invitation_reminder",
        invitation.application,
        group,
        now=now,
        about=f"invitation:{invitation.pk}:{now:%Y-%m-%d}",
        secrets=[token],
        **mail_values.reminder(_answer_url(token), invitation.expires_at, group, can_ask_more=can_ask_more),
    )


def more_time(
    invitation: Invitation, application: Application, group: Group, *, granted: bool, now: datetime
) -> Message:
    """To the invitee: the organisers' answer to the request for another month."""
    values = mail_values.more_time(
        invitation.expires_at, group, granted=granted, lapsed_before=application.lapses > 0
    )
    about = f"invitation:{invitation.pk}"
    return _to_applicant("more_time", application, group, now=now, about=about, **values)


def revoked(
    invitation: Invitation, application: Application, group: Group, *, reason: str, now: datetime
) -> Message:
    """To the invitee: the invitation was taken back, and why."""
    about = f"invitation:{invitation.pk}"
    return _to_applicant("revoked", application, group, now=now, about=about, reason=reason)


def lapsed(invitation: Invitation, application: Application, group: Group, *, now: datetime) -> Message:
    """To the invitee: nobody answered, so the seat went back; the application is shortlisted or dormant."""
    about, rests = f"invitation:{invitation.pk}", application.state == Application.State.DORMANT
    return _to_applicant("lapsed", application, group, now=now, about=about, rests=rests)


# --- Members and accounts ----------------------------------------------------------------------------
def welcome(member: Member, group: Group, *, about: str, now: datetime, thread: str = "") -> Message:
    """To the new member: what to do first."""
    return write(
        kind="welcome",
        about=about,
        to=member.user.email,
        recipient=recipients.of_user(member.user_id),
        thread=thread,
        context=mail_values.to_member(member, group) | mail_values.sign_in(),
        now=now,
    )


def back_from_leave(member: Member, group: Group, *, now: datetime) -> Message:
    """To a member whose leave is over: the seat is theirs again."""
    return _to_member("back_from_leave", member, group, now=now)


def left(member: Member, group: Group, *, removed: bool, reason: str, now: datetime) -> Message:
    """To somebody whose membership has ended, by their own wish or the organisers' decision."""
    return _to_member("left", member, group, now=now, removed=removed, reason=reason)


def _to_member(kind: str, member: Member, group: Group, *, now: datetime, **values: Value) -> Message:
    return write(
        kind=kind,
        about=f"member:{member.pk}:{now.isoformat()}",  # each time; what comes twice at once is refused
        to=member.user.email,
        recipient=recipients.of_user(member.user_id),
        context=mail_values.to_member(member, group) | values,
        now=now,
    )


def signing_in(
    kind: str, *, to: str, user_id: int | None, values: Mapping[str, str], about: str, now: datetime
) -> Message:
    """To whoever signs in, or has typed a new address: a code, or a link. All its values are secrets."""
    group = Group.objects.current()
    return write(
        kind=kind,
        about=about,
        to=to,
        recipient=recipients.of_user(user_id) if user_id else "",
        context=mail_values.to_nobody(group) | values,
        secrets=list(values.values()),
        now=now,
    )
