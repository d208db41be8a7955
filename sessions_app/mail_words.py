"""What the wordings of mails may say of a session and of a talk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.dateformat import format as formatted

from members.models import Group
from outbox.wording import Markdown, Value, as_markdown
from outbox.writing import absolute
from sessions_app import text
from sessions_app.durations import duration
from sessions_app.models import Presentation, Session

if TYPE_CHECKING:
    from sessions_app.changes import Change

# What each placeholder stands for; the functions below give their values.
PERSON = {"name": "the name of whoever gets the mail", "group": "the group’s name"}
SESSION = {
    "session_number": "the session’s number",
    "session_title": "what the session is about",
    "session_day": "the day, such as “Wednesday 27 January”",
    "session_time": "the hour at which it begins; nothing when only the date is known",
    "session_when": "the date and the hours on the session’s own clock",
    "session_place": "the place",
    "session_address": "the street and the town",
    "session_where": "the place and the address",
    "session_url": "the session’s page",
    "city": "the city whose clock the session goes by",
}
TALK = {"talk_title": "the talk’s title", "talk_minutes": "how long the talk takes; nothing when unknown"}


def person_words(name: str, group: Group) -> dict[str, Value]:
    """The values of PERSON."""
    return {"name": name, "group": group.name}


def session_words(session: Session | None) -> dict[str, Value]:
    """The values of SESSION; each empty without a session."""
    if session is None:
        return dict.fromkeys(SESSION, "")
    return {
        "session_number": session.number,
        "session_title": text.plain(session.title),
        "session_day": formatted(session.local_start, "l j F"),
        "session_time": formatted(session.local_start, "H:i") if session.hours_known else "",
        "session_when": when(session),
        "session_place": session.place,
        "session_address": session.address,
        "session_where": ", ".join(filter(None, [session.place, session.address])),
        "session_url": absolute(session.get_absolute_url()),
        "city": session.city,
    }


def talk_words(talk: Presentation) -> dict[str, Value]:
    """The values of TALK."""
    return {
        "talk_title": text.plain(talk.title),
        "talk_minutes": duration(talk.minutes) if talk.minutes else "",
    }


def when(session: Session) -> str:
    """The date and the hours on the session's own clock; the hours only where they are known."""
    start, end = session.local_start, session.local_end
    if not session.hours_known:
        return formatted(start, "l j F Y")
    until = formatted(end, "H:i" if end.date() == start.date() else "l j F Y, H:i")
    return f"{formatted(start, 'l j F Y, H:i')} to {until} ({session.city} time)"


def before_and_after(changes: Sequence[Change]) -> Markdown:
    """What has changed, each with what it was and what it is now."""
    return Markdown(
        "\n\n".join(
            f"**{change.label}**\nwas: {_said(change.before)}\nnow: {_said(change.after)}"
            for change in changes
        )
    )


def _said(words: str) -> str:
    return as_markdown(words) if words else "not said"
