"""Asking for a seat, and for a link that was lost: the same page for everybody (rule 2)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from members import doorstep, limits
from members.access import group_of
from members.errors import Refused
from members.forms.applying import ApplicationForm, LostLinkForm
from members.models import Group


def the_group(request: HttpRequest) -> Group:
    """The group of this request; 404 before there is one."""
    group = group_of(request)
    if group is None:
        raise Http404
    return group


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """The application form. Whoever applies, for the first time or again, is shown the same next page."""
    group, now, status = the_group(request), timezone.now(), 200
    form = ApplicationForm(request.POST if request.method == "POST" else None, group=group, now=now)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            email = form.cleaned_data["email"]
            try:
                limits.count(request, email=email, group=group)
                doorstep.ask_for_seat(
                    group,
                    email=email,
                    answers=form.answers(),
                    strengths=form.cleaned_data["strengths"],
                    now=now,
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
                status = 429 if isinstance(refusal, limits.TooOften) else 422
            else:
                request.session["applied_with"] = email
                return redirect("apply_sent")
    return render(request, "public/apply.html", {"form": form}, status=status)


@login_not_required
@require_safe
def apply_sent(request: HttpRequest) -> HttpResponse:
    """Say that a mail is on its way; the address is told to the one who typed it, and nobody else."""
    return render(request, "public/apply_sent.html", {"address": request.session.get("applied_with", "")})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def apply_lost(request: HttpRequest) -> HttpResponse:
    """Ask for the link to one's application by mail."""
    group, status = the_group(request), 200
    form = LostLinkForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            email = form.cleaned_data["email"]
            try:
                limits.count(request, email=email, group=group)
            except limits.TooOften as refusal:
                form.add_error("email", str(refusal))
                status = 429
            else:
                doorstep.ask_for_link(email=email, now=timezone.now())
                return redirect("apply_lost_sent")
    return render(request, "public/apply_lost.html", {"form": form}, status=status)


@login_not_required
@require_safe
def apply_lost_sent(request: HttpRequest) -> HttpResponse:
    """Say that the link is on its way, if there is an application; whether there is, only the mail tells."""
    the_group(request)
    return render(request, "public/apply_lost_sent.html")
