"""The line of a full room when many act at once, on real connections.

Each test fails when the session's row is no longer locked (select_for_update in rsvps.answer).
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from members import membership
from members.models.application import State
from outbox.models import Message
from sessions_app import guests, room, rsvps
from sessions_app.models import Rsvp, Session
from tests.factories import ApplicationFactory, MemberFactory, OrganiserFactory, SessionFactory
from tests.members.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5
NOW = timezone.now()


def say(session: Session, member, answer: str, minutes: int = 0):
    """One member's answer, to be given in a thread of its own."""
    now = NOW + timedelta(minutes=minutes)
    return lambda: rsvps.answer(session_id=session.pk, member=member, answer=answer, now=now)


def mails() -> int:
    return Message.objects.filter(kind="chair_freed").count()


def test_thirty_two_say_yes_at_once_to_a_room_of_five_and_leave_it_at_once(group):
    members = MemberFactory.create_batch(32)
    for _ in range(ROUNDS):
        session, before = SessionFactory(chairs=5), mails()

        assert at_once([say(session, member, "yes") for member in members]) == {"done": 32}

        seated, line = list(room.seated(session)), list(room.line(session))
        assert (len(seated), len(line), mails() - before) == (5, 27, 0)
        since = [rsvp.in_line_since for rsvp in line]
        assert since == sorted(set(since))  # nobody shares a place

        assert at_once([say(session, rsvp.member, "no", 1) for rsvp in seated]) == {"done": 5}

        now_seated = {rsvp.pk for rsvp in room.seated(session)}
        assert now_seated == {rsvp.pk for rsvp in line[:5]}
        assert [rsvp.pk for rsvp in room.line(session)] == [rsvp.pk for rsvp in line[5:]]
        assert mails() - before == 5


def test_comings_and_goings_at_once_leave_no_chair_empty_and_none_taken_twice(group):
    members = MemberFactory.create_batch(24)
    for _ in range(ROUNDS):
        session, before = SessionFactory(chairs=6), mails()
        for member in members[:12]:
            say(session, member, "yes")()

        outcomes = at_once(
            [say(session, m, "no", 1) for m in members[:8]]
            + [say(session, m, "yes", 1) for m in members[12:]]
        )

        assert outcomes == {"done": 20}
        assert (room.seated(session).count(), room.line(session).count()) == (6, 10)
        first = set(room.seated(session).values_list("member", flat=True))
        assert {member.pk for member in members[8:12]} <= first  # who waited before has a chair before
        assert Rsvp.objects.filter(session=session, answer="no").count() == 8
        # Two of those seated came anew; of the other four, each had waited and was told once.
        assert mails() - before >= 4


def test_a_chair_that_frees_goes_to_the_line_or_to_a_guest_never_to_both(group):
    organiser = OrganiserFactory().user
    for _ in range(ROUNDS):
        Rsvp.objects.all().delete()
        group.refresh_from_db()
        session = SessionFactory(chairs=2)
        say(session, organiser.member, "no")()
        people = [MemberFactory() for _ in range(3)]
        for member in people:
            say(session, member, "yes")()
        guest = ApplicationFactory(state=State.SHORTLISTED)

        outcomes = at_once(
            [
                say(session, people[0], "no", 1),
                lambda session=session, guest=guest: guests.offer(
                    session_id=session.pk, application_id=guest.pk, by=organiser, now=NOW
                ),
            ]
        )

        assert outcomes == {"done": 1, "NoChairFree": 1}
        assert (room.seated(session).count(), room.line(session).count()) == (2, 0)
        for member in people:
            membership.leave_group(member_id=member.pk, by=member.user, now=NOW)


def test_the_background_and_a_member_move_the_line_up_once(group):
    for _ in range(ROUNDS):
        session, before = SessionFactory(chairs=1), mails()
        people = [MemberFactory() for _ in range(4)]
        for member in people:
            say(session, member, "yes")()
        membership.leave_group(member_id=people[0].pk, by=people[0].user, now=NOW)

        jobs = [lambda: room.move_up_everywhere(now=NOW)] * 3 + [say(session, people[3], "maybe", 1)]
        assert at_once(jobs) == {"done": 4}

        assert [r.member_id for r in room.seated(session)] == [people[1].pk]
        assert [r.member_id for r in room.line(session)] == [people[2].pk]
        assert mails() - before == 1
