"""How django-allauth behaves here: nobody signs up by themselves, and nobody learns who has an account.

Its mails are taken in at the door like everything else that differs for known and unknown addresses; the
worker writes them into the outbox. The forms that take an address are in `members.forms.signing_in`.
"""

from __future__ import annotations

from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.stages import LoginByCodeStage
from django.http import HttpRequest
from django.utils import timezone

from members import doorstep, limits
from members.addresses import fold
from members.models import Knock, User

UNKNOWN = "account/email/unknown_account"  # allauth's mail to an address without an account
CODE = "account/email/login_code"
CONFIRM = ("email_confirmation", "confirm_url", "activate_url")
# allauth's mails: our kind, the placeholder for what is secret in it, and what allauth calls that.
MAILS = {
    CODE: ("login_code", "code", "code"),
    "account/email/password_reset_key": ("password_reset_key", "password_url", "password_reset_url"),
    "account/email/email_confirmation": CONFIRM,
    "account/email/email_confirmation_signup": CONFIRM,
}


class CodeStage(LoginByCodeStage):
    """Signing in by a code that was mailed."""

    def __init__(self, controller, request: HttpRequest, login):
        """allauth has just read the account from the database, if there is one; else this asks as well."""
        super().__init__(controller, request, login)
        if login.user is None:
            User.objects.filter(pk=0).first()

    def is_resumable(self, request: HttpRequest) -> bool:
        """Whoever opens the sign-in page meanwhile sees the sign-in page, not the page for the code."""
        return False


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "Ask an organiser; this account is closed.",
        "email_password_mismatch": "Check the address and the password; together they do not fit.",
        "enter_current_password": "Type your current password.",
        "incorrect_code": "Check the code; this is not the one that we mailed.",
        "incorrect_password": "Type the password again; this is not it.",
        "invalid_login": "Check the address and the password; together they do not fit.",
        "invalid_or_expired_key": "Ask for a new link; this one does not work any more.",
        "invalid_password_reset": "Ask for a new link; this one does not work any more.",
        "rate_limited": "Wait a few minutes, then try again; there were too many tries.",
        "same_as_current": "Choose another one; this is what you have now.",
        "too_many_login_attempts": "Wait a few minutes, then try again; there were too many tries.",
        "unknown_email": "Check the address; no account has it.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: one becomes a member by invitation."""
        return False

    def clean_email(self, email: str) -> str:
        """Addresses are kept folded."""
        return fold(email)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Where the request came from, as our own limits see it."""
        return limits.client_address(request)

    def get_login_stages(self) -> list[str]:
        """allauth's, with our own for the mailed code."""
        ours = f"{CodeStage.__module__}.{CodeStage.__qualname__}"
        return [
            ours if stage == "allauth.account.stages.LoginByCodeStage" else stage
            for stage in super().get_login_stages()
        ]

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Hand allauth's mail (sign-in code, new password) to the door instead of sending it now.

        For an address without an account all is the same, with a code that opens nothing; the door drops
        it. So neither the answer nor its time tells which addresses are known.
        """
        known = context.get("known", template_prefix != UNKNOWN)
        if template_prefix == UNKNOWN:
            template_prefix, context = CODE, {"code": self.generate_login_code()}
        kind, placeholder, theirs = MAILS[template_prefix]
        user = context.get("user")  # named where somebody who is signed in has asked
        doorstep.knock(
            Knock.Kind.MAIL,
            {
                "known": known,
                "kind": kind,
                "about": f"sign-in:{uuid4().hex}",  # each request is an event of its own
                "to": email,
                "user": user.pk if user else None,
                "values": {placeholder: str(context[theirs])},
            },
            now=timezone.now(),
        )
