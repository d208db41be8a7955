"""Preparing on a phone: ticks, a note for oneself, a question with a formula, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app import notes
from sessions_app.models import MeToo, PrivateNote, Progress, Session, StuckPoint
from tests.factories import (
    GroupFactory,
    HeldSessionFactory,
    MemberFactory,
    OrganiserFactory,
    ReadingFactory,
    SessionFactory,
)
from tests.journeys.test_reviewing import come_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FORMULA = "$\\frac{|s|^2}{1 + |s|^2}$"


@pytest.fixture
def session() -> Session:
    GroupFactory()
    coming = SessionFactory(number=18, title="Curiosity")
    ReadingFactory(session=coming, title="Paper", minutes=60)
    ReadingFactory(session=coming, title="Lecture", minutes=40, kind="video")
    return coming


def open_part(person, part: str):
    """Open what is closed beside a reading; returns it."""
    details = person.page.locator(f"#{part}")
    if details.get_attribute("open") is None:
        details.locator("summary").first.click()
    return details


def press_in(part, name: str, person) -> None:
    """Press a button of a part, and wait for what it brings."""
    with person.page.expect_response(lambda response: response.request.method == "POST"):
        part.get_by_role("button", name=name).click()
    person.page.wait_for_load_state()


def test_member_prepares_and_the_question_ends_below_the_notes(visitor, session):
    paper, lecture = session.readings.order_by("pk")
    asker = visitor(360)
    come_in(asker, MemberFactory(user__name="Mira Tamm").user)
    page = asker.open("/next/")
    asker.check_page()
    assert page.locator("#prep-heading").inner_text() == "1 h 40 min left to read"

    # The question is half typed when a reading is ticked off: with script it stays where it is.
    points = open_part(asker, f"points-{paper.pk}")
    if asker.scripted:
        points.get_by_label("Your question").fill("Half")
    press_in(page.locator("#prep"), "Read: Lecture", asker)
    page.locator("#prep-heading", has_text="1 h left to read").wait_for()
    assert list(Progress.objects.values_list("reading", flat=True)) == [lecture.pk]
    if asker.scripted:
        assert points.get_by_label("Your question").input_value() == "Half"

    note = open_part(asker, f"note-{paper.pk}")
    note.get_by_label("Your note").fill("Come back to section 4.")
    press_in(note, "Keep the note", asker)
    assert page.get_by_text("Your note is kept.").first.is_visible()
    assert PrivateNote.objects.get().text == "Come back to section 4."

    points = open_part(asker, f"points-{paper.pk}")
    points.get_by_label("Your question").fill(f"Why {FORMULA}?")
    points.get_by_label("Where").fill("p. 41, eq. 2")
    press_in(points, "Ask the question", asker)
    points = open_part(asker, f"points-{paper.pk}")
    points.locator("math mfrac").wait_for()
    asker.check_page()

    other = visitor(360)
    come_in(other, MemberFactory(user__name="Bo Lind").user)
    other.open("/next/")
    theirs = open_part(other, f"points-{paper.pk}")
    assert "Asked by Mira Tamm." in theirs.inner_text()
    press_in(theirs, "Me too", other)
    theirs = open_part(other, f"points-{paper.pk}")
    theirs.get_by_role("button", name="Me too, 1", exact=True).wait_for()
    assert MeToo.objects.get().member.name == "Bo Lind"
    assert "Come back to section 4." not in other.page.content()
    other.check_page()

    desk = visitor()
    organiser = OrganiserFactory(user__name="Orla Quinn").user
    come_in(desk, organiser)
    desk.open("/next/")
    desk.page.get_by_role("link", name="How ready the members are").click()
    desk.page.wait_for_url("**/readiness/")
    desk.check_page()
    point = desk.page.locator(f"#point-{StuckPoint.objects.get().pk}")
    point.locator("summary").click()
    point.get_by_label("Answer").fill("So that it stays *below* $1$.")
    press_in(point, "Resolve the question", desk)
    assert "The question is resolved." in desk.page.locator(".messages").inner_text()
    desk.check_page()

    now = timezone.now()
    Session.objects.filter(pk=session.pk).update(
        state="held", starts_at=now - timedelta(days=1), ends_at=now - timedelta(hours=20)
    )
    notes.save(session_id=session.pk, text="Notes.", by=organiser, base=0, now=now, audience="public")
    reader = visitor(360)
    reader.open("/sessions/18/")
    questions = reader.page.locator("#questions")
    assert questions.locator("mfrac").count() == 1
    assert questions.locator("em").inner_text() == "below"
    assert "Mira" not in reader.page.content()
    assert (
        reader.page.locator("#notes").bounding_box()["y"] < questions.bounding_box()["y"]
    )  # below the notes
    reader.check_page()
    asker.open("/sessions/18/")
    assert "Asked by Mira Tamm." in asker.page.locator("#questions").inner_text()
    asker.check_page()


def test_newcomer_catches_up_before_the_next_session(visitor, session):
    missed = HeldSessionFactory(number=17, title="Capsules")
    missed.leads_to.set([session])
    ReadingFactory(session=missed, title="Dynamic routing", minutes=90)
    newcomer = visitor(360)
    come_in(newcomer, MemberFactory().user)
    page = newcomer.open("/next/")
    page.get_by_role("link", name="Catch up").click()
    page.wait_for_url("**/catch-up/")
    newcomer.check_page()
    assert "about 1 h 30 min to read" in page.locator("#catch-up").inner_text()

    press_in(page.locator("#catch-up"), "Read: Dynamic routing", newcomer)

    page.get_by_text("Nothing is left to catch up on.").wait_for()
    assert page.get_by_text("“Dynamic routing” is ticked off.").first.is_visible()
    newcomer.check_page()
