"""The organisers' pages for sessions: the list, the form, and the steps of a session's life."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members.access import group_of, organiser_required
from members.errors import Refused
from members.views.organiser import told
from sessions_app import mails, planning, programme, schedule, stored, suggestions
from sessions_app.changes import MovedIntoThePast
from sessions_app.editor import LISTS, Editor
from sessions_app.models import Session
from sessions_app.prerequisites import CannotBuildOn

PAGE = 20  # sessions on one page of the list
# The field that a refusal is about.
FIELDS = {planning.NumberTaken: "number", CannotBuildOn: "builds_on", MovedIntoThePast: "date"}


@organiser_required
@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    """Every session: what is ahead, what wants closing, then the archive and what was cancelled."""
    now = timezone.now()
    counts = programme.count_by_state()
    page = Paginator(range(sum(counts.values())), PAGE).get_page(request.GET.get("page"))
    page.object_list = list(programme.for_desk(page.object_list, counts, now=now))
    words = {"over": "Over, not closed yet", "draft": "Drafts", "announced": "Announced"}
    words |= {"held": "Held", "cancelled": "Cancelled"}
    groups = [(words[stage], list(rows)) for stage, rows in groupby(page.object_list, key=lambda s: s.stage)]
    standing = [session for session in page if session.stage != "cancelled"] if page.number == 1 else []
    last = max(standing, key=lambda session: session.starts_at, default=None)
    return render(request, "organiser/session_list.html", {"page": page, "groups": groups, "last": last})


def _page(
    request: HttpRequest, editor: Editor, *, status: int = 200, like: int | None = None
) -> HttpResponse:
    now, session = timezone.now(), editor.session
    editor.mark_shared()
    return render(
        request,
        "organiser/session_edit.html",
        {
            "editor": editor,
            "session": session,
            "like": like,
            "problems": editor.problems(),
            "has_started": bool(session and session.starts_at <= now),
            "is_over": bool(session and session.ends_at <= now),
            "announcement_waits": bool(session and session.state == Session.State.DRAFT)
            and mails.announcements_wait(),
        },
        status=status,
    )


def _save(request: HttpRequest, editor: Editor) -> HttpResponse:
    """Save what was posted, or show it again with what stands in the way."""
    if (more := request.POST.get("more")) in LISTS:
        editor.more(more)
        return _page(request, editor)
    if not editor.is_valid():
        return _page(request, editor, status=422)
    pk, now = editor.session.pk if editor.session else None, timezone.now()
    try:
        saved = planning.save_session(session_id=pk, seen=editor.seen, plan=editor.plan(), now=now)
    except planning.Changed as changed:
        editor.refuse(str(changed))
        editor.conflict = True
        # The next save is made knowing of this one: what is stored now counts as seen.
        current = stored.find(pk)
        editor.seen = current.version if current else ""
        return _page(request, editor, status=409)
    except Refused as refused:
        editor.refuse(str(refused), FIELDS.get(type(refused)))
        return _page(request, editor, status=422)
    if saved.state == Session.State.DRAFT:
        messages.success(request, f"{saved} is saved as a draft. Only organisers see it.")
    elif saved.told:
        written = "One mail says" if saved.told == 1 else f"{saved.told} mails say"
        said = f"{saved} is saved. {written} what has changed. {told.about_written(now=now)}"
        messages.success(request, said)
    else:
        messages.success(request, f"{saved} is saved. No mail was sent.")
    if saved.new_guests:
        names = " and ".join(saved.new_guests)
        are = "is a new guest" if len(saved.new_guests) == 1 else "are new guests"
        messages.success(request, f"{names} {are}. If you meant somebody else, mend the name.")
    if kinds := editor.told_kinds():
        messages.success(request, kinds)
    return redirect("organise:session", saved.pk)


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def session_new(request: HttpRequest) -> HttpResponse:
    """Plan a session, starting from what it probably is, or from an earlier one (?like=17)."""
    if request.method == "POST":
        return _save(request, Editor(data=request.POST, files=request.FILES, by=request.user))
    model, group = request.GET.get("like", ""), group_of(request)
    if not model:
        return _page(request, Editor(suggested=suggestions.usual(group)))
    if not (model.isascii() and model.isdecimal() and len(model) < 10):
        raise Http404
    try:
        suggested = suggestions.like(int(model), group, now=timezone.now())
    except Session.DoesNotExist as missing:
        raise Http404 from missing
    return _page(request, Editor(suggested=suggested), like=int(model))


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a session with all its parts, and take its next step."""
    found = stored.find(pk)
    if found is None:
        raise Http404
    if request.method == "POST":
        return _save(request, Editor(stored=found, data=request.POST, files=request.FILES, by=request.user))
    return _page(request, Editor(stored=found))


def _step(
    request: HttpRequest, pk: int, step: Callable[[], Session], done: Callable[[Session], str]
) -> HttpResponse:
    """Take one step and say what was done; a stale or refused one changes nothing."""
    try:
        session = step()
    except Session.DoesNotExist as missing:
        raise Http404 from missing
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done(session))
    return redirect("organise:session", pk)


@organiser_required
@require_POST
def session_announce(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a draft to everybody and write to the members."""
    now = timezone.now()
    return _step(
        request,
        pk,
        lambda: schedule.announce(session_id=pk, now=now),
        _announced,
    )


def _announced(session: Session) -> str:
    waiting = len(mails.waiting_announcements(session))
    if not waiting:
        mail = "and the mails are on their way" if session.told else "and there was nobody to write to"
        return f"{session} is announced, {mail}."
    wait, them = ("One mail waits", "it") if waiting == 1 else (f"{waiting} mails wait", "them")
    return format_html(
        "{} is announced. {} in the outbox until you release {}. "
        '<a href="{}?state=draft">Read and release {}</a>',
        session,
        wait,
        them,
        reverse("organise:outbox"),
        them,
    )


@organiser_required
@require_POST
def session_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that a session took place."""
    now = timezone.now()
    return _step(
        request,
        pk,
        lambda: schedule.hold(session_id=pk, now=now),
        lambda session: f"{session} is in the archive now.",
    )


@organiser_required
@require_POST
def session_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Call a session off."""
    now = timezone.now()
    return _step(
        request,
        pk,
        lambda: schedule.cancel(session_id=pk, now=now),
        lambda session: f"{session} is cancelled. {told.about_written(now=now)}",
    )


@organiser_required
@require_POST
def session_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a cancelled session up again."""
    return _step(
        request,
        pk,
        lambda: schedule.reopen(session_id=pk),
        lambda session: f"{session} is a draft again.",
    )
