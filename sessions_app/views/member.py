"""A member's pages: the next session, and the answers given there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members.access import can_organise, member_of, member_required
from sessions_app import catching_up, preparation, programme
from sessions_app.models import Reading, Session
from sessions_app.views.parts import CATCH_UP, NEXT, page_of, prep_part, rsvp_part
from sessions_app.views.preparing import after_catching_up


@member_required
@require_safe
def next_session(request: HttpRequest) -> HttpResponse:
    """The next session as one prepares for it: when, where, what to read, who comes."""
    now = timezone.now()
    member = member_of(request.user)
    upcoming = programme.with_programme(Session.objects.upcoming(now=now), member=True)
    found = programme.complete(upcoming.first())
    if found is None:
        last = Session.objects.past(now=now).first()
        return render(request, "member/next.html", {"session": None, "last": last})
    return render(
        request,
        "member/next.html",
        {
            **rsvp_part(found, member=member, now=now, back=NEXT),
            **prep_part(found, member=member, back=NEXT, now=now),
            "reader_zone": request.user.time_zone,
            "catch_up": catching_up.path_to(found, member=member, everything=False, now=now),
            "can_follow": preparation.can_follow(request.user, found),
        },
    )


@member_required
@require_POST
def reading_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Tick a reading off, or take the tick back (read=1 or 0, also yes or no)."""
    visible = Session.objects.visible_to(organiser=can_organise(request.user))
    reading = get_object_or_404(Reading.objects.select_related("session"), pk=pk, session__in=visible)
    now, member, back = timezone.now(), member_of(request.user), request.GET.get("back", NEXT)
    said = request.POST.get("read")
    read = said in ("1", "yes")
    if read or said in ("0", "no"):
        preparation.set_read(reading=reading, member=member, read=read, now=now)
    else:
        messages.error(request, "That said neither read nor unread. Nothing was changed.")
    if back == CATCH_UP:
        return after_catching_up(request, reading, read=read)
    if request.htmx:
        part = prep_part(reading.session, member=member, back=back, now=now)
        return render(request, "member/_prep.html", part)
    return redirect(f"{page_of(reading.session, back)}#prep")
