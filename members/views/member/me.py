"""A person's own page: the account, the profile, and leave."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from members import membership
from members.access import group_of, member_of, member_required
from members.errors import Refused
from members.forms.account import AccountForm
from members.forms.profile import GoodbyeForm, LeaveForm, ProfileForm
from members.models import Member


def today_of(request: HttpRequest) -> date:
    """The day it is for the group."""
    return timezone.localdate(timezone=ZoneInfo(group_of(request).time_zone))


def _own_profile(request: HttpRequest) -> Member | None:
    """The page of this person's own, also of somebody who has left and may want to take it down."""
    return getattr(request.user, "member", None)


def _render(request: HttpRequest, *, status: int = 200, **forms) -> HttpResponse:
    profile, member = _own_profile(request), member_of(request.user)
    context = {
        "form": AccountForm(instance=request.user),
        "profile": profile,
        "profile_form": ProfileForm(instance=profile) if profile else None,
        "leave_form": LeaveForm(today=today_of(request))
        if member and member.state == Member.State.ACTIVE
        else None,
    }
    return render(request, "member/me.html", context | forms, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """One's name and time zone, one's page for the others, and the ways to sign in."""
    if request.method != "POST":
        return _render(request)
    profile = _own_profile(request)
    form = AccountForm(request.POST, instance=request.user)
    profile_form = ProfileForm(request.POST, request.FILES, instance=profile) if profile else None
    # Both are looked at, so that one answer names everything that is wrong.
    if not all([form.is_valid(), profile_form is None or profile_form.is_valid()]):
        if profile:
            # What was typed stays in the forms; the rest of the page shows what is so.
            profile.refresh_from_db(fields=["photo"])
        request.user.refresh_from_db(fields=["name"])
        return _render(request, form=form, profile_form=profile_form, status=422)
    with transaction.atomic():
        form.save()
        if profile_form:
            profile_form.save()
    messages.success(request, "Saved.")
    return redirect("me")


@member_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Lend the seat until a day."""
    form = LeaveForm(request.POST, today=today_of(request))
    member = member_of(request.user)
    if member.state == Member.State.ACTIVE and not form.is_valid():
        return _render(request, leave_form=form, status=422)
    try:
        if not form.is_valid():
            raise Refused("You are on leave already. Nothing was changed.")
        membership.go_on_leave(member_id=member.pk, by=request.user, now=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"You are on leave until {form.cleaned_data['until']:%-d %B %Y}.")
    return redirect("me")


@member_required
@require_POST
def come_back(request: HttpRequest) -> HttpResponse:
    """Take the seat again before the day of return."""
    try:
        membership.come_back(member_id=member_of(request.user).pk, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Welcome back: you have your seat again.")
    return redirect("me")


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def say_goodbye(request: HttpRequest) -> HttpResponse:
    """Leave the group: a page that says what follows, and the leaving itself."""
    form = GoodbyeForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "member/me_goodbye.html", {"form": form}, status=status)
    try:
        membership.leave_group(
            member_id=member_of(request.user).pk,
            by=request.user,
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("me")
    messages.success(request, f"You have left {group_of(request).name}. Thank you for the time you gave it.")
    return redirect("home")
