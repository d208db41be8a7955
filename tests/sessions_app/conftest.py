"""Who looks: a visitor, a member, an organiser; each a client of its own. `person` is the one signed in."""

import pytest
from django.test import Client

from tests.factories import SessionFactory


@pytest.fixture(autouse=True)
def _numbers_far_from_those_that_tests_name() -> None:
    """Sessions that a test does not number itself count from 1001."""
    SessionFactory.reset_sequence(1000)


@pytest.fixture
def visitor(group) -> Client:
    return Client()


@pytest.fixture
def as_member(member, client_of) -> Client:
    client = client_of(member.user)
    client.person = member
    return client


@pytest.fixture
def as_organiser(organiser, client_of) -> Client:
    client = client_of(organiser)
    client.person = organiser.member
    return client
