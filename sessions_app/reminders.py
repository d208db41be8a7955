"""Reminders of a session, seven days and one day before it.

Nothing is stored ahead: a look of the worker asks each announced session when its reminders fall due, so a
session that is moved moves them. Each goes once for a date of the session, to those whom it concerns then.

- None goes for a session that is no longer announced, and none whose moment lay before the announcement,
  since that has said it all.
- A reminder that could not go at its moment goes later while it makes sense: the week's until the day's falls
  due, the day's until the session begins. After that it is dropped, with one line in the log.
- A session that is moved by a few days has a second date and no second reminder of the week: none falls due
  within WEEK_APART of the last one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.dateparse import parse_date

from members.models import Group
from outbox.models import Message
from outbox.writing import write_all
from sessions_app import moments, once, reminded
from sessions_app.models import Rsvp, Session

log = logging.getLogger(__name__)

WEEK, DAY = "reminder_week", "reminder_day"
DAYS_BEFORE = {WEEK: 7, DAY: 1}
WEEK_APART = timedelta(days=3)
# Seven days of the calendar may be some hours more or less; where the date line is moved, a day.
AHEAD = timedelta(days=9)
BY_THEN = [Session.State.ANNOUNCED, Session.State.HELD]
BACK = timedelta(days=7)  # how long after the start a reminder that was dropped is still noticed


@dataclass(frozen=True)
class Reminder:
    """One reminder of a session on the date it has now: when it falls due, until when it makes sense."""

    kind: str
    session: Session
    due_at: datetime
    until: datetime

    @property
    def date(self) -> str:
        """The session's date where it is held, such as 2027-04-06."""
        return f"{self.session.local_start:%Y-%m-%d}"

    @property
    def about(self) -> str:
        """The event, once for a date of the session."""
        return reminded.about(self.kind, self.date, self.session)

    def is_due(self, now: datetime) -> bool:
        """Whether its moment has come, and came after the announcement."""
        announced_at = self.session.announced_at
        return announced_at is not None and announced_at <= self.due_at <= now


def reminder(kind: str, session: Session) -> Reminder:
    """This kind of reminder of a session. No query."""
    day_before = moments.before(session, days=DAYS_BEFORE[DAY])
    if kind == DAY:
        return Reminder(kind, session, day_before, session.starts_at)
    return Reminder(kind, session, moments.before(session, days=DAYS_BEFORE[WEEK]), day_before)


def remind(*, now: datetime) -> int:
    """Write the reminders that are due. Returns how many mails were written.

    Two queries while nothing is due. Safe in several workers at once.
    """
    due = {each.about: each for each in _near(now) if each.is_due(now)}
    return sum(_settle(due[about], now=now) for about in once.unsettled(due))


def _near(now: datetime) -> Iterator[Reminder]:
    """The reminders of the sessions whose start is near. One query."""
    sessions = Session.objects.filter(
        state__in=BY_THEN,
        starts_at__gt=now - BACK,
        starts_at__lte=now + AHEAD,
    )
    for session in sessions.order_by("starts_at", "pk"):
        yield from (reminder(kind, session) for kind in DAYS_BEFORE)


@transaction.atomic
def _settle(found: Reminder, *, now: datetime) -> int:
    """Write a reminder to everybody concerned, or drop it; whichever it is, it is settled for good."""
    # Another worker may be at the same session; one that has been, has left its mark and its mails.
    session = Session.objects.select_for_update(skip_locked=True).filter(pk=found.session.pk).first()
    if session is None or reminder(found.kind, session) != found:
        return 0
    if session.state not in BY_THEN or not once.settle(found.about):
        return 0
    if Message.objects.filter(kind=found.kind, about=found.about).exists() or _follows_another(found):
        return 0
    if found.until <= now:
        log.warning("%s of %s on %s is dropped: its moment has passed", found.kind, session, found.date)
        return 0
    if session.state != Session.State.ANNOUNCED:
        return 0
    mails = reminded.mails(found.kind, found.date, session, Group.objects.current())
    return write_all(found.kind, mails, now=now)


def _follows_another(found: Reminder) -> bool:
    """Whether members were reminded of the same session, on another date, only just before."""
    if found.kind != WEEK:
        return False
    earlier = Message.objects.filter(
        kind=WEEK, thread=f"session:{found.session.pk}", created_at__gt=found.due_at - WEEK_APART
    )
    return earlier.exists()


def outdated(message: Message, now: datetime) -> str:
    """Why a reminder that waits in the outbox no longer makes sense, in a sentence; "" while it does.

    At most two queries.
    """
    *_, pk, kind, date = message.about.split(":")
    session = Session.objects.filter(pk=pk).first()
    if session is None:
        return "The session was deleted."
    if session.state != Session.State.ANNOUNCED:
        return f"{session} is {session.get_state_display().lower()}."
    now_due = reminder(kind, session)
    if session.local_start.date() != parse_date(date):
        return f"{session} was moved to another day."
    if session.changed_at and session.changed_at > message.created_at:
        return f"The date or the place of {session} has changed since."
    if session.starts_at <= now:
        return f"{session} has begun."
    if now_due.until <= now:
        return "The reminder of the day before has taken its place."
    who, _, key = message.recipient.partition(":")
    stays_away = Rsvp.objects.filter(session=session, answer=Rsvp.Answer.NO)
    if who == "user" and stays_away.filter(member__user=key).exists():
        return "They have said meanwhile that they do not come."
    return ""
