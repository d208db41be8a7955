"""The archive narrowed by year and by track, and how many sessions each choice would leave."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from sessions_app.models import Session
from sessions_app.models.archive_tally import WITHOUT_TRACK
from sessions_app.models.session import local_year

MOST_YEARS = 10  # offered to choose from, about the chosen one; the newest and the oldest stand beside them
MOST_TRACKS = 12  # offered, those with most sessions; the curriculum has them all

# (track, year, name, position, sessions): each year within the track, each track within the year.
COUNTS = """
    SELECT NULL::bigint, year, '', 0, sum(change) FROM sessions_app_archivetally
    WHERE track = %(track)s AND state IN ('announced', 'held')
    GROUP BY year HAVING sum(change) > 0
    UNION ALL
    SELECT track.id, 0, track.name, track.position, counted.n FROM (
        SELECT track, sum(change) AS n FROM sessions_app_archivetally
        WHERE track <> 0 AND (%(year)s::int IS NULL OR year = %(year)s) AND state IN ('announced', 'held')
        GROUP BY track HAVING sum(change) > 0
    ) AS counted JOIN sessions_app_track AS track ON track.id = counted.track
"""


@dataclass(frozen=True)
class Choice:
    """One value to narrow by, or none: everything, not counted. `query` is the address's once chosen."""

    value: int | None
    label: str
    count: int | None
    query: str
    chosen: bool


@dataclass(frozen=True)
class Narrowing:
    """What a reader of the archive has chosen. None: everything."""

    year: int | None = None
    track: int | None = None

    @property
    def query(self) -> str:
        """The choices as they stand in the address bar, ready for more: "year=2019&track=3&"."""
        chosen = {"year": self.year, "track": self.track}
        return "".join(f"{name}={value}&" for name, value in chosen.items() if value is not None)

    def but(self, **other: int | None) -> str:
        """The address's query with another choice: "?year=2019", or nothing where nothing is chosen."""
        query = Narrowing(**{"year": self.year, "track": self.track, **other}).query
        return f"?{query.rstrip('&')}" if query else ""


@dataclass(frozen=True)
class Choices:
    """What there is to choose from, each list beginning with everything; empty where there is no choice.

    `count` is how many sessions the present choice leaves.
    """

    years: list[Choice]
    tracks: list[Choice]
    count: int

    @property
    def words(self) -> str:
        """What is chosen, to end a sentence with: " of 2019 in Probability"."""
        year = next((f" of {choice.label}" for choice in self.years[1:] if choice.chosen), "")
        return year + next((f" in {choice.label}" for choice in self.tracks[1:] if choice.chosen), "")


def _number(typed: str | None, most: int) -> int | None:
    """A whole number that the column can hold, or None for whatever else was typed."""
    if typed is None or not (typed.isascii() and typed.isdigit() and len(typed) <= len(str(most))):
        return None
    return int(typed) if 0 < int(typed) <= most else None


def chosen(typed: dict[str, str]) -> Narrowing:
    """What the address bar asks for. What is no year and no track's key chooses nothing."""
    return Narrowing(year=_number(typed.get("year"), 9999), track=_number(typed.get("track"), 2_147_483_647))


def narrowed(sessions: QuerySet[Session], narrowing: Narrowing) -> QuerySet[Session]:
    """The sessions of the chosen year and track."""
    if narrowing.year is not None:
        sessions = sessions.alias(local_year=local_year()).filter(local_year=narrowing.year)
    if narrowing.track is not None:
        sessions = sessions.filter(tracks=narrowing.track)
    return sessions


def choices(narrowing: Narrowing) -> Choices:
    """The years and tracks that would leave published sessions, with how many. One query of the tally.

    Years are counted within the chosen track, tracks within the chosen year.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {"track": narrowing.track or WITHOUT_TRACK, "year": narrowing.year})
        rows = cursor.fetchall()
    years = [(year, n) for track, year, _, _, n in rows if track is None]
    return Choices(
        years=_years(years, narrowing),
        tracks=_tracks([row for row in rows if row[0] is not None], narrowing),
        count=sum(n for year, n in years if narrowing.year in (None, year)),
    )


def _years(counts: list[tuple[int, int]], narrowing: Narrowing) -> list[Choice]:
    """The newest year first. Of many those about the chosen one, besides the newest and the oldest."""
    counts.sort(reverse=True)
    if len(counts) > MOST_YEARS:
        chosen = next((place for place, (year, _) in enumerate(counts) if year == narrowing.year), 0)
        begin = min(max(chosen - MOST_YEARS // 2, 0), len(counts) - MOST_YEARS)
        shown = counts[begin : begin + MOST_YEARS]
        counts = [*counts[: min(begin, 1)], *shown, *(counts[-1:] if shown[-1] != counts[-1] else [])]
    found = [
        Choice(year, str(year), n, narrowing.but(year=year), year == narrowing.year) for year, n in counts
    ]
    return _with_everything(found, "All years", narrowing.but(year=None), narrowing.year)


def _tracks(rows: list[tuple], narrowing: Narrowing) -> list[Choice]:
    rows.sort(key=lambda row: (row[0] != narrowing.track, -row[4], row[3], row[0]))
    shown = sorted(rows[:MOST_TRACKS], key=lambda row: (row[3], row[0]))
    found = [
        Choice(key, name, n, narrowing.but(track=key), key == narrowing.track) for key, _, name, _, n in shown
    ]
    return _with_everything(found, "All tracks", narrowing.but(track=None), narrowing.track)


def _with_everything(found: list[Choice], label: str, query: str, value: int | None) -> list[Choice]:
    """The choices after one for everything. One choice alone is none, unless it has been made."""
    if len(found) < 2 and value is None:
        return []
    return [Choice(None, label, None, query, value is None), *found]
