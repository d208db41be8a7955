"""Announcements wait: an organiser edits one, releases them together, and a mail server gets them."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from members.models import User
from outbox import delivery
from outbox.models import Message
from sessions_app import schedule
from tests.factories import GroupFactory, MemberFactory, OrganiserFactory, SessionFactory
from tests.outbox.conftest import smtp

__all__ = ["smtp"]  # a fixture
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDE, NARROW = 1280, 360


@pytest.fixture
def organiser() -> User:
    """A session is announced to three people; their mails wait."""
    GroupFactory(name="Tuesday Readers")
    orla = OrganiserFactory(user__name="Orla Quinn", user__email="orla@example.org").user
    for name in ("Mira", "Zoë"):
        MemberFactory(user__name=name, user__email=f"{name[0].lower()}@example.org")
    session = SessionFactory(number=18, title="Curiosity", state="draft")
    schedule.announce(session_id=session.pk, now=timezone.now())
    return orla


def test_organiser_edits_one_draft_and_releases_the_announcement(visitor, organiser, smtp):
    desk = visitor(WIDE)
    if not desk.scripted:
        desk.page.set_viewport_size({"width": NARROW, "height": 900})
    desk.sign_in(organiser)
    page = desk.open("/organise/")
    assert "Three mails wait to be released" in page.locator("main").inner_text()
    page.get_by_role("link", name="Read them").click()
    desk.check_page()
    rows = page.locator("input[name=pick][type=checkbox]")
    assert rows.count() == 3
    if desk.scripted:
        page.get_by_label("Tick all on this page").check()
        assert page.locator("[data-ticked]").inner_text() == "3 ticked"

    page.get_by_role("row", name="Mira").get_by_role("link").click()
    desk.check_page()
    frame = page.frame_locator(".mail-frame")
    expect(frame.locator("body")).to_contain_text("session 18 is on")
    assert page.locator("aside").get_by_role("link", name="Session 18: Curiosity").count() == 1

    page.get_by_role("link", name="Edit", exact=True).click()
    source = page.get_by_label("Text", exact=True)
    source.fill(source.input_value() + "\nBring your **own** chair.\n")
    if not desk.scripted:
        desk.press("Preview")
    preview = page.locator("#preview")
    expect(preview.locator("strong", has_text="own")).to_be_visible()
    desk.check_page()
    desk.press("Save")
    desk.check_page()

    desk.open("/organise/outbox/")
    desk.check_page()
    page.get_by_role("button", name="Release: Session 18").click()
    assert desk.heading() == "Release three mails"
    assert "Three people get mail at once" in page.locator("main").inner_text()
    desk.check_page()
    desk.press("Release 3 mails")
    assert "3 mails are released and go out at once." in page.locator("main").inner_text()

    while delivery.deliver_due():
        pass
    bodies = {mail["To"]: mail.get_body(("plain",)).get_content() for mail in smtp.mails}
    assert sorted(bodies) == ["m@example.org", "orla@example.org", "z@example.org"]
    assert [to for to, body in bodies.items() if "Bring your own chair." in body] == ["m@example.org"]
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.SENT}
    page.reload()
    desk.check_page()
