"""Save a session with all its parts: what to read, the talks, the tracks. States change in `schedule`."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from django.db import IntegrityError, transaction

from members.errors import Refused
from members.models import Group
from sessions_app import changes, prerequisites, proposals, reading_lines, room
from sessions_app.models import Presentation, Session, Slot
from sessions_app.notes import choose_scribe
from sessions_app.reading_lines import ReadingLine
from sessions_app.speakers import Directory, set_presenters
from sessions_app.stored import SESSION_FIELDS, TALK_FIELDS, stored


class NumberTaken(Refused):
    """Another session has this number (rule 5)."""

    def __init__(self, number: int):
        super().__init__(f"Choose another number; there is a session {number} already.")


class Changed(Refused):
    """The session is no longer as it was when the form was opened."""


class NoSuchTime(Refused):
    """The clock skips this time on that day."""


# --- What is wanted ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class TalkLine:
    """One talk, with its presenters' names."""

    values: dict
    names: list[str]
    pk: int | None = None


@dataclass(frozen=True)
class Plan:
    """What a session is to be. Lines stand in their order; None leaves that list as it is.

    built_on: the numbers of the sessions that it builds on.
    """

    values: dict
    tracks: list[int] = field(default_factory=list)
    built_on: list[int] | None = None
    readings: list[ReadingLine] | None = None
    removed_readings: frozenset[int] = frozenset()
    talks: list[TalkLine] | None = None
    removed_talks: frozenset[int] = frozenset()


def moment(day: date, clock: time, zone: str) -> datetime:
    """The instant at which a clock in the zone shows this; the first where it shows it twice.

    Raises NoSuchTime where the clock skips it.
    """
    local = datetime.combine(day, clock)
    aware = local.replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=0)
    there = aware.astimezone(UTC).astimezone(aware.tzinfo)
    if there.replace(tzinfo=None) != local:
        raise NoSuchTime(
            f"Choose another time; the clocks go forward that day, and {clock:%H:%M} does not come."
        )
    return aware.astimezone(UTC)


# --- Saving --------------------------------------------------------------------------------------------
@transaction.atomic
def save_session(*, session_id: int | None, seen: str, plan: Plan, now: datetime) -> Session:
    """Make a draft, or change a session and its parts; all of it or nothing. The state stays as it is.

    seen: the version that the one saving has looked at; "" for a new session.
    Another date or place of an announced session is told to those concerned. What members have read stays
    with a reading that is kept. Raises Changed when the session is another by now, NumberTaken,
    prerequisites.CannotBuildOn, changes.MovedIntoThePast, notes.NotAMember for the scribe, and
    speakers.Unclear for a name that could mean several people.
    The session returned carries `new_guests`, the names that were new, and `told`, how many mails went out.
    """
    # One save at a time: two at once could take the same number, or make the same guest twice.
    group = Group.objects.select_for_update().first()
    before = None
    if session_id is None:
        session = Session()
    else:
        session = Session.objects.select_for_update().filter(pk=session_id).first()
        if session is None:
            raise Changed("Somebody else deleted this session. Nothing was saved.")
        if stored(session).version != seen:
            raise Changed(
                "Somebody else changed this session while you were typing. Nothing was overwritten. "
                "Compare your text with what is saved now; saving again puts yours in its place."
            )
        before = changes.arrangement(session)
    _save_row(session, plan.values)
    if "scribe" in plan.values:
        choose_scribe(session_id=session.pk, member_id=plan.values["scribe"], now=now)
    session.tracks.set(plan.tracks)
    if plan.built_on is not None:
        prerequisites.save(session, plan.built_on)
    if plan.readings is not None:
        reading_lines.save(session, plan.readings, plan.removed_readings)
    session.new_guests = []
    if plan.talks is not None:
        session.new_guests = _save_talks(session, plan.talks, plan.removed_talks, now=now)
    session.told = changes.tell(session, before, group, now=now) if before else 0
    room.move_up(session, now=now)  # a larger room has chairs for those in line
    return session


def _save_row(session: Session, values: dict) -> None:
    for name in SESSION_FIELDS:
        setattr(session, name, values[name])
    try:
        with transaction.atomic():
            session.save()
    except IntegrityError as error:
        if "sessions_app_one_session_per_number" not in str(error):
            raise
        raise NumberTaken(session.number) from error


def _save_talks(
    session: Session, lines: list[TalkLine], removed: frozenset[int], *, now: datetime
) -> list[str]:
    """Save the talks; returns the names of presenters whom nobody had heard of before."""
    # In the order of their keys, as `proposals.follow` takes them: the form's order would be another, and two
    # transactions that hold one talk each would wait for each other.
    list(Presentation.objects.select_for_update().filter(slots__session=session).order_by("pk").values("pk"))
    slots = {slot.presentation_id: slot for slot in session.slots.select_related("presentation")}
    for pk in removed & slots.keys():
        talk = slots[pk].presentation
        slots[pk].delete()
        if proposals.take_out(talk, session=session, now=now):
            talk.delete()
    directory = Directory()
    made = []
    for position, line in enumerate(lines, start=1):
        slot = slots.get(line.pk) or Slot(session=session, presentation=Presentation())
        talk, is_new = slot.presentation, slot.presentation.pk is None
        for name in TALK_FIELDS:
            setattr(talk, name, line.values[name])
        talk.save(update_fields=None if is_new else TALK_FIELDS)
        slot.presentation, slot.position = talk, position
        slot.save()
        made += [talk.pk] if is_new else []
        set_presenters(talk, line.names, directory)
    proposals.follow(made, now=now, is_new=True)
    return directory.new_guests
