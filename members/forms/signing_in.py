"""allauth's forms that take an address from a stranger, doing the same for every address (rule 2).

allauth asks the database more often for an address that it does not know, and writes to the address as it
was typed. Here each form looks once, and writes to the folded address, which is the account's own.
"""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import RequestLoginCodeForm, ResetPasswordForm, default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.core import context, ratelimit
from django.db.models.functions import Lower
from django.http import HttpRequest

from members.addresses import fold
from members.models import User


def account_of(address: str) -> User | None:
    """The open account of a folded address. One query, by the index."""
    return User.objects.alias(key=Lower("email")).filter(key=address, is_active=True).first()


class CodeRequestForm(RequestLoginCodeForm):
    """Asks for a sign-in code."""

    def clean_email(self) -> str:
        """The folded address; how often it may be asked for is counted before anybody is looked up."""
        address = fold(self.cleaned_data["email"])
        if not ratelimit.consume(context.request, action="request_login_code", key=address):
            raise get_adapter().validation_error("too_many_login_attempts")
        self._user = account_of(address)
        return address


class PasswordResetForm(ResetPasswordForm):
    """Asks for a new password."""

    def clean_email(self) -> str:
        """The folded address."""
        address = fold(self.cleaned_data["email"])
        self.user = account_of(address)
        return address

    def save(self, request: HttpRequest, **kwargs) -> str:
        """Write the mail, for a stand-in when nobody has this address; the door drops that one."""
        address = self.cleaned_data["email"]
        user = self.user or User(pk=0, email=address)
        token = default_token_generator.make_token(user)
        adapter = get_adapter()
        url = adapter.get_reset_password_from_key_url(f"{user_pk_to_url_str(user)}-{token}")
        adapter.send_mail(
            "account/email/password_reset_key",
            address,
            {"password_reset_url": url, "known": self.user is not None},
        )
        return address
