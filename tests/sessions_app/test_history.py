"""A member's own history: sessions attended and missed, answers, talks, and the numbers by year."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sessions_app import history
from sessions_app.models import Attendance, Rsvp, Slot
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
)
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()
URL = "/me/sessions/"


def held(number: int, when: datetime, **values):
    return HeldSessionFactory(
        number=number, starts_at=when, ends_at=when + timedelta(hours=2), announced_at=None, **values
    )


def came(session, member=None, **values) -> None:
    Attendance.objects.create(session=session, member=member, noted_at=NOW, **values)


def say(session, member, answer: str, **values) -> None:
    Rsvp.objects.create(session=session, member=member, answer=answer, answered_at=NOW, **values)


def words(response) -> str:
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(text).split())


@pytest.fixture
def joined(member):
    member.joined_at = datetime(2024, 1, 1, tzinfo=UTC)
    member.save()
    return member


def test_sessions_of_the_members_time_and_others_they_came_to(joined):
    before = held(1, datetime(2023, 5, 1, tzinfo=UTC))
    guest_then = held(2, datetime(2023, 6, 1, tzinfo=UTC))
    missed = held(3, datetime(2024, 6, 1, tzinfo=UTC))
    unnoted = held(4, datetime(2025, 6, 1, tzinfo=UTC))
    over = SessionFactory(number=5, starts_at=NOW - timedelta(days=2))
    for state, days in (("draft", -9), ("cancelled", -9), ("announced", 9)):
        SessionFactory(state=state, starts_at=NOW + timedelta(days=days))
    came(guest_then, joined)
    came(missed, MemberFactory())
    say(missed, joined, "yes")
    say(unnoted, joined, "maybe")
    say(over, joined, "yes", in_line_since=NOW)

    found = history.sessions_of(joined, now=NOW)

    assert [(s.number, s.came, s.was_noted, s.answer, s.was_in_line) for s in found] == [
        (5, False, False, "yes", True),
        (4, False, False, "maybe", False),
        (3, False, True, "yes", False),
        (2, True, True, None, False),
    ]
    joined.left_at = datetime(2024, 7, 1, tzinfo=UTC)
    assert [s.number for s in history.sessions_of(joined, now=NOW)] == [5, 4, 3, 2]  # answered, so theirs
    Rsvp.objects.all().delete()
    assert [s.number for s in history.sessions_of(joined, now=NOW)] == [3, 2]
    assert before.number not in [s.number for s in history.sessions_of(joined, now=NOW)]


def test_years_are_counted_on_the_groups_clock(joined, group):
    late = held(1, datetime(2024, 12, 31, 22, 30, tzinfo=UTC))  # 2025 in Tallinn
    other = held(2, datetime(2025, 3, 1, tzinfo=UTC))
    early = held(3, datetime(2024, 3, 1, tzinfo=UTC))
    came(late, joined)
    came(late, MemberFactory())
    came(other, MemberFactory())
    presenter = PresenterFactory(guest_name="", member=joined)
    talk = PresentationFactory(title="Twice", session=early, presenter=presenter)
    Slot.objects.create(presentation=talk, session=other)
    PresentationFactory(title="To come", session=SessionFactory(), presenter=presenter)
    PresentationFactory(title="Refused", session=other, presenter=presenter, state="declined")
    PresentationFactory(title="Another's", session=other, presenter=PresenterFactory())

    years = history.years_of(joined, group, now=NOW)

    assert [(y.year, y.sessions, y.came, [t.title for t in y.talks]) for y in years] == [
        (2025, 2, 1, []),
        (2024, 1, 0, ["Twice"]),
    ]
    assert [s["number"] for s in years[1].talks[0].given_in] == [3, 2]


def test_page_says_what_was_so(joined, as_member):
    first, second = held(1, datetime(2024, 3, 1, tzinfo=UTC)), held(2, datetime(2024, 4, 1, tzinfo=UTC))
    held(3, datetime(2024, 5, 1, tzinfo=UTC))
    came(first, joined)
    came(second, MemberFactory())
    say(second, joined, "yes")
    PresentationFactory(
        title="Gradients", session=first, presenter=PresenterFactory(guest_name="", member=joined)
    )
    text = words(as_member.get(URL))
    for sentence in (
        "You came to 1 of 3 sessions. You gave one talk.",
        "You came",
        "You were not there You said that you would come.",
        "Nobody noted who came.",
        "Gradients session 1",
    ):
        assert sentence in text


def test_page_without_a_session_says_so_and_is_linked_from_the_own_page(as_member):
    assert "No session has taken place since you joined." in words(as_member.get(URL))
    assert f'href="{URL}"' in as_member.get("/me/").content.decode()


def test_history_is_for_members(client, client_of, group):
    assert client.get(URL).status_code == 302
    former = MemberFactory(state="alumni", left_at=NOW)
    assert client_of(former.user).get(URL).status_code == 403


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_history_costs_a_fixed_number_of_queries(joined, as_member, rows):
    presenter = PresenterFactory(guest_name="", member=joined)
    for _ in range(rows):
        session = HeldSessionFactory()
        came(session, joined)
        say(session, joined, "yes")
        PresentationFactory(session=session, presenter=presenter)
    assert queries_of(as_member, [URL]) == {URL: 9}
