"""Whether a mail still makes sense when it is about to go: the session may be off, the slides may have come.

Each function gets the mail and the time, and gives a sentence that says why it no longer does, or "".
"""

from __future__ import annotations

from datetime import datetime

from outbox.models import Message
from sessions_app import guests, presenting
from sessions_app.models import GuestChair, Material, Presentation, PresenterLink, Rsvp, Session
from sessions_app.presenting import LinkClosed

DELETED = "The session was deleted."
TALK_DELETED = "The talk was deleted."


def _key(words: str, name: str) -> int:
    """The key that stands behind a name in an event or a thread: `talk:7:step:9` has 9 for step; else 0."""
    parts = words.split(":")
    found = parts[parts.index(name) + 1] if name in parts[:-1] else ""
    return int(found) if found.isdecimal() else 0


def _session_of(message: Message) -> Session | None:
    return Session.objects.filter(pk=_key(message.thread, "session")).first()


def _talk_of(message: Message) -> Presentation | None:
    return Presentation.objects.filter(pk=_key(message.thread, "talk")).first()


def _not_to_come(session: Session | None, now: datetime) -> str:
    if session is None:
        return DELETED
    if session.state == Session.State.CANCELLED:
        return f"{session} is cancelled."
    if session.state == Session.State.DRAFT:
        return f"{session} is a draft again."
    over = session.state == Session.State.HELD or session.ends_at <= now
    return f"{session} is over." if over else ""


def arrangement(message: Message, now: datetime) -> str:
    """For what says when and where a session is: it is off, over, or has another date or place since."""
    session = _session_of(message)
    if sentence := _not_to_come(session, now):
        return sentence
    told = message.about.rpartition(":")[2]
    moved = told.isdecimal() and int(told) < session.sequence
    return f"{session} has another date or place since." if moved else ""


def cancellation(message: Message, now: datetime) -> str:
    """For what says that a session does not take place: it does, or its day is over."""
    session = _session_of(message)
    if session is None:
        return DELETED
    if session.state in (Session.State.ANNOUNCED, Session.State.HELD):
        return f"{session} takes place after all."
    return f"The day of {session} is over." if session.ends_at <= now else ""


def chair_freed(message: Message, now: datetime) -> str:
    """For what says that there is a chair: the session is off, or they no longer have it."""
    rsvp = Rsvp.objects.filter(pk=_key(message.about, "line")).first()
    if sentence := _not_to_come(_session_of(message), now):
        return sentence
    if rsvp is None or rsvp.answer != Rsvp.Answer.YES:
        return "They have said meanwhile that they do not come."
    return "They wait in line again." if rsvp.in_line_since else ""


def chair_passed_on(message: Message, now: datetime) -> str:
    """For what says that a chair went to somebody else: the session is off, or they do not wait any more."""
    rsvp = Rsvp.objects.filter(pk=_key(message.about, "line")).first()
    if sentence := _not_to_come(_session_of(message), now):
        return sentence
    return "" if rsvp and rsvp.in_line_since else "They no longer wait in line."


def guest_chair(message: Message, now: datetime) -> str:
    """For the offer of a chair: it was answered or taken back, or the session is off."""
    chairs = GuestChair.objects.select_related("session", "application")
    chair = chairs.filter(pk=_key(message.about, "guest_chair")).first()
    return guests.closed_sentence(chair, now=now) if chair else "The application was erased."


def guest_chair_revoked(message: Message, now: datetime) -> str:
    """For what says that a chair was taken back: the session is off, or they have one again."""
    if sentence := _not_to_come(_session_of(message), now):
        return sentence
    chairs = GuestChair.objects.kept().filter(session=_key(message.thread, "session"))
    again = chairs.filter(application=_key(message.about, "application")).exists()
    return "They have a chair again." if again else ""


# --- Talks ---------------------------------------------------------------------------------------------
def _unless(message: Message, *states: str) -> str:
    talk = _talk_of(message)
    if talk is None:
        return TALK_DELETED
    return "" if talk.state in states else f"The talk is {talk.get_state_display().lower()} by now."


def talk_proposed(message: Message, now: datetime) -> str:
    """For the question whether to take a talk: it was answered, or withdrawn."""
    return _unless(message, Presentation.State.PROPOSED)


def talk_accepted(message: Message, now: datetime) -> str:
    """For what says that a talk is wanted: it is declined or withdrawn by now."""
    state = Presentation.State
    return _unless(message, state.ACCEPTED, state.SCHEDULED, state.GIVEN)


def talk_scheduled(message: Message, now: datetime) -> str:
    """For what says that a talk has a place: it has none by now."""
    return _unless(message, Presentation.State.SCHEDULED)


def slides_due(message: Message, now: datetime) -> str:
    """For what asks for slides: they have come, the talk has no place any more, or the session has begun."""
    if sentence := talk_scheduled(message, now):
        return sentence
    talk = _talk_of(message)
    if Material.objects.filter(presentation=talk, kind=Material.Kind.SLIDES).exists():
        return "The slides have come."
    coming = Session.objects.filter(state=Session.State.ANNOUNCED, starts_at__gt=now)
    if not coming.filter(slots__presentation=talk).exists():
        return "No session with this talk is to come."
    return presenter_link(message, now)


def presenter_link(message: Message, now: datetime) -> str:
    """For what brings a guest a private link: it no longer opens their page."""
    for token in message.secrets:
        try:
            presenting.open_with(token)
        except LinkClosed as closed:
            return str(closed)
        except PresenterLink.DoesNotExist:
            return "The link in it opens nothing."
    return ""
