"""How long somebody in the line may have to wait for a seat, said no more exactly than one can know it.

The model: members leave independently of each other and of the season, so departures are a Poisson process
whose rate is that of the last 24 months. The time until the p-th departure then has a gamma distribution of
shape p. Its quantiles are those of chi-squared with 2p degrees of freedom, halved, which Wilson and Hilferty
approximate by the cube of a normal variable (E. B. Wilson, M. M. Hilferty, "The Distribution of Chi-Square",
Proc. Natl. Acad. Sci. 17, 1931, pp. 684-688): good to 7 % for p = 1, to 1 % from p = 4 on.

Left out: that some before one in the line withdraw or are not invited (one waits less), that members on leave
come back (one waits more), and that the rate itself is a guess. So the page names the condition.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from members.models import Application, Member
from members.models.application import State
from members.seats import Seats

MONTHS = 24  # how far back departures count
ENOUGH = 5  # departures; from fewer one guesses nothing
TENTH = 1.2815515655446004  # the standard normal's 90 % quantile; its 10 % quantile is the negative
LONGEST = 60  # months: beyond, nobody knows
QUEUE = (State.WAITING, State.SHORTLISTED)
WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]
UNKNOWN = "We cannot say yet how long it takes: too few members have left for a guess."
SEAT_IS_FREE = (
    "A seat is free for you and for everybody before you in the line. "
    "When you are asked depends on the organisers, not on somebody leaving."
)


@dataclass(frozen=True)
class Range:
    """Months within which the seat frees in eight cases of ten: in one of ten sooner, in one later."""

    low: float
    high: float


def estimate(*, position: int, departures: int) -> Range:
    """The range for the `position`-th seat to free, from 1, at `departures` in the last 24 months (≥ 1)."""
    months_between = MONTHS / departures
    return Range(
        low=gamma_quantile(position, -TENTH) * months_between,
        high=gamma_quantile(position, TENTH) * months_between,
    )


def gamma_quantile(shape: int, z: float) -> float:
    """Wilson and Hilferty: the gamma quantile (scale 1) where the standard normal has `z`."""
    return shape * (1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))) ** 3


def in_words(range_: Range) -> str:
    """Such as "between four months and a year"; at most "more than five years"."""
    low, high = _rounded(range_.low), _rounded(range_.high)
    if low > LONGEST:
        return "more than five years"
    if high > LONGEST:
        return f"at least {_span(max(low, 1))}, perhaps more than five years"
    if low == high:
        return f"about {_span(low)}" if low else "less than a month"
    return f"between {_span(low)} and {_span(high)}" if low else f"up to {_span(high)}"


def _rounded(months: float) -> int:
    """Whole months up to a year, half years up to three, then whole years: as exact as people speak."""
    step = 1 if months < 12 else 6 if months < 36 else 12
    return math.floor(months / step + 0.5) * step


def _span(months: int) -> str:
    if months < 12:
        return "a month" if months == 1 else f"{WORDS[months]} months"
    years, half = divmod(months, 12)
    if half:
        return "a year and a half" if years == 1 else f"{WORDS[years]} and a half years"
    return "a year" if years == 1 else f"{WORDS[years]} years"


def sentence(*, ahead: int, seats_free: int, departures: int) -> str:
    """What the applicant reads.

    ahead: applications before this one. seats_free: below zero when a lowered capacity is exceeded, so that
    some must leave before any seat is free. departures: in the last 24 months.
    """
    if departures < ENOUGH:
        return UNKNOWN
    position = ahead + 1 - seats_free
    if position <= 0:
        return SEAT_IS_FREE
    words = in_words(estimate(position=position, departures=departures))
    return (
        f"Going by how many members left in the last two years: {words}, if everybody before you is invited. "
        "In two cases of ten it is shorter or longer than that."
    )


def for_application(application: Application, seats: Seats, *, now: datetime) -> str:
    """The sentence for an application in the line; empty for one that is not. Two queries."""
    if application.state not in QUEUE:
        return ""
    departures = Member.objects.filter(left_at__gt=_months_ago(now), left_at__lte=now).count()
    before = Q(since__lt=application.since) | Q(since=application.since, pk__lt=application.pk)
    return sentence(
        ahead=Application.objects.filter(before, state__in=QUEUE).count(),
        seats_free=seats.capacity - seats.taken - seats.held,
        departures=departures,
    )


def _months_ago(now: datetime) -> datetime:
    return now - timedelta(days=MONTHS * 365.25 / 12)
