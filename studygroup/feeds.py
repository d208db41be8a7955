"""The news feed: sessions and public notes in Atom (RFC 4287), dated by the data, never by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models.functions import Left
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape

from members.models import Group
from sessions_app import text
from sessions_app.models import Notes, Session
from studygroup import outside, when

NEWEST = 20  # sessions and notes
LONGEST_SUMMARY = 500  # characters of Markdown; who wants more opens the page
BEFORE_EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)  # the date of a feed without entries: Atom asks for one


@dataclass(frozen=True)
class Entry:
    """One piece of news. `path` leads to it and names it for ever, `source` is Markdown."""

    path: str
    title: str
    source: str
    updated: datetime
    first: str = ""  # a plain sentence above the text


class _Atom(Atom1Feed):
    """Django's Atom feed, whose dates are the data's, and whose relative links lead to us."""

    def latest_post_date(self) -> datetime:
        return max((item["updateddate"] for item in self.items), default=BEFORE_EVERYTHING)

    def item_attributes(self, item: dict) -> dict:
        return {"xml:base": item["link"]}


def entries() -> list[Entry]:
    """The newest sessions and public notes, what changed last first. Two queries."""
    shown = Session.objects.visible_to(organiser=False).defer(
        "agenda", "up_next", "directions", "access_notes"
    )
    sessions = shown.order_by("-starts_at", "-pk")[:NEWEST]
    notes = (
        Notes.objects.filter(audience=Notes.Audience.PUBLIC)
        .filter(session__in=Session.objects.visible_to(organiser=False))
        .exclude(text="")
        .annotate(beginning=Left("text", 2 * LONGEST_SUMMARY))
        .select_related("session")
        .only("updated_at", "session__number", "session__title")
        .order_by("-updated_at", "-pk")[:NEWEST]
    )
    found = [_of_session(session) for session in sessions] + [_of_notes(each) for each in notes]
    return sorted(found, key=lambda entry: entry.updated, reverse=True)[:NEWEST]


def _of_session(session: Session) -> Entry:
    cancelled = "Cancelled: " if session.state == Session.State.CANCELLED else ""
    return Entry(
        path=session.get_absolute_url(),
        title=f"{cancelled}Session {session.number}: {text.plain(session.title)}",
        source=session.summary,
        updated=outside.changed_at(session),
        first=_when_and_where(session),
    )


def _when_and_where(session: Session) -> str:
    time = when.describe(session)
    hours = f", {time['hours']}, {time['city']} time" if time["hours"] else ""
    place = f" {session.place}." if session.place else ""
    return f"{time['day']}{hours}.{place}"


def _of_notes(notes: Notes) -> Entry:
    session = notes.session
    return Entry(
        path=f"{session.get_absolute_url()}#notes",
        title=f"Notes of session {session.number}: {text.plain(session.title)}",
        source=notes.beginning,
        updated=notes.updated_at,
    )


def _summary(entry: Entry) -> str:
    first = f"<p>{escape(entry.first)}</p>\n" if entry.first else ""
    return first + text.markdown(outside.opening(entry.source, LONGEST_SUMMARY))


def atom(group: Group | None) -> str:
    """The feed as XML."""
    name, home = outside.in_xml(outside.name_of(group)), outside.absolute(reverse("home"))
    feed = _Atom(
        title=name,
        link=home,
        description="",
        subtitle=outside.in_xml(group.tagline) if group else "",
        language="en-GB",
        author_name=name,
        author_link=home,
        feed_url=outside.absolute(reverse("feed")),
    )
    for entry in entries():
        feed.add_item(
            title=outside.in_xml(entry.title),
            link=outside.absolute(entry.path),
            description=outside.in_xml(_summary(entry)),
            unique_id=outside.absolute(entry.path),
            updateddate=entry.updated,
        )
    return feed.writeString("utf-8")
