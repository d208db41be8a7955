"""The organisers’ form for a new session: told what is wrong, and nothing typed is lost."""

from datetime import UTC, datetime

import pytest

from sessions_app.models import Presenter, Session
from tests.factories import (
    ReadingFactory,
    SessionFactory,
    TrackFactory,
)
from tests.sessions_app.filled import BASE, NEW, form_of, posted, reading, sentences, url_of
from tests.sessions_app.test_public_pages import text_of


# --- A new session -------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", [NEW, "/organise/sessions/"])
def test_form_is_the_organisers(page, visitor, as_member, as_organiser):
    assert visitor.get(page).status_code == 302
    assert as_member.get(page).status_code == 403
    assert as_organiser.get(page).status_code == 200
    assert as_organiser.head(page).status_code == 200


def test_new_form_suggests_what_is_likely(as_organiser):
    SessionFactory(
        number=4, place="Fourth floor", host="untapt", host_url="https://u.example", directions="Ring."
    )

    form = as_organiser.get(NEW).context["editor"].form

    assert {name: str(value) for name, value in form.initial.items()} == {
        "number": "5",
        "time_zone": "Europe/Tallinn",
        "starts": "18:30:00",
        "ends": "21:00:00",
        "place": "Fourth floor",
        "host": "untapt",
        "host_url": "https://u.example",
        "directions": "Ring.",
    }


def test_new_form_saves_a_draft_with_its_parts(as_organiser):
    track = TrackFactory()
    data = posted(
        readings=[
            reading(
                "Second", order=2, minutes=40, url="example.org/b", part="p. 3", note="Why.", kind="paper"
            ),
            reading(),
            reading("First", order=1, importance=2),
        ],
        talks=[
            {
                "title": "Capsules",
                "presenters": "Bo Li,  Ana Do ",
                "url": "https://t.example",
                "abstract": "A.",
            }
        ],
        summary="About it.",
        tracks=[str(track.pk)],
        host="untapt",
        host_url="https://u.example",
    )

    response = as_organiser.post(NEW, data)

    session = Session.objects.get()
    assert (response.status_code, response.url) == (302, url_of(session))
    assert (session.number, session.title, session.state) == (18, "Curiosity", "draft")
    assert session.starts_at == datetime(2027, 1, 20, 16, 30, tzinfo=UTC)
    assert session.ends_at == datetime(2027, 1, 20, 19, 0, tzinfo=UTC)
    assert (session.summary, session.host, session.host_url) == ("About it.", "untapt", "https://u.example")
    assert list(session.tracks.all()) == [track]
    assert list(
        session.readings.values_list("title", "url", "minutes", "importance", "kind", "part", "note")
    ) == [
        ("First", "", None, 2, "article", "", ""),
        ("Second", "https://example.org/b", 40, 1, "paper", "p. 3", "Why."),
    ]
    talk = session.presentations.get()
    assert (talk.title, talk.url, talk.abstract) == ("Capsules", "https://t.example", "A.")
    assert [appearance.presenter.name for appearance in talk.appearances.all()] == ["Bo Li", "Ana Do"]


def test_saved_draft_says_who_sees_it(as_organiser):
    page = as_organiser.post(NEW, posted(), follow=True)

    assert "Session 18 is saved as a draft. Only organisers see it." in text_of(page)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": ""}, "Give the session a title."),
        ({"title": "x" * 201}, "Ensure this value has at most 200 characters (it has 201)."),
        ({"number": "0"}, "Number the sessions from 1."),
        ({"number": "99999"}, "Choose a number up to 9999."),
        ({"number": "seven"}, "Write the number in figures."),
        ({"number": "3"}, "Choose another number; there is a session 3 already."),
        ({"date": "someday"}, "Write the date as 2026-10-16 or 16/10/2026."),
        ({"starts": "evening"}, "Write the time as 18:30."),
        ({"ends": ""}, "Say when it ends."),
        ({"ends": "18:00"}, "Choose a later end; it has to come after the start, on the same day."),
        (
            {"ends": "18:00", "date": ""},
            "Choose a later end; it has to come after the start, on the same day.",
        ),
        ({"ends": "18:30"}, "Choose a later end; it has to come after the start, on the same day."),
        ({"time_zone": "Mars/Olympus"}, "Choose a time zone such as Europe/London."),
        (
            {"date": "2027-03-28", "starts": "03:30"},
            "Choose another time; the clocks go forward that day, and 03:30 does not come.",
        ),
        ({"host_url": "javascript:alert(1)"}, "Write a web address such as https://example.org/page."),
        ({"host_url": "ftp://example.org"}, "Write a web address such as https://example.org/page."),
        ({"notes_url": "not an address"}, "Write a web address such as https://example.org/page."),
        ({"summary": "x" * 20_001}, "Ensure this value has at most 20000 characters (it has 20001)."),
        ({"tracks": ["999"]}, "Tick again; a track that you had ticked is gone."),
        ({"date": "0001-01-01", "starts": "00:10", "ends": "00:20"}, "Choose a date from 1900 on."),
    ],
)  # fmt: skip
def test_mistake_is_told_and_nothing_typed_is_lost(as_organiser, change, sentence):
    SessionFactory(number=3)
    data = posted(
        readings=[reading("Kept reading")],
        talks=[{"title": "Kept talk", "presenters": "Nobody Yet"}],
        agenda="Kept agenda",
        **change,
    )

    page = as_organiser.post(NEW, data)

    assert page.status_code == 422
    assert sentence in sentences(page)
    words = text_of(page)
    for kept in ["Kept reading", "Kept talk", "Nobody Yet", "Kept agenda"]:
        assert kept in words
    for name, typed in change.items():
        if isinstance(typed, str) and name not in ("title", "time_zone", "summary"):
            assert f'value="{typed}"' in words
    assert Session.objects.count() == 1
    assert Presenter.objects.count() == 0


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (reading("", url="https://example.org"), "Write a title, or empty the row."),
        (reading("T", minutes=0), "Write 1 to 6000 minutes, or nothing when nobody knows."),
        (reading("T", minutes=6001), "Write 1 to 6000 minutes, or nothing when nobody knows."),
        (reading("T", minutes="an hour"), "Write whole minutes, or nothing when nobody knows."),
        (reading("T", url="javascript:x"), "Write a web address such as https://example.org/page."),
        (reading("T", order="-1"), "Write a number from 0 to 999."),
        (reading("x" * 251), "Ensure this value has at most 250 characters (it has 251)."),
    ],
)
def test_mistake_in_a_reading_is_told_at_its_row(as_organiser, row, sentence):
    page = as_organiser.post(NEW, posted(readings=[reading("Good"), row]))

    assert [(p.sentence, p.label.split(",")[0]) for p in page.context["problems"]] == [
        (sentence, "Reading 2")
    ]
    assert f'href="#{page.context["problems"][0].anchor}"' in text_of(page)
    assert Session.objects.count() == 0


def test_all_mistakes_are_told_at_once(as_organiser):
    SessionFactory(number=3)
    page = as_organiser.post(
        NEW,
        posted(number="3", ends="", readings=[reading("T", minutes=0)], talks=[{"abstract": "Only this"}]),
    )

    assert [problem.label for problem in page.context["problems"]] == [
        "Number",
        "Ends",
        "Reading 1, minutes",
        "Presentation 1, title",
    ]


def test_ambiguous_hour_is_the_first_of_the_two(as_organiser):
    as_organiser.post(NEW, posted(date="2026-10-25", starts="03:30", ends="05:00"))

    # In Tallinn 03:30 comes twice that day: at 00:30 and at 01:30 UTC.
    assert Session.objects.get().starts_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("data", [{}, BASE, {**BASE, "readings-TOTAL_FORMS": "x", "talks-TOTAL_FORMS": "-5"}])
def test_mangled_form_is_refused_without_an_error_page(as_organiser, data):
    page = as_organiser.post(NEW, data)

    assert page.status_code == 422
    assert Session.objects.count() == 0


def test_too_many_rows_are_refused(as_organiser):
    page = as_organiser.post(NEW, posted(readings=[reading(f"R{n}") for n in range(31)]))

    assert sentences(page) == ["Keep to 30 readings; the page holds no more."]


# --- More rows -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "counts"), [("readings", (3, 1)), ("talks", (2, 2))])
def test_another_row_keeps_all_that_was_typed_and_checks_nothing(as_organiser, name, counts):
    data = posted(
        readings=[reading("Half", minutes="an hour"), reading()],
        talks=[{"title": "", "presenters": "Bo, Ana"}],
        title="",
        date="someday",
        seen="v",
        more=name,
    )

    page = as_organiser.post(NEW, data)

    editor = page.context["editor"]
    assert page.status_code == 200
    assert page.context["problems"] == []
    assert (len(editor.readings.forms), len(editor.talks.forms)) == counts
    words = text_of(page)
    for typed in ['value="Half"', 'value="an hour"', 'value="Bo, Ana"', 'value="someday"']:
        assert typed in words
    assert words.count("autofocus") == 1
    assert Session.objects.count() == 0


def test_another_row_then_save_keeps_everything(as_organiser):
    stored = SessionFactory()
    kept = ReadingFactory(session=stored, title="Stored")
    data = form_of(as_organiser.get(url_of(stored))) | {"more": "readings"}
    data = form_of(as_organiser.post(url_of(stored), data))
    last = int(data["readings-TOTAL_FORMS"]) - 1
    data[f"readings-{last}-title"] = "Added"

    as_organiser.post(url_of(stored), data)

    assert list(stored.readings.values_list("title", flat=True)) == ["Stored", "Added"]
    assert stored.readings.first() == kept
