"""The second factor: whether this session used one, what leads to it, and how its pages speak."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from members.models import Group, User

Type = Authenticator.Type
FACTORS = (Type.TOTP, Type.WEBAUTHN)  # recovery codes stand in for one of these


def used(request: HttpRequest) -> bool:
    """Whether somebody signed in, or showed since, a second factor in this session. No query."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def lead_to_it(request: HttpRequest) -> HttpResponse:
    """Where somebody without it goes: to set one up, or to show the one that exists and come back."""
    types = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    if types.isdisjoint(FACTORS):
        return redirect("mfa_index")
    page = "mfa_reauthenticate" if Type.TOTP in types else "mfa_reauthenticate_webauthn"
    following = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("arrive")
    return redirect(f"{reverse(page)}?{urlencode({'next': following})}")


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": "Turn the second factor off first; addresses cannot be added while it is on.",
        "cannot_delete_authenticator": "Keep this one; it cannot be turned off now.",
        "cannot_generate_recovery_codes": "Set an app or a passkey up first; the codes stand in for those.",
        "incorrect_code": "Try again with the code that is shown now; this one does not fit.",
        "unverified_email": "Confirm your e-mail address first.",
    }

    def get_totp_issuer(self) -> str:
        """The group's name, as it stands beside the code in the app."""
        group = Group.objects.current()
        return group.name if group else "Study group"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the host of SITE_URL, whichever name the site was asked by."""
        return {"id": urlsplit(settings.SITE_URL).hostname, "name": self.get_totp_issuer()}

    def generate_authenticator_name(self, user: User, type: str) -> str:
        """A name for a passkey whose owner gives none."""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return "My passkey" if count == 0 else f"My passkey {count + 1}"


def _remember(sender, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs) -> None:
    """Setting the first one up has shown it, so it is not asked for again at once.

    A further one counts only where the session had shown one before: else a forgotten old session
    could give itself a factor of its own.
    """
    others = Authenticator.objects.filter(user=user, type__in=FACTORS).exclude(pk=authenticator.pk)
    if authenticator.type in FACTORS and (used(request) or not others.exists()):
        record_authentication(
            request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True
        )


def _forget(sender, request: HttpRequest, user: User, **kwargs) -> None:
    """Without any left, what the session has shown counts no longer."""
    if not Authenticator.objects.filter(user=user, type__in=FACTORS).exists():
        records = get_authentication_records(request, user)
        request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            record for record in records if record.get("method") != "mfa"
        ]


def listen() -> None:
    """Hear from django-allauth when a factor is added or removed."""
    authenticator_added.connect(_remember, dispatch_uid="members.second_factor.remember")
    authenticator_removed.connect(_forget, dispatch_uid="members.second_factor.forget")
