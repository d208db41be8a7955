"""An organiser brings an archive along: wrong file, preview, question, import, a session's page."""

from __future__ import annotations

import io
import zipfile

import pytest

from sessions_app.models import Reading, ReadingLink, Session
from tests.factories import GroupFactory, OrganiserFactory
from tests.sessions_app.test_archive_import import ARCHIVE, WEEKS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OWN = {
    "week5/README.md": "# Week 5: Roots\n*03-04-2021*\n\n## Prep\n- [A](https://a.example.org) and "
    "[B](https://b.example.org)\n\n## Summary\nRoots hold.\n\n## Up next\n- Moss\n",
    "week6/README.md": "# Week 6: Moss\nMarch 21st, 2021\n\n## Summary\nMoss is soft.\n",
    "week7/README.md": "# Session VII: Implementing Convolutional Nets\nMay 2, 2021\n\n## Prep\n"
    "- Lectures [seven](https://youtu.be/7) through [twelve](https://youtu.be/12) of the course\n\n"
    "## Summary\nTopic highlights.\n",
}


def files() -> tuple[dict[str, str], int]:
    """Of the archive, where it is, all but the two that settle the dates; and how many links they hold."""
    folder = ARCHIVE / "weekly-work"
    if not folder.is_dir():
        return OWN, 4
    paths = [f"week{number}/README.md" for number in WEEKS if number not in (1, 3)]
    return {path: (folder / path).read_text(encoding="utf-8") for path in paths}, 31


@pytest.mark.parametrize("width", [1280, 360])
def test_archive_is_brought_with_preview(visitor, width):
    GroupFactory(name="Tuesday Readers")
    desk = visitor(width)
    desk.sign_in(OrganiserFactory(user__name="Orla Quinn").user)
    desk.expected = {422}
    texts, links = files()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in texts.items():
            archive.writestr(f"group-main/{path}", text)
        archive.writestr("group-main/README.md", "# Our group\n")
        archive.writestr("group-main/photo.png", b"picture")

    page = desk.open("/organise/sessions/")
    page.get_by_role("link", name="Bring an archive").click()
    page.wait_for_url("**/archive/import/")
    desk.check_page()
    page.get_by_label("Zip file").set_input_files(
        {"name": "notes.zip", "mimeType": "application/zip", "buffer": b"PK no zip"}
    )
    desk.press("Look at the notes")
    assert "This is no zip file" in page.locator(".field-error").inner_text()
    desk.check_page()

    page.get_by_label("Zip file").set_input_files(
        {"name": "notes.zip", "mimeType": "application/zip", "buffer": made.getvalue()}
    )
    desk.press("Look at the notes")
    assert desk.heading() == "Bring notes.zip"
    assert "can be read in two ways" in page.locator("main").inner_text()
    assert page.get_by_role("button", name="Import").count() == 0
    desk.check_page()

    page.get_by_label("Dates such as 08-09-2016").select_option("The month comes first")
    page.get_by_label("Who reads the notes").select_option("Everybody")
    desk.press("Show it so")
    main = page.locator("main").inner_text()
    assert "Session 7: Implementing Convolutional Nets" in main
    assert "1 picture is not taken." in main
    desk.check_page()
    assert Session.objects.count() == 0

    desk.press(f"Import {len(texts)} sessions")
    assert desk.heading() == "The notes are imported"
    desk.check_page()
    assert Session.objects.count() == len(texts)
    assert Reading.objects.exclude(url="").count() + ReadingLink.objects.count() == links

    page = desk.open("/sessions/7/")
    assert page.locator("h1").inner_text() == "Implementing Convolutional Nets"
    assert page.get_by_role("link", name="twelve", exact=True).count() == 1
    assert "Topic highlights" in page.locator("main").inner_text()
    desk.check_page()
