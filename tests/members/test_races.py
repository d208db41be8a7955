"""Rules 1, 2 and 4 when many act at once, on real connections.

Each test fails when the lock it is about is removed (select_for_update in Group.objects.locked and in
moves.lock, and the unique index for applying).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection

from members import admissions, applying, invitations, seats
from members.errors import Refused
from members.models import Application, Group, Invitation, Member
from members.models.application import State
from outbox.models import Message
from tests.factories import ApplicationFactory, GroupFactory, OrganiserFactory
from tests.members.test_applying import ANSWERS

pytestmark = pytest.mark.django_db(transaction=True)
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


def test_sixteen_invitations_over_three_free_seats_hold_exactly_three():
    group = GroupFactory(capacity=4)
    organiser = OrganiserFactory().user
    applications = ApplicationFactory.create_batch(16, state=State.SHORTLISTED)

    outcomes = at_once(
        [
            lambda pk=application.pk: admissions.invite(application_id=pk, by=organiser, now=NOW)
            for application in applications
        ]
    )

    assert outcomes == {"done": 3, "GroupFull": 13}
    assert seats.count(group) == seats.Seats(capacity=4, taken=1, held=3)
    assert Message.objects.filter(kind="invitation").count() == 3


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
    group = GroupFactory(capacity=2)
    application = ApplicationFactory(state=State.SHORTLISTED)
    invitation = admissions.invite(application_id=application.pk, by=OrganiserFactory().user, now=NOW)
    token = invitation_token(invitation)

    outcomes = at_once([lambda: invitations.accept(token=token, now=NOW)] * 8)

    assert outcomes == {"done": 1, "InvitationClosed": 7}
    assert seats.count(group) == seats.Seats(capacity=2, taken=2, held=0)
    assert Message.objects.filter(kind="welcome").count() == 1


def test_accept_against_lapse_against_withdrawal_has_one_winner():
    GroupFactory(capacity=2)
    application = ApplicationFactory(state=State.SHORTLISTED)
    invitation = admissions.invite(application_id=application.pk, by=OrganiserFactory().user, now=NOW)
    token = invitation_token(invitation)

    at_once(
        [
            lambda: invitations.accept(token=token, now=NOW),
            lambda: invitations.lapse_overdue(now=invitation.expires_at),
            lambda: applying.withdraw(application_id=application.pk, now=NOW),
        ]
    )

    application.refresh_from_db()
    invitation.refresh_from_db()
    joined = Member.objects.active().count() == 2
    assert (application.state == State.JOINED) == joined == (invitation.state == Invitation.State.ACCEPTED)
    assert Invitation.objects.open().count() == 0


def test_capacity_lowered_meanwhile_is_never_exceeded():
    group = GroupFactory(capacity=6)
    organiser = OrganiserFactory().user
    applications = ApplicationFactory.create_batch(8, state=State.SHORTLISTED)

    def lower() -> None:
        from django.db import transaction

        with transaction.atomic():
            locked = Group.objects.locked()
            assert seats.count(locked).free >= 0
            used = locked.capacity - seats.count(locked).free
            locked.capacity = max(used, 1)
            locked.save(update_fields=["capacity"])

    at_once(
        [
            lower,
            *(
                lambda pk=application.pk: admissions.invite(application_id=pk, by=organiser, now=NOW)
                for application in applications
            ),
        ]
    )

    group.refresh_from_db()
    now = seats.count(group)
    assert now.taken + now.held <= group.capacity


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
