"""Whether one comes, the warm-up question, and a member's own history."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members import second_factor
from members.access import can_organise, group_of, lacks_second_factor, member_of, member_required
from members.errors import Refused
from sessions_app import history, rsvps
from sessions_app.coming_forms import ComingForm, WarmUpForm
from sessions_app.models import Rsvp, Session
from sessions_app.preparation import can_follow
from sessions_app.views.parts import NEXT, page_of, rsvp_part, warm_up_part

PAGE = 40  # sessions on one page of the history


@member_required
@require_POST
def rsvp(request: HttpRequest, number: int) -> HttpResponse:
    """Say whether one comes (answer=yes, maybe or no), with a note; or save the note alone (no answer).

    What is refused changes nothing and says so; what was typed stands there again.
    """
    visible = Session.objects.visible_to(organiser=can_organise(request.user))
    session = get_object_or_404(visible, number=number)
    now, member, back = timezone.now(), member_of(request.user), request.GET.get("back", NEXT)
    answer, form, refusal = request.POST.get("answer", ""), ComingForm(request.POST), ""
    has_texts = bool(request.POST.keys() & form.fields.keys())
    if answer not in Rsvp.Answer and (answer or not has_texts):
        refusal = "Choose one of the three answers. Nothing was changed."
    elif not form.is_valid():
        refusal = "Shorten what you wrote. Nothing was changed."
    else:
        try:
            rsvps.answer(session_id=session.pk, member=member, answer=answer, now=now, **form.written())
        except Refused as refused:
            refusal = str(refused)
    saved = "" if answer or refusal else "What you wrote is saved."
    has_typed = any(request.POST.get(name, "").strip() for name in form.fields)
    if request.htmx or (refusal and has_typed):
        session.refresh_from_db()
        typed = form if refusal else None
        part = rsvp_part(
            session, member=member, now=now, back=back, refusal=refusal, typed=typed, saved=saved
        )
        if request.htmx:
            return render(request, "member/_rsvp.html", part)
        return render(request, "member/rsvp.html", {**part, "page": page_of(session, back)}, status=422)
    if refusal:
        messages.error(request, refusal)
    elif saved:
        messages.success(request, saved)
    return redirect(f"{page_of(session, back)}#rsvp")


@require_http_methods(["GET", "HEAD", "POST"])
def warm_up(request: HttpRequest, number: int) -> HttpResponse:
    """Ask those who come one question: for organisers and for members who present in the session."""
    visible = Session.objects.visible_to(organiser=can_organise(request.user))
    session = get_object_or_404(visible, number=number)
    if not can_follow(request.user, session):
        raise PermissionDenied
    if lacks_second_factor(request):
        return second_factor.lead_to_it(request)
    now, back = timezone.now(), request.GET.get("back", "")
    form, refusal, seen = WarmUpForm(initial={"question": session.warm_up}), "", session.warm_up
    if request.method == "POST":
        form = WarmUpForm(request.POST)
        seen = request.POST.get("seen", "")
        if form.is_valid():
            try:
                saved = rsvps.set_warm_up(
                    session_id=session.pk,
                    question=form.cleaned_data["question"],
                    seen=request.POST.get("seen", ""),
                    by=request.user,
                    now=now,
                )
            except rsvps.AskedMeanwhile as asked:
                refusal = str(asked)
                seen = Session.objects.values_list("warm_up", flat=True).get(pk=session.pk)
            except Refused as refused:
                refusal = str(refused)
            else:
                said = "The question is saved." if saved.warm_up else "No question is asked."
                messages.success(request, said)
                here = reverse("sessions:warm_up", args=[number])
                return redirect(page_of(session, back) if back else here)
    status = 422 if refusal or form.errors else 200
    context = {**warm_up_part(session, now=now, form=form), "refusal": refusal}
    context |= {"warm_up_is_page": True, "warm_up_seen": seen}
    return render(request, "member/warm_up.html", context, status=status)


@member_required
@require_safe
def own_sessions(request: HttpRequest) -> HttpResponse:
    """The member's own history: sessions attended and missed, answers, talks, and the numbers by year."""
    now, member, group = timezone.now(), member_of(request.user), group_of(request)
    page = Paginator(history.sessions_of(member, now=now), PAGE).get_page(request.GET.get("page"))
    years = history.years_of(member, group, now=now) if group else []
    return render(request, "member/history.html", {"page": page, "years": years})
