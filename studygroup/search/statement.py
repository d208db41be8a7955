"""The one statement behind a page of hits: statement.sql, with who may see what.

That is asked of the models (`visible_to`), never said anew in the SQL. Each table has its column of words
(migration 0004). The index gives the rows that have the words; of these the newest MOST of each source are
looked at closely: phrases are checked, the better hits come first, and what the page lists is read. So a
search costs about the same however common its words are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.fields import BooleanField

from members.models import Member
from sessions_app.models import Notes, Session
from sessions_app.models.presentation import FORGOTTEN, NAMELESS
from studygroup.search.words import Query

MOST = 100  # rows of one source that are looked at closely
ROWS = 20  # on a page
WINDOW, BEFORE = 1500, 300  # characters of a text that its extract is made of; of them before the first word
MOST_BEGINNINGS = 8  # words by which the place of an extract is looked for
STATEMENT = Path(__file__).with_suffix(".sql").read_text()


@dataclass(frozen=True)
class Reader:
    """For whom is searched."""

    is_member: bool = False
    sees_everything: bool = False  # what only organisers see


def execute(cursor, query: Query, reader: Reader, *, kind: str, year: int | None, page: int) -> str:
    """Ask for a page of hits. One query; the answer is the JSON text that statement.sql ends with.

    kind: a kind of hits, or "" for all. page: from 1; the last one stands for those behind it.
    """
    visible = Session.objects.visible_to(organiser=reader.sees_everything).order_by()
    days = visible.values_list("starts_at", "time_zone")
    statement = _with_questions(
        cursor,
        sessions=_of(visible, year).values_list("pk", "starts_at"),
        first=days.order_by("starts_at")[:1],
        last=days.order_by("-starts_at")[:1],
        notes=Notes.objects.visible_to(member=reader.is_member, organiser=reader.sees_everything)
        .filter(RawSQL('"sessions_app_notes"."search" @@ %s::tsquery', [query.loose], BooleanField()))
        .values_list("pk", "session_id"),
        members=_readable(reader).order_by().values_list("pk"),
    )
    values = {
        "exact": query.exact,
        "loose": query.loose,
        "any": query.any,
        "needs_check": query.needs_check,
        "beginnings": [beginning for beginning in query.beginnings if beginning][:MOST_BEGINNINGS],
        "is_member": reader.is_member,
        "sees_everything": reader.sees_everything,
        "kind": kind,
        "year": year,
        "page": page,
        "most": MOST + 1,  # one more tells that there are more
        "rows": ROWS,
        "window": WINDOW,
        "before": BEFORE,
        "forgotten": FORGOTTEN,
        "nameless": NAMELESS,
    }
    cursor.execute(statement, values)
    return cursor.fetchone()[0]


def _of(sessions: QuerySet[Session], year: int | None) -> QuerySet[Session]:
    """Those of a year on the clock of their place; all of them for None."""
    if year is None:
        return sessions
    return sessions.filter(
        RawSQL("extract(year FROM starts_at AT TIME ZONE time_zone) = %s", [year], BooleanField())
    )


def _readable(reader: Reader) -> QuerySet[Member]:
    """Members of whom this reader may find more than the name."""
    if reader.sees_everything:
        return Member.objects.all()
    return Member.objects.filter(profile_audience=Member.Audience.MEMBERS)


def _with_questions(cursor, **questions: QuerySet) -> str:
    """The statement with the questions in their places, values and all; each % in them stands for itself."""

    def sql(match: re.Match) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        asked, params = questions[match[1]].query.sql_with_params()
        return cursor.mogrify(asked, params).decode().replace("%", "%%")

    return re.sub(r"\{\{|\}\}|\{(\w+)\}", sql, STATEMENT)
