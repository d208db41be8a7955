"""Signing in: by password and by mailed code, closed to strangers, and telling nobody who is known."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from members import seats
from members.models import Member, User
from outbox.models import Message
from tests.factories import MemberFactory
from tests.members.test_admissions import NOW

PASSWORD = "a long passphrase"


@pytest.fixture
def reader(group) -> User:
    """A member who can sign in, as the site makes them: without a password."""
    return seats.add_member(user=User.objects.create_user("mira@example.org", "Mira Tamm"), now=NOW).user


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_sign_in_by_password(reader, client):
    reader.set_password(PASSWORD)
    reader.save()
    answer = client.post("/accounts/login/", {"login": "MIRA@example.org", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/arrive/")
    assert signed_in(client)


def test_sign_in_by_a_code_that_goes_through_the_outbox(reader, client):
    client.post("/accounts/login/code/", {"email": "mira@example.org"})
    mail = Message.objects.get()
    [code] = mail.secrets
    assert (mail.kind, mail.to, code in mail.text) == ("login_code", "mira@example.org", True)
    assert mail.subject == "Your sign-in code for Tuesday Readers"
    assert mail.text.startswith("Type this code into the page that asked for it:")

    client.post("/accounts/login/code/confirm/", {"code": "WRONG1"})
    assert not signed_in(client)
    client.post("/accounts/login/code/confirm/", {"code": code})
    assert signed_in(client)


def test_unknown_address_is_shown_the_same_and_mailed_nothing(reader, group):
    pages = []
    for address in ("mira@example.org", "nobody@example.org"):
        client = Client()
        answer = client.post("/accounts/login/code/", {"email": address}, follow=True)
        shown = re.sub(r'csrfmiddlewaretoken" value="\w+"', "", answer.text).replace(address, "ADDRESS")
        pages.append((answer.redirect_chain, re.sub(r'"X-CSRFToken": "\w+"', "", shown)))
    assert pages[0] == pages[1]
    assert [mail.to for mail in Message.objects.all()] == ["mira@example.org"]


def test_nobody_signs_up(group, client):
    page = client.get("/accounts/signup/")
    assert "<form" not in page.text.partition("<main")[2]
    client.post("/accounts/signup/", {"email": "new@example.org", "password1": PASSWORD})
    assert User.objects.count() == 0


def test_forgotten_password_is_mailed_through_the_outbox(reader, client):
    reader.set_password(PASSWORD)
    reader.save()
    client.post("/accounts/password/reset/", {"email": "mira@example.org"})
    mail = Message.objects.get()
    assert mail.subject == "A new password for Tuesday Readers"
    [link] = mail.secrets
    page = client.get(link, follow=True)
    assert page.status_code == 200
    assert 'type="password"' in page.text


def test_too_many_wrong_passwords_are_slowed_down(reader, client):
    reader.set_password(PASSWORD)
    reader.save()
    for _ in range(12):
        client.post("/accounts/login/", {"login": "mira@example.org", "password": "wrong"})
    client.post("/accounts/login/", {"login": "mira@example.org", "password": PASSWORD})
    assert not signed_in(client)


def test_one_who_left_signs_in_and_sees_the_public_pages_only(group, client_of):
    former = MemberFactory(state=Member.State.ALUMNI, left_at=NOW).user
    EmailAddress.objects.create(user=former, email=former.email, verified=True, primary=True)
    client = client_of(former)
    assert client.get("/").status_code == 200
    assert client.get("/next/").status_code == 403


def test_account_pages_cost_few_queries_and_set_what_they_need(group, client, django_assert_max_num_queries):
    for address in ("/accounts/login/", "/accounts/login/code/", "/accounts/password/reset/"):
        with django_assert_max_num_queries(3):
            assert client.get(address).status_code == 200
