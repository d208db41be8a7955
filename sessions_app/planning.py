"""Save a session with all its parts: what to read, the talks, the tracks. States change in `schedule`."""

from __future__ import annotations

import hashlib
import json
import zoneinfo
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cached_property

from django.contrib.postgres.expressions import ArraySubquery
from django.db import IntegrityError, transaction
from django.db.models import OuterRef

from members.errors import Refused
from members.models import Group
from sessions_app.models import Appearance, Presentation, Presenter, Reading, Session, Slot, nest
from sessions_app.notes import choose_scribe
from sessions_app.speakers import Directory

SESSION_FIELDS = (
    "number", "title", "starts_at", "ends_at", "time_zone", "hours_known", "place", "chairs", "directions",
    "host", "host_url", "summary", "agenda", "up_next", "notes_url",
)  # fmt: skip
READING_FIELDS = ("kind", "title", "url", "part", "note", "minutes", "importance")
TALK_FIELDS = ("title", "url", "abstract")


class NumberTaken(Refused):
    """Another session has this number (rule 5)."""

    def __init__(self, number: int):
        super().__init__(f"Choose another number; there is a session {number} already.")


class Changed(Refused):
    """The session is no longer as it was when the form was opened."""


class NoSuchTime(Refused):
    """The clock skips this time on that day."""


# --- What is stored ------------------------------------------------------------------------------------
@dataclass
class StoredTalk:
    """One talk of the session as it stands, and the numbers of the other sessions it is in."""

    presentation: Presentation
    presenters: list[Presenter] = field(default_factory=list)
    elsewhere: list[int] = field(default_factory=list)


@dataclass
class Stored:
    """A session with its parts, as the database has them: what the form shows and is compared with."""

    session: Session
    tracks: list[int]
    readings: list[Reading]
    talks: list[StoredTalk]

    @cached_property
    def version(self) -> str:
        """A fingerprint of everything that the form can change, and of the state."""
        session = self.session
        content = [
            session.state,
            [getattr(session, name) for name in SESSION_FIELDS],
            session.scribe_id,
            sorted(self.tracks),
            [
                [r.pk, r.parent_id, r.position, *(getattr(r, n) for n in READING_FIELDS)]
                for r in self.readings
            ],
            [
                [
                    t.presentation.pk,
                    *(getattr(t.presentation, n) for n in TALK_FIELDS),
                    [p.pk for p in t.presenters],
                ]
                for t in self.talks
            ],
        ]
        return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:32]


def stored(session: Session) -> Stored:
    """Read a session's parts. Four queries."""
    others = Slot.objects.filter(presentation=OuterRef("presentation")).exclude(session=session)
    slots = (
        Slot.objects.filter(session=session)
        .select_related("presentation")
        .annotate(elsewhere=ArraySubquery(others.order_by("session__number").values_list("session__number")))
    )
    talks = {
        slot.presentation_id: StoredTalk(slot.presentation, elsewhere=slot.elsewhere)
        for slot in slots.order_by("position", "pk")
    }
    for appearance in Appearance.objects.filter(presentation__in=list(talks)).select_related(
        "presenter__member__user"
    ):
        talks[appearance.presentation_id].presenters.append(appearance.presenter)
    return Stored(
        session=session,
        tracks=list(session.tracks.values_list("pk", flat=True)),
        readings=nest(session.readings.all()),
        talks=list(talks.values()),
    )


# --- What is wanted ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class ReadingLine:
    """One item to prepare. pk: the stored one, None for a new one. is_part: of the item above it."""

    values: dict
    pk: int | None = None
    is_part: bool = False


@dataclass(frozen=True)
class TalkLine:
    """One talk, with its presenters' names."""

    values: dict
    names: list[str]
    pk: int | None = None


@dataclass(frozen=True)
class Plan:
    """What a session is to be. Lines stand in their order; None leaves that list as it is."""

    values: dict
    tracks: list[int] = field(default_factory=list)
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
def save_session(*, session_id: int | None, seen: str, plan: Plan) -> Session:
    """Make a draft, or change a session and its parts; all of it or nothing. The state stays as it is.

    seen: the version that the one saving has looked at; "" for a new session.
    Raises Changed when the session is another by now, NumberTaken, notes.NotAMember for the scribe, and
    speakers.Unclear for a name that could mean several people. What members have read stays with a reading
    that is kept.
    The session returned carries `new_guests`: the names that were new.
    """
    # One save at a time: two at once could take the same number, or make the same guest twice.
    Group.objects.select_for_update().first()
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
    _save_row(session, plan.values)
    if "scribe" in plan.values:
        choose_scribe(session_id=session.pk, member_id=plan.values["scribe"])
    session.tracks.set(plan.tracks)
    if plan.readings is not None:
        _save_readings(session, plan.readings, plan.removed_readings)
    session.new_guests = []
    if plan.talks is not None:
        session.new_guests = _save_talks(session, plan.talks, plan.removed_talks)
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


def _save_readings(session: Session, lines: list[ReadingLine], removed: frozenset[int]) -> None:
    gone = Reading.objects.filter(session=session, pk__in=removed)
    # Parts of an item that goes stay, on their own: only what is ticked is removed.
    Reading.objects.filter(parent__in=gone).update(parent=None)
    gone.delete()
    kept = {reading.pk: reading for reading in session.readings.all()}
    top = None
    for position, line in enumerate(lines, start=1):
        reading = kept.get(line.pk) or Reading(session=session)
        for name in READING_FIELDS:
            setattr(reading, name, line.values[name])
        reading.position = position
        reading.parent = top if line.is_part else None
        reading.save()
        if not line.is_part:
            top = reading


def _save_talks(session: Session, lines: list[TalkLine], removed: frozenset[int]) -> list[str]:
    """Save the talks; returns the names of presenters whom nobody had heard of before."""
    slots = {slot.presentation_id: slot for slot in session.slots.select_related("presentation")}
    for pk in removed & slots.keys():
        slots[pk].delete()
        if not Slot.objects.filter(presentation=pk).exists():
            slots[pk].presentation.delete()
    directory = Directory()
    for position, line in enumerate(lines, start=1):
        slot = slots.get(line.pk) or Slot(session=session, presentation=Presentation())
        talk = slot.presentation
        for name in TALK_FIELDS:
            setattr(talk, name, line.values[name])
        talk.save()
        slot.presentation, slot.position = talk, position
        slot.save()
        _save_presenters(talk, line.names, directory)
    return directory.new_guests


def _save_presenters(talk: Presentation, names: list[str], directory: Directory) -> None:
    present = list(talk.appearances.select_related("presenter__member__user"))
    among = [appearance.presenter for appearance in present]
    wanted = list(dict.fromkeys(directory.presenter(name, among) for name in names))
    if wanted == [appearance.presenter_id for appearance in present]:
        return
    talk.appearances.all().delete()
    Appearance.objects.bulk_create(
        Appearance(presentation=talk, presenter_id=pk, position=position)
        for position, pk in enumerate(wanted, start=1)
    )
