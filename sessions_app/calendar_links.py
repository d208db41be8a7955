"""A member's calendar address: made, changed, replaced, switched off."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from members.models import Member
from sessions_app.models import CalendarLink

CHOICES = ("with_preparation", "with_slides", "alarm")


@transaction.atomic
def switch_on(*, member: Member, now: datetime) -> CalendarLink:
    """Give the member a calendar address. One that is there already stays as it is."""
    return CalendarLink.objects.get_or_create(member=member, defaults={"made_at": now})[0]


@transaction.atomic
def choose(*, member: Member, choices: dict) -> CalendarLink | None:
    """Say what the calendar holds (CHOICES). None when it was switched off meanwhile."""
    link = CalendarLink.objects.select_for_update().filter(member=member).first()
    if link is None:
        return None
    for name in CHOICES:
        setattr(link, name, choices[name])
    link.save(update_fields=CHOICES)
    return link


@transaction.atomic
def replace(*, member: Member, seen: uuid.UUID | None, now: datetime) -> bool:
    """Give the calendar a new address; the old one opens nothing any more.

    seen: the key of the address that the member has looked at. Returns False, and changes nothing, when that
    was replaced or switched off meanwhile: a second click must not end the address that was just copied.
    """
    changed = CalendarLink.objects.filter(member=member, key=seen).update(key=uuid.uuid4(), made_at=now)
    return bool(changed)


@transaction.atomic
def switch_off(*, member: Member) -> bool:
    """Take the address away. Returns whether there was one."""
    return bool(CalendarLink.objects.filter(member=member).delete()[0])
