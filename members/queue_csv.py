"""The queue as a file for spreadsheets. No scores, no notes, no private links: the file leaves the house."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from io import StringIO
from zoneinfo import ZoneInfo

from defusedcsv import csv

from members.models import Application
from members.queue import Queue

BOM = "\ufeff"  # without it, Excel takes UTF-8 for something else
AT_ONCE = 500  # rows fetched, and sent, together
# Read as formulas too, and not known to defusedcsv, which sees to "=", "+", "-", "@", "|" and "%".
WIDE = "＝＋－＠"

# The columns, in order: heading, what it holds, how it comes from an application and the group's zone.
COLUMNS: list[tuple[str, str, Callable[[Application, ZoneInfo], object]]] = [
    ("number", "As in the address of the application's page", lambda a, zone: a.pk),
    ("name", "As typed", lambda a, zone: a.name),
    ("email", "As typed", lambda a, zone: a.email),
    ("current_role", "What they do", lambda a, zone: a.current_role),
    ("experience", "Relevant experience", lambda a, zone: a.experience),
    ("interest", "Their interest", lambda a, zone: a.interest),
    (
        "strengths",
        "What they would bring, with semicolons between",
        lambda a, zone: "; ".join(strength.name for strength in a.strengths.all()),
    ),
    ("talk", "A talk they could give", lambda a, zone: a.talk),
    ("links", "Web addresses, with spaces between", lambda a, zone: " ".join(a.links)),
    ("state", "In words", lambda a, zone: a.get_state_display()),
    ("applied", "When they applied, by the group's clock", lambda a, zone: _moment(a.applied_at, zone)),
    ("confirmed", "When they confirmed the address", lambda a, zone: _moment(a.confirmed_at, zone)),
    ("last_moved", "When the state last changed", lambda a, zone: _moment(a.moved_at, zone)),
]


def lines(queue: Queue, *, time_zone: str) -> Iterator[str]:
    """The file in pieces, the headings first; the rows come through a cursor that the server keeps.

    time_zone: the group's, for the times.
    """
    zone, buffer = ZoneInfo(time_zone), StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    buffer.write(BOM)
    writer.writerow([heading for heading, _, _ in COLUMNS])
    found = queue.ordered().prefetch_related("strengths").iterator(chunk_size=AT_ONCE)
    for number, application in enumerate(found, start=1):
        writer.writerow([tame(value(application, zone)) for _, _, value in COLUMNS])
        if number % AT_ONCE == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def tame(value: object) -> object:
    """A cell that a spreadsheet shows and does not run: what begins with a space or a wide sign is quoted."""
    if isinstance(value, str) and (value[:1].isspace() or value[:1] in WIDE) and value:
        return f"'{value}"
    return value


def _moment(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""


def _emptied(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
