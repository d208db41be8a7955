"""A real SMTP server (aiosmtpd) that keeps what it accepts, and answers as a test tells it to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from django.db import transaction
from django.utils import timezone

from outbox import kinds
from outbox.kinds import Kind
from outbox.models import Message
from tests.mails import write_text


class Mailbox:
    """What the server has accepted, and what it does instead of accepting.

    refusals: answers instead of “250 OK”, one a mail. delay: seconds before each answer to a mail.
    hang_up: how many mails it takes without an answer, ending the connection. calls: the connections so far.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusals: list[str] = []
        self.delay = 0.0
        self.hang_up = 0
        self.calls = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.calls += 1
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server, session, envelope) -> str:
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.refusals:
            return self.refusals.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.hang_up:
            self.hang_up -= 1
            server.transport.abort()
        return "250 OK"

    def ids(self) -> list[str]:
        """The Message-IDs of what came, in its order."""
        return [mail["Message-ID"] for mail in self.mails]


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def smtp(settings) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=free_port()
    )  # it cannot say which port it got
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = controller.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.MAIL_LEAVES_HERE = True
    yield mailbox
    controller.stop()


@pytest.fixture(autouse=True)
def kind(monkeypatch) -> Callable[..., Kind]:
    """Makes a kind known for one test; its name is “test”, which is known anyway, or another."""
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))

    def make(name: str = "test", **details) -> Kind:
        made = Kind(name, "A test", "Tests", "You get it because this is a test.", **details)
        kinds._kinds[name] = made
        return made

    make(urgent=True)
    return make


def write(n: int = 1, **details) -> Message:
    """A message to reader<n>, due now; fields may be named."""
    with transaction.atomic():
        message = write_text(
            kind="test",
            about=f"thing:{n}",
            to=f"reader{n}@example.org",
            parts=(f"Fact {n}", details.pop("text", "Words with an é.")),
            now=details.pop("now", timezone.now()),
            secrets=details.pop("secrets", ()),
        )
        if details:
            Message.objects.filter(pk=message.pk).update(**details)
            message.refresh_from_db()
    return message
