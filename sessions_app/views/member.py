"""A member's pages: the next session, and the answers given there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members.access import can_organise, member_of, member_required
from members.errors import Refused
from sessions_app import preparation, programme, rsvps
from sessions_app.models import Reading, Rsvp, Session
from sessions_app.views.parts import NEXT, page_of, prep_part, rsvp_part


@member_required
@require_safe
def next_session(request: HttpRequest) -> HttpResponse:
    """The next session as one prepares for it: when, where, what to read, who comes."""
    now = timezone.now()
    member = member_of(request.user)
    found = programme.complete(programme.with_programme(Session.objects.upcoming(now=now)).first())
    if found is None:
        last = Session.objects.past(now=now).first()
        return render(request, "member/next.html", {"session": None, "last": last})
    return render(
        request,
        "member/next.html",
        {
            **rsvp_part(found, member=member, now=now, back=NEXT),
            **prep_part(found, member=member, back=NEXT),
            "reader_zone": request.user.time_zone,
        },
    )


@member_required
@require_POST
def reading_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Tick a reading off, or take the tick back (read=1 or 0, also yes or no)."""
    visible = Session.objects.visible_to(organiser=can_organise(request.user))
    reading = get_object_or_404(Reading.objects.select_related("session"), pk=pk, session__in=visible)
    member, back = member_of(request.user), request.GET.get("back", NEXT)
    said = request.POST.get("read")
    if said in ("1", "yes", "0", "no"):
        preparation.set_read(reading=reading, member=member, read=said in ("1", "yes"), now=timezone.now())
    else:
        messages.error(request, "That said neither read nor unread. Nothing was changed.")
    if request.htmx:
        return render(request, "member/_prep.html", prep_part(reading.session, member=member, back=back))
    return redirect(f"{page_of(reading.session, back)}#prep")


@member_required
@require_POST
def rsvp(request: HttpRequest, number: int) -> HttpResponse:
    """Say whether one comes (answer=yes, maybe or no). Refused answers change nothing and say so."""
    visible = Session.objects.visible_to(organiser=can_organise(request.user))
    session = get_object_or_404(visible, number=number)
    now, member, back = timezone.now(), member_of(request.user), request.GET.get("back", NEXT)
    refusal = ""
    if (answer := request.POST.get("answer")) in Rsvp.Answer:
        try:
            rsvps.answer(session_id=session.pk, member=member, answer=answer, now=now)
        except Refused as refused:
            refusal = str(refused)
    else:
        refusal = "Choose one of the three answers. Nothing was changed."
    if request.htmx:
        session.refresh_from_db()
        part = rsvp_part(session, member=member, now=now, back=back, refusal=refusal)
        return render(request, "member/_rsvp.html", part)
    if refusal:
        messages.error(request, refusal)
    return redirect(f"{page_of(session, back)}#rsvp")
