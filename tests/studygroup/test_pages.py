"""The site's own pages: what they say, who may see them, and how many queries they cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members import admissions
from members.models.application import State
from outbox.models import Message
from sessions_app.models import Progress, Rsvp
from tests.factories import (
    ApplicationFactory,
    CriterionFactory,
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
    StrengthFactory,
    TrackFactory,
)

NOW = timezone.now()


def fill(count: int) -> None:
    """A group with `count` of everything that its pages list."""
    for _ in range(count):
        past = HeldSessionFactory()
        PresentationFactory(session=past, presenter=PresenterFactory())
        track = TrackFactory()
        track.sessions.add(past)
        track.leaders.add(PresenterFactory(guest_name="", member=MemberFactory()))
        StrengthFactory()
        application = ApplicationFactory()
        ApplicationFactory(state=State.SHORTLISTED)
        application.strengths.set([])
    coming = SessionFactory()
    for _ in range(count):
        ReadingFactory(session=coming)
        PresentationFactory(session=coming, presenter=PresenterFactory())


def queries_of(client, addresses) -> dict[str, int]:
    """How many queries each page costs; every page answers 200."""
    costs = {}
    for address in addresses:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200, address
        costs[address] = len(queries)
    return costs


PUBLIC = {"/": 6, "/about/": 3, "/privacy/": 1, "/apply/": 2, "/apply/sent/": 1, "/apply/lost/": 1}
DESK = {
    "/organise/": 12,
    "/organise/applications/": 9,
    "/organise/applications/?state=waiting": 9,
    "/organise/applications/?state=unreviewed": 9,
    "/organise/seats/": 11,
    "/organise/outbox/": 8,
}


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_public_pages_cost_a_fixed_number_of_queries(group, client, rows):
    fill(rows)
    assert queries_of(client, PUBLIC) == PUBLIC


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_desk_pages_cost_a_fixed_number_of_queries(group, organiser, client_of, rows):
    group.capacity = 500
    group.save()
    fill(rows)
    admissions.invite(application_id=ApplicationFactory(state=State.SHORTLISTED).pk, by=organiser, now=NOW)
    assert queries_of(client_of(organiser), DESK) == DESK


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_review_desk_costs_a_fixed_number_of_queries(group, organiser, client_of, rows):
    application = ApplicationFactory()
    criteria = CriterionFactory.create_batch(min(rows, 9))
    for reviewer in [organiser, *(MemberFactory().user for _ in range(min(rows, 40)))]:
        admissions.review(
            application_id=application.pk, by=reviewer, scores=dict.fromkeys(criteria, 4), note="", now=NOW
        )
    ApplicationFactory.create_batch(rows)
    address = f"/organise/applications/{application.pk}/"
    assert queries_of(client_of(organiser), [address]) == {address: 10}


def test_home_without_a_group_says_how_to_make_one(client, db):
    response = client.get("/")
    assert (response.status_code, "load_group" in response.text) == (200, True)


def test_home_says_whether_the_room_is_full(group, client):
    group.capacity = 2
    group.save()
    assert "Two seats are free" in client.get("/").text
    MemberFactory.create_batch(2)
    assert "The room is full" in client.get("/").text
    group.waiting_list_open = False
    group.save()
    page = client.get("/").text
    assert "The waiting list is closed" in page
    assert 'href="/apply/"' not in page


def test_home_shows_the_next_session_and_not_the_drafts(group, client):
    SessionFactory(title="Known *topic*", number=7)
    SessionFactory(title="Secret plan", state="draft", number=8)
    SessionFactory(title="Called off", state="cancelled", number=9)
    page = client.get("/").text
    assert "Known <em>topic</em>" in page
    assert "Secret plan" not in page
    assert "Called off" not in page


def test_visitor_gets_no_cookie_from_pages_without_forms(group, client):
    for address in ("/", "/about/", "/sessions/", "/curriculum/", "/presentations/", "/resources/"):
        assert client.get(address).cookies == {}


@pytest.mark.parametrize(
    "address",
    ["/organise/", "/organise/applications/", "/organise/seats/", "/organise/outbox/", "/organise/sessions/"],
)
def test_desk_is_closed_to_visitors_and_members(group, member, client, client_of, address):
    assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"
    assert client_of(member.user).get(address).status_code == 403


def test_arriving_leads_each_to_their_page(group, organiser, member, client_of):
    assert client_of(organiser).get("/arrive/").headers["Location"] == reverse("organise:dashboard")
    assert client_of(member.user).get("/arrive/").headers["Location"] == reverse("next")
    former = MemberFactory(state="alumni", left_at=NOW).user
    assert client_of(former).get("/arrive/").headers["Location"] == reverse("home")


def test_dashboard_names_what_needs_doing(group, organiser, client_of):
    group.capacity = 3
    group.save()
    ApplicationFactory(name="Amara Okonkwo", confirmed_at=NOW - timedelta(days=17))
    ApplicationFactory(state=State.SHORTLISTED)
    page = client_of(organiser).get("/organise/").text
    assert "Three things to do" in page
    assert "One application has waited more than 14 days for a first review" in page
    assert "Amara Okonkwo, 17 days" in page
    assert "Two seats are free" in page
    assert "No session is planned" in page


def test_dashboard_with_nothing_to_do_says_what_comes_next(group, organiser, client_of):
    group.capacity = 1
    group.save()
    session = SessionFactory(place="The library", number=12)
    ReadingFactory(session=session)
    PresentationFactory(session=session, presenter=PresenterFactory())
    page = client_of(organiser).get("/organise/").text
    assert "Nothing to do today" in page
    assert "Session 12 is in twelve days" in page


def test_dashboard_counts_answers_and_preparation(group, organiser, member, client_of):
    session = SessionFactory(place="The library")
    readings = [ReadingFactory(session=session), ReadingFactory(session=session)]
    optional = ReadingFactory(session=session, importance=2)
    MemberFactory()
    Rsvp.objects.create(session=session, member=member, answer="yes", answered_at=NOW)
    client = client_of(organiser)
    assert "0 of the 1 coming" in client.get("/organise/").text
    for reading in readings:
        Progress.objects.create(reading=reading, member=member, read_at=NOW)
    page = client.get("/organise/").text
    assert "1 of 3: 1 come" in page
    assert "1 of the 1 coming" in page
    assert optional.title not in page


def test_group_css_carries_the_accent_for_both_schemes(group, client):
    assert client.get("/group.css").content == b""
    group.accent, group.accent_dark = "#7a1f5c", "#e9a6d3"
    group.full_clean()
    group.save()
    css = client.get("/group.css").text
    assert "--lamp:#7a1f5c" in css
    assert "--lamp:#e9a6d3" in css.partition("prefers-color-scheme:dark")[2]
    assert 'href="/group.css"' in client.get("/").text


def test_health_answers_without_a_group(client, db):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_single_record_pages_cost_a_fixed_number_of_queries(group, organiser, member, client, client_of):
    application = ApplicationFactory(state=State.SHORTLISTED)
    admissions.invite(application_id=application.pk, by=organiser, now=NOW)
    mail = Message.objects.get()
    private, invited = f"/application/{application.token}/", f"/invitation/{mail.secrets[1]}/"
    own = {private: 5, f"{private}edit/": 4, f"{private}withdraw/": 2, invited: 2}
    assert queries_of(client, own) == own
    assert queries_of(client_of(member.user), {"/me/": 6}) == {"/me/": 6}
    address = f"/organise/outbox/{mail.pk}/"
    assert queries_of(client_of(organiser), [address]) == {address: 9}


def test_every_answer_carries_the_headers(group, client):
    for address in ("/", "/nowhere/", "/organise/", "/apply/", "/healthz"):
        headers = client.get(address).headers
        policy = set(headers["Content-Security-Policy"].split("; "))
        assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= policy
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]


def test_unknown_address_has_a_page_of_ours(group, client):
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "Tuesday Readers" in answer.text
