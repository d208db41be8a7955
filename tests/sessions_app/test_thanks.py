"""The thank-you on the morning after: to whom, when, how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from outbox.models import Message
from sessions_app import thanks
from sessions_app.models import Presentation, Session
from tests import snapshots
from tests.factories import MemberFactory, PresentationFactory, PresenterFactory, SessionFactory
from tests.members.test_races import at_once

SNAPSHOTS = Path(__file__).parent / "snapshots"
# 28 March 2027 is the day on which clocks in Tallinn go forward: ten in the morning is 07:00 in UTC.
START = datetime(2027, 3, 27, 16, 30, tzinfo=UTC)
TEN = datetime(2027, 3, 28, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_is_settled(db) -> None:
    """Tests that commit leave their marks in the cache behind."""
    cache.clear()


@pytest.fixture
def session(group):
    return SessionFactory(
        number=17, title="Attention", starts_at=START, state=Session.State.HELD, host="Hele Host"
    )


@pytest.fixture
def talk(session, member):
    return PresentationFactory(
        title="A *short* history", session=session, presenter=PresenterFactory(guest_name="", member=member)
    )


def told() -> list[str]:
    return list(Message.objects.filter(kind="thank_you").order_by("to").values_list("to", flat=True))


def test_presenters_and_host_are_thanked_once_at_ten_on_the_day_after(session, talk):
    MemberFactory(user__name="hele host", user__email="host@example.org")
    PresentationFactory(title="B", session=session, presenter=PresenterFactory(email="eve@example.org"))
    PresentationFactory(title="C", session=session, presenter=PresenterFactory(guest_name="No address"))
    assert [thanks.thank(now=TEN + timedelta(minutes=n)) for n in (-1, 0, 1, 60 * 24)] == [0, 3, 0, 0]
    assert told() == ["eve@example.org", "host@example.org", "mira@example.org"]


def test_wording_for_a_presenter(talk):
    thanks.thank(now=TEN)
    message = Message.objects.get()
    assert message.recipient == f"user:{talk.presenters.get().member.user_id}"
    snapshots.check(SNAPSHOTS / "thank_you.txt", message)


def test_wording_for_a_host(session):
    host = MemberFactory(user__name="Hele Host", user__email="host@example.org")
    thanks.thank(now=TEN)
    snapshots.check(SNAPSHOTS / "thank_you_host.txt", Message.objects.get(recipient=f"user:{host.user_id}"))


def test_presenter_who_hosts_has_one_mail_for_both(session, talk, member):
    Session.objects.update(host=" Mira Tamm ")
    assert thanks.thank(now=TEN) == 1
    said = "thank you for “A short history”, and for having us as your guests, in session 17.\n"
    assert said in Message.objects.get().text


def test_guest_is_not_sent_to_a_page_that_asks_to_sign_in(session):
    PresentationFactory(session=session, presenter=PresenterFactory(email="eve@example.org"))
    thanks.thank(now=TEN)
    text = Message.objects.get().text
    assert "let the organisers know.\n" in text
    assert f"{settings.SITE_URL}/presentations/propose/" not in text


def test_host_whose_name_two_members_have_is_not_guessed(session):
    MemberFactory.create_batch(2, user__name="Hele Host")
    assert thanks.thank(now=TEN) == 0


def test_talk_that_was_withdrawn_is_not_thanked_for(talk):
    Presentation.objects.update(state=Presentation.State.WITHDRAWN)
    assert thanks.thank(now=TEN) == 0


@pytest.mark.parametrize("state", [Session.State.DRAFT, Session.State.ANNOUNCED, Session.State.CANCELLED])
def test_session_that_nobody_marked_as_held_has_none_until_somebody_does(talk, state):
    Session.objects.update(state=state)
    assert thanks.thank(now=TEN) == 0
    Session.objects.update(state=Session.State.HELD)
    assert thanks.thank(now=TEN + timedelta(days=3)) == 1


def test_session_marked_as_held_weeks_later_has_none(talk):
    assert thanks.thank(now=START + thanks.WITHIN) == 0


def test_session_that_was_never_announced_has_none(talk):
    Session.objects.update(announced_at=None)
    assert thanks.thank(now=TEN) == 0


def test_thank_you_that_waits_is_outdated_when_the_session_was_not_held(talk):
    thanks.thank(now=TEN)
    message = Message.objects.get()
    assert thanks.outdated(message, TEN) == ""
    Session.objects.update(state=Session.State.CANCELLED)
    assert thanks.outdated(message, TEN) == "The session is not one that was held."


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_thank_once(talk):
    assert at_once([lambda: thanks.thank(now=TEN)] * 4) == {"done": 4}
    assert told() == ["mira@example.org"]


@pytest.mark.parametrize("many", [1, 3, 40])
def test_look_costs_a_fixed_number_of_queries(session, many):
    for member in MemberFactory.create_batch(many):
        PresentationFactory(session=session, presenter=PresenterFactory(guest_name="", member=member))
    costs = []
    for now in (TEN - timedelta(minutes=1), TEN, TEN + timedelta(minutes=1)):
        with CaptureQueriesContext(connection) as queries:
            thanks.thank(now=now)
        costs.append(len(queries))
    assert (costs, len(told())) == ([1, 19, 2], many)
