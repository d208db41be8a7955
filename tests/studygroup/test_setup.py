"""A site without a group: it says so everywhere, and a code that the server prints opens it, once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from members import setup_codes
from members.models import Criterion, Group, Member, SeatChange, SetupCode, User
from members.setup_codes import AlreadySetUp, WrongCode
from sessions_app.models import Session
from studygroup import first_run
from studygroup.first_run import Wanted
from tests.factories import GroupFactory
from tests.studygroup.test_pages import queries_of

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
WANTED = Wanted(
    group={
        "name": "Tuesday Readers",
        "city": "Tallinn",
        "lead": "We read one paper a month.",
        "time_zone": "Europe/Tallinn",
        "usual_start": time(18, 30),
        "usual_end": time(21, 0),
        "capacity": 12,
    },
    name="Orla Quinn",
    email="Orla@Example.org",
    password="a long passphrase",
    title="The beginning",
    day=date(2026, 4, 7),
)
TYPED = {
    "name": "Tuesday Readers",
    "city": "Tallinn",
    "lead": "We read one paper a month.",
    "time_zone": "Europe/Tallinn",
    "usual_start": "18:30",
    "usual_end": "21:00",
    "capacity": "12",
    "organiser": "Orla Quinn",
    "email": "orla@example.org",
    "password": "",
    "title": "",
    "day": "",
}


def digest() -> str:
    return setup_codes.digest_of(setup_codes.make(now=NOW))


def enter(client: Client) -> Client:
    """A browser in which the code has been entered."""
    code = setup_codes.make(now=timezone.now())
    assert client.post("/setup/", {"code": code.lower().replace("-", " ")}).url == "/setup/group/"
    return client


# --- The code


def test_code_is_kept_as_a_hash_and_ends_the_one_before(db):
    first, second = setup_codes.make(now=NOW), setup_codes.make(now=NOW)
    assert [len(part) for part in second.split("-")] == [4, 4, 4]
    assert list(SetupCode.objects.values_list("digest", "expires_at")) == [
        (setup_codes.digest_of(second), NOW + timedelta(hours=24))
    ]
    setup_codes.check(setup_codes.digest_of(second), now=NOW)
    with pytest.raises(WrongCode, match=r"^Enter the code that the server printed last"):
        setup_codes.check(setup_codes.digest_of(first), now=NOW)


def test_code_ends_after_a_day(db):
    found = digest()
    setup_codes.check(found, now=NOW + timedelta(hours=24, seconds=-1))
    with pytest.raises(WrongCode, match=r"^This code is over a day old"):
        setup_codes.check(found, now=NOW + timedelta(hours=24))


def test_without_a_code_none_is_right(db):
    with pytest.raises(WrongCode):
        setup_codes.check(setup_codes.digest_of(""), now=NOW)


def test_there_is_no_code_for_a_site_with_a_group(group, capsys):
    with pytest.raises(AlreadySetUp):
        setup_codes.make(now=NOW)
    with pytest.raises(CommandError, match=r"^This site has been set up already"):
        call_command("setup_code")
    call_command("setup_code", "--if-needed")
    assert capsys.readouterr().out == ""


def test_command_prints_where_and_what(db, capsys):
    call_command("setup_code")
    lines = capsys.readouterr().out.split("\n")
    assert lines[1].strip() == f"{settings.SITE_URL}/setup/"
    setup_codes.check(setup_codes.digest_of(lines[3]), now=timezone.now())


# --- Making the group


def test_group_organiser_and_session_are_made_together(db):
    user, is_new = first_run.set_up(WANTED, digest=digest(), now=NOW)

    group = Group.objects.get()
    assert (group.name, group.tagline, group.organiser_name, group.capacity) == (
        "Tuesday Readers",
        "A study group in Tallinn",
        "Orla Quinn",
        12,
    )
    assert (user.email, user.is_staff, user.check_password("a long passphrase"), is_new) == (
        "orla@example.org",
        True,
        True,
        True,
    )
    assert user.emailaddress_set.values_list("email", "verified", "primary").get() == (
        "orla@example.org",
        True,
        True,
    )
    assert Member.objects.values_list("role", "state").get() == ("organiser", "active")
    assert SeatChange.objects.values_list("kind", "taken").get() == ("taken", 1)
    session = Session.objects.get()
    assert (session.number, session.title, session.state, session.local_start.isoformat()) == (
        1,
        "The beginning",
        "draft",
        "2026-04-07T18:30:00+03:00",
    )
    assert (Criterion.objects.count(), SetupCode.objects.count()) == (3, 0)


def test_code_works_once(db):
    found = digest()
    first_run.set_up(WANTED, digest=found, now=NOW)
    with pytest.raises(AlreadySetUp):
        first_run.set_up(WANTED, digest=found, now=NOW)
    assert (Group.objects.count(), User.objects.count()) == (1, 1)


def test_an_account_that_was_there_keeps_its_password(db):
    User.objects.create_user("orla@example.org", "Orla", "an older passphrase")
    user, is_new = first_run.set_up(WANTED, digest=digest(), now=NOW)
    user.refresh_from_db()
    assert (is_new, user.name, user.check_password("an older passphrase")) == (False, "Orla", True)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_one_makes_the_group_and_the_other_is_told():
    found, together, outcomes = digest(), Barrier(2), []

    def make(email: str) -> None:
        wanted = Wanted(group=WANTED.group, name="Somebody", email=email)
        together.wait()
        try:
            first_run.set_up(wanted, digest=found, now=NOW)
            outcomes.append("made")
        except AlreadySetUp:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [Thread(target=make, args=[f"{name}@example.org"]) for name in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "told"]
    assert (Group.objects.count(), User.objects.count(), Criterion.objects.count()) == (1, 1, 3)


# --- The pages


def test_every_page_says_that_there_is_no_group(db, client):
    others = ["/about/", "/privacy/", "/apply/", "/sessions/", "/curriculum/", "/resources/", "/nothing/"]
    pages = {"/": 200} | dict.fromkeys(others, 404)
    found = {page: client.get(page) for page in pages}
    assert {page: answer.status_code for page, answer in found.items()} == pages
    assert all("This site is not set up yet" in answer.content.decode() for answer in found.values())


@pytest.mark.parametrize(
    "page",
    [
        "/group.css",
        "/healthz",
        "/feed.atom",
        "/calendar.ics",
        "/sitemap.xml",
        "/robots.txt",
        "/picture.png",
        "/search/",
        "/apply/sent/",
        "/apply/lost/",
        "/presentations/",
        "/sessions/1/",
        "/application/erased/",
        "/invitation/none/",
    ],
)
def test_no_public_address_breaks_without_a_group(db, client, page):
    assert client.get(page).status_code in (200, 404)


@pytest.mark.parametrize("page", ["/me/", "/members/", "/organise/seats/", "/organise/settings/"])
def test_a_superuser_without_a_group_is_told_too(db, client_of, page):
    boss = User.objects.create_superuser("boss@example.org", "Boss", "a long passphrase")
    answer = client_of(boss).get(page)
    assert (answer.status_code, "This site is not set up yet" in answer.content.decode()) == (404, True)


def test_pages_of_setting_up_cost_a_fixed_number_of_queries(db, client):
    assert queries_of(enter(client), ["/setup/", "/setup/group/"]) == {"/setup/": 2, "/setup/group/": 2}


def test_without_the_code_the_second_page_leads_to_the_first(db, client):
    assert client.get("/setup/group/").url == "/setup/"
    assert client.post("/setup/group/", TYPED).url == "/setup/"
    assert Group.objects.count() == 0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter the code that the server printed."),
        ("AAAA-BBBB-CCCC", "Enter the code that the server printed last; this is not it."),
        ("x" * 41, "Enter the code that the server printed last; this is not it."),
    ],
)
def test_a_wrong_code_is_said_at_the_field(db, client, typed, sentence):
    digest()
    answer = client.post("/setup/", {"code": typed})
    assert (answer.status_code, answer.context["form"].errors) == (422, {"code": [sentence]})


def test_tries_at_the_code_are_counted(db, client):
    code, there = setup_codes.make(now=timezone.now()), {"REMOTE_ADDR": "192.0.2.7"}
    tries = [client.post("/setup/", {"code": "AAAA-BBBB-CCCC"}, **there).status_code for _ in range(10)]
    assert tries == [422] * 10
    last = client.post("/setup/", {"code": code}, **there)
    assert (last.status_code, last.context["form"].errors["code"]) == (
        429,
        ["Too many codes came from your network. Try again in an hour."],
    )


def test_the_group_is_made_and_its_organiser_is_signed_in(db, client):
    answer = enter(client).post("/setup/group/", TYPED)
    assert answer.url == "/organise/"
    desk = client.get("/organise/")
    assert desk.status_code == 200
    assert [str(message) for message in desk.context["messages"]] == [
        "The group is made, and you are its first organiser."
    ]
    assert Client().get("/").status_code == 200
    assert (Session.objects.count(), User.objects.get().has_usable_password()) == (0, False)


def test_an_account_that_was_there_signs_in_itself(db, client):
    User.objects.create_user("orla@example.org", "Orla", "an older passphrase")
    assert enter(client).post("/setup/group/", TYPED).url == "/accounts/login/"
    assert "_auth_user_id" not in client.session


def test_afterwards_there_is_no_door(group, client, organiser, client_of):
    for one in (client, client_of(organiser)):
        answers = [one.get(page) for page in ("/setup/", "/setup/group/")]
        answers += [one.post("/setup/", {"code": "AAAA"}), one.post("/setup/group/", TYPED)]
        assert [answer.status_code for answer in answers] == [404] * 4


def test_a_session_with_the_code_opens_nothing_afterwards(db, client):
    late = enter(client)
    GroupFactory()
    assert [late.get("/setup/group/").status_code, late.post("/setup/group/", TYPED).status_code] == [404] * 2
    assert User.objects.count() == 0


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"name": ""}, {"name": ["Write something here; the pages show it."]}),
        ({"city": "a\0"}, {"city": ["Take out the null characters; they cannot be kept."]}),
        ({"time_zone": ""}, {"time_zone": ["Choose a time zone such as Europe/London."]}),
        ({"capacity": "0"}, {"capacity": ["Write a whole number from 1 to 500."]}),
        (
            {"usual_end": "18:00"},
            {"usual_end": ["Choose a later end; it has to come after the start."]},
        ),
        ({"email": "orla"}, {"email": ["Write an address such as you@example.org."]}),
        (
            {"password": "short"},
            {"password": ["This password is too short. It must contain at least 10 characters."]},
        ),
        ({"title": "Minds"}, {"day": ["Choose a date, or leave the title empty too."]}),
        ({"day": "2026-10-16"}, {"title": ["Say what it is about, or leave the date empty too."]}),
        ({"title": "Minds", "day": "soon"}, {"day": ["Write the date as 2026-10-16."]}),
        (
            {"title": "Night", "day": "2026-03-29", "usual_start": "03:30", "usual_end": "05:00"},
            {"day": ["Choose another time; the clocks go forward that day, and 03:30 does not come."]},
        ),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(db, client, changed, errors):
    answer = enter(client).post("/setup/group/", TYPED | changed)
    assert (answer.status_code, answer.context["form"].errors) == (422, errors)
    assert answer.context["form"]["organiser"].value() == "Orla Quinn"
    assert (Group.objects.count(), User.objects.count()) == (0, 0)


def test_a_code_that_ends_meanwhile_loses_nothing_typed(db, client):
    enter(client)
    setup_codes.make(now=timezone.now())
    answer = client.post("/setup/group/", TYPED)
    assert answer.status_code == 409
    assert answer.context["form"]["name"].value() == "Tuesday Readers"
    enter(client)
    assert client.post("/setup/group/", TYPED).url == "/organise/"
