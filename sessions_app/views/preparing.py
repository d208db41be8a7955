"""Beside the readings: a member's own notes, the questions that they pin there, and what they have missed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members.access import can_organise, group_of, member_of, member_required, sees_everything
from members.errors import Refused
from sessions_app import private_notes, stuck_points
from sessions_app.models import Reading, Session, StuckPoint
from sessions_app.preparation import can_tick
from sessions_app.preparing_forms import PrivateNoteForm, QuestionForm
from sessions_app.views.parts import NEXT, catch_up_part, count_points, for_member, page_of

NO_CHANGE = "This question is resolved, withdrawn or not yours. Nothing was changed."


def _back(request: HttpRequest) -> str:
    return request.GET.get("back", NEXT)


def reading_for(request: HttpRequest, pk: int) -> Reading:
    """The reading of a session that this person may open, as a member sees it; else 404. One query."""
    visible = Session.objects.visible_to(organiser=can_organise(request.user))
    readings = Reading.objects.filter(session__in=visible).select_related("session")
    member = member_of(request.user)
    return get_object_or_404(for_member(readings, member=member) if member else readings, pk=pk)


def _to_reading(request: HttpRequest, reading: Reading, part: str) -> HttpResponse:
    return redirect(f"{page_of(reading.session, _back(request))}#{part}-{reading.pk}")


# --- A note for oneself --------------------------------------------------------------------------------
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def private_note(request: HttpRequest, pk: int) -> HttpResponse:
    """What this member notes beside a reading; htmx gets the part below the reading, others a page."""
    reading = reading_for(request, pk)
    form = PrivateNoteForm(request.POST if request.method == "POST" else {"text": reading.own_note or ""})
    said = ""
    if request.method == "POST" and form.is_valid():
        had, text = reading.own_note, form.cleaned_data["text"]
        note = private_notes.save(
            reading=reading, member=member_of(request.user), text=text, now=timezone.now()
        )
        reading.own_note = note.text if note else None
        said = "Your note is kept." if note else "Your note is gone." if had else "There was nothing to keep."
        if not request.htmx:
            messages.success(request, said)
            return _to_reading(request, reading, "note")
    context = {"reading": reading, "session": reading.session, "back": _back(request), "said": said}
    refused = bool(request.method == "POST" and form.errors)
    if refused:
        context |= {"typed": request.POST.get("text", ""), "error": form.errors["text"][0]}
    if request.htmx:
        return render(request, "member/_private_note.html", {**context, "is_open": True})
    form = form if refused else PrivateNoteForm(initial={"text": reading.own_note or ""})
    return render(
        request, "member/private_note.html", {**context, "form": form}, status=422 if refused else 200
    )


# --- Questions -----------------------------------------------------------------------------------------
def _questions(
    request: HttpRequest, reading: Reading, form: QuestionForm | None = None, *, said: str = ""
) -> HttpResponse:
    """The questions under a reading, with a form for another: the part for htmx, else the page."""
    context = {
        "reading": count_points(reading),
        "session": reading.session,
        "back": _back(request),
        "can_tick": can_tick(reading.session),
        "said": said,
    }
    refused = bool(form and form.errors)
    if request.htmx:
        if refused:
            context |= {name: form[name].value() or "" for name in ("where", "question")}
            context["errors"] = {name: errors[0] for name, errors in form.errors.items()}
        return render(request, "member/_stuck_points.html", {**context, "is_open": True})
    context["form"] = form or QuestionForm()
    return render(request, "member/stuck_points.html", context, status=422 if refused else 200)


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def stuck_point_list(request: HttpRequest, pk: int) -> HttpResponse:
    """What members asked about a reading; a POST asks."""
    reading = reading_for(request, pk)
    if request.method != "POST":
        return _questions(request, reading)
    form = QuestionForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            stuck_points.ask(
                reading=reading,
                author=member_of(request.user),
                where=data["where"],
                question=data["question"],
                now=timezone.now(),
            )
        except Refused as refused:
            form.add_error("question", str(refused))
    if form.errors:
        return _questions(request, reading, form)
    said = "Your question is asked; other members see it now."
    if request.htmx:
        return _questions(request, reading_for(request, pk), said=said)
    messages.success(request, said)
    return _to_reading(request, reading, "points")


@member_required
@require_POST
def me_too(request: HttpRequest, pk: int, point_pk: int) -> HttpResponse:
    """Say that one is stuck there too (said=1), or take that back (said=0)."""
    reading = reading_for(request, pk)
    refusal = _say_me_too(request, reading, point_pk)
    if not request.htmx:
        if refusal:
            messages.error(request, refusal)
        return _to_reading(request, reading, "points")
    reading = reading_for(request, pk)
    point = next((one for one in reading.point_list if one["id"] == point_pk), None)
    context = {"reading": reading, "point": point, "point_pk": point_pk, "refusal": refusal}
    context |= {"can_tick": can_tick(reading.session), "back": _back(request)}
    return render(request, "member/_stuck_point.html", context)


def _say_me_too(request: HttpRequest, reading: Reading, point_pk: int) -> str:
    """Record it; the sentence that says why not, or nothing."""
    if (said := request.POST.get("said")) not in ("0", "1"):
        return "That said neither yes nor no. Nothing was changed."
    try:
        stuck_points.set_me_too(
            point_id=StuckPoint.objects.get(pk=point_pk, reading=reading).pk,
            member=member_of(request.user),
            said=said == "1",
            now=timezone.now(),
        )
    except StuckPoint.DoesNotExist:
        return "This question was withdrawn. Nothing was changed."
    except Refused as refused:
        return str(refused)
    return ""


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def stuck_point_change(request: HttpRequest, pk: int, point_pk: int) -> HttpResponse:
    """Say one's own question in other words."""
    reading, member = reading_for(request, pk), member_of(request.user)
    point = StuckPoint.objects.filter(pk=point_pk, reading=reading, author=member, resolved_at=None).first()
    if point is None:
        messages.error(request, NO_CHANGE)
        return _to_reading(request, reading, "points")
    fresh = {"where": point.where, "question": point.question, "seen": stuck_points.version_of(point)}
    form = QuestionForm(request.POST) if request.method == "POST" else QuestionForm(initial=fresh)
    conflict, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            stuck_points.change(point_id=point.pk, by=member, **form.cleaned_data)
        except stuck_points.Changed as changed:
            # The next save is made knowing of what stands now, which is on the page.
            form.data = form.data.copy()
            form.data["seen"] = stuck_points.version_of(changed.point)
            conflict, point, status = str(changed), changed.point, 409
        except (Refused, StuckPoint.DoesNotExist):
            messages.error(request, NO_CHANGE)
            return _to_reading(request, reading, "points")
        else:
            messages.success(request, "Your question is changed.")
            return _to_reading(request, reading, "points")
    context = {"reading": reading, "session": reading.session, "point": point, "form": form}
    return render(
        request,
        "member/stuck_point.html",
        {**context, "back": _back(request), "conflict": conflict},
        status=422 if form.errors else status,
    )


@member_required
@require_POST
def stuck_point_withdraw(request: HttpRequest, pk: int, point_pk: int) -> HttpResponse:
    """Take one's own question back."""
    reading = reading_for(request, pk)
    try:
        stuck_points.withdraw(point_id=point_pk, by=member_of(request.user))
    except StuckPoint.DoesNotExist:
        messages.info(request, "This question was withdrawn before. Nothing was changed.")
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Your question is withdrawn.")
    return _to_reading(request, reading, "points")


# --- Catching up ---------------------------------------------------------------------------------------
def _catch_up(
    request: HttpRequest, *, ticked: Reading | None = None, template: str = "member/catch_up.html"
) -> HttpResponse:
    now = timezone.now()
    group_of(request)  # first, so that the group is read but once
    session = Session.objects.upcoming(now=now).first()
    context = {"session": None, "ticked": ticked}
    if session:
        member, everything = member_of(request.user), sees_everything(request)
        context |= catch_up_part(session, member=member, everything=everything, now=now)
    return render(request, template, context)


@member_required
@require_safe
def catch_up(request: HttpRequest) -> HttpResponse:
    """What this member has missed of what the next session builds on, in the order to take it."""
    return _catch_up(request)


def after_catching_up(request: HttpRequest, reading: Reading, *, read: bool) -> HttpResponse:
    """Where a tick on the catch-up page leads: to what is left there, with the way to take it back.

    read: whether it was ticked off; else it stands in the list again.
    """
    if request.htmx:
        return _catch_up(request, ticked=reading if read else None, template="member/_catch_up.html")
    number = reading.session.number
    if read:
        messages.success(
            request, f"“{reading.title}” is ticked off. The page of session {number} has it still."
        )
    return redirect("catch_up")
