"""What search engines and other sites are told: sitemap, robots.txt, canonical addresses, events."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app import text
from sessions_app.models import Notes, Session
from studygroup import page_cache, sitemaps
from tests.factories import (
    HeldSessionFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
    TrackFactory,
)
from tests.studygroup.test_pages import queries_of

SITE = "https://group.example.org"
START = datetime(2025, 3, 4, 16, 30, tzinfo=UTC)  # 18:30 in Tallinn
PUBLIC_PAGES = [
    "/",
    "/about/",
    "/privacy/",
    "/sessions/",
    "/curriculum/",
    "/presentations/",
    "/resources/",
    "/apply/",
]
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = SITE


def head_of(client, address: str) -> dict[str, str]:
    """The canonical address and the properties in the head of a page, each found once."""
    html = client.get(address).text.partition("</head>")[0]
    pairs = re.findall(
        r'<meta (?:property|name)="((?:og|twitter):[\w:]+|description)" content="([^"]*)"', html
    )
    found = dict(pairs) | {"canonical": re.search(r'<link rel="canonical" href="([^"]*)"', html)[1]}
    assert len(dict(pairs)) == len(pairs)
    return found


def event_of(client, address: str) -> dict:
    """The event in a page's data block."""
    return json.loads(
        re.search(r'<script type="application/ld\+json">(.*?)</script>', client.get(address).text)[1]
    )


# --- Sitemap and robots.txt ----------------------------------------------------------------------------
def sitemap_of(client) -> dict[str, str | None]:
    """The addresses in all parts that the index names, with their days."""
    return {
        url.findtext(f"{LOC}loc"): url.findtext(f"{LOC}lastmod")
        for part in parts_of(client)
        for url in xml_of(client, part)
    }


def parts_of(client) -> list[str]:
    return [part.findtext(f"{LOC}loc").removeprefix(SITE) for part in xml_of(client, "/sitemap.xml")]


def xml_of(client, address: str) -> ElementTree.Element:
    response = client.get(address)
    assert response.headers["Content-Type"] == "application/xml"
    return ElementTree.fromstring(response.content)


def test_sitemap_names_the_parts_in_which_something_is(group, client, monkeypatch):
    monkeypatch.setattr(sitemaps, "SIZE", 3)
    ana = PresenterFactory(guest_name="Ana")
    talk = PresentationFactory(session=HeldSessionFactory(number=7), presenter=ana)
    SessionFactory(number=4, state="draft")
    HeldSessionFactory(number=2)
    HeldSessionFactory(number=1)

    assert parts_of(client) == [
        "/sitemap-pages-0.xml",
        "/sitemap-sessions-0.xml",
        "/sitemap-sessions-2.xml",
        f"/sitemap-talks-{talk.pk // 3}.xml",
        f"/sitemap-presenters-{ana.pk // 3}.xml",
    ]
    assert [url.findtext(f"{LOC}loc") for url in xml_of(client, "/sitemap-sessions-0.xml")] == [
        f"{SITE}/sessions/2/",
        f"{SITE}/sessions/1/",
    ]


@pytest.mark.parametrize(
    "part", ["sessions-1", "sessions-99999999999", "pages-1", "members-0", "talks-0", "presenters-0"]
)
def test_part_of_the_sitemap_in_which_nothing_is_is_not_found(group, client, part):
    SessionFactory(number=1000 + 1, state="draft")
    assert client.get(f"/sitemap-{part}.xml").status_code == 404


def test_sitemap_lists_the_public_pages_and_the_published_sessions(group, client):
    HeldSessionFactory(number=1, starts_at=START, announced_at=None)
    SessionFactory(number=2, announced_at=START)
    SessionFactory(number=3, state="draft")
    SessionFactory(number=4, state="cancelled", announced_at=START)
    SessionFactory(number=5, state="cancelled", announced_at=None)

    assert sitemap_of(client) == {SITE + page: None for page in PUBLIC_PAGES} | {
        f"{SITE}/sessions/{number}/": "2025-03-04" for number in (1, 2, 4)
    }


@pytest.mark.parametrize(("audience", "day"), [("public", "2025-04-01"), ("members", "2025-03-04")])
def test_sitemap_dates_a_session_by_its_public_notes(group, client, audience, day):
    session = HeldSessionFactory(number=1, starts_at=START, announced_at=None)
    changed = datetime(2025, 4, 1, tzinfo=UTC)
    Notes.objects.create(session=session, text="x", audience=audience, updated_at=changed)

    assert sitemap_of(client)[f"{SITE}/sessions/1/"] == day


def test_sitemap_dates_a_cancelled_session_by_its_cancellation(group, client):
    called_off = datetime(2025, 5, 6, tzinfo=UTC)
    SessionFactory(number=4, state="cancelled", announced_at=START, cancelled_at=called_off)

    assert sitemap_of(client)[f"{SITE}/sessions/4/"] == "2025-05-06"


def test_every_page_of_the_sitemap_opens_for_a_visitor_and_calls_itself_canonical(group, client):
    HeldSessionFactory()
    for address in sitemap_of(client):
        assert head_of(client, address.removeprefix(SITE))["canonical"] == address


def test_robots_keeps_private_pages_out_and_names_the_sitemap(client, db):
    response = client.get("/robots.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text.splitlines() == [
        "User-agent: *",
        "Disallow: /organise/",
        "Disallow: /me/",
        "Disallow: /application/",
        "Disallow: /invitation/",
        "Disallow: /guest/",
        "Disallow: /presenting/",
        "Disallow: /mail/",
        "Disallow: /accounts/",
        "Disallow: /admin/",
        "Disallow: /search/",
        "",
        "Sitemap: https://group.example.org/sitemap.xml",
    ]


# --- Canonical addresses and Open Graph ----------------------------------------------------------------
@pytest.mark.parametrize("page", PUBLIC_PAGES)
def test_canonical_address_forgets_where_somebody_came_from(group, client, page):
    head = head_of(client, f"{page}?utm_source=letter&fbclid=1&page=1")
    assert (head["canonical"], head["og:url"]) == (SITE + page, SITE + page)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("?page=2&utm_source=x", "?page=2"),
        ("?page=99", "?page=2"),
        ("?page=x", ""),
        ("?x=1&year=2025", "?year=2025"),
        ("?track={track}&year=2025&page=2", "?year=2025&amp;track={track}&amp;page=2"),
        ("?year=soon&track=-1", ""),
    ],
)
def test_canonical_address_of_the_archive_keeps_what_chooses_the_rows(group, client, asked, kept):
    track = TrackFactory()
    track.sessions.add(*HeldSessionFactory.create_batch(21, starts_at=START))

    head = head_of(client, "/sessions/" + asked.format(track=track.pk))

    assert head["canonical"] == f"{SITE}/sessions/{kept.format(track=track.pk)}"


def test_home_tells_other_sites_what_the_group_is(group, client):
    assert head_of(client, "/") == {
        "description": "Reading hard things together",
        "canonical": f"{SITE}/",
        "og:type": "website",
        "og:site_name": "Tuesday Readers",
        "og:locale": "en_GB",
        "og:title": "Tuesday Readers: Reading hard things together",
        "og:description": "Reading hard things together",
        "og:url": f"{SITE}/",
        "og:image": f"{SITE}/picture.png",
        "og:image:type": "image/png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "Tuesday Readers: Reading hard things together",
        "twitter:card": "summary_large_image",
    }


def test_session_tells_other_sites_what_it_is_about(group, client):
    SessionFactory(
        number=7, title="*Deep* nets", starts_at=START, summary='On **nets** & "more".\n\n- one\n- two'
    )
    head = head_of(client, "/sessions/7/")
    assert head["description"] == head["og:description"] == "On nets &amp; &quot;more&quot;. one two"
    assert (head["og:title"], head["og:type"]) == ("Deep nets", "article")
    assert head["og:image"] == f"{SITE}/sessions/7/picture.png"
    assert head["og:image:alt"] == "Session 7: Deep nets, Tuesday 4 March 2025"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("A short one.", "A short one."),
        ("word " * 60, "word " * 39 + "word…"),
        ("語" * 300, "語" * 199 + "…"),
        ("a" * 200, "a" * 200),
        ("", ""),
        ("| a | b |\n|---|---|\n| c | d |", "a b c d"),
        ("one<br>two & three", "one<br>two & three"),
        ("one  \ntwo", "one two"),
    ],
)
def test_plain_opening_is_one_line_of_at_most_200_characters(source, line):
    assert text.plain_opening(source) == line
    assert len(line) <= text.DESCRIPTION


def test_draft_is_told_to_nobody_outside(group, organiser, client_of):
    SessionFactory(number=7, state="draft")
    html = client_of(organiser).get("/sessions/7/").text
    assert re.findall(r"og:|canonical|ld\+json", html) == []


# --- Events --------------------------------------------------------------------------------------------
def test_session_is_an_event_with_its_hours_where_it_is_held(group, client):
    SessionFactory(
        number=7,
        title="*Deep* nets",
        starts_at=START,
        place="Library",
        directions="Ring at the side door, code 4711.",
    )
    assert event_of(client, "/sessions/7/") == {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": "Deep nets",
        "description": "Session 7 of Tuesday Readers: Deep nets",
        "url": f"{SITE}/sessions/7/",
        "image": f"{SITE}/sessions/7/picture.png",
        "startDate": "2025-03-04T18:30:00+02:00",
        "endDate": "2025-03-04T20:30:00+02:00",
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "location": {
            "@type": "Place",
            "name": "Library",
            "address": {"@type": "PostalAddress", "addressLocality": "Tallinn"},
        },
        "organizer": {"@type": "Organization", "name": "Tuesday Readers", "url": f"{SITE}/"},
    }


def test_event_without_hours_on_record_has_a_date_only(group, client):
    HeldSessionFactory(number=7, starts_at=START, hours_known=False)
    event = event_of(client, "/sessions/7/")
    assert (event["startDate"], "endDate" in event) == ("2025-03-04", False)


def test_event_that_was_cancelled_says_so(group, client):
    SessionFactory(number=7, state="cancelled")
    assert event_of(client, "/sessions/7/")["eventStatus"] == "https://schema.org/EventCancelled"


def test_event_of_a_title_with_markup_stays_inside_its_script_element(group, client):
    title = "</script><script>alert(1)</script><!-- & \u2028"
    SessionFactory(number=7, title=title)
    html = client.get("/sessions/7/").text
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', html)[1]
    assert re.findall(r"[<>&\u2028]", block) == []
    assert json.loads(block)["name"] == title


# --- Queries and memory --------------------------------------------------------------------------------
COSTS = {
    "/sitemap.xml": 1,
    "/sitemap-pages-0.xml": 0,
    "/sitemap-sessions-30.xml": 1,
    "/robots.txt": 0,
    "/picture.png": 1,
    "/sessions/30000/picture.png": 2,
}


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_answers_to_programs_cost_a_fixed_number_of_queries(group, client, rows):
    SessionFactory(number=30_000)
    for session in HeldSessionFactory.create_batch(rows):
        Notes.objects.create(session=session, text="x", audience="public", updated_at=START)
    assert queries_of(client, COSTS) == COSTS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "address", ["/feed.atom", "/sitemap-sessions-0.xml", "/picture.png", "/sessions/7/picture.png"]
)
def test_answer_from_memory_is_the_same_and_knows_what_has_not_changed(
    transactional_db, client, settings, monkeypatch, address
):
    settings.PUBLIC_PAGE_CACHE = True
    noon = timezone.now().replace(second=0)
    monkeypatch.setattr(page_cache.timezone, "now", lambda: noon)
    page_cache.memory.clear()
    SessionFactory(number=7, title="Nets")

    first = client.get(address)
    costs = queries_of(client, [address])
    kept = client.get(address)
    unchanged = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    Session.objects.update(number=7, title="Others", state="cancelled", announced_at=START)
    if address != "/picture.png":
        changed = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert changed.status_code == 200

    assert costs == {address: 1}
    assert (kept.content, kept.headers) == (first.content, first.headers)
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_no_table_is_read_that_the_public_version_does_not_watch(group, client):
    SessionFactory(number=7)
    read = set()
    for address in ("/feed.atom", "/sitemap.xml", "/sitemap-sessions-0.xml", "/picture.png",
                    "/sessions/7/picture.png", "/sessions/"):  # fmt: skip
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        read |= {table for query in queries for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'studygroup_public_version'"
        )
        watched = {row[0] for row in cursor.fetchall()}
    assert read - watched <= {"sessions_app_archivetally"}  # written by triggers on tables that are watched
