"""A thank-you to those who presented in a session and to its host, on the morning after."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.db import transaction
from django.urls import reverse

from members.addresses import fold
from members.models import Group, Member
from outbox.models import Message
from outbox.wording import Value
from outbox.writing import Mail, absolute, write_all
from sessions_app import concerned, moments, once
from sessions_app.concerned import Recipient
from sessions_app.mail_words import person_words, session_words
from sessions_app.models import Session
from sessions_app.reminded import presenters
from sessions_app.text import plain

THANKED_AT = time(10)  # by the clock of the place, on the day after
WITHIN = timedelta(days=14)  # a session that is marked as held later than this is history


def about(session: Session) -> str:
    """The event, once for a session."""
    return f"session:{session.pk}:thank_you"


def thank(*, now: datetime) -> int:
    """Write the thank-yous that are due. Returns how many.

    A session took place when an organiser says so: one that is marked as held after the morning on which its
    thank-yous fall due has them then. Whatever was never announced, such as an old session that was brought
    in from elsewhere, has none. Two queries while nothing is due. Safe in several workers at once.
    """
    held = Session.objects.filter(
        state=Session.State.HELD,
        starts_at__gt=now - WITHIN,
        starts_at__lte=now,
        announced_at__isnull=False,
    ).order_by("starts_at", "pk")
    due = {
        about(session): session.pk for session in held if moments.morning_after(session, THANKED_AT) <= now
    }
    return sum(_thank(due[event], now=now) for event in once.unsettled(due))


@transaction.atomic
def _thank(session_id: int, *, now: datetime) -> int:
    # Another worker may be at the same session.
    session = Session.objects.select_for_update(skip_locked=True).filter(pk=session_id).first()
    if session is None or not once.settle(about(session)):
        return 0
    if Message.objects.filter(kind="thank_you", about=about(session)).exists():
        return 0
    group = Group.objects.current()
    return write_all("thank_you", mails(session, group), now=now)


def mails(session: Session, group: Group) -> list[Mail]:
    """The thank-yous of one session: to each presenter with an address, and to the host. Two queries."""
    found: dict[str, Mail] = {}
    host = _host(session)
    for presenter, talks in presenters(session):
        recipient = concerned.presenting(presenter)
        if recipient:
            hosts = host is not None and host.pk == presenter.member_id
            values = words(session, recipient, group, titles=[talk.title for talk in talks], hosts=hosts)
            found[fold(recipient.address)] = _mail(session, recipient, values)
    if host and fold(host.user.email) not in found:
        recipient = concerned.recipient_of(host)
        values = words(session, recipient, group, hosts=True)
        found[fold(recipient.address)] = _mail(session, recipient, values)
    return list(found.values())


def _host(session: Session) -> Member | None:
    """The member whose name stands as the host's; None for a company, and where two have this name."""
    if not session.host.strip():
        return None
    named = Member.objects.present().filter(user__is_active=True, user__name__iexact=session.host.strip())
    found = list(named.select_related("user")[:2])
    return found[0] if len(found) == 1 else None


def words(
    session: Session, recipient: Recipient, group: Group, *, titles: Iterable[str] = (), hosts: bool = False
) -> dict[str, Value]:
    """What a thank-you may say. titles: of what they presented; hosts: whether the room was theirs."""
    return {
        **person_words(recipient.name, group),
        **session_words(session),
        "talks": " and ".join(f"“{plain(title)}”" for title in titles),
        "hosts": hosts,
        "is_member": recipient.signs_in,
        "propose_url": absolute(reverse("propose")) if recipient.signs_in else "",
    }


def _mail(session: Session, recipient: Recipient, values: dict[str, Value]) -> Mail:
    return Mail(about=about(session), to=recipient.address, values=values, recipient=recipient.key)


def outdated(message: Message, now: datetime) -> str:
    """Why a thank-you no longer makes sense, in a sentence; "" while it does. One query."""
    pk = message.about.split(":")[1]
    if Session.objects.filter(pk=pk, state=Session.State.HELD).exists():
        return ""
    return "The session is not one that was held."
