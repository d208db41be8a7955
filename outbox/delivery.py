"""Send what is due: lease, hand to the mail server, record. Safe with any number of workers.

A lease is a row lock made to outlive the transaction: rows are taken with SKIP LOCKED, so that two workers
never hold the same one, and a row whose worker was killed is taken up again when its lease runs out.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import BadHeaderError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from outbox import choices, faults, kinds, mime, pace
from outbox.line import Line
from outbox.models import Message, MessageStep
from outbox.wording import LONGEST_SUBJECT

log = logging.getLogger(__name__)

LEASE = timedelta(
    seconds=60
)  # longer than any attempt (pace.longest_attempt), so that nobody sends beside us
LONGEST_BATCH = 5.0  # seconds after which the worker looks at its other work
GIVE_UP_AFTER = timedelta(hours=72)
PAUSES = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720)]
BLOT = "[taken out after sending]"


@transaction.atomic
def lease(*, now: datetime, limit: int = 1, quiet: bool = False) -> list[Message]:
    """Take up to `limit` due messages for this worker, for LEASE; other workers pass them over.

    quiet: only what somebody is waiting for. Takes fewer, or none, when MAIL_PER_MINUTE is used up.
    """
    limit = pace.allowance(now=now, wanted=limit)
    if limit <= 0:
        return []
    messages = []
    for found in (Message.objects.left_behind(now=now), Message.objects.due(now=now)):
        going = found.filter(urgent=True) if quiet else found
        messages += going.select_for_update(skip_locked=True)[: limit - len(messages)]
    for message in messages:
        message.state = Message.State.SENDING
        message.leased_until = now + LEASE
        message.attempted_at = now
        message.attempts += 1
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(
        state=Message.State.SENDING, leased_until=now + LEASE, attempted_at=now, attempts=F("attempts") + 1
    )
    return messages


def deliver_due(*, limit: int = 100, quiet: bool = False) -> int:
    """Send what is due now, at most `limit` messages and for a few seconds. Returns how many were accepted.

    One at a time, each leased just before it goes: so nothing waits in a lease, what is urgent overtakes the
    rest at once, and a killed worker leaves at most one message behind. Ends early when the server is away.
    """
    sent, until = 0, time.monotonic() + LONGEST_BATCH
    with Line() as line:
        for _ in range(limit):
            leased = lease(now=timezone.now(), quiet=quiet)
            if not leased:
                break
            sent += send(leased[0], line)
            if line.away or time.monotonic() >= until:
                break
    return sent


def send(message: Message, line: Line) -> bool:
    """Hand one leased message to the mail server and record what became of it. True when it was accepted."""
    try:
        if reason := _outdated(message, now=timezone.now()):
            _record_held(message, Message.Why.OUTDATED, reason, now=timezone.now())
            return False
        if why := choices.unwanted(message):
            _record_held(message, why, "", now=timezone.now())
            return False
        mail = _built(message)
        line.hand_over(mail)
    except Exception as fault:  # whatever the server or the network did, it belongs into the record
        _record_failure(message, fault, now=timezone.now())
        return False
    status = getattr(mail, "anymail_status", None)
    _record_sent(message, str((status and status.message_id) or ""), now=timezone.now())
    return True


def _built(message: Message) -> mime.Mail:
    try:
        mail = mime.build(message)
        mail.message()  # what no server would take is found here, before one is asked
    except (BadHeaderError, ValueError) as fault:
        raise faults.CannotBeBuilt(str(fault)) from fault
    return mail


def _outdated(message: Message, *, now: datetime) -> str:
    """Why a mail no longer makes sense, in a sentence; "" while it does."""
    return kinds.outdated(message, now=now)


def _ours(message: Message):
    """The row, if this worker still holds the lease under which it sent."""
    return Message.objects.filter(
        pk=message.pk, state=Message.State.SENDING, leased_until=message.leased_until
    )


@transaction.atomic
def _record_held(message: Message, why: str, reason: str, *, now: datetime) -> None:
    held = _ours(message).update(
        state=Message.State.HELD,
        held_because=why,
        note=reason[:300],
        leased_until=None,
        attempted_at=None,
        attempts=F("attempts") - 1,
    )
    if held:
        MessageStep.objects.create(message=message, what=MessageStep.What.HELD, at=now, note=reason[:300])
        log.info("message %s (%s) is not sent any more: %s", message.pk, message.kind, reason or why)


def _record_sent(message: Message, provider_id: str, *, now: datetime) -> None:
    changes = {
        "state": Message.State.SENT,
        "sent_at": now,
        "leased_until": None,
        "error": "",
        "provider_id": provider_id[:200],
    }
    if settings.MAIL_LEAVES_HERE and message.secrets:
        # The recipient has the link; nobody who reads the outbox later should.
        for field in ("source", "text", "html", "calendar"):
            changes[field] = _blotted(getattr(message, field), message.secrets)
        # An organiser may have moved one there.
        changes["subject"] = _blotted(message.subject, message.secrets)[:LONGEST_SUBJECT]
        changes["secrets"] = []
    _ours(message).update(**changes)


def _blotted(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, BLOT)
    return text


def _record_failure(message: Message, fault: Exception, *, now: datetime) -> None:
    final = faults.permanent(fault) or now - _began(message) > GIVE_UP_AFTER
    pause = PAUSES[min(message.attempts, len(PAUSES)) - 1]
    _ours(message).update(
        state=Message.State.FAILED if final else Message.State.QUEUED,
        due_at=message.due_at if final else now + pause,
        leased_until=None,
        error=faults.words(fault)[:2000],
    )
    log.warning(
        "message %s not sent (%s), %s", message.pk, type(fault).__name__, "given up" if final else "again"
    )


def _began(message: Message) -> datetime:
    """When the message was first to go, or was last sent on its way by an organiser."""
    sent_on = [MessageStep.What.RELEASED, MessageStep.What.RETRIED]
    return message.steps.filter(what__in=sent_on).aggregate(at=Max("at"))["at"] or message.created_at
