"""How people want to have their mail: each kind at once, in the digest, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core import signing
from django.db import transaction

from outbox import kinds
from outbox.errors import Refused
from outbox.models import Choice

How = Choice.How
SALT = "outbox.choices.stop"


def chosen(kind: str, recipients: Iterable[str]) -> dict[str, str]:
    """How each of these recipients wants this kind, where they have chosen. One query, none for no optional kind.

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
def choose(recipient: str, wanted: Mapping[str, str], *, now: datetime) -> None:
    """Keep how a recipient wants kinds of mail; what is not named stays as it was.

    wanted: Choice.How values by kind. Raises Refused for a kind that nobody may stop, and changes nothing.
    """
    for name, how in wanted.items():
        if not kinds.kind_of(name).optional and how != How.MAIL:
            raise Refused(f"Mails of the kind “{kinds.title_of(name)}” cannot be stopped.")
    Choice.objects.bulk_create(
        [Choice(recipient=recipient, kind=name, how=how, changed_at=now) for name, how in wanted.items()],
        update_conflicts=True,
        unique_fields=["recipient", "kind"],
        update_fields=["how", "changed_at"],
    )


def stop_token(recipient: str, kind: str) -> str:
    """What a mail's own link carries, to stop its kind without signing in. It does nothing else."""
    return signing.Signer(salt=SALT).sign_object([recipient, kind])


def read_stop_token(token: str) -> tuple[str, str]:
    """The recipient and the kind of a link. Raises Refused for one that is not ours, or of no such kind."""
    try:
        recipient, kind = signing.Signer(salt=SALT).unsign_object(token)
        optional = kinds.kind_of(kind).optional
    except (signing.BadSignature, kinds.UnknownKind, ValueError, TypeError) as fault:
        raise Refused("This link is not whole. Open it from the mail again.") from fault
    if not optional:
        raise Refused("Mails of this kind cannot be stopped.")
    return recipient, kind
