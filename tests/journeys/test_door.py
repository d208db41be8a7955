"""A full room, the line that moves up, and the list at the door on a phone; with and without JavaScript."""

from datetime import timedelta

from django.utils import timezone

from sessions_app import rsvps
from sessions_app.models import Attendance, Rsvp, Session
from tests.factories import MemberFactory, OrganiserFactory, SessionFactory

PHONE = 360


def test_member_in_line_gets_a_chair_and_is_ticked_off_at_the_door(visitor, group):
    session = SessionFactory(number=18, title="Curiosity", chairs=1, warm_up="What puzzles you?")
    organiser = OrganiserFactory(user__name="Orla Quinn").user
    first = MemberFactory(user__name="Ann Berg")
    mira = MemberFactory(user__name="Mira Tamm")
    rsvps.answer(session_id=session.pk, member=first, answer="yes", now=timezone.now())

    reader = visitor(PHONE)
    reader.sign_in(mira.user)
    page = reader.open("/next/")
    page.locator("#rsvp summary").click()
    page.get_by_label("A note to the organisers").fill("Half an hour late")
    page.get_by_role("button", name="I’ll come").click()
    page.locator("#rsvp", has_text="You are first in line").wait_for()
    reader.check_page()
    page.get_by_label("Your answer").fill("The second proof")
    page.get_by_role("button", name="Save your answer").click()
    page.get_by_text("What you wrote is saved.").first.wait_for()
    reader.check_page()
    mine = Rsvp.objects.get(member=mira)
    assert (mine.note, mine.warm_up) == ("Half an hour late", "The second proof")

    rsvps.answer(session_id=session.pk, member=first, answer="no", now=timezone.now())
    reader.open("/next/")
    assert "1 of 3 is coming" in page.locator("#rsvp").inner_text()
    assert page.locator("#rsvp textarea[name=note]").input_value() == "Half an hour late"

    desk = visitor(PHONE)
    desk.sign_in(organiser)
    page = desk.open(f"/organise/sessions/{session.pk}/door/")
    assert page.locator(".door-button").count() == 0
    desk.check_page()
    page = desk.open(f"/organise/sessions/{session.pk}/room/")
    assert "Half an hour late" in page.locator("main").inner_text()
    desk.check_page()

    Session.objects.update(starts_at=timezone.now() + timedelta(minutes=20))
    page = desk.open(f"/organise/sessions/{session.pk}/door/")
    desk.check_page()
    loads = []
    page.on("load", lambda: loads.append(page.url))
    button = page.get_by_role("button", name="Mira Tamm is here")
    assert button.bounding_box()["height"] >= 44
    button.click()
    page.get_by_text("1 here, 0 still expected").first.wait_for()
    assert button.get_attribute("aria-pressed") == "true"
    assert bool(loads) != desk.scripted  # with htmx no page is loaded anew
    if desk.scripted:
        assert button.evaluate("element => element === document.activeElement")
        assert page.locator("#announcer").inner_text() == "1 here, 0 still expected"
    ann = page.get_by_role("button", name="Ann Berg is here")
    if desk.scripted:
        ann.dblclick(delay=60)  # counts once
    else:
        ann.click()
    page.get_by_text("2 here, 0 still expected").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert Attendance.objects.count() == 2
    page.get_by_label("A guest without a chair").fill("Vera Ek")
    desk.press("Add the guest")
    page.get_by_role("button", name="Vera Ek is here").wait_for()
    assert page.locator("#door-count").inner_text() == "3 here, 0 still expected"
    ann.click()
    page.get_by_text("2 here, 0 still expected").first.wait_for()
    desk.check_page()
    assert sorted(str(row.member or row.guest_name) for row in Attendance.objects.all()) == [
        "Mira Tamm",
        "Vera Ek",
    ]

    Session.objects.update(starts_at=timezone.now() - timedelta(hours=3), ends_at=timezone.now())
    page = reader.open("/me/sessions/")
    assert "You came" in page.locator("main").inner_text()
    reader.check_page()
