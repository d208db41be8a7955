"""What organisers do with members on their pages, and where a reviewer may go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from members.models import Member
from outbox.models import Message
from tests.factories import MemberFactory, OrganiserFactory

NOW = timezone.now()
BACK = (NOW + timedelta(days=90)).date()


def test_organisers_list_is_narrowed(member, organiser, client_of):
    MemberFactory(user__name="Rev", role="reviewer")
    MemberFactory(user__name="Away", state="on_leave", leave_until=BACK)
    MemberFactory(user__name="Gone", state="alumni", left_at=NOW)
    client = client_of(organiser)
    for query, found in {
        "": ["Away", "Gone", "Mira Tamm", "Orla Quinn", "Rev"],
        "?state=active": ["Mira Tamm", "Orla Quinn", "Rev"],
        "?state=on_leave": ["Away"],
        "?state=alumni": ["Gone"],
        "?role=reviewer": ["Rev"],
        "?role=organiser": ["Orla Quinn"],
        "?state=x&role=y": ["Away", "Gone", "Mira Tamm", "Orla Quinn", "Rev"],
    }.items():
        page = client.get(f"/organise/members/{query}")
        assert [m.name for m in page.context["members"]] == found, query
    assert [(value, count) for value, _, count in page.context["states"]] == [
        ("active", 3),
        ("on_leave", 1),
        ("alumni", 1),
    ]
    assert [(value, count) for value, _, count in page.context["roles"]] == [
        ("member", 2),
        ("reviewer", 1),
        ("organiser", 1),
    ]


def test_organiser_sends_on_leave_takes_back_and_gives_a_role(member, organiser, client_of):
    client = client_of(organiser)

    def do(verb, **data):
        answer = client.post(f"/organise/members/{member.pk}/{verb}/", data, follow=True)
        member.refresh_from_db()
        return [str(message) for message in answer.context["messages"]], member.state, member.role

    assert do("leave", until=BACK, seen="active") == (["Mira Tamm is on leave."], "on_leave", "member")
    assert do("leave", until=BACK, seen="active") == (
        ["Mira Tamm is on leave by now. Nothing was changed."],
        "on_leave",
        "member",
    )
    assert do("return", seen="on_leave")[1] == "active"
    assert do("role", role="reviewer", seen="member") == (
        ["Mira Tamm is a reviewer now."],
        "active",
        "reviewer",
    )
    assert do("role", role="organiser", seen="member")[2] == "reviewer"
    assert do("alumni", seen="active")[1:] == ("alumni", "member")
    assert do("seat", seen="alumni")[1:] == ("active", "member")
    assert do("remove", reason="You never came.", seen="active")[1:] == ("alumni", "member")
    assert [m.kind for m in Message.objects.order_by("pk")] == ["back_from_leave", "left", "welcome", "left"]


@pytest.mark.parametrize(
    ("verb", "data", "form", "errors"),
    [
        ("leave", {"until": "x"}, "leave_form", {"until": ["Write the day like 2026-10-31."]}),
        ("remove", {"reason": " "}, "removal_form", {"reason": ["Give a reason; the person reads it."]}),
        ("role", {}, "role_form", {"role": ["Choose a role."]}),
        ("role", {"role": "king"}, "role_form", {"role": ["Choose one of the roles."]}),
    ],
)
def test_organisers_faults_are_said_at_the_field(member, organiser, client_of, verb, data, form, errors):
    answer = client_of(organiser).post(f"/organise/members/{member.pk}/{verb}/", data)
    assert (answer.status_code, answer.context[form].errors) == (422, errors)
    assert Member.objects.get(pk=member.pk).state == "active"


VERBS = ["leave", "return", "alumni", "remove", "seat", "role"]


@pytest.mark.parametrize("role", ["member", "reviewer"])
def test_organisers_pages_are_closed_to_others(group, member, client_of, role):
    client = client_of(MemberFactory(role=role).user)
    pages = ["/organise/members/", f"/organise/members/{member.pk}/"]
    assert [client.get(page).status_code for page in pages] == [403, 403]
    assert [client.post(f"{pages[1]}{verb}/").status_code for verb in VERBS] == [403] * 6


@pytest.mark.parametrize("verb", VERBS)
def test_organisers_verbs_need_a_post_and_a_member(organiser, member, client_of, verb):
    client = client_of(organiser)
    assert client.get(f"/organise/members/{member.pk}/{verb}/").status_code == 405
    assert client.post(f"/organise/members/987654/{verb}/").status_code == 404


def test_organiser_who_gives_the_own_role_away_arrives_as_a_member(organiser, client_of):
    OrganiserFactory()
    client = client_of(organiser)
    address = f"/organise/members/{organiser.member.pk}/role/"
    answer = client.post(address, {"role": "member", "seen": "organiser"})
    assert answer.headers["Location"] == reverse("arrive")
    assert client.get("/organise/").status_code == 403


# --- What a reviewer may do -----------------------------------------------------------------------
def test_reviewer_sees_applications_and_nothing_else_of_the_desk(group, client_of):
    client = client_of(MemberFactory(role="reviewer").user)
    pages = ["", "applications/", "seats/", "members/", "sessions/", "outbox/"]
    assert {page: client.get(f"/organise/{page}").status_code for page in pages} == {
        "": 403,
        "applications/": 200,
        "seats/": 403,
        "members/": 403,
        "sessions/": 403,
        "outbox/": 403,
    }
    assert client.get("/admin/", follow=True).status_code == 403
    assert client.get("/arrive/").headers["Location"] == "/next/"
    page = client.get("/members/").text
    assert '<a href="/organise/applications/">Applications</a>' in page
    assert 'href="/organise/"' not in page
