"""What a page says of a mail that was just written: that it goes, or that somebody has to release it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from members import mails

WAITS = "The mail waits in the outbox until it is released."
GOES = "The mail is in the outbox."


def about_mail(name: str, *, now: datetime) -> str:
    """A sentence on the mail that a change at `now` has written to this recipient, such as "user:12"."""
    return WAITS if mails.waiting_since(now, [name]) else GOES


def about_mails(names: Iterable[str], *, now: datetime) -> str:
    """The same on one mail to each of several."""
    names = list(names)
    waiting = len(mails.waiting_since(now, names))
    if len(names) == 1:
        return WAITS if waiting else GOES
    if waiting == len(names):
        return "The mails wait in the outbox until they are released."
    if not waiting:
        return "The mails are in the outbox."
    one = waiting == 1
    verb, they = ("waits", "it is") if one else ("wait", "they are")
    return f"The mails are in the outbox; {waiting} of them {verb} there until {they} released."
