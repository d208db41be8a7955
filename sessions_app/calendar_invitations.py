"""Invitations that calendars understand (RFC 5546): a session comes, moves or is called off by mail.

The entry has the same name as in the subscription (`calendars.uid_of`), so that a calendar which follows both
shows it once. Who answers from within a calendar would write to an address that nobody reads: the entry asks
for no answer and says where to give it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from icalendar import Event, vCalAddress

from members.models import Group
from outbox.writing import absolute
from sessions_app import calendars
from sessions_app.concerned import Recipient
from sessions_app.models import GuestChair, Rsvp, Session

UNREAD = "An answer by mail or from your calendar reaches nobody."
ANSWERS = {Rsvp.Answer.YES: "ACCEPTED", Rsvp.Answer.MAYBE: "TENTATIVE", Rsvp.Answer.NO: "DECLINED"}
SILENT = "NEEDS-ACTION"


@dataclass(frozen=True)
class Attendee:
    """Whom an invitation is for. says: whether they come, as RFC 5545 (3.2.12) calls it.

    where: the sentence that tells them where to answer. is_member: whether they read what is for members.
    """

    address: str
    name: str
    says: str
    where: str
    is_member: bool


def answers_to(session: Session) -> dict[int, str]:
    """What members have said to a session, by the keys of their accounts. One query."""
    given = Rsvp.objects.filter(session=session).values_list("member__user", "answer", "in_line_since")
    # Who waits in line would come; whether they can is not known yet.
    return {user: "TENTATIVE" if in_line else ANSWERS[answer] for user, answer, in_line in given}


def member_or_presenter(recipient: Recipient, answers: dict[int, str]) -> Attendee:
    """The attendee that a recipient of a session's mails is. answers: as `answers_to` gives them."""
    if recipient.signs_in:
        says, where = answers.get(recipient.user_id, SILENT), "Say on the session’s page whether you come."
    else:
        says, where = "ACCEPTED", "You present in it. If you cannot come, please tell the organisers."
    return Attendee(recipient.address, recipient.name, says, where, is_member=recipient.signs_in)


def guest(chair: GuestChair) -> Attendee:
    """The attendee that somebody with a guest chair is. Reads the application."""
    says = "ACCEPTED" if chair.state == GuestChair.State.ACCEPTED else SILENT
    where = (
        "Say on your guest’s page whether you come; its address stands in the mail that offered the chair."
    )
    return Attendee(chair.application.email, chair.application.name, says, where, is_member=False)


def request(session: Session, attendee: Attendee, group: Group, *, now: datetime) -> str:
    """An invitation, or what has become of one: the entry of an announced session for one person."""
    event = _event(session, attendee, group, now=now)
    event.add("description", _description(session, attendee))
    event.add("status", "TENTATIVE" if attendee.says == "TENTATIVE" else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if attendee.says == "DECLINED" else "OPAQUE")
    return _sent(event, "REQUEST")


def cancellation(session: Session, attendee: Attendee, group: Group, *, now: datetime) -> str:
    """What takes the entry of a cancelled session back."""
    event = _event(session, attendee, group, now=now)
    event.add("description", absolute(session.get_absolute_url()))
    event.add("status", "CANCELLED")
    event.add("transp", "TRANSPARENT")
    return _sent(event, "CANCEL")


def _event(session: Session, attendee: Attendee, group: Group, *, now: datetime) -> Event:
    event = calendars.common_event(session, stamp=now)
    organiser = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organiser.params["CN"] = _as_parameter(group.name)
    event.add("organizer", organiser)
    invited = vCalAddress(f"mailto:{attendee.address}")
    invited.params["CN"] = _as_parameter(attendee.name)
    invited.params["CUTYPE"] = "INDIVIDUAL"
    invited.params["ROLE"] = "REQ-PARTICIPANT"
    invited.params["PARTSTAT"] = attendee.says
    invited.params["RSVP"] = "FALSE"
    event.add("attendee", invited)
    return event


def _as_parameter(words: str) -> str:
    """A name without what no parameter can hold (RFC 5545, 3.1): control characters and double quotes."""
    return "".join(letter for letter in " ".join(words.split()) if letter.isprintable()).replace('"', "”")


def _description(session: Session, attendee: Attendee) -> str:
    only = calendars.members_only(session) if attendee.is_member else []
    page = absolute(session.get_absolute_url())
    parts = [calendars.summary_of(session), *only, f"{attendee.where} {UNREAD}", page]
    return "\n\n".join(part for part in parts if part)


def _sent(event: Event, method: str) -> str:
    calendar = calendars.calendar_of([event])
    calendar.add("method", method)
    return calendar.to_ical().decode()
