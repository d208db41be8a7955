"""Rule 6, the second half: what is due is sent, by whichever worker, and recorded."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from outbox import delivery, desk, pace
from outbox.models import Message, MessageStep
from tests.outbox.conftest import write

State = Message.State


def test_due_mail_is_sent_with_both_parts_and_a_stable_id(db, smtp):
    message = write()

    assert delivery.deliver_due() == 1

    message.refresh_from_db()
    assert (message.state, message.attempts, message.leased_until) == (State.SENT, 1, None)
    [mail] = smtp.mails
    assert (mail["To"], mail["Subject"], mail["Message-ID"]) == (
        "reader1@example.org",
        "Fact 1",
        message.message_id,
    )
    assert mail.get_body(("plain",)).get_content().splitlines()[0] == "Words with an é."
    assert "Georgia" in mail.get_body(("html",)).get_content()
    assert delivery.deliver_due() == 0


def test_secrets_leave_with_the_mail_and_stay_nowhere(db, smtp):
    message = write(text="Open https://example.org/invitation/s3cret/ now", secrets=["s3cret"])

    delivery.deliver_due()

    message.refresh_from_db()
    assert "s3cret" in smtp.mails[0].get_body(("plain",)).get_content()
    kept = message.source + message.text + message.html + message.calendar
    assert ("s3cret" in kept, delivery.BLOT in message.source, message.secrets) == (False, True, [])


def test_secret_in_a_subject_stays_nowhere_either(db, smtp):
    message = write(secrets=["s3cret"])
    Message.objects.update(subject=f"{'x' * 230} s3cret")

    delivery.deliver_due()

    message.refresh_from_db()
    assert smtp.mails[0]["Subject"].endswith("s3cret")
    assert (message.state, message.subject) == (State.SENT, f"{'x' * 230} {delivery.BLOT}"[:250])


def test_null_characters_in_an_answer_are_left_out(db, smtp):
    message = write()
    smtp.refusals = ["554 No\x00such reader"]

    delivery.deliver_due()

    message.refresh_from_db()
    assert (message.state, message.error) == (State.FAILED, "554 Nosuch reader")


def test_a_refusal_for_good_is_not_repeated_and_is_shown(db, smtp):
    message = write()
    smtp.refusals = ["554 5.7.1 No such reader"]

    delivery.deliver_due()

    message.refresh_from_db()
    assert (message.state, smtp.mails) == (State.FAILED, [])
    assert message.error == "554 5.7.1 No such reader"


def test_a_refusal_for_now_is_tried_again_later_and_then_sent(db, smtp):
    message = write()
    smtp.refusals = ["451 4.3.0 Try later"]

    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.QUEUED, 1)
    assert message.due_at - timezone.now() > timedelta(seconds=50)
    assert delivery.deliver_due() == 0  # not due yet

    Message.objects.update(due_at=timezone.now())
    assert delivery.deliver_due() == 1
    assert smtp.mails[0]["Message-ID"] == message.message_id


def test_a_server_that_is_away_loses_nothing(db, smtp, settings):
    message = write()
    settings.EMAIL_PORT = 1  # nobody listens there
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.state, bool(message.error)) == (State.QUEUED, True)


def test_after_72_hours_it_is_given_up_and_an_organiser_can_ask_again(db, smtp):
    message = write(now=timezone.now() - timedelta(hours=73))
    smtp.refusals = ["451 4.3.0 Try later"]

    delivery.deliver_due()
    message.refresh_from_db()
    assert message.state == State.FAILED

    now = timezone.now()
    desk.retry(message.pk, by="user:7", now=now)
    assert list(message.steps.values_list("what", "by", "at")) == [("retried", "user:7", now)]
    smtp.refusals = ["451 4.3.0 Try later"]
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.state == State.QUEUED  # its 72 hours begin anew
    Message.objects.update(due_at=now)
    assert delivery.deliver_due() == 1


def test_a_draft_that_waited_long_has_its_72_hours_from_its_release(db, smtp):
    message = write(now=timezone.now() - timedelta(days=9))
    MessageStep.objects.create(message=message, what=MessageStep.What.RELEASED, at=timezone.now())
    smtp.refusals = ["451 4.3.0 Try later"]
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.state == State.QUEUED


def test_a_lease_that_ran_out_is_taken_up_again(db, smtp):
    """A worker was killed between taking the message and sending it."""
    now = timezone.now()
    message = write(now=now)
    assert delivery.lease(now=now) == [message]

    assert delivery.deliver_due() == 0
    Message.objects.update(leased_until=now - timedelta(seconds=1))
    assert delivery.deliver_due() == 1


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_forty_mails_once_each(smtp):
    for n in range(40):
        write(n)

    def work() -> None:
        try:
            while delivery.deliver_due(limit=3):
                pass
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert Counter(mail["Message-ID"] for mail in smtp.mails) == dict.fromkeys(
        Message.objects.values_list("message_id", flat=True), 1
    )
    assert Message.objects.filter(state=State.SENT).count() == 40


# --- When it goes ----------------------------------------------------------------------------------
def test_in_quiet_hours_only_what_somebody_waits_for_goes(db, smtp):
    write(1, urgent=False)
    write(2, urgent=True)
    assert delivery.deliver_due(quiet=True) == 1
    assert [mail["To"] for mail in smtp.mails] == ["reader2@example.org"]
    assert delivery.deliver_due(quiet=False) == 1


def test_what_somebody_waits_for_overtakes_the_rest(db, smtp):
    now = timezone.now()
    write(1, urgent=False, now=now - timedelta(hours=2))
    write(2, urgent=False, now=now - timedelta(hours=1))
    write(3, urgent=True, now=now)
    delivery.deliver_due()
    assert [mail["Subject"] for mail in smtp.mails] == ["Fact 3", "Fact 1", "Fact 2"]


def test_what_is_no_longer_so_is_held_back_with_the_reason(db, smtp, kind):
    kind(outdated=lambda message, now: "The session is over." if message.about == "thing:1" else "")
    message, other = write(1), write(2)

    assert delivery.deliver_due() == 1

    message.refresh_from_db()
    assert (message.state, message.held_because, message.note, message.attempts) == (
        State.HELD,
        Message.Why.OUTDATED,
        "The session is over.",
        0,
    )
    assert list(message.steps.values_list("what", "by", "note")) == [("held", "", "The session is over.")]
    assert smtp.ids() == [other.message_id]


def test_a_kind_that_cannot_say_whether_it_is_outdated_loses_no_mail(db, smtp, kind):
    def fails(message: Message, now: datetime) -> str:
        raise LookupError("no such session")

    kind(outdated=fails)
    message = write()
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.state, message.error, smtp.mails) == (State.QUEUED, "no such session", [])


def test_pauses_grow_from_a_minute_to_half_a_day():
    minutes = [pause.total_seconds() / 60 for pause in delivery.PAUSES]
    assert minutes == sorted(minutes)
    assert (minutes[0], minutes[-1]) == (1, 720)


def test_a_lease_outlasts_the_longest_attempt():
    assert delivery.LEASE.total_seconds() > pace.longest_attempt() + settings.EMAIL_TIMEOUT


# --- How much goes a minute ------------------------------------------------------------------------
def test_no_more_go_in_a_minute_than_the_site_allows(db, smtp, settings):
    settings.MAIL_PER_MINUTE = 2
    for n in range(3):
        write(n)
    assert delivery.deliver_due() == 2
    assert delivery.deliver_due() == 0
    Message.objects.filter(state=State.SENT).update(attempted_at=timezone.now() - timedelta(seconds=61))
    assert delivery.deliver_due() == 1


def test_an_attempt_that_failed_counts_too(db, smtp, settings):
    settings.MAIL_PER_MINUTE = 1
    smtp.refusals = ["451 4.3.0 Try later"]
    write(1), write(2)
    assert (delivery.deliver_due(), smtp.mails) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_two_workers_together_keep_to_the_minute(smtp, settings):
    settings.MAIL_PER_MINUTE = 7
    for n in range(20):
        write(n)
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            for _ in range(20):
                delivery.lease(now=timezone.now())
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert Message.objects.filter(state=State.SENDING).count() == 7
