"""What one part of a group file says of another, and of what stands in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from studygroup.group_file.checking import Checker, Entries, Values
from studygroup.group_file.problems import shown


@dataclass(frozen=True)
class Standing:
    """What the database holds that a file must agree with."""

    name: str = ""  # of the group, if there is one
    numbers: frozenset[int] = frozenset()  # of the sessions
    paths: frozenset[str] = frozenset()


def check(checker: Checker, file: Values, standing: Standing, *, now: datetime) -> None:
    """Note the problems of a file whose values are good one by one, as far as there are any."""
    group, sessions = file.get("group", Values()), file.get("sessions", [])
    _group(checker, group, standing)
    for session in sessions:
        _hours(checker, session)
        if session.get("number") not in standing.numbers:
            _not_to_come(checker, session, session.get("time_zone", group.get("time_zone")), now=now)
    _references(checker, file, standing)
    _people(checker, file)


def _group(checker: Checker, group: Values, standing: Standing) -> None:
    if standing.name and group.get("name", standing.name) != standing.name:
        checker.complain(
            group.places["name"],
            f'this site is the home of "{shown(standing.name)}"; rename it in the admin first, '
            "or load another group into an empty database",
        )
    if "usual_end" in group and group["usual_end"] == group.get("usual_start"):
        checker.complain(group.places["usual_end"], "a session cannot end when it starts")


def _hours(checker: Checker, session: Values) -> None:
    places = session.places
    if "date" in places and "in_days" in places:
        checker.complain(places["in_days"], "write either “date” or “in_days”, not both")
    if "date" not in places and "in_days" not in places:
        line, where = places[""]
        checker.complain((line, f"{where}.date"), "missing; write a date such as 2016-08-17")
    if ("start" in places) != ("end" in places):
        given = "start" if "start" in places else "end"
        checker.complain(places[given], "write both “start” and “end”, or neither")
    elif "start" in session and session["start"] == session.get("end"):
        checker.complain(places["end"], "a session cannot end when it starts")


def _not_to_come(checker: Checker, session: Values, zone: str | None, *, now: datetime) -> None:
    """A session that is new to the site and lies ahead cannot have been held."""
    state = session.get("state", "unreadable" if "state" in session.places else "held")
    if zone is None or state != "held":
        return
    today = now.astimezone(ZoneInfo(zone)).date()
    if session.get("in_days", 0) > 0 or session.get("date", today) > today:
        places = session.places
        checker.complain(
            places.get("state") or places.get("date") or places["in_days"],
            "a session to come has not been held; write “state: announced” or “state: draft”",
        )


def _references(checker: Checker, file: Values, standing: Standing) -> None:
    numbers = standing.numbers | {session.get("number") for session in file.get("sessions", [])}
    for owner in [*file.get("tracks", []), *file.get("presentations", [])]:
        if not isinstance(covered := owner.get("sessions"), Entries):
            continue
        for number, place in zip(covered, covered.places, strict=True):
            if number not in numbers:
                checker.complain(place, f"there is no session {number} in this file or on the site")
    paths = standing.paths | {path.get("name") for path in file.get("paths", [])}
    for track in file.get("tracks", []):
        if "path" in track and track["path"] not in paths:
            checker.complain(
                track.places["path"], f'there is no path "{shown(track["path"])}"; add it under “paths”'
            )
    for presentation in file.get("presentations", []):
        if presentation.get("presenters") == [] and not checker.complained_below(
            presentation.places["presenters"][1]
        ):
            checker.complain(presentation.places["presenters"], "name at least one presenter")


def _people(checker: Checker, file: Values) -> None:
    """One name is one person: two addresses for it are a mistake in one of them."""
    first: dict[str, tuple[str, int]] = {}
    people = [person for track in file.get("tracks", []) for person in track.get("leaders", [])]
    people += [person for talk in file.get("presentations", []) for person in talk.get("presenters", [])]
    for person in people:
        if "name" not in person or not person.get("url"):
            continue
        url, line = first.setdefault(person["name"], (person["url"], person.places["url"][0]))
        if url != person["url"]:
            checker.complain(
                person.places["url"],
                f'"{shown(person["name"])}" has another address in line {line}: {shown(url, 100)}',
            )
