"""What a real browser makes of the data in a session's page, of the archive's choices, and of paper."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.factories import (
    GroupFactory,
    HeldSessionFactory,
    MemberFactory,
    ReadingFactory,
    SessionFactory,
    TrackFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_event_is_data_that_the_browser_does_not_run(visitor):
    """The Content-Security-Policy forbids inline scripts; a data block is none, and nothing is reported."""
    GroupFactory()
    SessionFactory(number=7, title="Nets </script><script>document.title='run'</script>")
    page = visitor().open("/sessions/7/")
    data = page.locator('script[type="application/ld+json"]').evaluate("element => element.textContent")
    assert json.loads(data)["@type"] == "Event"
    assert page.title().startswith("Session 7: Nets")


@pytest.mark.parametrize("width", [1280, 360])
def test_archive_is_narrowed_by_year_and_track(visitor, width):
    GroupFactory()
    words = TrackFactory(name="Words")
    for number, year in ((1, 2023), (2, 2024), (3, 2024)):
        session = HeldSessionFactory(
            number=number, title=f"Title {number}", starts_at=datetime(year, 6, 1, tzinfo=UTC)
        )
        (words if number < 3 else TrackFactory()).sessions.add(session)
    reader = visitor(width=width)
    page = reader.open("/sessions/")
    page.get_by_role("link", name="2024 2").click()
    page.get_by_role("navigation", name="By track").get_by_role("link", name="Words 1").click()
    assert page.locator(".session-row h3 a").all_text_contents() == ["Session 2: Title 2"]
    assert page.url.endswith(f"/sessions/?year=2024&track={words.pk}")
    reader.check_page()


def test_prep_list_on_paper_has_boxes_addresses_and_no_masthead(visitor):
    GroupFactory()
    member = MemberFactory().user
    session = SessionFactory()
    ReadingFactory(session=session, url="https://example.org/paper")
    reader = visitor()
    reader.sign_in(member)
    page = reader.open("/next/")
    page.emulate_media(media="print", color_scheme="light")
    hidden = [".masthead", ".footer", ".side-first"]
    assert [part for part in hidden if page.locator(part).first.is_visible()] == []
    assert page.locator(".tick").first.is_visible()
    printed = "getComputedStyle(document.querySelector('.prep-row .row-title a'), '::after').content"
    assert page.evaluate(printed) == '" <https://example.org/paper>"'
    colours = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
