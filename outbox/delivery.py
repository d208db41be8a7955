"""Send what is due: lease, hand to the mail server, record. Safe with any number of workers.

A lease is a row lock made to outlive the transaction: rows are taken with SKIP LOCKED, so that two workers
never hold the same one, and a row whose worker was killed is taken up again when its lease runs out.
"""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.utils import timezone

from outbox.models import Message

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
GIVE_UP_AFTER = timedelta(hours=72)
PAUSES = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720)]
BLOT = "[taken out after sending]"


@transaction.atomic
def lease(*, now: datetime, limit: int = 20) -> list[Message]:
    """Take up to `limit` due messages for this worker, for LEASE; other workers pass them over."""
    messages = list(Message.objects.due(now=now).select_for_update(skip_locked=True)[:limit])
    for message in messages:
        message.state = Message.State.SENDING
        message.leased_until = now + LEASE
        message.attempts += 1
    Message.objects.bulk_update(messages, ["state", "leased_until", "attempts"])
    return messages


def deliver_due(*, limit: int = 20) -> int:
    """Send what is due now, at most `limit` messages. Returns how many a mail server accepted."""
    sent = 0
    for message in lease(now=timezone.now(), limit=limit):
        # A slow server may have used up the lease of the later ones: another worker has them now.
        if message.leased_until <= timezone.now() + timedelta(seconds=settings.EMAIL_TIMEOUT):
            break
        sent += send(message)
    return sent


def send(message: Message) -> bool:
    """Hand one leased message to the mail server and record what became of it. True when it was accepted."""
    try:
        _hand_over(message)
    except Exception as fault:  # whatever the server or the network did, it belongs into the record
        _record_failure(message, fault, now=timezone.now())
        return False
    _record_sent(message, now=timezone.now())
    return True


def _hand_over(message: Message) -> None:
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=[message.to],
        headers={"Message-ID": message.message_id},
        connection=get_connection(fail_silently=False),
    )
    mail.attach_alternative(message.html, "text/html")
    mail.send()


def _held(message: Message):
    """The row, if this worker still holds the lease under which it sent."""
    return Message.objects.filter(
        pk=message.pk, state=Message.State.SENDING, leased_until=message.leased_until
    )


def _record_sent(message: Message, *, now: datetime) -> None:
    changes = {"state": Message.State.SENT, "sent_at": now, "leased_until": None, "error": ""}
    if settings.MAIL_LEAVES_HERE and message.secrets:
        # The recipient has the link; nobody who reads the outbox later should.
        for secret in message.secrets:
            message.text = message.text.replace(secret, BLOT)
            message.html = message.html.replace(secret, BLOT)
        changes |= {"text": message.text, "html": message.html, "secrets": []}
    _held(message).update(**changes)


def _record_failure(message: Message, fault: Exception, *, now: datetime) -> None:
    final = permanent(fault) or now - message.created_at > GIVE_UP_AFTER
    pause = PAUSES[min(message.attempts, len(PAUSES)) - 1]
    _held(message).update(
        state=Message.State.FAILED if final else Message.State.QUEUED,
        due_at=message.due_at if final else now + pause,
        leased_until=None,
        error=str(fault)[:2000] or type(fault).__name__,
    )
    log.warning(
        "message %s not sent (%s), %s", message.pk, type(fault).__name__, "given up" if final else "again"
    )


def permanent(fault: Exception) -> bool:
    """Whether trying again is pointless: the server refused this mail for good (5xx, RFC 5321 4.2.1)."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in fault.recipients.values())
    if isinstance(fault, smtplib.SMTPAuthenticationError):
        return False  # a wrong password is the operator's to mend; the mail must not be lost over it
    return isinstance(fault, smtplib.SMTPResponseException) and fault.smtp_code >= 500


@transaction.atomic
def retry(*, message_id: int, now: datetime) -> bool:
    """Queue a failed message again. False when it is not failed (any more), and nothing changes."""
    return bool(
        Message.objects.filter(pk=message_id, state=Message.State.FAILED).update(
            state=Message.State.QUEUED, due_at=now, created_at=now, attempts=0
        )
    )
