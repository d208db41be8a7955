"""What becomes of an invitation: accepted, declined, or lapsed (rule 4)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from members import mails, moves, seats
from members.errors import InvitationClosed
from members.models import Application, Group, Invitation, Member, User
from members.models.application import State

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
    Group.objects.locked()
    invitation, application = _open_invitation(token, now=now)
    invitation.state, invitation.answered_at = Invitation.State.ACCEPTED, now
    invitation.save(update_fields=["state", "answered_at"])
    moves.move(application, to=State.JOINED, by=moves.By.APPLICANT, now=now)
    user = User.objects.filter(email=application.email_key).first()
    if user is None:
        user = User.objects.create_user(application.email_key, application.name)
    member = seats.seat(user=user, now=now, strengths=application.strengths.all())
    mails.welcome(member, Group.objects.current(), about=f"invitation:{invitation.pk}", now=now)
    return member


@transaction.atomic
def decline(*, token: str, now: datetime) -> Application:
    """Say no to the seat: it goes back to the group, and the application leaves the list.

    Raises as `accept` does.
    """
    Group.objects.locked()
    invitation, application = _open_invitation(token, now=now)
    invitation.state, invitation.answered_at = Invitation.State.DECLINED, now
    invitation.save(update_fields=["state", "answered_at"])
    moves.move(
        application, to=State.WITHDRAWN, by=moves.By.APPLICANT, now=now, reason="Declined the invitation"
    )
    return application


def _open_invitation(token: str, *, now: datetime) -> tuple[Invitation, Application]:
    """The invitation and its application, both locked, in the one lock order: group, application, row."""
    found = Invitation.objects.with_token(token).get()
    application = moves.lock(found.application_id)
    invitation = Invitation.objects.select_for_update().get(pk=found.pk)
    if invitation.state != Invitation.State.OPEN or invitation.expires_at <= now:
        raise InvitationClosed(closed_sentence(invitation))
    return invitation, application


def close_open(application: Application, *, as_: str, now: datetime) -> None:
    """Close the open invitation of a locked application, if there is one; its seat is free again."""
    application.invitations.open().update(state=as_, answered_at=now)


def lapse_overdue(*, now: datetime) -> int:
    """Close every invitation past its expiry and return its application to the shortlist.

    Returns how many lapsed. Safe to run from several workers at once.
    """
    overdue = Invitation.objects.overdue(now=now).values_list("pk", flat=True)
    return sum(_lapse(pk, now=now) for pk in overdue)


@transaction.atomic
def _lapse(invitation_id: int, *, now: datetime) -> bool:
    group = Group.objects.locked()
    application = moves.lock(Invitation.objects.get(pk=invitation_id).application_id)
    invitation = Invitation.objects.select_for_update().get(pk=invitation_id)
    if invitation.state != Invitation.State.OPEN or invitation.expires_at > now:
        return False  # answered, or lapsed by another worker, while this one waited for the lock
    invitation.state, invitation.answered_at = Invitation.State.LAPSED, now
    invitation.save(update_fields=["state", "answered_at"])
    moves.move(application, to=State.SHORTLISTED, by=moves.By.SYSTEM, now=now, reason="The invitation lapsed")
    mails.lapsed(invitation, application, group, now=now)
    return True
