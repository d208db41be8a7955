"""The one-time code that proves to a site without a group that one runs its server."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare

from members.errors import Refused
from members.models import Group, SetupCode

SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without those that look alike
LENGTH, BLOCK = 12, 4  # some 59 bits: nobody guesses it in a day, however many ask
LASTS = timedelta(hours=24)


class AlreadySetUp(Refused):
    """The site has its group."""

    def __init__(self):
        super().__init__("This site has been set up already. Nothing was changed.")


class WrongCode(Refused):
    """The code is none, is an older one, or is too old."""


@transaction.atomic
def make(*, now: datetime) -> str:
    """A new code, such as K7QF-9MXD-2TRW; the one before counts no longer. Raises AlreadySetUp."""
    if Group.objects.exists():
        raise AlreadySetUp
    signs = "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    SetupCode.objects.update_or_create(
        only=True, defaults={"digest": digest_of(signs), "expires_at": now + LASTS}
    )
    return "-".join(signs[at : at + BLOCK] for at in range(0, LENGTH, BLOCK))


def digest_of(code: str) -> str:
    """The hash of a code as somebody typed it: small letters, spaces and dashes make no difference."""
    signs = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(signs.encode()).hexdigest()


def check(digest: str, *, now: datetime, lock: bool = False) -> None:
    """Make sure that this is the digest of the code that counts.

    lock: inside a transaction, so that the code is used once. Raises AlreadySetUp, WrongCode.
    """
    codes = SetupCode.objects.select_for_update() if lock else SetupCode.objects
    code = codes.first()
    if Group.objects.exists():
        raise AlreadySetUp
    if code is None or not constant_time_compare(code.digest, digest):
        raise WrongCode("Enter the code that the server printed last; this is not it.")
    if code.expires_at <= now:
        raise WrongCode("This code is over a day old. Make a new one on the server: manage.py setup_code")


def use_up() -> None:
    """Let no code count any more; called in the transaction that makes the group."""
    SetupCode.objects.all().delete()
