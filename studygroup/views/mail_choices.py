"""How people have their mail: their own page, and the link in a mail that stops its kind."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from members import recipients
from outbox import choices, kinds
from outbox.choices import How, LinkBroken
from outbox.errors import Refused
from studygroup.mail_choice_form import DIGEST, ChoicesForm
from studygroup.mail_people import people_of

SAVED = {
    How.MAIL: "comes as a mail each time",
    How.DIGEST: "comes in the weekly digest",
    How.NOTHING: "does not come any more",
}
ONE_CLICK = "One-Click"  # RFC 8058, 3.1


# --- One's own page ----------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mail_choices(request: HttpRequest) -> HttpResponse:
    """Every kind of mail that may come to this person, and how they want it."""
    key = recipients.of_user(request.user.pk)
    form = ChoicesForm(request.POST or None, user=request.user, chosen=choices.of(key))
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=422)
    if changes := form.changes():
        held = choices.choose(key, changes, now=timezone.now())
        messages.success(request, _told(changes, held))
    else:
        messages.info(request, "Everything was chosen like that already. Nothing was changed.")
    return redirect("mail_choices")


def _page(request: HttpRequest, form: ChoicesForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "parts": form.parts()}
    return render(request, "member/mail_choices.html", context, status=status)


def _told(changes: Mapping[str, str], held: int) -> str:
    """What was saved, in a sentence."""
    said = [f"“{kinds.title_of(name)}” {SAVED[how]}" for name, how in changes.items()]
    sentence = f"Saved: {'; '.join(said)}."
    if not held:
        return sentence
    waited = "One mail that waited is" if held == 1 else f"{held} mails that waited are"
    return f"{sentence} {waited} held back."


# --- The link in a mail --------------------------------------------------------------------------------
@login_not_required
@csrf_exempt  # mail providers post without cookies; the signed address is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mail_stop(request: HttpRequest, token: str) -> HttpResponse:
    """Stop one kind of mail for one recipient, or take that back. Only a POST does either."""
    response = _stop(request, token)
    # The address lets whoever has it choose: it goes into no index and to no other site.
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _stop(request: HttpRequest, token: str) -> HttpResponse:
    try:
        recipient, name = choices.read_stop_token(token)
    except LinkBroken as fault:
        return render(request, "public/mail_stop_broken.html", {"sentence": str(fault)}, status=404)
    except Refused as refusal:
        return render(request, "public/mail_stop_broken.html", {"sentence": str(refusal)}, status=403)
    person = people_of([recipient]).get(recipient)
    if person is None:
        sentence = "Nobody gets mail through this link any more."
        return render(request, "public/mail_stop_broken.html", {"sentence": sentence}, status=404)
    if request.method == "POST":
        return _carry_out(request, token, recipient, name)
    chosen = choices.of(recipient)
    return render(
        request,
        "public/mail_stop.html",
        {
            "kind": kinds.kind_of(name),
            "token": token,
            "address": masked(person.address),
            "is_stopped": chosen.get(name) == How.NOTHING,
            "is_back": "back" in request.GET and chosen.get(name) == How.MAIL,
            "is_kept": chosen.get(name) == How.DIGEST,
            # Without the digest, nothing of this would be seen.
            "lost": [kinds.title_of(kind) for kind, how in chosen.items() if how == How.DIGEST]
            if name == DIGEST
            else [],
            "has_account": recipient.startswith(f"{recipients.USER}:"),
        },
    )


def _carry_out(request: HttpRequest, token: str, recipient: str, name: str) -> HttpResponse:
    how = How.MAIL if request.POST.get("do") == "mail" else How.NOTHING
    if choices.of(recipient).get(name) != how:
        choices.choose(recipient, {name: how}, now=timezone.now())
    if request.POST.get("List-Unsubscribe") == ONE_CLICK:
        return HttpResponse(f"Stopped: {kinds.title_of(name)}.\n", content_type="text/plain; charset=utf-8")
    back = "?back=yes" if how == How.MAIL else ""
    return redirect(reverse("mail_stop", args=[token]) + back)


def masked(address: str) -> str:
    """An address that its owner knows again and nobody else learns: “m…@example.org”."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
