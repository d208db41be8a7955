"""An applicant's private pages, opened by the token in their address; a GET changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members import applying, export, keeping, waiting_time
from members.errors import IllegalMove, Refused
from members.forms.applying import AnswersForm
from members.models import Application, Invitation
from members.models.application import State
from members.views.public.apply import the_group


def private_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page behind the token in its address: open without signing in, never cached, gone once erased."""

    @login_not_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (Application.DoesNotExist, Invitation.DoesNotExist):
            raise Http404 from None  # erased between the look and the lock

    return guarded


def _application(token: str) -> Application:
    """The application behind a private link, or 404 for a token that this site did not sign."""
    key = Application.key_of(token)
    if key is None:
        raise Http404
    return get_object_or_404(Application, link_key=key)


def _tell(request: HttpRequest, found: Application, refusal: Refused) -> None:
    """Say why nothing was changed. The organisers' sentence names who moved the application; not here."""
    if isinstance(refusal, IllegalMove):
        found.refresh_from_db(fields=["state"])
        sentence = f"Your application is {found.get_state_display().lower()} now. Nothing was changed."
    else:
        sentence = str(refusal)
    messages.error(request, sentence)


@private_link
@require_safe
def application(request: HttpRequest, token: str) -> HttpResponse:
    """Where the application stands, what happens next, what has happened, and what was said in it."""
    found = _application(token)
    if found.state == State.UNCONFIRMED:
        return render(request, "public/application_confirm.html", {"application": found, "token": token})
    group, now = the_group(request), timezone.now()
    told = export.history(found.changes.all())
    return render(
        request,
        "public/application.html",
        {
            "application": found,
            "token": token,
            "invitation": found.invitations.open().first() if found.state == State.INVITED else None,
            "now": now,
            "reason": told[-1].reason if told else "",
            "history": told,
            "can_keep": found.state == State.DORMANT or keeping.is_asked(found),
            "erased_after": keeping.erased_after(found, group),
            "wait": waiting_time.for_application(found, group.seats, now=now),
            "strengths": found.strengths.all(),
        },
    )


@private_link
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the mail's link has a button; only pressing it confirms the address (rule 4)."""
    found = _application(token)
    if found.state != State.UNCONFIRMED:
        return redirect("application", token)
    if request.method != "POST":
        return render(request, "public/application_confirm.html", {"application": found, "token": token})
    try:
        applying.confirm(application_id=found.pk, now=timezone.now())
    except Refused as refusal:
        _tell(request, found, refusal)
    else:
        messages.success(request, "Your address is confirmed.")
    return redirect("application", token)


@private_link
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, token: str) -> HttpResponse:
    """Change the answers while the application is open. The address stays: it is who the applicant is."""
    found, group = _application(token), the_group(request)
    if not found.is_open:
        messages.error(
            request, f"Your application is {found.get_state_display().lower()}; it cannot be changed."
        )
        return redirect("application", token)
    stored = {name: getattr(found, name) for name in applying.ANSWERS} | {"strengths": found.strengths.all()}
    typed = request.POST if request.method == "POST" else None
    form = AnswersForm(typed, group=group, initial=stored)
    if form.is_valid():
        try:
            applying.edit(
                application_id=found.pk,
                answers=form.answers(),
                strengths=form.cleaned_data["strengths"],
                now=timezone.now(),
            )
        except Refused as refusal:
            _tell(request, found, refusal)
        else:
            messages.success(request, "Your answers are saved.")
        return redirect("application", token)
    return render(
        request,
        "public/application_edit.html",
        {"form": form, "application": found, "token": token},
        status=200 if typed is None else 422,
    )


@private_link
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, token: str) -> HttpResponse:
    """Ask once, saying what follows; then take the application off the list."""
    found = _application(token)
    if request.method != "POST":
        if not found.is_open:
            return redirect("application", token)
        return render(request, "public/application_withdraw.html", {"application": found, "token": token})
    try:
        applying.withdraw(application_id=found.pk, now=timezone.now())
    except Refused as refusal:
        _tell(request, found, refusal)
    else:
        messages.success(request, "Your application is withdrawn.")
    return redirect("application", token)


@private_link
@require_POST
def keep(request: HttpRequest, token: str) -> HttpResponse:
    """Stay on the list, or come back to it from rest."""
    found = _application(token)
    try:
        keeping.keep(application_id=found.pk, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Thank you. You are on the list, with the place that you had.")
    return redirect("application", token)


@private_link
@require_safe
def download(request: HttpRequest, token: str) -> HttpResponse:
    """Everything that is held about the application, as a file."""
    found, group = _application(token), the_group(request)
    return JsonResponse(
        export.held(found, group, now=timezone.now()),
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={"Content-Disposition": 'attachment; filename="application.json"'},
    )


@private_link
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, token: str) -> HttpResponse:
    """Ask once, saying what follows; then erase the application with all that hangs on it."""
    key = Application.key_of(token)
    if request.method == "POST" and key and not Application.objects.filter(link_key=key).exists():
        return redirect("application_erased")  # pressed twice: this site has signed the link once
    found = _application(token)
    if request.method != "POST":
        return render(request, "public/application_erase.html", {"application": found, "token": token})
    keeping.erase(application_id=found.pk, now=timezone.now())
    return redirect("application_erased")


@login_not_required
@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    """Say that an application is erased, to nobody in particular: nothing is left to say whose."""
    return render(request, "public/application_erased.html")
