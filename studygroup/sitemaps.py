"""What search engines are told to read: the public pages, sessions with their notes, talks, presenters.

In parts, and an index of them (sitemaps.org). A part holds the rows whose keys lie in its range, so that an
answer takes the same time however long the archive becomes.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection
from django.db.models import Case, Exists, F, OuterRef, QuerySet, When
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.html import escape

from sessions_app.models import Appearance, Notes, Presentation, Presenter, Session, Slot
from studygroup import outside

PAGES = ["home", "about", "sessions:list", "curriculum", "presentations", "resources", "apply", "privacy"]
SIZE = 1000  # keys of one part; sitemaps.org allows 50,000 addresses
PARTS = 100_000  # of one kind: no key of ours lies beyond
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<{0} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
# The kinds of addresses besides PAGES: the name of the address, and the column with its key.
KINDS = {
    "sessions": ("sessions:detail", "number"),
    "talks": ("talk", "pk"),
    "presenters": ("presenter", "pk"),
}


def index() -> str:
    """The parts in which something is. One query."""
    questions = [_parts_of(kind) for kind in KINDS]
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(sql for sql, _ in questions),
            [one for _, params in questions for one in params],
        )
        parts = [("pages", 0), *cursor.fetchall()]
    entries = (_entry(reverse("sitemap_part", args=part), kind="sitemap") for part in parts)
    return f"{HEAD.format('sitemapindex')}{''.join(entries)}</sitemapindex>\n"


def part(kind: str, number: int) -> str | None:
    """The addresses of one part, those of sessions with the day of their last change. One query.

    None where nothing is, or nothing that a visitor may open.
    """
    if kind == "pages":
        entries = [_entry(reverse(name)) for name in PAGES] if number == 0 else []
    elif kind in KINDS and number < PARTS:
        name, key = KINDS[kind]
        address = reverse(name, args=[0]).replace("0", "{}")
        within = {f"{key}__gte": number * SIZE, f"{key}__lt": (number + 1) * SIZE}
        rows = _visible(kind).filter(**within).order_by(f"-{key}")
        if kind == "sessions":
            entries = [_entry(address.format(row.number), _changed(row)) for row in _dated(rows)]
        else:
            entries = [_entry(address.format(pk)) for pk in rows.values_list("pk", flat=True)]
    else:
        entries = []
    return f"{HEAD.format('urlset')}{''.join(entries)}</urlset>\n" if entries else None


def _entry(path: str, changed: datetime | None = None, kind: str = "url") -> str:
    day = f"<lastmod>{changed.astimezone(UTC):%Y-%m-%d}</lastmod>" if changed else ""
    return f"<{kind}><loc>{escape(outside.absolute(path))}</loc>{day}</{kind}>\n"


# --- What is in the parts ------------------------------------------------------------------------------
def _visible(kind: str) -> QuerySet:
    """The sessions, talks or presenters that a visitor may open."""
    sessions = Session.objects.visible_to(organiser=False)
    if kind == "sessions":
        return sessions
    slots = Slot.objects.filter(session__in=sessions)
    if kind == "talks":
        return Presentation.objects.filter(Exists(slots.filter(presentation=OuterRef("pk"))))
    given = Appearance.objects.filter(Exists(slots.filter(presentation=OuterRef("presentation"))))
    return Presenter.objects.filter(Exists(given.filter(presenter=OuterRef("pk"))))


def _parts_of(kind: str) -> tuple[str, tuple]:
    """SQL for (kind, number) of each part that is not empty: asked range by range, along the key's index."""
    _, key = KINDS[kind]
    rows = _visible(kind).order_by()
    last, last_params = rows.order_by(f"-{key}").values(key)[:1].query.sql_with_params()
    within = {f"{key}__gte": RawSQL(f"part * {SIZE}", []), f"{key}__lt": RawSQL(f"(part + 1) * {SIZE}", [])}  # noqa: S611
    first, first_params = rows.filter(**within).order_by(key).values(key)[:1].query.sql_with_params()
    sql = (
        f"SELECT %s, part FROM (SELECT part, ({first}) AS first"  # noqa: S608 (our own questions)
        f" FROM generate_series(0, ({last}) / {SIZE}) AS part) AS parts WHERE first IS NOT NULL"
    )
    return sql, (kind, *first_params, *last_params)


def _dated(sessions: QuerySet[Session]) -> QuerySet:
    """Rows with the number and all that says when a session or its public notes last changed."""
    public = Case(When(notes__audience=Notes.Audience.PUBLIC, then=F("notes__updated_at")))
    return sessions.annotate(notes_changed=public).values_list(
        "number", *outside.DATED_BY, "notes_changed", named=True
    )


def _changed(row) -> datetime:
    changed = outside.changed_at(row)
    return max(changed, row.notes_changed or changed)
