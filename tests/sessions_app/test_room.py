"""The room's line: who has a chair, who waits for one, and how the line moves up by itself."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from members import applying, membership
from members.models import Member
from members.models.application import State
from outbox.models import Message
from sessions_app import guests, planning, room, rsvps, schedule, tasks
from sessions_app.models import Rsvp, Session
from tests.factories import ApplicationFactory, MemberFactory, SessionFactory

NOW = timezone.now()


@pytest.fixture
def session(group) -> Session:
    return SessionFactory(number=18, title="Curiosity", chairs=2, place="Lantern Hall")


def say(session: Session, member: Member, answer: str = "yes", minutes: int = 0) -> Rsvp:
    return rsvps.answer(
        session_id=session.pk, member=member, answer=answer, now=NOW + timedelta(minutes=minutes)
    )


def all_say_yes(session: Session, count: int) -> list[Member]:
    """So many members who say yes, a minute apart."""
    members = MemberFactory.create_batch(count)
    for minutes, member in enumerate(members):
        say(session, member, minutes=minutes)
    return members


def seated(session: Session) -> list[int]:
    return sorted(room.seated(session).values_list("member", flat=True))


def line(session: Session) -> list[int]:
    return list(room.line(session).values_list("member", flat=True))


def told() -> list[str]:
    """Whom the mails about freed chairs went to, the oldest first."""
    return list(Message.objects.filter(kind="chair_freed").order_by("pk").values_list("to", flat=True))


def pks(*members: Member) -> list[int]:
    return [member.pk for member in members]


def resave(session: Session, **values) -> None:
    """Save the session as the organisers' form does, with other values."""
    stored = planning.stored(session)
    kept = {name: getattr(stored.session, name) for name in planning.SESSION_FIELDS}
    plan = planning.Plan(values={**kept, **values}, tracks=stored.tracks)
    planning.save_session(session_id=session.pk, seen=stored.version, plan=plan, now=NOW)


# --- Getting in line -----------------------------------------------------------------------------------
def test_the_first_who_say_yes_have_the_chairs_and_the_others_are_in_line(session):
    first, second, third, fourth = all_say_yes(session, 4)

    assert seated(session) == pks(first, second)
    assert line(session) == pks(third, fourth)
    assert [Rsvp.objects.tally(session=session, member=m).place for m in (first, third, fourth)] == [0, 1, 2]
    tally = Rsvp.objects.tally(session=session, member=third)
    assert (tally.members, tally.coming, tally.in_line, tally.mine) == (4, 2, 2, "yes")


def test_room_without_a_number_of_chairs_has_no_line(group):
    session = SessionFactory(chairs=None)
    group.capacity = 1
    group.save()
    members = all_say_yes(session, 3)
    assert (seated(session), line(session)) == (pks(*members), [])


def test_chairs_kept_for_guests_are_not_the_members(session, organiser):
    guests.offer(
        session_id=session.pk,
        application_id=ApplicationFactory(state=State.SHORTLISTED).pk,
        by=organiser,
        now=NOW,
    )
    first, second = all_say_yes(session, 2)
    assert (seated(session), line(session)) == (pks(first), pks(second))


def test_yes_said_again_keeps_the_chair_and_the_place(session):
    first, second, third, fourth = all_say_yes(session, 4)
    say(session, third, minutes=9)
    say(session, first, minutes=10)
    assert (seated(session), line(session)) == (pks(first, second), pks(third, fourth))


def test_who_changes_to_no_and_back_goes_to_the_end(session):
    first, second, third, fourth = all_say_yes(session, 4)
    say(session, third, "no", minutes=5)
    say(session, third, "yes", minutes=5)
    assert line(session) == pks(fourth, third)
    say(session, first, "maybe", minutes=6)
    say(session, first, "yes", minutes=6)
    assert (seated(session), line(session)) == (pks(second, fourth), pks(third, first))


def test_place_once_told_is_never_lost_to_an_earlier_clock(session):
    *_, third = all_say_yes(session, 3)
    late = MemberFactory()
    say(session, late, minutes=-60)
    assert line(session) == pks(third, late)


# --- Moving up -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("answer", ["no", "maybe"])
def test_who_no_longer_comes_gives_the_chair_to_the_longest_in_line(session, answer):
    first, second, third, fourth = all_say_yes(session, 4)

    say(session, first, answer, minutes=10)

    assert (seated(session), line(session)) == (pks(second, third), pks(fourth))
    assert told() == [third.user.email]
    assert Rsvp.objects.get(member=first).in_line_since is None


def test_who_leaves_the_line_frees_no_chair(session):
    first, second, third, fourth = all_say_yes(session, 4)
    say(session, third, "no", minutes=10)
    assert (seated(session), line(session), told()) == (pks(first, second), pks(fourth), [])


def test_freed_chair_is_told_once_for_each_time_in_the_line(session):
    first, _, third = all_say_yes(session, 3)
    say(session, first, "no", minutes=10)
    room.move_up_everywhere(now=NOW)
    assert told() == [third.user.email]
    say(session, first, "yes", minutes=11)
    say(session, third, "no", minutes=12)
    say(session, third, "yes", minutes=13)
    say(session, first, "no", minutes=14)
    assert told() == [third.user.email, first.user.email, third.user.email]


def test_mail_about_a_freed_chair_says_when_where_and_how_to_give_it_back(session):
    first, _, third = all_say_yes(session, 3)
    third.user.name = "Mira Tamm"
    third.user.save()
    Session.objects.update(
        starts_at=(NOW + timedelta(days=12)).replace(
            year=2031, month=3, day=5, hour=16, minute=30, second=0, microsecond=0
        ),
        ends_at=(NOW + timedelta(days=12)).replace(
            year=2031, month=3, day=5, hour=19, minute=0, second=0, microsecond=0
        ),
    )
    say(session, first, "no")
    mail = Message.objects.get(kind="chair_freed")
    assert mail.subject == "You have a chair at session 18, Wednesday 5 March"
    assert mail.text.partition("\n-- \n")[0] == (
        "Dear Mira Tamm,\n\n"
        "a chair has become free at session 18, Curiosity, and it is yours. The session is on Wednesday "
        "5 March 2031, 18:30 to 21:00 (Tallinn time), Lantern Hall.\n\n"
        "If you cannot come after all, please say so here, and the chair goes to the next in line:\n\n"
        f"{settings.SITE_URL}/sessions/18/#rsvp\n\n"
        "Tuesday Readers\n"
    )


def test_guest_who_declines_frees_the_chair_for_the_line(session, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    guests.offer(session_id=session.pk, application_id=application.pk, by=organiser, now=NOW)
    first, second = all_say_yes(session, 2)
    token = Message.objects.get(kind="guest_chair").secrets[0]

    guests.answer(token=token, comes=False, now=NOW)

    assert (seated(session), line(session), told()) == (pks(first, second), [], [second.user.email])


def test_chair_taken_back_from_a_guest_goes_to_the_line(session, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    chair = guests.offer(session_id=session.pk, application_id=application.pk, by=organiser, now=NOW)
    first, second = all_say_yes(session, 2)

    guests.revoke(chair_id=chair.pk, by=organiser, now=NOW)

    assert (seated(session), line(session), told()) == (pks(first, second), [], [second.user.email])


def test_guest_who_leaves_the_list_frees_the_chair_at_the_next_look(session, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    guests.offer(session_id=session.pk, application_id=application.pk, by=organiser, now=NOW)
    first, second = all_say_yes(session, 2)
    applying.withdraw(application_id=application.pk, now=NOW)

    assert tasks.move_up_lines() == 1
    assert (seated(session), line(session), told()) == (pks(first, second), [], [second.user.email])


@pytest.mark.parametrize(("chairs", "up"), [(3, 1), (9, 2), (None, 2)])
def test_larger_room_takes_in_those_in_line(session, chairs, up):
    members = all_say_yes(session, 4)
    resave(session, chairs=chairs)
    assert (seated(session), line(session)) == (pks(*members[: 2 + up]), pks(*members[2 + up :]))
    assert told() == [member.user.email for member in members[2 : 2 + up]]


def test_smaller_room_throws_nobody_out_and_nobody_moves_up_until_it_fits(session):
    Session.objects.update(chairs=3)
    first, second, third, fourth = all_say_yes(session, 4)

    resave(session, chairs=1)
    assert seated(session) == pks(first, second, third)
    say(session, first, "no", minutes=10)
    say(session, second, "no", minutes=11)
    assert (seated(session), line(session), told()) == (pks(third), pks(fourth), [])
    say(session, third, "no", minutes=12)
    assert (seated(session), line(session), told()) == (pks(fourth), [], [fourth.user.email])


@pytest.mark.parametrize("change", [{"state": "cancelled"}, {"state": "held"}, {"starts_at": NOW}])
def test_nobody_moves_up_in_a_session_that_takes_nobody(session, change):
    all_say_yes(session, 3)
    Session.objects.update(**{"chairs": 3, **change})
    session.refresh_from_db()
    assert (room.move_up(session, now=NOW), room.move_up_everywhere(now=NOW), told()) == ([], 0, [])


# --- People who leave or go on leave -------------------------------------------------------------------
def test_chair_of_somebody_who_left_the_group_goes_to_the_line(session, organiser):
    first, second, third = all_say_yes(session, 3)
    membership.leave_group(member_id=first.pk, by=first.user, now=NOW)

    assert tasks.move_up_lines() == 1
    assert (seated(session), line(session), told()) == (pks(second, third), [], [third.user.email])
    assert Rsvp.objects.get(member=first).answer == "no"
    assert tasks.move_up_lines() == 0


def test_answers_of_somebody_who_left_the_group_stay_as_they_were_for_sessions_past(session, organiser):
    past = SessionFactory(starts_at=NOW - timedelta(days=9))
    member = MemberFactory(state="alumni", left_at=NOW)
    for where in (past, session):
        Rsvp.objects.create(session=where, member=member, answer="yes", answered_at=NOW)
    tasks.move_up_lines()
    assert list(Rsvp.objects.order_by("session__starts_at").values_list("answer", flat=True)) == ["yes", "no"]


def test_new_yes_before_the_next_look_does_not_pass_those_in_line(session, organiser):
    first, second, third = all_say_yes(session, 3)
    membership.leave_group(member_id=first.pk, by=first.user, now=NOW)
    late = MemberFactory()

    say(session, late, minutes=30)

    assert (seated(session), line(session)) == (pks(second, third), pks(late))


def test_erased_member_frees_the_chair(session, organiser):
    first, second, third = all_say_yes(session, 3)
    membership.erase(user_ids=[first.user_id], by=organiser, now=NOW, delete=first.user.delete)
    assert tasks.move_up_lines() == 1
    assert (seated(session), line(session)) == (pks(second, third), [])


def leave(member: Member, organiser, minutes: int) -> None:
    when = NOW + timedelta(minutes=minutes)
    membership.go_on_leave(
        member_id=member.pk, until=when.date() + timedelta(days=60), by=organiser, now=when
    )


def test_chair_of_somebody_on_leave_goes_to_the_line_and_both_are_told(session, organiser):
    first, second, third = all_say_yes(session, 3)
    leave(first, organiser, minutes=10)

    assert tasks.move_up_lines() == 1

    assert (seated(session), line(session)) == (pks(second, third), pks(first))
    assert told() == [third.user.email]
    mail = Message.objects.get(kind="chair_passed_on")
    assert (mail.to, mail.subject) == (
        first.user.email,
        "Your chair at session 18 went to somebody in line",
    )
    assert tasks.move_up_lines() == 0


def test_somebody_on_leave_keeps_the_chair_while_nobody_waits(session, organiser):
    first, second = all_say_yes(session, 2)
    leave(first, organiser, minutes=10)
    assert (tasks.move_up_lines(), seated(session)) == (0, pks(first, second))


def test_somebody_on_leave_who_says_yes_anew_keeps_the_chair(session, organiser):
    first, second, third = all_say_yes(session, 3)
    leave(first, organiser, minutes=10)
    say(session, first, "yes", minutes=11)
    assert (tasks.move_up_lines(), seated(session), line(session)) == (0, pks(first, second), pks(third))


def test_leave_in_a_room_that_is_too_small_helps_nobody_and_changes_nothing(session, organiser):
    Session.objects.update(chairs=3)
    members = all_say_yes(session, 4)
    resave(session, chairs=1)
    leave(members[0], organiser, minutes=10)
    assert (tasks.move_up_lines(), seated(session)) == (0, pks(*members[:3]))


# --- Guests and the line -------------------------------------------------------------------------------
@pytest.mark.parametrize("state", ["active", "on_leave"])
def test_no_chair_is_free_for_guests_while_anybody_is_in_line(session, state):
    for member in MemberFactory.create_batch(3, state=state):
        say(session, member)
    assert line(session) != []
    assert room.free_chairs(session, capacity=20) == -1


def test_on_leave_without_a_yes_takes_no_chair_from_guests(session):
    MemberFactory(state="on_leave")
    away = MemberFactory(state="on_leave")
    say(session, away, "maybe")
    assert room.free_chairs(session, capacity=20) == 2


def test_cancelled_and_announced_again_lets_the_line_move_up(session, organiser):
    first, second, third = all_say_yes(session, 3)
    schedule.cancel(session_id=session.pk, now=NOW)
    schedule.reopen(session_id=session.pk)
    Session.objects.update(chairs=5)
    schedule.announce(session_id=session.pk, now=NOW)
    assert tasks.move_up_lines() == 1
    assert seated(session) == pks(first, second, third)
