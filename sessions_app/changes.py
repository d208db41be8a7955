"""What people plan by: notice when an announced session gets another date or place, and tell them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from members.errors import Refused
from members.models import Group
from sessions_app import concerned, guests, mails
from sessions_app.mail_words import when
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
        when=when(session),
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
    recipients = concerned.of_session(session, besides=[chair.application.email for chair in chairs])
    news = [(recipient, changed if recipient.signs_in else public) for recipient in recipients]
    told = mails.changed(session, [(one, found) for one, found in news if found], group, now=now)
    if public:
        told += mails.changed_for_guests(session, public, chairs, group, now=now)
    # An announcement that nobody has released yet tells the old date: another one takes its place.
    if waiting := mails.waiting_announcements(session):
        late = [recipient for recipient in recipients if recipient.key in waiting]
        mails.announced(session, late, group, now=now, waits=True)
    return told
