"""What other sites and programs are told of us: addresses in full, descriptions, events as data (JSON-LD)."""

from __future__ import annotations

import json
import re
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from members.models import Group
from sessions_app import text
from sessions_app.models import Session

NO_GROUP = "Study group"  # before one is set up
# What would let typed text end the script element; inside JSON strings it is written as \uXXXX instead.
NOT_IN_A_SCRIPT = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&\u2028\u2029"}
# XML 1.0 has no way to write these, not even as references.
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def absolute(path: str) -> str:
    """The whole address of one of our paths, by SITE_URL: the same whichever host was asked."""
    return settings.SITE_URL + path


def name_of(group: Group | None) -> str:
    """What the site is called, even before there is a group."""
    return group.name if group else NO_GROUP


def opening(source: str, most: int) -> str:
    """The first paragraphs of a Markdown text, as Markdown, at most so many characters."""
    source = source.replace("\r\n", "\n").strip()
    if len(source) <= most:
        return source
    cut = source[: most - 2]
    end = max(cut.rfind("\n\n"), 0) or max(cut.rfind(" "), 0) or len(cut)
    return cut[:end].rstrip() + "\n\n…"


def in_xml(value: str) -> str:
    """The text without the characters that no XML document can hold."""
    return NOT_IN_XML.sub("", value)


# All that `changed_at` reads of a session.
DATED_BY = ("state", "ends_at", "announced_at", "cancelled_at", "changed_at")


def changed_at(session: Session) -> datetime:
    """When a session last became news: announced, given another date or place, called off, or over.

    Reads nothing but the row, DATED_BY of it, so that the same data always says the same.
    """
    moments = [session.announced_at or session.ends_at, session.changed_at]
    if session.state == Session.State.HELD:
        moments.append(session.ends_at)
    if session.state == Session.State.CANCELLED:
        moments.append(session.cancelled_at)
    return max(moment for moment in moments if moment)


def description(session: Session, group: Group | None) -> str:
    """What a session is about, in one plain line of at most 200 characters."""
    if session.summary:
        return text.plain_opening(session.summary)
    return text.plain_opening(f"Session {session.number} of {name_of(group)}: {session.title}")


def picture_path(session: Session) -> str:
    """The path of the picture that other sites show beside a link to the session."""
    return reverse("session_picture", args=[session.number])


def event(session: Session, group: Group | None) -> dict:
    """A session as a schema.org Event: when, where, by whom. Never how one gets in (rule 7)."""
    known = session.hours_known
    cancelled = session.state == Session.State.CANCELLED
    data = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": text.plain(session.title),
        "description": description(session, group),
        "url": absolute(session.get_absolute_url()),
        "image": absolute(picture_path(session)),
        "startDate": session.local_start.isoformat() if known else session.local_start.date().isoformat(),
        "eventStatus": f"https://schema.org/Event{'Cancelled' if cancelled else 'Scheduled'}",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "location": _place(session, group),
        "organizer": {"@type": "Organization", "name": name_of(group), "url": absolute(reverse("home"))},
    }
    if known:
        data["endDate"] = session.local_end.isoformat()
    return data


def _place(session: Session, group: Group | None) -> dict:
    city = group.city if group else session.city
    place = {"@type": "Place", "name": session.place or session.host or city}
    street = {"streetAddress": session.address} if session.address else {}
    return place | {"address": {"@type": "PostalAddress", **street, "addressLocality": city}}


def as_script_data(data: dict) -> SafeString:
    """JSON for a data block inside a page: nothing typed can end the script element around it."""
    plain = json.dumps(data, ensure_ascii=False).translate(NOT_IN_A_SCRIPT)
    return mark_safe(plain)  # noqa: S308 (the three signs that HTML knows are escaped above)
