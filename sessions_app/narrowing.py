"""The archive narrowed by year and by track, and how many sessions each choice would leave."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import CharField, Count, F, Func, IntegerField, QuerySet, Value
from django.db.models.functions import Cast

from sessions_app.models import Session, Track

MOST_TRACKS = 20  # offered to choose from, those with most sessions; the curriculum has them all


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
    """What there is to choose from, each list beginning with everything; empty where there is no choice."""

    years: list[Choice]
    tracks: list[Choice]

    @property
    def words(self) -> str:
        """What is chosen, to end a sentence with: " of 2019 in Probability"."""
        year = next((f" of {choice.label}" for choice in self.years[1:] if choice.chosen), "")
        return year + next((f" in {choice.label}" for choice in self.tracks[1:] if choice.chosen), "")


def _local_year() -> Func:
    """SQL for the year in which a session starts where it is held."""
    template = "EXTRACT(YEAR FROM timezone(%(expressions)s))::integer"
    return Func(F("time_zone"), F("starts_at"), template=template, output_field=IntegerField())


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
        sessions = sessions.annotate(local_year=_local_year()).filter(local_year=narrowing.year)
    if narrowing.track is not None:
        sessions = sessions.filter(tracks=narrowing.track)
    return sessions


def choices(sessions: QuerySet[Session], narrowing: Narrowing) -> Choices:
    """The years and tracks that would leave something, with how much. One query.

    Years are counted within the chosen track, tracks within the chosen year.
    """
    years = (
        narrowed(sessions, Narrowing(track=narrowing.track))
        .order_by()
        .values(year=_local_year())
        .annotate(n=Count("pk"))
        .values_list(Value("year"), "year", Value("", output_field=CharField()), Value(0), "n", named=False)
    )
    in_year = narrowed(sessions, Narrowing(year=narrowing.year)).order_by().values("pk")
    tracks = (
        Track.sessions.through.objects.filter(session__in=in_year)
        .values("track_id")
        .annotate(n=Count("pk"))
        .values_list(
            Value("track"),
            Cast("track_id", IntegerField()),
            Cast("track__name", CharField()),
            "track__position",
            "n",
        )
    )
    rows = list(years.union(tracks, all=True))
    return Choices(
        years=_years([row for row in rows if row[0] == "year"], narrowing),
        tracks=_tracks([row for row in rows if row[0] == "track"], narrowing),
    )


def _years(rows: list[tuple], narrowing: Narrowing) -> list[Choice]:
    rows.sort(key=lambda row: -row[1])
    found = [
        Choice(year, str(year), n, narrowing.but(year=year), year == narrowing.year)
        for _, year, _, _, n in rows
    ]
    return _with_everything(found, "All years", narrowing.but(year=None), narrowing.year)


def _tracks(rows: list[tuple], narrowing: Narrowing) -> list[Choice]:
    rows.sort(key=lambda row: (row[1] != narrowing.track, -row[4], row[3], row[1]))
    shown = sorted(rows[:MOST_TRACKS], key=lambda row: (row[3], row[1]))
    found = [
        Choice(key, name, n, narrowing.but(track=key), key == narrowing.track) for _, key, name, _, n in shown
    ]
    return _with_everything(found, "All tracks", narrowing.but(track=None), narrowing.track)


def _with_everything(found: list[Choice], label: str, query: str, value: int | None) -> list[Choice]:
    """The choices after one for everything. One choice alone is none, unless it has been made."""
    if len(found) < 2 and value is None:
        return []
    return [Choice(None, label, None, query, value is None), *found]
