"""The organisers' pages of the kinds of mail: whether each waits to be released, and how it is worded."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from html import escape

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members import recipients
from members.access import organiser_required
from outbox import wordings
from outbox.errors import Refused
from outbox.kinds import UnknownKind
from outbox.wording import Wording, WordingRefused, default_wording
from outbox.wordings import ChangedMeanwhile, Current
from sessions_app import difference
from studygroup.mail_kind_form import WordingForm
from studygroup.mail_people import people_of
from studygroup.views.mail_frame import framed


def of_kind(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of one kind: 404 for one that there is not. The view gets how the kind stands."""

    @organiser_required
    @wraps(view)
    def guarded(request: HttpRequest, kind: str) -> HttpResponse:
        try:
            now_is = wordings.current(kind)
        except UnknownKind:
            raise Http404 from None
        return view(request, now_is)

    return guarded


# --- All kinds ---------------------------------------------------------------------------------------
@organiser_required
@require_safe
def kind_list(request: HttpRequest) -> HttpResponse:
    """All kinds of mail by part, whether each waits, and whether its wording is the group's own."""
    found = wordings.every()
    parts = [
        (part, [each for each in found if each.kind.part == part])
        for part in dict.fromkeys(each.kind.part for each in found)
    ]
    return render(request, "organiser/mail_kinds.html", {"parts": parts})


@of_kind
@require_POST
def waits(request: HttpRequest, now_is: Current) -> HttpResponse:
    """Choose whether mails of a kind wait to be released."""
    kind, typed = now_is.kind, request.POST.get("waits")
    if typed not in ("yes", "no"):
        messages.error(request, "Press one of the buttons of the list. Nothing was changed.")
        return redirect("organise:mail_kinds")
    try:
        is_new = wordings.set_waits(kind.name, typed == "yes", by=_by(request), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        way = "waits to be released" if typed == "yes" else "goes at once"
        tell = messages.success if is_new else messages.info
        more = "from now on." if is_new else "already. Nothing was changed."
        tell(request, f"“{kind.title}” {way} {more}")
    return redirect("organise:mail_kinds")


# --- One kind ----------------------------------------------------------------------------------------
@of_kind
@require_http_methods(["GET", "HEAD", "POST"])
@csp_update({"frame-src": [SELF]})
def wording(request: HttpRequest, now_is: Current) -> HttpResponse:
    """How a kind is worded, to be changed; somebody else's change comes first."""
    if request.method != "POST":
        return _editor(request, now_is, WordingForm(kind=now_is.kind, initial=_typed(now_is)))
    form = WordingForm(request.POST, kind=now_is.kind)
    if not form.is_valid():
        return _editor(request, now_is, form, status=422)
    try:
        saved = wordings.save(
            now_is.kind.name,
            form.wording(),
            seen_version=form.cleaned_data["version"],
            by=_by(request),
            now=timezone.now(),
        )
    except ChangedMeanwhile as stale:
        # The next save is made knowing of theirs, which is on the page.
        form.data = form.data.copy()
        form.data["version"] = str(stale.current.version)
        return _editor(request, stale.current, form, conflict=str(stale), status=409)
    whose = "as you have written it" if saved.is_own else "as its default is"
    messages.success(
        request, f"“{saved.kind.title}” is worded {whose}. Mails that are written stay as they are."
    )
    if left_out := wordings.left_out(saved.kind, saved.wording):
        names = ", ".join(f"{{{{ {name} }}}}" for name in left_out)
        messages.warning(request, f"The text has no {names} any more; its readers may need it.")
    return redirect("organise:mail_kind", saved.kind.name)


@of_kind
@require_http_methods(["GET", "HEAD", "POST"])
@csp_update({"frame-src": [SELF]})
def test(request: HttpRequest, now_is: Current) -> HttpResponse:
    """Send what stands in the form to oneself; nothing is saved."""
    if request.method != "POST":  # after signing in again, say
        return redirect("organise:mail_kind", now_is.kind.name)
    form = WordingForm(request.POST, kind=now_is.kind)
    if not form.is_valid():
        return _editor(request, now_is, form, status=422)
    try:
        mail = wordings.send_test(
            now_is.kind.name,
            form.wording(),
            to=request.user.email,
            once=str(form.cleaned_data["once"] or uuid.uuid4()),
            now=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _editor(request, now_is, form, status=409)
    messages.success(request, f"A test is on its way to {mail.to}. Nothing was saved.")
    # The page is made again rather than led to, so that what was typed stays.
    form.data = form.data.copy()
    form.data["once"] = str(uuid.uuid4())
    return _editor(request, now_is, form)


@of_kind
@require_http_methods(["GET", "HEAD", "POST"])
def restore(request: HttpRequest, now_is: Current) -> HttpResponse:
    """Show the default beside the group's own wording, and give it back when asked to."""
    kind = now_is.kind
    if request.method == "POST":
        seen = request.POST.get("version", "")
        try:
            version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else -1
            wordings.restore(kind.name, seen_version=version, by=_by(request), now=timezone.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"“{kind.title}” has its default wording again.")
        return redirect("organise:mail_kind", kind.name)
    if not now_is.is_own:
        messages.info(request, "This kind has its default wording already.")
        return redirect("organise:mail_kind", kind.name)
    default = default_wording(kind.name)
    changes = difference.between(_whole(now_is.wording), _whole(default))
    context = {"current": now_is, "kind": kind, "default": default, "changes": changes}
    return render(request, "organiser/mail_kind_restore.html", context)


# --- What it looks like ------------------------------------------------------------------------------
@of_kind
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, now_is: Current) -> HttpResponse:
    """A mail in the typed wording, or in the one that is kept, for the frame on the page; nothing changes."""
    typed = now_is.wording
    if request.method == "POST":
        typed = Wording(request.POST.get("subject", ""), request.POST.get("source", "").replace("\r\n", "\n"))
    try:
        made = wordings.tried(now_is.kind, typed)
    except WordingRefused as refusal:
        return framed(_framed_words(str(refusal)), status=422)
    if made is None:
        return framed(_framed_words(wordings.NOTHING_TO_SHOW))
    subject, text, html = made
    above = f'<div class="mail"><p><strong>{escape(subject)}</strong></p><hr></div>'
    below = f'<div class="mail"><hr><p><strong>As plain text</strong></p><pre>{escape(text)}</pre></div>'
    html = html.replace("<body>", f"<body>\n{above}", 1)
    return framed(f"{below}\n</body>".join(html.rsplit("</body>", 1)))


def _framed_words(sentence: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Preview</title>'
        '<meta name="color-scheme" content="light dark"></head>'
        f"<body><p>{escape(sentence)}</p></body></html>"
    )


def _by(request: HttpRequest) -> str:
    return recipients.of_user(request.user.pk)


def _typed(now_is: Current) -> dict:
    return {"subject": now_is.wording.subject, "source": now_is.wording.source, "version": now_is.version}


def _whole(found: Wording) -> str:
    return f"{found.subject}\n\n{found.source}"


def _editor(
    request: HttpRequest, now_is: Current, form: WordingForm, *, conflict: str = "", status: int = 200
) -> HttpResponse:
    """The editor. conflict: why it was not saved; the kept wording then stands beside what was typed."""
    context = {"current": now_is, "kind": now_is.kind, "form": form, "conflict": conflict}
    context["person"] = people_of([now_is.changed_by]).get(now_is.changed_by)
    if conflict:
        mine = Wording(form["subject"].value() or "", form["source"].value() or "")
        context["changes"] = difference.between(_whole(now_is.wording), _whole(mine))
    return render(request, "organiser/mail_kind.html", context, status=status)
