"""Staying on the list: asked, kept, asleep, awake, erased; and what is left of somebody erased."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction

from members import admissions, applying, decisions, invitations, keeping, membership, moves, seats
from members.errors import IllegalMove
from members.models import (
    Application,
    ApplicationChange,
    Decision,
    Invitation,
    Member,
    Review,
    Score,
    SeatChange,
)
from members.models.application import State
from outbox.models import Choice, Message
from sessions_app.models import GuestChair
from tests.factories import (
    ApplicationFactory,
    CriterionFactory,
    GroupFactory,
    OrganiserFactory,
    SessionFactory,
)
from tests.mails import release_all
from tests.members.test_applying import ANSWERS

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
ASK_AFTER, ANSWER_IN = timedelta(days=180), timedelta(days=30)


def applicant(since: datetime = NOW, **fields) -> Application:
    return ApplicationFactory(applied_at=since, **fields)


def keep(application: Application, now: datetime) -> Application:
    return keeping.keep(application_id=application.pk, now=now)


def asleep(*, before: str, now: datetime = NOW, **fields) -> Application:
    """An application that was put to sleep from a state."""
    application = applicant(now - ASK_AFTER, state=before, **fields)
    with transaction.atomic():
        moves.move(application, to=State.DORMANT, by=moves.By.SYSTEM, now=now)
    return application


def log_of(application: Application) -> list[tuple]:
    return list(application.changes.values_list("before", "after", "by", "reason"))


# --- Asking


def test_asks_once_after_the_groups_days(group, outbox):
    application = applicant()
    due = NOW + ASK_AFTER

    counts = [keeping.ask_due(now=when) for when in (due - timedelta(seconds=1), due, due)]

    application.refresh_from_db()
    assert counts == [0, 1, 0]
    assert (application.asked_at, application.state) == (due, State.WAITING)
    assert outbox.kinds(application.email) == ["still_interested"]
    assert outbox.last("still_interested").subject == "Would you still like a seat in Tuesday Readers?"


def test_asks_nobody_when_switched_off(group, outbox):
    group.ask_after_days = 0
    group.save()
    applicant(NOW - timedelta(days=4000))
    assert (keeping.ask_due(now=NOW), outbox.kinds()) == (0, [])


@pytest.mark.parametrize("state", State.values)
def test_asks_only_who_is_waiting_or_shortlisted(group, state):
    applicant(NOW - ASK_AFTER, state=state)
    assert keeping.ask_due(now=NOW) == (state in ("waiting", "shortlisted"))


def test_asks_again_after_the_same_days_once_kept(group, outbox):
    application = applicant()
    asked = NOW + ASK_AFTER
    keeping.ask_due(now=asked)
    kept = asked + timedelta(days=3)
    keep(application, kept)

    again = kept + ASK_AFTER
    assert [keeping.ask_due(now=when) for when in (again - timedelta(seconds=1), again)] == [0, 1]
    assert outbox.kinds(application.email) == ["still_interested"] * 2


def test_changed_answers_are_an_answer(group, outbox):
    application = applicant()
    asked = NOW + ASK_AFTER
    keeping.ask_due(now=asked)
    edited = asked + timedelta(days=1)
    applying.edit(application_id=application.pk, answers=ANSWERS, strengths=[], now=edited)

    assert keeping.put_to_sleep(now=asked + ANSWER_IN) == 0
    assert [
        keeping.ask_due(now=edited + ASK_AFTER - timedelta(days=1)),
        keeping.ask_due(now=edited + ASK_AFTER),
    ] == [
        0,
        1,
    ]


def test_no_group_asks_nobody(db):
    assert (keeping.ask_due(now=NOW), keeping.put_to_sleep(now=NOW), keeping.erase_old(now=NOW)) == (0, 0, 0)


# --- Sleeping


@pytest.mark.parametrize("state", [State.WAITING, State.SHORTLISTED])
def test_silence_makes_dormant_with_a_mail_and_keeps_the_place(group, outbox, state):
    application = applicant(NOW - ASK_AFTER, state=state, place=4)
    keeping.ask_due(now=NOW)
    due = NOW + ANSWER_IN

    counts = [keeping.put_to_sleep(now=when) for when in (due - timedelta(seconds=1), due, due)]

    application.refresh_from_db()
    assert counts == [0, 1, 0]
    assert (application.state, application.place, application.moved_at) == (State.DORMANT, 4, due)
    assert log_of(application) == [(state, "dormant", "system", "Did not answer “still interested?”")]
    assert outbox.kinds(application.email) == ["still_interested", "dormant"]
    assert keeping.ask_due(now=due + 9 * ASK_AFTER) == 0


def test_who_kept_does_not_sleep(group):
    application = applicant(NOW - ASK_AFTER)
    keeping.ask_due(now=NOW)
    keep(application, NOW + timedelta(days=29))
    assert keeping.put_to_sleep(now=NOW + timedelta(days=31)) == 0


def test_back_from_an_invitation_one_has_the_days_anew(group, organiser):
    """The mail has just said that the application is on the shortlist again."""
    application = applicant(NOW - ASK_AFTER, state=State.SHORTLISTED)
    keeping.ask_due(now=NOW)
    invited = NOW + timedelta(days=20)
    invitation = admissions.invite(application_id=application.pk, by=organiser, now=invited)
    lapsed = invitation.expires_at
    invitations.lapse_overdue(now=lapsed)

    assert lapsed > NOW + ANSWER_IN
    due = lapsed + ANSWER_IN
    assert [keeping.put_to_sleep(now=when) for when in (lapsed, due - timedelta(seconds=1), due)] == [0, 0, 1]


# --- Keeping


def test_keep_when_asked_is_logged_and_harmless_the_second_time(group):
    application = applicant(NOW - ASK_AFTER)
    keeping.ask_due(now=NOW)
    later = NOW + timedelta(days=2)

    keep(application, later)
    keep(application, later + timedelta(hours=1))

    application.refresh_from_db()
    assert (application.state, application.kept_at) == (State.WAITING, later)
    assert log_of(application) == [("waiting", "waiting", "applicant", "Still interested")]


def test_keep_unasked_changes_nothing(group):
    application = applicant()
    keep(application, NOW)
    application.refresh_from_db()
    assert (application.kept_at, log_of(application)) == (None, [])


@pytest.mark.parametrize("before", [State.WAITING, State.SHORTLISTED])
def test_keep_wakes_to_the_state_before(group, before):
    application = asleep(before=before, place=2, lapses=1)
    woken = NOW + timedelta(days=90)

    keep(application, woken)
    keep(application, woken + timedelta(seconds=1))

    application.refresh_from_db()
    assert (application.state, application.kept_at, application.place) == (before, woken, 2)
    assert application.lapses == 1  # one lapsed invitation stays on record
    assert log_of(application)[1:] == [("dormant", before, "applicant", "Still interested")]
    assert keeping.ask_due(now=woken + timedelta(days=1)) == 0


def test_keep_wakes_to_the_state_before_after_an_edit_asleep(group):
    application = asleep(before=State.SHORTLISTED)
    applying.edit(application_id=application.pk, answers=ANSWERS, strengths=[], now=NOW + timedelta(days=1))
    assert keep(application, NOW + timedelta(days=2)).state == State.SHORTLISTED


def test_keep_after_two_lapses_is_read_again_from_the_start(group, organiser):
    application = applicant(state=State.SHORTLISTED, place=3)
    when = NOW
    for _ in range(2):
        when = admissions.invite(application_id=application.pk, by=organiser, now=when).expires_at
        release_all()
        invitations.lapse_overdue(now=when)
    application.refresh_from_db()
    assert (application.state, application.lapses) == (State.DORMANT, 2)

    keep(application, when + timedelta(days=1))

    application.refresh_from_db()
    assert (application.state, application.lapses, application.place) == (State.WAITING, 0, 3)


def test_keep_of_a_dormant_one_without_a_history_waits(group):
    assert keep(applicant(state=State.DORMANT), NOW).state == State.WAITING


@pytest.mark.parametrize(
    "state", [State.UNCONFIRMED, State.INVITED, State.JOINED, State.DECLINED, State.WITHDRAWN]
)
def test_keep_off_the_list_is_refused_without_a_name(group, organiser, state):
    application = applicant(state=state)
    with pytest.raises(IllegalMove) as refusal:
        keep(application, NOW)
    assert str(refusal.value) == f"Your application is {state} now. Nothing was changed."


# --- Erasing


def test_erase_takes_everything_of_the_person_and_leaves_the_ledger(group, organiser):
    other = applicant(state=State.SHORTLISTED, place=9)
    application = applicant(name="Zoë", email="zoe@example.org")
    criterion = CriterionFactory()
    admissions.review(application_id=application.pk, by=organiser, scores={criterion: 4}, note="x", now=NOW)
    admissions.shortlist(application_id=application.pk, by=organiser, now=NOW)
    GuestChair.objects.create(
        session=SessionFactory(), application=application, token_hash="h", offered_at=NOW
    )
    invitation = admissions.invite(application_id=application.pk, by=organiser, now=NOW, reason="Sooner")
    release_all()
    invitations.remind_due(now=invitation.expires_at - timedelta(days=1))
    admissions.invite(application_id=other.pk, by=organiser, now=NOW)
    decisions.prepare(
        application_id=application.pk, kind=Decision.Kind.DECLINE, by=organiser, now=NOW, reason="Draft"
    )
    applying.send_link(email="zoe@example.org", now=NOW)
    assert sorted(Message.objects.filter(to="zoe@example.org").values_list("kind", flat=True)) == [
        "invitation",
        "invitation_reminder",
        "shortlisted",
        "your_link",
    ]
    lines = SeatChange.objects.count()

    keeping.erase(application_id=application.pk, now=NOW)
    keeping.erase(application_id=application.pk, now=NOW)

    assert list(Application.objects.all()) == [other]
    assert [model.objects.count() for model in (Review, Score, Decision, GuestChair)] == [0, 0, 0, 0]
    assert list(ApplicationChange.objects.values_list("application", flat=True)) == [other.pk]
    assert list(Invitation.objects.values_list("application", flat=True)) == [other.pk]
    assert list(Message.objects.values_list("to", flat=True)) == [other.email]
    assert seats.count(group) == seats.Seats(capacity=20, taken=1, held=1)
    assert SeatChange.objects.count() == lines + 1
    assert list(SeatChange.objects.order_by("pk").values_list("kind", "application", "note", "held")) == [
        ("held", None, "", 1),
        ("held", other.pk, "", 2),
        ("released", None, "Erased", 1),
    ]


def test_erase_takes_what_was_written_to_the_applicant_about_other_things(group):
    application, other = applicant(), applicant()
    for number, recipient in enumerate((application, other)):
        name = f"application:{recipient.pk}"
        Message.objects.create(
            kind="circular_applicants",
            about="circular:1",
            to=recipient.email,
            recipient=name,
            subject="S",
            text="T",
            html="T",
            message_id=f"<{number}@example.org>",
            created_at=NOW,
            due_at=NOW,
        )
        Choice.objects.create(recipient=name, kind="circular_applicants", how="nothing", changed_at=NOW)

    keeping.erase(application_id=application.pk, now=NOW)

    left = [f"application:{other.pk}"]
    assert list(Message.objects.values_list("recipient", flat=True)) == left
    assert list(Choice.objects.values_list("recipient", flat=True)) == left


def test_erase_of_somebody_who_joined_leaves_the_membership(group, organiser, outbox):
    application = applicant(state=State.SHORTLISTED, email="zoe@example.org")
    admissions.invite(application_id=application.pk, by=organiser, now=NOW)
    member = invitations.accept(token=outbox.last("invitation").secrets[1], now=NOW)

    keeping.erase(application_id=application.pk, now=NOW)

    assert Member.objects.active().filter(pk=member.pk).exists()
    assert (Application.objects.count(), outbox.kinds("zoe@example.org")) == (0, [])
    taken = SeatChange.objects.get(kind=SeatChange.Kind.TAKEN)
    assert (taken.member, taken.application) == (member, None)


def test_erase_lets_the_address_apply_anew(group):
    application = applicant(email="zoe@example.org")
    keeping.erase(application_id=application.pk, now=NOW)
    again = applying.apply(email="zoe@example.org", answers=ANSWERS, strengths=[], now=NOW)
    assert (again.state, Application.objects.count()) == (State.UNCONFIRMED, 1)


@pytest.mark.parametrize("state", [State.DECLINED, State.WITHDRAWN, State.DORMANT])
def test_erase_old_after_the_groups_months(group, state):
    group.keep_months = 6
    group.save()
    application = applicant(NOW - timedelta(days=4000), state=state, moved_at=NOW)
    keeps_until = keeping.erased_after(application, group)

    assert keeps_until.date() == date(2026, 9, 1)
    assert [
        keeping.erase_old(now=keeps_until),
        keeping.erase_old(now=keeps_until + timedelta(seconds=1)),
    ] == [0, 1]
    assert Application.objects.count() == 0


def test_erase_old_takes_an_address_never_confirmed(group):
    application = applicant(state=State.UNCONFIRMED)
    keeps_until = keeping.erased_after(application, group)
    assert keeps_until == NOW + timedelta(days=30)
    assert [
        keeping.erase_old(now=keeps_until),
        keeping.erase_old(now=keeps_until + timedelta(seconds=1)),
    ] == [0, 1]


@pytest.mark.parametrize("state", [State.WAITING, State.SHORTLISTED, State.INVITED, State.JOINED])
def test_erase_old_keeps_what_is_in_use(group, state):
    application = applicant(NOW - timedelta(days=4000), state=state)
    assert (keeping.erased_after(application, group), keeping.erase_old(now=NOW)) == (None, 0)


def test_erase_old_follows_the_member_who_was_erased(group, organiser, outbox):
    application = applicant(state=State.SHORTLISTED)
    admissions.invite(application_id=application.pk, by=organiser, now=NOW)
    member = invitations.accept(token=outbox.last("invitation").secrets[1], now=NOW)
    long_after = NOW + timedelta(days=400)
    assert keeping.erase_old(now=long_after) == 0
    membership.leave_group(member_id=member.pk, by=member.user, now=long_after)
    assert keeping.erase_old(now=long_after) == 0  # an alumnus is a member on record

    member.user.delete()

    assert (keeping.erase_old(now=long_after), Application.objects.count()) == (1, 0)


# --- At once


def at_once(*jobs) -> list:
    """What the jobs return (or raise), run in threads that start together."""
    barrier, outcomes = threading.Barrier(len(jobs)), []

    def run(job) -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            outcomes.append(job())
        except Exception as fault:  # shown by the assertion
            outcomes.append(repr(fault))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes, key=str)


@pytest.mark.django_db(transaction=True)
def test_two_workers_ask_each_once():
    GroupFactory()
    ApplicationFactory.create_batch(12, applied_at=NOW - ASK_AFTER)
    outcomes = at_once(*[lambda: keeping.ask_due(now=NOW)] * 2)
    assert (sum(outcomes), Message.objects.filter(kind="still_interested").count()) == (12, 12)


@pytest.mark.django_db(transaction=True)
def test_two_workers_put_each_to_sleep_once():
    GroupFactory()
    ApplicationFactory.create_batch(12, applied_at=NOW - 2 * ASK_AFTER, asked_at=NOW - ANSWER_IN)
    outcomes = at_once(*[lambda: keeping.put_to_sleep(now=NOW)] * 2)
    assert (sum(outcomes), Message.objects.filter(kind="dormant").count()) == (12, 12)
    assert ApplicationChange.objects.filter(after=State.DORMANT).count() == 12


@pytest.mark.django_db(transaction=True)
def test_keep_against_the_worker_ends_awake_whoever_comes_first():
    GroupFactory()
    application = ApplicationFactory(applied_at=NOW - 2 * ASK_AFTER, asked_at=NOW - ANSWER_IN)
    at_once(
        lambda: keeping.put_to_sleep(now=NOW),
        lambda: keeping.put_to_sleep(now=NOW),
        lambda: keeping.keep(application_id=application.pk, now=NOW).state,
    )
    application.refresh_from_db()
    assert (application.state, application.kept_at) == (State.WAITING, NOW)


@pytest.mark.django_db(transaction=True)
def test_two_workers_and_the_owner_erase_each_once():
    GroupFactory()
    organiser = OrganiserFactory().user
    old = ApplicationFactory.create_batch(6, state=State.DECLINED, moved_at=NOW - timedelta(days=900))
    held = ApplicationFactory(state=State.SHORTLISTED)
    admissions.invite(application_id=held.pk, by=organiser, now=NOW)
    outcomes = at_once(
        lambda: keeping.erase_old(now=NOW),
        lambda: keeping.erase_old(now=NOW),
        lambda: keeping.erase(application_id=old[0].pk, now=NOW) or 0,
        lambda: keeping.erase(application_id=held.pk, now=NOW) or 0,
        lambda: keeping.erase(application_id=held.pk, now=NOW) or 0,
    )
    assert sum(outcomes) in (5, 6)  # the owner may have been the one who erased the first
    assert Application.objects.count() == 0
    assert SeatChange.objects.filter(kind=SeatChange.Kind.RELEASED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_sleeper_who_wakes_is_not_erased():
    """The worker has listed the sleeper, and waits for the row while its owner presses the button."""
    GroupFactory()
    application = ApplicationFactory(state=State.DORMANT, moved_at=NOW - timedelta(days=900))
    listed = threading.Event()
    outcome = []

    def worker() -> None:
        try:
            listed.set()
            outcome.append(keeping.erase_old(now=NOW))
        finally:
            connection.close()

    with transaction.atomic():
        keeping.keep(application_id=application.pk, now=NOW)
        thread = threading.Thread(target=worker)
        thread.start()
        listed.wait()
        _wait_for_a_lock()
    thread.join()
    assert (outcome, Application.objects.get().state) == ([0], State.WAITING)


def _wait_for_a_lock() -> None:
    """Until some other connection waits for a lock that this one holds."""
    with connection.cursor() as cursor:
        for _ in range(10_000):
            cursor.execute(
                "SELECT pg_sleep(0.001), count(*) FROM pg_locks "
                "WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[1]:
                return
    raise AssertionError("Nobody waits")
