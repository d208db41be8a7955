"""A report's table as a file for spreadsheets."""

from __future__ import annotations

from datetime import date
from io import StringIO

from defusedcsv import csv

from members.queue_csv import BOM, tame
from studygroup.reports.figure import Cell, Figure


def text_of(figure: Figure) -> str:
    """The whole table, the headings first. What a spreadsheet would run is quoted; days are ISO 8601."""
    buffer = StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    buffer.write(BOM)
    writer.writerow(figure.columns)
    for line in figure.lines:
        writer.writerow([tame(_value(cell)) for cell in (line.head, *line.cells)])
    return buffer.getvalue()


def _value(cell: Cell) -> str | int | float:
    if cell.value is None:
        return ""
    return cell.value.isoformat() if isinstance(cell.value, date) else cell.value
