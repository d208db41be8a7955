"""What the sessions were about: the balance of the paths, and who gave talks."""

from __future__ import annotations

from django.urls import reverse

from sessions_app.models import Path, Presentation, Presenter, Session
from sessions_app.models.presentation import FORGOTTEN
from sessions_app.text import plain
from studygroup.reports.attendance import NAMELESS, no_session, session_lines
from studygroup.reports.charts import Bar, Column, Drawing, bars, strips
from studygroup.reports.figure import (
    Asked,
    Cell,
    Empty,
    Figure,
    Line,
    Lines,
    Report,
    Rows,
    ask,
    counted_words,
    cut,
)
from studygroup.reports.period import bounds_of, ticks_of

# The paths stand in every answer, so that one question brings their names too. Path 0: no path.
BALANCE = """
WITH over AS (
    SELECT s.id, width_bucket(s.starts_at, %(starts)s::timestamptz[]) AS step
    FROM sessions_app_session s
    WHERE s.starts_at >= %(start)s AND s.starts_at < %(end)s
        AND (s.state = 'held' OR (s.state = 'announced' AND s.ends_at <= %(now)s))
), on_path AS (
    SELECT DISTINCT over.id, over.step, t.path_id
    FROM over
    JOIN sessions_app_track_sessions ts ON ts.session_id = over.id
    JOIN sessions_app_track t ON t.id = ts.track_id
    WHERE t.path_id IS NOT NULL
)
SELECT p.id, p.name, o.step, count(o.id), p.position
FROM sessions_app_path p LEFT JOIN on_path o ON o.path_id = p.id
GROUP BY p.id, o.step
UNION ALL
SELECT 0, 'none', over.step, count(*), 0
FROM over WHERE NOT EXISTS (SELECT 1 FROM on_path WHERE on_path.id = over.id)
GROUP BY over.step
UNION ALL
SELECT -1, 'talks', over.step, count(*), 0
FROM over WHERE EXISTS (SELECT 1 FROM sessions_app_slot WHERE sessions_app_slot.session_id = over.id)
GROUP BY over.step
UNION ALL
SELECT -2, 'all', over.step, count(*), 0 FROM over GROUP BY over.step
ORDER BY 5, 1
"""
NO_PATH, TALKS, ALL = 0, -1, -2
WORDS = {NO_PATH: "On no path", TALKS: "With talks", ALL: "All sessions"}
OF = {NO_PATH: "none", TALKS: "talks", ALL: "all"}


def balance(asked: Asked) -> Figure:
    """Sessions along each path, along none, and with talks, by month or year."""
    steps = asked.period.steps()
    names, counts = {}, {}
    for key, name, step, number, _ in ask(
        BALANCE, bounds_of(steps) | asked.period.bounds | {"now": asked.now}
    ):
        if key > 0:
            names[key] = name
        if step is not None:
            counts[key, step] = number
    names |= WORDS
    lines = [
        Line(
            Cell(step.label),
            [asked.counted(counts.get((key, number), 0), OF.get(key, key), step) for key in names],
        )
        for number, step in enumerate(steps, start=1)
    ]
    held = sum(line.cells[-1].value for line in lines)

    def draw(shown: list[Line]) -> Drawing:
        named = []
        for place, name in enumerate(names.values()):
            columns = [Column(line.head.shown, line.cells[place].value) for line in shown]
            total = sum(column.value for column in columns)
            named.append((f"{name}: {total if total else 'none'}", columns))
        return strips("Balance of the paths", named, ticks_of(steps), shared=True)

    return Figure(
        columns=["Month" if asked.period.by_months else "Year", *names.values()],
        lines=lines if held else [],
        draw=draw,
        summary=f"{counted_words(held, 'session')} took place.",
        empty=no_session(),
        notes=[
            "A session is on the paths of its tracks; one that is on two counts for both. All strips have "
            "one scale.",
        ],
    )


def balance_rows(asked: Asked, of: str, part: slice) -> Rows | None:
    """The sessions that were counted, the earliest first."""
    found = Session.objects.past(now=asked.now).filter(
        starts_at__gte=asked.period.start, starts_at__lt=asked.period.end
    )
    if of in OF.values():
        title = next(WORDS[key] for key, word in OF.items() if word == of)
        if of == "none":
            found = found.exclude(tracks__path__isnull=False)
        elif of == "talks":
            found = found.filter(slots__isnull=False).distinct()
    else:
        path = Path.objects.filter(pk=int(of)).first() if _is_key(of) else None
        if path is None:
            return None
        title, found = path.name, found.filter(tracks__path=path).distinct()
    shown, more = cut(found.order_by("starts_at", "pk"), part)
    return Rows(title, ["Session", "Day"], session_lines(asked, shown), more)


# --- Talks ------------------------------------------------------------------------------------------------
GIVEN = """
WITH given AS (
    SELECT sl.presentation_id, max(s.starts_at) AS last
    FROM sessions_app_slot sl JOIN sessions_app_session s ON s.id = sl.session_id
    WHERE s.starts_at >= %(start)s AND s.starts_at < %(end)s
        AND (s.state = 'held' OR (s.state = 'announced' AND s.ends_at <= %(now)s))
    GROUP BY sl.presentation_id
)
SELECT p.id, p.member_id, p.guest_name, u.name, count(*), max(given.last)
FROM given
JOIN sessions_app_appearance a ON a.presentation_id = given.presentation_id
JOIN sessions_app_presenter p ON p.id = a.presenter_id
LEFT JOIN members_member m ON m.id = p.member_id
LEFT JOIN members_user u ON u.id = m.user_id
GROUP BY p.id, u.name
ORDER BY count(*) DESC, coalesce(u.name, p.guest_name), p.id
"""


def talks(asked: Asked) -> Figure:
    """How many talks each person gave in sessions of this time."""
    found = ask(GIVEN, asked.period.bounds | {"now": asked.now})
    by_members = sum(row[1] is not None for row in found)

    def line(pk, member_id, guest_name, name, number, last) -> Line:
        shown = (name or NAMELESS) if member_id else (guest_name or FORGOTTEN)
        url = reverse("organise:member", args=[member_id]) if member_id else reverse("presenter", args=[pk])
        kind = "Member" if member_id else "Guest" if guest_name else FORGOTTEN
        day = last.astimezone(asked.period.zone).date()
        return Line(
            Cell(shown, url),
            [Cell(kind), asked.counted(number, pk), Cell(day)],
            drawn=Bar(shown, number if member_id else 0, 0 if member_id else number, str(number)),
        )

    return Figure(
        columns=["Name", "Kind", "Talks", "Last talk"],
        lines=Lines(found, line),
        draw=lambda shown: bars(
            "Talks by person",
            [line.drawn for line in shown],
            keys=[(False, "Members"), (True, "Guests and former members")],
        ),
        summary=f"{counted_words(by_members, 'member')} gave talks, and "
        + counted_words(len(found) - by_members, "guest or former member", "guests or former members").lower()
        + ".",
        empty=Empty(
            "Nobody gave a talk in this time.",
            "Members propose talks on the page of presentations. Choose other days for those of long ago.",
            reverse("organise:talks"),
            "Open the talks",
        ),
        notes=["A talk of several people counts for each of them, one over several sessions once."],
        page_size=25,
    )


def talk_rows(asked: Asked, of: str, part: slice) -> Rows | None:
    """The talks of one person, in the order in which they were entered."""
    presenter = Presenter.objects.with_people().filter(pk=int(of)).first() if _is_key(of) else None
    if presenter is None:
        return None
    over = Session.objects.past(now=asked.now).filter(
        starts_at__gte=asked.period.start, starts_at__lt=asked.period.end
    )
    found = Presentation.objects.filter(
        pk__in=presenter.appearances.values("presentation"), slots__session__in=over.order_by()
    )
    shown, more = cut(found.distinct().order_by("pk"), part)
    lines = [
        Line(
            Cell(plain(talk.title), reverse("organise:talk", args=[talk.pk])),
            [Cell(talk.get_state_display())],
        )
        for talk in shown
    ]
    return Rows(f"Talks of {presenter.name}", ["Talk", "State"], lines, more)


def _is_key(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) < 19


REPORTS = [
    Report(
        "paths",
        "Balance of the paths",
        "How many sessions went along each path, and how many had talks.",
        balance,
        balance_rows,
    ),
    Report(
        "talks",
        "Talks by person",
        "Who gave talks, and how many.",
        talks,
        talk_rows,
    ),
]
