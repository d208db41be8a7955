"""What organisers do with talks: read what is proposed, answer it, give it a place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import groupby

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members.access import group_of, organiser_required
from members.errors import Refused
from members.views.organiser import told
from sessions_app import proposals, talks
from sessions_app.models import Presentation, Session
from sessions_app.talk_forms import MessageForm, ScheduleForm

TALKS = 40  # on one page of the list
State = Presentation.State


@organiser_required
@require_safe
def talk_list(request: HttpRequest) -> HttpResponse:
    """Talks by state, those that wait for an answer first."""
    state = request.GET.get("state", "")
    state = state if state in State.values else ""
    page = Paginator(talks.for_desk(state), TALKS).get_page(request.GET.get("page"))
    counts = talks.counts()
    return render(
        request,
        "organiser/talk_list.html",
        {
            "page": page,
            "groups": [(State(key).label, list(rows)) for key, rows in groupby(page, key=lambda t: t.state)],
            "state": state,
            "counts": [(key, label, counts[key]) for key, label in State.choices],
            "query": f"state={state}&" if state else "",
        },
    )


def _page(
    request: HttpRequest, pk: int, *, form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    """The page of one talk; form: one that was posted and is shown again."""
    now, group = timezone.now(), group_of(request)
    found = talks.for_reader(member=None, organiser=True).select_related(
        "wished_session", "proposed_by__user"
    )
    talk = talks.complete(get_object_or_404(found, pk=pk))
    sessions = talks.sessions_of(talk, organiser=True)
    open_sessions = _open_sessions(talk, sessions) if talk.state in (State.ACCEPTED, State.SCHEDULED) else []
    is_schedule = isinstance(form, ScheduleForm)
    schedule = (
        form
        if is_schedule
        else ScheduleForm(
            sessions=open_sessions,
            initial={"session": talk.wished_session_id},
            auto_id="schedule_%s",
        )
    )
    answer = form if form is not None and not is_schedule else MessageForm(auto_id="answer_%s")
    return render(
        request,
        "organiser/talk.html",
        {
            "talk": talk,
            "sessions": sessions,
            "can_go": [s for s in sessions if _has_not_begun(s, now=now)]
            if talk.state == State.SCHEDULED
            else [],
            "open_sessions": open_sessions,
            "steps": list(talk.steps.select_related("by")),
            "slides": talks.slides(talk, sessions, group, now=now),
            "answer": answer,
            "schedule": schedule,
            "posted": form,
        },
        status=status,
    )


def _has_not_begun(session: Session, *, now) -> bool:
    held = session.state == Session.State.HELD
    return not held and not (session.state == Session.State.ANNOUNCED and session.starts_at <= now)


def _open_sessions(talk: Presentation, taken: list[Session]) -> list[Session]:
    """The sessions to come that do not have the talk."""
    found = Session.objects.filter(state__in=proposals.AHEAD, ends_at__gt=timezone.now())
    return list(found.exclude(pk__in=[session.pk for session in taken]).order_by("starts_at", "pk")[:100])


@organiser_required
@require_safe
def talk(request: HttpRequest, pk: int) -> HttpResponse:
    """One talk: what is proposed, what has happened, and what comes next."""
    return _page(request, pk)


def _answer(
    request: HttpRequest,
    pk: int,
    form: forms.Form,
    step: Callable[[dict], object],
    done: str,
    *,
    now: datetime,
    then: str = "",
) -> HttpResponse:
    """Take one step with what the form says; a stale or refused one changes nothing and loses no words."""
    if not form.is_valid():
        return _page(request, pk, form=form, status=422)
    try:
        step(form.cleaned_data)
    except (Presentation.DoesNotExist, Session.DoesNotExist) as missing:
        raise Http404 from missing
    except Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, pk, form=form, status=409)
    messages.success(request, f"{done} {told.about_written(now=now)}{then}")
    return redirect("organise:talk", pk)


@organiser_required
@require_POST
def talk_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Say yes to a proposal."""
    now = timezone.now()
    verb = partial(proposals.accept, talk_id=pk, by=request.user, now=now)
    form = MessageForm(request.POST, auto_id="answer_%s")
    return _answer(
        request,
        pk,
        form,
        lambda data: verb(message=data["message"]),
        "The talk is accepted.",
        now=now,
        then=" Now give it a place.",
    )


@organiser_required
@require_POST
def talk_decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Say no to a talk."""
    seen = request.POST.get("seen", State.PROPOSED)
    now = timezone.now()
    verb = partial(proposals.decline, talk_id=pk, seen=seen, by=request.user, now=now)
    form = MessageForm(request.POST, auto_id="answer_%s")
    return _answer(
        request, pk, form, lambda data: verb(message=data["message"]), "The talk is declined.", now=now
    )


@organiser_required
@require_POST
def talk_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a talk a place in a session."""
    now = timezone.now()
    found = get_object_or_404(Presentation, pk=pk)
    choices = _open_sessions(found, list(found.sessions.all()))
    form = ScheduleForm(request.POST, sessions=choices, auto_id="schedule_%s")

    def verb(data: dict) -> None:
        proposals.schedule(
            talk_id=pk, session_id=data["session"], by=request.user, now=now, message=data["message"]
        )

    return _answer(request, pk, form, verb, "The talk has its place.", now=now)


@organiser_required
@require_POST
def talk_unschedule(request: HttpRequest, pk: int, session_pk: int) -> HttpResponse:
    """Take a talk out of a session."""
    now = timezone.now()
    verb = partial(proposals.unschedule, talk_id=pk, session_id=session_pk, by=request.user, now=now)
    form = MessageForm(request.POST, auto_id="answer_%s")
    done = "The session no longer has the talk."
    return _answer(request, pk, form, lambda data: verb(message=data["message"]), done, now=now)
