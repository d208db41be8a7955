"""The notes of a session: the scribe writes on a phone while an organiser saves, and a visitor reads."""

from __future__ import annotations

import pytest
from django.utils import timezone

from sessions_app import notes
from sessions_app.models import Notes, NotesDraft, NotesRevision, Session
from tests.factories import GroupFactory, MemberFactory, OrganiserFactory, SessionFactory
from tests.journeys.test_reviewing import come_in
from tests.sessions_app.test_text import ATTACKS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EDIT = "/sessions/17/notes/edit/"
FORMULA = "$s = \\frac{|x|^2}{1 + |x|^2}$"


@pytest.fixture
def session() -> Session:
    GroupFactory()
    scribe = MemberFactory(user__name="Ana Sá")
    return SessionFactory(number=17, title="Capsules", state="held", scribe=scribe)


@pytest.fixture
def scribe(visitor, session):
    """The scribe with a phone, at the editor."""
    made = visitor(360)
    made.expected = {409}
    come_in(made, session.scribe.user)
    made.open("/sessions/17/")
    made.page.get_by_role("link", name="Write the notes").click()
    made.page.wait_for_url("**/edit/")
    return made


def test_scribe_writes_while_an_organiser_saves_and_a_visitor_reads(visitor, scribe, session):
    page, organiser = scribe.page, OrganiserFactory(user__name="Orla Quinn").user
    page.get_by_label("Notes", exact=True).fill(f"Squashing: {FORMULA}")
    scribe.press("Preview")
    page.locator("#preview math").wait_for()
    scribe.check_page()

    desk = visitor()
    come_in(desk, organiser)
    desk.open(EDIT)
    desk.page.get_by_label("Notes", exact=True).fill("Routing is by agreement.")
    desk.press("Save")
    assert "as version 1" in desk.page.locator(".messages").inner_text()

    scribe.press("Save")
    scribe.check_page()
    assert "Orla Quinn saved first" in page.locator(".error-summary").inner_text()
    mine = page.get_by_label("Notes", exact=True).input_value()
    theirs = page.get_by_label("The saved text, to copy from").input_value()
    assert (mine, theirs) == (f"Squashing: {FORMULA}", "Routing is by agreement.")
    assert page.locator("del").count() == 1
    page.get_by_label("Notes", exact=True).fill(f"{theirs}\n\n{mine}")
    page.get_by_label("Who reads them").select_option(label="Everybody")
    page.get_by_label("What you changed").fill("Both texts")
    scribe.press("Save")
    assert "Everybody can read them." in page.locator(".messages").inner_text()
    scribe.check_page()
    assert list(NotesRevision.objects.values_list("number", "comment")) == [(2, "Both texts"), (1, "")]
    assert NotesDraft.objects.count() == 0

    reader = visitor()
    reader.open("/sessions/17/")
    reader.check_page()
    section = reader.page.locator("#notes")
    assert "Written by Orla Quinn and Ana Sá" in section.inner_text()
    assert section.locator("math mfrac msup").count() == 2
    assert section.locator("math").bounding_box()["height"] > 20  # drawn as a fraction

    desk.open("/sessions/17/notes/")
    desk.check_page()
    desk.press("Compare")
    assert desk.page.locator("ins").count() == 1
    desk.check_page()
    desk.page.get_by_role("link", name="Version 1", exact=True).click()
    desk.page.wait_for_url("**/notes/1/")
    desk.check_page()
    desk.press("Restore this version")
    assert "Version 1 is back, as version 3." in desk.page.locator(".messages").inner_text()
    assert Notes.objects.get().text == "Routing is by agreement."


def test_what_is_typed_is_kept_and_offered_again(scribe, session):
    if not scribe.scripted:
        pytest.skip("without JavaScript nothing is kept before it is saved")
    page, asked = scribe.page, []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label("Notes", exact=True).press_sequentially("Half a sent")
    page.locator("[data-kept]", has_text="Kept at").wait_for()
    assert list(NotesDraft.objects.values_list("text", "base")) == [("Half a sent", 0)]

    scribe.open("/sessions/17/")
    assert asked == ["beforeunload"]
    page.get_by_role("link", name="Write the notes").click()
    page.locator("h1", has_text="You were writing").wait_for()
    scribe.check_page()
    page.get_by_role("link", name="Go on from there").click()
    assert page.get_by_label("Notes", exact=True).input_value() == "Half a sent"
    page.get_by_label("Notes", exact=True).fill("Half a sentence.")
    scribe.press("Save")
    assert asked == ["beforeunload"]  # saving asks nothing
    assert Notes.objects.get().text == "Half a sentence."
    assert NotesDraft.objects.count() == 0


def test_preview_follows_what_is_typed(scribe, session):
    if not scribe.scripted:
        pytest.skip("without JavaScript the button shows it")
    scribe.page.get_by_label("Notes", exact=True).press_sequentially("# Head\n\n*word*")
    scribe.page.locator("#preview h3", has_text="Head").wait_for()
    assert scribe.page.locator("#preview em").inner_text() == "word"
    assert Notes.objects.count() == 0


def test_attacks_in_the_notes_run_no_script(visitor, session):
    notes.save(
        session_id=session.pk,
        text="\n\n".join(ATTACKS),
        by=None,
        base=0,
        now=timezone.now(),
        audience="public",
    )
    reader = visitor()
    reader.expected = {404}  # the picture that an attack names
    reader.page.on("dialog", lambda dialog: reader.faults.append(f"dialog: {dialog.message}"))
    page = reader.open("/sessions/17/")
    names = "[...document.querySelectorAll('#notes *')].flatMap(one => one.getAttributeNames())"
    if reader.scripted:
        assert [name for name in page.evaluate(names) if name.startswith("on")] == []
    assert page.locator("#notes").locator("script, iframe, object, embed, form, svg, style").count() == 0
    reader.check_page()
