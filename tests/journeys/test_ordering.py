"""The order of the organisers' rows: by two buttons, by dragging, and by numbers without scripts."""

from __future__ import annotations

import pytest

from sessions_app.models import Presentation, Session
from tests.factories import (
    GroupFactory,
    OrganiserFactory,
    PresentationFactory,
    ReadingFactory,
    SessionFactory,
)
from tests.journeys.test_reviewing import come_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = pytest.mark.parametrize("width", [1280, 360])


@pytest.fixture
def session() -> Session:
    """Paper; Lecture with its part, Slides; Book."""
    GroupFactory()
    made = SessionFactory(number=17, state="draft")
    ReadingFactory(session=made, title="Paper", position=1)
    lecture = ReadingFactory(session=made, title="Lecture", position=2)
    ReadingFactory(session=made, title="Slides", position=3, parent=lecture)
    ReadingFactory(session=made, title="Book", position=4)
    for title in ("First talk", "Second talk"):
        PresentationFactory(title=title, session=made)
    return made


def at_the_form(visitor, session, width):
    person = visitor(width)
    come_in(person, OrganiserFactory(user__name="Orla Quinn").user)
    person.open(f"/organise/sessions/{session.pk}/")
    return person


def titles(person) -> list[str]:
    fields = person.page.locator("#readings [data-row] [name$=-title]").all()
    return [field.input_value() for field in fields if field.input_value()]


def stored(session) -> list[tuple[str, str | None]]:
    return list(session.readings.order_by("position").values_list("title", "parent__title"))


def row(person, title: str):
    """The row whose title field holds this."""
    name = person.page.locator(f'#readings [name$="-title"][value="{title}"]').get_attribute("name")
    return person.page.locator("#readings [data-row]").filter(has=person.page.locator(f'[name="{name}"]'))


@WIDTHS
def test_order_by_keyboard_or_by_number(visitor, session, width):
    person = at_the_form(visitor, session, width)
    page = person.page
    if not person.scripted:
        assert page.get_by_role("button", name="Move up").count() == 0
        row(person, "Book").get_by_label("Order").fill("1")
        row(person, "Paper").get_by_label("Order").fill("4")
    else:
        assert not row(person, "Book").get_by_label("Order").is_visible()
        up = row(person, "Book").get_by_role("button", name="Move up")
        up.focus()
        said = []
        for _ in range(3):
            page.keyboard.press("Enter")
            assert up.evaluate("button => button === document.activeElement")
            said.append(page.locator("#announcer").inner_text())
        assert said == [
            "“Book” is number 2 of 5 now.",  # past the lecture and its slides
            "“Book” is number 1 of 5 now.",
            "It is the first already.",
        ]
        row(person, "Paper").get_by_role("button", name="Move down").press("Space")
        assert titles(person) == ["Book", "Lecture", "Slides", "Paper"]
        labels = page.locator("#readings [data-row-head] .label").all_inner_texts()
        assert labels == [f"Reading {n}" for n in range(1, 6)]
    person.check_page()
    person.press("Save the draft")

    assert stored(session) == [("Book", None), ("Lecture", None), ("Slides", "Lecture"), ("Paper", None)]
    assert titles(person) == ["Book", "Lecture", "Slides", "Paper"]


@WIDTHS
def test_order_by_dragging(visitor, session, width):
    person = at_the_form(visitor, session, width)
    if not person.scripted:
        assert person.page.locator(".row-handle").count() == 0
        return
    drag(person, "Paper", below="Slides")
    assert titles(person) == ["Lecture", "Slides", "Paper", "Book"]
    assert person.page.locator("#announcer").inner_text() == "“Paper” is number 3 of 5 now."
    drag(person, "Lecture", below="Paper")
    assert titles(person) == ["Paper", "Lecture", "Slides", "Book"]
    drag(person, "Slides", below="Book")
    drag(person, "Book", below="Paper", leave=True)
    assert titles(person) == ["Paper", "Lecture", "Book", "Slides"]
    person.check_page()
    person.press("Save the draft")

    assert stored(session) == [("Paper", None), ("Lecture", None), ("Book", None), ("Slides", "Book")]


def drag(person, title: str, *, below: str, leave: bool = False) -> None:
    """Drag a row by its handle to just below the middle of another; with `leave`, press Escape there."""
    mouse, handle = person.page.mouse, row(person, title).locator(".row-handle")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    assert not row(person, title).get_by_label("Title").is_visible()  # the rows are small now
    target = row(person, below).bounding_box()
    mouse.move(box["x"] + 5, target["y"] + target["height"] * 0.7, steps=6)
    if leave:
        person.page.keyboard.press("Escape")
    mouse.up()
    assert row(person, title).get_by_label("Title").is_visible()


def test_talks_have_an_order_too(visitor, session):
    person = at_the_form(visitor, session, 1280)
    second = person.page.locator("#talks [data-row]").nth(1)
    if person.scripted:
        second.get_by_role("button", name="Move up").click()
    else:
        second.get_by_label("Order").fill("0")
    person.press("Save the draft")

    slots = session.slots.order_by("position").values_list("presentation__title", flat=True)
    assert list(slots) == ["Second talk", "First talk"]
    assert Presentation.objects.count() == 2


def test_order_and_file_survive_a_mistake(visitor, session, tmp_path):
    person = at_the_form(visitor, session, 360)
    person.expected = {422}
    page = person.page
    (tmp_path / "guide.pdf").write_bytes(b"%PDF-1.7\nguide")
    if person.scripted:
        row(person, "Book").get_by_role("button", name="Move up").click()
    else:
        row(person, "Book").get_by_label("Order").fill("2")
        row(person, "Lecture").get_by_label("Order").fill("3")
        row(person, "Slides").get_by_label("Order").fill("4")
    book = row(person, "Book")
    book.locator("summary").click()
    book.get_by_label("File").set_input_files(tmp_path / "guide.pdf")
    book.get_by_label("Further links").fill("Chapter one https://example.org/1\nhttps://example.org/2")
    book.get_by_label("Minutes").fill("0")
    person.press("Save the draft")

    assert titles(person) == ["Paper", "Book", "Lecture", "Slides"]
    assert page.locator(".error-summary a").inner_text() == "Reading 2, minutes"
    assert "It has come, and waits for you to save." in row(person, "Book").inner_text()
    person.check_page()
    row(person, "Book").get_by_label("Minutes").fill("30")
    person.press("Save the draft")

    saved = session.readings.get(title="Book")
    assert (saved.position, saved.minutes, saved.file.name) == (2, 30, "guide.pdf")
    assert list(saved.links.values_list("title", "url")) == [
        ("Chapter one", "https://example.org/1"),
        ("", "https://example.org/2"),
    ]
