"""The door: what somebody outside asks for is taken in first, and answered by the worker afterwards.

Whether an address has applied, or belongs to a member, must not be learnt from a page or from its time
(rule 2). So the request does the same for every address, one row written, and what differs happens where
nobody outside can watch it: in the worker, whose only answer is a mail to the address itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.dateparse import parse_datetime

from members import applying, mails
from members.models import Group, Knock, Strength, User

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 5
AGAIN_AFTER = timedelta(minutes=2)  # doubled with each attempt
KEPT_FAILED = 30  # days, as an address that nobody confirms
AT_ONCE = 100  # knocks one look of the worker takes


def knock(kind: str, payload: dict, *, now: datetime) -> Knock:
    """Take a request in. kind: Knock.Kind; payload: what `answer_waiting` needs, as JSON. One query."""
    return Knock.objects.create(kind=kind, payload=payload, at=now, due_at=now)


def ask_for_seat(
    group: Group, *, email: str, answers: dict, strengths: Iterable[Strength], now: datetime
) -> Knock:
    """Take an application in; `members.applying.apply` follows. answers: as it takes them.

    Raises ListClosed when the group takes no applications: that is told to everybody alike.
    """
    if not group.waiting_list_open:
        raise applying.ListClosed("The waiting list is closed at the moment. Nothing was sent.")
    payload = {
        "email": email,
        "answers": answers,
        "strengths": [strength.pk for strength in strengths],
        "at": now.isoformat(),
    }
    return knock(Knock.Kind.APPLY, payload, now=now)


def ask_for_link(*, email: str, now: datetime) -> Knock:
    """Take in that somebody has lost the link to their application."""
    return knock(Knock.Kind.LINK, {"email": email}, now=now)


def answer_waiting(*, now: datetime) -> int:
    """Answer what has been asked, the oldest first. Returns how many were answered.

    Several workers may do this at once: each takes rows that no other has. One that fails is tried again
    later, MOST_ATTEMPTS times, and then stays KEPT_FAILED days for somebody to look at.
    """
    done = 0
    while done < AT_ONCE and (answered := _answer_next(now)) is not None:
        done += answered
    return done


def forget_failed(*, now: datetime) -> int:
    """Delete what could not be answered in KEPT_FAILED days: somebody typed it. Returns how many."""
    return Knock.objects.filter(
        attempts__gte=MOST_ATTEMPTS, at__lt=now - timedelta(days=KEPT_FAILED)
    ).delete()[0]


def _answer_next(now: datetime) -> bool | None:
    """Answer one knock; False when that failed, None when nobody waits."""
    with transaction.atomic():
        waiting = Knock.objects.filter(due_at__lte=now, attempts__lt=MOST_ATTEMPTS).order_by("pk")
        found = waiting.select_for_update(skip_locked=True).first()
        if found is None:
            return None
        try:
            with transaction.atomic():
                ANSWERS[found.kind](found.payload, now=now)
        except Exception:
            log.exception("Knock %s was not answered", found.pk)
            found.attempts += 1
            found.due_at = now + AGAIN_AFTER * 2**found.attempts
            found.save(update_fields=["attempts", "due_at"])
            return False
        found.delete()
        return True


def _apply(payload: dict, *, now: datetime) -> None:
    applying.apply(
        email=payload["email"],
        answers=payload["answers"],
        strengths=Strength.objects.filter(pk__in=payload["strengths"]),
        now=parse_datetime(payload["at"]),
        taken_in=True,
    )


def _link(payload: dict, *, now: datetime) -> None:
    applying.send_link(email=payload["email"], now=now)


def _mail(payload: dict, *, now: datetime) -> None:
    if payload["known"]:
        mails.signing_in(
            payload["kind"],
            to=payload["to"],
            user_id=payload["user"] or _account_of(payload["to"]),
            values=payload["values"],
            about=payload["about"],
            now=now,
        )


def _account_of(address: str) -> int | None:
    """Whose sign-in address this is; asked here, since the request must not do more for a known one."""
    return User.objects.filter(email=address).values_list("pk", flat=True).first()


ANSWERS = {Knock.Kind.APPLY: _apply, Knock.Kind.LINK: _link, Knock.Kind.MAIL: _mail}
