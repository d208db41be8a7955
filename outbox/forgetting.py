"""Find the mails that speak of somebody, and take them out when that person is erased (rule 9)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from outbox.kinds import TEST
from outbox.models import Choice, KindSetting, Message, MessageStep


def about_any(events: Iterable[str]) -> Q:
    """The condition on messages about any of these events; an empty one matches nothing.

    events: such as "application:12"; what hangs on one ("application:12:2026-03-01") belongs to it.
    """
    condition = Q(pk__in=[])
    for event in events:
        condition |= Q(about=event) | Q(about__startswith=f"{event}:")
    return condition


def forget(*, events: Iterable[str]) -> int:
    """Delete every message about these events, sent or not. Returns how many there were. As `about_any`."""
    return Message.objects.filter(about_any(events)).delete()[0]


def forget_person(recipient: str, *, instead: str) -> int:
    """Delete every message to somebody and what they have chosen. Returns how many messages there were.

    recipient: who, such as "user:12". instead: what stands from now on for who took a step or worded a kind
    of mail; that it was taken stays on record. With them go all tests: one is to no recipient, and speaks of
    whomever the records happened to hold.
    """
    MessageStep.objects.filter(by=recipient).update(by=instead)
    KindSetting.objects.filter(changed_by=recipient).update(changed_by=instead)
    Choice.objects.filter(recipient=recipient).delete()
    return Message.objects.filter(Q(recipient=recipient) | Q(about__startswith=TEST)).delete()[0]
