"""Sessions and tracks with what a list says about them, each list in one query.

A list that names presenters would otherwise cost four queries (slots, presentations, appearances, people);
the database gathers them into one JSON value a row instead, so the number of queries never grows.
"""

from __future__ import annotations

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Sum, TextField, Value, When
from django.db.models.functions import Coalesce, JSONObject, NullIf

from sessions_app.models import Appearance, ArchiveTally, Session, Slot, Source, Track
from sessions_app.models.presentation import FORGOTTEN, NAMELESS
from sessions_app.models.session import PUBLISHED

# The columns that a row of a list shows; texts of many pages stay where they are.
ROW = ("number", "title", "state", "starts_at", "ends_at", "time_zone")


def presenter_name(path: str = "presenter") -> Coalesce:
    """SQL for `Presenter.name`: the account's, else the guest's, else what stands for no name."""
    return Coalesce(
        NullIf(F(f"{path}__member__user__name"), Value("")),
        NullIf(F(f"{path}__guest_name"), Value("")),
        Case(When(**{f"{path}__member__isnull": False}, then=Value(NAMELESS)), default=Value(FORGOTTEN)),
        output_field=TextField(),
    )


def with_talks(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """Add `talks`: a list of {"title", "names"} in the session's order, names in the talk's order."""
    names = (
        Appearance.objects.filter(presentation=OuterRef("presentation"))
        .order_by("position", "pk")
        .values_list(presenter_name())
    )
    slots = Slot.objects.filter(session=OuterRef("pk")).order_by("position", "pk")
    talk = JSONObject(title="presentation__title", names=ArraySubquery(names))
    return sessions.annotate(talks=ArraySubquery(slots.values_list(talk)))


def with_tracks(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """Add `track_list`: a list of {"id", "name", "part_of"} in the curriculum's order."""
    tracks = Track.objects.filter(sessions=OuterRef("pk")).order_by("position", "pk")
    return sessions.annotate(
        track_list=ArraySubquery(tracks.values_list(JSONObject(id="pk", name="name", part_of="part_of")))
    )


def with_sources(tracks: QuerySet[Track]) -> QuerySet[Track]:
    """Add `source_list` of {"title", "url", "authors"} and `leader_list` of {"name", "url"}."""
    sources = Source.objects.filter(track=OuterRef("pk")).order_by("position", "pk")
    leaders = Track.leaders.through.objects.filter(track=OuterRef("pk")).order_by("pk")
    return tracks.annotate(
        source_list=ArraySubquery(
            sources.values_list(JSONObject(title="title", url="url", authors="authors"))
        ),
        leader_list=ArraySubquery(
            leaders.values_list(JSONObject(name=presenter_name(), url="presenter__url"))
        ),
    )


def with_sessions(tracks: QuerySet[Track], most: int) -> QuerySet[Track]:
    """Add `newest`, the numbers of the `most` newest published sessions, and `session_count` of all."""
    newest = Session.objects.published().filter(tracks=OuterRef("pk")).order_by("-number")[:most]
    counted = ArchiveTally.objects.filter(track=OuterRef("pk"), state__in=PUBLISHED).values("track")
    return tracks.annotate(
        newest=ArraySubquery(newest.values_list("number")),
        session_count=Coalesce(Subquery(counted.annotate(n=Sum("change")).values("n")), 0),
    )


def names_of(session: Session) -> list[str]:
    """The presenters of a session that came from `with_talks`, each once, in the order of the talks."""
    return list(dict.fromkeys(name for talk in session.talks for name in talk["names"]))
