"""How the outbox names people, whatever their address is: it knows nobody itself."""

from __future__ import annotations

USER, APPLICATION = "user", "application"
ERASED = f"{USER}:0"  # who took a step and is no more; a step by nobody was taken by the site itself


def of_user(user_id: int) -> str:
    """The name of somebody with an account."""
    return f"{USER}:{user_id}"


def of_application(application_id: int) -> str:
    """The name of an applicant, also of one who comes once as a guest."""
    return f"{APPLICATION}:{application_id}"


def key_in(name: str, of: str) -> int | None:
    """The key that a name carries, if it is the name of such a one. of: USER or APPLICATION."""
    kind, _, key = name.partition(":")
    return int(key) if kind == of and key.isascii() and key.isdigit() else None
