"""Rule 6, the second half: what is due is sent, by whichever worker, and recorded."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from outbox import delivery
from outbox.models import Message
from outbox.writing import write_text

State = Message.State


def write(n=1, **details) -> Message:
    with transaction.atomic():
        return write_text(
            kind="test",
            about=f"thing:{n}",
            to=f"reader{n}@example.org",
            parts=(f"Fact {n}", details.pop("text", "Words with an é.")),
            now=details.pop("now", timezone.now()),
            **details,
        )


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
    assert mail.get_body(("plain",)).get_content().strip() == "Words with an é."
    assert "Georgia" in mail.get_body(("html",)).get_content()
    assert delivery.deliver_due() == 0


def test_secrets_leave_with_the_mail_and_stay_nowhere(db, smtp):
    message = write(text="Open https://example.org/invitation/s3cret/ now", secrets=["s3cret"])

    delivery.deliver_due()

    message.refresh_from_db()
    assert "s3cret" in smtp.mails[0].get_body(("plain",)).get_content()
    assert "s3cret" not in message.text + message.html + "".join(message.secrets)


def test_a_refusal_for_good_is_not_repeated_and_is_shown(db, smtp):
    message = write()
    smtp.refusals = ["554 5.7.1 No such reader"]

    delivery.deliver_due()

    message.refresh_from_db()
    assert (message.state, smtp.mails) == (State.FAILED, [])
    assert "No such reader" in message.error


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

    assert delivery.retry(message_id=message.pk, now=timezone.now())
    assert not delivery.retry(message_id=message.pk, now=timezone.now())
    assert delivery.deliver_due() == 1


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
