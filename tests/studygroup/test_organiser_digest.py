"""The organisers' weekly digest: what needs doing, and nothing when nothing does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members import recipients
from members.models import Invitation, Member
from members.models.application import State
from members.seats import current_group
from outbox import choices, wording
from outbox.models import Message
from sessions_app.models import Presentation, Session
from studygroup import dashboard, organiser_digest
from studygroup.mail_kinds import KINDS
from tests import snapshots
from tests.factories import (
    ApplicationFactory,
    OrganiserFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
)
from tests.members.test_races import at_once

SNAPSHOTS = Path(__file__).parent / "snapshots"
MONDAY = datetime(2027, 3, 29, 5, 0, tzinfo=UTC)  # eight o’clock in Tallinn


@pytest.fixture(autouse=True)
def _nothing_is_settled(db) -> None:
    """Tests that commit leave their marks in the cache behind."""
    cache.clear()


@pytest.fixture
def quiet(group, organiser):
    """A group in which nothing needs doing: every seat is taken and the next session is complete."""
    type(group).objects.update(capacity=Member.objects.active().count())
    session = SessionFactory(pk=7017, number=17, starts_at=MONDAY + timedelta(days=8), place="Library")
    ReadingFactory(session=session)
    PresentationFactory(session=session, presenter=PresenterFactory())
    return group


@pytest.fixture
def busy(quiet):
    """Late applications, an invitation that lapses, a draft, a session that is over, a proposed talk."""
    for pk in (7001, 7002):
        ApplicationFactory(pk=pk, name="Secret", applied_at=MONDAY - timedelta(days=30))
    asked = ApplicationFactory(pk=7003, name="Secret", state=State.INVITED)
    Invitation.issue(application=asked, by=None, now=MONDAY - timedelta(days=12), days=14)
    Session.objects.update(place="")
    SessionFactory(pk=7016, number=16, starts_at=MONDAY - timedelta(days=6))
    Presentation.objects.create(title="T", state=Presentation.State.PROPOSED, proposed_at=MONDAY)
    return quiet


def test_digest_tells_each_organiser_what_needs_doing_once_a_week(busy, organiser):
    OrganiserFactory(user__email="other@example.org")
    type(busy).objects.update(capacity=3)
    minute = timedelta(minutes=1)
    looks = [MONDAY - minute, MONDAY, MONDAY + minute, MONDAY + timedelta(days=7)]
    assert [organiser_digest.send(now=now) for now in looks] == [0, 2, 0, 2]
    assert set(Message.objects.values_list("about", flat=True)) == {
        "organiser_digest:2027-W13",
        "organiser_digest:2027-W14",
    }


def test_wording(busy, organiser):
    organiser_digest.send(now=MONDAY)
    message = Message.objects.get(recipient=recipients.of_user(organiser.pk))
    snapshots.check(SNAPSHOTS / "organiser_digest.txt", message)


def test_digest_has_the_lines_of_the_organisers_page_but_no_name_of_an_applicant(busy):
    group = current_group()
    lines = organiser_digest.todos(group, now=MONDAY)
    page = dashboard.gather(group, now=MONDAY)["todos"]
    assert [line.url for line in lines] == [line.url for line in page]
    assert "Secret" in str(page)
    assert "Secret" not in str(lines)


def test_digest_does_not_go_when_nothing_needs_doing(quiet):
    assert organiser_digest.todos(current_group(), now=MONDAY) == []
    assert organiser_digest.send(now=MONDAY) == 0


def test_organiser_who_wants_none_gets_none(busy, organiser):
    key = recipients.of_user(organiser.pk)
    choices.choose(key, {organiser_digest.KIND: choices.How.NOTHING}, now=MONDAY)
    organiser_digest.send(now=MONDAY)
    assert Message.objects.get(recipient=key).state == Message.State.HELD


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_one_each(busy):
    assert at_once([lambda: organiser_digest.send(now=MONDAY)] * 4) == {"done": 4}
    assert Message.objects.count() == 1


def test_sample_gives_exactly_what_the_wording_may_say(busy):
    kind = next(kind for kind in KINDS if kind.name == organiser_digest.KIND)
    assert set(kind.sample()) == set(kind.placeholders)
    wording.check(wording.default_wording(kind.name), kind.placeholders)


@pytest.mark.parametrize("many", [1, 3, 40])
def test_look_costs_a_fixed_number_of_queries(busy, many):
    OrganiserFactory.create_batch(many - 1)
    type(busy).objects.update(capacity=many + 1)
    costs = []
    for now in (MONDAY - timedelta(days=3), MONDAY, MONDAY + timedelta(minutes=1)):
        with CaptureQueriesContext(connection) as queries:
            organiser_digest.send(now=now)
        costs.append(len(queries))
    assert (costs, Message.objects.count()) == ([1, 23, 2], many)
