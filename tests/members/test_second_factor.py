"""The second factor: signing in with it, and the organisers' pages that ask for it."""

from __future__ import annotations

import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.urls import reverse

from members.models import Group
from tests.factories import MemberFactory, UserFactory
from tests.studygroup.test_pages import queries_of

PASSWORD = "a long passphrase"
WRONG = "Try again with the code that is shown now; this one does not fit."
INDEX, DESK = "/accounts/2fa/", "/organise/"

pytestmark = pytest.mark.django_db


def code(secret: str, steps: int = 0) -> str:
    """What the app shows now, or some half minutes later."""
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30 + steps))


def ready(user):
    """Somebody who can sign in by password."""
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def with_app(user) -> str:
    """Give somebody an authenticator app and recovery codes; returns the app's secret."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def recovery_codes(user) -> list[str]:
    return Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()


def sign_in(client, user):
    return client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


@pytest.fixture
def orla(organiser):
    return ready(organiser)


@pytest.fixture
def demanding(group) -> Group:
    group.second_factor = True
    group.save()
    return group


# --- Signing in -----------------------------------------------------------------------------------
def test_sign_in_asks_for_the_code_and_leads_to_the_desk(demanding, orla, client):
    secret = with_app(orla)
    assert sign_in(client, orla).headers["Location"] == "/accounts/2fa/authenticate/"
    assert client.get(DESK).headers["Location"] == f"/accounts/login/?next={DESK}"
    assert client.get("/accounts/2fa/authenticate/").status_code == 200
    answer = client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert answer.headers["Location"] == "/arrive/"
    assert client.get(DESK).status_code == 200


@pytest.mark.parametrize("typed", ["000000", "x", "1" * 400])
def test_wrong_code_is_said_at_the_field_and_opens_nothing(demanding, orla, client, typed):
    with_app(orla)
    sign_in(client, orla)
    answer = client.post("/accounts/2fa/authenticate/", {"code": typed})
    assert answer.context["form"].errors == {"code": [WRONG]}
    assert client.get(DESK).status_code == 302


def test_code_of_half_a_minute_ago_still_fits_and_an_older_one_does_not(orla, client):
    secret = with_app(orla)
    sign_in(client, orla)
    old = client.post("/accounts/2fa/authenticate/", {"code": code(secret, -3)})
    assert old.context["form"].errors == {"code": [WRONG]}
    assert client.post("/accounts/2fa/authenticate/", {"code": code(secret, -1)}).status_code == 302


def test_code_of_the_app_works_once(orla, client, client_of):
    secret, now = with_app(orla), None
    for status in (302, 200):
        sign_in(client, orla)
        now = now or code(secret)
        assert client.post("/accounts/2fa/authenticate/", {"code": now}).status_code == status
        client.logout()


def test_recovery_code_works_once(demanding, orla, client):
    with_app(orla)
    first, *others = recovery_codes(orla)
    sign_in(client, orla)
    assert client.post("/accounts/2fa/authenticate/", {"code": first}).status_code == 302
    assert client.get(DESK).status_code == 200
    client.logout()
    sign_in(client, orla)
    again = client.post("/accounts/2fa/authenticate/", {"code": first})
    assert again.context["form"].errors == {"code": [WRONG]}
    assert recovery_codes(orla) == others


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "{",
        "[]",
        '"x"',
        "{}",
        '{"id": 1}',
        '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}',
        '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30",'
        ' "authenticatorData": "AA", "signature": "AA", "userHandle": "MQ"}}',
    ],
)
def test_what_is_no_credential_is_refused_without_a_fault(orla, client, client_of, credential):
    with_app(orla)
    alone = client.post("/accounts/2fa/webauthn/login/", {"credential": credential})
    assert alone.headers["Location"] == "/accounts/login/"
    sign_in(client, orla)
    client.get("/accounts/2fa/authenticate/")
    assert client.post("/accounts/2fa/authenticate/", {"credential": credential}).status_code == 200
    assert client.get(DESK).status_code == 302
    fresh = client_of(ready(UserFactory()))
    fresh.post("/accounts/reauthenticate/", {"password": PASSWORD})
    fresh.get("/accounts/2fa/webauthn/add/")
    assert fresh.post("/accounts/2fa/webauthn/add/", {"credential": credential}).status_code == 200


def test_admin_sign_in_goes_through_the_sites_own(orla, client):
    orla.is_staff = True
    orla.save()
    with_app(orla)
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.headers["Location"] == "/accounts/login/?next=%2Fadmin%2F"
    client.post("/admin/login/", {"username": orla.email, "password": PASSWORD})
    assert client.get("/admin/").status_code == 302


# --- Setting it up --------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_organiser_without_one_is_led_to_set_it_up_and_then_on(demanding, orla, client):
    sign_in(client, orla)
    led = client.get("/organise/seats/", follow=True)
    assert led.redirect_chain == [(INDEX, 302)]
    assert "Tuesday Readers asks its organisers for a second factor." in led.text
    activate = "/accounts/2fa/totp/activate/"
    assert client.get(activate).headers["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get(activate)
    assert 'src="data:image/svg+xml;base64,' in page.text
    secret = page.context["form"].secret
    wrong = client.post(activate, {"code": "000000"})
    assert (wrong.context["form"].errors, wrong.context["form"].secret) == ({"code": [WRONG]}, secret)
    done = client.post(activate, {"code": code(secret)}, follow=True)
    assert done.redirect_chain == [("/accounts/2fa/recovery-codes/", 302)]
    assert [word for word in recovery_codes(orla) if word not in done.text] == []
    assert client.get("/organise/seats/").status_code == 200
    assert "asks its organisers" not in client.get(INDEX).text


@pytest.mark.django_db(transaction=True)
def test_desk_shuts_again_when_the_last_factor_is_turned_off(demanding, orla, client):
    secret = with_app(orla)
    sign_in(client, orla)
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.post("/accounts/2fa/totp/deactivate/", follow=True)
    assert "The authenticator app is off." in page.text
    assert client.get(DESK).headers["Location"] == INDEX


@pytest.mark.django_db(transaction=True)
def test_second_factor_added_by_a_session_that_showed_none_does_not_count(demanding, orla, client, client_of):
    """An old session and the password alone give nobody a factor of their own."""
    stolen = client_of(orla)
    Authenticator.objects.create(user=orla, type="webauthn", data={"name": "Key", "credential": {}})
    stolen.post("/accounts/reauthenticate/", {"password": PASSWORD})
    session = stolen.session
    session["mfa.totp.secret"] = secret = totp.generate_totp_secret()
    session.save()
    assert stolen.post("/accounts/2fa/totp/activate/", {"code": code(secret)}).status_code == 302
    assert Authenticator.objects.filter(user=orla, type="totp").exists()
    assert stolen.get(DESK).headers["Location"] == "/accounts/2fa/reauthenticate/?next=%2Forganise%2F"


def test_new_recovery_codes_replace_the_old_and_can_be_downloaded(orla, client):
    with_app(orla)
    old = recovery_codes(orla)
    client.force_login(orla)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert client.get("/accounts/2fa/recovery-codes/generate/").status_code == 200
    client.post("/accounts/2fa/recovery-codes/generate/")
    new = recovery_codes(orla)
    assert set(new).isdisjoint(old)
    answer = client.get("/accounts/2fa/recovery-codes/download/")
    assert answer.text.split() == new
    assert answer.headers["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'


# --- Who is asked for it --------------------------------------------------------------------------
def test_session_without_it_must_show_it_and_comes_back(demanding, orla, client_of):
    client = client_of(orla)
    secret = with_app(orla)
    asked = client.get("/organise/seats/?x=1")
    again = "/accounts/2fa/reauthenticate/?next=%2Forganise%2Fseats%2F%3Fx%3D1"
    assert asked.headers["Location"] == again
    page = client.get(again)
    assert "you have signed in without it" in page.text
    assert "Use the password" not in page.text
    wrong = client.post(again, {"code": "000000"})
    assert wrong.context["form"].errors == {"code": [WRONG]}
    shown = client.post(again, {"code": code(secret), "next": "/organise/seats/?x=1"})
    assert shown.headers["Location"] == "/organise/seats/?x=1"
    assert client.get("/organise/seats/").status_code == 200


def test_password_again_does_not_stand_in_for_it(demanding, orla, client_of):
    client = client_of(orla)
    with_app(orla)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert client.get(DESK).status_code == 302


def test_post_without_it_changes_nothing_and_leads_on(demanding, orla, client_of, member):
    client = client_of(orla)
    with_app(orla)
    answer = client.post(f"/organise/members/{member.pk}/role/", {"role": "organiser"})
    assert answer.headers["Location"] == "/accounts/2fa/reauthenticate/?next=%2Farrive%2F"
    member.refresh_from_db()
    assert member.role == "member"


def test_passkey_alone_is_asked_for_on_its_own_page(demanding, orla, client_of):
    Authenticator.objects.create(user=orla, type="webauthn", data={"name": "Key", "credential": {}})
    answer = client_of(orla).get(DESK)
    assert answer.headers["Location"] == "/accounts/2fa/webauthn/reauthenticate/?next=%2Forganise%2F"


@pytest.mark.parametrize(
    "page", ["/organise/", "/organise/members/", "/organise/applications/", "/organise/outbox/"]
)
def test_group_that_does_not_ask_lets_organisers_in(group, orla, client_of, page):
    assert client_of(orla).get(page).status_code == 200


def test_members_and_reviewers_are_not_asked(demanding, client_of):
    reviewer, member = MemberFactory(role="reviewer").user, MemberFactory().user
    assert client_of(reviewer).get("/organise/applications/").status_code == 200
    assert [client_of(member).get(page).status_code for page in ("/next/", "/members/", "/me/")] == [200] * 3
    assert client_of(member).get(DESK).status_code == 403


def test_organiser_without_it_is_a_member_among_members(demanding, orla, client_of):
    shy = MemberFactory(user__name="Shy", bio="telescopes", profile_audience="organisers")
    client = client_of(orla)
    assert client.get("/next/").status_code == 200
    assert "telescopes" not in client.get(shy.get_absolute_url()).text
    assert "For organisers" not in client.get(shy.get_absolute_url()).text


@pytest.mark.parametrize("page", ["/admin/", "/admin/members/member/", "/admin/members/user/1/change/"])
def test_admin_asks_superusers_and_staff(demanding, client_of, page):
    for flags in ({"is_superuser": True, "is_staff": True}, {"is_staff": True}):
        user = UserFactory(**flags)
        client = client_of(user)
        assert client.get(page).headers["Location"] == INDEX
        with_app(user)
        assert (
            client.get(page).headers["Location"].startswith("/accounts/2fa/reauthenticate/?next=%2Fadmin%2F")
        )
        code_of_user = recovery_codes(user)[0]
        client.post("/accounts/2fa/reauthenticate/", {"code": code_of_user, "next": page})
        assert client.get(page).headers.get("Location") in (None, "/admin/")


def test_superuser_without_a_membership_is_asked_at_the_desk(demanding, client_of):
    assert client_of(UserFactory(is_superuser=True)).get(DESK).headers["Location"] == INDEX


def test_session_that_shows_it_costs_no_query_more(group, orla, client):
    secret = with_app(orla)
    sign_in(client, orla)
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    address = reverse("organise:members")
    before = queries_of(client, [address])
    Group.objects.update(second_factor=True)
    assert queries_of(client, [address]) == before


def test_pages_speak_our_words(orla, client_of, client):
    with_app(orla)
    desk = client_of(orla)
    desk.post("/accounts/reauthenticate/", {"password": PASSWORD})
    key = Authenticator.objects.create(
        user=orla, type="webauthn", data={"name": "My <key>", "credential": {}}
    )
    pages = {
        "/accounts/2fa/": "Second factor",
        "/accounts/2fa/totp/deactivate/": "Turn the authenticator app off?",
        "/accounts/2fa/recovery-codes/": "Recovery codes",
        "/accounts/2fa/recovery-codes/generate/": "Make new recovery codes?",
        "/accounts/2fa/webauthn/": "Passkeys",
        reverse("mfa_edit_webauthn", args=[key.pk]): "Rename the passkey",
        reverse("mfa_remove_webauthn", args=[key.pk]): "Remove “<bdi>My &lt;key&gt;</bdi>”?",
        "/accounts/2fa/reauthenticate/": "Is it you?",
    }
    for address, heading in pages.items():
        page = desk.get(address).text
        assert f'<h1 class="mb-4">{heading}</h1>' in page, address
    renamed = desk.post(reverse("mfa_edit_webauthn", args=[key.pk]), {"name": "Phone " * 30})
    key.refresh_from_db()
    assert (renamed.status_code, len(key.data["name"])) == (302, 60)
    desk.post(reverse("mfa_remove_webauthn", args=[key.pk]))
    assert not Authenticator.objects.filter(pk=key.pk).exists()
