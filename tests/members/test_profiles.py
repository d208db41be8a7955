"""The directory, members' pages, one's own page, and what organisers do with members there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.utils import timezone

from members import membership
from members.forms.fields import LongSelect
from members.forms.profile import ProfileForm
from members.models import Member, SeatChange
from members.views.member import people as people_views
from tests.factories import GroupFactory, MemberFactory, OrganiserFactory, StrengthFactory, UserFactory
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()
BACK = (NOW + timedelta(days=90)).date()
OWN = {
    "name": "Mira Tamm",
    "time_zone": "",
    "bio": "",
    "links": "",
    "profile_audience": "members",
    "address_audience": "organisers",
}


def names(page) -> list[str]:
    """Whom the directory shows, present members first, then alumni by year."""
    return [m.name for m in page.context["present"]] + [
        m.name for _, people in page.context["years"] for m in people
    ]


# --- The directory --------------------------------------------------------------------------------
def test_directory_shows_the_present_then_the_alumni_by_year(member, client_of):
    MemberFactory(user__name="Ann", state="on_leave", leave_until=BACK)
    for name, year in (("Zoe", 2020), ("Old", 2018), ("Abe", 2020)):
        MemberFactory(user__name=name, state="alumni", left_at=datetime(year, 5, 1, tzinfo=UTC))
    page = client_of(member.user).get("/members/")
    assert names(page) == ["Ann", "Mira Tamm", "Abe", "Zoe", "Old"]
    assert [year for year, _ in page.context["years"]] == [2020, 2018]
    assert page.text.count("On leave</span>") == 1
    assert page.text.count('href="/members/" aria-current') == 1


def test_directory_keeps_its_order_from_page_to_page(member, client_of, monkeypatch):
    monkeypatch.setattr(people_views, "PEOPLE", 2)
    for name in ("Ann", "Zoe"):
        MemberFactory(user__name=name)
    for name, year in (("Old", 2018), ("Abe", 2020)):
        MemberFactory(user__name=name, state="alumni", left_at=datetime(year, 5, 1, tzinfo=UTC))
    client = client_of(member.user)
    pages = [names(client.get(f"/members/?page={page}")) for page in (1, 2, 3, 9)]
    assert pages == [["Ann", "Mira Tamm"], ["Zoe", "Abe"], ["Old"], ["Old"]]


def test_directory_is_narrowed_by_text_and_strength(member, client_of):
    statistics, music = StrengthFactory(name="Statistics"), StrengthFactory(name="Music")
    ann = MemberFactory(user__name="Ann Öst", bio="Builds *telescopes*")
    ann.strengths.add(statistics, music)
    bo = MemberFactory(user__name="Bo")
    bo.strengths.add(music)
    client = client_of(member.user)
    for query, found in {
        "": ["Ann Öst", "Bo", "Mira Tamm"],
        "text=öst": ["Ann Öst"],
        "text=TELESCOPE": ["Ann Öst"],
        "text=%25": [],
        f"strength={music.pk}": ["Ann Öst", "Bo"],
        f"strength={music.pk}&text=b": ["Ann Öst", "Bo"],
        f"strength={statistics.pk}&text=bo": [],
        "strength=x": ["Ann Öst", "Bo", "Mira Tamm"],
        "strength=99999999999999999999&text=%00": ["Ann Öst", "Bo", "Mira Tamm"],
    }.items():
        assert names(client.get(f"/members/?{query}")) == found, query
    page = client.get(f"/members/?text=bo&strength={music.pk}").text
    assert f'<option value="{music.pk}" selected>Music</option>' in page
    assert 'value="bo"' in page
    assert "Nobody fits." in client.get("/members/?text=xyzzy").text


def test_hidden_profile_is_found_by_its_name_alone(member, organiser, client_of):
    strength = StrengthFactory()
    shy = MemberFactory(user__name="Shy", bio="telescopes", profile_audience="organisers")
    shy.strengths.add(strength)
    mira, orla = client_of(member.user), client_of(organiser)
    for query, seen_by_mira in {"text=shy": 1, "text=telescopes": 0, f"strength={strength.pk}": 0}.items():
        assert len(names(mira.get(f"/members/?{query}"))) == seen_by_mira
        assert names(orla.get(f"/members/?{query}")) == ["Shy"]
    row = mira.get("/members/?text=shy").text
    assert f'<p class="row-meta">{strength.name}</p>' not in row
    shown = orla.get("/members/?text=shy").text
    assert f'<p class="row-meta">{strength.name}</p>' in shown


@pytest.mark.parametrize("address", ["/members/", "/members/mira-tamm/"])
def test_members_pages_are_for_members_and_those_who_run_the_group(member, client, client_of, address):
    former = MemberFactory(state="alumni", left_at=NOW).user
    root = UserFactory(is_superuser=True)
    assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"
    seen = [client_of(user).get(address).status_code for user in (former, UserFactory(), root, member.user)]
    assert seen == [403, 403, 200, 200]


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_member_pages_cost_a_fixed_number_of_queries(db, rows, client_of):
    GroupFactory(capacity=500)
    strengths = StrengthFactory.create_batch(min(rows, 9))
    organiser = OrganiserFactory()
    for number in range(rows):
        one = MemberFactory(
            state="alumni" if number % 3 == 2 else "active", left_at=NOW if number % 3 == 2 else None
        )
        one.strengths.set(strengths)
    person = Member.objects.get(pk=one.pk)
    members = {
        "/members/": 9 if rows == 3 else 8,  # of three, one has left: another list
        f"/members/?text=person&strength={strengths[0].pk}": 9 if rows == 3 else 8,
        f"/members/{person.slug}/": 6,
    }
    assert queries_of(client_of(MemberFactory().user), members) == members
    desk = {
        "/organise/members/": 7,
        "/organise/members/?state=active": 7,
        f"/organise/members/{person.pk}/": 7,
        f"/members/{person.slug}/": 6,
    }
    assert queries_of(client_of(organiser.user), desk) == desk


# --- A member's page ------------------------------------------------------------------------------
def test_page_shows_what_is_typed_and_nothing_unsafe(member, client_of):
    member.bio = "I *knit* <script>alert(1)</script> [x](javascript:alert(1))"
    member.links = ["https://example.org/<b>"]
    member.save()
    member.strengths.add(StrengthFactory(name="Music"))
    page = client_of(MemberFactory().user).get("/members/mira-tamm/").text
    assert "I <em>knit</em> &lt;script&gt;" in page
    assert "javascript:" not in page.partition("<main")[2].replace("(javascript:", "")
    assert 'href="https://example.org/&lt;b&gt;"' in page
    assert "Music" in page


@pytest.mark.parametrize(
    ("profile", "address", "by_member", "by_organiser"),
    [
        ("members", "members", (True, True), (True, True)),
        ("members", "organisers", (True, False), (True, True)),
        ("organisers", "members", (False, False), (True, True)),
        ("organisers", "organisers", (False, False), (True, True)),
    ],
)
def test_audiences_decide_who_sees_what(
    member, organiser, client_of, profile, address, by_member, by_organiser
):
    member.bio, member.profile_audience, member.address_audience = "I knit.", profile, address
    member.leave_reason = "A long illness"
    member.save()

    def seen(client, query="") -> tuple[bool, bool]:
        page = client.get(f"/members/mira-tamm/{query}").text
        return "I knit." in page, "mira@example.org" in page

    other, mira, orla = client_of(MemberFactory().user), client_of(member.user), client_of(organiser)
    assert (seen(other), seen(orla), seen(orla, "?as=members")) == (by_member, by_organiser, by_member)
    assert ("keeps the profile to the organisers" in other.get("/members/mira-tamm/").text) is not by_member[
        0
    ]
    assert seen(mira)[0] is by_member[0]
    assert ["A long illness" in c.get("/members/mira-tamm/").text for c in (other, mira, orla)] == [
        False,
        False,
        True,
    ]


def test_unknown_member_is_404(member, client_of):
    assert client_of(member.user).get("/members/nobody/").status_code == 404
    assert client_of(member.user).get("/members/%00/").status_code == 404


def test_name_in_another_script_has_a_page(member, client_of):
    other = MemberFactory(user__name="李 明")
    assert client_of(member.user).get(other.get_absolute_url()).context["person"] == other


# --- One's own page -------------------------------------------------------------------------------
def test_own_page_is_saved(member, client_of):
    music = StrengthFactory(name="Music")
    client = client_of(member.user)
    answer = client.post(
        "/me/",
        OWN
        | {
            "name": "Mira T.",
            "time_zone": "Europe/Tallinn",
            "bio": "I knit.",
            "links": "example.org/mira\nhttps://example.net/",
            "strengths": [music.pk],
            "profile_audience": "organisers",
            "address_audience": "members",
        },
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/me/")
    member = Member.objects.select_related("user").get(pk=member.pk)
    assert (member.name, member.user.time_zone, member.bio, member.slug) == (
        "Mira T.",
        "Europe/Tallinn",
        "I knit.",
        "mira-tamm",
    )
    assert member.links == ["https://example.org/mira", "https://example.net/"]
    assert list(member.strengths.all()) == [music]
    assert (member.profile_audience, member.address_audience) == ("organisers", "members")


def test_faults_are_said_together_and_what_was_typed_stays(member, client_of):
    answer = client_of(member.user).post(
        "/me/",
        OWN
        | {"name": "", "bio": "x" * 4001, "links": "no link", "strengths": ["77"], "profile_audience": "all"},
    )
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["name"]
    assert sorted(answer.context["profile_form"].errors) == ["bio", "links", "profile_audience", "strengths"]
    assert answer.context["profile_form"].errors["bio"] == ["Write less; at most 4000 characters fit."]
    assert "no link</textarea>" in answer.text
    assert "Five things need your attention" in answer.text
    assert answer.text.count('id="error-summary-title"') == 1
    assert '<h1 dir="auto">Mira Tamm</h1>' in answer.text
    assert Member.objects.get(pk=member.pk).bio == ""


def test_own_page_saved_late_gives_no_seat_back(member, organiser, client_of):
    """A page that was opened before the removal writes nothing but what stands in it."""
    form = ProfileForm(OWN | {"bio": "Late"}, instance=Member.objects.get(pk=member.pk))
    membership.remove(member_id=member.pk, by=organiser, now=NOW, reason="Enough")
    assert form.is_valid()
    form.save()
    member.refresh_from_db()
    assert (member.state, member.bio) == ("alumni", "Late")


def test_person_without_a_membership_has_the_account_alone(group, client_of):
    client = client_of(UserFactory(name="Root", is_superuser=True))
    page = client.get("/me/")
    assert (page.context["profile_form"], page.context["leave_form"]) == (None, None)
    assert client.post("/me/", {"name": "Ruth", "time_zone": ""}).status_code == 302


def test_former_member_may_still_change_the_own_page(member, client_of):
    membership.leave_group(member_id=member.pk, by=member.user, now=NOW)
    client = client_of(member.user)
    page = client.get("/me/")
    assert (page.context["leave_form"], "Leave the group" in page.text) == (None, False)
    assert client.post("/me/", OWN | {"bio": "Gone"}).status_code == 302
    assert Member.objects.get(pk=member.pk).bio == "Gone"
    for address in ("/me/leave/", "/me/return/", "/me/goodbye/"):
        assert client.post(address).status_code == 403


# --- Leave, return, goodbye -----------------------------------------------------------------------
def test_leave_is_taken_on_the_own_page(member, client_of):
    answer = client_of(member.user).post("/me/leave/", {"until": BACK, "reason": "A baby"}, follow=True)
    member.refresh_from_db()
    assert (member.state, member.leave_until, member.leave_reason) == ("on_leave", BACK, "A baby")
    assert f"You are on leave until {BACK:%-d %B %Y}." in answer.text
    assert "Come back now" in answer.text


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("", "Choose the day of return."),
        ("soon", "Write the day like 2026-10-31."),
        ("2020-01-01", "Choose a day of return after today."),
        ("9999-12-31", "Choose a day within the next ten years, or leave the group."),
    ],
)
def test_leave_without_a_fit_day_says_so_at_the_field(member, client_of, until, sentence):
    answer = client_of(member.user).post("/me/leave/", {"until": until, "reason": "A baby"})
    assert answer.status_code == 422
    assert answer.context["leave_form"].errors == {"until": [sentence]}
    assert "A baby</textarea>" in answer.text
    assert Member.objects.get(pk=member.pk).state == "active"


def test_leave_twice_and_return_twice_change_nothing_twice(member, client_of):
    client = client_of(member.user)
    client.post("/me/leave/", {"until": BACK})
    assert "is on leave by now" in client.post("/me/leave/", {"until": BACK}, follow=True).text
    assert "Welcome back" in client.post("/me/return/", follow=True).text
    assert "has a seat by now" in client.post("/me/return/", follow=True).text
    assert list(SeatChange.objects.order_by("pk").values_list("kind", flat=True)) == ["lent", "returned"]


def test_return_into_a_full_room_says_why(group, member, client_of):
    client = client_of(member.user)
    client.post("/me/leave/", {"until": BACK})
    MemberFactory()
    group.capacity = 1
    group.save()
    assert "All 1 seats are taken or held." in client.post("/me/return/", follow=True).text
    assert Member.objects.get(pk=member.pk).state == "on_leave"


def test_goodbye_is_a_page_first(member, client_of):
    client = client_of(member.user)
    page = client.get("/me/goodbye/")
    assert "Leave the group?" in page.text
    assert Member.objects.get(pk=member.pk).state == "active"
    answer = client.post("/me/goodbye/", {"reason": "Moved"}, follow=True)
    assert "You have left Tuesday Readers." in answer.text
    member.refresh_from_db()
    assert (member.state, member.leave_reason) == ("alumni", "Moved")
    assert client.get("/next/").status_code == 403


def test_last_organiser_is_told_why_not(organiser, client_of):
    page = client_of(organiser).post("/me/goodbye/", {}, follow=True).text
    assert "Orla Quinn is the last organiser. Make somebody else an organiser first." in page
    assert Member.objects.get(user=organiser).state == "active"


@pytest.mark.parametrize("address", ["/me/leave/", "/me/return/"])
def test_get_changes_nothing(member, client_of, address):
    assert client_of(member.user).get(address).status_code == 405


def test_directory_of_many_turns_its_pages_and_keeps_the_search(member, client_of, monkeypatch):
    monkeypatch.setattr(people_views, "PEOPLE", 2)
    left = MemberFactory(user__name="Zoe Left", state="alumni", left_at=NOW)
    earlier = MemberFactory(user__name="Zoe Early", state="alumni", left_at=NOW - timedelta(days=800))
    for name in ("Zoe A", "Zoe B", "Zoe C"):
        MemberFactory(user__name=name)
    client = client_of(member.user)

    pages = [client.get("/members/", {"text": "Zoe", "page": number}).context for number in (1, 2, 3)]

    assert [[person.name for person in page["present"]] for page in pages] == [
        ["Zoe A", "Zoe B"],
        ["Zoe C"],
        [],
    ]
    assert [[(year, list(those)) for year, those in page["years"]] for page in pages] == [
        [],
        [(NOW.year, [left])],
        [(earlier.left_at.year, [earlier])],
    ]
    assert pages[0]["query"] == "text=Zoe&"


CHOICES = [("", "Any"), ("a", "A & <b>"), ("b", "B")]


class Choice(forms.Form):
    plain = forms.ChoiceField(choices=CHOICES)
    long = forms.ChoiceField(choices=CHOICES, widget=LongSelect(attrs={"class": 'x"y'}))


@pytest.mark.parametrize("value", ["", "a", "b", None, "unknown"])
def test_long_select_has_the_options_of_djangos(value):
    form = Choice(initial={"plain": value, "long": value})

    def options(name: str) -> list[str]:
        return re.findall(r"<option[^>]*>[^\n]*", str(form[name]))

    assert options("long") == options("plain")
    assert str(form["long"]).startswith('<select name="long" class="x&quot;y"')
