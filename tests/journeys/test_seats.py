"""An invitation lapses and the same person is asked again, in a real browser, with JavaScript on and off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from members import invitations
from members.models import Invitation, Member
from members.models.application import State
from tests.conftest import Outbox
from tests.factories import (
    ApplicationFactory,
    GroupFactory,
    OrganiserFactory,
    ReadingFactory,
    SessionFactory,
    StrengthFactory,
)
from tests.mails import release_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = pytest.mark.parametrize("width", [1280, 360])


@WIDTHS
def test_lapse_and_invite_again(visitor, width):
    """Agree on the order, invite, let it lapse, find it in the ledger, ask again with a reason, accept."""
    GroupFactory(capacity=2)
    ReadingFactory(session=SessionFactory(title="Curiosity"))
    organiser = OrganiserFactory(user__name="Orla Quinn").user
    zoe, bo = (
        ApplicationFactory(
            name=name,
            email=email,
            state=State.SHORTLISTED,
            applied_at=timezone.now() - timedelta(days=days),
        )
        for name, email, days in (
            ("Zoë Lindqvist", "zoe@example.org", 90),
            ("Bo Adeyemi", "bo@example.org", 30),
        )
    )
    zoe.strengths.add(StrengthFactory(name="Statistics"))

    desk = visitor(width)
    desk.expected = {422}
    desk.sign_in(organiser)
    page = desk.open("/organise/seats/")
    desk.check_page()
    page.get_by_role("link", name="Choose someone").click()
    assert desk.heading() == "Two people are on the shortlist"
    desk.check_page()
    desk.press("Agree on this order")
    assert "The order is agreed." in page.content()
    desk.press("Invite to a seat")
    assert "A seat is held for Zoë Lindqvist" in page.content()
    release_all()

    assert invitations.lapse_overdue(now=Invitation.objects.get().expires_at) == 1

    page = desk.open("/organise/seats/")
    assert "Invitation ended. Lapsed" in page.locator("#changes").inner_text()
    desk.check_page()
    page.get_by_role("link", name="2 on the shortlist").click()
    zoes = page.locator(f"#candidate-{zoe.pk}")
    assert "Let an invitation lapse" in zoes.inner_text()
    desk.check_page()
    zoes.locator("summary").click()
    zoes.get_by_role("button", name="Invite with this reason").click()
    page.wait_for_load_state()
    assert "Zoë Lindqvist let an invitation lapse. Say why you ask again." in zoes.inner_text()
    desk.check_page()
    zoes.get_by_label("Why you ask again").fill("The mail was lost.")
    zoes.get_by_role("button", name="Invite with this reason").click()
    page.wait_for_load_state()
    assert "A seat is held for Zoë Lindqvist" in page.content()
    assert zoe.changes.latest("pk").reason == "The mail was lost."
    release_all()

    invitee = visitor(width)
    invitee.open(Outbox().link("invitation", "zoe@example.org"))
    invitee.press("Take the seat")
    assert invitee.page.url.endswith("/next/")

    assert sorted(str(member) for member in Member.objects.active()) == ["Orla Quinn", "Zoë Lindqvist"]
    page = desk.open("/organise/seats/")
    assert desk.heading() == "2 of 2 seats are taken"
    desk.check_page()
    page = desk.open("/organise/shortlist/")
    assert "Nobody can be invited until one has been given back." in page.content()
    bo.refresh_from_db()
    assert (bo.state, bo.place) == (State.SHORTLISTED, 2)


@WIDTHS
def test_guest_is_asked_to_a_session_and_comes(visitor, width):
    """Offer a spare chair from the shortlist; the guest says yes and reads how to get in."""
    GroupFactory(capacity=1)
    session = SessionFactory(number=18, title="Curiosity", chairs=4, directions="Ring at the back door.")
    ReadingFactory(session=session, title="The paper", minutes=50)
    organiser = OrganiserFactory(user__name="Orla Quinn").user
    ApplicationFactory(name="Zoë Lindqvist", email="zoe@example.org", state=State.SHORTLISTED)

    desk = visitor(width)
    desk.sign_in(organiser)
    page = desk.open("/organise/shortlist/")
    page.get_by_role("button", name="Offer a chair at session 18").click()
    page.wait_for_load_state()
    assert "Zoë Lindqvist is asked to session 18 as a guest" in page.content()
    desk.check_page()

    guest = visitor(width)
    guest.open(Outbox().link("guest_chair", "zoe@example.org"))
    assert guest.heading() == "Curiosity"
    assert "Ring at the back door." not in guest.page.content()
    guest.check_page()
    guest.press("I’ll come")
    assert "Ring at the back door." in guest.page.content()
    guest.check_page()

    for address in ("/organise/seats/", f"/organise/sessions/{session.pk}/"):
        page = desk.open(address)
        assert "Zoë Lindqvist" in page.locator("main").inner_text()
        desk.check_page()
