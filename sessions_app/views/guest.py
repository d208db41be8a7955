"""A guest's page for one session, opened by the token in its address, and what organisers do with chairs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from members.access import organiser_required
from members.errors import Refused
from members.models import Application
from members.names import isolated
from members.views.organiser import told
from sessions_app import guests
from sessions_app.models import GuestChair, Session, nest


@login_not_required
@never_cache
@require_safe
def guest_chair(request: HttpRequest, token: str) -> HttpResponse:
    """When, where, what to prepare, and two buttons; or why the link no longer works."""
    chair = get_object_or_404(GuestChair.objects.with_token(token).select_related("session", "application"))
    closed = guests.closed_sentence(chair, now=timezone.now())
    readings = [] if closed else nest(chair.session.readings.with_links())
    return render(
        request,
        "public/guest_chair.html",
        {
            "chair": chair,
            "session": chair.session,
            "token": token,
            "closed": closed,
            "comes": chair.state == GuestChair.State.ACCEPTED,
            "tops": [reading for reading in readings if not reading.is_part],
            "minutes": sum(reading.minutes or 0 for reading in readings if reading.is_required),
        },
        status=410 if closed else 200,
    )


@login_not_required
@never_cache
@require_POST
def guest_answer(request: HttpRequest, token: str) -> HttpResponse:
    """Come, or let the chair go to somebody else."""
    get_object_or_404(GuestChair.objects.with_token(token))
    said = request.POST.get("comes")
    if said not in ("yes", "no"):
        messages.error(request, "Choose one of the two buttons.")
        return redirect("guest_chair", token)
    try:
        chair = guests.answer(token=token, comes=said == "yes", now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if chair.state == GuestChair.State.ACCEPTED:
            messages.success(request, "The chair is kept for you. This page now tells you how to get there.")
        else:
            messages.success(request, "Thank you for telling us. The chair goes to somebody else.")
    return redirect("guest_chair", token)


def _back(request: HttpRequest, fallback: str, anchor: str = "") -> HttpResponse:
    """To the page that the form stood on: the shortlist, the ledger, or the session."""
    pages = {"shortlist": "organise:shortlist", "seats": "organise:seats"}
    page = pages.get(request.POST.get("back", ""))
    return redirect(f"{reverse(page)}{anchor}" if page else fallback)


def _carry_out(request: HttpRequest, verb: Callable[[], GuestChair], done: str, *, now: datetime) -> None:
    try:
        chair = verb()
    except (Session.DoesNotExist, Application.DoesNotExist, GuestChair.DoesNotExist) as missing:
        raise Http404 from missing
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            done.format(name=isolated(chair.application.name), number=chair.session.number)
            + f" {told.about_written(now=now)}",
        )


@organiser_required
@require_POST
def guest_offer(request: HttpRequest, pk: int, application_pk: int) -> HttpResponse:
    """Offer somebody from the shortlist a chair at this session."""
    now = timezone.now()
    _carry_out(
        request,
        lambda: guests.offer(session_id=pk, application_id=application_pk, by=request.user, now=now),
        "{name} is asked to session {number} as a guest.",
        now=now,
    )
    return _back(request, reverse("organise:session", args=[pk]), f"#candidate-{application_pk}")


@organiser_required
@require_POST
def guest_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a chair back."""
    chair = get_object_or_404(GuestChair, pk=pk)
    now = timezone.now()
    _carry_out(
        request,
        lambda: guests.revoke(chair_id=pk, by=request.user, now=now),
        "The chair of {name} at session {number} is free again.",
        now=now,
    )
    return _back(
        request,
        reverse("organise:session", args=[chair.session_id]),
        f"#candidate-{chair.application_id}" if request.POST.get("back") == "shortlist" else "",
    )
