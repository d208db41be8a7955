"""Adding a passkey and signing in with it, with Chromium's own virtual authenticator."""

from __future__ import annotations

import pytest
from django.test import override_settings

from members.models import Group
from tests.factories import GroupFactory, OrganiserFactory
from tests.journeys.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_localhost(live_server):
    """Passkeys need a name and a secure context; http on localhost counts as one."""
    site = live_server.url.replace("127.0.0.1", "localhost")
    with override_settings(SITE_URL=site, ALLOWED_HOSTS=["localhost"], CSRF_TRUSTED_ORIGINS=[site]):
        yield site


def test_organiser_adds_a_passkey_and_signs_in_with_it_alone(at_localhost, visitor):
    GroupFactory()
    organiser = OrganiserFactory(user__name="Orla Quinn", user__email="orla@example.org").user
    somebody = visitor()
    if not somebody.scripted:
        pytest.skip("passkeys need JavaScript")
    somebody.site = at_localhost
    page = somebody.page
    devtools = somebody.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    somebody.sign_in_by_password(organiser)
    Group.objects.update(second_factor=True)

    somebody.open("/organise/")
    assert somebody.heading() == "Second factor"
    somebody.check_page()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    somebody.press("Go on")
    assert somebody.heading() == "Add a passkey"
    somebody.check_page()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url("**/recovery-codes/")
    somebody.check_page()
    page.get_by_role("link", name="Go to the organisers’ pages").click()
    page.wait_for_url("**/organise/")

    somebody.open("/me/")
    somebody.press("Sign out")
    somebody.open("/accounts/login/")
    somebody.check_page()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/organise/")

    # After the password, the passkey is the second step.
    somebody.open("/me/")
    somebody.press("Sign out")
    page.goto(at_localhost + "/accounts/login/")
    page.get_by_label("E-mail").fill(organiser.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    somebody.press("Sign in")
    assert somebody.heading() == "One more step"
    somebody.check_page()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/organise/")
    somebody.open("/accounts/2fa/webauthn/")
    assert page.locator(".row-title").all_inner_texts() == ["My laptop"]
    somebody.check_page()
