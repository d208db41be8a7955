"""What a mail provider reports after it has taken a mail: that it came back, or was called spam."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.urls import URLPattern, path
from django.utils import timezone

from outbox.models import Message, MessageStep

log = logging.getLogger(__name__)

# django-anymail's words for what means that the recipient does not have the mail, with ours.
REPORTS = {
    "bounced": "It came back.",
    "rejected": "The provider did not send it.",
    "failed": "The provider could not send it.",
    "complained": "The recipient called it spam.",
}


def addresses(provider: str) -> list[URLPattern]:
    """Where a provider reports: an address of django-anymail's, which checks who asks. None without one."""
    if not provider:
        return []
    from anymail.urls import urlpatterns  # loads every provider's code, which only a site with one needs

    [found] = [each for each in urlpatterns if each.name == f"{provider}_tracking_webhook"]
    return [path(f"mail/provider/{provider}/tracking/", found.callback, name="mail_provider")]


def listen() -> None:
    """Hear what the provider reports."""
    from anymail.signals import tracking

    tracking.connect(_heard, dispatch_uid="outbox.bounces")


def _heard(sender, event, esp_name: str, **_) -> None:
    if event.event_type not in REPORTS:
        return
    said = event.mta_response or event.description or event.reject_reason or ""
    record(
        message_id=str((event.metadata or {}).get("message") or "").replace("\x00", ""),
        provider_id=str(event.message_id or "").replace("\x00", ""),
        recipient=(event.recipient or "").replace("\x00", ""),
        report=" ".join(f"{REPORTS[event.event_type]} {said}".replace("\x00", "").split()),
        at=event.timestamp or timezone.now(),
    )


@transaction.atomic
def record(*, message_id: str, provider_id: str, recipient: str, report: str, at: datetime) -> bool:
    """Keep that a mail did not reach its recipient. The first report stands; a repetition changes nothing.

    message_id: our Message-ID without brackets, where the provider gives it back; else provider_id tells.
    recipient: the address, when the provider says it. Returns whether anything was recorded.
    """
    known = Q(message_id=f"<{message_id}>") if message_id else Q(provider_id=provider_id)
    if not (message_id or provider_id):
        return False
    messages = Message.objects.filter(known)
    if recipient:
        messages = messages.filter(to__iexact=recipient)
    message = messages.filter(bounced_at=None).select_for_update().first()
    if message is None:
        return False
    Message.objects.filter(pk=message.pk).update(bounced_at=at, bounce=report[:2000])
    MessageStep.objects.create(message=message, what=MessageStep.What.BOUNCED, at=at, note=report[:300])
    log.warning("message %s came back", message.pk)
    return True
