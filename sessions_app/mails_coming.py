"""What members are told when a chair in a full room changes hands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from members import recipients as keys
from members.models import Group
from outbox.wording import Value
from outbox.writing import Mail, absolute, write_all
from sessions_app import calendar_invitations as invitations
from sessions_app.concerned import recipient_of
from sessions_app.mail_words import person_words, session_words
from sessions_app.mails import thread_of
from sessions_app.models import Rsvp, Session


def chair_words(session: Session, name: str, group: Group) -> dict[str, Value]:
    """What the mails about a chair may say."""
    answer_url = absolute(f"{session.get_absolute_url()}#rsvp")
    return {**person_words(name, group), **session_words(session), "answer_url": answer_url}


def chair_freed(rsvps: Iterable[Rsvp], session: Session, group: Group, *, now: datetime) -> int:
    """To members who were in line: there is a chair now, with an invitation. Once for each time in the line.

    Reads the members' accounts. Returns how many mails are new.
    """
    mails = []
    for rsvp in rsvps:
        recipient = recipient_of(rsvp.member)
        attendee = invitations.member_or_presenter(recipient, {recipient.user_id: "ACCEPTED"})
        calendar = invitations.request(session, attendee, group, now=now)
        mails.append(_to_member(rsvp, session, group, calendar=calendar))
    return write_all("chair_freed", mails, now=now)


def chair_passed_on(rsvps: Iterable[Rsvp], session: Session, group: Group, *, now: datetime) -> int:
    """To members who went on leave: somebody in line has the chair, and how to get it back.

    Reads the members' accounts. Returns how many mails are new.
    """
    return write_all("chair_passed_on", [_to_member(rsvp, session, group) for rsvp in rsvps], now=now)


def _to_member(rsvp: Rsvp, session: Session, group: Group, *, calendar: str = "") -> Mail:
    member = rsvp.member
    return Mail(
        about=f"session:{session.pk}:line:{rsvp.pk}:{rsvp.in_line_since:%Y-%m-%dT%H:%M:%S.%f}",
        to=member.user.email,
        recipient=keys.of_user(member.user_id),
        thread=thread_of(session),
        values=chair_words(session, member.name, group),
        calendar=calendar,
    )
