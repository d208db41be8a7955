"""The archive by year and track: what each choice leaves, how many, and what the address bar says."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from sessions_app import narrowing
from sessions_app.narrowing import MOST_TRACKS, Narrowing
from tests.factories import HeldSessionFactory, SessionFactory, TrackFactory
from tests.studygroup.test_pages import queries_of


@pytest.fixture
def archive(group):
    """2024: I on nets, II on nets and words. 2025: III on words, IV on nothing, V a draft."""
    nets, words = TrackFactory(name="Nets", position=1), TrackFactory(name="Words", position=2)
    for number, year, tracks in (
        (1, 2024, [nets]),
        (2, 2024, [nets, words]),
        (3, 2025, [words]),
        (4, 2025, []),
    ):
        session = HeldSessionFactory(
            number=number, title=f"T{number}", starts_at=datetime(year, 6, 1, tzinfo=UTC)
        )
        session.tracks.set(tracks)
    draft = SessionFactory(number=5, title="T5", state="draft", starts_at=datetime(2026, 6, 1, tzinfo=UTC))
    draft.tracks.set([nets])
    return {"nets": nets.pk, "words": words.pk}


def offered(chosen: Narrowing) -> tuple[list, list]:
    """The choices as (label, count, chosen)."""
    choices = narrowing.choices(chosen)
    return tuple(
        [(choice.label, choice.count, choice.chosen) for choice in each]
        for each in (choices.years, choices.tracks)
    )


def shown(client, query: str) -> list[int]:
    return [
        int(number)
        for number in re.findall(r">Session (\d+): </span>T", client.get(f"/sessions/{query}").text)
    ]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [4, 3, 2, 1]),
        ("?year=2024", [2, 1]),
        ("?track={words}", [3, 2]),
        ("?year=2024&track={words}", [2]),
        ("?year=2023", []),
        ("?track=0", [4, 3, 2, 1]),
        ("?year=x&track=x", [4, 3, 2, 1]),
        ("?year=%C2%B2%C2%B2&track=99999999999999999999", [4, 3, 2, 1]),
        ("?year=2024%00", [4, 3, 2, 1]),
    ],
)
def test_archive_shows_what_the_address_asks_for(archive, client, query, numbers):
    assert sorted(shown(client, query.format(**archive)), reverse=True) == numbers


def test_choices_say_how_many_sessions_each_would_leave(archive):
    assert offered(Narrowing()) == (
        [("All years", None, True), ("2025", 2, False), ("2024", 2, False)],
        [("All tracks", None, True), ("Nets", 2, False), ("Words", 2, False)],
    )
    assert offered(Narrowing(year=2024)) == (
        [("All years", None, False), ("2025", 2, False), ("2024", 2, True)],
        [("All tracks", None, True), ("Nets", 2, False), ("Words", 1, False)],
    )
    assert offered(Narrowing(year=2025, track=archive["words"])) == (
        [("All years", None, False), ("2025", 1, True), ("2024", 1, False)],
        [("All tracks", None, False), ("Words", 1, True)],
    )


def test_choice_leads_to_the_archive_so_narrowed(archive):
    choices = narrowing.choices(Narrowing(year=2024, track=archive["nets"]))
    assert [choice.query for choice in choices.years] == [
        f"?track={archive['nets']}",
        f"?year=2024&track={archive['nets']}",
    ]
    assert [choice.query for choice in choices.tracks] == [
        "?year=2024",
        f"?year=2024&track={archive['nets']}",
        f"?year=2024&track={archive['words']}",
    ]
    assert narrowing.choices(Narrowing(year=2024)).years[0].query == ""


def test_year_is_that_of_the_place_where_the_session_is_held(group, client):
    """New Year's night in Tallinn, while it is still the old year in UTC and in New York."""
    night = datetime(2024, 12, 31, 23, 0, tzinfo=UTC)
    HeldSessionFactory(number=1, title="T1", starts_at=night, time_zone="Europe/Tallinn")
    HeldSessionFactory(number=2, title="T2", starts_at=night, time_zone="America/New_York")
    assert (shown(client, "?year=2025"), shown(client, "?year=2024")) == ([1], [2])


def test_archive_with_nothing_to_choose_from_offers_no_choice(group, client):
    HeldSessionFactory()
    assert offered(Narrowing()) == ([], [])
    assert "By year" not in client.get("/sessions/").text


def test_archive_without_what_was_asked_for_says_so_and_leads_back(archive, client):
    page = client.get("/sessions/?year=1990").text
    assert ("No session fits your choice." in page, page.count('href="/sessions/"') >= 1) == (True, True)
    assert "No session has been announced yet." not in page


def test_archive_words_what_is_chosen(archive, client):
    page = client.get(f"/sessions/?year=2024&track={archive['nets']}").text
    assert "Two sessions of 2024 in Nets, each with" in page


def test_pages_of_a_narrowed_archive_stay_narrowed(group, client):
    HeldSessionFactory.create_batch(21, starts_at=datetime(2024, 6, 1, tzinfo=UTC))
    assert 'href="?year=2024&amp;page=2"' in client.get("/sessions/?year=2024").text


def test_only_the_fullest_tracks_are_offered_and_the_chosen_one(group):
    session = HeldSessionFactory()
    tracks = TrackFactory.create_batch(MOST_TRACKS + 5)
    for track in tracks:
        track.sessions.add(session)
    full = tracks[-2]
    full.sessions.add(HeldSessionFactory())

    _, offer = offered(Narrowing(track=tracks[-1].pk))

    names = [label for label, _, _ in offer]
    assert len(names) == MOST_TRACKS + 1
    assert names[-2:] == [full.name, tracks[-1].name]


@pytest.mark.parametrize(
    ("chosen", "years"),
    [
        (None, [*range(2024, 2014, -1), 1996]),
        (2014, [2024, *range(2019, 2009, -1), 1996]),
        (1997, [2024, *range(2005, 1995, -1)]),
    ],
)
def test_of_many_years_those_about_the_chosen_one_are_offered_and_both_ends(group, chosen, years):
    for year in range(1996, 2025):
        HeldSessionFactory(starts_at=datetime(year, 6, 1, tzinfo=UTC))

    choices = narrowing.choices(Narrowing(year=chosen))

    assert [choice.value for choice in choices.years[1:]] == years
    assert choices.count == (29 if chosen is None else 1)


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_narrowed_archive_costs_a_fixed_number_of_queries(group, client, rows):
    track = TrackFactory(pk=7)
    track.sessions.set(HeldSessionFactory.create_batch(rows, starts_at=datetime(2024, 6, 1, tzinfo=UTC)))
    costs = {"/sessions/": 3, "/sessions/?year=2024": 3, "/sessions/?year=2024&track=7": 3}
    assert queries_of(client, costs) == costs
