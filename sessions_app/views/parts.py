"""The two parts of a session's page that change without it being loaded anew: what to read, and who comes."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from members.models import Member
from sessions_app.models import Rsvp, Session, nest
from sessions_app.preparation import prep_for

# Where a plain form goes back to, by the `back` in the address of its action.
SESSION, NEXT = "session", "next"


def page_of(session: Session, back: str) -> str:
    """The address of the page that a form came from: the session's own or "next session"."""
    return session.get_absolute_url() if back == SESSION else reverse("next")


def prep_part(session: Session, *, member: Member | None, back: str) -> dict:
    """Context of member/_prep.html: the readings in their order, ticked for this member. Two queries."""
    prep = prep_for(nest(session.readings.with_links()), member=member)
    return {
        "session": session,
        "prep": prep,
        "tops": [reading for reading in prep.readings if not reading.is_part],
        "unread": len(prep.required) - prep.read,
        "some_unknown": any(not reading.minutes for reading in prep.required if not reading.is_read),
        "can_tick": member is not None and session.state == Session.State.ANNOUNCED,
        "back": back,
    }


def rsvp_part(session: Session, *, member: Member, now: datetime, back: str, refusal: str = "") -> dict:
    """Context of member/_rsvp.html: the member's answer and who comes. One query."""
    return {
        "session": session,
        "tally": Rsvp.objects.tally(session=session, member=member),
        "can_answer": session.state == Session.State.ANNOUNCED and session.starts_at > now,
        "rsvp_url": f"{reverse('sessions:rsvp', args=[session.number])}?back={back}",
        "refusal": refusal,
        "back": back,
    }
