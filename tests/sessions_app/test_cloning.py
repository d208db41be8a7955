"""A new session that starts from an earlier one: its shape, and nothing of what it was about."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from sessions_app import suggestions
from sessions_app.models import Session
from tests.factories import PresentationFactory, ReadingFactory, SessionFactory, TrackFactory
from tests.sessions_app.filled import NEW, form_of, url_of
from tests.sessions_app.test_public_pages import text_of

NOW = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
SHAPE = {
    "place": "Lantern Hall",
    "address": "1 Pikk, Tallinn",
    "access_notes": "Two steps.",
    "directions": "Ring.",
    "chairs": 12,
    "host": "Kumu",
    "host_url": "https://kumu.example.org",
    "online_url": "https://meet.example.org/a",
    "agenda": "19:00 Talk",
}
SUBJECT = {
    "title": "Nets",
    "summary": "S",
    "up_next": "U",
    "notes_url": "https://n.example",
    "warm_up": "Why?",
}


def at(day: date, clock: time = time(16, 30), hours: float = 2) -> dict:
    """A start by UTC, and an end so many hours later."""
    start = datetime.combine(day, clock, tzinfo=UTC)
    return {"starts_at": start, "ends_at": start + timedelta(hours=hours)}


def test_shape_is_taken_and_the_subject_is_not(group):
    track = TrackFactory()
    model = SessionFactory(number=4, **SHAPE, **SUBJECT, **at(date(2027, 1, 20)))
    model.tracks.add(track)
    ReadingFactory(session=model)
    PresentationFactory(session=model)
    SessionFactory(number=6, place="Elsewhere", **at(date(2027, 1, 6)))

    suggested = suggestions.like(4, group, now=NOW)

    assert suggested == SHAPE | {
        "number": 7,
        "time_zone": "Europe/Tallinn",
        "starts": time(18, 30),
        "ends": time(20, 30),
        "date": date(2027, 2, 3),
        "tracks": [track.pk],
    }


@pytest.mark.parametrize(
    ("model", "last", "before", "suggested"),
    [
        # A Wednesday, two weeks after the last, which was two weeks after the one before.
        (date(2027, 1, 20), date(2027, 1, 20), date(2027, 1, 6), date(2027, 2, 3)),
        # Like an earlier one on a Tuesday: the Tuesday nearest to that day.
        (date(2026, 12, 1), date(2027, 1, 20), date(2027, 1, 6), date(2027, 2, 2)),
        # On a Saturday, and on a Sunday: three days on, three days back.
        (date(2026, 12, 5), date(2027, 1, 20), date(2027, 1, 6), date(2027, 2, 6)),
        (date(2026, 12, 6), date(2027, 1, 20), date(2027, 1, 6), None),
        # That day is over, or is today.
        (date(2027, 1, 13), date(2027, 1, 13), date(2027, 1, 6), None),
        (date(2027, 1, 25), date(2027, 1, 25), date(2027, 1, 18), None),
        # After a pause of years nothing follows.
        (date(2027, 1, 20), date(2027, 1, 20), date(2019, 10, 16), None),
        # Both on one day.
        (date(2027, 1, 20), date(2027, 1, 20), date(2027, 1, 20), None),
    ],
)
def test_date_keeps_the_weekday_and_the_distance(group, model, last, before, suggested):
    days = sorted({model, last, before}) if last != before else [model, before]
    for number, day in enumerate(days, start=1):
        SessionFactory(number=number, **at(day))
    SessionFactory(
        number=90, state="cancelled", **at(date(2027, 1, 28))
    )  # it was never held: it does not count

    found = suggestions.like(days.index(model) + 1, group, now=NOW)

    assert found.get("date") == suggested


def test_first_and_only_session_suggests_no_date(group):
    SessionFactory(number=1, **at(date(2027, 1, 20)))

    assert "date" not in suggestions.like(1, group, now=NOW)


def test_hours_are_those_of_the_local_clock_in_summer_and_winter(group):
    SessionFactory(number=1, **at(date(2026, 7, 15), time(15, 30)))  # 18:30 in Tallinn, as in winter

    found = suggestions.like(1, group, now=NOW)

    assert (found["starts"], found["ends"]) == (time(18, 30), time(20, 30))


def test_end_after_midnight_and_unknown_hours_give_the_usual_ones(group):
    group.usual_start, group.usual_end = time(17), time(19)
    SessionFactory(number=1, **at(date(2027, 1, 20), hours=9))
    SessionFactory(number=2, hours_known=False, **at(date(2027, 1, 27)))

    late, unknown = (suggestions.like(number, group, now=NOW) for number in (1, 2))

    assert (late["starts"], late["ends"]) == (time(18, 30), time(19))
    assert (unknown["starts"], unknown["ends"]) == (time(17), time(19))


EVENING = datetime(2027, 1, 20, 16, 30, tzinfo=UTC)


def test_form_like_another_is_filled_and_saves_a_draft(as_organiser):
    track = TrackFactory()
    # On one day in Tallinn, whatever the clock is now: a session of the form ends on the day it begins.
    model = SessionFactory(number=4, starts_at=EVENING, **SHAPE, **SUBJECT)
    model.tracks.add(track)

    page = as_organiser.get(f"{NEW}?like=4")
    data = form_of(page) | {"title": "Next", "date": "2027-03-03"}
    as_organiser.post(NEW, data)

    made = Session.objects.get(number=5)
    assert "It starts with the place, the hours, the agenda and the tracks of session 4." in text_of(page)
    assert {name: getattr(made, name) for name in SHAPE} == SHAPE
    assert (made.title, made.summary, made.state, list(made.tracks.all())) == ("Next", "", "draft", [track])
    assert (made.local_start.time(), made.local_end.time()) == (
        model.local_start.time().replace(second=0, microsecond=0),
        model.local_end.time().replace(second=0, microsecond=0),
    )


def test_plain_new_form_takes_the_place_and_not_the_agenda(as_organiser):
    SessionFactory(number=4, **SHAPE, **SUBJECT)

    form = as_organiser.get(NEW).context["editor"].form

    taken = {name: form.initial[name] for name in SHAPE if name in form.initial}
    assert taken == {name: value for name, value in SHAPE.items() if name != "agenda"}


@pytest.mark.parametrize("like", ["9", "nets", "-1", "4.5", "99999999999999999999", "٤"])
def test_session_that_is_not_there_is_not_found(as_organiser, like):
    SessionFactory(number=4)

    assert as_organiser.get(NEW, {"like": like}).status_code == 404


def test_looking_at_a_suggestion_changes_nothing(as_organiser):
    SessionFactory(number=4)

    as_organiser.get(f"{NEW}?like=4")

    assert Session.objects.count() == 1


def test_links_lead_from_the_session_and_from_the_list(as_organiser):
    SessionFactory(number=2, **at(date(2026, 12, 1)))
    newest = SessionFactory(number=4, **at(date(2027, 1, 20)))
    SessionFactory(number=9, state="cancelled", **at(date(2027, 1, 28)))

    page, overview = as_organiser.get(url_of(newest)), as_organiser.get("/organise/sessions/")

    assert f'<a href="{NEW}?like=4">Plan another like this one</a>' in text_of(page)
    assert f'<a class="btn" href="{NEW}?like=4">Plan one like session 4</a>' in text_of(overview)


def test_list_without_sessions_offers_no_model(as_organiser):
    assert "?like=" not in as_organiser.get("/organise/sessions/").text


@pytest.mark.parametrize("number", ["9" * 5000, "1" * 10, "²", "-1", "x"])
def test_number_that_no_session_can_have_is_not_found(as_organiser, number):
    assert as_organiser.get(f"{NEW}?like={number}").status_code == 404
