"""What reviewers and organisers do with an application: review, shortlist, invite, decline (rule 3)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from members import invitations, mails, moves, scoring, seats
from members.errors import IllegalMove, NotReviewed, OutOfOrder, Refused
from members.models import Application, Criterion, Group, Invitation, Review, Score, SeatChange, User
from members.models.application import ApplicationQuerySet, State
from members.names import isolated

REVIEWABLE = (State.WAITING, State.SHORTLISTED, State.INVITED, State.DORMANT)


class ReviewsMissing(NotReviewed):
    """Fewer reviews are saved than the group asks for, and nobody has written why that is enough."""


@transaction.atomic
def review(
    *, application_id: int, by: User, scores: dict[Criterion, int], note: str, now: datetime
) -> Review:
    """Save one person's review, or change it; an abstention becomes a review.

    scores: from 1 to 5 for each criterion. Raises IllegalMove when the application is not under review.
    """
    return _save_review(application_id, by=by, scores=scores, note=note, abstained=False, now=now)


@transaction.atomic
def abstain(*, application_id: int, by: User, note: str, now: datetime) -> Review:
    """Say that one does not judge this application: one sees the others' reviews, and adds none.

    Raises IllegalMove when the application is not under review.
    """
    return _save_review(application_id, by=by, scores={}, note=note, abstained=True, now=now)


def _save_review(
    application_id: int, *, by: User, scores: dict, note: str, abstained: bool, now: datetime
) -> Review:
    standing = scoring.hold_weights()  # before the application's lock, as whoever changes a weight does
    application = moves.lock(application_id)
    if application.state not in REVIEWABLE:
        raise IllegalMove(moves.stale_sentence(application, now=now))
    saved, _ = Review.objects.update_or_create(
        application=application,
        reviewer=by,
        defaults={"note": note, "saved_at": now, "abstained": abstained, "score": None},
    )
    if abstained:
        saved.scores.all().delete()
    for criterion, value in scores.items():
        if criterion.pk not in standing:
            continue  # taken away while the review was being written
        Score.objects.update_or_create(review=saved, criterion=criterion, defaults={"value": value})
    scoring.rescore(application.pk)
    saved.refresh_from_db(fields=["score"])
    return saved


@transaction.atomic
def shortlist(
    *,
    application_id: int,
    by: User,
    now: datetime,
    seen: str | None = None,
    override: str = "",
    reviewed_by: User | None = None,
) -> Application:
    """Put a reviewed application on the shortlist, and tell the applicant.

    override: why it goes there with fewer reviews than the group asks for. reviewed_by: who decided, when
    `by` only releases it. Raises NotReviewed when the one who decided has neither reviewed nor abstained,
    ReviewsMissing when reviews are missing and there is no override, IllegalMove when it has moved on.
    """
    group = Group.objects.current()
    application = moves.lock(application_id)
    if application.state != State.WAITING:
        raise IllegalMove(moves.stale_sentence(application, now=now))
    require_review(application, reviewed_by or by)
    missing = require_reviews(application, group, override=override)
    moves.move(
        application,
        to=State.SHORTLISTED,
        by=moves.By.ORGANISER,
        actor=by,
        now=now,
        seen=seen,
        reason=f"With {application.review_count} of {group.reviews_needed} reviews: {override.strip()}"
        if missing
        else "",
    )
    mails.shortlisted(application, group, now=now)
    return application


@transaction.atomic
def invite(
    *, application_id: int, by: User | None, now: datetime, seen: str | None = None, reason: str = ""
) -> Invitation:
    """Offer a free seat to a shortlisted applicant.

    Holds the seat until the invitation lapses, and writes the invitation mail. by: None for an automatic
    offer. reason: why this one, when somebody else comes first in the agreed order.
    Raises GroupFull when no seat is free, IllegalMove when the application has moved on, OutOfOrder when
    the reason is missing.
    """
    group = Group.objects.locked()
    application = moves.lock(application_id)
    if application.state != State.SHORTLISTED:
        raise IllegalMove(moves.stale_sentence(application, now=now))
    seats.require_free(group)
    require_turn(application, first_agreed(), reason=reason)
    moves.move(
        application,
        to=State.INVITED,
        by=moves.By.ORGANISER if by else moves.By.SYSTEM,
        actor=by,
        now=now,
        seen=seen,
        reason=reason.strip(),
    )
    invitation, token = Invitation.issue(application=application, by=by, now=now, days=group.invitation_days)
    note = "" if by else "Automatic offer"
    seats.write(SeatChange.Kind.HELD, group=group, now=now, application=application, actor=by, note=note)
    # Whoever switches automatic offers on has decided about all of them.
    mails.invitation(invitation, token, group, now=now, waits=None if by else False)
    return invitation


def in_agreed_order() -> ApplicationQuerySet:
    """Who has a place in the agreed order of the shortlist, without those who let an invitation lapse."""
    return Application.objects.filter(state=State.SHORTLISTED, place__isnull=False, lapses=0).order_by(
        "place", "since", "pk"
    )


def first_agreed() -> Application | None:
    """Who comes first in the agreed order of the shortlist; None when no order was agreed."""
    return in_agreed_order().first()


def require_turn(application: Application, first: Application | None, *, reason: str) -> None:
    """Raise OutOfOrder when `first`, who comes first, is somebody else and there is no reason."""
    if first and first.pk != application.pk and not reason.strip():
        raise OutOfOrder(
            f"Say why {isolated(application.name)} is asked before {isolated(first.name)}, who comes first "
            f"in the agreed order."
        )


@transaction.atomic
def decline(
    *,
    application_id: int,
    by: User,
    reason: str,
    now: datetime,
    seen: str | None = None,
    reviewed_by: User | None = None,
) -> Application:
    """Decline an application, with a reason that the applicant reads.

    An open invitation is revoked and its seat freed. reviewed_by: as for `shortlist`. Raises NotReviewed when
    a waiting application was not reviewed by the one who decided, IllegalMove when it has moved on, Refused
    without a reason.
    """
    require_reason(reason)
    group = Group.objects.locked()
    application = moves.lock(application_id)
    if application.state == State.WAITING:
        require_review(application, reviewed_by or by)
    moves.move(
        application,
        to=State.DECLINED,
        by=moves.By.ORGANISER,
        actor=by,
        now=now,
        reason=reason,
        seen=seen,
    )
    invitations.close_open(
        application, group, as_=Invitation.State.REVOKED, now=now, note="Declined by an organiser", actor=by
    )
    mails.declined(application, group, reason=reason, now=now)
    return application


def require_reason(reason: str) -> None:
    """Raise Refused when nothing is said to the one who is declined."""
    if not reason.strip():
        raise Refused("Give a reason; the applicant has earned one.")


def require_review(application: Application, by: User) -> None:
    """Raise NotReviewed when `by` has neither reviewed this application nor abstained."""
    if not application.reviews.filter(reviewer=by).exists():
        raise NotReviewed("Save your review first, or abstain; then you decide knowing what you think.")


def require_reviews(application: Application, group: Group, *, override: str) -> int:
    """How many reviews are missing for the shortlist. Raises ReviewsMissing if any, without an override."""
    saved = application.review_count
    missing = max(0, group.reviews_needed - saved)
    if missing and not override.strip():
        raise ReviewsMissing(
            f"Write why {'this one review is' if saved == 1 else f'{saved} reviews are'} enough, or wait for "
            f"more: the group asks for {group.reviews_needed}."
        )
    return missing
