"""Applications: how many come and what becomes of them, and how long they wait for an answer."""

from __future__ import annotations

from django.db.models import Case, DateTimeField, F, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Least
from django.urls import reverse

from members.models import Application, Invitation, SeatChange
from members.models.application import State
from studygroup.reports.charts import Column, Drawing, Spread, ranges, strips
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

# Joined, declined and withdrawn are ends: nothing moves an application after them.
MONTHLY = """
SELECT
    (SELECT count(*) FROM members_application a WHERE a.since >= step.start AND a.since < step.finish),
    (SELECT count(*) FROM members_seatchange c
        WHERE c.kind = 'held' AND c.at >= step.start AND c.at < step.finish),
    (SELECT count(*) FROM members_application a
        WHERE a.state = 'joined' AND a.moved_at >= step.start AND a.moved_at < step.finish),
    (SELECT count(*) FROM members_application a
        WHERE a.state = 'declined' AND a.moved_at >= step.start AND a.moved_at < step.finish),
    (SELECT count(*) FROM members_application a
        WHERE a.state = 'withdrawn' AND a.moved_at >= step.start AND a.moved_at < step.finish)
FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[])
    WITH ORDINALITY AS step (start, finish, number)
ORDER BY step.number
"""
KINDS = {
    "applied": "Applied",
    "invited": "Invited",
    "joined": "Joined",
    State.DECLINED.value: "Declined",
    State.WITHDRAWN.value: "Withdrawn",
}
ERASED = "Closed applications are erased after the time that the group has set, and are not counted any more."
NOBODY_YET = Empty(
    "Nobody applied in this time.",
    "Choose other days, or let people know that the waiting list is open.",
)


def monthly(asked: Asked) -> Figure:
    """Applications, invitations, and applications that ended, by month or year."""
    steps = asked.period.steps()
    found = ask(MONTHLY, bounds_of(steps))
    lines = [
        Line(
            Cell(step.label),
            [asked.counted(number, kind, step) for kind, number in zip(KINDS, numbers, strict=True)],
        )
        for step, numbers in zip(steps, found, strict=True)
    ]
    totals = [sum(column) for column in zip(*found, strict=True)]
    summary = ", ".join(
        f"{label.lower()} {total}" for label, total in zip(KINDS.values(), totals, strict=True) if total
    )

    def draw(shown: list[Line]) -> Drawing:
        named = []
        for place, label in enumerate(KINDS.values()):
            columns = [Column(line.head.shown, line.cells[place].value) for line in shown]
            named.append((_told(label, columns), columns))
        return strips("Applications and decisions", named, ticks_of(steps))

    return Figure(
        columns=["Month" if asked.period.by_months else "Year", *KINDS.values()],
        lines=lines if any(totals) else [],
        draw=draw,
        summary=f"In this time: {summary}." if summary else "",
        empty=NOBODY_YET,
        notes=[
            "An application counts from the day on which its address was confirmed, or else was sent. "
            "Each strip has a scale of its own.",
            ERASED,
        ],
    )


def _told(label: str, columns: list[Column]) -> str:
    most = max((column.height for column in columns), default=0)
    total = sum(column.height for column in columns)
    return f"{label}: {total:g}, at most {most:g}" if total else f"{label}: none"


def monthly_rows(asked: Asked, of: str, part: slice) -> Rows | None:
    """The applications that were counted, the earliest first."""
    bounds = {"gte": asked.period.start, "lt": asked.period.end}
    if of == "invited":
        changes = SeatChange.objects.filter(
            kind=SeatChange.Kind.HELD, at__gte=bounds["gte"], at__lt=bounds["lt"]
        )
        changes = changes.select_related("application").order_by("at", "pk")
        shown, more = cut(changes, part)
        lines = [_line(asked, change.application, change.at) for change in shown]
    elif of in KINDS:
        field = "since" if of == "applied" else "moved_at"
        found = Application.objects.filter(**{f"{field}__{word}": moment for word, moment in bounds.items()})
        if of != "applied":
            found = found.filter(state=of)
        shown, more = cut(_briefly(found).order_by(field, "pk"), part)
        lines = [_line(asked, application, getattr(application, field)) for application in shown]
    else:
        return None
    return Rows(KINDS[of], ["Name", "Day", "State today"], lines, more)


def _briefly(found: QuerySet) -> QuerySet:
    return found.only("name", "state", "since", "moved_at")


def _line(asked: Asked, application: Application | None, moment) -> Line:
    day = moment.astimezone(asked.period.zone).date()
    if application is None:
        return Line(Cell("An erased application"), [Cell(day), Cell("Erased")])
    return Line(
        Cell(application.name, reverse("organise:application", args=[application.pk])),
        [Cell(day), Cell(application.get_state_display())],
    )


# --- Waiting ----------------------------------------------------------------------------------------------
WAITED = """
WITH entered AS (
    SELECT
        width_bucket(a.since, %(starts)s::timestamptz[]) AS step,
        a.since,
        LEAST(first.at, CASE WHEN a.state = 'declined' THEN a.moved_at END) AS answered_at
    FROM members_application a
    LEFT JOIN (
        SELECT application_id, min(issued_at) AS at FROM members_invitation GROUP BY application_id
    ) first ON first.application_id = a.id
    WHERE a.since >= %(start)s AND a.since < %(end)s AND a.confirmed_at IS NOT NULL
)
SELECT
    step,
    count(*),
    count(answered_at),
    percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (
        ORDER BY extract(epoch FROM answered_at - since)::float8 / 86400
    )
FROM entered
GROUP BY step
"""


def waiting(asked: Asked) -> Figure:
    """Days from entering the list to the first invitation or to being declined, by month of entering."""
    steps = asked.period.steps()
    by_step = {
        step: (entered, answered, quarters or [None] * 3)
        for step, entered, answered, quarters in ask(WAITED, bounds_of(steps) | asked.period.bounds)
    }
    lines = []
    for number, step in enumerate(steps, start=1):
        entered, answered, quarters = by_step.get(number, (0, 0, [None] * 3))
        counts = [asked.counted(entered, "entered", step), asked.counted(answered, "answered", step)]
        days = [Cell(None if value is None else round(value, 1)) for value in quarters]
        lines.append(Line(Cell(step.label), [*counts, *days]))
    entered, answered = (sum(line.cells[place].value for line in lines) for place in (0, 1))

    def draw(shown: list[Line]) -> Drawing:
        spreads = [Spread(line.head.shown, *(cell.value for cell in line.cells[2:])) for line in shown]
        return ranges("Days until an answer", spreads, ticks_of(steps), unit="days")

    return Figure(
        columns=[
            "Entered in",
            "Entered",
            "Answered",
            "A quarter within, days",
            "Half within, days",
            "Three quarters within, days",
        ],
        lines=lines if answered else [],
        draw=draw,
        summary=f"{counted_words(entered, 'person', 'people')} entered the list; {answered} have an answer.",
        empty=Empty(
            "Nobody who entered the list in this time has an answer yet.",
            "An answer is the first invitation, or being declined. Release what is prepared, "
            "or choose other days.",
            reverse("organise:applications"),
            "Open the applications",
        ),
        notes=[
            "Each hatched bar holds the middle half of those who have an answer, the dot the one in the "
            "middle. Those who still wait are not in it: the latest months look shorter than they will be.",
            ERASED,
        ],
    )


def waiting_rows(asked: Asked, of: str, part: slice) -> Rows | None:
    """Who entered the list in this time, or those of them who have an answer, the earliest first."""
    if of not in ("entered", "answered"):
        return None
    invited = (
        Invitation.objects.filter(application=OuterRef("pk")).order_by("issued_at").values("issued_at")[:1]
    )
    declined = Case(When(state=State.DECLINED, then=F("moved_at")), output_field=DateTimeField())
    found = Application.objects.filter(
        since__gte=asked.period.start, since__lt=asked.period.end, confirmed_at__isnull=False
    ).annotate(answered_at=Least(Subquery(invited), declined))
    if of == "answered":
        found = found.filter(answered_at__isnull=False)
    shown, more = cut(_briefly(found).order_by("since", "pk"), part)
    lines = []
    for application in shown:
        line, answered_at = _line(asked, application, application.since), application.answered_at
        waited = answered_at and round((answered_at - application.since).total_seconds() / 86400, 1)
        answered = answered_at and answered_at.astimezone(asked.period.zone).date()
        lines.append(Line(line.head, [line.cells[0], Cell(answered), Cell(waited), line.cells[1]]))
    title = "Entered the list" if of == "entered" else "Have an answer"
    return Rows(title, ["Name", "Entered", "Answered", "Days", "State today"], lines, more)


REPORTS = [
    Report(
        "applications",
        "Applications and decisions",
        "How many people applied each month, were invited, joined, were declined or withdrew.",
        monthly,
        monthly_rows,
    ),
    Report(
        "waiting",
        "Waiting time",
        "How long applicants waited for an invitation or a no, by the month in which they entered the list.",
        waiting,
        waiting_rows,
    ),
]
