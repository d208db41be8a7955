"""The one statement behind a page of hits: statement.sql, with who may see what.

That is asked of the models (`visible_to`), never said anew in the SQL. Each table has its column of words
(migration 0004). The newest MOST rows of each source that have the words, found by walking through what is
newest or by the index, are looked at closely: phrases are checked, the better hits come first, and what the
page lists is read. So a search costs about the same however common its words are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from django.db.models import QuerySet

from members.models import Member
from sessions_app.models import Notes, Session
from sessions_app.models.presentation import FORGOTTEN, NAMELESS
from sessions_app.models.session import local_year
from studygroup.search.words import Query

MOST = 100  # rows of one source that are looked at closely
RECENT = 3  # times as many sessions are walked through at most
SAMPLE = 10  # of them tell whether walking is worth while
ROWS = 20  # on a page
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
    statement = _with_questions(
        cursor,
        sessions=_of(visible, year).values_list("pk", "starts_at"),
        recent=_of(visible, year)
        .order_by("-starts_at", "-pk")
        .values_list("pk", "starts_at")[: RECENT * MOST],
        notes=Notes.objects.visible_to(member=reader.is_member, organiser=reader.sees_everything).values_list(
            "pk", "session_id"
        ),
        members=_readable(reader).order_by().values_list("pk"),
    )
    values = {
        "exact": query.exact,
        "loose": query.loose,
        "any": query.any,
        "needs_check": query.needs_check,
        "is_member": reader.is_member,
        "sees_everything": reader.sees_everything,
        "kind": kind,
        "year": year,
        "page": page,
        "most": MOST + 1,  # one more tells that there are more
        "rows": ROWS,
        "sample": SAMPLE,
        "walked": RECENT * MOST,
        "forgotten": FORGOTTEN,
        "nameless": NAMELESS,
    }
    cursor.execute(statement, values)
    return cursor.fetchone()[0]


def lexemes(cursor, texts: list[str], reader: Reader) -> tuple[list[tuple[str, str]], range]:
    """What the database makes of each text, (stems, words), and the years with sessions for this reader.

    One query, which also tells the database, for this transaction, how to plan what follows: a statement of
    this length is never worth compiling, and a whole table is never worth reading for its words.
    """
    days = Session.objects.visible_to(organiser=reader.sees_everything).annotate(year=local_year())
    # The first and the last by the clock; at the turn of a year that may be another year elsewhere.
    ends = [days.order_by(order).values_list("year")[:1] for order in ("starts_at", "-starts_at")]
    first, last = (cursor.mogrify(*end.query.sql_with_params()).decode().replace("%", "%%") for end in ends)
    cursor.execute(
        "SELECT phraseto_tsquery('english', text)::text,"  # noqa: S608 (our own questions)
        " phraseto_tsquery('simple', studygroup_folded(text))::text,"
        f" ({first}), ({last}),"
        " set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)"
        " FROM unnest(%s::text[]) WITH ORDINALITY AS typed (text, place) ORDER BY place",
        [texts],
    )
    rows = cursor.fetchall()
    first, last = rows[0][2:4]
    return [row[:2] for row in rows], range(last, first - 1, -1) if first and last else range(0)


def _of(sessions: QuerySet[Session], year: int | None) -> QuerySet[Session]:
    """Those of a year on the clock of their place; all of them for None."""
    if year is None:
        return sessions
    return sessions.alias(local_year=local_year()).filter(local_year=year)


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
