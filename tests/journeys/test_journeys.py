"""The three journeys, each in a real browser, with JavaScript on and off."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from members.models import Application, Member
from members.models.application import State
from sessions_app.models import Progress, Reading, Rsvp, Session
from tests.conftest import Outbox
from tests.factories import (
    CriterionFactory,
    GroupFactory,
    MemberFactory,
    OrganiserFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
    StrengthFactory,
)
from tests.mails import release_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = pytest.mark.parametrize("width", [1280, 360])


@pytest.fixture
def group():
    """A group with a seat to give, a session to come, and what a review asks."""
    group = GroupFactory(capacity=3)
    for name in ("Statistics", "Mathematics"):
        StrengthFactory(name=name)
    for name in ("Gets something out of it", "Puts something in"):
        CriterionFactory(name=name)
    return group


@pytest.fixture
def session(group):
    made = SessionFactory(
        number=18,
        title="Curiosity and *distillation*",
        starts_at=timezone.now() + timedelta(days=12),
        time_zone="America/New_York",
        place="Lantern Hall",
    )
    for title, minutes in (("The paper", 50), ("The lecture", 60), ("The tutorial", 40)):
        ReadingFactory(session=made, title=title, minutes=minutes)
    ReadingFactory(session=made, title="A longer book", minutes=300, importance=2)
    PresentationFactory(session=made, presenter=PresenterFactory(guest_name="Dana Ode"), title="Small nets")
    return made


@WIDTHS
def test_from_application_to_the_next_session(visitor, group, session, work, monkeypatch, width):
    """(a) apply → confirm → review → shortlist → invite → accept → the seat is taken, /next/ is shown."""
    monkeypatch.setattr("members.forms.fields.FEWEST_SECONDS", 0)  # the test types faster than people
    outbox = Outbox()
    organiser = OrganiserFactory(user__name="Orla Quinn").user

    applicant = visitor(width)
    applicant.expected = {422}
    page = applicant.open("/")
    applicant.check_page()
    page.get_by_role("link", name="Ask for a seat").click()
    applicant.check_page()
    page.get_by_label("Your name").fill("Zoë Lindqvist")
    page.get_by_label("What you do now").fill("Biostatistician")
    page.get_by_label("Relevant experience").fill("Survival analysis, mostly in R.")
    applicant.press("Send the application")
    assert page.get_by_label("Relevant experience").input_value() == "Survival analysis, mostly in R."
    applicant.check_page()  # with its errors
    page.get_by_label("E-mail address").fill("zoe@example.org")
    page.get_by_label("Your interest").fill("Regularisation, with others.")
    page.get_by_label("Statistics").check()
    page.get_by_label("Links").fill("example.org/~zoe")
    applicant.press("Send the application")
    assert applicant.heading() == "Look into your mail"
    applicant.check_page()
    work()

    applicant.open(outbox.link("confirm_address", "zoe@example.org"))
    assert applicant.heading() == "Is this your address?"
    applicant.check_page()
    applicant.press("Yes, it is mine")
    assert applicant.heading() == "You are on the waiting list"
    applicant.check_page()
    status_page = page.url

    desk = visitor(width)
    desk.sign_in_by_password(organiser)
    desk.open("/organise/")
    assert "for a first review" in desk.page.content()
    desk.check_page()
    desk.page.get_by_role("link", name="Review", exact=True).click()
    assert desk.heading() == "Zoë Lindqvist"
    desk.check_page()
    for legend, score in (("Gets something out of it", "4"), ("Puts something in", "5")):
        desk.page.get_by_role("group", name=legend).locator("label", has_text=score).click()
    desk.page.get_by_label("Private note").fill("Balances us.")
    desk.press("Save the review")
    desk.press("Shortlist now")
    desk.check_page()
    desk.press("Invite now")
    assert "A seat is held for Zoë Lindqvist. The mail waits in the outbox" in desk.page.content()
    desk.check_page()
    release_all()

    page.goto(status_page)
    assert applicant.heading() == "A seat is held for you"
    applicant.open(outbox.link("invitation", "zoe@example.org"))
    assert applicant.heading() == "A seat in Tuesday Readers is yours"
    applicant.check_page()
    applicant.press("Take the seat")
    assert page.url.endswith("/next/")
    assert applicant.heading() == "Curiosity and distillation"
    applicant.check_page()

    assert Application.objects.get().state == State.JOINED
    assert Member.objects.active().count() == 2
    desk.open("/organise/seats/")
    assert desk.heading() == "2 of 3 seats are taken"
    desk.check_page()
    desk.open("/organise/outbox/")
    desk.check_page()
    desk.page.get_by_role("link", name="Welcome to Tuesday Readers").click()
    desk.check_page()
    desk.open("/organise/applications/")
    desk.check_page()


@WIDTHS
def test_member_prepares_and_the_organiser_sees_it(visitor, group, session, width):
    """(b) member ticks off all prep and says yes; the organiser's dashboard shows it."""
    member = MemberFactory(user__name="Mira Tamm")
    organiser = OrganiserFactory(user__name="Orla Quinn").user

    reader = visitor(width)
    reader.sign_in(member.user)
    page = reader.open("/next/")
    assert "2 h 30 min left to read" in page.locator("#prep").inner_text()
    if reader.scripted:
        assert "your time, in London" in page.locator("main").inner_text()
    reader.check_page()
    loads = []
    page.on("load", lambda: loads.append(page.url))
    for number, left in enumerate(
        ("1 h 40 min left", r"^\s*40 min left", "You have read everything"), start=1
    ):
        # By keyboard: the tick is a button.
        tick = page.locator("#prep button[aria-pressed='false']").first
        tick.focus()
        page.keyboard.press("Enter")
        page.locator("#prep-heading", has_text=re.compile(left)).wait_for()
        assert Progress.objects.filter(member=member).count() == number
    page.get_by_role("button", name="I’ll come").focus()
    page.keyboard.press("Space")
    page.locator("#rsvp", has_text="1 of 2 is coming").wait_for()
    assert page.get_by_role("button", name="I’ll come").get_attribute("aria-pressed") == "true"
    assert bool(loads) != reader.scripted  # with htmx no page is loaded anew
    reader.check_page()
    page.reload()
    assert "You have read everything" in page.locator("#prep").inner_text()
    assert Rsvp.objects.get().answer == "yes"

    for address in ("/sessions/", "/sessions/18/", "/curriculum/", "/presentations/", "/resources/", "/me/"):
        reader.open(address)
        reader.check_page()

    desk = visitor(width)
    desk.sign_in(organiser)
    desk.open("/organise/")
    checks = desk.page.locator("ul.checks").inner_text()
    assert "1 of 2: 1 come" in checks
    assert "1 of the 1 coming" in checks


@WIDTHS
def test_organiser_plans_a_session(visitor, group, width):
    """(c) organiser creates a session with two prep items and one presentation; it appears everywhere."""
    organiser = OrganiserFactory(user__name="Orla Quinn").user
    MemberFactory(user__name="Mira Tamm")
    day = (timezone.now() + timedelta(days=20)).date()

    desk = visitor(width)
    desk.sign_in(organiser)
    page = desk.open("/organise/sessions/")
    desk.check_page()
    page = desk.open("/organise/sessions/new/")
    desk.check_page()
    fill_session(page, day)
    desk.press("Save the draft")
    made = Session.objects.get()
    assert (made.title, made.state, made.place) == ("Attention, *again*", "draft", "Room 4")
    assert [(r.title, r.minutes) for r in made.readings.all()] == [("The survey", 45), ("The code", 30)]
    assert [str(p) for p in made.presentations.get().presenters.all()] == ["Mira Tamm"]
    desk.check_page()

    public = visitor(width)
    public.expected = {404}
    public.open(f"/sessions/{made.number}/")
    assert "Attention" not in public.page.content()

    desk.open(f"/organise/sessions/{made.pk}/")
    page.get_by_role("button", name="Announce").click()
    page.wait_for_load_state()
    made.refresh_from_db()
    assert made.state == "announced"
    assert Outbox().kinds() == ["session_announced", "session_announced"]

    for address in ("/", "/sessions/", f"/sessions/{made.number}/"):
        public.open(address)
        assert "Attention, again" in public.page.locator("main").inner_text(), address
        public.check_page()
    public.open("/presentations/")
    assert "Mira Tamm" in public.page.locator("main").inner_text()
    public.check_page()


def fill_session(page, day) -> None:
    """Type a session with two readings and a talk into the editor."""
    page.get_by_label("Title", exact=True).first.fill("Attention, *again*")
    page.get_by_label("Date").fill(day.isoformat())
    page.get_by_label("Place").fill("Room 4")
    for index, (title, minutes) in enumerate((("The survey", "45"), ("The code", "30"))):
        page.locator(f"[name=readings-{index}-title]").fill(title)
        page.locator(f"[name=readings-{index}-url]").fill("https://example.org/" + str(index))
        page.locator(f"[name=readings-{index}-minutes]").fill(minutes)
    page.locator("[name=talks-0-title]").fill("What attention costs")
    page.locator("[name=talks-0-presenters]").fill("mira tamm")


def test_reading_order_puts_the_answer_before_the_readings_on_a_phone(visitor, group, session):
    reader = visitor(360)
    reader.sign_in(MemberFactory().user)
    page = reader.open("/next/")
    assert page.locator("#rsvp").bounding_box()["y"] < page.locator("#prep").bounding_box()["y"]
    assert Reading.objects.count() == 4
