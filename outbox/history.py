"""What was written to somebody, and how to call what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Q

from outbox import kinds
from outbox.masking import mask_of
from outbox.models import Message

MOST = 20  # mails on a person's own page

State = Message.State
# What a list calls a state, in a word or two, and the tone of its chip.
WORDS = {
    State.DRAFT: ("Draft", "wait"),
    State.QUEUED: ("Queued", ""),
    State.SENDING: ("Sending", ""),
    State.SENT: ("Sent", ""),
    State.FAILED: ("Failed", "stop"),
    State.HELD: ("Held back", ""),
}
# What no list shows, and may be long.
BODIES = ("text", "html", "source", "calendar", "bounce")


def to_person(keys: Iterable[str], addresses: Iterable[str] = ()) -> Q:
    """The condition on mails to somebody: by who they are, and by address, which older mails have alone."""
    return Q(recipient__in=[key for key in keys if key]) | Q(to__in=[each for each in addresses if each])


def newest_to(keys: Iterable[str], addresses: Iterable[str] = ()) -> list[Message]:
    """The newest mails to somebody, ready for a list; one more than MOST where there are more. One query."""
    found = Message.objects.filter(to_person(keys, addresses)).order_by("-created_at", "-pk")
    return [for_list(message) for message in found.defer(*BODIES)[: MOST + 1]]


def for_list(message: Message, names: Mapping[str, object] | None = None) -> Message:
    """The mail with what a list says of it: `kind_title`, `subject_shown`, `state_word`, `state_tone`."""
    message.kind_title = kinds.title_of(message.kind)
    message.subject_shown = mask_of(message).hide(message.subject)
    message.state_word, message.state_tone = WORDS[State(message.state)]
    if message.bounced_at:
        message.state_word, message.state_tone = "Came back", "stop"
    message.person = (names or {}).get(message.recipient)
    return message
