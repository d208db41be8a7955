"""What every test may use: the group, people, clients, the outbox."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from members import doorstep
from members.models import Group, Member, User
from outbox.models import Message
from tests.factories import GroupFactory, MemberFactory, OrganiserFactory

# The live server answers in threads of its own while Playwright's loop runs in this one.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(autouse=True)
def _no_rate_limits_left_over(request) -> None:
    """allauth counts attempts in the shared cache, whose table no flush between tests empties.

    A test inside a transaction needs nothing: its counts are rolled back with it.
    """
    if {"transactional_db", "live_server"} & set(request.fixturenames):
        request.getfixturevalue("transactional_db")
        cache.clear()


@pytest.fixture(autouse=True)
def media(settings, tmp_path_factory):
    """Uploads of a test go into a folder of its own, made when the first one comes."""
    settings.MEDIA_ROOT = tmp_path_factory.getbasetemp() / "media" / uuid.uuid4().hex
    return settings.MEDIA_ROOT


@pytest.fixture
def group(db) -> Group:
    return GroupFactory()


@pytest.fixture
def organiser(group: Group) -> User:
    return OrganiserFactory(user__name="Orla Quinn", user__email="orla@example.org").user


@pytest.fixture
def member(group: Group) -> Member:
    return MemberFactory(user__name="Mira Tamm", user__email="mira@example.org")


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """A signed-in client for any user."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


class Outbox:
    """The outbox as tests ask it."""

    def kinds(self, to: str | None = None) -> list[str]:
        """The kinds of all messages, the oldest first; of one recipient, when named."""
        messages = Message.objects.order_by("pk")
        return list((messages.filter(to=to) if to else messages).values_list("kind", flat=True))

    def last(self, kind: str) -> Message:
        return Message.objects.filter(kind=kind).latest("pk")

    def link(self, kind: str, to: str) -> str:
        """The path of the first link in the newest message of a kind to an address."""
        message = Message.objects.filter(kind=kind, to=to).latest("pk")
        address = next(word for word in message.text.split() if word.startswith("http"))
        return "/" + address.split("/", 3)[3]


@pytest.fixture
def outbox(db) -> Outbox:
    return Outbox()


@pytest.fixture
def work(db) -> Callable[[], int]:
    """What the worker does at the door: answers what was asked there. Returns how many."""
    return lambda: doorstep.answer_waiting(now=timezone.now())
