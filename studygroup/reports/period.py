"""The days that a report speaks of, and how they are cut into months or years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms

MONTHS_AT_MOST = 36  # a longer time is cut into years
EARLIEST, LATEST = date(1990, 1, 1), date(2099, 12, 31)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Whole days by the group's clock, the first and the last included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """The moment at which the first day begins."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end(self) -> datetime:
        """The moment at which the last day is over; it belongs to the next day."""
        return datetime.combine(self.last + DAY, time(), self.zone)

    @property
    def bounds(self) -> dict[str, datetime]:
        """The two moments under the names that the SQL gives them."""
        return {"start": self.start, "end": self.end}

    @property
    def query(self) -> str:
        """The days as an address carries them."""
        return urlencode({"from": self.first.isoformat(), "until": self.last.isoformat()})

    @property
    def by_months(self) -> bool:
        """Whether it is cut into months, not years."""
        return _months_between(self.first, self.last) < MONTHS_AT_MOST

    def steps(self) -> list[Step]:
        """The months, or the years, of this time; the first and the last may be cut short by its ends."""
        steps, first = [], self.first
        while first <= self.last:
            last = min(_last_of(first, month=self.by_months), self.last)
            steps.append(Step(first, last, self.zone, by_months=self.by_months))
            first = last + DAY
        return steps


@dataclass(frozen=True)
class Step:
    """One month or year of a period, perhaps cut short."""

    first: date
    last: date
    zone: ZoneInfo
    by_months: bool

    @property
    def period(self) -> Period:
        """The step as a period of its own."""
        return Period(self.first, self.last, self.zone)

    @property
    def label(self) -> str:
        """March 2025, or 2025; where it is cut short, with its days."""
        name = f"{self.first:%B %Y}" if self.by_months else str(self.first.year)
        if self.first == _first_of(self.first, month=self.by_months) and self.last == _last_of(
            self.first, month=self.by_months
        ):
            return name
        if self.by_months:
            return f"{name}, {self.first.day} to {self.last.day}"
        return f"{name}, {self.first.day} {self.first:%B} to {self.last.day} {self.last:%B}"


def usual(today: date, zone: ZoneInfo, *, months: int) -> Period:
    """The last so many months, this one included, up to today."""
    index = max(today.year * 12 + today.month - months, EARLIEST.year * 12)
    return Period(date(index // 12, index % 12 + 1, 1), today, zone)


def bounds_of(steps: list[Step]) -> dict[str, list[datetime]]:
    """The first moments of the steps, and the moments at which they are over, as arrays for SQL."""
    return {
        "starts": [step.period.start for step in steps],
        "ends": [step.period.end for step in steps],
    }


def ticks_of(steps: list[Step]) -> list[tuple[int, str]]:
    """What stands below the columns of these steps: the first month and each January, or some years."""
    if not steps:
        return []
    if not steps[0].by_months:
        every = -(-len(steps) // 6)
        return [(place, str(step.first.year)) for place, step in enumerate(steps) if place % every == 0]
    first = steps[0].first
    januaries = [(place, str(step.first.year)) for place, step in enumerate(steps) if step.first.month == 1]
    if first.month == 1:
        return januaries
    # A January too near the first month would be written over it.
    return [(0, f"{first:%b %Y}"), *(tick for tick in januaries if tick[0] * 4 >= len(steps))]


def _first_of(day: date, *, month: bool) -> date:
    return day.replace(day=1) if month else day.replace(month=1, day=1)


def _last_of(day: date, *, month: bool) -> date:
    if not month or day.month == 12:
        return day.replace(month=12, day=31)
    return day.replace(month=day.month + 1, day=1) - DAY


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


class PeriodForm(forms.Form):
    """From when until when. What is left empty, or not understood, is as usual."""

    def __init__(self, data: Mapping[str, str], *, usual: Period):
        self.usual = usual
        given = {"from": usual.first.isoformat(), "until": usual.last.isoformat()}
        given |= {name: data[name] for name in given if data.get(name)}
        super().__init__(given, auto_id="period_%s")
        for name, label in (("from", "From"), ("until", "Until")):
            self.fields[name] = forms.DateField(
                label=label,
                input_formats=["%Y-%m-%d"],
                widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}),
                error_messages={"invalid": "Write the day as year, month and day, such as 2026-03-31."},
            )

    def clean(self) -> dict:
        """Refuse days beyond the calendar, and an end before the beginning."""
        for name, day in list(self.cleaned_data.items()):  # an error takes the day out
            if not EARLIEST <= day <= LATEST:
                self.add_error(name, f"Choose a day between {EARLIEST.year} and {LATEST.year}.")
        if not self.errors and self.cleaned_data["from"] > self.cleaned_data["until"]:
            self.add_error("until", "Choose a day on or after the one under “From”.")
        return self.cleaned_data

    def period(self) -> Period:
        """What was asked for; the usual one when it cannot be understood."""
        if not self.is_valid():
            return self.usual
        return Period(self.cleaned_data["from"], self.cleaned_data["until"], self.usual.zone)
