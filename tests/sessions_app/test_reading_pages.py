"""A reading on the pages: where its link leads, its further links, its file, and how much it is asked for."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from sessions_app import stored_files
from sessions_app.models import Reading, ReadingLink, Session
from tests.factories import ReadingFactory, SessionFactory
from tests.sessions_app.test_public_pages import text_of
from tests.studygroup.test_pages import queries_of

PAGE = "/sessions/17/"
VIEWERS = pytest.mark.parametrize("who", ["visitor", "as_member", "as_organiser"])


@pytest.fixture
def session(group) -> Session:
    return SessionFactory(number=17)


def with_file(session: Session, **values) -> Reading:
    upload = SimpleUploadedFile("a guide.pdf", b"%PDF-1.7 " + b"x" * 1_300_000)
    return ReadingFactory(
        session=session, file=stored_files.accept(upload, by=None, now=timezone.now()), **values
    )


@VIEWERS
@pytest.mark.parametrize(
    ("url", "part", "said"),
    [
        (
            "https://youtu.be/VOKaS5FcHjo?t=3450",
            "",
            "Lecture video, YouTube, from 57:30.",
        ),
        (
            "https://youtu.be/VOKaS5FcHjo?t=3450",
            "from 57:30",
            "Lecture video, YouTube, from 57:30.",
        ),
        (
            "https://arxiv.org/abs/1706.03762",
            "",
            "Lecture video, arXiv 1706.03762.",
        ),
        ("https://www.example.org/a", "", "Lecture video, example.org."),
        ("", "", '<p class="row-meta typed">Lecture video.</p>'),
    ],
)
def test_page_says_where_a_link_leads(request, session, who, url, part, said):
    ReadingFactory(session=session, url=url, part=part, kind="video")

    assert said in text_of(request.getfixturevalue(who).get(PAGE))


@VIEWERS
def test_further_links_are_named_by_title_by_what_they_are_or_by_address(request, session, who):
    reading = ReadingFactory(session=session, url="https://example.org")
    for place, (title, url) in enumerate(
        [
            ("Lecture nine", "https://youtu.be/VOKaS5FcHjo"),
            ("", "https://youtu.be/VOKaS5FcHjo?t=60"),
            ("", "https://example.org/<b>"),
        ]
    ):
        ReadingLink.objects.create(reading=reading, title=title, url=url, position=place)

    assert (
        'Also <a class="typed" href="https://youtu.be/VOKaS5FcHjo" rel="noopener">Lecture nine</a>, '
        '<a class="typed" href="https://youtu.be/VOKaS5FcHjo?t=60" rel="noopener">YouTube, from 1:00</a>, '
        '<a class="typed" href="https://example.org/&lt;b&gt;" rel="noopener">https://example.org/&lt;b&gt;</a></p>'
    ) in text_of(request.getfixturevalue(who).get(PAGE))


@pytest.mark.parametrize("who", ["as_member", "as_organiser"])
def test_members_can_open_the_file(request, session, who):
    reading, client = with_file(session), request.getfixturevalue(who)
    address = f"/files/{reading.file_id}/a%20guide.pdf"

    page = text_of(client.get(PAGE))

    assert f'<a class="typed" href="{address}">a guide.pdf</a>, 1.2 MB' in page
    assert client.get(address).status_code == 200


def test_visitor_learns_that_there_is_a_file_and_nothing_of_it(visitor, session):
    reading = with_file(session)

    page = text_of(visitor.get(PAGE))

    assert "There is a file for members." in page
    assert (str(reading.file_id) in page, "a guide.pdf" in page) == (False, False)
    assert visitor.get(stored_files.address(reading.file)).status_code == 404


@VIEWERS
def test_what_goes_further_stands_last_and_is_not_counted(request, session, who):
    for importance, minutes in ((3, 500), (2, 50), (1, 40)):
        title = Reading.Importance(importance).label
        ReadingFactory(
            session=session, title=f"T {title}", importance=importance, minutes=minutes, position=0
        )

    page = text_of(request.getfixturevalue(who).get(PAGE))

    places = [page.index(f"T {label}") for label in ("Required", "If you have time", "To go further")]
    assert places == sorted(places)
    assert '<span class="chip">To go further</span>' in page[places[2] :]
    assert ("40 min left to read" in page, "About 40 min" in page) == (who != "visitor", who == "visitor")


@VIEWERS
def test_files_and_links_cost_no_query(request, session, who):
    client = request.getfixturevalue(who)
    ReadingFactory(session=session)
    client.get(PAGE)
    before = queries_of(client, [PAGE])
    for _ in range(3):
        reading = with_file(session)
        ReadingLink.objects.create(reading=reading, url="https://arxiv.org/abs/1706.03762")

    assert queries_of(client, [PAGE]) == before
