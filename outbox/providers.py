"""Mail providers that can be used instead of a mail server, and how the environment names their settings."""

from __future__ import annotations

from collections.abc import Mapping

# django-anymail's names, of those that need nothing but HTTP to send and to report.
PROVIDERS = (
    "brevo",
    "mailersend",
    "mailgun",
    "mailjet",
    "mailtrap",
    "mandrill",
    "postal",
    "postmark",
    "sendgrid",
    "sparkpost",
)
PREFIX = "MAIL_PROVIDER_"
WEBHOOK_SECRET = "WEBHOOK_SECRET"  # noqa: S105


class WrongSettings(ValueError):
    """The provider's settings cannot be used; the text says which and why."""


def backend_of(provider: str) -> str:
    """The mail backend of a provider. Raises WrongSettings for one that is not known."""
    if provider not in PROVIDERS:
        raise WrongSettings(f"MAIL_PROVIDER must be one of {', '.join(PROVIDERS)}, not {provider!r}.")
    return f"anymail.backends.{provider}.EmailBackend"


def options_of(provider: str, environment: Mapping[str, str], *, timeout: float) -> dict[str, object]:
    """django-anymail's settings: MAIL_PROVIDER_API_KEY becomes MAILGUN_API_KEY, and so on for any name.

    Raises WrongSettings without MAIL_PROVIDER_WEBHOOK_SECRET: anybody could report bounces.
    """
    secret = environment.get(PREFIX + WEBHOOK_SECRET, "")
    user, _, password = secret.partition(":")
    if not (user and password):
        raise WrongSettings(
            "MAIL_PROVIDER_WEBHOOK_SECRET must be a name and a long random value with a colon between them; "
            "the provider sends them with what it reports."
        )
    own = {
        f"{provider.upper()}_{name.removeprefix(PREFIX)}": value
        for name, value in environment.items()
        if name.startswith(PREFIX) and name != PREFIX + WEBHOOK_SECRET and value
    }
    return {
        **own,
        "WEBHOOK_SECRET": secret,
        "REQUESTS_TIMEOUT": timeout,
        # Few providers take an invitation as a third way to read a mail; all send the file.
        "IGNORE_UNSUPPORTED_FEATURES": True,
    }
