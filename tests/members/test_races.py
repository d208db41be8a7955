"""Rules 1, 2 and 4 when many act at once, on real connections.

Each test fails when the lock it is about is removed (select_for_update in Group.objects.locked and in
moves.lock, and the unique index for applying).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from members import admissions, applying, invitations, membership, seats
from members.errors import Refused
from members.models import Application, Invitation, Member, SeatChange
from members.models.application import State
from outbox.models import Message
from tests.factories import ApplicationFactory, GroupFactory, MemberFactory, OrganiserFactory
from tests.members.test_applying import ANSWERS

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20  # a race that is lost once in ten rounds is lost all the same
NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def at_once(jobs: list[Callable[[], object]]) -> Counter:
    """Run the jobs in threads that start together; count "done" and the names of refusals."""
    barrier, outcomes = threading.Barrier(len(jobs)), []

    def run(job: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            job()
            outcomes.append("done")
        except Refused as refusal:
            outcomes.append(type(refusal).__name__)
        except Exception as fault:  # shown by the assertion on the counter
            outcomes.append(repr(fault))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(outcomes)


def invitation_token(invitation: Invitation) -> str:
    return Message.objects.get(kind="invitation", about=f"invitation:{invitation.pk}").secrets[1]


def invited(group, *, by) -> tuple[Invitation, str]:
    """An applicant who holds an open invitation, and its token."""
    application = ApplicationFactory(state=State.SHORTLISTED)
    invitation = admissions.invite(application_id=application.pk, by=by, now=NOW)
    return invitation, invitation_token(invitation)


def check_seats(group) -> seats.Seats:
    """The ledger's last line tells the seats as they are; returns them."""
    group.refresh_from_db()
    now = seats.count(group)
    last = SeatChange.objects.order_by("pk").last()
    assert (last.capacity, last.taken, last.held) == (now.capacity, now.taken, now.held)
    return now


def test_thirty_two_at_once_over_five_free_seats_take_or_hold_exactly_five():
    """Each invites somebody else; every second one that gets through is accepted at once."""
    group = GroupFactory(capacity=1)
    organiser = OrganiserFactory().user

    def invite(pk: int) -> None:
        invitation = admissions.invite(application_id=pk, by=organiser, now=NOW)
        if pk % 2:
            invitations.accept(token=invitation_token(invitation), now=NOW)

    for _ in range(ROUNDS):
        used = group.capacity
        seats.set_capacity(capacity=used + 5, by=organiser, now=NOW)
        applications = ApplicationFactory.create_batch(32, state=State.SHORTLISTED)

        outcomes = at_once([lambda pk=application.pk: invite(pk) for application in applications])

        assert outcomes == {"done": 5, "GroupFull": 27}
        now = check_seats(group)
        assert (now.taken + now.held, now.capacity) == (used + 5, used + 5)
        Application.objects.filter(state=State.SHORTLISTED).delete()
    assert Message.objects.filter(kind="invitation").count() == 5 * ROUNDS


def test_two_organisers_invite_one_applicant_once():
    GroupFactory(capacity=10)
    organisers = [member.user for member in OrganiserFactory.create_batch(8)]
    application = ApplicationFactory(state=State.SHORTLISTED)

    outcomes = at_once(
        [
            lambda who=who: admissions.invite(application_id=application.pk, by=who, now=NOW)
            for who in organisers
        ]
    )

    assert outcomes == {"done": 1, "IllegalMove": 7}
    assert application.changes.filter(after=State.INVITED).count() == 1


def test_one_invitation_accepted_eight_times_makes_one_member():
    group = GroupFactory(capacity=ROUNDS + 1)
    organiser = OrganiserFactory().user

    for number in range(1, ROUNDS + 1):
        _, token = invited(group, by=organiser)

        outcomes = at_once([lambda token=token: invitations.accept(token=token, now=NOW)] * 8)

        assert outcomes == {"done": 1, "InvitationClosed": 7}
        now = check_seats(group)
        assert (now.taken, now.held) == (1 + number, 0)
    assert Message.objects.filter(kind="welcome").count() == ROUNDS


def end_of(rival: str, invitation: Invitation, *, by) -> Callable[[], object]:
    """What ends an invitation without a member."""
    return {
        "revoke": lambda: invitations.revoke(invitation_id=invitation.pk, by=by, now=NOW, reason="A mistake"),
        "lapse": lambda: invitations.lapse_overdue(now=invitation.expires_at),
        "withdraw": lambda: applying.withdraw(application_id=invitation.application_id, now=NOW),
        "decline": lambda: admissions.decline(
            application_id=invitation.application_id, by=by, reason="No", now=NOW
        ),
    }[rival]


@pytest.mark.parametrize("rival", ["revoke", "lapse", "withdraw", "decline"])
def test_accept_against_another_end_has_one_winner(rival):
    group = GroupFactory(capacity=ROUNDS + 1)
    organiser = OrganiserFactory().user

    for number in range(ROUNDS):
        invitation, token = invited(group, by=organiser)
        both = [
            end_of(rival, invitation, by=organiser),
            lambda token=token: invitations.accept(token=token, now=NOW),
        ]

        outcomes = at_once(both if number % 2 else both[::-1])

        invitation.refresh_from_db()
        application = invitation.application
        application.refresh_from_db()
        joined = Member.objects.filter(user__email=application.email_key).exists()
        accepted = invitation.state == Invitation.State.ACCEPTED
        assert joined == accepted == (application.state == State.JOINED)
        assert application.changes.exclude(after=State.INVITED).count() == 1
        # Lapsing is no one's request, so it is not refused when it comes too late.
        assert outcomes["done"] == (2 if rival == "lapse" and accepted else 1), outcomes
        assert check_seats(group).held == 0


def test_capacity_lowered_meanwhile_is_never_exceeded_by_a_later_invitation():
    group = GroupFactory(capacity=7)
    organiser = OrganiserFactory().user

    for _ in range(ROUNDS):
        seats.set_capacity(capacity=6, by=organiser, now=NOW)
        applications = ApplicationFactory.create_batch(8, state=State.SHORTLISTED)

        outcomes = at_once(
            [
                lambda: seats.set_capacity(capacity=3, by=organiser, now=NOW),
                *(
                    lambda pk=application.pk: admissions.invite(application_id=pk, by=organiser, now=NOW)
                    for application in applications
                ),
            ]
        )

        held = outcomes["done"] - 1
        assert outcomes == {"done": held + 1, "GroupFull": 8 - held}
        # In the order of the ledger: nobody was invited when as many seats as there were had gone.
        lines = SeatChange.objects.filter(kind=SeatChange.Kind.HELD)
        assert [line for line in lines if line.taken + line.held > line.capacity] == []
        assert 2 <= held <= 5
        assert check_seats(group).held == held
        for application in applications:
            applying.withdraw(application_id=application.pk, now=NOW)
        seats.set_capacity(capacity=7, by=organiser, now=NOW)


def test_two_who_return_to_one_seat():
    group = GroupFactory(capacity=3)
    members = [OrganiserFactory(), *MemberFactory.create_batch(2)]
    for member in members[1:]:
        membership.go_on_leave(
            member_id=member.pk, until=NOW.date() + timedelta(days=9), by=member.user, now=NOW
        )
    seats.set_capacity(capacity=2, by=members[0].user, now=NOW)

    outcomes = at_once(
        [
            lambda member=member: membership.come_back(member_id=member.pk, by=member.user, now=NOW)
            for member in members[1:]
        ]
    )

    assert outcomes == {"done": 1, "GroupFull": 1}
    assert check_seats(group) == seats.Seats(capacity=2, taken=2, held=0)


def test_twelve_posts_of_one_address_make_one_application():
    GroupFactory()

    outcomes = at_once(
        [
            lambda spelling=spelling: applying.apply(email=spelling, answers=ANSWERS, strengths=[], now=NOW)
            for spelling in ["a@example.org", "A@example.org", " a@EXAMPLE.org"] * 4
        ]
    )

    assert outcomes == {"done": 12}
    assert Application.objects.count() == 1
    assert Counter(Message.objects.values_list("kind", flat=True))["confirm_address"] == 1


def test_two_organisers_decide_differently_and_one_is_told():
    GroupFactory()
    application = ApplicationFactory()
    organisers = [member.user for member in OrganiserFactory.create_batch(2)]
    for who in organisers:
        admissions.review(application_id=application.pk, by=who, scores={}, note="", now=NOW)

    outcomes = at_once(
        [
            lambda: admissions.shortlist(
                application_id=application.pk, by=organisers[0], now=NOW, seen=State.WAITING
            ),
            lambda: admissions.decline(
                application_id=application.pk, by=organisers[1], reason="No", now=NOW, seen=State.WAITING
            ),
        ]
    )

    assert outcomes == {"done": 1, "IllegalMove": 1}
    assert application.changes.count() == 1
