"""Preparation against attendance: whether those who come have read what was required."""

from __future__ import annotations

from django.urls import reverse

from sessions_app.text import plain
from studygroup.reports.attendance import NOBODY_NOTED, no_rows
from studygroup.reports.charts import Drawing, Point, points
from studygroup.reports.figure import Asked, Cell, Empty, Figure, Line, Lines, Report, ask, counted_words

PREPARED = """
WITH counted AS (
    SELECT s.id, s.number, s.title, s.starts_at,
        (SELECT count(*) FROM sessions_app_reading r
            WHERE r.session_id = s.id AND r.importance = 1) AS required,
        (SELECT count(*) FROM sessions_app_attendance a
            WHERE a.session_id = s.id AND a.member_id IS NOT NULL) AS came
    FROM sessions_app_session s
    WHERE s.starts_at >= %(start)s AND s.starts_at < %(end)s
        AND (s.state = 'held' OR (s.state = 'announced' AND s.ends_at <= %(now)s))
)
SELECT counted.id, counted.number, counted.title, counted.starts_at, counted.required, counted.came, (
    SELECT count(*)
    FROM sessions_app_reading r
    JOIN sessions_app_progress p ON p.reading_id = r.id AND p.read_at < counted.starts_at
    JOIN sessions_app_attendance a ON a.session_id = counted.id AND a.member_id = p.member_id
    WHERE r.session_id = counted.id AND r.importance = 1
)
FROM counted
WHERE counted.came > 0
ORDER BY counted.starts_at, counted.id
"""
NOTHING_REQUIRED = Empty(
    "No session of this time, of which somebody noted who came, asked for anything to prepare.",
    "Mark readings as required on a session’s form, or choose other days.",
)


def prepared(asked: Asked) -> Figure:
    """For each session the share of its required readings that those who came had ticked when it began."""
    noted = ask(PREPARED, asked.period.bounds | {"now": asked.now})
    found = [row for row in noted if row[4]]
    ticked, possible = sum(row[6] for row in found), sum(row[4] * row[5] for row in found)

    def line(pk, number, title, starts_at, required, came, ticked) -> Line:
        share = ticked / (required * came)
        said = f"Session {number}: {counted_words(came, 'member')} came, {ticked} of {required * came} ticks"
        return Line(
            Cell(f"{number}: {plain(title)}", reverse("organise:session", args=[pk])),
            [
                Cell(starts_at.astimezone(asked.period.zone).date()),
                Cell(came, reverse("organise:room", args=[pk])),
                Cell(required, reverse("sessions:detail", args=[number])),
                Cell(ticked),
                Cell(required * came),
                Cell(round(share, 3), text=f"{share:.0%}"),
            ],
            drawn=Point(str(number), came, share, said),
        )

    def draw(shown: list[Line]) -> Drawing:
        return points(
            "Preparation against attendance",
            [line.drawn for line in shown],
            across="Members who came →",
        )

    return Figure(
        columns=["Session", "Day", "Members came", "Required readings", "Ticks", "Of", "Share"],
        lines=Lines(found, line),
        draw=draw,
        summary=f"Those who came had ticked {ticked} of {possible} required readings when the session began.",
        empty=NOTHING_REQUIRED if noted else NOBODY_NOTED,
        notes=[
            "Each dot is a session under its number: further right more members came, higher up more was "
            "read. A tick counts if it was made before the session began by somebody who came.",
        ],
    )


REPORTS = [
    Report(
        "preparation",
        "Preparation and attendance",
        "How much of the required reading those who came had done, beside how many they were.",
        prepared,
        no_rows,
    )
]
