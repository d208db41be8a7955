"""A time zone written out for calendar programs (RFC 5545, 3.6.5): when its clocks change, as yearly rules.

`icalendar` writes each change as a date of its own and ends at 2037; Outlook reads rules only. So the changes
are found by asking the zone, and those that follow one rule from year to year become one rule.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
AHEAD = (
    4  # years after the last entry that are looked at: a rule that holds so long is written without an end
)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (a local time, as DTSTART of an observance is)


@dataclass(frozen=True)
class Change:
    """One change of the clocks. `local` is what the clock shows at that moment, before it is changed."""

    local: datetime
    before: timedelta
    after: timedelta
    name: str
    summer: bool

    @property
    def kind(self) -> tuple:
        """What two changes have in common that may follow one rule, besides the weekday."""
        return self.before, self.after, self.name, self.summer, self.local.month, self.local.time()

    @property
    def places(self) -> frozenset[tuple[int, int]]:
        """(weekday, which one in the month): the second Sunday; the last one as -1."""
        day = self.local
        found = {(day.weekday(), (day.day - 1) // 7 + 1)}
        if (day + timedelta(days=7)).month != day.month:
            found.add((day.weekday(), -1))
        return frozenset(found)


@dataclass
class Rule:
    """Changes of successive years, and the places in the month that fit all of them."""

    changes: list[Change]
    places: frozenset[tuple[int, int]] = field(default=frozenset())

    def takes(self, change: Change) -> bool:
        """Add the next year's change if it follows the rule; whether it did."""
        last = self.changes[-1]
        common = self.places & change.places
        if change.kind != last.kind or change.local.year != last.local.year + 1 or not common:
            return False
        self.changes.append(change)
        self.places = common
        return True


def _changes(zone: str, first: int, last: int) -> Iterator[Change]:
    """Every change of the zone's clocks in these years."""
    place = zoneinfo.ZoneInfo(zone)
    moment, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    while moment < end:
        later = moment + timedelta(days=1)
        if _offset(moment, place) != _offset(later, place):
            yield _between(moment, later, place)
        moment = later


def _offset(moment: datetime, place: zoneinfo.ZoneInfo) -> timedelta:
    return moment.astimezone(place).utcoffset()


def _between(early: datetime, late: datetime, place: zoneinfo.ZoneInfo) -> Change:
    """The change between two moments, found by halving."""
    before = _offset(early, place)
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) / 2).replace(microsecond=0)
        middle = max(middle, early + timedelta(seconds=1))
        if _offset(middle, place) == before:
            early = middle
        else:
            late = middle
    there = late.astimezone(place)
    return Change(
        local=(late + before).replace(tzinfo=None),
        before=before,
        after=there.utcoffset(),
        name=there.tzname(),
        summer=bool(there.dst()),
    )


def _rules(changes: list[Change]) -> list[Rule]:
    rules: list[Rule] = []
    for change in changes:
        if not any(rule.takes(change) for rule in reversed(rules)):
            rules.append(Rule([change], change.places))
    return rules


def _observance(change: Change) -> TimezoneDaylight | TimezoneStandard:
    made = TimezoneDaylight() if change.summer else TimezoneStandard()
    made.add("dtstart", change.local)
    made.add("tzoffsetfrom", change.before)
    made.add("tzoffsetto", change.after)
    made.add("tzname", change.name)
    return made


@lru_cache(maxsize=64)
def timezone_of(zone: str, first: int, last: int) -> Timezone:
    """The zone as a calendar component, right from the year `first` to the year `last` and, by its rules, on.

    zone: an IANA name. Do not change what is returned: it is remembered.
    """
    made = Timezone()
    made.add("tzid", zone)
    start = datetime(first, 1, 1, tzinfo=UTC).astimezone(zoneinfo.ZoneInfo(zone))
    made.add_component(
        _observance(
            Change(EPOCH, start.utcoffset(), start.utcoffset(), start.tzname(), summer=bool(start.dst()))
        )
    )
    for rule in _rules(list(_changes(zone, first, last + AHEAD))):
        observance = _observance(rule.changes[0])
        if len(rule.changes) > 1:
            day, place = min(rule.places)  # the last one, where that fits as well
            end = rule.changes[-1]
            repeats = {"freq": "yearly", "bymonth": end.local.month, "byday": f"{place}{DAYS[day]}"}
            if end.local.year < last + AHEAD:
                # A day later, for programs that read it as a local time; the next one would be a year away.
                repeats["until"] = (end.local - end.before).replace(tzinfo=UTC) + timedelta(days=1)
            observance.add("rrule", repeats)
        made.add_component(observance)
    return made
