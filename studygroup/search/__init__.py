"""Finding words in everything that a reader may open: sessions, notes, readings, talks and people.

`words` makes a query of what is typed, `statement` asks the database, `extracts` marks what was found.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils.safestring import SafeString

from studygroup.search import extracts, statement, words
from studygroup.search.statement import MOST, ROWS, Reader
from studygroup.search.words import Lexemes

__all__ = ["KINDS", "LONGEST", "MOST", "ROWS", "Asked", "Found", "Hit", "Reader", "find"]

LONGEST = 200  # characters of what is typed
KINDS = {
    "sessions": "Sessions",
    "notes": "Notes",
    "readings": "Readings",
    "talks": "Talks",
    "people": "People",
}


@dataclass(frozen=True)
class Asked:
    """What is looked for, as the address says it."""

    text: str = ""
    kind: str = ""
    year: int | None = None
    page: int = 1


@dataclass(frozen=True)
class Hit:
    """One row of the list, with what the page says of it."""

    source: str  # session, notes, reading, talk, member or presenter
    kind: str
    title: str
    extract: SafeString
    number: int | None = None  # the session's; None where there is none
    session_title: str = ""
    state: str = ""
    starts_at: datetime | None = None
    time_zone: str = ""
    about: str = ""  # who gives the talk, what the person knows
    slug: str = ""  # of a member's page; the key of a talk or a presenter


@dataclass(frozen=True)
class Found:
    """A page of hits and what is said above it."""

    hits: list[Hit] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)  # by kind, only kinds that have any
    capped: frozenset[str] = frozenset()  # kinds of which only the newest MOST were looked at
    page: int = 1
    pages: int = 1
    years: range = range(0)  # of the sessions that the reader may open, the newest first
    has_words: bool = True  # False: there was nothing to look for
    is_cut: bool = False  # there were more words than are looked for


def find(asked: Asked, reader: Reader) -> Found:
    """The page of hits that was asked for, as far as this reader may see. Three queries, whatever is typed.

    asked: its text has no NUL and at most LONGEST characters. A page behind the last one is the last one.
    """
    terms = words.parse(asked.text)
    if not terms.alternatives:
        return Found(has_words=False)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        found, years = statement.lexemes(cursor, terms.texts(), reader)
        query = words.compose(terms, [Lexemes(*each) for each in found])
        if query is None:
            return Found(has_words=False)
        answer = json.loads(
            statement.execute(cursor, query, reader, kind=asked.kind, year=asked.year, page=asked.page)
        )
        rows = answer["rows"] or []
        texts = extracts.windows([row.pop("text") or "" for row in rows], query.beginnings)
        marked = extracts.mark(cursor, texts, query.exact)
    return Found(
        hits=[_hit(row, extract) for row, extract in zip(rows, marked, strict=True)],
        counts=answer["counts"] or {},
        capped=frozenset(answer["capped"] or []),
        page=answer["page"],
        pages=answer["pages"],
        years=years,
        is_cut=terms.is_cut,
    )


def _hit(row: dict, extract: SafeString) -> Hit:
    """A hit from the database's JSON, which leaves out what there is none of."""
    said = {name: value for name, value in row.items() if value is not None and name != "line"}
    if "starts_at" in said:
        said["starts_at"] = datetime.fromisoformat(said["starts_at"])
    return Hit(**said, extract=extract)
