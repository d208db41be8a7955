"""The page on which people choose their mail, and the link in a mail that stops its kind."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from outbox import choices, kinds
from outbox.choices import How
from outbox.models import Choice, Message
from outbox.writing import write
from sessions_app.models import Presenter
from tests.factories import ApplicationFactory, UserFactory
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()
ME = "/me/mail/"
KIND = "session_announced"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def key(member) -> str:
    return f"user:{member.user_id}"


def stop(recipient: str, kind: str = KIND) -> str:
    return f"/mail/stop/{choices.stop_token(recipient, kind)}/"


def mail_to(recipient: str, *, kind: str = KIND, about: str = "session:1:announced") -> Message:
    with transaction.atomic():
        return write(kind=kind, about=about, to="mira@example.org", recipient=recipient, context={}, now=NOW)


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


# --- One's own page ----------------------------------------------------------------------------------
def test_page_is_for_who_is_signed_in(group, client):
    assert client.get(ME).headers["Location"] == f"/accounts/login/?next={ME}"


def test_page_offers_every_optional_kind_that_may_come(member, client_of):
    form = client_of(member.user).get(ME).context["form"]
    expected = [kind.name for kind in kinds.every() if kind.optional and not kind.to]
    assert list(form.fields) == expected
    assert {"circular", "digest", KIND, "session_changed"} <= set(expected)


def test_page_offers_what_organisers_get_to_organisers_alone(member, organiser, client_of):
    def names(user) -> set[str]:
        return set(client_of(user).get(ME).context["form"].fields)

    assert names(organiser) - names(member.user) == {"organiser_digest", "talk_proposed"}
    assert names(UserFactory()) == names(member.user)


def test_page_lists_what_cannot_be_switched_off(member, client_of):
    parts = client_of(member.user).get(ME).context["parts"]
    listed = {kind.name for part in parts for kind in part.necessary}
    assert listed == {kind.name for kind in kinds.every() if not kind.optional and not kind.to}
    assert {"login_code", "chair_freed", "slides_due"} <= listed


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_page_costs_a_fixed_number_of_queries(member, organiser, client_of, rows):
    optional = [kind.name for kind in kinds.every() if kind.optional][:rows]
    for user in (member.user, organiser):
        Choice.objects.bulk_create(
            Choice(recipient=f"user:{user.pk}", kind=name, how=How.NOTHING, changed_at=NOW)
            for name in optional
        )
    assert queries_of(client_of(member.user), [ME]) == {ME: 5}
    assert queries_of(client_of(organiser), [ME]) == {ME: 5}


def test_saving_keeps_what_was_changed_and_says_so(member, client_of):
    waiting = mail_to(key(member))
    data = {KIND: How.DIGEST, "session_changed": How.MAIL, "circular": How.NOTHING}
    response = client_of(member.user).post(ME, data, follow=True)
    assert response.redirect_chain == [(ME, 302)]
    assert choices.of(key(member)) == {KIND: How.DIGEST, "circular": How.NOTHING, "digest": How.MAIL}
    assert said(response) == [
        "Saved: “The organisers write to members” does not come any more; “A session is announced” comes in "
        "the weekly digest; “The weekly digest” comes as a mail each time. One mail that waited is held back."
    ]
    waiting.refresh_from_db()
    assert (waiting.state, waiting.held_because) == ("held", "digest")


def test_saving_what_is_so_already_changes_nothing(member, client_of):
    response = client_of(member.user).post(ME, {KIND: How.MAIL, "digest": How.NOTHING}, follow=True)
    assert said(response) == ["Everything was chosen like that already. Nothing was changed."]
    assert Choice.objects.count() == 0


def test_saving_a_way_that_there_is_not_changes_nothing(member, client_of):
    response = client_of(member.user).post(ME, {KIND: "loud", "circular": How.NOTHING})
    assert response.status_code == 422
    assert response.context["form"].errors == {KIND: ["Choose one of the ways that are offered."]}
    assert response.context["form"]["circular"].value() == How.NOTHING  # what was typed stays
    assert Choice.objects.count() == 0


def test_member_cannot_choose_for_what_is_necessary_or_the_organisers(member, client_of):
    client_of(member.user).post(ME, {"invitation": How.NOTHING, "talk_proposed": How.NOTHING})
    assert Choice.objects.count() == 0


def test_digest_cannot_be_dropped_while_mails_are_kept_for_it(member, client_of):
    choices.choose(key(member), {KIND: How.DIGEST}, now=NOW)
    response = client_of(member.user).post(ME, {KIND: How.DIGEST, "digest": How.NOTHING})
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "digest": ["Keep the digest, or choose something else for the mails that stand in it."]
    }
    assert choices.of(key(member)) == {KIND: How.DIGEST}


def test_page_shows_what_was_chosen_and_the_digest_that_comes_of_it(member, client_of):
    choices.choose(key(member), {KIND: How.DIGEST, "circular": How.NOTHING}, now=NOW)
    form = client_of(member.user).get(ME).context["form"]
    shown = {name: form[name].value() for name in (KIND, "circular", "digest", "session_changed")}
    assert shown == {KIND: "digest", "circular": "nothing", "digest": "mail", "session_changed": "mail"}


def test_own_page_asks_for_the_token_that_other_sites_lack(member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user)
    assert client.post(ME, {KIND: How.NOTHING}).status_code == 403
    assert Choice.objects.count() == 0


# --- The link in a mail --------------------------------------------------------------------------------
def test_looking_at_the_link_changes_nothing(member, client):
    waiting = mail_to(key(member))
    for ask in (client.get, client.head) * 3:
        response = ask(stop(key(member)))
        assert response.status_code == 200
        assert (response["X-Robots-Tag"], response["Referrer-Policy"]) == ("noindex", "no-referrer")
        assert "no-store" in response["Cache-Control"]
        assert response.cookies == {}
    waiting.refresh_from_db()
    assert (Choice.objects.count(), waiting.state) == (0, "draft")


def test_link_shows_the_kind_and_a_masked_address(member, client):
    page = client.get(stop(key(member)))
    assert (page.context["address"], page.context["is_stopped"]) == ("m…@example.org", False)
    assert "mira@example.org" not in page.text
    assert "Mira" not in page.text
    assert "A session is announced" in page.text


@pytest.mark.parametrize("rows", [1, 3])
def test_link_costs_a_fixed_number_of_queries(member, client, rows):
    for n in range(rows):
        mail_to(key(member), about=f"session:{n}")
    address = stop(key(member))
    assert queries_of(client, [address]) == {address: 3}


def test_button_stops_the_kind_and_what_waits(member, client):
    waiting, other = mail_to(key(member)), mail_to(key(member), kind="session_changed")
    address = stop(key(member))
    response = client.post(address, {"do": "stop"})
    assert (response.status_code, response["Location"]) == (302, address)
    assert choices.of(key(member)) == {KIND: How.NOTHING}
    assert client.get(address).context["is_stopped"]
    for mail, state in ((waiting, "held"), (other, "queued")):
        mail.refresh_from_db()
        assert mail.state == state


def test_one_click_of_a_mail_provider_needs_neither_cookie_nor_token(member):
    provider = Client(enforce_csrf_checks=True)
    for _ in range(2):
        response = provider.post(stop(key(member)), ONE_CLICK)
        assert (response.status_code, response.text) == (200, "Stopped: A session is announced.\n")
        assert (response["Content-Type"], response.cookies) == ("text/plain; charset=utf-8", {})
    assert choices.of(key(member)) == {KIND: How.NOTHING}


def test_repeated_stop_leaves_the_first_as_it_is(member, client):
    client.post(stop(key(member)), ONE_CLICK)
    first = Choice.objects.get()
    client.post(stop(key(member)), ONE_CLICK)
    assert Choice.objects.get().changed_at == first.changed_at


def test_stop_is_taken_back_with_the_same_link(member):
    visitor, address = Client(enforce_csrf_checks=True), stop(key(member))
    held = mail_to(key(member))
    visitor.post(address, {"do": "stop"})
    page = visitor.post(address, {"do": "mail"}, follow=True)
    assert page.redirect_chain == [(f"{address}?back=yes", 302)]
    assert "<h1>These mails come again</h1>" in page.text
    assert "<h1>Stop these mails?</h1>" in visitor.get(address).text
    assert choices.of(key(member)) == {KIND: How.MAIL}
    held.refresh_from_db()
    assert held.state == "held"  # what was held back meanwhile stays so
    assert mail_to(key(member), about="session:2").state == "draft"


def test_links_of_applicants_and_guest_presenters_work(group, client):
    application = ApplicationFactory(email="ann@example.org")
    guest = Presenter.objects.create(guest_name="Gus", email="gus@example.org")
    found = {}
    for who, kind in (
        (f"application:{application.pk}", "circular_applicants"),
        (f"presenter:{guest.pk}", KIND),
    ):
        page = client.get(stop(who, kind))
        client.post(stop(who, kind), ONE_CLICK)
        found[page.context["address"]] = (page.context["has_account"], choices.of(who))
    assert found == {
        "a…@example.org": (False, {"circular_applicants": How.NOTHING}),
        "g…@example.org": (False, {KIND: How.NOTHING}),
    }


def test_link_to_the_digest_says_what_else_would_not_come(member, client):
    choices.choose(key(member), {KIND: How.DIGEST, "circular": How.DIGEST}, now=NOW)
    lost = client.get(stop(key(member), "digest")).context["lost"]
    assert sorted(lost) == ["A session is announced", "The organisers write to members"]


@pytest.mark.parametrize("ask", ["get", "post"])
def test_link_that_is_not_whole_says_so(group, member, client, ask):
    response = getattr(client, ask)(stop(key(member))[:-2] + "/")
    assert (response.status_code, response["X-Robots-Tag"]) == (404, "noindex")
    assert "This link is not whole. Open it from the mail again. Nothing was changed." in response.text
    assert Choice.objects.count() == 0


@pytest.mark.parametrize("ask", ["get", "post"])
def test_link_to_what_is_necessary_says_that_it_cannot_be_stopped(group, member, client, ask):
    response = getattr(client, ask)(stop(key(member), "invitation"))
    assert response.status_code == 403
    assert "Mails of the kind “A seat is offered” cannot be stopped. Nothing was changed." in response.text
    assert Choice.objects.count() == 0


@pytest.mark.parametrize("who", ["user:999999", "nobody"])
def test_link_of_somebody_who_is_gone_leaves_no_trace(group, client, who):
    assert client.post(stop(who), ONE_CLICK).status_code == 404
    assert Choice.objects.count() == 0


def test_link_in_the_mail_is_the_one_that_stops_it(member, client):
    mail = mail_to(key(member))
    line = next(line for line in mail.text.splitlines() if line.startswith("Stop mails of this kind: "))
    address = line.partition(": ")[2]
    assert address.startswith(f"{settings.SITE_URL}/mail/stop/")
    assert client.post(address.removeprefix(settings.SITE_URL), ONE_CLICK).status_code == 200
    assert choices.of(key(member)) == {KIND: How.NOTHING}
