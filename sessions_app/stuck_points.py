"""Questions that members pin to a reading: asking, sharing, answering, and who sees what of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject, NullIf

from members.errors import Refused
from members.models import Member, User
from sessions_app.models import MeToo, Notes, Reading, Session, StuckPoint
from sessions_app.models.presentation import FORGOTTEN
from sessions_app.preparation import can_tick

MOST_OPEN = 20  # questions of one member in one session
MOST_SHOWN = 100  # questions under one reading, the most shared first


class NotOpen(Refused):
    """The session takes no questions, or the question no change."""


class NotYours(Refused):
    """Somebody else asked it; or, for a "me too", oneself."""


class TooMany(Refused):
    """The member waits for answers to as many questions as one may."""

    def __init__(self):
        super().__init__(
            f"You have {MOST_OPEN} open questions in this session already. "
            "Withdraw one, or wait for an answer. Nothing was changed."
        )


class Changed(Refused):
    """Somebody changed or resolved it since the page was opened. Carries the question as it stands."""

    def __init__(self, point: StuckPoint):
        what = "resolved" if point.resolved_at else "changed"
        super().__init__(
            f"Somebody {what} this question while you were writing. Nothing was overwritten. "
            "Look at both texts, then save again."
        )
        self.point = point


def version_of(point: StuckPoint) -> str:
    """A word that changes with question and answer, so that nobody overwrites what they have not read."""
    state = (point.where, point.question, point.answer, bool(point.resolved_at))
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]


def _kept(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


# --- Asking --------------------------------------------------------------------------------------------
@transaction.atomic
def ask(*, reading: Reading, author: Member, where: str, question: str, now: datetime) -> StuckPoint:
    """Pin a question to a reading. Asking the same twice pins one: the one that is open is returned.

    Raises NotOpen for a session that is a draft or cancelled, and TooMany.
    """
    Member.objects.select_for_update(no_key=True).get(pk=author.pk)  # one question after the other
    session = Session.objects.get(pk=reading.session_id)
    if not can_tick(session):
        raise NotOpen(f"{session} is {session.get_state_display().lower()}. Your question was not kept.")
    where, question = _kept(where), _kept(question)
    waiting = StuckPoint.objects.filter(author=author, resolved_at=None)
    if same := waiting.filter(reading=reading, where=where, question=question).first():
        return same
    if waiting.filter(reading__session=session).count() >= MOST_OPEN:
        raise TooMany
    return StuckPoint.objects.create(
        reading=reading, author=author, where=where, question=question, asked_at=now
    )


@transaction.atomic
def change(*, point_id: int, by: Member, where: str, question: str, seen: str) -> StuckPoint:
    """Say one's own open question in other words.

    seen: the version (`version_of`) that stood on the page. Raises NotYours, NotOpen once it is resolved, and
    Changed when it reads differently by now.
    """
    point = _own(point_id, by)
    where, question = _kept(where), _kept(question)
    if (where, question) == (point.where, point.question):
        return point
    if version_of(point) != seen:
        raise Changed(point)
    point.where, point.question = where, question
    point.save(update_fields=["where", "question"])
    return point


@transaction.atomic
def withdraw(*, point_id: int, by: Member) -> None:
    """Take one's own open question back, with who shared it. Raises NotYours, and NotOpen once resolved."""
    _own(point_id, by).delete()


def _own(point_id: int, by: Member) -> StuckPoint:
    point = StuckPoint.objects.select_for_update().get(pk=point_id)
    if point.author_id != by.pk:
        raise NotYours("Somebody else asked this question. Nothing was changed.")
    if point.resolved_at:
        raise NotOpen("This question is resolved, so it stays as it is. Nothing was changed.")
    return point


@transaction.atomic
def set_me_too(*, point_id: int, member: Member, said: bool, now: datetime) -> None:
    """Say that one is stuck there too, or take that back. Saying the same twice changes nothing.

    Raises NotYours for one's own question, and NotOpen once it is resolved.
    """
    point = StuckPoint.objects.select_for_update(no_key=True).get(pk=point_id)
    if point.author_id == member.pk:
        raise NotYours("It is your own question, so you are counted already.")
    if point.resolved_at:
        raise NotOpen("This question is resolved by now. Nothing was changed.")
    if said:
        MeToo.objects.bulk_create([MeToo(point=point, member=member, said_at=now)], ignore_conflicts=True)
    else:
        MeToo.objects.filter(point=point, member=member).delete()


# --- Answering -----------------------------------------------------------------------------------------
@transaction.atomic
def resolve(*, point_id: int, answer: str, by: User, seen: str, now: datetime) -> StuckPoint:
    """Close a question, with an answer or without; of a resolved one, mend the answer.

    seen: the version (`version_of`) that stood on the page. Raises Changed when the question or its answer
    reads differently by now; the same answer twice is one.
    """
    point = StuckPoint.objects.select_for_update().get(pk=point_id)
    answer = _kept(answer)
    if point.resolved_at and point.answer == answer:
        return point
    if version_of(point) != seen:
        raise Changed(point)
    point.answer, point.resolved_at, point.resolved_by = answer, point.resolved_at or now, by
    point.save(update_fields=["answer", "resolved_at", "resolved_by"])
    return point


@transaction.atomic
def reopen(*, point_id: int) -> StuckPoint:
    """Make a resolved question an open one; its answer waits in the form. Raises NotOpen when it is open."""
    point = StuckPoint.objects.select_for_update().get(pk=point_id)
    if not point.resolved_at:
        raise NotOpen("This question is open already. Nothing was changed.")
    point.resolved_at, point.resolved_by = None, None
    point.save(update_fields=["resolved_at", "resolved_by"])
    return point


# --- Reading -------------------------------------------------------------------------------------------
def _shared_by() -> Coalesce:
    """How many say "me too"."""
    rows = MeToo.objects.filter(point=OuterRef("pk")).values("point").annotate(n=Count("pk"))
    return Coalesce(Subquery(rows.values("n"), output_field=IntegerField()), 0)


def _author_name() -> Coalesce:
    name = NullIf(F("author__user__name"), Value(""))
    return Coalesce(name, Value(FORGOTTEN), output_field=TextField())


def in_order(points: QuerySet[StuckPoint]) -> QuerySet[StuckPoint]:
    """Open ones first, then the most shared; adds `shared_by`, how many say "me too", and `author_name`."""
    settled = Case(When(resolved_at=None, then=0), default=1, output_field=IntegerField())
    return points.annotate(shared_by=_shared_by(), author_name=_author_name()).order_by(
        settled, "-shared_by", "asked_at", "pk"
    )


def with_points(readings: QuerySet[Reading], *, member: Member | None) -> QuerySet[Reading]:
    """Add `point_list` and `notes_audience`, at no further query.

    point_list: {"id", "where", "question", "answer", "is_resolved"}, and for a member {"author", "is_mine",
    "shared_by", "me_too"}; open ones first, then the most shared. Without a member only resolved ones.
    notes_audience: who reads the notes of the session, None when it has none.
    """
    points = in_order(StuckPoint.objects.filter(reading=OuterRef("pk")))
    one = {"id": "pk", "where": "where", "question": "question", "answer": "answer"}
    one["is_resolved"] = Case(When(resolved_at=None, then=Value(False)), default=Value(True))
    if member:
        one |= {"author": "author_name", "shared_by": "shared_by"}
        one["is_mine"] = Case(When(author=member, then=Value(True)), default=Value(False))
        one["me_too"] = Exists(MeToo.objects.filter(point=OuterRef("pk"), member=member))
    else:
        points = points.filter(resolved_at__isnull=False)
    notes = Notes.objects.filter(session=OuterRef("session")).exclude(text="")
    return readings.annotate(
        point_list=ArraySubquery(points.values_list(JSONObject(**one))[:MOST_SHOWN]),
        notes_audience=Subquery(notes.values("audience")[:1]),
    )


def resolved_of(readings: Iterable[Reading], *, member: bool, everything: bool) -> list[Reading]:
    """The readings, from `with_points`, with resolved questions that this reader may see, as `resolved`.

    Whoever may read the session's notes sees them; where it has none, its members do. No query.
    everything: for organisers, and for those who write the notes.
    """
    shown = []
    for reading in readings:
        reading.resolved = [point for point in reading.point_list if point["is_resolved"]]
        if reading.resolved and _may_read(reading.notes_audience, member=member, everything=everything):
            shown.append(reading)
    return shown


def _may_read(audience: str | None, *, member: bool, everything: bool) -> bool:
    if everything or audience == Notes.Audience.PUBLIC:
        return True
    return member and audience in (None, Notes.Audience.MEMBERS)


def of_session(session: Session) -> QuerySet[StuckPoint]:
    """Every question of a session, with its reading; open ones first, then the most shared."""
    points = StuckPoint.objects.filter(reading__session=session).select_related("reading")
    return in_order(points)
