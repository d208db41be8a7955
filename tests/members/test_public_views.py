"""The applicant's pages over HTTP: what they show, keep, refuse, and that a GET changes nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from members import admissions, applying
from members.forms.fields import stamp
from members.models import Application, Invitation, Member
from members.models.application import State
from outbox.models import Message
from tests.factories import ApplicationFactory, MemberFactory, StrengthFactory

TYPED = {
    "name": "Łukasz <b>Nguyễn</b> 🐝",
    "email": "lukasz@example.org",
    "current_role": "Nurse",
    "experience": "Ward statistics.\n\nمرحبا",
    "interest": "Reading with others.",
    "links": "example.org/me\nhttps://example.com/b",
    "talk": "",
    "opened": stamp(timezone.now() - timedelta(minutes=5)),
}


@pytest.fixture
def invited(group, organiser):
    """An applicant with an open invitation: the application, the invitation and its token."""
    application = ApplicationFactory(state=State.SHORTLISTED, email="zoe@example.org", name="Zoë")
    invitation = admissions.invite(application_id=application.pk, by=organiser, now=timezone.now())
    return application, invitation, Message.objects.get(kind="invitation").secrets[1]


def snapshot():
    """Everything that a GET could have changed."""
    return [
        list(model.objects.order_by("pk").values()) for model in (Application, Invitation, Member, Message)
    ]


def test_apply_confirm_and_follow_the_application(group, client, outbox, work):
    strength = StrengthFactory(name="Statistics")

    sent = client.post("/apply/", TYPED | {"strengths": [strength.pk]}, follow=True)
    assert sent.redirect_chain == [("/apply/sent/", 302)]
    assert "lukasz@example.org" in sent.text
    assert work() == 1

    link = outbox.link("confirm_address", "lukasz@example.org")
    assert "Is this your address?" in client.get(link).text
    assert Application.objects.get().state == State.UNCONFIRMED
    status = client.post(link, follow=True)

    assert "You are on the waiting list" in status.text
    assert "Łukasz &lt;b&gt;Nguyễn&lt;/b&gt; 🐝" in status.text
    assert "Statistics" in status.text
    assert Application.objects.get().links == ["https://example.org/me", "https://example.com/b"]


def test_apply_again_shows_the_same_page_and_mails_the_owner(group, client, outbox, work):
    first = client.post("/apply/", TYPED, follow=True)
    work()
    second = client.post("/apply/", TYPED | {"email": "LUKASZ@example.org"}, follow=True)
    assert second.redirect_chain == first.redirect_chain
    assert second.text.replace("LUKASZ", "lukasz") == first.text
    work()
    assert outbox.kinds("lukasz@example.org") == ["confirm_address", "applied_again"]
    assert Application.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"name": ""}, "name", "Tell us your name, as you would like to be called."),
        ({"email": "nobody"}, "email", "Write an e-mail address such as name@example.org."),
        ({"interest": " "}, "interest", "Tell us what draws you to the group."),
        ({"links": "not a link"}, "links", "Write each link like https://example.org/page."),
        ({"links": "javascript:alert(1)"}, "links", "Write each link like https://example.org/page."),
        ({"links": "\n".join(["example.org"] * 9)}, "links", "Keep to 8 links; there are 9."),
        ({"experience": "x" * 12_001}, "experience", "at most 12000 characters (it has 12001)"),
        ({"strengths": ["999"]}, "strengths", "999"),
        ({"name": "a\x00b"}, "name", "Null characters are not allowed."),
    ],
)
def test_apply_with_a_mistake_keeps_what_was_typed_and_says_what_to_do(
    group, client, work, changes, field, sentence
):
    response = client.post("/apply/", TYPED | changes)
    assert response.status_code == 422
    assert sentence in " ".join(response.context["form"].errors[field])
    assert "Reading with others." in response.text or field == "interest"
    assert (work(), Application.objects.count()) == (0, 0)


def test_apply_while_the_list_is_closed_takes_nothing_and_keeps_what_was_typed(group, client, work):
    group.waiting_list_open = False
    group.save()
    assert "<form" not in client.get("/apply/").text
    response = client.post("/apply/", TYPED)
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "The waiting list is closed at the moment. Nothing was sent."
    ]
    assert "Reading with others." in response.text
    assert (work(), Application.objects.count()) == (0, 0)


@pytest.mark.parametrize("token", ["x", "0" * 32, "0" * 32 + ":forged", "ünïcode:" + "a" * 43, "%00"])
def test_forged_link_is_not_found(group, client, token):
    for name in (
        "application",
        "application_confirm",
        "application_edit",
        "application_withdraw",
        "invitation",
    ):
        assert client.get(reverse(name, args=[token])).status_code == 404


def test_edit_shows_and_saves_the_answers(group, client):
    application = ApplicationFactory(links=["https://example.org/a", "https://example.org/b"])
    address = reverse("application_edit", args=[application.token])
    assert "https://example.org/a\nhttps://example.org/b" in client.get(address).text

    response = client.post(address, TYPED, follow=True)

    application.refresh_from_db()
    assert "Your answers are saved." in response.text
    assert (application.current_role, application.email) == ("Nurse", application.email)
    assert application.email != TYPED["email"]


def test_edit_of_a_closed_application_explains(group, client):
    application = ApplicationFactory(state=State.DECLINED)
    response = client.post(reverse("application_edit", args=[application.token]), TYPED, follow=True)
    assert "it cannot be changed" in response.text


def test_withdraw_asks_first_and_tells_a_second_time(group, client):
    application = ApplicationFactory()
    address = reverse("application_withdraw", args=[application.token])
    assert "Withdraw the application?" in client.get(address).text
    assert "Your application is withdrawn" in client.post(address, follow=True).text
    assert "Nothing was changed." in client.post(address, follow=True).text
    assert application.changes.count() == 1


def test_get_of_every_link_three_times_changes_nothing(group, client, invited):
    """Rule 4: mail scanners open links, by GET and by HEAD."""
    application, _, token = invited
    fresh = applying.apply(
        email="new@example.org",
        answers={
            "name": "N",
            "current_role": "x",
            "experience": "x",
            "interest": "x",
            "links": [],
            "talk": "",
        },
        strengths=[],
        now=timezone.now(),
    )
    links = [
        reverse(name, args=[each.token])
        for each in (application, fresh)
        for name in ("application", "application_confirm", "application_edit", "application_withdraw")
    ] + [reverse("invitation", args=[token])]
    before = snapshot()
    for link in links * 3:
        client.get(link)
        client.head(link)
    for link in (
        reverse("invitation_accept", args=[token]),
        reverse("invitation_decline", args=[token]),
    ):
        assert client.get(link).status_code == 405
    assert snapshot() == before
    assert client.post(reverse("invitation_accept", args=[token])).headers["Location"] == "/next/"


def test_accept_signs_in_takes_the_seat_and_opens_the_next_session(group, client, invited):
    _, _, token = invited
    assert "A seat in Tuesday Readers is yours" in client.get(reverse("invitation", args=[token])).text

    response = client.post(reverse("invitation_accept", args=[token]), follow=True)

    assert response.redirect_chain == [("/next/", 302)]
    assert "Welcome, Zoë. The seat is yours." in response.text
    assert Member.objects.active().filter(user__email="zoe@example.org").exists()


def test_second_accept_says_so_and_changes_nothing(group, client, invited):
    _, _, token = invited
    client.post(reverse("invitation_accept", args=[token]))
    client.logout()
    response = client.post(reverse("invitation_accept", args=[token]), follow=True)
    assert response.status_code == 410
    assert "This invitation has been accepted" in response.text
    assert Member.objects.count() == 2


def test_accept_by_somebody_with_a_password_does_not_sign_them_in(group, client, invited):
    _, _, token = invited
    former = MemberFactory(user__email="zoe@example.org", state="alumni", left_at=timezone.now())
    former.user.set_password("a long passphrase")
    former.user.save()
    response = client.post(reverse("invitation_accept", args=[token]))
    assert response.headers["Location"] == "/accounts/login/"
    assert "_auth_user_id" not in client.session


def test_lapsed_invitation_says_so(group, client, invited):
    _, _, token = invited
    Invitation.objects.update(
        issued_at=timezone.now() - timedelta(days=15), expires_at=timezone.now() - timedelta(minutes=1)
    )
    response = client.get(reverse("invitation", args=[token]))
    assert (response.status_code, "has lapsed" in response.text) == (410, True)
    assert "has lapsed" in client.post(reverse("invitation_accept", args=[token]), follow=True).text


def test_decline_gives_the_seat_back(group, client, invited):
    application, _, token = invited
    response = client.post(reverse("invitation_decline", args=[token]), follow=True)
    assert "This invitation was declined" in response.text
    application.refresh_from_db()
    assert application.state == State.WITHDRAWN


def test_browser_never_cuts_a_long_answer_by_itself(group, client):
    page = client.get("/apply/").text
    experience = re.search(r"<textarea[^>]*name=\"experience\"[^>]*>", page)[0]
    assert 'data-maxlength-hint="12000"' in experience
    assert "maxlength=" not in experience.replace("data-maxlength-hint", "")
