"""The questions of the queue: which applications, in which order, page by page, for 100,000 as for ten.

A page begins behind the last row of the one before (keyset), never at a number of rows to skip. Each question
follows an index (state, key, id): where several states are asked for, the first rows of each are merged, so
that a page costs the same wherever the others lie. What is counted is counted as far as MOST.

Blind first: a question about scores is answered from the applications whose scores the person may see, which
are those that they have reviewed or abstained from, and the closed ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import isfinite
from urllib.parse import quote

from django.contrib.postgres.search import SearchQuery
from django.db.models import (
    BooleanField,
    DateTimeField,
    Exists,
    F,
    FloatField,
    Func,
    OuterRef,
    Q,
    Subquery,
    Value,
)
from django.http import QueryDict

from members import decisions
from members.access import can_organise
from members.forms.queue import LARGEST_KEY, Filters, Mine, Order, QueueForm
from members.models import Application, Review, User
from members.models.application import OPEN_STATES, ApplicationQuerySet, State
from members.scoring import DISAGREEMENT

PAGE = 25  # applications on one page
MOST = 100  # how far a filtered list is counted
MOST_WORDS = 10
CLOSED = tuple(state for state in State if state not in OPEN_STATES)
# The field that an order follows, and whether it goes down. The key of the row settles what is equal.
KEYS = {
    Order.WAITING: ("since", False),
    Order.NEWEST: ("since", True),
    Order.HIGHEST: ("score", True),
    Order.LOWEST: ("score", False),
    Order.MOVED: ("moved_at", True),
}


class Beyond(Func):
    """Whether a row comes behind a place in the order: ROW(key, id) > ROW(value, pk), as indexes have it."""

    output_field = BooleanField()

    def __init__(self, field: str, place: Place, *, descending: bool):
        kind = FloatField() if field == "score" else DateTimeField()
        super().__init__(F(field), F("pk"), Value(place.key, output_field=kind), Value(place.pk))
        self.sign = "<" if descending else ">"

    def as_sql(self, compiler, connection, **extra):
        """The comparison of two rows."""
        (key, a), (pk, b), (value, c), (other, d) = map(compiler.compile, self.source_expressions)
        return f"ROW({key}, {pk}) {self.sign} ROW({value}, {other})", (*a, *b, *c, *d)


@dataclass(frozen=True)
class Place:
    """Where a row stands in an order: the value of the order's field, and the row's key."""

    key: datetime | float
    pk: int

    def __str__(self) -> str:
        key = self.key.isoformat() if isinstance(self.key, datetime) else repr(self.key)
        return f"{key}~{self.pk}"

    @classmethod
    def read(cls, typed: str, field: str) -> Place | None:
        """The place that an address names; None when it is none of this order's."""
        key, _, pk = typed.rpartition("~")
        if not (pk.isascii() and pk.isdigit() and len(pk) < 20 and int(pk) <= LARGEST_KEY):
            return None
        try:
            found = float(key) if field == "score" else datetime.fromisoformat(key)
        except ValueError:
            return None
        if isinstance(found, float):
            return cls(found, int(pk)) if isfinite(found) else None
        return cls(found, int(pk)) if found.tzinfo and found.year > 1 else None


@dataclass(frozen=True)
class Page:
    """One page of the queue. The links are queries without the filters, empty where there is nothing."""

    applications: list[Application]
    count: int
    is_capped: bool
    previous: str = ""
    following: str = ""


@dataclass(frozen=True)
class Queue:
    """What the filters find for one person."""

    filters: Filters
    user: User
    by_state: dict[str, int] | None = None  # what the tally says, where it was asked already

    def matching(self) -> ApplicationQuerySet:
        """Every application that the filters find, in no order."""
        return self._in_states(self.filters.states)

    def ordered(self) -> ApplicationQuerySet:
        """The same in the order that was asked for: for going through all of them."""
        return self.matching().order_by(*self._order())

    @cached_property
    def _first(self) -> list[tuple[int, datetime | float]]:
        """The first keys: one more than a page has, or, where that counts them, one more than are counted."""
        return self._keys(limit=PAGE + 1 if self.filters.only_states else MOST + 1)

    @cached_property
    def count(self) -> int:
        """How many there are; one more than MOST means more than MOST, unless only states are asked for."""
        if self.filters.only_states:
            counts = self.by_state or Application.objects.count_by_state()
            return sum(counts[state] for state in self.filters.states)
        return len(self._first)

    def page(self, asked: QueryDict) -> Page:
        """The page that an address asks for by `after`, `before` or `last`; the first for anything else."""
        field, _ = KEYS[self.filters.order]
        after, before = (Place.read(asked.get(name, ""), field) for name in ("after", "before"))
        backwards = bool(before) or "last" in asked
        keys = None
        if before or after or backwards:
            keys = self._keys(place=before or after, backwards=backwards, limit=PAGE + 1)
        if before and len(keys) <= PAGE:  # so few before it: that is the first page, which is a full one
            before, after, backwards, keys = None, None, False, None
        elif after and not before and not keys:  # nothing behind it any more: the last page is the nearest
            after, backwards = None, True
            keys = self._keys(backwards=True, limit=PAGE + 1)
        if keys is None:
            keys = self._first
        more, keys = len(keys) > PAGE, keys[:PAGE]
        if backwards:
            keys.reverse()
        has_previous = more if backwards else bool(after)
        has_following = bool(before) if backwards else more
        capped = not self.filters.only_states and self.count > MOST
        return Page(
            applications=self._rows(pk for pk, _ in keys),
            count=min(self.count, MOST) if capped else self.count,
            is_capped=capped,
            previous=f"before={_quoted(keys[0])}" if has_previous and keys else "",
            following=f"after={_quoted(keys[-1])}" if has_following and keys else "",
        )

    def beside(self, application: Application) -> tuple[int | None, int | None]:
        """The keys before and behind an application in this order; the filters need not find it itself."""
        field, _ = KEYS[self.filters.order]
        key = getattr(application, field)
        if key is None:
            return None, None
        place, extra = Place(key, application.pk), Q()
        if field == "score" and application.state not in CLOSED:
            # Where it stands among the others would tell its score.
            extra = Q(Exists(Review.objects.filter(application=application.pk, reviewer=self.user)))
        found = (
            self._keys(place=place, backwards=backwards, limit=1, extra=extra) for backwards in (True, False)
        )
        before, behind = (keys[0][0] if keys else None for keys in found)
        return before, behind

    # --- How -----------------------------------------------------------------------------------------
    def _in_states(self, states: tuple[str, ...]) -> ApplicationQuerySet:
        asked, found = self.filters, Application.objects.all()
        if len(states) < len(State):
            found = found.filter(state=states[0]) if len(states) == 1 else found.filter(state__in=states)
        if asked.asks_for_scores:
            found = self._with_visible_scores(found, states)
        if asked.least is not None:
            found = found.filter(score__gte=asked.least)
        if asked.most is not None:
            found = found.filter(score__lte=asked.most)
        if asked.disagree:
            found = found.filter(spread__gte=DISAGREEMENT)
        if asked.strength:
            found = found.filter(strengths=asked.strength)
        if asked.text:
            found = found.filter(search=words_of(asked.text))
        if asked.mine:
            reviewed = Exists(self._own_review())
            found = found.filter(reviewed if asked.mine == Mine.YES else ~reviewed)
        if asked.prepared:
            found = found.filter(Exists(decisions.shown_to(self.user).filter(application=OuterRef("pk"))))
        return found

    def _own_review(self):
        return Review.objects.filter(application=OuterRef("pk"), reviewer=self.user)

    def _with_visible_scores(
        self, found: ApplicationQuerySet, states: tuple[str, ...]
    ) -> ApplicationQuerySet:
        if not self.filters.disagree:  # a spread says by itself that there is a score
            found = found.filter(score__isnull=False)
        if all(state in CLOSED for state in states):
            return found
        if not any(state in CLOSED for state in states):
            return found.filter(Exists(self._own_review()))
        # Looked up row by row: PostgreSQL would otherwise read all of this person's reviews first.
        own = found.alias(own=Subquery(self._own_review().values("pk")))
        return own.filter(Q(state__in=CLOSED) | Q(own__isnull=False))

    def _order(self, *, backwards: bool = False) -> tuple[str, str]:
        field, descending = KEYS[self.filters.order]
        sign = "-" if descending != backwards else ""
        return f"{sign}{field}", f"{sign}pk"

    def _keys(
        self, *, place: Place | None = None, backwards: bool = False, limit: int, extra: Q | None = None
    ) -> list[tuple[int, datetime | float]]:
        """The first keys behind a place, or before it, as (pk, value of the order's field)."""
        field, descending = KEYS[self.filters.order]
        order, states = self._order(backwards=backwards), self.filters.states

        def first(found: ApplicationQuerySet) -> ApplicationQuerySet:
            if place:
                found = found.filter(Beyond(field, place, descending=descending != backwards))
            if extra:
                found = found.filter(extra)
            return found.order_by(*order).values_list("pk", field)[:limit]

        every = len(states) == len(State)
        if len(states) == 1 or every or self.filters.text:
            return list(first(self._in_states(states)))
        # The first of each state, merged as they are read: no state's rows are passed over for another's.
        each = [first(self._in_states((state,))) for state in states]
        return list(each[0].union(*each[1:], all=True).order_by(*order)[:limit])

    def _rows(self, keys) -> list[Application]:
        """The applications of a page with what its rows show: two queries."""
        keys = list(keys)
        own = self._own_review()
        found = (
            Application.objects.filter(pk__in=keys)
            .defer("experience", "interest", "talk", "links")
            .select_related("decision")
            .annotate(
                is_reviewed=Exists(own.filter(abstained=False)),
                is_abstained=Exists(own.filter(abstained=True)),
            )
            .prefetch_related("strengths")
        )
        by_key = {application.pk: application for application in found}
        return [by_key[key] for key in keys if key in by_key]


def words_of(text: str) -> SearchQuery:
    """The search for applications in which a word begins with each of the typed ones.

    Typed signs never reach the search's own language: each word stands in quotes. A single Latin letter is
    meant as a word, since half of all words begin with it.
    """
    words = []
    for word in text.split()[:MOST_WORDS]:
        quoted = word.replace("\\", "\\\\").replace("'", "''")
        words.append(f"'{quoted}'" + ("" if len(word) == 1 and word.isascii() else ":*"))
    return SearchQuery(" & ".join(words), search_type="raw", config="simple")


def queue_of(query: str | QueryDict, user: User) -> Queue:
    """The queue that an address's query asks for; what is not understood in it is left out."""
    asked = QueryDict(query) if isinstance(query, str) else query
    return Queue(QueueForm(asked, organiser=can_organise(user)).filters(), user)


def neighbours(application: Application, query: str, user: User) -> tuple[int | None, int | None]:
    """The keys of the applications before and behind this one in the list that `query` asks for; two queries.

    query: as the list's address carries it, without the question mark. None where there is nothing.
    """
    return queue_of(query, user).beside(application)


def sees_scores(application: Application) -> bool:
    """Whether the person a row was read for may see its score (blind first). `application`: of a Page."""
    return application.state in CLOSED or application.is_reviewed or application.is_abstained


def _quoted(key: tuple[int, datetime | float]) -> str:
    pk, value = key
    return quote(str(Place(value, pk)))
