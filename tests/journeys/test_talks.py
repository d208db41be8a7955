"""A talk from its proposal to the archive: the member's browser, the organiser's, and the guest's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.models import Presentation, Presenter, Session
from tests.factories import GroupFactory, MemberFactory, OrganiserFactory, SessionFactory
from tests.journeys.test_reviewing import come_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


def said(somebody) -> str:
    return somebody.page.locator(".messages").inner_text()


def test_talk_is_proposed_accepted_scheduled_filled_in_by_a_guest_and_given(visitor, tmp_path):
    GroupFactory()
    member = MemberFactory(user__name="Mira Tamm")
    organiser = OrganiserFactory(user__name="Orla Quinn").user
    session = SessionFactory(number=17, title="Capsules", starts_at=timezone.now() + timedelta(days=20))

    proposer = visitor(360)
    come_in(proposer, member.user)
    proposer.open("/presentations/")
    proposer.page.get_by_role("link", name="Propose a talk").click()
    proposer.expected = {422}
    proposer.press("Propose it")
    assert "Give the talk a title." in proposer.page.locator(".error-summary").inner_text()
    proposer.check_page()
    page = proposer.page
    page.get_by_label("Title").fill("Routing by agreement")
    page.get_by_label("Abstract").fill("Why *capsules* vote.")
    page.get_by_label("How many minutes").fill("30")
    page.get_by_label("In which session").select_option(str(session.pk))
    page.get_by_label("Who presents it with you").fill("Ana Lima")
    proposer.press("Propose it")
    assert "the organisers hear of it" in said(proposer)
    proposer.check_page()
    talk = Presentation.objects.get()

    desk = visitor()
    come_in(desk, organiser)
    desk.open("/organise/")
    assert "One talk is proposed" in desk.page.locator("main").inner_text()
    desk.page.get_by_role("link", name="Read it").click()
    desk.check_page()
    desk.page.get_by_role("link", name="Routing by agreement").click()
    desk.page.wait_for_url(f"**/organise/talks/{talk.pk}/")
    desk.check_page()
    desk.page.get_by_label("Message").fill("Gladly.")
    desk.press("Accept")
    assert "The talk is accepted" in said(desk)
    desk.page.get_by_label("Session", exact=True).select_option(str(session.pk))
    desk.press("Schedule it")
    assert "The talk has its place" in said(desk)
    desk.check_page()

    ana = Presenter.objects.get(guest_name="Ana Lima")
    desk.open(f"/presenters/{ana.pk}/")
    desk.check_page()
    desk.page.get_by_role("link", name="Private link").click()
    desk.page.wait_for_url("**/organise/presenters/**")
    desk.page.get_by_label("E-mail").fill("ana@example.net")
    desk.press("Make a private link")
    address = desk.page.get_by_label("The private link").input_value()
    desk.check_page()

    guest = visitor(360)
    guest.open("/" + address.split("/", 3)[3])
    guest.check_page()
    guest.page.get_by_label("A few lines about you").fill("I keep bees.")
    guest.press("Save")
    assert "What you say about yourself is saved." in said(guest)
    guest.page.get_by_role("link", name="Write the abstract").click()
    guest.page.get_by_label("Abstract").fill("Why *capsules* vote, and on what.")
    guest.check_page()
    guest.press("Save")
    guest.page.get_by_role("link", name="Put slides and links").click()
    slides = tmp_path / "routing.pdf"
    slides.write_bytes(b"%PDF-1.4 slides")
    guest.page.get_by_label("File").set_input_files(slides)
    guest.page.get_by_label("Who may open it").select_option(label="Members")
    guest.press("Put it there")
    assert "It stands with the others now." in said(guest)
    guest.check_page()

    anybody = visitor(360)
    anybody.open(f"/presentations/{talk.pk}/")
    anybody.check_page()
    text = anybody.page.locator("main").inner_text()
    assert ("and on what" in text, "routing.pdf" in text) == (True, False)
    proposer.open(f"/presentations/{talk.pk}/")
    proposer.check_page()
    assert "routing.pdf" in proposer.page.locator("#material").inner_text()
    assert "The slides are there." in proposer.page.locator("#material").inner_text()

    past = timezone.now() - timedelta(hours=5)
    Session.objects.update(starts_at=past, ends_at=past + timedelta(hours=2))
    desk.open(f"/organise/sessions/{session.pk}/")
    desk.press("Mark as held")
    proposer.open("/presentations/mine/")
    assert "Given" in proposer.page.locator(f"#talk-{talk.pk}").inner_text()
    proposer.check_page()
    anybody.open(f"/presenters/{ana.pk}/")
    assert "I keep bees." in anybody.page.locator("main").inner_text()
    anybody.page.get_by_role("link", name="Session 17").click()
    anybody.page.get_by_role("link", name="Routing by agreement").click()
    anybody.page.wait_for_url(f"**/presentations/{talk.pk}/")


def test_member_withdraws_what_was_proposed(visitor):
    GroupFactory()
    member = MemberFactory(user__name="Mira Tamm")
    talk = Presentation.objects.create(
        title="Nets", state="proposed", proposed_by=member, proposed_at=timezone.now()
    )
    proposer = visitor(360)
    come_in(proposer, member.user)
    proposer.open("/presentations/mine/")
    proposer.page.locator("summary", has_text="Withdraw it").click()
    proposer.check_page()
    proposer.press("Withdraw Nets")

    assert "The talk is withdrawn." in said(proposer)
    talk.refresh_from_db()
    assert talk.state == "withdrawn"
