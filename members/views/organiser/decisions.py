"""Deciding on an application, now or later, and releasing what was prepared."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members import admissions, decisions, letters, recipients
from members.access import group_of, organiser_required
from members.admissions import ReviewsMissing
from members.errors import OutOfOrder, Refused
from members.forms.reviewing import DECISION_FORMS
from members.models import Application, Decision
from members.names import isolated
from members.views.organiser import told
from members.views.organiser.desk import queue_suffix, render_desk

Kind = Decision.Kind
VERBS = {
    Kind.SHORTLIST: admissions.shortlist,
    Kind.INVITE: admissions.invite,
    Kind.DECLINE: admissions.decline,
}
DONE = {
    Kind.SHORTLIST: "{name} is on the shortlist.",
    Kind.INVITE: "A seat is held for {name}.",
    Kind.DECLINE: "{name} is declined.",
}
WORDS = {Kind.SHORTLIST: "override", Kind.INVITE: "reason", Kind.DECLINE: "reason"}  # what the verb calls it


# --- On one application -------------------------------------------------------------------------------
def _decide(request: HttpRequest, pk: int, kind: Kind, *, later: bool = False) -> HttpResponse:
    """Carry one decision out, or prepare it, and say what happened; a refused one keeps what was typed."""
    application = get_object_or_404(Application, pk=pk)
    words = letters.words_for(application, group_of(request))
    form = DECISION_FORMS[kind](request.POST, words=words)
    if not form.is_valid():
        return render_desk(request, pk, decision_form=form, status=422)
    now = timezone.now()
    common = {
        "application_id": pk,
        "by": request.user,
        "now": now,
        "seen": request.POST.get("seen") or None,
    }
    try:
        if later:
            decisions.prepare(kind=kind, reason=form.typed(), **common)
        else:
            VERBS[kind](**common, **{WORDS[kind]: form.typed()})
    except (ReviewsMissing, OutOfOrder) as refusal:
        form.add_error(form.said, str(refusal))
        return render_desk(request, pk, decision_form=form, status=422)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return render_desk(request, pk, decision_form=form, status=409)
    done = "The decision on {name} is prepared." if later else DONE[kind]
    mail = "Nobody has been told." if later else told.about_mail(recipients.of_application(pk), now=now)
    messages.success(request, f"{done.format(name=isolated(application.name))} {mail}")
    return redirect(reverse("organise:application", args=[pk]) + queue_suffix(request))


@organiser_required
@require_POST
def shortlist(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the application on the shortlist."""
    return _decide(request, pk, Kind.SHORTLIST)


@organiser_required
@require_POST
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a free seat."""
    return _decide(request, pk, Kind.INVITE)


@organiser_required
@require_POST
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Decline with a reason, which the applicant reads."""
    return _decide(request, pk, Kind.DECLINE)


@organiser_required
@require_POST
def prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a decision, which the button names, for a later release."""
    if request.POST.get("kind") not in Kind.values:
        raise Http404
    return _decide(request, pk, Kind(request.POST["kind"]), later=True)


@organiser_required
@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget the prepared decision that the desk showed."""
    get_object_or_404(Application, pk=pk)
    shown = _number(request.POST.get("shown", ""))
    try:
        if shown is None:
            raise Refused("Load the page again; it did not say which decision. Nothing was changed.")
        application = decisions.take_back(application_id=pk, decision_id=shown)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        name = isolated(application.name)
        messages.success(request, f"The decision on {name} is taken back. Nobody was told of it.")
    return redirect(reverse("organise:application", args=[pk]) + queue_suffix(request))


# --- All of them --------------------------------------------------------------------------------------
@organiser_required
@require_safe
def decision_list(request: HttpRequest) -> HttpResponse:
    """All prepared decisions by kind, with the mails that would be sent, to be released together."""
    now, group = timezone.now(), group_of(request)
    shown = decisions.shown_to(request.user)
    count = shown.count()
    # The oldest first where there are more than one release takes; then as they are released.
    oldest = shown.order_by("prepared_at", "pk").values("pk")[: decisions.AT_ONCE]
    standing = decisions.in_order(shown.filter(pk__in=oldest) if count > decisions.AT_ONCE else shown)
    worded = decisions.wordings()
    for decision in standing:
        decision.subject, decision.text = decisions.preview(decision, group, worded, now=now)
    by_kind = [(kind, [each for each in standing if each.kind == kind]) for kind in Kind]
    invitations = sum(1 for decision in standing if decision.kind == Kind.INVITE)
    return render(
        request,
        "organiser/decisions.html",
        {
            "kinds": [(kind, each) for kind, each in by_kind if each],
            "count": len(standing),
            "more": count - len(standing),
            "hidden": decisions.count_hidden_from(request.user),
            "seats": group.seats,
            "too_few": invitations > group.seats.free,
        },
    )


def _number(typed: str) -> int | None:
    """A key as a form carries it; None for what is none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


@organiser_required
@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Carry the ticked decisions out, and tell what became of each."""
    asked = {key for typed in request.POST.getlist("decision") if (key := _number(typed)) is not None}
    if not asked:
        messages.error(request, "Tick at least one decision. Nothing was sent.")
        return redirect("organise:decisions")
    hidden = set(
        Decision.objects.filter(pk__in=asked)
        .exclude(pk__in=decisions.shown_to(request.user).values("pk"))
        .values_list("pk", flat=True)
    )
    now = timezone.now()
    try:
        outcomes = decisions.release(decision_ids=asked - hidden, by=request.user, now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        _report(request, outcomes, asked=len(asked), now=now)
    return redirect("organise:decisions")


def _report(request: HttpRequest, outcomes: list[decisions.Outcome], *, asked: int, now: datetime) -> None:
    """One line for what was done, and one for each reason why something was not."""
    done = [outcome.application for outcome in outcomes if not outcome.refused]
    refused: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.refused:
            refused.setdefault(outcome.refused, []).append(isolated(outcome.application.name))
    if done:
        names = ", ".join(isolated(application.name) for application in done)
        keys = [recipients.of_application(application.pk) for application in done]
        messages.success(request, f"Released: {names}. {told.about_mails(keys, now=now)}")
    for reason, names in refused.items():
        messages.error(request, f"Still prepared: {', '.join(names)}. {reason}")
    gone = asked - len(outcomes)
    if gone:
        were = "One of these decisions was" if gone == 1 else f"{gone} of these decisions were"
        messages.warning(request, f"{were} released, changed or taken back before. Nothing was sent twice.")
