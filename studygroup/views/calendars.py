"""Calendars: the public one, one session's file, and a member's own with its page."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_http_methods, require_POST, require_safe

from members.access import group_of, member_of, member_required
from members.models import Member
from sessions_app import calendar_links, calendars
from sessions_app.calendar_forms import CalendarForm
from sessions_app.models import CalendarLink, Session
from studygroup import outside

TYPE = "text/calendar; charset=utf-8"


@login_not_required
@conditional_page
@cache_control(max_age=300, public=True)
@require_safe
def public_calendar(request: HttpRequest) -> HttpResponse:
    """Every session that everybody may see, for a calendar program."""
    return HttpResponse(calendars.public_calendar(outside.name_of(group_of(request))), content_type=TYPE)


@login_not_required
@conditional_page
@require_safe
def session_calendar(request: HttpRequest, number: int) -> HttpResponse:
    """One session as a file. Raises Http404 for drafts."""
    session = Session.objects.visible_to(organiser=False).filter(number=number).first()
    if session is None:
        raise Http404
    response = HttpResponse(
        calendars.session_file(session, outside.name_of(group_of(request))), content_type=TYPE
    )
    response.headers["Content-Disposition"] = f'attachment; filename="session-{session.number}.ics"'
    return response


@login_not_required
@conditional_page
@cache_control(private=True, max_age=0)
@require_safe
def member_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """A member's own calendar: the address is the key, since a calendar program does not sign in.

    Raises Http404 for an address that was replaced or switched off, and for somebody who has left.
    """
    key = CalendarLink.key_of(token)
    link = CalendarLink.objects.select_related("member__user").filter(key=key).first() if key else None
    if link is None or link.member.state == Member.State.ALUMNI or not link.member.user.is_active:
        raise Http404
    group = group_of(request)
    content = calendars.member_calendar(
        outside.name_of(group), link, slides_days=group.materials_days if group else 0
    )
    response = HttpResponse(content, content_type=TYPE)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_calendar(request: HttpRequest) -> HttpResponse:
    """One's own calendar: its address, and what it holds."""
    member = member_of(request.user)
    link = CalendarLink.objects.filter(member=member).first()
    form = CalendarForm(request.POST if request.method == "POST" else None, instance=link)
    if request.method == "POST" and form.is_valid():
        if calendar_links.choose(member=member, choices=form.cleaned_data):
            messages.success(request, "Saved. Your calendar program sees it the next time it asks.")
        else:
            messages.error(request, "Your calendar was switched off meanwhile. Nothing was saved.")
        return redirect("my_calendar")
    address = outside.absolute(link.get_absolute_url()) if link else ""
    context = {
        "link": link,
        "form": form,
        "address": address,
        "webcal": f"webcal:{address.partition(':')[2]}",
        "public_address": outside.absolute(reverse("calendar")),
    }
    return render(request, "member/calendar.html", context, status=422 if form.errors else 200)


@member_required
@require_POST
def calendar_on(request: HttpRequest) -> HttpResponse:
    """Make an address for one's calendar."""
    calendar_links.switch_on(member=member_of(request.user), now=timezone.now())
    messages.success(request, "Your calendar has an address now. Copy it into your calendar program.")
    return redirect("my_calendar")


@member_required
@require_POST
def calendar_replace(request: HttpRequest) -> HttpResponse:
    """Make another address, so that whoever has the old one reads nothing any more."""
    try:
        seen = uuid.UUID(request.POST.get("seen", ""))
    except ValueError:
        seen = None
    if calendar_links.replace(member=member_of(request.user), seen=seen, now=timezone.now()):
        messages.success(request, "Your calendar has a new address. The old one opens nothing any more.")
    else:
        messages.error(request, "The address was changed already. This is the one that works now.")
    return redirect("my_calendar")


@member_required
@require_POST
def calendar_off(request: HttpRequest) -> HttpResponse:
    """Take the address away."""
    if calendar_links.switch_off(member=member_of(request.user)):
        messages.success(request, "Your calendar is switched off. Its address opens nothing any more.")
    else:
        messages.error(request, "Your calendar was switched off already.")
    return redirect("my_calendar")
