"""One application: reading and reviewing it, blind first. Decisions and letters have modules of their own."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members import admissions, letters, recipients
from members.access import can_organise, group_of, reviewer_required
from members.balance import balance
from members.errors import Refused
from members.forms.reviewing import DECISION_FORMS, AbstainForm, DecisionForm, ReviewForm
from members.models import Application, Criterion, Decision, Invitation, ReplyTemplate, Review, Score, User
from members.models.application import State
from members.queue import neighbours
from members.scoring import disagree
from outbox.history import newest_to

MOST_COUNTED = 1000  # what is left to review is counted no further
DECLINABLE = (State.SHORTLISTED, State.INVITED, State.DORMANT)


# --- What the page needs ------------------------------------------------------------------------------
def _on_the_desk(user: User, pk: int, *, in_list: bool, organiser: bool) -> QuerySet:
    """The application with all that hangs on it as one row, so that the page costs one query for it."""
    found = Application.objects.select_related("decision__prepared_by").annotate(
        seat_until=Subquery(
            Invitation.objects.open().filter(application=OuterRef("pk")).values("expires_at")[:1]
        ),
        first=Subquery(admissions.in_agreed_order().values_list(JSONObject(pk="pk", name="name"))[:1]),
    )
    if organiser:
        reasons = ReplyTemplate.objects.filter(use=ReplyTemplate.Use.DECLINE).order_by("position", "pk")
        found = found.annotate(
            decline_templates=ArraySubquery(
                reasons.values_list(JSONObject(pk="pk", name="name", text="text"))
            ),
        )
    if not in_list:
        found = found.annotate(**_unreviewed_around(user))
    return found


def _unreviewed_around(user: User) -> dict:
    """The keys of the unreviewed applications behind and before the one in question, and how many there are.

    By keyset on (since, pk): whatever the number of applications, a few rows of an index are read.
    """
    line = Application.objects.unreviewed_by(user).exclude(pk=OuterRef("pk"))
    since, pk = OuterRef("since"), OuterRef("pk")
    behind = line.filter(since__gte=since).filter(Q(since__gt=since) | Q(pk__gt=pk)).order_by("since", "pk")
    before = line.filter(since__lte=since).filter(Q(since__lt=since) | Q(pk__lt=pk)).order_by("-since", "-pk")
    few = Application.objects.unreviewed_by(user).order_by().values("pk")[: MOST_COUNTED + 1]
    return {
        "behind": Subquery(behind.values("pk")[:1]),
        "foremost": Subquery(line.order_by("since", "pk").values("pk")[:1]),
        "before": Subquery(before.values("pk")[:1]),
        "left": Func(
            Subquery(few),
            template="(SELECT count(*) FROM %(expressions)s AS few)",
            output_field=IntegerField(),
        ),
    }


def _reviews(application: Application) -> list[Review]:
    """The reviews with their reviewers and, as `values`, the scores by criterion. One query."""
    scores = Score.objects.filter(review=OuterRef("pk")).values_list(
        JSONObject(of="criterion", value="value")
    )
    reviews = list(application.reviews.select_related("reviewer").annotate(given=ArraySubquery(scores)))
    for review in reviews:
        review.values = {score["of"]: score["value"] for score in review.given}
    return reviews


def _decision_forms(
    request: HttpRequest, application: Application, typed: DecisionForm | None
) -> dict[str, DecisionForm]:
    """A form for each kind of decision: the one that was refused as it was typed, the others fresh."""
    words = letters.words_for(application, group_of(request))
    chosen = request.GET.get("reason", "")
    template = next((one for one in application.decline_templates if str(one["pk"]) == chosen), None)
    initial = {"reason": letters.fill_known(template["text"], words)} if template else {}
    forms = {
        kind: typed if isinstance(typed, form) else form(words=words, initial=initial)
        for kind, form in DECISION_FORMS.items()
    }
    forms[Decision.Kind.DECLINE].template = template
    return forms


def queue_suffix(request: HttpRequest) -> str:
    """What keeps an address within the list from which the desk was opened, question mark included."""
    queue = request.GET.get("queue", request.POST.get("queue"))
    return "" if queue is None else "?" + urlencode({"queue": queue})


def _around(request: HttpRequest, application: Application) -> dict:
    """The applications beside this one: in the list from which it was opened, else not reviewed yet."""
    queue = request.GET.get("queue", request.POST.get("queue"))
    if queue is not None:
        previous, following = neighbours(application, queue, request.user)
        return {"queue": queue, "previous": previous, "following": following}
    # Behind the last one the line begins anew.
    following = application.behind or application.foremost
    left, most = application.left, MOST_COUNTED
    return {"queue": None, "previous": application.before, "following": following, "left": left, "most": most}


def render_desk(
    request: HttpRequest,
    pk: int,
    *,
    review_form: ReviewForm | None = None,
    unsaved: str = "",
    decision_form: DecisionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The review desk. What others think is hidden until one has reviewed or abstained (blind first).

    review_form, decision_form: what was typed, to be shown again; unsaved: a note that could not be saved.
    """
    organiser, in_list = can_organise(request.user), bool(queue_suffix(request))
    application = get_object_or_404(
        _on_the_desk(request.user, pk, in_list=in_list, organiser=organiser), pk=pk
    )
    reviews, criteria = _reviews(application), list(Criterion.objects.all())
    mine = next((review for review in reviews if review.reviewer_id == request.user.pk), None)
    can_review = application.state in admissions.REVIEWABLE
    blind = can_review and mine is None
    decision = getattr(application, "decision", None)
    group = group_of(request)
    form, bars = review_form or ReviewForm(criteria=criteria, review=mine), balance(application)
    others = [] if blind else [review for review in reviews if review is not mine]
    for review in others:
        review.lines = [(one.name, review.values[one.pk]) for one in criteria if one.pk in review.values]
    shortlisted = application.state == State.SHORTLISTED
    first = application.first if shortlisted and application.first else {"pk": pk}
    return render(
        request,
        "organiser/application.html",
        {
            "application": application,
            "strengths": [bar.name for bar in bars if bar.adds],
            "changes": application.changes.select_related("actor"),
            "organiser": organiser,
            "person_key": recipients.of_application(pk),
            "mails": newest_to([recipients.of_application(pk)], [application.email]) if organiser else [],
            "mine": mine,
            "blind": blind,
            "others": others,
            "others_count": len(reviews) - bool(mine),
            "disagree": not blind and disagree(application.spread),
            "review_form": form,
            "review_fields": form.score_fields(),
            "unsaved": unsaved,
            "can_review": can_review,
            "forms": _decision_forms(request, application, decision_form) if organiser else {},
            "missing": max(0, group.reviews_needed - application.review_count),
            "first_name": first["name"] if first["pk"] != pk else "",
            "can_decline": application.state in DECLINABLE or (application.state == State.WAITING and mine),
            "decision": decision,
            # Whoever prepared a decision knows it; so does everybody who has seen the reviews.
            "sees_decision": decision and (not blind or decision.prepared_by_id == request.user.pk),
            "seats": group.seats,
            "bars": bars,
            "most_held": max((bar.members + bar.adds for bar in bars), default=0),
            "suffix": queue_suffix(request),
            **_around(request, application),
        },
        status=status,
    )


# --- The pages ----------------------------------------------------------------------------------------
@reviewer_required
@require_safe
def application(request: HttpRequest, pk: int) -> HttpResponse:
    """One application: what it says on the left, the review on the right, the decision below the answers.

    `?queue=` names the list from which it was opened, `?reason=` the template of a reason for declining.
    """
    return render_desk(request, pk)


def _following(request: HttpRequest, pk: int) -> int | None:
    """The application that comes next, asked before a review is saved: the list may be ordered by scores."""
    in_list = bool(queue_suffix(request))
    found = get_object_or_404(_on_the_desk(request.user, pk, in_list=in_list, organiser=False), pk=pk)
    return _around(request, found)["following"]


@reviewer_required
@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Save one's scores and note; then show what the others think, or the next application."""
    get_object_or_404(Application, pk=pk)
    form = ReviewForm(request.POST, criteria=list(Criterion.objects.all()))
    if not form.is_valid():
        return render_desk(request, pk, review_form=form, status=422)
    following = _following(request, pk) if request.POST.get("then") == "next" else None
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
        return render_desk(request, pk, review_form=form, unsaved=form.cleaned_data["note"], status=409)
    if request.POST.get("then") != "next":
        messages.success(request, "Your review is saved.")
    elif following is None:
        last = (
            "This is the last of the list." if queue_suffix(request) else "You have reviewed all that wait."
        )
        messages.success(request, f"Your review is saved. {last}")
    else:
        messages.success(request, "Your review is saved. Here is the next one.")
    return redirect(reverse("organise:application", args=[following or pk]) + queue_suffix(request))


@reviewer_required
@require_POST
def abstain(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one does not judge this application; then show what the others think."""
    get_object_or_404(Application, pk=pk)
    form = AbstainForm(request.POST)
    if not form.is_valid():
        typed = ReviewForm(request.POST, criteria=list(Criterion.objects.all()))
        return render_desk(request, pk, review_form=typed, status=422)
    note = form.cleaned_data["note"]
    try:
        admissions.abstain(application_id=pk, by=request.user, note=note, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return render_desk(request, pk, unsaved=note, status=409)
    messages.success(request, "You abstain. Your note is saved." if note else "You abstain.")
    return redirect(reverse("organise:application", args=[pk]) + queue_suffix(request))
