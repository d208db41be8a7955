"""An applicant's pages. The private ones are opened by the token in their address; a GET changes nothing."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members import applying, invitations
from members.access import group_of
from members.errors import Refused
from members.forms import AnswersForm, ApplicationForm
from members.models import Application, Group, Invitation
from members.models.application import State
from members.names import isolated


def _group(request: HttpRequest) -> Group:
    group = group_of(request)
    if group is None:
        raise Http404
    return group


def _application(token: str) -> Application:
    """The application behind a private link, or 404 for a token that this site did not sign."""
    key = Application.key_of(token)
    if key is None:
        raise Http404
    return get_object_or_404(Application, link_key=key)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """The application form. Whoever applies, for the first time or again, is shown the same next page."""
    group = _group(request)
    form = ApplicationForm(request.POST or None, group=group)
    if request.method == "POST" and form.is_valid():
        try:
            applying.apply(
                email=form.cleaned_data["email"],
                answers=form.answers(),
                strengths=form.cleaned_data["strengths"],
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            request.session["applied_with"] = form.cleaned_data["email"]
            return redirect("apply_sent")
    return render(request, "public/apply.html", {"form": form})


@login_not_required
@require_safe
def apply_sent(request: HttpRequest) -> HttpResponse:
    """Say that a mail is on its way; the address is told to the one who typed it, and nobody else."""
    return render(request, "public/apply_sent.html", {"address": request.session.get("applied_with", "")})


@login_not_required
@never_cache
@require_safe
def application(request: HttpRequest, token: str) -> HttpResponse:
    """Where the application stands, what happens next, and what was said in it."""
    found = _application(token)
    if found.state == State.UNCONFIRMED:
        return render(request, "public/application_confirm.html", {"application": found, "token": token})
    invitation = found.invitations.open().first()
    return render(
        request,
        "public/application.html",
        {
            "application": found,
            "token": token,
            "invitation": invitation,
            "reason": _reason_declined(found),
            "strengths": found.strengths.all(),
        },
    )


def _reason_declined(application: Application) -> str:
    if application.state != State.DECLINED:
        return ""
    return application.changes.filter(after=State.DECLINED).values_list("reason", flat=True).last() or ""


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the mail's link has a button; only pressing it confirms the address (rule 4)."""
    found = _application(token)
    if request.method == "POST":
        try:
            applying.confirm(application_id=found.pk, now=timezone.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "Your address is confirmed.")
        return redirect("application", token)
    if found.state != State.UNCONFIRMED:
        return redirect("application", token)
    return render(request, "public/application_confirm.html", {"application": found, "token": token})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, token: str) -> HttpResponse:
    """Change the answers while the application is open. The address stays: it is who the applicant is."""
    found, group = _application(token), _group(request)
    if not found.is_open:
        messages.error(
            request, f"Your application is {found.get_state_display().lower()}; it cannot be changed."
        )
        return redirect("application", token)
    stored = {name: getattr(found, name) for name in applying.ANSWERS} | {"strengths": found.strengths.all()}
    form = AnswersForm(request.POST or None, group=group, initial=stored)
    if request.method == "POST" and form.is_valid():
        try:
            applying.edit(
                application_id=found.pk,
                answers=form.answers(),
                strengths=form.cleaned_data["strengths"],
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Your answers are saved.")
            return redirect("application", token)
    return render(
        request, "public/application_edit.html", {"form": form, "application": found, "token": token}
    )


@login_not_required
@never_cache
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
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Your application is withdrawn.")
    return redirect("application", token)


@login_not_required
@never_cache
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What is accepted, until when, and two buttons; or why the link no longer works."""
    found = get_object_or_404(Invitation.objects.with_token(token).select_related("application"))
    now = timezone.now()
    closed = ""
    if found.state != Invitation.State.OPEN or found.expires_at <= now:
        closed = invitations.closed_sentence(found)
    return render(
        request,
        "public/invitation.html",
        {"invitation": found, "token": token, "closed": closed, "application": found.application},
        status=410 if closed else 200,
    )


@login_not_required
@never_cache
@require_POST
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Take the seat, sign the new member in, and open the next session."""
    get_object_or_404(Invitation.objects.with_token(token))
    try:
        member = invitations.accept(token=token, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("invitation", token)
    if member.user.has_usable_password() or not member.user.is_active:
        # An account that was there before has its own lock; a mail link is not enough to open it.
        messages.success(request, "The seat is yours. Sign in with your account.")
        return redirect("account_login")
    login(request, member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    messages.success(request, f"Welcome, {isolated(member.name)}. The seat is yours.")
    return redirect("next")


@login_not_required
@never_cache
@require_POST
def invitation_decline(request: HttpRequest, token: str) -> HttpResponse:
    """Let the seat go to somebody else."""
    get_object_or_404(Invitation.objects.with_token(token))
    try:
        invitations.decline(token=token, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Thank you for telling us. The seat goes to somebody else.")
    return redirect("invitation", token)
