"""From a group file to rows, in one transaction: all of it, or nothing.

The rule, as `docs/group-file.md` tells it: the file's own lists (tracks, sessions …) add and change, and
never remove. A list inside an entry (a session's readings, a track's sources) becomes what the file
says. A field that the file leaves out stays as it is. What people entered is never touched.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path as FilePath
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, models, transaction

from members import scoring, seats
from members.models import Acknowledgement, Criterion, Group, ReplyTemplate, SeatChange, Strength
from sessions_app import proposals
from sessions_app.models import (
    Appearance,
    Material,
    Path,
    Presentation,
    Presenter,
    Reading,
    Resource,
    Session,
    Slot,
    Source,
    Track,
)
from studygroup.group_file import crossing, reading
from studygroup.group_file.checking import Checker, Values
from studygroup.group_file.problems import GroupFileError
from studygroup.group_file.writing import Report, Writer, pair

LOCK = 7_305_117_225  # any number, as long as every load takes the same


def load(path: FilePath, *, now: datetime) -> Report:
    """Create or update the group from the file; returns what was done.

    Raises GroupFileError with every problem of the file, having changed nothing; OSError when it cannot
    be read.
    """
    with path.open("rb") as stream:
        data = stream.read(reading.LARGEST + 1)
    return load_bytes(data, now=now)


@transaction.atomic
def load_bytes(data: bytes, *, now: datetime) -> Report:
    """As `load`, from the file's content."""
    root = reading.compose(data)
    with connection.cursor() as cursor:  # two loads at once would each create what the other creates
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    group = Group.objects.select_for_update().first()
    checker = Checker()
    file = checker.read(root)
    crossing.check(checker, file, _standing(group), now=now)
    if checker.problems:
        raise GroupFileError(checker.problems)
    loader = _Loader(now)
    loader.everything(group, file)
    return loader.report


def _standing(group: Group | None) -> crossing.Standing:
    return crossing.Standing(
        name=group.name if group else "",
        numbers=frozenset(Session.objects.values_list("number", flat=True)),
        paths=frozenset(Path.objects.values_list("name", flat=True)),
    )


def _only(entry: Values, *without: str) -> dict[str, Any]:
    """The entry's fields that are the row's own: no lists, and not these."""
    return {
        name: value for name, value in entry.items() if name not in without and not isinstance(value, list)
    }


def _importance(entry: Values) -> dict[str, Any]:
    """How much a reading is asked for, as far as the file decides it."""
    if "optional" not in entry and "stretch" not in entry:
        return {}
    Importance = Reading.Importance
    otherwise = Importance.OPTIONAL if entry.get("optional") else Importance.REQUIRED
    return {"importance": Importance.STRETCH if entry.get("stretch") else otherwise}


class _Loader(Writer):
    """Writes a checked file."""

    def __init__(self, now: datetime):
        super().__init__()
        self.now = now

    def everything(self, group: Group | None, file: Values) -> None:
        """Write all parts, those first that others refer to."""
        seats_before = group.capacity if group else None
        self.group = self.save(group, Group, file["group"])
        if seats_before not in (None, self.group.capacity):
            seats.write(
                SeatChange.Kind.CAPACITY,
                group=self.group,
                now=self.now,
                note=f"From {seats_before} to {self.group.capacity}: group file",
            )
        strengths = [{"name": name} for name in file.get("strengths", [])]
        self.listed(Strength, strengths, "name")
        weights = dict(Criterion.objects.values_list("pk", "weight"))
        criteria = self.listed(Criterion, file.get("criteria", []), "name")
        if any(weights.get(criterion.pk, criterion.weight) != criterion.weight for criterion in criteria):
            scoring.rescore_all()
        self.listed(ReplyTemplate, file.get("templates", []), "name")
        self.listed(Acknowledgement, file.get("acknowledgements", []), "name")
        self.listed(Resource, file.get("resources", []), "url")
        self.paths = {path.name: path for path in Path.objects.all()}
        self.paths |= {path.name: path for path in self.listed(Path, file.get("paths", []), "name")}
        for entry in file.get("sessions", []):
            self.session(entry)
        self.sessions = {session.number: session for session in Session.objects.all()}
        self.presenters = {
            presenter.name: presenter
            # Members first, so that a guest of the same name, who is in the archive, takes the place.
            for presenter in Presenter.objects.with_people().order_by("member_id", "-pk")
            if presenter.member_id or presenter.guest_name
        }
        for position, entry in enumerate(file.get("tracks", [])):
            self.track(entry, position)
        self.presentations(file.get("presentations", []))

    def listed(self, model: type[models.Model], entries: list, key: str) -> list[models.Model]:
        """Write the entries of one of the file's own lists; returns their rows."""
        standing = {getattr(row, key): row for row in model.objects.order_by("-pk")}
        return [
            self.save(standing.get(entry[key]), model, entry, position=position)
            for position, entry in enumerate(entries)
        ]

    def inside(
        self, rows: models.Manager, model: type[models.Model], entries: list, keys: list, **owner
    ) -> None:
        """Make an entry's own list of simple rows what the file says."""
        found, left = pair(rows.all(), entries, keys)
        for position, (row, entry) in enumerate(zip(found, entries, strict=True)):
            self.save(row, model, _plain(entry), position=position, **owner)
        self.remove(left)

    # --- Sessions ----------------------------------------------------------------------------------

    def session(self, entry: Values) -> None:
        """Write one session. The state and, for `in_days`, the day are set once and then the organisers'."""
        found = Session.objects.filter(number=entry["number"]).first()
        values = _only(entry, "state", "date", "in_days", "start", "end")
        values |= self.hours(entry, found)
        if found is None:
            values["state"] = entry.get("state", Session.State.HELD)
            values.setdefault("time_zone", self.group.time_zone)
            if values["state"] == Session.State.ANNOUNCED:
                values["announced_at"] = self.now
        session = self.save(found, Session, values)
        if "readings" in entry:
            self.readings(session, entry["readings"])
        if "materials" in entry:
            self.inside(session.materials, Material, entry["materials"], [("url",)], session=session)

    def hours(self, entry: Values, found: Session | None) -> dict[str, Any]:
        """When the session is, as far as the file decides it."""
        zone = ZoneInfo(entry.get("time_zone") or (found or self.group).time_zone)
        known = "start" in entry
        if found and "date" not in entry:
            day = found.local_start.date()  # `in_days` counted once, on the day of the first load
        elif "date" in entry:
            day = entry["date"]
        else:
            day = self.now.astimezone(zone).date() + timedelta(days=entry["in_days"])
        if found and not known and found.local_start.date() == day and found.zone == zone:
            return {}  # the file names the day alone: hours that organisers found out stay
        start = entry.get("start", self.group.usual_start)
        end = entry.get("end", self.group.usual_end)
        starts_at, ends_at = _span(day, start, end, zone)
        return {"starts_at": starts_at, "ends_at": ends_at, "hours_known": known}

    def readings(self, session: Session, entries: list) -> None:
        """Make the prescribed readings what the file says.

        A reading is the same while its address or its title is, so what members ticked off stays ticked
        when others are put before it.
        """
        flat: list[tuple[int | None, Values]] = []  # each entry with its parent's place in this list
        for entry in entries:
            parent = len(flat)
            flat.append((None, entry))
            flat += [(parent, child) for child in entry.get("sub", [])]
        found, left = pair(
            session.readings.all(), [entry for _, entry in flat], [("url", "title"), ("url",), ("title",)]
        )
        rows: list[Reading] = []
        for position, ((parent, entry), row) in enumerate(zip(flat, found, strict=True)):
            values = _only(entry, "optional", "stretch") | _importance(entry)
            above = rows[parent].pk if parent is not None else None
            rows.append(self.save(row, Reading, values, session=session, parent_id=above, position=position))
        # Children first: a parent whose child is kept is in use by it.
        self.remove(sorted(left, key=lambda row: row.parent_id is None))

    # --- Curriculum and talks ----------------------------------------------------------------------

    def track(self, entry: Values, position: int) -> None:
        """Write one track."""
        values = _only(entry, "path")
        if "path" in entry:
            values["path_id"] = self.paths[entry["path"]].pk
        track = self.save(Track.objects.filter(name=entry["name"]).first(), Track, values, position=position)
        if "leaders" in entry:
            self.relate(track, "leaders", [self.presenter(person) for person in entry["leaders"]])
        if "sessions" in entry:
            self.relate(track, "sessions", [self.sessions[number] for number in entry["sessions"]])
        if "sources" in entry:
            self.inside(track.sources, Source, entry["sources"], [("title",), ("url",)], track=track)

    def presenter(self, person: Values) -> Presenter:
        """The presenter of this name: a guest, or a member who is called so."""
        found = self.presenters.get(person["name"])
        values = {"url": person["url"]} if person.get("url") else {}
        if found is None:
            values["guest_name"] = person["name"]
        elif found.member_id:
            values = {}  # a member's page is the member's own to name
        self.presenters[person["name"]] = presenter = self.save(found, Presenter, values)
        return presenter

    def presentations(self, entries: list) -> None:
        """Write the talks. One is the same while its title and its presenters are."""
        standing = {}
        for talk in Presentation.objects.prefetch_related("presenters__member__user").order_by("-pk"):
            standing[talk.title, frozenset(p.pk for p in talk.presenters.all())] = talk
        places: dict[int, int] = {}  # how many talks each session has had so far
        talks: list[int] = []
        for entry in entries:
            people = [self.presenter(person) for person in entry["presenters"]]
            found = standing.get((entry["title"], frozenset(person.pk for person in people)))
            talk = self.save(found, Presentation, _only(entry))
            talks.append(talk.pk)
            self.links(Appearance, {"presentation": talk}, "presenter", people, range(len(people)))
            if "sessions" in entry:
                sessions = [self.sessions[number] for number in entry["sessions"]]
                order = [places.get(session.number, 0) for session in sessions]
                places |= {session.number: place + 1 for session, place in zip(sessions, order, strict=True)}
                self.links(Slot, {"presentation": talk}, "session", sessions, order)
            if "materials" in entry:
                self.inside(talk.materials, Material, entry["materials"], [("url",)], presentation=talk)
        proposals.follow(talks, now=self.now, is_new=True)

    def links(
        self, through: type[models.Model], owner: dict, name: str, targets: list, positions: list | range
    ) -> None:
        """Make the rows that link one talk with these targets, at these positions."""
        standing = {getattr(row, f"{name}_id"): row for row in through.objects.filter(**owner)}
        for target, position in zip(targets, positions, strict=True):
            row = standing.pop(target.pk, None)
            self.save(row, through, {**owner, name: target}, position=position)
        self.remove(standing.values())


def _plain(entry: Values) -> dict[str, Any]:
    """The entry's values, its lists as plain ones for an array field."""
    return {name: list(value) if isinstance(value, list) else value for name, value in entry.items()}


def _span(day: date, start: time, end: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end as moments; an end before the start is on the next day."""
    last = day + timedelta(days=1) if end <= start else day
    starts_at = datetime.combine(day, start, zone).astimezone(UTC)
    ends_at = datetime.combine(last, end, zone).astimezone(UTC)
    # In the night when clocks go forward 02:30 is after 03:00; such a session lasts as long as it says.
    length = datetime.combine(last, end) - datetime.combine(day, start)
    return starts_at, ends_at if ends_at > starts_at else starts_at + length
