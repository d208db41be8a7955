"""Attendance: how many came to each session, and to how many sessions each member came."""

from __future__ import annotations

from django.urls import reverse

from members.models import Member
from sessions_app.models import Attendance, Session
from sessions_app.text import plain
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

PER_SESSION = """
SELECT s.id, s.number, s.title, s.starts_at,
    count(a.id),
    count(a.member_id),
    count(a.id) FILTER (WHERE a.guest_chair_id IS NOT NULL OR a.guest_name <> ''),
    (SELECT count(*) FROM sessions_app_rsvp r WHERE r.session_id = s.id AND r.answer = 'yes')
FROM sessions_app_session s
LEFT JOIN sessions_app_attendance a ON a.session_id = s.id
WHERE s.starts_at >= %(start)s AND s.starts_at < %(end)s
    AND (s.state = 'held' OR (s.state = 'announced' AND s.ends_at <= %(now)s))
GROUP BY s.id
ORDER BY s.starts_at, s.id
"""
NO_SESSION = "No session took place in this time."
NOBODY_NOTED = Empty(
    "Nobody has noted who came to a session in this time.",
    "Open a session’s page and tick people off at the door, or choose other days.",
)
MOST_TICKS = 6


def no_session() -> Empty:
    """What to do where no session lies in the days."""
    return Empty(
        NO_SESSION,
        "Choose other days, or plan the next one.",
        reverse("organise:sessions"),
        "Open the sessions",
    )


def session_ticks(lines: list[Line]) -> list[tuple[int, str]]:
    """Some of the sessions' numbers, for below their columns. The lines carry the number in `drawn`."""
    every = -(-len(lines) // MOST_TICKS)
    return [(place, str(line.drawn)) for place, line in enumerate(lines) if place % every == 0]


def per_session(asked: Asked) -> Figure:
    """Members and guests at each session that is over."""
    found = ask(PER_SESSION, asked.period.bounds | {"now": asked.now})
    visits = sum(row[4] for row in found)
    noted = sum(row[4] > 0 for row in found)
    unknown = len(found) - noted

    def line(pk, number, title, starts_at, came, members, guests, said_yes) -> Line:
        counts = [Cell(count if came else None) for count in (members, guests, came - members - guests)]
        whole = Cell(came, reverse("organise:room", args=[pk])) if came else Cell(None)
        day = Cell(starts_at.astimezone(asked.period.zone).date())
        head = Cell(f"{number}: {plain(title)}", reverse("organise:session", args=[pk]))
        return Line(head, [day, Cell(said_yes), *counts, whole], drawn=number)

    def draw(shown: list[Line]) -> Drawing:
        columns = [
            Column(
                f"Session {line.drawn}",
                line.cells[2].value,
                (line.cells[3].value or 0) + (line.cells[4].value or 0),
            )
            for line in shown
        ]
        most = max((column.height for column in columns), default=0)
        return strips(
            "Attendance by session",
            [(f"Who came, at most {most:g}", columns)],
            session_ticks(shown),
            keys=[(False, "Members"), (True, "Guests, and people who were erased")],
        )

    return Figure(
        columns=["Session", "Day", "Said yes", "Members", "Guests", "Erased", "Came"],
        lines=Lines(found, line) if noted else [],
        draw=draw,
        summary=f"{counted_words(visits, 'visit')} to {counted_words(noted, 'session')}"
        + (f"; of {unknown} more nobody has noted who came." if unknown else "."),
        empty=NOBODY_NOTED if found else no_session(),
        notes=["A question mark, and a dash in the table, stand where nobody has noted who came."],
        page_size=52,
    )


# --- By member --------------------------------------------------------------------------------------------
# A session counts for whoever was a member when it began. width_bucket says how many of the sessions began up
# to a moment: a microsecond before one joined or left is what came before.
PER_MEMBER = """
WITH noted AS (
    SELECT s.id, s.starts_at
    FROM sessions_app_session s
    WHERE s.starts_at >= %(start)s AND s.starts_at < %(end)s
        AND (s.state = 'held' OR (s.state = 'announced' AND s.ends_at <= %(now)s))
        AND EXISTS (SELECT 1 FROM sessions_app_attendance a WHERE a.session_id = s.id)
), moments AS (
    SELECT array_agg(starts_at ORDER BY starts_at) AS began FROM noted
), counted AS (
    SELECT m.id, m.user_id, m.state,
        width_bucket(coalesce(m.left_at, 'infinity') - interval '1 microsecond', moments.began)
            - width_bucket(m.joined_at - interval '1 microsecond', moments.began) AS could
    FROM members_member m CROSS JOIN moments
    WHERE moments.began IS NOT NULL
), visits AS (
    SELECT a.member_id, count(*) AS came, max(noted.starts_at) AS last
    FROM sessions_app_attendance a
    JOIN noted ON noted.id = a.session_id
    JOIN members_member m ON m.id = a.member_id
        AND noted.starts_at >= m.joined_at AND (m.left_at IS NULL OR noted.starts_at < m.left_at)
    GROUP BY a.member_id
)
SELECT counted.id, u.name, counted.state, counted.could, coalesce(visits.came, 0), visits.last
FROM counted
JOIN members_user u ON u.id = counted.user_id
LEFT JOIN visits ON visits.member_id = counted.id
WHERE counted.could > 0
ORDER BY coalesce(visits.came, 0) DESC, u.name, counted.id
"""
NAMELESS = "A member without a name"


def per_member(asked: Asked) -> Figure:
    """How many of the sessions held while they were members each one came to."""
    found = ask(PER_MEMBER, asked.period.bounds | {"now": asked.now})

    def line(pk, name, state, could, came, last) -> Line:
        day = last and last.astimezone(asked.period.zone).date()
        name = name or NAMELESS
        return Line(
            Cell(name, reverse("organise:member", args=[pk])),
            [Cell(Member.State(state).label), asked.counted(came, pk), Cell(could), Cell(day)],
            drawn=Bar(name, came, could - came, f"{came} of {could}"),
        )

    return Figure(
        columns=["Member", "State today", "Came to", "Of", "Last came"],
        lines=Lines(found, line),
        draw=lambda shown: bars(
            "Attendance by member",
            [line.drawn for line in shown],
            keys=[(False, "Came"), (True, "Did not come")],
        ),
        summary=f"{counted_words(len(found), 'member')} might have come.",
        empty=NOBODY_NOTED,
        notes=[
            "A session counts for whoever was a member when it began, if somebody has noted who came. "
            "Leave is not taken off.",
        ],
        page_size=25,
    )


def per_member_rows(asked: Asked, of: str, part: slice) -> Rows | None:
    """The sessions to which a member came, as they are counted; the earliest first."""
    if not (of.isascii() and of.isdigit() and len(of) < 19):
        return None
    member = Member.objects.select_related("user").filter(pk=int(of)).first()
    if member is None:
        return None
    came = Attendance.objects.filter(member=member).values("session")
    found = Session.objects.past(now=asked.now).filter(
        pk__in=came, starts_at__gte=max(asked.period.start, member.joined_at), starts_at__lt=asked.period.end
    )
    if member.left_at:
        found = found.filter(starts_at__lt=member.left_at)
    shown, more = cut(found.order_by("starts_at", "pk"), part)
    return Rows(
        f"Sessions with {member.name or NAMELESS}", ["Session", "Day"], session_lines(asked, shown), more
    )


def session_lines(asked: Asked, sessions: list[Session]) -> list[Line]:
    """Sessions as rows: number and title, the day by the group's clock."""
    return [
        Line(
            Cell(f"{session.number}: {plain(session.title)}", reverse("organise:session", args=[session.pk])),
            [Cell(session.starts_at.astimezone(asked.period.zone).date())],
        )
        for session in sessions
    ]


def no_rows(asked: Asked, of: str, part: slice) -> None:
    """For reports whose numbers lead to pages that exist anyway."""


REPORTS = [
    Report(
        "sessions",
        "Attendance by session",
        "How many members and guests came to each session.",
        per_session,
        no_rows,
    ),
    Report(
        "members",
        "Attendance by member",
        "To how many of the sessions held while they were members each one came.",
        per_member,
        per_member_rows,
    ),
]
