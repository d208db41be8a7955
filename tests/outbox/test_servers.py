"""What becomes of a mail when the server is away, slow, busy, or hangs up."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from outbox import delivery, faults, pace
from outbox.models import Message
from tests.outbox.conftest import free_port, write

State = Message.State


@contextlib.contextmanager
def listening(port: int, talk) -> Iterator[None]:
    """A server that does `talk` with each who calls, for as long as the block lasts."""
    ended = threading.Event()
    server = socket.create_server(("127.0.0.1", port))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                call, _ = server.accept()
                with call, contextlib.suppress(OSError):
                    talk(call, ended)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def silent(call: socket.socket, ended: threading.Event) -> None:
    """Takes the call and says nothing for 30 seconds."""
    ended.wait(30)


def dribbling(call: socket.socket, ended: threading.Event) -> None:
    """Says one letter of a greeting that never ends, again and again."""
    call.sendall(b"220 ")
    while not ended.wait(0.05):
        call.sendall(b"x")


def seconds_of(act) -> float:
    before = time.monotonic()
    act()
    return time.monotonic() - before


def test_while_the_server_is_down_nothing_is_lost_and_then_all_goes(db, smtp, settings):
    messages = [write(n) for n in range(3)]
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()

    for _ in range(4):
        assert delivery.deliver_due() == 0
    assert sorted(Message.objects.values_list("state", "attempts")) == [("queued", 1)] * 3
    assert "refused" in Message.objects.first().error

    settings.EMAIL_PORT = port
    Message.objects.update(due_at=timezone.now())
    assert delivery.deliver_due() == 3
    assert sorted(smtp.ids()) == sorted(message.message_id for message in messages)


@pytest.mark.parametrize("talk", [silent, dribbling])
def test_a_slow_server_is_given_up_at_the_limit_and_the_mail_kept(db, smtp, settings, talk):
    settings.EMAIL_TIMEOUT = 0.1
    settings.EMAIL_PORT = free_port()
    message, other = write(1), write(2)
    with listening(settings.EMAIL_PORT, talk):
        took = seconds_of(delivery.deliver_due)

    message.refresh_from_db()
    other.refresh_from_db()
    assert (message.state, message.attempts, message.leased_until) == (State.QUEUED, 1, None)
    assert (other.state, other.attempts) == (State.QUEUED, 0)  # it would have met the same
    assert took < 1


def test_a_server_that_answers_a_mail_after_30_seconds_is_not_waited_for(db, smtp, settings):
    settings.EMAIL_TIMEOUT = 0.2
    smtp.delay = 30
    message = write()
    assert seconds_of(delivery.deliver_due) < 2
    message.refresh_from_db()
    assert (message.state, "timed out" in message.error) == (State.QUEUED, True)


def test_a_page_that_writes_a_mail_does_not_wait_for_a_slow_server(client_of, organiser, smtp, settings):
    settings.EMAIL_PORT = free_port()
    message = write(state=State.FAILED)
    asked = []
    with listening(settings.EMAIL_PORT, lambda call, ended: asked.append(ended.wait(30))):
        address = reverse("organise:message_retry", args=[message.pk])
        took = seconds_of(lambda: client_of(organiser).post(address))
        message.refresh_from_db()
        assert (message.state, asked, took < 2) == (State.QUEUED, [], True)


def test_a_connection_lost_after_the_mail_repeats_it_under_the_same_id(db, smtp):
    message = write()
    smtp.hang_up = 1

    assert delivery.deliver_due() == 0
    message.refresh_from_db()
    assert message.state == State.QUEUED

    Message.objects.update(due_at=timezone.now())
    assert delivery.deliver_due() == 1
    assert smtp.ids() == [message.message_id] * 2


def test_mails_that_go_together_share_a_connection(db, smtp):
    for n in range(5):
        write(n)
    smtp.refusals = ["250 OK", "554 5.7.1 No", "451 4.3.0 Later"]
    assert delivery.deliver_due() == 3
    assert smtp.calls == 1
    assert sorted(Message.objects.values_list("state", flat=True)) == [
        "failed",
        "queued",
        "sent",
        "sent",
        "sent",
    ]


def test_a_server_that_ends_a_connection_between_mails_is_called_again_at_once(db, smtp):
    messages = [write(n) for n in range(3)]
    smtp.refusals = ["250 OK", "421 4.7.0 Enough for this connection"]
    assert delivery.deliver_due() == 3
    assert smtp.calls == 2
    assert smtp.ids() == [message.message_id for message in messages[1:]]


def test_a_server_that_hangs_up_on_every_mail_is_called_twice_not_for_ever(db, smtp):
    for n in range(3):
        write(n)
    smtp.refusals = ["421 4.7.0 Go away"] * 9
    assert delivery.deliver_due() == 0
    assert (smtp.calls, sorted(Message.objects.values_list("attempts", flat=True))) == (1, [0, 0, 1])


def refused(code: int) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"zoe@example.org": (code, b"5.1.1 Unknown")})


@pytest.mark.parametrize(
    ("fault", "final", "away"),
    [
        (refused(550), True, False),
        (refused(450), False, False),
        (refused(530), False, False),
        (smtplib.SMTPSenderRefused(553, b"", "a@example.org"), True, False),
        (smtplib.SMTPSenderRefused(530, b"Authentication required", "a@example.org"), False, True),
        (smtplib.SMTPDataError(554, b""), True, False),
        (smtplib.SMTPDataError(452, b""), False, False),
        (smtplib.SMTPDataError(421, b""), False, True),
        (smtplib.SMTPAuthenticationError(535, b"Wrong password"), False, True),
        (smtplib.SMTPConnectError(554, b"No service"), False, True),
        (smtplib.SMTPServerDisconnected("gone"), False, True),
        (ConnectionRefusedError(111, "refused"), False, True),
        (TimeoutError("timed out"), False, True),
        (pace.TooSlow("slow"), False, True),
        (faults.CannotBeBuilt("no address"), True, False),
        (LookupError("a bug"), False, False),
    ],
)
def test_each_fault_is_final_or_not_and_says_something_of_the_next_mail_or_not(fault, final, away):
    assert (faults.permanent(fault), faults.of_connection(fault)) == (final, away)


def test_a_wrong_password_keeps_the_mail(db, smtp, settings):
    """The server offers no login without TLS, which is the same: the operator's fault, not the mail's."""
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "group", "wrong"
    message = write()
    assert delivery.deliver_due() == 0
    message.refresh_from_db()
    assert (message.state, bool(message.error)) == (State.QUEUED, True)
    assert message.due_at - timezone.now() > timedelta(seconds=50)


def test_a_limit_leaves_no_alarm_behind():
    with contextlib.suppress(LookupError), pace.at_most(0.05):
        raise LookupError
    time.sleep(0.08)  # the alarm would end the test here
