"""What a member has missed of what the next session builds on: notes and readings, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject

from members.models import Member
from sessions_app.models import Attendance, Notes, Progress, Reading, Rsvp, Session, nest

MOST_SESSIONS = 60  # the nearest ones; nobody catches up on more before the next session

# Each session once, so that a loop in the data ends; the limit stops the walk early.
BUILDS_ON = """
    WITH RECURSIVE needed (id) AS (
        SELECT to_session_id FROM sessions_app_session_prerequisites WHERE from_session_id = %s
        UNION
        SELECT step.to_session_id
        FROM sessions_app_session_prerequisites AS step JOIN needed ON step.from_session_id = needed.id
    )
    SELECT id FROM needed LIMIT %s
"""


@dataclass(frozen=True)
class CatchUp:
    """The sessions to catch up on, each after what it builds on. Minutes count what is still unread."""

    sessions: list[Session]

    def __bool__(self) -> bool:
        return bool(self.sessions)

    @property
    def minutes(self) -> int:
        """How long all of it takes, where that is known."""
        return sum(session.minutes_left for session in self.sessions)

    @property
    def some_unknown(self) -> bool:
        """Whether a reading among them does not say how long it takes."""
        return any(not reading["minutes"] for session in self.sessions for reading in session.unread)


def path_to(session: Session, *, member: Member, everything: bool, now: datetime) -> CatchUp:
    """What this member has missed of all that the session builds on, directly or not. One query.

    Missed is a past session where the member was not noted as there. Where nobody noted who came, it counts
    as attended when the member answered yes or has read all that was required. Each session carries `unread`
    ({"id", "minutes"}), `minutes_left` and `has_notes`, whether the reader may open its notes.
    everything: for organisers.
    """
    found = list(_needed(session, member=member, everything=everything))
    ordered = in_order(found, {one.pk: one.builds_on for one in found})
    missed = [one for one in ordered if _is_missed(one, now)]
    for one in missed:
        one.minutes_left = sum(reading["minutes"] or 0 for reading in one.unread)
    return CatchUp(missed)


def add_readings(found: CatchUp) -> None:
    """Give each session `tops`: what is still to read there, as a list of readings shows it. One query."""
    unread = [reading["id"] for session in found.sessions for reading in session.unread]
    by_session: dict[int, list[Reading]] = {session.pk: [] for session in found.sessions}
    for reading in Reading.objects.filter(pk__in=unread).with_links():
        reading.is_read = False
        by_session[reading.session_id].append(reading)
    for session in found.sessions:
        session.tops = [reading for reading in nest(by_session[session.pk]) if not reading.is_part]


def in_order(sessions: Iterable[Session], builds_on: Mapping[int, Iterable[int]]) -> list[Session]:
    """The sessions, each after those that it builds on, otherwise by date. Terminates whatever the data says.

    builds_on: keys by key. Sessions that build on one another in a loop have no order among themselves; what
    is not part of the loop stands before or after all of it as it should.
    """
    by_pk = {session.pk: session for session in sorted(sessions, key=lambda one: (one.starts_at, one.pk))}
    reach = {pk: _reach(pk, builds_on) for pk in by_pk}
    before = {pk: {other for other in by_pk if other in reach[pk] and pk not in reach[other]} for pk in by_pk}
    ordered: dict[int, Session] = {}
    while len(ordered) < len(by_pk):
        # There always is one: without the loops, "builds on" never comes back to where it began.
        pk = next(pk for pk in by_pk if pk not in ordered and before[pk] <= ordered.keys())
        ordered[pk] = by_pk[pk]
    return list(ordered.values())


def _reach(pk: int, builds_on: Mapping[int, Iterable[int]]) -> set[int]:
    """All that a session builds on, directly or not."""
    found: set[int] = set()
    waiting = list(builds_on.get(pk, ()))
    while waiting:
        other = waiting.pop()
        if other not in found:
            found.add(other)
            waiting += builds_on.get(other, ())
    return found


def _needed(session: Session, *, member: Member, everything: bool) -> QuerySet[Session]:
    """All that it builds on, drafts and cancelled ones too: the order runs through them."""
    required = Reading.objects.filter(session=OuterRef("pk"), importance=Reading.Importance.REQUIRED)
    read = Progress.objects.filter(reading=OuterRef("pk"), member=member)
    unread = required.filter(~Exists(read)).order_by("position", "pk")
    one = JSONObject(id="pk", minutes="minutes")
    notes = Notes.objects.visible_to(member=True, organiser=everything).exclude(text="")
    came = Attendance.objects.filter(session=OuterRef("pk"))
    said_yes = Rsvp.objects.filter(session=OuterRef("pk"), member=member, answer=Rsvp.Answer.YES)
    steps = Session.prerequisites.through.objects.filter(from_session=OuterRef("pk"))
    return (
        Session.objects.filter(pk__in=RawSQL(BUILDS_ON, (session.pk, MOST_SESSIONS)))  # noqa: S611 (no typed text)
        .exclude(pk=session.pk)
        .annotate(
            builds_on=ArraySubquery(steps.values_list("to_session")),
            unread=ArraySubquery(unread.values_list(one)),
            asks_to_read=Exists(required),
            was_noted=Exists(came),
            came=Exists(came.filter(member=member)),
            said_yes=Exists(said_yes),
            has_notes=Exists(notes.filter(session=OuterRef("pk"))),
        )
    )


def _is_missed(session: Session, now: datetime) -> bool:
    is_past = session.state == Session.State.HELD or (
        session.state == Session.State.ANNOUNCED and session.ends_at <= now
    )
    if not is_past or session.came:
        return False
    if session.was_noted:
        return True
    has_read_all = session.asks_to_read and not session.unread
    return not (session.said_yes or has_read_all)
