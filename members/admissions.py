"""What organisers do with an application: review, shortlist, invite, decline (rule 3)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from members import invitations, mails, moves, seats
from members.errors import IllegalMove, NotReviewed
from members.models import Application, Criterion, Group, Invitation, Review, Score, User
from members.models.application import State

REVIEWABLE = (State.WAITING, State.SHORTLISTED, State.INVITED)


@transaction.atomic
def review(
    *, application_id: int, by: User, scores: dict[Criterion, int], note: str, now: datetime
) -> Review:
    """Save one organiser's review, or change it.

    scores: from 1 to 5 for each criterion. Raises IllegalMove when the application is not under review.
    """
    application = moves.lock(application_id)
    if application.state not in REVIEWABLE:
        raise IllegalMove(moves.stale_sentence(application, now=now))
    saved, _ = Review.objects.update_or_create(
        application=application, reviewer=by, defaults={"note": note, "saved_at": now}
    )
    for criterion, value in scores.items():
        Score.objects.update_or_create(review=saved, criterion=criterion, defaults={"value": value})
    return saved


@transaction.atomic
def shortlist(*, application_id: int, by: User, now: datetime, seen: str | None = None) -> Application:
    """Put a reviewed application on the shortlist.

    Raises NotReviewed when `by` has saved no review of it, IllegalMove when it has moved on.
    """
    application = moves.lock(application_id)
    _require_review(application, by)
    moves.move(application, to=State.SHORTLISTED, by=moves.By.ORGANISER, actor=by, now=now, seen=seen)
    return application


@transaction.atomic
def invite(*, application_id: int, by: User, now: datetime, seen: str | None = None) -> Invitation:
    """Offer a free seat to a shortlisted applicant.

    Holds the seat until the invitation lapses, and writes the invitation mail.
    Raises GroupFull when no seat is free, IllegalMove when the application has moved on.
    """
    group = Group.objects.locked()
    application = moves.lock(application_id)
    seats.require_free(group)
    moves.move(application, to=State.INVITED, by=moves.By.ORGANISER, actor=by, now=now, seen=seen)
    invitation, token = Invitation.issue(application=application, by=by, now=now, days=group.invitation_days)
    mails.invitation(invitation, token, group, now=now)
    return invitation


@transaction.atomic
def decline(
    *, application_id: int, by: User, reason: str, now: datetime, seen: str | None = None
) -> Application:
    """Decline an application, with a reason that the applicant reads.

    An open invitation is revoked and its seat freed. Raises NotReviewed when a waiting application was not
    reviewed by `by`, IllegalMove when it has moved on.
    """
    group = Group.objects.locked()
    application = moves.lock(application_id)
    if application.state == State.WAITING:
        _require_review(application, by)
    moves.move(
        application,
        to=State.DECLINED,
        by=moves.By.ORGANISER,
        actor=by,
        now=now,
        reason=reason,
        seen=seen,
    )
    invitations.close_open(application, as_=Invitation.State.REVOKED, now=now)
    mails.declined(application, group, reason=reason, now=now)
    return application


def _require_review(application: Application, by: User) -> None:
    if not application.reviews.filter(reviewer=by).exists():
        raise NotReviewed("Save your review first; then you decide knowing what you think.")
