"""What people plan by: notice when an announced session gets another date or place, and tell them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.dateformat import format as formatted

from members.errors import Refused
from members.models import Group
from sessions_app import concerned, guests, mails
from sessions_app.models import Session

# What is compared, in the order of the mail; the link is the members' alone.
LABELS = {
    "when": "Date and time",
    "place": "Place",
    "address": "Address",
    "online_url": "Where to join from afar",
}


class MovedIntoThePast(Refused):
    """An announced session to come was given a date that is over."""


@dataclass(frozen=True)
class Arrangement:
    """When and where a session is, in the words of a mail."""

    starts_at: datetime
    ends_at: datetime
    when: str
    place: str
    address: str
    online_url: str


@dataclass(frozen=True)
class Change:
    """One thing that is no longer as it was; "" where nothing was or is said."""

    name: str
    before: str
    after: str

    @property
    def label(self) -> str:
        """What it is, as a heading."""
        return LABELS[self.name]


def arrangement(session: Session) -> Arrangement:
    """What people plan by, as it is now; a later change of the row leaves it alone."""
    return Arrangement(
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        when=_when(session),
        place=session.place,
        address=session.address,
        online_url=session.online_url,
    )


def between(before: Arrangement, after: Arrangement) -> list[Change]:
    """What reads differently, in the order of LABELS."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in LABELS)
    return [Change(name, was, now) for name, was, now in pairs if was != now]


def tell(session: Session, before: Arrangement, group: Group | None, *, now: datetime) -> int:
    """Write to those concerned when a locked and saved session has another date or place than before.

    Only of an announced session that is not over: active members, and guests who have a chair; the link to
    join from afar is no guest's. Answers and chairs stay. Returns how many mails were written. Raises
    MovedIntoThePast when it was to come and would be over now; a record of what has begun may be corrected.
    """
    if session.state != Session.State.ANNOUNCED:
        return 0
    after = arrangement(session)
    if before.starts_at > now and after.ends_at <= now:
        raise MovedIntoThePast(f"Choose a date to come; {session} is announced. To call it off, cancel it.")
    changed = between(before, after)
    if not changed or after.ends_at <= now:
        return 0
    session.changed_at, session.sequence = now, session.sequence + 1
    session.save(update_fields=["changed_at", "sequence"])
    public = [change for change in changed if change.name != "online_url"]
    chairs = list(guests.kept(session).select_related("application"))
    told = [
        mails.changed(session, news, recipient, group, now=now)
        for recipient in concerned.of_session(session, besides=[chair.application.email for chair in chairs])
        if (news := changed if recipient.signs_in else public)
    ]
    if public:
        told += [mails.changed_for_guest(session, public, chair, group, now=now) for chair in chairs]
    return len(told)


def _when(session: Session) -> str:
    """The date and the hours on the session's own clock; the hours only where they are known."""
    start, end = session.local_start, session.local_end
    if not session.hours_known:
        return formatted(start, "l j F Y")
    until = formatted(end, "H:i" if end.date() == start.date() else "l j F Y, H:i")
    return f"{formatted(start, 'l j F Y, H:i')} to {until} ({session.city} time)"
