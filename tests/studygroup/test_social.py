"""The pictures that other sites show beside a link: their size, their words, what they leave out."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.conf import settings
from PIL import Image

from studygroup import social
from tests.factories import SessionFactory


def card(**fields) -> social.Card:
    fields = {
        "group": "Readers",
        "number": 7,
        "title": "Deep nets",
        "day": "Tuesday 4 March 2025",
        "cancelled": False,
        "accent": social.LAMP,
    } | fields
    return social.Card(**fields)


@pytest.mark.parametrize("address", ["/picture.png", "/sessions/7/picture.png"])
def test_picture_is_a_png_of_the_usual_size_that_other_sites_may_show(group, client, address):
    SessionFactory(number=7)
    response = client.get(address)
    image = Image.open(BytesIO(response.content))
    assert (image.format, image.size) == ("PNG", (1200, 630))
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = client.get(address, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"state": "held"}, 200),
        ({"state": "cancelled"}, 200),
        ({"state": "draft"}, 404),
        ({"state": "cancelled", "announced_at": None}, 404),
    ],
)
def test_picture_of_a_draft_is_nobody_s(group, client, fields, status):
    SessionFactory(number=7, **fields)
    assert client.get("/sessions/7/picture.png").status_code == status


def test_picture_is_the_same_for_the_same_words_and_another_for_others():
    same = social.session_picture(card())
    assert social.session_picture(card()) == same
    others = [{"number": 8}, {"title": "Nets"}, {"day": "Monday"}, {"group": "R"}, {"cancelled": True}]
    assert len({social.session_picture(card(**other)) for other in others} | {same}) == len(others) + 1


@pytest.mark.parametrize(
    ("words", "drawn"),
    [
        ("Łukasz and Nguyễn", "Łukasz and Nguyễn"),
        ("Cafe\u0301", "Café"),
        ("深層学習", ""),
        ("Nets и сети", ""),
        ("∑ of \U0001f600 squares", "of squares"),
        ("line\nbreak\x00", "line break"),
    ],
)
def test_text_that_the_faces_lack_is_left_out(words, drawn):
    assert social.drawable(words) == drawn


def test_picture_of_a_title_in_another_script_is_the_one_without_a_title():
    assert social.session_picture(card(title="深層学習")) == social.session_picture(card(title=""))


@pytest.mark.parametrize("title", ["W" * 200, "w " * 100, "x" * 200, "", "a\u0301" * 100])
def test_title_never_leaves_its_box(title):
    width = social.WIDTH - social.MARGIN - social.COLUMN
    size, lines = social.fitted(social.drawable(title), social.SERIF, social.TITLE_SIZES, width, 270)
    assert len(lines) * size * social.LEADING <= 270
    assert [line for line in lines if social._width(line, social.SERIF, size) > width] == []


def test_picture_before_there_is_a_group_is_drawn_all_the_same(client, db):
    assert client.get("/picture.png").status_code == 200


def test_faces_of_the_pictures_are_those_of_the_pages():
    folder = settings.BASE_DIR / "static" / "vendor"
    faces = {
        f"{family}-{subset}-400-normal.woff2"
        for family in (social.SERIF, social.SANS)
        for subset in social.SUBSETS
    }
    assert {face for face in faces if not (folder / face).is_file()} == set()
