"""The shelf: one spine a session, grouped by track, for the home page and the curriculum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sessions_app.models import Session


@dataclass(frozen=True)
class Spine:
    """One session on the shelf."""

    number: int
    url: str
    title: str
    coming: bool


@dataclass
class ShelfGroup:
    """Neighbouring sessions of one track (or of several tracks that are part of one subject)."""

    name: str
    alternate: bool
    spines: list[Spine] = field(default_factory=list)


def build(sessions: Iterable[Session], *, now: datetime) -> list[ShelfGroup]:
    """Group sessions for the drawing.

    sessions: in the order of their numbers, from `overview.with_tracks`. A session of several tracks stands
    with its first; one that comes stands by itself, outlined.
    """
    groups: list[ShelfGroup] = []
    for session in sessions:
        coming = session.state == Session.State.ANNOUNCED and session.ends_at > now
        first = session.track_list[0] if session.track_list else {"name": "", "part_of": ""}
        name = "To come" if coming else first["part_of"] or first["name"]
        if not groups or groups[-1].name != name:
            groups.append(ShelfGroup(name=name, alternate=bool(len(groups) % 2)))
        groups[-1].spines.append(
            Spine(number=session.number, url=session.get_absolute_url(), title=session.title, coming=coming)
        )
    return groups
