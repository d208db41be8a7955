"""How people want to have their mail: each kind at once, in the digest, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core import signing
from django.db import transaction

from outbox import kinds
from outbox.errors import Refused
from outbox.models import Choice, Message, MessageStep

How, State, Why = Choice.How, Message.State, Message.Why
SALT = "outbox.choices.stop"
HELD = {How.DIGEST: Why.DIGEST, How.NOTHING: Why.STOPPED}
# Written, and with nobody who could still be sending it.
NOT_GONE = (State.DRAFT, State.QUEUED, State.FAILED)


class LinkBroken(Refused):
    """A link that this site has not made, or of a kind of mail that is no more."""


def chosen(kind: str, recipients: Iterable[str]) -> dict[str, str]:
    """How each of these recipients wants this kind, where they have chosen. At most one query.

    recipients: such as "user:12". Returns Choice.How values; who is not in it gets each as a mail.
    """
    if not kinds.kind_of(kind).optional:
        return {}
    found = Choice.objects.filter(kind=kind, recipient__in={who for who in recipients if who})
    return dict(found.values_list("recipient", "how"))


def of(recipient: str) -> dict[str, str]:
    """Everything that one recipient has chosen, by kind. One query."""
    return dict(Choice.objects.filter(recipient=recipient).values_list("kind", "how"))


@transaction.atomic
def choose(recipient: str, wanted: Mapping[str, str], *, now: datetime) -> int:
    """Keep how a recipient wants kinds of mail; what is not named stays as it was. At most four queries.

    wanted: Choice.How values by kind. What is written of a kind that is to come otherwise, and has not gone,
    is held back at once; choosing mails again sends none of it. Returns how many mails are held back now.
    Raises Refused for a kind that nobody may stop, or that does not come in such a way, and changes nothing.
    """
    for name, how in wanted.items():
        kind = kinds.kind_of(name)
        if not kind.optional and how != How.MAIL:
            raise Refused(f"Mails of the kind “{kinds.title_of(name)}” cannot be stopped.")
        if how not in ways_of(kind):
            raise Refused(f"“{kinds.title_of(name)}” does not come that way.")
    Choice.objects.bulk_create(
        [Choice(recipient=recipient, kind=name, how=how, changed_at=now) for name, how in wanted.items()],
        update_conflicts=True,
        unique_fields=["recipient", "kind"],
        update_fields=["how", "changed_at"],
    )
    return _hold_back(recipient, wanted, now=now)


def ways_of(kind: kinds.Kind) -> list[str]:
    """In which ways a kind may come: a necessary one as mails alone, a digest not in itself."""
    if not kind.optional:
        return [How.MAIL]
    return [How.MAIL, How.NOTHING] if kind.is_digest else [How.MAIL, How.DIGEST, How.NOTHING]


def _hold_back(recipient: str, wanted: Mapping[str, str], *, now: datetime) -> int:
    """Keep back what is written and has not gone. In the order of their keys, as organisers lock them."""
    kept = [name for name, how in wanted.items() if how in HELD]
    if not kept or not recipient:
        return 0
    written = Message.objects.select_for_update(of=("self",)).filter(
        recipient=recipient, kind__in=kept, state__in=NOT_GONE
    )
    messages = list(written.order_by("pk").only("kind", "state", "held_because"))
    for message in messages:
        message.state, message.held_because = State.HELD, HELD[wanted[message.kind]]
    Message.objects.bulk_update(messages, ["state", "held_because"])
    MessageStep.objects.bulk_create(
        MessageStep(message=message, what=MessageStep.What.HELD, by=recipient, at=now) for message in messages
    )
    return len(messages)


def unwanted(message: Message) -> str:
    """Why the recipient does not want this mail now, as a Message.Why; "" where they do. At most one query.

    Asked just before a mail goes: whoever stops a kind while a worker holds one of its mails, or before an
    organiser takes one back, gets it no more than the others.
    """
    if not message.recipient:
        return ""
    try:
        how = chosen(message.kind, [message.recipient])
    except kinds.UnknownKind:  # dropped since the mail was written; nobody else will send it
        return ""
    return HELD.get(how.get(message.recipient), "")


# --- The link in the mail itself ---------------------------------------------------------------------
def stop_token(recipient: str, kind: str) -> str:
    """What a mail's own link carries, to stop its kind without signing in. It does nothing else."""
    return signing.Signer(salt=SALT).sign_object([recipient, kind])


def read_stop_token(token: str) -> tuple[str, str]:
    """The recipient and the kind of a link.

    Raises LinkBroken for one that is not ours, or of no such kind; Refused for one of a necessary kind.
    """
    try:
        recipient, kind = signing.Signer(salt=SALT).unsign_object(token)
        optional = kinds.kind_of(kind).optional
    except (signing.BadSignature, kinds.UnknownKind, ValueError, TypeError) as fault:
        raise LinkBroken("This link is not whole. Open it from the mail again.") from fault
    if not optional:
        raise Refused(f"Mails of the kind “{kinds.title_of(kind)}” cannot be stopped.")
    return recipient, kind
