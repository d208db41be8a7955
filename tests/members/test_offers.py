"""Automatic offers: off unless the group says so, along the agreed order, never more than there are seats."""

from datetime import UTC, date, datetime, timedelta

import pytest

from members import admissions, decisions, invitations, membership, offers, seats
from members.errors import Refused
from members.models import Application, Decision, Group, Invitation, Member, SeatChange
from members.models.application import State
from tests.factories import ApplicationFactory, GroupFactory, MemberFactory
from tests.members.test_races import at_once

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@pytest.fixture
def group(db) -> Group:
    return GroupFactory(capacity=3, automatic_offers=True)


def placed(name: str, place: int | None, **more) -> Application:
    return ApplicationFactory(name=name, state=State.SHORTLISTED, place=place, **more)


def invited() -> list[str]:
    return list(Invitation.objects.order_by("pk").values_list("application__name", flat=True))


def test_offers_are_off_by_default(db):
    GroupFactory()
    placed("Ada", 1)
    assert (offers.offer_free_seats(now=NOW), invited()) == (0, [])


def test_offers_without_a_group_do_nothing(db):
    assert offers.offer_free_seats(now=NOW) == 0


def test_every_free_seat_is_offered_in_the_agreed_order(group):
    MemberFactory()
    placed("Cy", 3), placed("Bo", 2), placed("Ada", 1), placed("Nobody’s", None)

    assert offers.offer_free_seats(now=NOW) == 2

    assert invited() == ["Ada", "Bo"]
    assert seats.count(group) == seats.Seats(capacity=3, taken=1, held=2)
    change = Application.objects.get(name="Ada").changes.get()
    assert (change.by, change.actor, change.reason) == ("system", None, "Next in the agreed order")
    assert list(SeatChange.objects.order_by("pk").values_list("kind", "actor", "note", "taken", "held")) == [
        ("held", None, "Automatic offer", 1, 1),
        ("held", None, "Automatic offer", 1, 2),
    ]
    assert offers.offer_free_seats(now=NOW) == 0


def test_without_an_agreed_order_nobody_is_invited(group):
    placed("Ada", None)
    assert (offers.offer_free_seats(now=NOW), invited(), offers.following()) == (0, [], None)


def test_whoever_let_an_invitation_lapse_is_passed_over(group):
    placed("Ada", 1)
    placed("Bo", 2)
    Group.objects.update(capacity=1)
    offers.offer_free_seats(now=NOW)
    later = NOW + timedelta(days=15)
    invitations.lapse_overdue(now=later)

    assert offers.offer_free_seats(now=later) == 1

    assert invited() == ["Ada", "Bo"]
    assert Application.objects.get(name="Ada").lapses == 1


def test_whoever_is_about_to_be_declined_is_passed_over(group, organiser):
    ada, bo = placed("Ada", 1), placed("Bo", 2)
    decisions.prepare(
        application_id=ada.pk, kind=Decision.Kind.DECLINE, by=organiser, now=NOW, reason="Moves away"
    )
    assert offers.following() == bo


def test_members_due_back_come_before_offers(group, organiser):
    Group.objects.update(capacity=1)
    guest = MemberFactory(state=Member.State.ON_LEAVE, leave_until=date(2026, 3, 2))
    placed("Ada", 1)
    membership.go_on_leave(member_id=organiser.member.pk, until=date(2026, 4, 1), by=organiser, now=NOW)

    assert (offers.offer_free_seats(now=NOW), invited()) == (0, [])

    assert membership.seat_returners(now=NOW) == 1
    guest.refresh_from_db()
    assert guest.state == Member.State.ACTIVE
    assert offers.offer_free_seats(now=NOW) == 0  # the one seat is taken


@pytest.mark.django_db(transaction=True)
def test_eight_workers_and_an_organiser_never_invite_too_many(group, organiser):
    waiting = [placed(f"Person {n}", n + 1) for n in range(12)]

    at_once(
        [lambda: offers.offer_free_seats(now=NOW)] * 7
        + [
            lambda: admissions.invite(
                application_id=waiting[5].pk, by=organiser, now=NOW, reason="Leaves soon"
            )
        ]
    )

    assert seats.count(group) == seats.Seats(capacity=3, taken=1, held=2)
    allowed = [["Person 0", "Person 1"], ["Person 0", "Person 5"], ["Person 5", "Person 0"]]
    assert invited() in allowed


def test_switching_offers_is_said_once(group):
    offers.set_automatic(on=False, by=None, now=NOW)
    assert Group.objects.get().automatic_offers is False
    with pytest.raises(Refused, match="Automatic offers are off already"):
        offers.set_automatic(on=False, by=None, now=NOW)
