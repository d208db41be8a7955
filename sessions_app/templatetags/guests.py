"""Guest chairs on the pages of the waiting list, whose views know nothing of sessions."""

from __future__ import annotations

from django import template
from django.utils import timezone

from members.models import Group
from sessions_app import guests
from sessions_app.models import GuestChair

register = template.Library()


@register.simple_tag
def next_room(group: Group) -> guests.Room | None:
    """The next session that guests may be asked to, with its free chairs. Three queries."""
    return guests.next_room(group, now=timezone.now())


@register.simple_tag
def guests_coming() -> list[GuestChair]:
    """The chairs kept at sessions to come. One query."""
    return list(guests.coming(now=timezone.now()))


@register.simple_tag
def guests_of(session) -> list[GuestChair]:
    """The chairs kept at one session, by when they were offered. One query."""
    return list(guests.kept(session).select_related("application"))


@register.filter
def chair_of(room: guests.Room | None, application_id: int) -> GuestChair | None:
    """The chair that an application has in the room, if any."""
    return room.chairs.get(application_id) if room else None
