"""An invitee's page, opened by the token in its address; a GET changes nothing."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members import invitations
from members.errors import Refused
from members.forms.keeping import MoreTimeForm
from members.models import Invitation
from members.names import isolated
from members.views.public.applicant import private_link


def _invitation(token: str) -> Invitation:
    return get_object_or_404(Invitation.objects.with_token(token).select_related("application"))


def _page(
    request: HttpRequest, found: Invitation, token: str, form: MoreTimeForm, *, status: int = 200
) -> HttpResponse:
    closed = ""
    if found.state != Invitation.State.OPEN or found.expires_at <= timezone.now():
        closed, status = invitations.closed_sentence(found), 410
    return render(
        request,
        "public/invitation.html",
        {
            "invitation": found,
            "application": found.application,
            "token": token,
            "closed": closed,
            "form": form,
        },
        status=status,
    )


@private_link
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What is accepted, until when, and the ways to answer; or why the link no longer works."""
    return _page(request, _invitation(token), token, MoreTimeForm())


@private_link
@require_POST
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Take the seat, sign the new member in, and open the next session."""
    _invitation(token)
    try:
        member = invitations.accept(token=token, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("invitation", token)
    user = member.user
    if user.has_usable_password() or is_mfa_enabled(user) or not user.is_active:
        # An account that was there before has its own lock; a mail link is not enough to open it.
        messages.success(request, "The seat is yours. Sign in with your account.")
        return redirect("account_login")
    login(request, user)
    messages.success(request, f"Welcome, {isolated(member.name)}. The seat is yours.")
    return redirect("next")


@private_link
@require_POST
def invitation_decline(request: HttpRequest, token: str) -> HttpResponse:
    """Let the seat go to somebody else."""
    _invitation(token)
    try:
        invitations.decline(token=token, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Thank you for telling us. The seat goes to somebody else.")
    return redirect("invitation", token)


@private_link
@require_POST
def invitation_more(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for another month, once; the organisers decide."""
    found, form = _invitation(token), MoreTimeForm(request.POST)
    if not form.is_valid():
        return _page(request, found, token, form, status=422)
    try:
        invitations.ask_more(token=token, note=form.cleaned_data["note"], now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, "The organisers have your request, and answer by mail. Until then the date stands."
        )
    return redirect("invitation", token)
