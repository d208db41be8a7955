"""Searching on a phone: from the masthead, with and without JavaScript."""

from __future__ import annotations

import pytest
from django.utils import timezone

from sessions_app.models import Notes
from tests.factories import HeldSessionFactory, PresentationFactory, PresenterFactory, ReadingFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def archive(group) -> None:
    session = HeldSessionFactory(number=4, title="The *moss* of Tallinn", summary="Moss on old walls.")
    Notes.objects.create(
        session=session,
        text="## Walls\n\n" + "Moss needs water, and a longwordwithoutanyspacesinit" * 3,
        audience="members",
        updated_at=timezone.now(),
    )
    for number in range(5, 30):
        other = HeldSessionFactory(number=number, title=f"Stone {number}")
        ReadingFactory(session=other, title=f"On lichen, part {number}")
    PresentationFactory(
        title="Lichen and moss", session=session, presenter=PresenterFactory(guest_name="Zoë Łoś")
    )


def test_visitor_searches_from_the_masthead_and_opens_what_is_found(archive, visitor):
    one = visitor(width=360)
    page = one.open("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Search").click()
    assert one.heading() == "Search"
    one.check_page()
    field = page.get_by_label("Words", exact=True)
    if one.scripted:
        field.press_sequentially("moss wal")
        page.locator("#hits").get_by_text("One hit").wait_for()
        assert page.locator("#announcer").inner_text() == "One hit"
        assert field.evaluate("field => field === document.activeElement")
        assert page.url.endswith("/search/?q=moss+wal")
    else:
        field.fill("moss wal")
        one.press("Search")
    assert page.locator("mark").all_inner_texts() == ["Moss", "walls"]
    one.check_page()
    page.get_by_role("link", name="The moss of Tallinn").click()
    assert "The moss of Tallinn" in one.heading()
    page.go_back()
    assert page.get_by_label("Words", exact=True).input_value() == "moss wal"
    assert page.locator("mark").count() == 2


def test_member_narrows_by_kind_and_year_turns_pages_and_finds_nothing(archive, member, visitor):
    one = visitor(width=360)
    one.sign_in(member.user)
    page = one.open("/search/")
    page.get_by_label("Words", exact=True).fill("lichen ")
    one.press("Search")
    page.locator("#hits").get_by_text("26 hits, page 1 of 2").wait_for()
    page.get_by_role("link", name="Next", exact=True).click()
    page.locator("#hits").get_by_text("26 hits, page 2 of 2").wait_for()
    page.get_by_role("navigation", name="By kind").get_by_role("link", name="Talks").click()
    page.locator("#hits").get_by_text("One hit").wait_for()
    one.check_page()
    years = page.get_by_label("Year").locator("option").all_inner_texts()
    page.get_by_label("Year").select_option(years[1])
    if not one.scripted:
        one.press("Search")
    page.wait_for_url(f"**/search/?q=lichen*&kind=talks&year={years[1]}*")
    field = page.get_by_label("Words", exact=True)
    field.fill("moss needs -lichen ")
    field.press("Enter")
    page.get_by_role("link", name="Look everywhere").click()
    page.locator("#hits").get_by_text("One hit").wait_for()
    assert page.get_by_text("Notes of session 4").count() == 1
    page.get_by_label("Words", exact=True).fill("zebra ")
    page.get_by_label("Words", exact=True).press("Enter")
    page.locator("#hits").get_by_text("Nothing has these words.").wait_for()
    one.check_page()
