"""Writing the notes of a session: the editor, what it keeps by itself, and the versions."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members import second_factor
from members.access import can_organise, group_of, lacks_second_factor
from members.errors import Refused
from members.names import isolated
from sessions_app import difference, notes
from sessions_app.models import Notes, NotesDraft, NotesRevision, Session
from sessions_app.models.presentation import FORGOTTEN
from sessions_app.notes_forms import DraftForm, NotesForm

PAGE = 40  # versions on one page of the history


def writer_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For those who write this session's notes; the view gets the session in place of its number."""

    @wraps(view)
    def guarded(request: HttpRequest, number: int, **parts) -> HttpResponse:
        visible = Session.objects.visible_to(organiser=can_organise(request.user))
        session = get_object_or_404(visible, number=number)
        if not notes.can_write_notes(request.user, session):
            raise PermissionDenied
        if lacks_second_factor(request):
            return second_factor.lead_to_it(request)
        return view(request, session, **parts)

    return guarded


def _current(session: Session) -> Notes:
    """The notes as they stand; empty ones that nobody has saved where there are none."""
    found = Notes.objects.filter(session=session).first()
    return found or Notes(session=session, updated_at=timezone.now())


def _versions(session: Session) -> QuerySet[NotesRevision]:
    """The versions of the notes, with their authors."""
    return NotesRevision.objects.filter(notes__session=session).select_related("author")


def _zone(request: HttpRequest) -> str:
    """The clock of who writes: the person's own, else the group's."""
    group = group_of(request)
    return request.user.time_zone or (group.time_zone if group else "UTC")


def _number(typed: str) -> int | None:
    """A version's number out of an address or a form, or None."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def _author(revision: NotesRevision) -> str:
    return (revision.author and revision.author.name) or FORGOTTEN


def _page(
    request: HttpRequest,
    session: Session,
    form: NotesForm,
    *,
    beside: NotesRevision | None = None,
    status: int = 200,
    **context,
) -> HttpResponse:
    """The editor. beside: the version that somebody else saved meanwhile, shown with the difference."""
    if beside:
        beside.author_name = _author(beside)
        context["changes"] = difference.between(beside.text, notes.as_kept(form["text"].value() or ""))
    return render(
        request,
        "member/notes_edit.html",
        {"session": session, "form": form, "beside": beside, "zone": _zone(request), **context},
        status=status,
    )


@writer_required
@require_http_methods(["GET", "HEAD", "POST"])
def notes_edit(request: HttpRequest, session: Session) -> HttpResponse:
    """Write the notes. Somebody who was interrupted is asked first whether to go on from there."""
    if request.method == "POST":
        return _save(request, session)
    current = _current(session)
    draft = notes.draft_of(session, by=request.user, current=current.text)
    if draft and "draft" not in request.GET:
        return _offer(request, session, current, draft)
    started = draft or current
    base = draft.base if draft else current.revision
    form = NotesForm(initial={"text": started.text, "audience": current.audience, "base": base})
    return _page(request, session, form, current=current, is_draft=bool(draft))


def _offer(request: HttpRequest, session: Session, current: Notes, draft: NotesDraft) -> HttpResponse:
    changes = difference.between(current.text, draft.text)
    context = {"session": session, "draft": draft, "current": current, "changes": changes}
    context["zone"] = _zone(request)
    return render(request, "member/notes_draft.html", context)


def _save(request: HttpRequest, session: Session) -> HttpResponse:
    form = NotesForm(request.POST)
    if not form.is_valid():
        return _page(request, session, form, beside=_beside(request, session), status=422)
    data = form.cleaned_data
    try:
        saved = notes.save(
            session_id=session.pk,
            text=data["text"],
            by=request.user,
            base=data["base"],
            now=timezone.now(),
            comment=data["comment"],
            audience=data["audience"],
        )
    except notes.StaleNotes as stale:
        # The next save is made knowing of theirs, which is on the page.
        form.data = form.data.copy()
        form.data["base"] = str(stale.revision.number)
        return _page(request, session, form, beside=stale.revision, conflict=str(stale), status=409)
    except Refused as refused:
        form.add_error("text", str(refused))
        return _page(request, session, form, status=422)
    messages.success(request, _told(saved))
    return redirect(f"{session.get_absolute_url()}#notes")


def _told(saved: notes.Saved) -> str:
    """What a save did, in a sentence."""
    if saved.is_new:
        return f"The notes are saved, as version {saved.notes.revision}. {_can_read(saved.notes)}"
    if saved.audience_changed:
        return f"The text is as it was. {_can_read(saved.notes)}"
    return "Nothing was changed; the notes read like this already."


def _can_read(found: Notes) -> str:
    if found.audience == Notes.Audience.PUBLIC:
        return "Everybody can read them."
    if found.audience == Notes.Audience.MEMBERS:
        return "Members can read them."
    return "The organisers and those who write them can read them."


def _beside(request: HttpRequest, session: Session) -> NotesRevision | None:
    """The version that stood beside the text on the page that was sent, so that it stays there."""
    number = _number(request.POST.get("beside", ""))
    return _versions(session).filter(number=number).first() if number else None


@writer_required
@require_http_methods(["GET", "HEAD", "POST"])
def notes_preview(request: HttpRequest, session: Session) -> HttpResponse:
    """How the text would look; nothing is kept. htmx gets the rendering alone, others the whole page."""
    if request.method != "POST":  # after signing in again, say
        return redirect("sessions:notes_edit", session.number)
    form, looked_at = NotesForm(request.POST), DraftForm(request.POST)
    valid = "text" not in looked_at.errors
    text = looked_at.cleaned_data["text"] if valid else None
    if request.htmx:
        shown = {"preview": text} if valid else {"sentence": looked_at.errors["text"][0]}
        return render(request, "member/notes_preview.html", shown)
    return _page(
        request,
        session,
        form if not valid else NotesForm(initial={name: form[name].value() for name in form.fields}),
        beside=_beside(request, session),
        preview=text,
        status=200 if valid else 422,
    )


@writer_required
@require_POST
def notes_draft(request: HttpRequest, session: Session) -> HttpResponse:
    """Keep what is being typed. Answers in JSON, with a sentence for the line below the text."""
    form, now = DraftForm(request.POST), timezone.now()
    if not form.is_valid():
        sentence = next(iter(form.errors.values()))[0]
        return JsonResponse({"sentence": f"Not kept. {sentence}"}, status=422)
    kept = notes.keep_draft(session_id=session.pk, by=request.user, now=now, **form.cleaned_data)
    clock = now.astimezone(zoneinfo.ZoneInfo(_zone(request)))
    return JsonResponse({"sentence": f"Kept at {clock:%H:%M}." if kept else "Nothing to keep."})


@writer_required
@require_POST
def notes_draft_drop(request: HttpRequest, session: Session) -> HttpResponse:
    """Begin from the saved notes instead."""
    notes.drop_draft(session_id=session.pk, by=request.user)
    return redirect("sessions:notes_edit", session.number)


@writer_required
@require_safe
def notes_history(request: HttpRequest, session: Session) -> HttpResponse:
    """Every version; with `old` and `new` in the address, the difference between two."""
    page = Paginator(_versions(session).annotate(size=Length("text")).defer("text"), PAGE).get_page(
        request.GET.get("page")
    )
    for revision in page:
        revision.author_name = _author(revision)
    context = {"session": session, "page": page, "zone": _zone(request)}
    if "old" in request.GET or "new" in request.GET:
        context |= _compared(request, session)
    return render(request, "member/notes_history.html", context)


def _compared(request: HttpRequest, session: Session) -> dict:
    """The difference between the two chosen versions, the older first, whichever was named first."""
    chosen = {_number(request.GET.get(name, "")) for name in ("old", "new")} - {None}
    found = list(_versions(session).filter(number__in=chosen).order_by("number"))
    if len(found) != 2:
        return {"complaint": "Choose two different versions."}
    old, new = found
    return {"old": old, "new": new, "changes": difference.between(old.text, new.text)}


@writer_required
@require_safe
def notes_revision(request: HttpRequest, session: Session, revision: int) -> HttpResponse:
    """One version: its text, what it changed, and the way back to it."""
    found = {one.number: one for one in _versions(session).filter(number__in=[revision, revision - 1])}
    if revision not in found:
        raise Http404
    one, before = found[revision], found.get(revision - 1)
    one.author_name = _author(one)
    newest = Notes.objects.filter(session=session).values_list("revision", flat=True).first()
    return render(
        request,
        "member/notes_revision.html",
        {
            "session": session,
            "revision": one,
            "before": before,
            "newest": newest,
            "zone": _zone(request),
            "changes": difference.between(before.text, one.text) if before else None,
        },
    )


@writer_required
@require_POST
def notes_restore(request: HttpRequest, session: Session, revision: int) -> HttpResponse:
    """Make an old version the notes again."""
    base = _number(request.POST.get("base", ""))
    try:
        saved = notes.restore(
            session_id=session.pk,
            number=revision,
            by=request.user,
            base=-1 if base is None else base,
            now=timezone.now(),
        )
    except NotesRevision.DoesNotExist as missing:
        raise Http404 from missing
    except notes.StaleNotes as stale:
        name = isolated(_author(stale.revision))
        messages.error(
            request,
            f"{name} saved version {stale.revision.number} meanwhile. Nothing was changed; look at it first.",
        )
        return redirect("sessions:notes_history", session.number)
    if saved.is_new:
        messages.success(request, f"Version {revision} is back, as version {saved.notes.revision}.")
    else:
        messages.info(request, f"The notes read like version {revision} already. Nothing was changed.")
    return redirect(f"{session.get_absolute_url()}#notes")
