"""The management commands that have no test file of their own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from members import admissions, seats
from members.models import Invitation, Member, User
from members.models.application import State
from outbox.models import Message
from tests.factories import ApplicationFactory, MemberFactory


def test_add_organiser_seats_one_who_can_sign_in(group, capsys):
    call_command("add_organiser", "Orla@Example.org", "Orla Quinn")
    call_command("add_organiser", "orla@example.org", "Orla Quinn")  # again: nothing twice
    member = Member.objects.get()
    assert (member.role, member.user.email, member.user.name) == (
        "organiser",
        "orla@example.org",
        "Orla Quinn",
    )
    assert member.user.emailaddress_set.get().verified


def test_add_organiser_says_what_is_in_the_way(db, group):
    with pytest.raises(CommandError, match="is not an e-mail address"):
        call_command("add_organiser", "orla", "Orla")
    group.capacity = 1
    group.save()
    MemberFactory()
    with pytest.raises(CommandError, match="seats are taken or held"):
        call_command("add_organiser", "orla@example.org", "Orla")
    assert not User.objects.filter(email="orla@example.org").exists()


def test_add_organiser_without_a_group_says_so(db):
    with pytest.raises(CommandError, match="There is no group yet"):
        call_command("add_organiser", "orla@example.org", "Orla")


@pytest.mark.django_db(transaction=True)
def test_worker_sends_what_is_due_and_frees_lapsed_seats(transactional_db, mailoutbox):
    from tests.factories import GroupFactory

    group = GroupFactory()
    application = ApplicationFactory(state=State.SHORTLISTED)
    organiser = MemberFactory(role="organiser").user
    long_ago = timezone.now() - timedelta(days=30)
    admissions.invite(application_id=application.pk, by=organiser, now=long_ago)

    Message.objects.update(state="sent", sent_at=long_ago)

    call_command("worker", once=True)

    assert [mail.subject for mail in mailoutbox if mail.to == [application.email]] == [
        "Your invitation to Tuesday Readers has lapsed"
    ]
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
    assert Invitation.objects.get().state == "lapsed"
    assert seats.count(group).held == 0
