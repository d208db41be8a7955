"""How much goes out a minute, over all workers together, and how long one mail may take."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from outbox.models import Message

MINUTE = timedelta(minutes=1)
LOCK = 0x6D61696C  # any number that nothing else takes: "mail"


class TooSlow(TimeoutError):
    """A server answered each step in time, and yet did not get through in all."""


def allowance(*, now: datetime, wanted: int) -> int:
    """How many of `wanted` mails may be tried now without passing MAIL_PER_MINUTE in any minute.

    Call it inside the transaction that leases them and sets their `attempted_at`: the lock, which ends with
    that transaction, lets one worker count at a time. 0 or less: none.
    """
    if not settings.MAIL_PER_MINUTE:
        return wanted
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    tried = Message.objects.filter(attempted_at__gt=now - MINUTE).count()
    return min(wanted, settings.MAIL_PER_MINUTE - tried)


def longest_attempt() -> float:
    """How many seconds one mail may take in all, from connecting to the last answer."""
    return 3.0 * settings.EMAIL_TIMEOUT


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooSlow when what is inside takes longer.

    EMAIL_TIMEOUT bounds each wait for the network, so a server that sends a byte every few seconds would
    never meet it. Only the main thread can be interrupted, which is where the worker sends; elsewhere this
    does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_) -> None:
        raise TooSlow(f"The mail was not taken within {seconds:g} seconds.")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
