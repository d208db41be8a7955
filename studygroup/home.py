"""What the home page says, gathered in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Subquery, Sum

from sessions_app import overview, shelf
from sessions_app.models import ArchiveTally, Path, Reading, Session, Track
from sessions_app.models.archive_tally import WITHOUT_TRACK
from sessions_app.models.session import PUBLISHED
from sessions_app.preparation import Prep, prep_of

SPINES = 20  # sessions on the home page's shelf; the archive has the rest
LATELY = 4


@dataclass(frozen=True)
class TrackLine:
    """One subject under the shelf: its tracks' sessions, name and sources."""

    name: str
    numbers: list[int]
    tracks: list[Track]

    @property
    def sources(self) -> list[dict]:
        """What the tracks follow, together."""
        return [source for track in self.tracks for source in track.source_list]


@dataclass(frozen=True)
class Home:
    """The parts of the home page that come from sessions and curriculum."""

    paths: list[Path]
    coming: Session | None
    prep: Prep
    shelf: list[shelf.ShelfGroup]
    tracks: list[TrackLine]
    lately: list[Session]
    held_count: int
    first: Session | None


def gather(*, now: datetime) -> Home:
    """Read the home page's content: five queries, whatever the amount of data."""
    newest = overview.with_tracks(overview.with_talks(Session.objects.published())).order_by("-number")
    newest = newest.only(*overview.ROW, "hours_known")
    sessions = sorted(newest[:SPINES], key=lambda session: session.number)
    for session in sessions:
        session.presenter_names = overview.names_of(session)
    coming = sorted(
        (s for s in sessions if s.state == Session.State.ANNOUNCED and s.ends_at > now),
        key=lambda s: s.starts_at,
    )
    past = [session for session in sessions if session not in coming]
    tracks = track_lines(sessions)
    leaders = {
        number: leader_names(track) for line in tracks for track in line.tracks for number in track.numbers
    }
    for session in past:
        # Where nobody gave a talk of their own, the track's leaders held the session.
        session.presenter_names = session.presenter_names or leaders.get(session.number, [])
    readings = Reading.objects.filter(session=coming[0]).in_order() if coming else []
    count, first = _history(now)
    return Home(
        paths=list(Path.objects.all()),
        coming=coming[0] if coming else None,
        prep=prep_of(readings),
        shelf=shelf.build(sessions, now=now),
        tracks=tracks,
        lately=past[::-1][:LATELY],
        held_count=count,
        first=first,
    )


def _history(now: datetime) -> tuple[int, Session | None]:
    """How many sessions there were, and the first of them, in one query."""
    published = ArchiveTally.objects.filter(track=WITHOUT_TRACK, state__in=PUBLISHED).values("track")
    ahead = Session.objects.upcoming(now=now).order_by().values("state").annotate(n=Count("pk")).values("n")
    first = (
        Session.objects.past(now=now)
        .order_by("starts_at", "pk")
        .only("starts_at", "time_zone")
        .annotate(published=Subquery(published.annotate(n=Sum("change")).values("n")), ahead=Subquery(ahead))
        .first()
    )
    return (first.published - (first.ahead or 0), first) if first else (0, None)


def leader_names(track: Track) -> list[str]:
    """The names of those who lead the track."""
    return [leader["name"] for leader in track.leader_list]


def track_lines(sessions: Iterable[Session]) -> list[TrackLine]:
    """The subjects that cover any of these sessions, in the curriculum's order. One query at most.

    sessions: from `overview.with_tracks`. Each track gets `numbers`, those of these sessions that it covers.
    """
    numbers = defaultdict(list)
    for session in sessions:
        for track in session.track_list:
            numbers[track["id"]].append(session.number)
    lines: dict[str, TrackLine] = {}
    for track in overview.with_sources(Track.objects.filter(pk__in=numbers)):
        track.numbers = numbers[track.pk]
        name = track.part_of or track.name
        line = lines.setdefault(name, TrackLine(name=name, numbers=[], tracks=[]))
        line.numbers.extend(track.numbers)
        line.tracks.append(track)
    return list(lines.values())
