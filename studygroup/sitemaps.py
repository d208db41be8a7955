"""What search engines are told to read: the public pages, sessions with their notes, talks, presenters."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import Case, F, Model, When
from django.urls import reverse
from django.utils.html import escape

from sessions_app.models import Notes, Presentation, Presenter, Session
from studygroup import outside

PAGES = ["home", "about", "sessions:list", "curriculum", "presentations", "resources", "apply", "privacy"]
MOST, MOST_TALKS, MOST_PRESENTERS = 25_000, 15_000, 9_000  # sitemaps.org allows 50,000 addresses
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
)


def xml() -> str:
    """The public addresses, those of sessions with the day of their last change. Three queries.

    Written here and not by django.contrib.sitemaps, which takes a second and a half for 5,000 sessions.
    """
    pages = [_entry(reverse(name)) for name in PAGES]
    session, talk, person = (_pattern(name) for name in ("sessions:detail", "talk", "presenter"))
    sessions = [_entry(session.format(number), changed) for number, changed in _sessions()]
    talks = [_entry(talk.format(pk)) for pk in _on_show(Presentation, "slots", MOST_TALKS)]
    slots = "presentations__slots"
    people = [_entry(person.format(pk)) for pk in _on_show(Presenter, slots, MOST_PRESENTERS)]
    return f"{HEAD}{''.join([*pages, *sessions, *talks, *people])}</urlset>\n"


def _pattern(name: str) -> str:
    """The path of addresses that differ in a number, with a gap for it: asked once, not for each."""
    return reverse(name, args=[0]).replace("0", "{}")


def _entry(path: str, changed: datetime | None = None) -> str:
    day = f"<lastmod>{changed.astimezone(UTC):%Y-%m-%d}</lastmod>" if changed else ""
    return f"<url><loc>{escape(outside.absolute(path))}</loc>{day}</url>\n"


def _sessions() -> list[tuple[int, datetime]]:
    """The number of every session that a visitor may open, and when it or its public notes last changed."""
    public = Case(When(notes__audience=Notes.Audience.PUBLIC, then=F("notes__updated_at")))
    rows = (
        Session.objects.visible_to(organiser=False)
        .annotate(notes_changed=public)
        .order_by("-number")
        .values_list("number", *outside.DATED_BY, "notes_changed", named=True)[:MOST]
    )
    return [(row.number, _changed(row)) for row in rows]


def _on_show(model: type[Model], slots: str, most: int) -> list[int]:
    """The keys of talks or presenters in sessions that a visitor may open, the newest first."""
    visible = Session.objects.visible_to(organiser=False)
    rows = model.objects.filter(**{f"{slots}__session__in": visible}).order_by("-pk").distinct()
    return list(rows.values_list("pk", flat=True)[:most])


def _changed(row) -> datetime:
    changed = outside.changed_at(row)
    return max(changed, row.notes_changed or changed)
