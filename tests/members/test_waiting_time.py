"""The guess how long somebody waits: against tables, in words, and when nothing is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from members import seats, waiting_time
from members.models import Invitation
from members.models.application import State
from members.waiting_time import SEAT_IS_FREE, UNKNOWN, Range, estimate, in_words, sentence
from tests.factories import ApplicationFactory, MemberFactory

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)

# Chi-squared with 2p degrees of freedom at 10 % and 90 %, from the NIST/SEMATECH e-Handbook of Statistical
# Methods, 1.3.6.7.4. Halved, they are the quantiles of the gamma distribution of shape p.
CHI_SQUARED = {
    1: (0.211, 4.605),
    2: (1.064, 7.779),
    3: (2.204, 10.645),
    5: (4.865, 15.987),
    10: (12.443, 28.412),
    20: (29.051, 51.805),
    50: (82.358, 118.498),
}


@pytest.mark.parametrize("position", CHI_SQUARED)
def test_estimate_agrees_with_the_table(position):
    found = estimate(position=position, departures=24)  # one a month: months are the gamma quantile itself
    low, high = (value / 2 for value in CHI_SQUARED[position])
    allowed = 0.07 if position < 3 else 0.01
    assert (found.low, found.high) == (pytest.approx(low, rel=allowed), pytest.approx(high, rel=allowed))


def test_estimate_at_half_the_rate_is_twice_as_long():
    often, seldom = estimate(position=3, departures=24), estimate(position=3, departures=12)
    assert (seldom.low, seldom.high) == pytest.approx((2 * often.low, 2 * often.high))


POSITIONS = some.integers(1, 5000)
DEPARTURES = some.integers(5, 500)


@given(position=POSITIONS, departures=DEPARTURES)
def test_estimate_grows_with_the_position_and_shrinks_with_the_departures(position, departures):
    here = estimate(position=position, departures=departures)
    behind = estimate(position=position + 1, departures=departures)
    faster = estimate(position=position, departures=departures + 1)
    assert 0 < here.low < here.high
    assert (here.low < behind.low, here.high < behind.high) == (True, True)
    assert (faster.low < here.low, faster.high < here.high) == (True, True)


@given(months=some.floats(0, 200), more=some.floats(0, 50))
def test_rounding_keeps_the_order_and_stays_near(months, more):
    rounded = waiting_time._rounded(months)
    assert rounded <= waiting_time._rounded(months + more)
    assert abs(rounded - months) <= (0.5 if months < 12 else 3 if months < 36 else 6)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.1, 0.4, "less than a month"),
        (0.1, 2.3, "up to two months"),
        (0.9, 1.2, "about a month"),
        (0.6, 11.4, "between a month and eleven months"),
        (4.1, 12.2, "between four months and a year"),
        (11.6, 18, "between a year and a year and a half"),
        (23, 31, "between two years and two and a half years"),
        (35.9, 59.9, "between three years and five years"),
        (30, 66.1, "at least two and a half years, perhaps more than five years"),
        (67, 90, "more than five years"),
    ],
)
def test_range_in_words(low, high, words):
    assert in_words(Range(low, high)) == words


@given(position=POSITIONS, departures=DEPARTURES)
def test_range_always_has_words(position, departures):
    words = in_words(estimate(position=position, departures=departures))
    assert words.startswith(("less than", "up to", "about", "between", "at least", "more than five years"))


@pytest.mark.parametrize(
    ("ahead", "free", "departures", "said"),
    [
        (0, 0, 4, UNKNOWN),
        (0, 20, 4, UNKNOWN),
        (3, 4, 5, SEAT_IS_FREE),
        (3, 5, 5, SEAT_IS_FREE),
    ],
)
def test_sentence_without_a_range(ahead, free, departures, said):
    assert sentence(ahead=ahead, seats_free=free, departures=departures) == said


def test_sentence_names_its_ground_its_condition_and_its_doubt():
    # The first in line, five departures: chi-squared (2) / 2 × 24 / 5 is half a month to eleven months.
    assert sentence(ahead=0, seats_free=0, departures=5) == (
        "Going by how many members left in the last two years: up to eleven months, if everybody before you "
        "is invited. In two cases of ten it is shorter or longer than that."
    )


def test_free_seats_shorten_and_missing_seats_lengthen():
    same = [
        sentence(ahead=7, seats_free=3, departures=9),
        sentence(ahead=4, seats_free=0, departures=9),
        sentence(ahead=2, seats_free=-2, departures=9),  # capacity was lowered below the seats in use
    ]
    assert len(set(same)) == 1


# --- For one application


def departures(count: int, *, at: datetime) -> None:
    for _ in range(count):
        MemberFactory(state="alumni", left_at=at)


def said(application, group) -> str:
    return waiting_time.for_application(application, seats.count(group), now=NOW)


def test_line_counts_the_waiting_and_the_shortlisted_before_one(group):
    group.capacity = 1
    group.save()
    MemberFactory()
    departures(8, at=NOW - timedelta(days=100))
    since = NOW - timedelta(days=50)
    mine = ApplicationFactory(applied_at=since)
    for state in (State.WAITING, State.SHORTLISTED):
        ApplicationFactory(state=state, applied_at=since - timedelta(days=1))
    for state in State.values:  # later, or out of the line: not before me
        ApplicationFactory(state=state, applied_at=since + timedelta(days=1))
    for state in (State.UNCONFIRMED, State.DORMANT, State.JOINED, State.DECLINED, State.WITHDRAWN):
        ApplicationFactory(state=state, applied_at=since - timedelta(days=1))

    assert said(mine, group) == sentence(ahead=2, seats_free=0, departures=8)


def test_same_moment_goes_by_the_key(group):
    group.capacity = 1
    group.save()
    MemberFactory()
    departures(8, at=NOW - timedelta(days=100))
    first, second = ApplicationFactory.create_batch(2, applied_at=NOW - timedelta(days=9))
    assert said(first, group) == sentence(ahead=0, seats_free=0, departures=8)
    assert said(second, group) == sentence(ahead=1, seats_free=0, departures=8)


def test_departures_count_for_24_months(group):
    departures(4, at=NOW - timedelta(days=729))
    departures(9, at=NOW - timedelta(days=732))
    departures(9, at=NOW + timedelta(days=1))
    mine = ApplicationFactory()
    assert said(mine, group) == UNKNOWN
    departures(1, at=NOW)
    assert said(mine, group) == SEAT_IS_FREE


def test_held_seats_are_not_free(group):
    group.capacity = 1
    group.save()
    departures(5, at=NOW - timedelta(days=3))
    Invitation.issue(application=ApplicationFactory(state=State.INVITED), by=None, now=NOW, days=14)
    assert said(ApplicationFactory(), group) == sentence(ahead=0, seats_free=0, departures=5)


@pytest.mark.parametrize("state", sorted(set(State.values) - {State.WAITING, State.SHORTLISTED}))
def test_nothing_is_said_outside_the_line(group, state, django_assert_num_queries):
    departures(5, at=NOW - timedelta(days=3))
    application, now = ApplicationFactory(state=state), seats.count(group)
    with django_assert_num_queries(0):
        assert waiting_time.for_application(application, now, now=NOW) == ""
