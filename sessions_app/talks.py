"""Talks as their pages show them, to whom, and what their presenters change of them. States: `proposals`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import BooleanField, Case, Count, Exists, OuterRef, Prefetch, Q, QuerySet, Value, When
from django.db.models.functions import JSONObject

from members.errors import Refused
from members.models import Group, Member
from sessions_app import materials, programme
from sessions_app.models import Appearance, Material, Presentation, PresentationStep, Session, Slot
from sessions_app.overview import presenter_name
from sessions_app.proposals import (
    IN_PREPARATION,
    ROAD,
    Details,
    lock,
    lock_group,
    require,
    require_coming,
)
from sessions_app.speakers import Directory, set_presenters

State = Presentation.State


class Changed(Refused):
    """The talk is no longer as it was when the form was opened."""


# --- Who sees what -------------------------------------------------------------------------------------
def is_theirs(member: Member | None) -> Q:
    """The condition on talks that this member has proposed or presents."""
    if member is None:
        return Q(pk__in=[])
    presents = Appearance.objects.filter(presentation=OuterRef("pk"), presenter__member=member)
    return Q(proposed_by=member) | Exists(presents)


def for_reader(*, member: Member | None, organiser: bool) -> QuerySet[Presentation]:
    """The talks that this reader may open: in a session that they may open, or their own (rule 7).

    Adds `is_mine`, `people` and `link_list` as in `programme`; pass each through `complete`.
    """
    open_slots = Slot.objects.filter(
        presentation=OuterRef("pk"), session__in=Session.objects.visible_to(organiser=False)
    )
    talks = Presentation.objects.annotate(
        is_mine=Case(When(is_theirs(member), then=True), default=Value(False), output_field=BooleanField()),
        people=programme.people(presentation=OuterRef("pk")),
        link_list=programme.links(member=member is not None or organiser, presentation=OuterRef("pk")),
    )
    return talks if organiser else talks.filter(Exists(open_slots) | Q(is_mine=True))


def complete(talk: Presentation | None) -> Presentation | None:
    """Word the links of a talk that came from `for_reader`."""
    for link in talk.link_list if talk else ():
        programme.label(link)
    return talk


def sessions_of(talk: Presentation, *, organiser: bool) -> list[Session]:
    """The sessions of a talk that this reader may open, in their order. One query."""
    found = Session.objects.visible_to(organiser=organiser).filter(presentations=talk)
    return list(found.order_by("starts_at", "pk"))


# --- Lists ---------------------------------------------------------------------------------------------
def own(member: Member) -> QuerySet[Presentation]:
    """What a member has proposed or presents, the newest first; sessions and steps cost two more queries."""
    return (
        for_reader(member=member, organiser=False)
        .filter(is_mine=True)
        .prefetch_related(Prefetch("steps", PresentationStep.objects.select_related("by")), "sessions")
        .order_by("-pk")
    )


def for_desk(state: str = "") -> QuerySet[Presentation]:
    """The organisers' list: of one state, or all that is not over, what waits for an answer first.

    Adds `names` of the presenters and `session_list` of {"id", "number"}. One query.
    """
    names = Appearance.objects.filter(presentation=OuterRef("pk")).order_by("position", "pk")
    slots = Slot.objects.filter(presentation=OuterRef("pk")).order_by("session__starts_at", "pk")
    states = [state] if state else ROAD[:-1]
    return (
        Presentation.objects.filter(state__in=states)
        .select_related("wished_session")
        .annotate(
            names=ArraySubquery(names.values_list(presenter_name())),
            session_list=ArraySubquery(
                slots.values_list(JSONObject(id="session_id", number="session__number"))
            ),
            rank=Case(*(When(state=each, then=Value(place)) for place, each in enumerate(State.values))),
        )
        .order_by("rank", "proposed_at" if state in ("", State.PROPOSED) else "-proposed_at", "-pk")
    )


def counts() -> dict[str, int]:
    """How many talks are in each state. One query."""
    return Presentation.objects.aggregate(
        **{state: Count("pk", filter=Q(state=state)) for state in State.values}
    )


# --- Slides --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Slides:
    """How it stands with the slides of a talk to come."""

    due: date
    are_there: bool
    are_late: bool


def slides(
    talk: Presentation, sessions: list[Session], group: Group | None, *, now: datetime
) -> Slides | None:
    """When the slides of a talk from `for_reader` are due, for its next session; None when nobody waits."""
    coming = [s for s in sessions if s.state == Session.State.ANNOUNCED and s.starts_at > now]
    if not coming or not group or not group.materials_days or talk.state != State.SCHEDULED:
        return None
    session = min(coming, key=lambda each: each.starts_at)
    due = materials.due_at(session, group)
    there = any(link["kind"] == Material.Kind.SLIDES for link in talk.link_list)
    return Slides(due.astimezone(session.zone).date(), there, not there and due <= now)


# --- Editing -------------------------------------------------------------------------------------------
def version(talk: Presentation, presenters: list[int]) -> str:
    """A fingerprint of what the form can change. presenters: their keys, in their order."""
    content = [talk.title, talk.abstract, talk.minutes, talk.wished_session_id, presenters]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


@transaction.atomic
def edit(*, talk_id: int, seen: str, details: Details, now: datetime, reader: Member | None) -> Presentation:
    """Change a talk that is proposed or accepted.

    seen: the version that the one saving has looked at. reader: for whom `Directory` finds the names. Raises
    IllegalStep later in its life, Changed when it is another by now, Refused for a wished session that is not
    coming, speakers.Unclear.
    """
    lock_group()
    talk = lock(talk_id)
    require(talk, *IN_PREPARATION)
    _require_same(talk, seen)
    require_coming(details.wished_session, now=now, besides=talk.wished_session_id)
    talk.title, talk.abstract, talk.minutes = details.title, details.abstract, details.minutes
    talk.wished_session_id = details.wished_session
    talk.save(update_fields=["title", "abstract", "minutes", "wished_session"])
    set_presenters(talk, details.names, Directory(reader))
    return talk


@transaction.atomic
def describe(*, talk_id: int, seen: str, abstract: str) -> Presentation:
    """Change the abstract alone, as presenters may unless the talk is declined or withdrawn.

    Raises IllegalStep then, Changed as `edit`.
    """
    lock_group()
    talk = lock(talk_id)
    require(talk, *ROAD)
    _require_same(talk, seen)
    talk.abstract = abstract
    talk.save(update_fields=["abstract"])
    return talk


def _require_same(talk: Presentation, seen: str) -> None:
    presenters = list(talk.appearances.order_by("position", "pk").values_list("presenter", flat=True))
    if version(talk, presenters) != seen:
        raise Changed(
            "Somebody else changed this talk while you were typing. Nothing was overwritten. "
            "Compare your text with what is saved now; saving again puts yours in its place."
        )
