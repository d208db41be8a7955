"""A session with its parts as the database has them: what the organisers' form shows and is compared with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from sessions_app.models import Appearance, Presentation, Reading, Session, Slot, Track, nest
from sessions_app.overview import presenter_name
from sessions_app.prerequisites import earlier_sessions

SESSION_FIELDS = (
    "number", "title", "starts_at", "ends_at", "time_zone", "hours_known", "place", "address", "access_notes",
    "online_url", "chairs", "directions", "host", "host_url", "summary", "agenda", "warm_up", "up_next",
    "notes_url",
)  # fmt: skip
READING_FIELDS = ("kind", "title", "url", "part", "note", "minutes", "importance")
TALK_FIELDS = ("title", "url", "abstract")


@dataclass(frozen=True)
class StoredPresenter:
    """Somebody who gives a talk, as the form needs them: as `Presenter`, without the account."""

    pk: int
    name: str
    member_id: int | None


@dataclass
class StoredTalk:
    """One talk of the session as it stands, and the numbers of the other sessions it is in."""

    presentation: Presentation
    presenters: list[StoredPresenter] = field(default_factory=list)
    elsewhere: list[int] = field(default_factory=list)


@dataclass
class Stored:
    """A session with its parts, as the database has them: what the form shows and is compared with.

    built_on: {"id", "number", "title"} of the sessions that it builds on. every_track: those to choose from.
    """

    session: Session
    tracks: list[int]
    built_on: list[dict]
    every_track: list[tuple[int, str]]
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
            sorted(earlier["id"] for earlier in self.built_on),
            [
                [r.pk, r.parent_id, r.position, r.file_id, r.link_list]
                + [getattr(r, n) for n in READING_FIELDS]
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


def find(session_id: int) -> Stored | None:
    """Read a session with its parts, None when there is none. Three queries."""
    tracks = Track.objects.order_by("position", "pk")
    session = (
        Session.objects.filter(pk=session_id)
        .annotate(
            track_keys=ArraySubquery(tracks.filter(sessions=OuterRef("pk")).values_list("pk")),
            every_track=ArraySubquery(tracks.values_list(JSONObject(id="pk", name="name"))),
            built_on=earlier_sessions(),
        )
        .first()
    )
    if session is None:
        return None
    return Stored(
        session=session,
        tracks=session.track_keys,
        built_on=session.built_on,
        every_track=[(track["id"], track["name"]) for track in session.every_track],
        readings=nest(session.readings.with_links()),
        talks=_stored_talks(session),
    )


def stored(session: Session) -> Stored:
    """A session that is there, read anew with its parts. Three queries."""
    return find(session.pk)


def _stored_talks(session: Session) -> list[StoredTalk]:
    others = Slot.objects.filter(presentation=OuterRef("presentation")).exclude(session=session)
    people = Appearance.objects.filter(presentation=OuterRef("presentation")).order_by("position", "pk")
    person = JSONObject(pk="presenter_id", name=presenter_name(), member_id="presenter__member_id")
    slots = (
        Slot.objects.filter(session=session)
        .select_related("presentation")
        .annotate(
            elsewhere=ArraySubquery(others.order_by("session__number").values_list("session__number")),
            people=ArraySubquery(people.values_list(person)),
        )
    )
    return [
        StoredTalk(
            slot.presentation,
            presenters=[StoredPresenter(**person) for person in slot.people],
            elsewhere=slot.elsewhere,
        )
        for slot in slots.order_by("position", "pk")
    ]
