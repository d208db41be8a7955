"""One mail: as its reader sees it, why it came, what became of it, and what organisers can do."""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members import quiet, recipients
from members.access import group_of, organiser_required
from outbox import choices, desk, kinds
from outbox.errors import Refused
from outbox.history import for_list
from outbox.masking import STAND_IN, LinkLost, mask_of
from outbox.models import Choice, Message
from outbox.parts import body_of
from sessions_app import difference
from studygroup.mail_people import event_of, people_of
from studygroup.outbox_forms import MailForm
from studygroup.views.mail_frame import framed

MOST_NAMED = 5  # mails named one by one in a message


# --- Reading -----------------------------------------------------------------------------------------
@organiser_required
@require_safe
@csp_update({"frame-src": [SELF]})
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail, why it was written and to whom, what became of it, and what can be done about it."""
    mail = get_object_or_404(Message, pk=pk)
    steps = list(mail.steps.all())
    names = people_of([mail.recipient, *(step.by for step in steps)])
    for step in steps:
        step.person = names.get(step.by)
    waits, text = mail.state == Message.State.DRAFT, mask_of(mail).hide(mail.text)
    return render(
        request,
        "organiser/message.html",
        {
            "mail": for_list(mail, names),
            "text": text,
            "masked": bool(STAND_IN.search(text)),
            "kind": _kind(mail),
            "event": event_of(mail.about),
            "choice": _choice(mail),
            "steps": steps,
            "outdated": desk.outdated(mail, now=timezone.now()) if waits else "",
            "can_edit": mail.state in desk.EDITABLE and bool(mail.source),
            "can_discard": mail.state in desk.DISCARDABLE,
            "can_restore": mail.held_because in (Message.Why.DISCARDED, Message.Why.OUTDATED),
        },
    )


def _kind(mail: Message) -> kinds.Kind | None:
    try:
        return kinds.kind_of(mail.kind)
    except kinds.UnknownKind:
        return None


def _choice(mail: Message) -> str:
    """How the recipient wants this kind, in words; "" where nobody chooses."""
    kind = _kind(mail)
    if not (kind and kind.optional and mail.recipient):
        return ""
    return Choice.How(choices.of(mail.recipient).get(mail.kind, Choice.How.MAIL)).label


@organiser_required
@never_cache
@require_safe
def as_seen(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML of a mail for the frame on its page: its own style and nothing else, links in a new window."""
    mail = get_object_or_404(Message, pk=pk)
    return framed(mask_of(mail).hide(mail.html))


# --- Doing -------------------------------------------------------------------------------------------
def _do(request: HttpRequest, pk: int, verb: Callable, done: str, **details) -> HttpResponse:
    """Carry one step out and say what happened; a stale or refused one changes nothing."""
    get_object_or_404(Message, pk=pk)
    try:
        outcome = verb(by=recipients.of_user(request.user.pk), now=timezone.now(), **details)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        held = outcome.held if isinstance(outcome, desk.Outcome) else []
        if held:
            messages.warning(request, f"The mail is held back: {held[0].note}")
        else:
            messages.success(request, done)
    return redirect("organise:message", pk)


def _seen(request: HttpRequest, pk: int) -> dict[int, int] | None:
    """The version that the page has shown."""
    typed = request.POST.get("seen", "")
    return {pk: int(typed)} if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


@organiser_required
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a draft go out."""
    urgent = Message.objects.filter(pk=pk, urgent=True).exists()
    when = quiet.AT_ONCE if urgent else quiet.when(group_of(request), timezone.now())
    done = f"The mail is released and goes out {when}."
    return _do(request, pk, desk.release, done, ids=[pk], seen=_seen(request, pk))


@organiser_required
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Hold a mail back that has not gone out."""
    done = "The mail is discarded. It can be taken back."
    return _do(request, pk, desk.discard, done, ids=[pk], seen=_seen(request, pk))


@organiser_required
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft again of a mail that is held back."""
    return _do(request, pk, desk.restore, "The mail is a draft again.", message_id=pk)


@organiser_required
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a failed mail again."""
    return _do(request, pk, desk.retry, "The mail is queued again.", message_id=pk)


# --- Editing -----------------------------------------------------------------------------------------
@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a mail says. Private links stand there as stand-ins; somebody else's change comes first."""
    mail = get_object_or_404(Message, pk=pk)
    if request.method != "POST":
        if mail.state not in desk.EDITABLE or not mail.source:
            messages.error(request, f"This mail {desk.IS[mail.state]}, so its words stay.")
            return redirect("organise:message", pk)
        return _editor(request, mail, MailForm(initial=_shown(mail)))
    form = MailForm(request.POST)
    if not form.is_valid():
        return _editor(request, mail, form, status=422)
    save = desk.edit_together if form.cleaned_data["together"] else desk.edit
    try:
        saved = save(
            pk,
            subject=form.cleaned_data["subject"],
            source=form.cleaned_data["source"],
            seen_version=form.cleaned_data["version"],
            by=recipients.of_user(request.user.pk),
            now=timezone.now(),
        )
    except desk.EditedMeanwhile as stale:
        # The next save is made knowing of theirs, which is on the page.
        form.data = form.data.copy()
        form.data["version"] = str(stale.message.version)
        return _editor(request, stale.message, form, conflict=str(stale), status=409)
    except LinkLost as lost:
        form.add_error("source", str(lost))
        return _editor(request, mail, form, status=422)
    except Refused as refused:
        form.add_error(None, str(refused))
        return _editor(request, mail, form, status=409)
    if isinstance(saved, desk.Outcome):
        _say_changed(request, saved)
    else:
        messages.success(request, "The mail is changed.")
    return redirect("organise:message", pk)


def _say_changed(request: HttpRequest, outcome: desk.Outcome) -> None:
    count = len(outcome.done)
    messages.success(request, "The mail is changed." if count == 1 else f"{count} mails are changed.")
    if outcome.left:
        named = ", ".join(message.to for message, _ in outcome.left[:MOST_NAMED])
        if (more := len(outcome.left) - MOST_NAMED) > 0:
            named += f" and {more} more"
        messages.error(request, f"Not changed, since they differ in that place: {named}.")


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """How the words would look; nothing is kept. htmx gets the mail alone, others the whole page."""
    mail = get_object_or_404(Message, pk=pk)
    if request.method != "POST":  # after signing in again, say
        return redirect("organise:message_edit", pk)
    form = MailForm(request.POST)
    valid = form.is_valid()
    if request.htmx:
        shown = _looked_at(mail, form.cleaned_data) if valid else {"sentence": _first_sentence(form)}
        return render(request, "organiser/_mail_preview.html", {"mail": mail} | shown)
    if not valid:
        return _editor(request, mail, form, status=422)
    return _editor(request, mail, MailForm(initial=form.cleaned_data), looked_at=form.cleaned_data)


def _shown(mail: Message) -> dict:
    mask = mask_of(mail)
    return {"subject": mask.hide(mail.subject), "source": mask.hide(mail.source), "version": mail.version}


def _looked_at(mail: Message, typed: dict) -> dict:
    source = mask_of(mail).hide(typed["source"])
    text, _ = desk.looked_at(mail, source)
    subject = " ".join(mask_of(mail).hide(typed["subject"]).split())
    return {"subject": subject, "preview_text": text, "preview_html": body_of(source)}


def _first_sentence(form: MailForm) -> str:
    return next(iter(form.errors.values()))[0]


def _editor(
    request: HttpRequest,
    mail: Message,
    form: MailForm,
    *,
    conflict: str = "",
    looked_at: dict | None = None,
    status: int = 200,
) -> HttpResponse:
    """The editor. conflict: why it was not saved; the mail as it is now then stands beside what was typed."""
    context = {"mail": for_list(mail), "form": form, "conflict": conflict}
    context["alike"] = desk.like(mail)[: desk.MOST].count() if mail.state == Message.State.DRAFT else 0
    context["masked"] = bool(STAND_IN.search(_shown(mail)["source"]))
    if conflict:
        theirs = _shown(mail)
        step = mail.steps.filter(what="edited").last()
        person = people_of([step.by]).get(step.by) if step else None
        context |= {
            "theirs": theirs,
            "their_name": person.name if person else "Somebody else",
            "changes": difference.between(theirs["source"], form["source"].value() or ""),
        }
    context |= _looked_at(mail, looked_at or _shown(mail)) if looked_at or not form.is_bound else {}
    return render(request, "organiser/message_edit.html", context, status=status)
