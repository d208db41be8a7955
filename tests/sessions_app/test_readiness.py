"""The page of those who run or present in a session: how far the members are, and what they are stuck at."""

import pytest
from django.utils import timezone

from sessions_app import stuck_points
from sessions_app.models import MeToo, Presentation, Progress, Rsvp, StuckPoint
from tests.factories import (
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
)
from tests.sessions_app.test_public_pages import text_of
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()


@pytest.fixture
def session(group):
    return SessionFactory(number=4)


def fill(session, rows: int) -> None:
    """So many readings, members who come and have read one, and questions with "me too"."""
    for _ in range(rows):
        reading = ReadingFactory(session=session)
        people = [MemberFactory() for _ in range(3)]
        for person in people:
            Rsvp.objects.create(session=session, member=person, answer="yes", answered_at=NOW)
        Progress.objects.create(reading=reading, member=people[0], read_at=NOW)
        point = StuckPoint.objects.create(
            reading=reading, author=people[1], question=f"Why $x^{rows}$?", asked_at=NOW
        )
        MeToo.objects.create(point=point, member=people[2], said_at=NOW)
        StuckPoint.objects.create(
            reading=reading, author=people[1], question="Q", answer="A", asked_at=NOW, resolved_at=NOW
        )


@pytest.fixture
def presenter(session):
    made = MemberFactory(user__name="Pia")
    PresentationFactory(session=session, presenter=PresenterFactory(guest_name="", member=made))
    return made


# --- Who -----------------------------------------------------------------------------------------------
def test_readiness_is_for_organisers_and_who_presents_there(
    visitor, as_member, as_organiser, client_of, presenter
):
    elsewhere = MemberFactory()
    PresentationFactory(session=SessionFactory(), presenter=PresenterFactory(guest_name="", member=elsewhere))
    page = "/sessions/4/readiness/"

    answers = [
        client.get(page).status_code
        for client in (visitor, as_member, client_of(elsewhere.user), as_organiser, client_of(presenter.user))
    ]

    assert answers == [302, 403, 403, 200, 200]


@pytest.mark.parametrize("state", ["declined", "withdrawn"])
def test_readiness_is_closed_to_who_no_longer_presents(client_of, presenter, state):
    Presentation.objects.update(state=state)

    assert client_of(presenter.user).get("/sessions/4/readiness/").status_code == 403


def test_readiness_of_a_draft_is_the_organisers(as_organiser, client_of, presenter, session):
    session.state = "draft"
    session.save()

    assert client_of(presenter.user).get("/sessions/4/readiness/").status_code == 404
    assert as_organiser.get("/sessions/4/readiness/").status_code == 200
    assert as_organiser.get("/sessions/99/readiness/").status_code == 404


@pytest.mark.parametrize("step", ["readiness/", "questions/{}/resolve/", "questions/{}/reopen/"])
def test_organisers_without_the_second_factor_are_led_to_it(as_organiser, group, session, member, step):
    point = StuckPoint.objects.create(
        reading=ReadingFactory(session=session), author=member, question="Q", asked_at=NOW
    )
    group.second_factor = True
    group.save()
    address = "/sessions/4/" + step.format(point.pk)

    response = as_organiser.get(address) if step == "readiness/" else as_organiser.post(address)

    assert (response.status_code, response.url) == (302, "/accounts/2fa/")


def test_readiness_is_linked_where_organisers_and_presenters_are(
    as_member, as_organiser, client_of, presenter, session
):
    link = 'href="/sessions/4/readiness/"'
    pages = {
        (name, page): link in text_of(client.get(page))
        for name, client in [
            ("member", as_member),
            ("organiser", as_organiser),
            ("presenter", client_of(presenter.user)),
        ]
        for page in ("/next/", "/sessions/4/")
    }

    assert {who for who, linked in pages.items() if not linked} == {
        ("member", "/next/"),
        ("member", "/sessions/4/"),
    }
    assert link in text_of(as_organiser.get(f"/organise/sessions/{session.pk}/"))


def test_scribe_who_presents_is_shown_the_link_and_one_who_does_not_is_not(client_of, presenter, session):
    other = MemberFactory()
    linked = {}
    for scribe in (presenter, other):
        session.scribe = scribe
        session.save()
        page = client_of(scribe.user).get("/sessions/4/")
        linked[scribe.name] = 'href="/sessions/4/readiness/"' in text_of(page)

    assert linked == {"Pia": True, other.name: False}


# --- What ----------------------------------------------------------------------------------------------
def test_readiness_shows_counts_and_never_who(as_organiser, session):
    fill(session, 1)
    reader = Progress.objects.get().member

    words = text_of(as_organiser.get("/sessions/4/readiness/"))

    assert "1 of 3" in words
    assert "Of the three active members who said yes or maybe. Nobody sees who has read what." in words
    assert "27 min are left for each of them on average, 1 h 20 min in all." in words
    assert reader.name not in words


def test_readiness_names_who_has_read_when_the_group_shows_that(as_organiser, session, group):
    group.show_who_has_read = True
    group.save()
    fill(session, 1)
    reader = Progress.objects.get().member

    words = text_of(as_organiser.get("/sessions/4/readiness/"))

    assert f"<bdi>{reader.name}</bdi>" in words
    assert "Nobody sees who has read what." not in words


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (0, "No member has said yes or maybe yet."),
        (2, "Two members said yes or maybe. Counts stand here from three on:"),
    ],
)
def test_readiness_of_too_few_says_why_there_is_no_count(as_organiser, session, count, sentence):
    reading = ReadingFactory(session=session)
    for _ in range(count):
        person = MemberFactory()
        Rsvp.objects.create(session=session, member=person, answer="yes", answered_at=NOW)
        Progress.objects.create(reading=reading, member=person, read_at=NOW)

    words = text_of(as_organiser.get("/sessions/4/readiness/"))

    assert sentence in words
    assert f"{count} of {count}" not in words


def test_readiness_without_readings_or_questions_says_so(as_organiser, session):
    words = text_of(as_organiser.get("/sessions/4/readiness/"))

    assert "Nothing is on the list to read yet." in words
    assert "Nobody has said where they are stuck." in words


def test_readiness_has_the_form_for_open_questions_and_the_answer_of_resolved_ones(as_organiser, session):
    fill(session, 1)
    waiting = StuckPoint.objects.get(resolved_at=None)

    words = text_of(as_organiser.get("/sessions/4/readiness/"))

    assert f'name="seen" value="{stuck_points.version_of(waiting)}"' in words
    assert "one other says “me too”." in words
    assert words.index("<msup>") < words.index('class="stuck-answer notes"><p>A</p>')
    assert "/reopen/" in words


@pytest.mark.parametrize("rows", [1, 3, 60])
def test_readiness_costs_the_same_whatever_there_is(as_organiser, client_of, presenter, session, rows):
    fill(session, rows)
    page = "/sessions/4/readiness/"

    assert queries_of(as_organiser, [page]) == {page: 9}
    assert queries_of(client_of(presenter.user), [page]) == {page: 10}
