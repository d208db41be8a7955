"""Photos of a session: the scribe adds them from a phone, and sees to it who sees which."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from sessions_app.models import Photo
from tests.factories import GroupFactory, HeldSessionFactory, MemberFactory
from tests.journeys.test_reviewing import come_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TALL, WIDE = (900, 1200), (3000, 1500)


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def file(name: str, size: tuple[int, int], colour: str) -> dict:
    """A JPEG as a phone hands it to the browser."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": out.getvalue()}


def drawn(person) -> list[tuple[str, float]]:
    """The photos that a browser shows on a session's page: what they show, and how high they are drawn."""
    pictures = person.page.locator(".photos img").all()
    for each in pictures:
        each.scroll_into_view_if_needed()
    person.page.wait_for_load_state("networkidle")
    if person.scripted:
        broken = "[...document.querySelectorAll('.photos img')].filter(one => !one.naturalWidth).length"
        person.page.wait_for_function(f"() => {broken} === 0")
    return [(each.get_attribute("alt"), each.bounding_box()["height"]) for each in pictures]


def test_scribe_adds_photos_by_phone_and_visitors_see_what_is_public(visitor):
    GroupFactory()
    session = HeldSessionFactory(number=17, title="Capsules", scribe=MemberFactory(user__name="Ana Sá"))
    scribe = visitor(360)
    scribe.expected = {422}
    come_in(scribe, session.scribe.user)
    page = scribe.open("/sessions/17/")
    page.get_by_role("link", name="Add photos").click()
    page.wait_for_url("**/photos/")
    scribe.check_page()

    page.get_by_label("Picture").first.set_input_files(file("IMG_1.jpg", WIDE, "teal"))
    scribe.press("Add")
    assert page.locator(".error-summary a").first.inner_text() == "What it shows"
    assert (
        page.locator("#id_photo1-alternative_error, #div_id_photo1-alternative .invalid-feedback").count()
        == 1
    )
    scribe.check_page()

    page.get_by_label("Picture").first.set_input_files(file("IMG_1.jpg", WIDE, "teal"))
    page.get_by_label("What it shows").first.fill("Nine people around a table")
    page.get_by_label("Who sees it").first.select_option(label="Everybody")
    page.get_by_text("A second photo").click()
    page.get_by_label("Picture").nth(1).set_input_files(file("IMG_2.jpg", TALL, "maroon"))
    page.get_by_label("What it shows").nth(1).fill("The board")
    scribe.press("Add")
    assert "2 photos were added." in page.locator(".messages").inner_text()
    scribe.check_page()
    page.get_by_role("button", name="Move photo 2 up", exact=True).click()
    page.wait_for_url("**/photos/#photo-*")
    assert list(Photo.objects.values_list("alternative", flat=True)) == [
        "The board",
        "Nine people around a table",
    ]

    scribe.open("/sessions/17/")
    heights = dict(drawn(scribe))
    width = 360 - 2 * 20
    assert {name: round(height) for name, height in heights.items()} == {
        "The board": round(width * 4 / 3),
        "Nine people around a table": round(width / 2),
    }
    scribe.check_page()

    stranger = visitor()
    stranger.open("/sessions/17/")
    assert [name for name, _ in drawn(stranger)] == ["Nine people around a table"]
    stranger.check_page()

    hidden, shown = Photo.objects.all()
    answers = [
        stranger.context.request.get(f"{stranger.site}{photo.get_absolute_url()}")
        for photo in (hidden, shown)
    ]
    assert [answer.status for answer in answers] == [404, 200]

    scribe.open("/sessions/17/photos/")
    page.get_by_role("link", name="Change photo 2", exact=True).click()
    page.get_by_label("Who sees it").select_option(label="Members")
    scribe.check_page()
    scribe.press("Save")
    page.get_by_role("link", name="Remove photo 1", exact=True).click()
    page.wait_for_url("**/remove/")
    scribe.check_page()
    scribe.press("Remove")
    assert "The photo was removed." in page.locator(".messages").inner_text()

    stranger.open("/sessions/17/")
    assert stranger.page.locator(".photos img").count() == 0
    scribe.open("/sessions/17/")
    assert [name for name, _ in drawn(scribe)] == ["Nine people around a table"]
