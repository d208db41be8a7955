"""The people: which strengths the group has had, and how long members stay."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from members.models import Member, Strength
from studygroup.reports.attendance import NAMELESS
from studygroup.reports.charts import Bar, Column, Drawing, bars, strips
from studygroup.reports.figure import (
    Asked,
    Cell,
    Empty,
    Figure,
    Line,
    Report,
    Rows,
    ask,
    counted_words,
    cut,
)
from studygroup.reports.period import bounds_of, ticks_of

# 0: all members. Counted at the end of each step, or now, whatever comes first.
STRENGTHS = """
SELECT k.id, k.name, k.position, step.number, count(m.id)
FROM members_strength k
CROSS JOIN unnest(%(ends)s::timestamptz[]) WITH ORDINALITY AS step (finish, number)
LEFT JOIN members_member_strengths ms ON ms.strength_id = k.id
LEFT JOIN members_member m ON m.id = ms.member_id
    AND m.joined_at < LEAST(step.finish, %(now)s)
    AND (m.left_at IS NULL OR m.left_at >= LEAST(step.finish, %(now)s))
GROUP BY k.id, step.number
UNION ALL
SELECT 0, '', 32767, step.number, count(m.id)
FROM unnest(%(ends)s::timestamptz[]) WITH ORDINALITY AS step (finish, number)
LEFT JOIN members_member m
    ON m.joined_at < LEAST(step.finish, %(now)s)
    AND (m.left_at IS NULL OR m.left_at >= LEAST(step.finish, %(now)s))
GROUP BY step.number
ORDER BY 3, 1, 4
"""
EVERYBODY = "All members"


def strengths(asked: Asked) -> Figure:
    """How many members brought each strength at the end of each month or year."""
    steps = asked.period.steps()
    names, counts = {}, {}
    for key, name, _, step, number in ask(STRENGTHS, bounds_of(steps) | {"now": asked.now}):
        names[key] = name or EVERYBODY
        counts[key, step] = number
    lines = [
        Line(
            Cell(step.label),
            [asked.counted(counts.get((key, number), 0), key or "all", step) for key in names],
        )
        for number, step in enumerate(steps, start=1)
    ]

    def draw(shown: list[Line]) -> Drawing:
        named = []
        for place, name in enumerate(names.values()):
            columns = [Column(line.head.shown, line.cells[place].value) for line in shown]
            first, last = columns[0].value, columns[-1].value
            named.append((f"{name}: {first}" + (f", then {last}" if last != first else ""), columns))
        return strips("Strengths over time", named, ticks_of(steps), shared=True)

    return Figure(
        columns=["At the end of", *names.values()],
        lines=lines if any(counts.values()) else [],
        draw=draw,
        summary="",
        empty=Empty(
            "Nobody was a member in this time.",
            "Choose other days, or invite the first members.",
            reverse("organise:shortlist"),
            "Open the shortlist",
        ),
        notes=[
            "Members, those on leave too, are counted by when they joined and left, strengths as "
            "profiles say them today. Whoever came back counts from the last time they joined. "
            "The strips have one scale.",
        ],
    )


def strength_rows(asked: Asked, of: str, part: slice) -> Rows | None:
    """Who was a member with a strength at the end of the days, by name."""
    moment = min(asked.period.end, asked.now)
    found = Member.objects.filter(joined_at__lt=moment).filter(
        Q(left_at__isnull=True) | Q(left_at__gte=moment)
    )
    title = EVERYBODY
    if of != "all":
        strength = (
            Strength.objects.filter(pk=int(of)).first()
            if of.isascii() and of.isdigit() and len(of) < 19
            else None
        )
        if strength is None:
            return None
        title, found = strength.name, found.filter(strengths=strength)
    return _people(asked, title, found, part)


def _people(asked: Asked, title: str, found, part: slice) -> Rows:
    shown, more = cut(found.by_name(), part)
    lines = [
        Line(
            Cell(member.name or NAMELESS, reverse("organise:member", args=[member.pk])),
            [
                Cell(member.joined_at.astimezone(asked.period.zone).date()),
                Cell(member.left_at and member.left_at.astimezone(asked.period.zone).date()),
                Cell(member.get_state_display()),
            ],
        )
        for member in shown
    ]
    return Rows(title, ["Name", "Joined", "Left", "State today"], lines, more)


# --- Retention --------------------------------------------------------------------------------------------
YEARS = (1, 2, 3, 5)
# For each span: how many joined long enough ago to tell, and how many of those were members that long.
RETENTION = (
    """
SELECT extract(year FROM timezone(%(zone)s, m.joined_at))::integer AS year,
    count(*),
    count(*) FILTER (WHERE m.left_at IS NULL),
"""
    + ",\n".join(
        f"""    count(*) FILTER (WHERE m.joined_at + interval '{years} years' <= %(now)s),
    count(*) FILTER (WHERE m.joined_at + interval '{years} years' <= %(now)s
        AND (m.left_at IS NULL OR m.left_at >= m.joined_at + interval '{years} years'))"""
        for years in YEARS
    )
    + """
FROM members_member m
WHERE m.joined_at >= %(start)s AND m.joined_at < %(end)s
GROUP BY 1
ORDER BY 1
"""
)


def retention(asked: Asked) -> Figure:
    """Of those who joined in each year: how many are still members, and were after one, two, three, five."""
    lines = []
    for year, joined, present, *spans in ask(
        RETENTION, asked.period.bounds | {"zone": asked.period.zone.key, "now": asked.now}
    ):
        cells = [asked.counted(joined, f"joined-{year}"), asked.counted(present, f"present-{year}")]
        for could, stayed in zip(spans[::2], spans[1::2], strict=True):
            cells.append(Cell(f"{stayed} of {could}" if could else None))
        lines.append(
            Line(
                Cell(str(year)),
                cells,
                drawn=Bar(str(year), present, joined - present, f"{present} of {joined}"),
            )
        )
    joined, present = (sum(line.cells[place].value for line in lines) for place in (0, 1))
    after = [f"After {years} year{'s' if years > 1 else ''}" for years in YEARS]
    return Figure(
        columns=["Joined in", "Joined", "Members today", *after],
        lines=lines,
        draw=lambda shown: bars(
            "Retention by year of joining",
            [line.drawn for line in shown],
            keys=[(False, "Members today"), (True, "Have left")],
        ),
        summary=f"Of {counted_words(joined, 'person', 'people')} who joined, {present} "
        f"{'is a member' if present == 1 else 'are members'} today.",
        empty=Empty(
            "Nobody joined in this time.",
            "Choose other days, or invite somebody from the shortlist.",
            reverse("organise:shortlist"),
            "Open the shortlist",
        ),
        notes=[
            "After so many years, only those count who joined that long ago. Leave counts as staying. "
            "Whoever came back counts from the last time they joined; whoever was erased counts no more.",
        ],
    )


def retention_rows(asked: Asked, of: str, part: slice) -> Rows | None:
    """Who joined in a year within the days, or those of them who are members today, by name."""
    kind, _, year = of.partition("-")
    if kind not in ("joined", "present") or not (year.isascii() and year.isdigit() and len(year) == 4):
        return None
    zone = asked.period.zone
    start = max(asked.period.start, datetime(max(int(year), 1), 1, 1, tzinfo=zone))
    end = min(asked.period.end, datetime(min(int(year) + 1, 9999), 1, 1, tzinfo=zone))
    found = Member.objects.filter(joined_at__gte=start, joined_at__lt=end)
    if kind == "present":
        found = found.filter(left_at__isnull=True)
    return _people(asked, f"Joined in {year}" + (", members today" if kind == "present" else ""), found, part)


REPORTS = [
    Report(
        "strengths",
        "Strengths over time",
        "How many members brought each strength, as people joined and left.",
        strengths,
        strength_rows,
    ),
    Report(
        "retention",
        "Retention by year of joining",
        "How many of those who joined in a year are still members.",
        retention,
        retention_rows,
        months=120,
    ),
]
