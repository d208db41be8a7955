"""The archive's tally is what counting the rows would say, whatever happens to them, and at once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from sessions_app import tasks
from sessions_app.models import ArchiveTally, Session, Track
from tests.factories import SessionFactory, TrackFactory
from tests.members.test_races import at_once

ROUNDS = 10


def year(number: int) -> datetime:
    return datetime(number, 6, 1, tzinfo=UTC)


def tallied() -> dict[tuple, int]:
    """(state, year, track) and how many, as the tally has it."""
    found = Counter()
    for row in ArchiveTally.objects.all():
        found[row.state, row.year, row.track] += row.change
    return {key: count for key, count in found.items() if count}


def counted() -> dict[tuple, int]:
    """The same from the sessions themselves."""
    return dict(
        Counter(
            (session.state, session.local_start.year, track)
            for session in Session.objects.prefetch_related("tracks")
            for track in (0, *(track.pk for track in session.tracks.all()))
        )
    )


@pytest.fixture
def archive(db) -> list[Session]:
    """Three sessions of three years, in two tracks and one in both."""
    tracks = TrackFactory.create_batch(2)
    sessions = [
        SessionFactory(number=number, starts_at=year(2020 + number), state="held") for number in (1, 2, 3)
    ]
    tracks[0].sessions.set(sessions[:2])
    tracks[1].sessions.set(sessions[1:])
    return sessions


def tick_over(sessions: list[Session]) -> None:
    """New Year's night in Tallinn, still the old year in UTC."""
    Session.objects.update(starts_at=datetime(2024, 12, 31, 23, 0, tzinfo=UTC), ends_at=year(2025))


CHANGES = {
    "nothing": lambda sessions: None,
    "another year": lambda sessions: Session.objects.filter(number=2).update(
        starts_at=year(1999), ends_at=year(2000)
    ),
    "another zone": tick_over,
    "another state": lambda sessions: Session.objects.filter(number__gte=2).update(state="cancelled"),
    "another title": lambda sessions: Session.objects.update(title="Other"),
    "no track": lambda sessions: sessions[1].tracks.clear(),
    "another track": lambda sessions: Track.sessions.through.objects.filter(session=sessions[0]).update(
        track=Track.objects.last()
    ),
    "the track to another session": lambda sessions: Track.sessions.through.objects.filter(
        session=sessions[0]
    ).update(session=sessions[2]),
    "a track gone": lambda sessions: Track.objects.first().delete(),
    "a session gone": lambda sessions: sessions[1].delete(),
    "all gone": lambda sessions: Session.objects.all().delete(),
    "many at once": lambda sessions: Session.objects.bulk_create(
        SessionFactory.build(number=100 + n, starts_at=year(2000 + n % 3)) for n in range(30)
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_tally_is_what_counting_says_after_every_change(archive, change):
    CHANGES[change](archive)
    assert tallied() == counted()


def test_tally_of_the_three_sessions_is_as_expected(archive):
    one, two = Track.objects.values_list("pk", flat=True)
    assert tallied() == {
        ("held", 2021, 0): 1, ("held", 2022, 0): 1, ("held", 2023, 0): 1, ("held", 2021, one): 1,
        ("held", 2022, one): 1, ("held", 2022, two): 1, ("held", 2023, two): 1,
    }  # fmt: skip


def test_folding_leaves_one_row_for_each_count_and_none_for_nothing(archive):
    archive[0].delete()
    before = tallied()

    tasks.fold_archive_tally()

    assert (tallied(), ArchiveTally.objects.count()) == (before, len(before))


@pytest.mark.django_db(transaction=True)
def test_tally_is_right_when_a_session_moves_while_it_gets_a_track(transactional_db):
    """Fails when the trigger on tracks does not wait for the session's row."""
    track = TrackFactory()
    for number in range(1, ROUNDS + 1):
        session = SessionFactory(number=number, starts_at=year(2020))
        outcome = at_once(
            [
                lambda key=session.pk: Session.objects.filter(pk=key).update(
                    starts_at=year(2021), ends_at=year(2022)
                ),
                lambda key=session.pk: track.sessions.add(key),
                tasks.fold_archive_tally,
            ]
        )
        assert outcome == {"done": 3}
    assert tallied() == counted()
