"""How django-allauth behaves here: nobody signs up by themselves, and its mails go through the outbox."""

from __future__ import annotations

from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from members.models import Group
from outbox.writing import write_text


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

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Write allauth's mail (sign-in code, new password) into the outbox instead of sending it now."""
        group = Group.objects.current()
        mail = self.render_mail(
            template_prefix, email, {**context, "group_name": group.name if group else "Study Group"}
        )
        code = str(context.get("code") or "")
        url = str(context.get("password_reset_url") or context.get("activate_url") or "")
        with transaction.atomic():
            write_text(
                kind=template_prefix.rpartition("/")[2],
                about=f"sign-in:{uuid4().hex}",  # each request is an event of its own
                to=email,
                parts=(mail.subject, mail.body),
                secrets=[secret for secret in (code, url) if secret],
                now=timezone.now(),
            )
