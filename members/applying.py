"""What an applicant does: apply, confirm the address, change the answers, withdraw."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from members import invitations, mails, moves
from members.addresses import fold
from members.errors import IllegalMove, Refused
from members.models import Application, Group, Invitation, Strength
from members.models.application import State

ANSWERS = ("name", "current_role", "experience", "interest", "links", "talk")


class ListClosed(Refused):
    """The group takes no applications at the moment."""


@transaction.atomic
def apply(
    *, email: str, answers: dict, strengths: Iterable[Strength], now: datetime, taken_in: bool = False
) -> Application:
    """Put an application on the list, to be confirmed by mail, or remind of the live one (rule 2).

    answers: the fields named in ANSWERS. Whoever applies again gets the same page as the first time; only
    the owner of the address learns more, by a mail with the link to the first application, once a day.
    taken_in: whether the page took it in while the list was open; closing it since then refuses nobody.
    Returns the live application of this address. Raises ListClosed when the list is closed.
    """
    group = Group.objects.current()
    if group is None or not (taken_in or group.waiting_list_open):
        raise ListClosed("The waiting list is closed at the moment. Nothing was sent.")
    application = None
    if not Application.objects.live_for(email).exists():
        application = _create(email=email, answers=answers, strengths=strengths, now=now)
    if application is not None:
        mails.confirm_address(application, group, now=now)
        return application
    application = Application.objects.live_for(email).get()
    mails.applied_again(application, group, now=now)
    return application


def _create(*, email: str, answers: dict, strengths: Iterable[Strength], now: datetime) -> Application | None:
    """The new application, or None when another request made one for this address in the meantime."""
    try:
        with transaction.atomic():
            application = Application.objects.create(
                email=email.strip(), applied_at=now, moved_at=now, **{key: answers[key] for key in ANSWERS}
            )
    except IntegrityError:
        return None
    application.strengths.set(strengths)
    moves.log(application, before="", by=moves.By.APPLICANT, now=now)
    return application


@transaction.atomic
def confirm(*, application_id: int, now: datetime) -> Application:
    """The applicant has shown that the address is theirs: the application joins the line.

    Confirming twice is harmless. Raises IllegalMove when the application is closed.
    """
    application = moves.lock(application_id)
    if application.state in (State.WAITING, State.SHORTLISTED, State.INVITED, State.JOINED, State.DORMANT):
        return application
    if application.state == State.UNCONFIRMED:
        application.confirmed_at = now
        application.save(update_fields=["confirmed_at"])
    moves.move(application, to=State.WAITING, by=moves.By.APPLICANT, now=now, reason="Confirmed the address")
    mails.received(application, Group.objects.current(), now=now)
    return application


@transaction.atomic
def edit(*, application_id: int, answers: dict, strengths: Iterable[Strength], now: datetime) -> Application:
    """Change the answers of an open application. Raises IllegalMove when it is closed."""
    application = moves.lock(application_id)
    if not application.is_open:
        raise IllegalMove(moves.stale_sentence(application, now=now))
    for key in ANSWERS:
        setattr(application, key, answers[key])
    application.edited_at = now
    application.save(update_fields=[*ANSWERS, "edited_at"])
    application.strengths.set(strengths)
    moves.log(
        application,
        before=application.state,
        by=moves.By.APPLICANT,
        now=now,
        reason="Changed the answers",
    )
    return application


@transaction.atomic
def withdraw(*, application_id: int, now: datetime) -> Application:
    """Take the application off the list, and its open invitation with it.

    Raises IllegalMove when it is closed already.
    """
    group = Group.objects.locked()  # an open invitation may free its seat
    application = moves.lock(application_id)
    moves.move(application, to=State.WITHDRAWN, by=moves.By.APPLICANT, now=now)
    invitations.close_open(application, group, as_=Invitation.State.DECLINED, now=now, note="Withdrawn")
    mails.withdrawn(application, group, now=now)
    return application


@transaction.atomic
def send_link(*, email: str, now: datetime) -> bool:
    """Mail the link of the newest application to its address, if there is one; at most once an hour.

    Returns whether there is one; no page may tell.
    """
    found = Application.objects.filter(email_key=fold(email)).order_by("-applied_at", "-pk")
    application = found.open().first() or found.first()
    if application is None:
        return False
    mails.your_link(application, Group.objects.current(), now=now)
    return True
