"""What a page says of a mail that was just written: that it goes, or that somebody has to release it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from members import mails

WAITS = "The mail waits in the outbox until it is released."
GOES = "The mail is on its way."


def about_mail(name: str, *, now: datetime) -> str:
    """A sentence on the mail that a change at `now` has written to this recipient, such as "user:12"."""
    return WAITS if mails.waiting_since(now, [name]) else GOES


def about_mails(names: Iterable[str], *, now: datetime) -> str:
    """The same on one mail to each of several."""
    names = list(names)
    return _about(len(mails.waiting_since(now, names)), len(names))


def about_written(*, now: datetime) -> str:
    """The same on whatever a change at `now` has written, whoever gets it."""
    return _about(*mails.written_at(now))


def _about(waiting: int, count: int) -> str:
    if not count:
        return "Nobody gets a mail."
    if count == 1:
        return WAITS if waiting else GOES
    if waiting == count:
        return "The mails wait in the outbox until they are released."
    if not waiting:
        return "The mails are on their way."
    one = waiting == 1
    verb, they = ("waits", "it is") if one else ("wait", "they are")
    return f"The mails are written; {waiting} of them {verb} in the outbox until {they} released."
