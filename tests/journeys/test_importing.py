"""An organiser brings a list along: upload, preview, another column, import; in a real browser."""

from __future__ import annotations

import pytest

from members.models import Application, ApplicationChange
from tests.conftest import Outbox
from tests.factories import GroupFactory, OrganiserFactory, StrengthFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = (
    "E-mail,Full name,Job title,Company,Why,Pitch,Timestamp,Shoe size\r\n"
    'tyler@example.org,Tyler <b>Marsh</b>,"Developer, front end",Pixel & Sons,"I want to\r\nlearn.",'
    "A talk on drawing,2019-10-28T04:04:04Z,43\r\n"
    "leila@example.org,Leila Hosseini لیلا حسینی,Engineer,,Because.,,2019-11-30T18:34:56Z,38\r\n"
    "TYLER@example.org ,Tyler Marsh,Developer,Pixel & Sons,Again.,,2019-12-10,43\r\n"
)


@pytest.mark.parametrize("width", [1280, 360])
def test_import_with_preview(visitor, width):
    GroupFactory(name="Tuesday Readers")
    StrengthFactory(name="Statistics")
    desk = visitor(width)
    desk.sign_in(OrganiserFactory(user__name="Orla Quinn").user)
    desk.expected = {422}

    page = desk.open("/organise/applications/import/")
    desk.check_page()
    page.get_by_label("CSV file").set_input_files(
        {"name": "picture.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n"}
    )
    desk.press("Look at the file")
    assert "This is an image." in page.locator(".field-error").inner_text()
    desk.check_page()

    broken = LIST.replace("2019-10-28T04:04:04Z", "10/11/2019")
    page.get_by_label("CSV file").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": broken.encode()}
    )
    desk.press("Look at the file")
    assert desk.heading() == "Import people.csv"
    assert "may be day or month first" in page.locator("#wrong").inner_text()
    assert page.get_by_role("button", name="Import").count() == 0
    desk.check_page()

    page.get_by_role("link", name="Take another file").click()
    page.get_by_label("CSV file").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": LIST.encode("utf-8-sig")}
    )
    desk.press("Look at the file")
    desk.check_page()
    assert "Line 5" in page.locator("#repeats").inner_text()
    assert "Markup in name" in page.locator("#look").inner_text()
    assert "Left out: Pitch, Shoe size." in page.locator("#columns").inner_text()
    assert "A talk on drawing" not in page.locator("main").inner_text()

    page.get_by_label("Talk").select_option("Why")
    desk.press("Show it with these columns")
    assert "“Why” fills Interest" in page.locator("#columns .field-error").inner_text()
    desk.check_page()
    page.get_by_label("Talk").select_option("Pitch")
    desk.press("Show it with these columns")
    assert "Left out: Shoe size." in page.locator("#columns").inner_text()
    assert "A talk on drawing" in page.locator("main").inner_text()
    assert Application.objects.count() == 0

    page.get_by_label("Mail each of them the link to their application").check()
    desk.press("Import 2 applications")
    assert desk.heading() == "2 applications imported"
    desk.check_page()
    tyler, leila = Application.objects.in_line()
    assert (tyler.name, tyler.current_role, tyler.interest, tyler.talk) == (
        "Tyler <b>Marsh</b>",
        "Developer, front end, Pixel & Sons",
        "I want to\r\nlearn.",
        "A talk on drawing",
    )
    assert (leila.name, leila.current_role) == ("Leila Hosseini لیلا حسینی", "Engineer")
    assert Outbox().kinds() == ["imported", "imported"]

    assert {change.reason for change in ApplicationChange.objects.all()} == {
        "Imported from people.csv by Orla Quinn"
    }
    page.get_by_role("link", name="See who waits").click()
    page.get_by_role("link", name="Tyler <b>Marsh</b>").click()
    assert desk.heading() == "Tyler <b>Marsh</b>"
