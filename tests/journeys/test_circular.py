"""An organiser writes to those who have not answered: whom, what, a look, a test, and off it goes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from outbox.models import Message
from sessions_app.models import Rsvp
from tests.factories import GroupFactory, MemberFactory, OrganiserFactory, SessionFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_organiser_writes_to_those_who_have_not_answered(visitor):
    GroupFactory(name="Tuesday Readers")
    orla = OrganiserFactory(user__name="Orla Quinn", user__email="orla@example.org")
    session = SessionFactory(number=18, title="Curiosity", starts_at=timezone.now() + timedelta(days=3))
    for name in ("Mira", "Zoë"):
        MemberFactory(user__name=name, user__email=f"{name[0].lower()}@example.org")
    Rsvp.objects.create(session=session, member=orla, answer="yes", answered_at=timezone.now())
    desk = visitor(1280)
    if not desk.scripted:
        desk.page.set_viewport_size({"width": 360, "height": 900})
    desk.expected = {422}
    desk.sign_in(orla.user)

    page = desk.open(f"/organise/sessions/{session.pk}/room/")
    page.get_by_role("link", name="To those who have not answered").click()
    assert page.get_by_label("Active members who have not answered for a session").is_checked()
    assert page.get_by_label("Session (optional)").input_value() == str(session.pk)
    desk.check_page()

    page.get_by_label("Subject").fill("Do you come, {{ name }}?")
    page.get_by_label("Text").fill("Dear {{ nmae }},\n\nplease answer.")
    desk.press("Look whom it goes to")
    page.get_by_text("There is no placeholder “nmae”").last.wait_for()
    desk.check_page()
    page.get_by_label("Text").fill("Dear {{ name }},\n\nplease *answer*.")
    page.get_by_label("Subject").press("Enter")  # looks, and never sends
    page.get_by_text("It goes to 2 people.").wait_for()
    assert "Dear Mira," in page.locator(".letter").first.inner_text()
    assert page.locator(".letter em").inner_text() == "answer"
    assert Message.objects.count() == 0
    desk.check_page()

    desk.press("Send a test to me")
    page.get_by_text("A test is on its way to orla@example.org alone.").wait_for()
    desk.press("Write to 2 people")
    page.get_by_text("2 mails are written and go out at once.").wait_for()
    subjects = Message.objects.order_by("to").values_list("to", "subject")
    assert list(subjects) == [
        ("m@example.org", "Do you come, Mira?"),
        ("orla@example.org", "Test: Do you come, Mira?".replace("Mira", "Orla Quinn")),
        ("z@example.org", "Do you come, Zoë?"),
    ]
