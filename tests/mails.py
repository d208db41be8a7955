"""What tests do with mails: let go those that wait, and write one whose words they choose."""

from __future__ import annotations

from outbox.models import KindSetting, Message
from outbox.writing import write


def release_all() -> None:
    """Release every draft, as an organiser does who has read them."""
    Message.objects.filter(state=Message.State.DRAFT).update(state=Message.State.QUEUED)


def write_text(*, kind: str, parts: tuple[str, str], **details) -> Message:
    """Write a mail with this subject and text, queued at once; the rest as for `outbox.writing.write`."""
    KindSetting.objects.get_or_create(
        kind=kind, defaults={"subject": "{{ subject }}", "source": "{{ text }}"}
    )
    subject, text = parts
    return write(kind=kind, context={"subject": subject, "text": text}, waits=False, **details)
