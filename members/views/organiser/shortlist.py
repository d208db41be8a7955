"""The shortlist: the agreed order beside the suggested one, and invitations along it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members import ordering, recipients
from members.access import group_of, organiser_required
from members.errors import GroupFull, OutOfOrder, Refused
from members.forms.seats import InviteForm, OrderForm
from members.models import Application, Review
from members.models.application import State
from members.names import isolated
from members.views.organiser import told


def _page(request: HttpRequest, *, typed: InviteForm | None = None, pk: int = 0, status=200) -> HttpResponse:
    """The page. typed: the invitation of the candidate `pk` that was refused, shown again as it was."""
    now, group = timezone.now(), group_of(request)
    candidates = ordering.shortlist(active=group.seats.taken, now=now)
    reviewed = set(
        Review.objects.filter(
            reviewer=request.user, application__in=[one.application.pk for one in candidates]
        ).values_list("application_id", flat=True)
    )
    placed = sum(1 for one in candidates if one.position)
    for one in candidates:
        key = one.application.pk
        one.reviewed = key in reviewed  # blind first: figures that come from reviews wait for one's own
        one.days = (now - one.application.since).days
        one.is_last = one.position == placed
        one.form = (
            typed
            if typed and key == pk
            else InviteForm(application_id=key, initial={"seen": one.application.state})
        )
    suggested = ordering.suggestion(candidates)
    agreed = [one.application.pk for one in candidates]
    return render(
        request,
        "organiser/shortlist.html",
        {
            "candidates": candidates,
            "suggested": suggested,
            "first": ordering.first(candidates),
            "placed": placed,
            "seen": ordering.fingerprint(one.application for one in candidates),
            "suggested_order": ",".join(str(one.application.pk) for one in suggested),
            "agreed_order": ",".join(str(key) for key in agreed),
            "follows_suggestion": [one.application.pk for one in suggested] == agreed,
        },
        status=status,
    )


@organiser_required
@require_safe
def shortlist(request: HttpRequest) -> HttpResponse:
    """Everybody on the shortlist: what the group would gain, the score, the wait, and both orders."""
    return _page(request)


def _change(request: HttpRequest, verb: Callable[[], str], pk: int | None = None) -> HttpResponse:
    """Change the order, say what happened, and go back to the row that was moved."""
    try:
        done = verb()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    anchor = f"#candidate-{pk}" if pk else ""
    return redirect(f"{reverse('organise:shortlist')}{anchor}")


@organiser_required
@require_POST
def agree(request: HttpRequest) -> HttpResponse:
    """Agree on an order of the whole shortlist: the suggestion, or the one that stands."""

    def verb() -> str:
        form = OrderForm(request.POST)
        if not form.is_valid():
            raise ordering.StaleOrder
        ordering.agree(
            order=form.cleaned_data["order"],
            seen=form.cleaned_data["seen"],
            by=request.user,
            now=timezone.now(),
        )
        return "The order is agreed."

    return _change(request, verb)


@organiser_required
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move somebody one place up or down, or give a newcomer the last place."""
    get_object_or_404(Application, pk=pk)
    step = request.POST.get("step", "")
    common = {
        "application_id": pk,
        "seen": request.POST.get("seen", ""),
        "by": request.user,
        "now": timezone.now(),
    }

    def verb() -> str:
        if step in ("up", "down"):
            moved = ordering.move_one(up=step == "up", **common)
        elif step == "last":
            moved = ordering.place_last(**common)
        else:
            raise Refused("Choose one of the buttons. Nothing was changed.")
        return f"{isolated(moved.name)} has place {moved.place} in the agreed order."

    return _change(request, verb, pk)


@organiser_required
@require_POST
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Invite somebody: the first without a word, another with a reason that is kept."""
    application, now = get_object_or_404(Application, pk=pk), timezone.now()
    form = InviteForm(request.POST, application_id=pk)
    if not form.is_valid():
        return _page(request, typed=form, pk=pk, status=422)
    try:
        ordering.invite(
            application_id=pk,
            by=request.user,
            now=now,
            seen=form.cleaned_data["seen"] or None,
            reason=form.cleaned_data["reason"],
        )
    except Application.DoesNotExist as gone:
        raise Http404 from gone
    except OutOfOrder as refusal:
        form.add_error("reason", str(refusal))
        return _page(request, typed=form, pk=pk, status=422)
    except Refused as refusal:
        messages.error(request, str(refusal))
        application.refresh_from_db()
        if isinstance(refusal, GroupFull) and application.state == State.SHORTLISTED:
            return _page(request, typed=form, pk=pk, status=409)
        return redirect("organise:shortlist")
    mail = told.about_mail(recipients.of_application(pk), now=now)
    messages.success(request, f"A seat is held for {isolated(application.name)}. {mail}")
    return redirect("organise:shortlist")
