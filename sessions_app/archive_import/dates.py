"""The day that a text names. Never a guess: a date that can be read in two ways keeps both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

YEARS = range(1900, 2101)
MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Order(StrEnum):
    """What comes first in a date such as 08-09-2016."""

    MONTH_FIRST = "month-first"
    DAY_FIRST = "day-first"


@dataclass(frozen=True)
class Day:
    """A day as it is written. One of the two readings is None where only the other makes a day."""

    text: str
    form: str
    month_first: date | None
    day_first: date | None
    start: int = 0
    end: int = 0
    weekday: int | None = None

    @property
    def settled(self) -> date | None:
        """The day, where it can be read in one way only."""
        readings = {reading for reading in (self.month_first, self.day_first) if reading}
        return readings.pop() if len(readings) == 1 else None

    @property
    def proves(self) -> Order | None:
        """Which order the writer uses, where this day shows it."""
        if self.month_first and self.day_first:
            return None
        return Order.MONTH_FIRST if self.month_first else Order.DAY_FIRST

    def read(self, order: Order | None) -> date | None:
        """The day under an order; None where it is still open."""
        if order and not self.settled:
            return self.month_first if order == Order.MONTH_FIRST else self.day_first
        return self.settled

    @property
    def in_figures(self) -> bool:
        """Whether the order of day and month is a question at all."""
        return self.form in (FIGURES, SHORT_YEAR)


ISO, FIGURES, SHORT_YEAR, WORDS = (
    "year-month-day",
    "figures with the year last",
    "figures with a year of two digits",
    "month in words",
)
MONTH_WORD = "|".join(f"{name[:3]}(?:{name[3:]})?" if name != "may" else "may" for name in MONTHS)
MONTH_WORD = MONTH_WORD.replace("sep(?:tember)?", "sept?(?:ember)?")
WEEKDAY = rf"(?:(?P<weekday>{'|'.join(f'{day[:3]}[a-z]*' for day in DAYS)})\.?,?\s+)?"
ORDINAL = r"(?:st|nd|rd|th)?"
SEPARATED = [
    (ISO, r"(?P<year>\d{4})(?P<sep>[-/._])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})"),
    (FIGURES, rf"{WEEKDAY}(?P<first>\d{{1,2}})(?P<sep>[-/._])(?P<other>\d{{1,2}})(?P=sep)(?P<year>\d{{4}})"),
    (SHORT_YEAR, r"(?P<first>\d{1,2})(?P<sep>[/.])(?P<other>\d{1,2})(?P=sep)(?P<short>\d{2})"),
    (
        WORDS,
        rf"{WEEKDAY}(?P<word>{MONTH_WORD})\.?\s+(?:the\s+)?(?P<day>\d{{1,2}}){ORDINAL},?\s+(?P<year>\d{{4}})",
    ),
    (
        WORDS,
        rf"{WEEKDAY}(?P<day>\d{{1,2}}){ORDINAL}[\s-]+(?:of\s+)?(?P<word>{MONTH_WORD})\.?,?[\s-]+(?P<year>\d{{4}})",
    ),
    (WORDS, rf"(?P<year>\d{{4}}),?[\s-]+(?P<word>{MONTH_WORD})\.?[\s-]+(?P<day>\d{{1,2}}){ORDINAL}"),
]
FORMS = [
    (form, re.compile(rf"(?<![\w/.-]){pattern}(?!\d|[-/._]\d)(?![a-z])", re.IGNORECASE | re.ASCII))
    for form, pattern in SEPARATED
]
# An address may hold anything; and 20160817 is a day only where nothing else can be meant.
TOGETHER = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<month>[01]\d)(?P<day>[0-3]\d)(?!\d)", re.ASCII)
CLOCK = re.compile(r"(?<=\d)T(?=\d\d:)", re.ASCII)


def find(text: str) -> list[Day]:
    """Every day that a text names, in the order of their places; what no calendar has is left out."""
    text = CLOCK.sub(" ", text)
    found: list[Day] = []
    for form, pattern in FORMS:
        for match in pattern.finditer(text):
            if any(match.start() < day.end and day.start < match.end() for day in found):
                continue
            if day := _day(form, match):
                found.append(day)
    return sorted(found, key=lambda day: day.start)


def find_in_path(path: str) -> list[Day]:
    """The days that a path names: 2021-03-04-topic.md, 2021/03/04.md, 20210304.md."""
    found = [
        day
        for name in path.split("/")
        for day in find(re.sub(r"(?<!\d)[-_.](?=\d)|(?<=\d)[-_.](?!\d)", " ", name))
    ]
    if not found:
        found = [
            day
            for match in re.finditer(
                r"(?<!\d)(?P<year>\d{4})/(?P<month>\d{2})[/-](?P<day>\d{2})(?!\d)", path, re.ASCII
            )
            if (day := _day(ISO, match))
        ]
    if not found:
        found = [day for match in TOGETHER.finditer(path) if (day := _day(ISO, match))]
    return found


def looks_like_a_day(text: str) -> str:
    """What is written like a date in figures and is none, such as 02-30-2017; empty when nothing is."""
    for form, pattern in FORMS:
        for match in pattern.finditer(text):
            if not _day(form, match):
                return match.group()
    return ""


def _day(form: str, match: re.Match[str]) -> Day | None:
    parts = match.groupdict()
    year = int(parts["year"]) if parts.get("year") else 2000 + int(parts["short"])
    if "first" in parts:
        first, other = int(parts["first"]), int(parts["other"])
        month_first, day_first = _date(year, first, other), _date(year, other, first)
    else:
        month = _month(parts["word"]) if "word" in parts else int(parts["month"])
        month_first = day_first = _date(year, month, int(parts["day"]))
    if not (month_first or day_first):
        return None
    weekday = parts.get("weekday")
    return Day(
        text=match.group().strip(),
        form=form,
        month_first=month_first,
        day_first=day_first,
        start=match.start(),
        end=match.end(),
        weekday=next((at for at, day in enumerate(DAYS) if weekday and weekday.lower()[:3] == day[:3]), None),
    )


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None


def _month(word: str) -> int:
    return next(at for at, name in enumerate(MONTHS, start=1) if name.startswith(word.lower()[:3]))
