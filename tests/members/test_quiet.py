"""Quiet hours by the group's own clock, over midnight and on the nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest

from members.models import Group
from members.quiet import is_quiet, when


def group(start=time(22), end=time(8), zone="Europe/Tallinn") -> Group:
    return Group(time_zone=zone, quiet_from=start, quiet_until=end)


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("21:59", False), ("22:00", True), ("00:00", True), ("07:59", True), ("08:00", False), ("12:00", False)],
)
def test_hours_over_midnight_begin_and_end_by_the_group_clock(clock, quiet):
    now = datetime.fromisoformat(f"2026-01-15T{clock}:00+02:00")
    assert is_quiet(group(), now) is quiet


def test_hours_within_a_day():
    noon = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
    found = group(time(11), time(13), "UTC")
    assert [is_quiet(found, noon + timedelta(hours=h)) for h in (-2, -1, 0, 1)] == [False, True, True, False]


@pytest.mark.parametrize("found", [None, group(time(8), time(8))])
def test_without_hours_it_is_never_quiet(found):
    assert not is_quiet(found, datetime(2026, 1, 15, 3, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("evening", "hours"),
    [
        (datetime(2026, 3, 28, 16, 0, tzinfo=UTC), 9),  # put forward in the night
        (datetime(2026, 10, 24, 16, 0, tzinfo=UTC), 11),  # put back
        (datetime(2026, 1, 15, 16, 0, tzinfo=UTC), 10),
    ],
)
def test_the_night_is_as_long_as_the_clock_makes_it_and_in_one_piece(evening, hours):
    steps = [is_quiet(group(), evening + timedelta(minutes=15 * n)) for n in range(4 * 20)]
    changes = sum(before != after for before, after in pairwise(steps))
    assert (sum(steps) / 4, changes) == (hours, 2)


@pytest.mark.parametrize(
    ("hour", "sentence"), [(19, "at once"), (21, "when the quiet hours end, at 08:00")]
)  # UTC, two hours behind Tallinn
def test_page_says_when_a_mail_that_can_wait_goes(hour, sentence):
    assert when(group(), datetime(2026, 1, 15, hour, 30, tzinfo=UTC)) == sentence


def test_without_a_group_mail_goes_at_once():
    assert when(None, datetime(2026, 1, 15, 3, 0, tzinfo=UTC)) == "at once"
