"""The forms of the second factor: django-allauth's, in our words, and firm against wild input."""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.db import DatabaseError

CODE = {"autocomplete": "one-time-code", "inputmode": "numeric"}
LONGEST_NAME = 60


def _word_code(form: forms.Form, label: str, hint: str) -> None:
    field = form.fields["code"]
    field.label, field.help_text, field.max_length = label, hint, 20
    field.widget = forms.TextInput(attrs=CODE)
    field.error_messages["required"] = "Type the code."


class CodeForm(AuthenticateForm):
    """The code at signing in."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _word_code(self, "Code", "Six digits from your authenticator app, or one of your recovery codes.")


class CodeAgainForm(ReauthenticateForm):
    """The code of somebody who is signed in."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _word_code(self, "Code", "Six digits from your authenticator app, or one of your recovery codes.")


class AppForm(ActivateTOTPForm):
    """The first code of a new authenticator app."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _word_code(self, "Code in the app", "Six digits, new every half minute.")


class FirmCredential:
    """What a browser never sends is a wrong code, not a fault of the site."""

    def _clean_form(self) -> None:
        self._firmly(super()._clean_form)

    def _clean_fields(self) -> None:
        self._firmly(super()._clean_fields)

    def _firmly(self, clean) -> None:
        try:
            clean()
        except DatabaseError:
            raise
        except Exception:  # the library's reader raises many kinds on what is no credential
            self.add_error("credential", get_adapter().validation_error("incorrect_code"))


class NewPasskeyForm(FirmCredential, AddWebAuthnForm):
    """A new passkey: its name, and whether it signs in alone."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        name = self.fields["name"]
        name.label, name.help_text = "Name", "So that you know it from others: “My phone”."
        name.widget.attrs["maxlength"] = LONGEST_NAME
        alone = self.fields["passwordless"]
        alone.label = "Sign in with it alone"
        alone.help_text = "The device then asks for your fingerprint, your face or its PIN."
        alone.initial = True
        self.fields["credential"].error_messages["required"] = (
            "Choose “Add the passkey” and follow your browser; nothing has come from it."
        )

    def clean_name(self) -> str:
        """At most so long that it fits a line; a passkey is not refused for its name."""
        return super().clean_name()[:LONGEST_NAME]


class PasskeyNameForm(EditWebAuthnForm):
    """Another name for a passkey."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        name = self.fields["name"]
        name.label = "Name"
        name.error_messages["required"] = "Give the passkey a name."

    def clean_name(self) -> str:
        """At most so long that it fits a line."""
        return self.cleaned_data["name"][:LONGEST_NAME]


class PasskeyForm(FirmCredential, AuthenticateWebAuthnForm):
    """A passkey after the password."""


class PasskeyAgainForm(FirmCredential, ReauthenticateWebAuthnForm):
    """A passkey of somebody who is signed in."""


class PasskeyAloneForm(FirmCredential, LoginWebAuthnForm):
    """A passkey instead of the password."""
