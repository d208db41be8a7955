"""What becomes of an invitation: accepted, declined, extended, taken back, or lapsed (rule 4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from members import mails, moves, seats
from members.errors import InvitationClosed, Refused
from members.models import Application, Group, Invitation, Member, SeatChange, User
from members.models.application import State
from members.models.invitation import InvitationQuerySet

MORE = timedelta(days=30)  # what "another month" adds
UNSENT = "The invitation lapsed before its mail was released"
MOST_LAPSES = 2  # the second invitation that nobody answers makes the application dormant

CLOSED_SENTENCES = {
    Invitation.State.ACCEPTED: "This invitation has been accepted. Sign in to open the next session.",
    Invitation.State.DECLINED: "This invitation was declined, and the seat went back to the group.",
    Invitation.State.LAPSED: "This invitation has lapsed, and the seat went back to the group.",
    Invitation.State.REVOKED: "This invitation was taken back by the organisers.",
}


def closed_sentence(invitation: Invitation) -> str:
    """Why the invitation's link no longer works, in a sentence."""
    return CLOSED_SENTENCES.get(invitation.state, CLOSED_SENTENCES[Invitation.State.LAPSED])


@transaction.atomic
def accept(*, token: str, now: datetime) -> Member:
    """Take the seat that the invitation holds: make the account and the member.

    Raises Invitation.DoesNotExist for a token never issued, InvitationClosed when it no longer works.
    """
    group = Group.objects.locked()
    invitation, application = _open_invitation(token, now=now)
    _close(invitation, Invitation.State.ACCEPTED, now=now)
    moves.move(application, to=State.JOINED, by=moves.By.APPLICANT, now=now)
    user = User.objects.filter(email=application.email_key).first()
    if user is None:
        user = User.objects.create_user(application.email_key, application.name)
    # A member may have applied too: the held seat then goes back, for nobody sits on two.
    sits = Member.objects.active().filter(user=user).exists()
    member = seats.seat(user=user, now=now, strengths=application.strengths.all())
    kind, note = (SeatChange.Kind.RELEASED, "Had a seat already") if sits else (SeatChange.Kind.TAKEN, "")
    seats.write(kind, group=group, now=now, member=member, application=application, note=note)
    mails.welcome(
        member,
        group,
        about=f"invitation:{invitation.pk}",
        thread=mails.thread_of(application.pk),
        now=now,
    )
    return member


@transaction.atomic
def decline(*, token: str, now: datetime) -> Application:
    """Say no to the seat: it goes back to the group, and the application leaves the list.

    Raises as `accept` does.
    """
    group = Group.objects.locked()
    invitation, application = _open_invitation(token, now=now)
    _close(invitation, Invitation.State.DECLINED, now=now)
    moves.move(
        application, to=State.WITHDRAWN, by=moves.By.APPLICANT, now=now, reason="Declined the invitation"
    )
    _release(group, application, now=now, note="Declined")
    mails.withdrawn(application, group, now=now)
    return application


@transaction.atomic
def revoke(*, invitation_id: int, by: User, now: datetime, reason: str) -> Application:
    """Take an open invitation back; the application returns to the shortlist and keeps its place.

    reason: the invitee reads it; Refused without one. Raises InvitationClosed when it was answered, has
    lapsed or was erased.
    """
    if not reason.strip():
        raise Refused("Give a reason; the invitee reads it.")
    group = Group.objects.locked()
    invitation, application = _open_by_key(invitation_id, now=now)
    _close(invitation, Invitation.State.REVOKED, now=now)
    moves.move(
        application,
        to=State.SHORTLISTED,
        by=moves.By.ORGANISER,
        actor=by,
        now=now,
        reason=f"Revoked: {reason}",
    )
    _release(group, application, now=now, actor=by, note="Taken back")
    mails.revoked(invitation, application, group, reason=reason, now=now)
    return application


@transaction.atomic
def ask_more(*, token: str, note: str, now: datetime) -> Invitation:
    """The invitee asks for another month, once. The organisers decide; until then the expiry stands.

    Raises Invitation.DoesNotExist, InvitationClosed, or Refused when it was asked before.
    """
    Group.objects.locked()
    invitation, application = _open_invitation(token, now=now)
    if invitation.asked_more_at:
        raise Refused("You have asked for more time already. Nothing was changed.")
    invitation.asked_more_at, invitation.asked_more_note = now, note
    invitation.save(update_fields=["asked_more_at", "asked_more_note"])
    moves.log(
        application,
        before=application.state,
        by=moves.By.APPLICANT,
        now=now,
        reason="Asked for another month",
    )
    return invitation


@transaction.atomic
def answer_more(*, invitation_id: int, grant: bool, by: User, now: datetime) -> Invitation:
    """Grant or refuse the month that the invitee has asked for, and tell them.

    Granted, the month is added to the expiry, and the reminder comes once more before the new one. Raises
    InvitationClosed when the invitation is no longer open or past its expiry, Refused when there is nothing
    to answer.
    """
    group = Group.objects.locked()
    invitation, application = _open_by_key(invitation_id, now=now)
    if invitation.asked_more_at is None or invitation.more_granted is not None:
        raise Refused("There is no request for more time to answer. Nothing was changed.")
    invitation.more_granted = grant
    if grant:
        invitation.expires_at, invitation.reminded_at = invitation.expires_at + MORE, None
    invitation.save(update_fields=["more_granted", "expires_at", "reminded_at"])
    moves.log(
        application,
        before=application.state,
        by=moves.By.ORGANISER,
        actor=by,
        now=now,
        reason="Granted another month" if grant else "Did not grant another month",
    )
    mails.more_time(invitation, application, group, granted=grant, now=now)
    return invitation


def _to_remind(group: Group, *, now: datetime) -> InvitationQuerySet:
    """Open invitations that lapse soon, not mentioned again yet, and not that short from the start."""
    ahead = timedelta(days=group.reminder_days)
    return Invitation.objects.open().filter(
        reminded_at__isnull=True,
        expires_at__gt=now,
        expires_at__lte=now + ahead,
        issued_at__lt=F("expires_at") - ahead,
    )


def remind_due(*, now: datetime) -> int:
    """Remind of every open invitation that lapses within the group's `reminder_days`, once (0: of none).

    Returns how many. Safe to run from several workers at once.
    """
    group = Group.objects.current()
    if group is None or not group.reminder_days:
        return 0
    due = _to_remind(group, now=now).order_by("expires_at", "pk").values_list("pk", flat=True)
    return sum(_remind(pk, now=now) for pk in list(due))


@transaction.atomic
def _remind(invitation_id: int, *, now: datetime) -> bool:
    group = Group.objects.locked()
    invitation = _to_remind(group, now=now).filter(pk=invitation_id).select_for_update().first()
    if invitation is None:
        return False  # answered, extended, erased or reminded while this one waited for the lock
    if not mails.has_gone_out(invitation.pk):
        return False  # a reminder, with its link, would be the invitation that nobody has released
    token = invitation.second_token()
    invitation.reminded_at = now
    invitation.save(update_fields=["reminded_at", "reminder_hash"])
    mails.invitation_reminder(invitation, token, group, now=now)
    return True


def _open_invitation(token: str, *, now: datetime) -> tuple[Invitation, Application]:
    return _open_row(Invitation.objects.with_token(token).get(), now=now)


def _open_by_key(invitation_id: int, *, now: datetime) -> tuple[Invitation, Application]:
    found = Invitation.objects.filter(pk=invitation_id).first()
    if found is None:
        raise InvitationClosed("This invitation was erased, with its application. Nothing was changed.")
    return _open_row(found, now=now)


def _open_row(found: Invitation, *, now: datetime) -> tuple[Invitation, Application]:
    """The invitation and its application, both locked, in the one lock order: group, application, row.

    Past its expiry it is closed for everybody, even before the worker has lapsed it.
    """
    application = moves.lock(found.application_id)
    invitation = Invitation.objects.select_for_update().get(pk=found.pk)
    if invitation.state != Invitation.State.OPEN or invitation.expires_at <= now:
        raise InvitationClosed(closed_sentence(invitation))
    return invitation, application


def _close(invitation: Invitation, state: str, *, now: datetime) -> None:
    invitation.state, invitation.answered_at = state, now
    invitation.save(update_fields=["state", "answered_at"])


def _release(
    group: Group, application: Application, *, now: datetime, note: str, actor: User | None = None
) -> None:
    seats.write(
        SeatChange.Kind.RELEASED, group=group, now=now, application=application, actor=actor, note=note
    )


def close_open(
    application: Application, group: Group, *, as_: str, now: datetime, note: str, actor: User | None = None
) -> None:
    """Close the open invitation of a locked application, if there is one; its seat is free again.

    group: locked. note and actor: for the seat ledger.
    """
    if application.invitations.open().update(state=as_, answered_at=now):
        _release(group, application, now=now, note=note, actor=actor)


def lapse_overdue(*, now: datetime) -> int:
    """Close every invitation past its expiry.

    After the first the application returns to the shortlist and keeps its place; after the second it is
    dormant. An invitation whose mail was never released lapses without a word and does not count. Returns how
    many lapsed. Safe to run from several workers at once.
    """
    overdue = Invitation.objects.overdue(now=now).values_list("pk", flat=True)
    return sum(_lapse(pk, now=now) for pk in list(overdue))


@transaction.atomic
def _lapse(invitation_id: int, *, now: datetime) -> bool:
    group = Group.objects.locked()
    found = Invitation.objects.overdue(now=now).filter(pk=invitation_id).first()
    if found is None:
        return False  # answered, extended, erased, or lapsed by another worker before this one had the lock
    application = moves.lock(found.application_id)
    invitation = Invitation.objects.select_for_update().get(pk=invitation_id)
    _close(invitation, Invitation.State.LAPSED, now=now)
    was_sent = mails.has_gone_out(invitation.pk)  # else nobody was asked, and nobody has let anything lapse
    if was_sent:
        application.lapses += 1
        application.save(update_fields=["lapses"])
    again = application.lapses < MOST_LAPSES
    reason = "The invitation lapsed" if again else "A second invitation lapsed"
    moves.move(
        application,
        to=State.SHORTLISTED if again else State.DORMANT,
        by=moves.By.SYSTEM,
        now=now,
        reason=reason if was_sent else UNSENT,
    )
    _release(group, application, now=now, note="Lapsed" if was_sent else UNSENT)
    if was_sent:
        mails.lapsed(invitation, application, group, now=now)
    return True
