"""The news feed: what stands in it, in which order, and that other programs can read it (RFC 4287)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from sessions_app.models import Notes
from studygroup import feeds
from tests.factories import HeldSessionFactory, SessionFactory
from tests.studygroup.test_pages import queries_of

ATOM = "{http://www.w3.org/2005/Atom}"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
START = datetime(2025, 3, 4, 16, 30, tzinfo=UTC)
SITE = "https://group.example.org"
# RFC 3339 with a zone, as RFC 4287, section 3.3, asks for.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = SITE


def fetch(client) -> ElementTree.Element:
    response = client.get("/feed.atom")
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.content)


def titles(client) -> list[str]:
    return [entry.findtext(f"{ATOM}title") for entry in fetch(client).iter(f"{ATOM}entry")]


def notes_of(session, **fields) -> Notes:
    fields = {"text": "What we found.", "audience": "public", "updated_at": START} | fields
    return Notes.objects.create(session=session, **fields)


def links(element: ElementTree.Element) -> dict[str, str]:
    return {link.get("rel"): link.get("href") for link in element.findall(f"{ATOM}link")}


def test_feed_has_everything_that_the_standard_asks_for(group, client):
    session = SessionFactory(number=7, title="*Deep* nets", starts_at=START, summary="On **nets** & [x](/y).")
    notes_of(session)

    feed = fetch(client)

    assert feed.tag == f"{ATOM}feed"
    assert feed.findtext(f"{ATOM}id") == f"{SITE}/"
    assert feed.findtext(f"{ATOM}title") == "Tuesday Readers"
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Tuesday Readers"
    assert links(feed) == {"alternate": f"{SITE}/", "self": f"{SITE}/feed.atom"}
    notes, entry = feed.findall(f"{ATOM}entry")
    assert [notes.findtext(f"{ATOM}title"), entry.findtext(f"{ATOM}title")] == [
        "Notes of session 7: Deep nets",
        "Session 7: Deep nets",
    ]
    assert entry.findtext(f"{ATOM}id") == f"{SITE}/sessions/7/"
    assert notes.findtext(f"{ATOM}id") == f"{SITE}/sessions/7/#notes"
    assert links(entry) == {"alternate": f"{SITE}/sessions/7/"}
    assert links(notes) == {"alternate": f"{SITE}/sessions/7/#notes"}
    assert entry.get(XML_BASE) == f"{SITE}/sessions/7/"
    summary = entry.find(f"{ATOM}summary")
    assert summary.get("type") == "html"
    assert summary.text == (
        "<p>Tuesday 4 March 2025, 18:30–20:30, Tallinn time.</p>\n"
        '<p>On <strong>nets</strong> &amp; <a href="/y" rel="noopener noreferrer nofollow">x</a>.</p>\n'
    )
    dates = [element.text for element in feed.iter(f"{ATOM}updated")]
    assert [date for date in dates if not MOMENT.fullmatch(date)] == []
    assert len({element.text for element in feed.iter(f"{ATOM}id")}) == 3


def test_feed_dates_are_the_data_s_and_the_newest_change_stands_first(group, client):
    held = HeldSessionFactory(number=1, starts_at=START, announced_at=None)
    SessionFactory(number=2, starts_at=START + timedelta(days=30), announced_at=START + timedelta(days=2))
    notes_of(held, updated_at=START + timedelta(days=1))

    feed = fetch(client)

    dates = [entry.findtext(f"{ATOM}updated") for entry in feed.iter(f"{ATOM}entry")]
    assert dates == ["2025-03-06T16:30:00+00:00", "2025-03-05T16:30:00+00:00", "2025-03-04T18:30:00+00:00"]
    assert feed.findtext(f"{ATOM}updated") == "2025-03-06T16:30:00+00:00"


def test_feed_shows_nobody_s_drafts_and_says_what_was_cancelled(group, client):
    SessionFactory(number=1, title="Open", starts_at=START)
    SessionFactory(number=2, title="Draft", state="draft")
    SessionFactory(number=3, title="Off", state="cancelled", starts_at=START, announced_at=START)
    SessionFactory(number=4, title="Never told", state="cancelled", announced_at=None)

    assert sorted(titles(client)) == ["Cancelled: Session 3: Off", "Session 1: Open"]


def test_feed_dates_a_session_by_its_last_change_and_a_cancelled_one_by_that(group, client):
    told = {"starts_at": START + timedelta(days=30), "announced_at": START}
    days = {day: START + timedelta(days=day) for day in (1, 2, 3)}
    SessionFactory(number=1, title="Moved", changed_at=days[1], **told)
    SessionFactory(number=2, title="Off", state="cancelled", cancelled_at=days[3], changed_at=days[2], **told)
    SessionFactory(number=3, title="As told", **told)

    dated = {
        entry.findtext(f"{ATOM}title"): entry.findtext(f"{ATOM}updated")
        for entry in fetch(client).iter(f"{ATOM}entry")
    }

    assert list(dated.items()) == [
        ("Cancelled: Session 2: Off", "2025-03-07T16:30:00+00:00"),
        ("Session 1: Moved", "2025-03-05T16:30:00+00:00"),
        ("Session 3: As told", "2025-03-04T16:30:00+00:00"),
    ]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, True),
        ({"audience": "members"}, False),
        ({"audience": "organisers"}, False),
        ({"text": ""}, False),
    ],
)
def test_feed_shows_notes_that_everybody_may_read(group, client, fields, shown):
    notes_of(HeldSessionFactory(number=5, title="T"), **fields)
    assert ("Notes of session 5: T" in titles(client)) is shown


def test_feed_shows_no_notes_of_a_draft(group, client):
    notes_of(SessionFactory(state="draft"))
    assert titles(client) == []


def test_feed_holds_the_newest_twenty(group, client):
    for number in range(1, 33):
        moment = START + timedelta(days=number)
        session = HeldSessionFactory(number=number, title="T", starts_at=moment, announced_at=None)
        notes_of(session, updated_at=moment)

    shown = titles(client)

    assert sorted(shown) == sorted(
        title for n in range(23, 33) for title in (f"Session {n}: T", f"Notes of session {n}: T")
    )


def test_feed_of_typed_markup_holds_no_script(group, client):
    SessionFactory(summary="<script>alert(1)</script> [x](javascript:alert(1))", place="<img onerror=x>")

    summary = fetch(client).findtext(f"{ATOM}entry/{ATOM}summary")

    assert re.findall(r"<(?!/?p>)[^>]*>", summary) == []


def test_feed_with_characters_that_xml_cannot_hold_is_still_xml(group, client):
    SessionFactory(number=3, title="Nets\x0b and \ufffe more", summary="A\x01B")
    assert titles(client) == ["Session 3: Nets and  more"]


def test_feed_of_long_notes_shows_their_beginning(group, client):
    paragraph = "word " * 100
    notes_of(HeldSessionFactory(), text="\n\n".join([paragraph] * 300))

    summary = fetch(client).findall(f"{ATOM}entry/{ATOM}summary")[-1].text

    assert (len(summary) <= feeds.LONGEST_SUMMARY + 100, summary.endswith("<p>…</p>\n")) == (True, True)


def test_feed_of_an_empty_group_is_the_same_at_any_time(group, client):
    assert fetch(client).findtext(f"{ATOM}updated") == "1970-01-01T00:00:00+00:00"


def test_feed_before_there_is_a_group_is_empty(client, db):
    feed = fetch(client)
    assert (feed.findtext(f"{ATOM}title"), feed.findall(f"{ATOM}entry")) == ("Study group", [])


def test_feed_that_has_not_changed_is_not_sent_again(group, client):
    session = SessionFactory(starts_at=START)
    tag = client.get("/feed.atom").headers["ETag"]

    same = client.get("/feed.atom", headers={"If-None-Match": tag})
    session.state = "cancelled"
    session.save()
    other = client.get("/feed.atom", headers={"If-None-Match": tag})

    assert (same.status_code, same.content) == (304, b"")
    assert other.status_code == 200


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_feed_costs_three_queries(group, client, rows):
    for _ in range(rows):
        notes_of(HeldSessionFactory())
    assert queries_of(client, ["/feed.atom"]) == {"/feed.atom": 3}
