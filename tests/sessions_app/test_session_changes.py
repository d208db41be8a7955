"""The organisers’ form for a session that is there: its lists, and two organisers at once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sessions_app.models import Appearance, Presentation, Progress, Reading, Session
from tests.factories import (
    HeldSessionFactory,
    PresentationFactory,
    ReadingFactory,
    SessionFactory,
)
from tests.sessions_app.filled import (
    contents,
    form_of,
    full_session,
    posted,
    reading,
    rows,
    sentences,
    url_of,
)
from tests.sessions_app.test_public_pages import text_of


# --- Changing a session --------------------------------------------------------------------------------
def test_saving_what_is_shown_changes_nothing(as_organiser):
    session = full_session()
    session.readings.update(position=0)
    for position, part in enumerate(session.readings.order_by("pk"), start=1):
        part.position = position
        part.save()
    before = contents(session)

    response = as_organiser.post(url_of(session), form_of(as_organiser.get(url_of(session))))

    assert response.status_code == 302
    assert contents(session) == before


def test_edit_keeps_what_members_have_read(as_organiser, member):
    stored = ReadingFactory(session=SessionFactory(), title="Old title")
    Progress.objects.create(reading=stored, member=member, read_at=timezone.now())
    data = form_of(as_organiser.get(url_of(stored.session))) | {"readings-0-title": "New title"}

    as_organiser.post(url_of(stored.session), data)

    assert list(Progress.objects.values_list("reading__title", "member")) == [("New title", member.pk)]


def test_removed_reading_goes_and_its_parts_stay(as_organiser):
    session = full_session()
    part = session.readings.get(title="Part")
    data = form_of(as_organiser.get(url_of(session))) | {"readings-0-remove": "on", "readings-0-title": ""}

    as_organiser.post(url_of(session), data)

    assert list(session.readings.values_list("title", "parent")) == [("Part", None), ("Other", None)]
    assert session.readings.first() == part  # the same one: what members have read of it stays


def test_stored_reading_without_a_title_is_not_dropped(as_organiser):
    session = full_session()
    data = form_of(as_organiser.get(url_of(session))) | {"readings-0-title": ""}

    page = as_organiser.post(url_of(session), data)

    assert sentences(page) == ["Write a title, or tick Remove."]
    assert session.readings.count() == 3


def test_order_moves_rows_and_a_part_follows_the_row_above_it(as_organiser):
    session = full_session()
    data = form_of(as_organiser.get(url_of(session)))
    data |= {"readings-0-order": "3", "readings-1-order": "2", "readings-2-order": "1"}

    as_organiser.post(url_of(session), data)

    assert list(session.readings.values_list("title", "parent__title")) == [
        ("Other", None),
        ("Part", "Other"),
        ("Top", None),
    ]


def test_saving_leaves_the_state_alone(as_organiser):
    session = SessionFactory(state="announced", announced_at=timezone.now())
    data = form_of(as_organiser.get(url_of(session))) | {"title": "Renamed", "state": "held"}

    as_organiser.post(url_of(session), data)

    session.refresh_from_db()
    assert (session.title, session.state) == ("Renamed", "announced")


def test_session_without_hours_keeps_them_unknown_until_unticked(as_organiser):
    session = HeldSessionFactory(hours_known=False)
    data = form_of(as_organiser.get(url_of(session)))

    as_organiser.post(url_of(session), data)
    first = Session.objects.get().hours_known
    data = form_of(as_organiser.get(url_of(session)))
    data.pop("hours_unknown")
    as_organiser.post(url_of(session), data)

    assert (first, Session.objects.get().hours_known) == (False, True)


def test_end_after_midnight_and_the_second_of_two_equal_hours_survive_a_save(as_organiser):
    start = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 03:30 in Tallinn, for the second time that night
    session = SessionFactory(starts_at=start, ends_at=datetime(2026, 10, 25, 23, 0, tzinfo=UTC))
    data = form_of(as_organiser.get(url_of(session))) | {"title": "Renamed"}

    assert as_organiser.post(url_of(session), data).status_code == 302

    changed = Session.objects.get()
    assert (changed.title, changed.starts_at, changed.ends_at) == ("Renamed", start, session.ends_at)


def test_edit_of_missing_session_is_not_found(as_organiser):
    assert as_organiser.get("/organise/sessions/99/").status_code == 404
    assert as_organiser.post("/organise/sessions/99/", posted()).status_code == 404


def test_rows_of_other_sessions_cannot_be_reached(as_organiser):
    session, other = SessionFactory(), SessionFactory()
    reading_there = ReadingFactory(session=other, title="Theirs")
    talk_there = PresentationFactory(title="Theirs", session=other)
    data = form_of(as_organiser.get(url_of(session)))
    data |= rows(
        "readings", reading("Mine", pk=reading_there.pk), reading("x", pk=reading_there.pk, remove="on")
    )
    data |= rows("talks", {"title": "Mine", "pk": talk_there.pk}, {"pk": talk_there.pk, "remove": "on"})

    assert as_organiser.post(url_of(session), data).status_code == 302

    assert list(other.readings.values_list("title", flat=True)) == ["Theirs"]
    assert list(other.presentations.values_list("title", flat=True)) == ["Theirs"]
    assert list(session.readings.values_list("title", flat=True)) == ["Mine"]


def test_list_too_long_for_the_page_is_left_alone(as_organiser):
    session = SessionFactory()
    ReadingFactory.create_batch(31, session=session)
    page = as_organiser.get(url_of(session))
    data = form_of(page) | {"title": "Renamed"} | rows("readings", reading("Smuggled"))

    as_organiser.post(url_of(session), data)

    session.refresh_from_db()
    assert "This session has 31 readings, more than this page holds." in text_of(page)
    assert (session.title, session.readings.count()) == ("Renamed", 31)


# --- Two at once ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["title", "reading", "talk", "presenter", "track", "state", "tick"])
def test_changed_meanwhile_overwrites_nothing_and_keeps_what_was_typed(as_organiser, member, what):
    session = full_session()
    data = form_of(as_organiser.get(url_of(session))) | {"title": "Mine", "readings-2-title": "My reading"}
    match what:
        case "title":
            Session.objects.update(title="Theirs")
        case "reading":
            Reading.objects.filter(title="Other").update(minutes=99)
        case "talk":
            Presentation.objects.update(abstract="Theirs")
        case "presenter":
            Appearance.objects.first().delete()
        case "track":
            session.tracks.clear()
        case "state":
            Session.objects.update(state="cancelled")
        case "tick":  # what members do is no change of the session
            Progress.objects.create(reading=session.readings.first(), member=member, read_at=timezone.now())
    before = contents(session)

    page = as_organiser.post(url_of(session), data)

    if what == "tick":
        assert page.status_code == 302
        return
    assert page.status_code == 409
    assert contents(session) == before
    words = text_of(page)
    assert "Somebody else changed this session while you were typing. Nothing was overwritten." in words
    assert 'value="Mine"' in words
    assert 'value="My reading"' in words


def test_saving_again_after_the_warning_puts_ones_own_in_place(as_organiser):
    session = full_session()
    data = form_of(as_organiser.get(url_of(session))) | {"title": "Mine"}
    Session.objects.update(title="Theirs")
    Reading.objects.filter(title="Other").delete()

    warned = as_organiser.post(url_of(session), data)
    response = as_organiser.post(url_of(session), data | {"seen": warned.context["editor"].seen})

    assert response.status_code == 302
    session.refresh_from_db()
    assert session.title == "Mine"
    assert list(session.readings.values_list("title", flat=True)) == ["Top", "Part", "Other"]


def test_form_left_open_across_a_step_is_warned(as_organiser):
    session = SessionFactory(state="draft", starts_at=timezone.now() + timedelta(days=5))
    data = form_of(as_organiser.get(url_of(session)))

    as_organiser.post(f"{url_of(session)}announce/")

    assert as_organiser.post(url_of(session), data).status_code == 409
