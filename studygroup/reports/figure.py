"""What every report is made of: what was asked, the table, the rows behind a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from studygroup.reports.charts import Drawing
from studygroup.reports.period import Period, Step
from studygroup.when import short_date

NOTHING = "–"


@dataclass(frozen=True)
class Cell:
    """One value of a table: for the file as it is, for the page as text, perhaps with an address."""

    value: str | int | float | date | None
    url: str = ""
    text: str = ""

    @property
    def shown(self) -> str:
        """What the page says: a date in words, a dash for what nobody knows."""
        if self.text or self.value is None:
            return self.text or NOTHING
        if isinstance(self.value, float):
            return f"{self.value:.1f}".removesuffix(".0")
        return short_date(self.value) if isinstance(self.value, date) else str(self.value)


@dataclass(frozen=True)
class Line:
    """One row of a table. `drawn`: what the drawing needs to know besides the cells."""

    head: Cell
    cells: list[Cell]
    drawn: object = None


class Lines(Sequence[Line]):
    """Lines that are made from the rows of an answer when they are read: a page shows few of many."""

    def __init__(self, rows: list[tuple], make: Callable[..., Line]):
        """make: takes the columns of a row."""
        self.rows, self.make = rows, make

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int | slice) -> Line | list[Line]:
        """One line, or the list of some."""
        if isinstance(place, slice):
            return [self.make(*row) for row in self.rows[place]]
        return self.make(*self.rows[place])


@dataclass(frozen=True)
class Asked:
    """Which report somebody asks for, and over which days."""

    slug: str
    period: Period
    now: datetime

    def rows_url(self, of: str | int, within: Period | Step | None = None) -> str:
        """The address of the rows behind a number of this report."""
        found = within or self.period
        query = {"of": of, "from": found.first.isoformat(), "until": found.last.isoformat()}
        return f"{reverse('organise:report_rows', args=[self.slug])}?{urlencode(query)}"

    def counted(self, number: int, of: str | int, within: Period | Step | None = None) -> Cell:
        """A number with the address of the rows that it counts, if there are any."""
        return Cell(number, self.rows_url(of, within) if number else "")


@dataclass(frozen=True)
class Figure:
    """A table with its drawing. No lines: nothing to draw, and `empty` says what comes next."""

    columns: Sequence[str]
    lines: Sequence[Line]
    draw: Callable[[list[Line]], Drawing]
    summary: str
    empty: Empty
    notes: Sequence[str] = ()
    page_size: int = 120


@dataclass(frozen=True)
class Empty:
    """What is so while there is nothing to show, what to do, and where."""

    what: str
    todo: str = ""
    url: str = ""
    verb: str = ""


@dataclass(frozen=True)
class Rows:
    """The rows behind one number: a part of them, in their order."""

    title: str
    columns: Sequence[str]
    lines: list[Line]
    more: bool = False


@dataclass(frozen=True)
class Report:
    """One report. `rows` answers None when nothing of that name is counted."""

    slug: str
    title: str
    sentence: str
    figure: Callable[[Asked], Figure]
    rows: Callable[[Asked, str, slice], Rows | None]
    months: int = field(default=24)


@dataclass(frozen=True)
class Table:
    """Columns and lines as a page shows them: each heading and cell with the class of its column."""

    heads: list[tuple[str, str]]
    rows: list[tuple[Cell, list[tuple[Cell, str]]]]


def table(columns: Sequence[str], lines: list[Line]) -> Table:
    """Numbers to the right, days in one piece, words as they come. The lines are as long as the columns."""
    css = [""] + [_css_of([line.cells[place] for line in lines]) for place in range(len(columns) - 1)]
    return Table(
        list(zip(columns, css, strict=True)),
        [(line.head, list(zip(line.cells, css[1:], strict=True))) for line in lines],
    )


def _css_of(cells: list[Cell]) -> str:
    known = next((cell.value for cell in cells if cell.value is not None), None)
    if isinstance(known, str | date):
        return "nowrap" if isinstance(known, date) else ""
    return "figures"


def ask(sql: str, values: dict) -> list[tuple]:
    """The answer of the database to one question."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def cut(found: Sequence, part: slice) -> tuple[list, bool]:
    """The part of a question's rows, and whether more follow. One query for a queryset."""
    rows = list(found[part.start : part.stop + 1])
    size = part.stop - part.start
    return rows[:size], len(rows) > size


def counted_words(number: int, one: str, many: str = "") -> str:
    """No talks, 1 talk, 2 talks."""
    return f"{number or 'No'} {one if number == 1 else many or one + 's'}"
