"""The organisers' pages for applications and seats."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members import admissions
from members.access import group_of, organiser_required
from members.balance import balance
from members.errors import Refused
from members.forms import DeclineForm, ReviewForm
from members.models import Application, Criterion, Invitation, Member, Review, Score
from members.models.application import OPEN_STATES, State
from members.names import isolated

PAGE = 25  # applications on one page of the queue


@organiser_required
@require_safe
def application_list(request: HttpRequest) -> HttpResponse:
    """The queue, the longest waiting first; `?state=` chooses, anything else shows the open ones."""
    counts = Application.objects.count_by_state()
    chosen = request.GET.get("state", "")
    if chosen == "unreviewed":
        applications = Application.objects.unreviewed_by(request.user)
    elif chosen in State.values:
        applications = Application.objects.filter(state=chosen)
    else:
        chosen, applications = "", Application.objects.open()
    page = Paginator(applications.in_line().prefetch_related("strengths"), PAGE).get_page(
        request.GET.get("page")
    )
    reviewed = set(
        Review.objects.filter(reviewer=request.user, application__in=[a.pk for a in page]).values_list(
            "application_id", flat=True
        )
    )
    for application in page:
        application.reviewed_by_me = application.pk in reviewed
    return render(
        request,
        "organiser/application_list.html",
        {
            "page": page,
            "chosen": chosen,
            "query": f"state={chosen}&" if chosen else "",
            "states": [(value, label, counts[value]) for value, label in State.choices],
            "open_count": sum(counts[state] for state in State.values if state in OPEN_STATES),
        },
    )


def _reviews(application: Application) -> list[Review]:
    return list(
        application.reviews.select_related("reviewer").prefetch_related(
            Prefetch(
                "scores", Score.objects.select_related("criterion").order_by("criterion__position", "pk")
            )
        )
    )


def _render_application(
    request: HttpRequest,
    application: Application,
    *,
    review_form: ReviewForm | None = None,
    decline_form: DeclineForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The review desk. Others' reviews are hidden until one has saved one's own (blind first)."""
    reviews = _reviews(application)
    mine = next((review for review in reviews if review.reviewer_id == request.user.pk), None)
    criteria = list(Criterion.objects.all())
    form = review_form or ReviewForm(criteria=criteria, review=mine)
    bars = balance(application)
    to_review = list(
        Application.objects.unreviewed_by(request.user).in_line().values_list("pk", flat=True)[:500]
    )
    following = next((pk for pk in to_review if pk != application.pk), None)
    return render(
        request,
        "organiser/application.html",
        {
            "application": application,
            "strengths": [bar.name for bar in bars if bar.adds],
            "changes": application.changes.select_related("actor"),
            "mine": mine,
            "others": [review for review in reviews if review is not mine],
            "others_count": len(reviews) - bool(mine),
            "review_form": form,
            "review_fields": form.score_fields(),
            "can_review": application.state in admissions.REVIEWABLE,
            "decline_form": decline_form or DeclineForm(),
            "seats": group_of(request).seats,
            "bars": bars,
            "most": max((bar.members + bar.adds for bar in bars), default=0),
            "invitation": application.invitations.open().first()
            if application.state == State.INVITED
            else None,
            "to_review_count": len(to_review),
            "to_review_position": to_review.index(application.pk) + 1 if application.pk in to_review else 0,
            "following": following,
        },
        status=status,
    )


@organiser_required
@require_safe
def application(request: HttpRequest, pk: int) -> HttpResponse:
    """One application: what it says on the left, the review and the decision on the right."""
    return _render_application(request, get_object_or_404(Application, pk=pk))


@organiser_required
@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Save one's scores and note, then show what the others think."""
    application = get_object_or_404(Application, pk=pk)
    form = ReviewForm(request.POST, criteria=list(Criterion.objects.all()))
    if not form.is_valid():
        return _render_application(request, application, review_form=form, status=422)
    try:
        admissions.review(
            application_id=pk,
            by=request.user,
            scores=form.scores(),
            note=form.cleaned_data["note"],
            now=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Your review is saved.")
    return redirect("organise:application", pk)


def _decide(
    request: HttpRequest,
    pk: int,
    decision: Callable,
    done: str,
    *,
    typed: DeclineForm | None = None,
    **details,
) -> HttpResponse:
    """Carry one decision out and say what happened; a stale or refused one changes nothing.

    typed: the form whose text is shown again when the decision is refused; details: for the decision.
    """
    application = get_object_or_404(Application, pk=pk)
    try:
        decision(
            application_id=pk,
            by=request.user,
            now=timezone.now(),
            seen=request.POST.get("seen") or None,
            **details,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        if typed:
            application.refresh_from_db()
            return _render_application(request, application, decline_form=typed, status=409)
    else:
        messages.success(request, done.format(name=isolated(application.name)))
    return redirect("organise:application", pk)


@organiser_required
@require_POST
def shortlist(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the application on the shortlist."""
    return _decide(request, pk, admissions.shortlist, "{name} is on the shortlist.")


@organiser_required
@require_POST
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a free seat."""
    return _decide(
        request, pk, admissions.invite, "A seat is held for {name}, and the invitation is in the outbox."
    )


@organiser_required
@require_POST
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Decline with a reason, which the applicant reads."""
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _render_application(
            request, get_object_or_404(Application, pk=pk), decline_form=form, status=422
        )
    return _decide(
        request,
        pk,
        admissions.decline,
        "{name} is declined, and the mail is in the outbox.",
        typed=form,
        reason=form.cleaned_data["reason"],
    )


@organiser_required
@require_safe
def seats_page(request: HttpRequest) -> HttpResponse:
    """Who holds each seat, and since when."""
    members = list(Member.objects.by_name().prefetch_related("strengths").exclude(state=Member.State.ALUMNI))
    return render(
        request,
        "organiser/seats.html",
        {
            "seats": group_of(request).seats,
            "active": [member for member in members if member.state == Member.State.ACTIVE],
            "on_leave": [member for member in members if member.state == Member.State.ON_LEAVE],
            "invitations": Invitation.objects.open().select_related("application").order_by("expires_at"),
            "shortlisted": Application.objects.filter(state=State.SHORTLISTED).count(),
        },
    )
