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


def test_sign_in_by_a_code_that_goes_through_the_outbox(reader, client, work):
    client.post("/accounts/login/code/", {"email": "Mira@example.org"})
    work()
    mail = Message.objects.get()
    [code] = mail.secrets
    assert (mail.kind, mail.to, code in mail.text) == ("login_code", "mira@example.org", True)
    assert mail.subject == "Your sign-in code for Tuesday Readers"
    assert mail.text.startswith("Type this code into the page that asked for it:")

    client.post("/accounts/login/code/confirm/", {"code": "WRONG1"})
    assert not signed_in(client)
    client.post("/accounts/login/code/confirm/", {"code": code})
    assert signed_in(client)


def test_unknown_address_is_shown_the_same_and_mailed_nothing(reader, group, work):
    pages = []
    for address in ("mira@example.org", "nobody@example.org"):
        client = Client()
        answer = client.post("/accounts/login/code/", {"email": address}, follow=True)
        shown = re.sub(r'csrfmiddlewaretoken" value="\w+"', "", answer.text).replace(address, "ADDRESS")
        pages.append((answer.redirect_chain, re.sub(r'"X-CSRFToken": "\w+"', "", shown)))
    assert pages[0] == pages[1]
    work()
    assert [mail.to for mail in Message.objects.all()] == ["mira@example.org"]


def test_nobody_signs_up(group, client):
    page = client.get("/accounts/signup/")
    assert "<form" not in page.text.partition("<main")[2]
    client.post("/accounts/signup/", {"email": "new@example.org", "password1": PASSWORD})
    assert User.objects.count() == 0


def test_forgotten_password_is_mailed_through_the_outbox(reader, client, work):
    reader.set_password(PASSWORD)
    reader.save()
    client.post("/accounts/password/reset/", {"email": "mira@example.org"})
    work()
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


def test_sign_in_page_stays_open_while_a_code_is_on_its_way(reader, client):
    client.post("/accounts/login/code/", {"email": "mira@example.org"})
    assert client.get("/accounts/login/code/confirm/").status_code == 200
    assert client.get("/accounts/login/").status_code == 200
    reader.set_password(PASSWORD)
    reader.save()
    client.post("/accounts/login/", {"login": "mira@example.org", "password": PASSWORD})
    assert signed_in(client)


@pytest.mark.parametrize("page", ["/accounts/login/code/", "/accounts/password/reset/"])
def test_mail_goes_to_the_account_s_address_and_not_to_a_lookalike(reader, client, work, page):
    """Unicode that folds to the same address may belong to somebody else."""
    client.post(page, {"email": "mira@ｅxample.org"})
    work()
    assert [mail.to for mail in Message.objects.all()] == ["mira@example.org"]


def test_code_is_asked_for_three_times_a_minute_however_the_address_is_spelled(reader, client):
    for spelling in ("mira@example.org", "MIRA@example.org", "Mira@Example.org"):
        assert client.post("/accounts/login/code/", {"email": spelling}).status_code == 302
    answer = client.post("/accounts/login/code/", {"email": "mirA@example.org"})
    assert answer.context["form"].errors == {
        "email": ["Wait a few minutes, then try again; there were too many tries."]
    }


def test_too_many_resets_are_told_kindly(reader, client):
    for _ in range(5):
        client.post("/accounts/password/reset/", {"email": "mira@example.org"})
    answer = client.post("/accounts/password/reset/", {"email": "mira@example.org"})
    assert (answer.status_code, '<h1 class="mb-4">Wait a few minutes</h1>' in answer.text) == (429, True)


def test_new_address_replaces_the_old_one_once_it_is_confirmed(reader, client, client_of, outbox, work):
    client = client_of(reader)
    assert "mira@example.org" in client.get("/accounts/email/").text
    client.post("/accounts/email/", {"action_add": "", "email": "Mira.Tamm@Example.org"})
    work()
    reader.refresh_from_db()
    assert (reader.email, outbox.kinds("mira.tamm@example.org")) == (
        "mira@example.org",
        ["email_confirmation"],
    )

    link = outbox.link("email_confirmation", "mira.tamm@example.org")
    assert client.get(link).status_code == 200
    reader.refresh_from_db()
    assert reader.email == "mira@example.org"
    client.post(link)

    reader.refresh_from_db()
    assert reader.email == "mira.tamm@example.org"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("mira.tamm@example.org", True, True)
    ]


def test_new_address_of_somebody_else_is_shown_the_same_and_never_taken(reader, client_of, outbox, work):
    other = seats.add_member(user=User.objects.create_user("toomas@example.org", "Toomas"), now=NOW).user
    client = client_of(reader)
    client.post("/accounts/email/", {"action_add": "", "email": "toomas@example.org"})
    work()
    link = outbox.link("email_confirmation", "toomas@example.org")
    client_of(other).post(link)
    client.post(link)
    assert sorted(User.objects.values_list("email", flat=True)) == ["mira@example.org", "toomas@example.org"]


def test_reset_link_works_once_and_dies_with_the_address(reader, client, work):
    client.post("/accounts/password/reset/", {"email": "mira@example.org"})
    work()
    [link] = Message.objects.get().secrets
    User.objects.update(email="mira.tamm@example.org")
    assert "This link no longer works" in client.get(link, follow=True).text
    User.objects.update(email="mira@example.org")
    chosen = client.get(link, follow=True)
    client.post(chosen.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.get().check_password(PASSWORD)
    assert "This link no longer works" in Client().get(link, follow=True).text
