"""Who was there: the list at the door, guests, the counter, corrections later."""

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from members import keeping, membership
from members.errors import Refused
from members.models.application import State
from sessions_app import attendance, guests, programme, rsvps
from sessions_app.models import Attendance, GuestChair, Rsvp, Session
from tests.factories import ApplicationFactory, HeldSessionFactory, MemberFactory, SessionFactory
from tests.members.test_races import at_once
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()
HTMX = {"HX-Request": "true"}


@pytest.fixture
def session(group) -> Session:
    return SessionFactory(number=18, title="Curiosity", starts_at=NOW + timedelta(minutes=30))


def door(session: Session) -> str:
    return f"/organise/sessions/{session.pk}/door/"


def mark(client, session: Session, wish: str, **extra):
    return client.post(f"{door(session)}mark/", {"wish": wish}, **extra)


def say(session: Session, member, answer: str = "yes", **more) -> Rsvp:
    return Rsvp.objects.create(session=session, member=member, answer=answer, answered_at=NOW, **more)


def words(response) -> str:
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(text).split())


def came() -> list:
    return [row.member or row.guest_chair or row.guest_name for row in Attendance.objects.order_by("pk")]


def guest_of(session: Session, organiser, name: str = "Ada Lund") -> GuestChair:
    application = ApplicationFactory(name=name, state=State.SHORTLISTED)
    return guests.offer(session_id=session.pk, application_id=application.pk, by=organiser, now=NOW)


def lists(page) -> list[tuple[str, list[str]]]:
    return [(heading, [row.name for row in rows]) for heading, rows in page.context["lists"]]


# --- Noting --------------------------------------------------------------------------------------------
def test_noting_twice_changes_nothing_and_taking_back_twice_neither(session, organiser, member):
    given = {"session_id": session.pk, "member_id": member.pk, "by": organiser}
    for minutes in (0, 1):
        attendance.note_member(**given, came=True, now=NOW + timedelta(minutes=minutes))
    assert [(row.member, row.noted_by, row.noted_at) for row in Attendance.objects.all()] == [
        (member, organiser, NOW)
    ]
    for _ in range(2):
        attendance.note_member(**given, came=False, now=NOW)
    assert came() == []


@pytest.mark.parametrize(
    ("change", "open_"),
    [
        # The page goes by the real clock, which runs on while the other tests do.
        ({"starts_at": NOW + timedelta(minutes=59)}, True),
        ({"starts_at": NOW + timedelta(minutes=120)}, False),
        ({"state": "held", "starts_at": NOW - timedelta(days=900)}, True),
        ({"starts_at": NOW - timedelta(days=900)}, True),
        ({"state": "cancelled"}, False),
        ({"state": "draft"}, False),
    ],
)
def test_door_opens_an_hour_before_and_never_closes(session, as_organiser, member, change, open_):
    starts_at = change.get("starts_at", session.starts_at)
    Session.objects.update(**{"ends_at": starts_at + timedelta(hours=2), **change})
    page = as_organiser.get(door(session))
    assert (page.status_code, 'name="wish"' in page.content.decode()) == (200, open_)
    response = mark(as_organiser, session, f"member:1:{member.pk}", follow=True)
    assert (len(came()) == 1) is open_
    assert ("Nothing was changed." in words(response)) is not open_


def test_erased_person_and_guest_of_another_session_are_refused(session, organiser, member):
    with pytest.raises(Refused, match="erased meanwhile"):
        attendance.note_member(session_id=session.pk, member_id=0, came=True, by=organiser, now=NOW)
    chair = guest_of(SessionFactory(), organiser)
    with pytest.raises(Refused, match="erased meanwhile"):
        attendance.note_guest(session_id=session.pk, chair_id=chair.pk, came=True, by=organiser, now=NOW)
    assert came() == []


@pytest.mark.django_db(transaction=True)
def test_two_organisers_tick_the_same_people_at_once(session, organiser):
    people = MemberFactory.create_batch(4)
    jobs = [
        lambda member=member: attendance.note_member(
            session_id=session.pk, member_id=member.pk, came=True, by=organiser, now=NOW
        )
        for member in people * 2
    ]
    assert at_once(jobs) == {"done": 8}
    assert Attendance.objects.count() == 4


# --- The page ------------------------------------------------------------------------------------------
def test_list_begins_with_those_who_come_and_ends_with_guests(session, as_organiser):
    people = {name: MemberFactory(user__name=name) for name in ("Zoe", "Ann", "Bo", "Cy", "Di")}
    say(session, people["Zoe"])
    say(session, people["Ann"])
    say(session, people["Bo"], in_line_since=NOW)
    say(session, people["Cy"], "maybe")
    say(session, people["Di"], "no", note="Ill")
    MemberFactory(user__name="Gone", state="alumni", left_at=NOW)
    guest_of(session, as_organiser.person.user)
    Attendance.objects.create(session=session, guest_name="Vera", noted_at=NOW)

    page = as_organiser.get(door(session))

    assert lists(page) == [
        ("Coming", ["Ann", "Zoe"]),
        ("In line for a chair", ["Bo"]),
        ("Not sure", ["Cy"]),
        ("No answer", ["Orla Quinn"]),
        ("Cannot come", ["Di"]),
        ("Guests", ["Ada Lund", "Vera"]),
    ]
    assert "1 here, 2 still expected" in words(page)
    assert "Ill" in words(page)


def test_one_tap_notes_and_another_takes_it_back(session, as_organiser, member):
    say(session, member)
    response = mark(as_organiser, session, f"member:1:{member.pk}")
    assert (response.status_code, response.url) == (302, f"{door(session)}#door-member-{member.pk}")
    page = as_organiser.get(door(session))
    assert "1 here, 0 still expected" in words(page)
    assert f'value="member:0:{member.pk}" aria-pressed="true"' in page.content.decode()
    mark(as_organiser, session, f"member:0:{member.pk}")
    assert came() == []


def test_htmx_gets_the_button_and_the_counter(session, as_organiser, member):
    say(session, member)
    page = mark(as_organiser, session, f"member:1:{member.pk}", headers=HTMX)
    text = page.content.decode()
    assert text.startswith(f'<button class="door-button" id="door-member-{member.pk}"')
    assert 'id="door-count" data-announce hx-swap-oob="true">1 here, 0 still expected</p>' in text


def test_guests_are_expected_when_they_said_so_and_ticked_off_like_members(session, as_organiser):
    chair = guest_of(session, as_organiser.person.user)
    assert attendance.head_count_of(session) == attendance.HeadCount(here=0, nameless=0, expected=0)
    GuestChair.objects.update(state="accepted")
    assert attendance.head_count_of(session) == attendance.HeadCount(here=0, nameless=0, expected=1)
    mark(as_organiser, session, f"chair:1:{chair.pk}")
    assert came() == [chair]
    assert attendance.head_count_of(session) == attendance.HeadCount(here=1, nameless=0, expected=0)
    GuestChair.objects.update(state="declined")  # and came nevertheless
    assert lists(as_organiser.get(door(session)))[-1] == ("Guests", ["Ada Lund"])
    mark(as_organiser, session, f"chair:0:{chair.pk}")
    assert came() == []


def test_guest_is_added_by_name_once_whatever_the_capitals(session, as_organiser):
    for name in ("  Vera   Ek ", "vera ek"):
        response = as_organiser.post(f"{door(session)}mark/", {"guest": name})
        assert response.status_code == 302
    assert came() == ["Vera Ek"]
    mark(as_organiser, session, "name:0:VERA EK")
    assert came() == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("  ", "Write the guest’s name."), ("\x00", "Write the guest’s name."),
     ("x" * 121, "Shorten the name; at most 120 characters are kept.")],
)  # fmt: skip
def test_guest_without_a_fitting_name_is_refused_at_the_field(session, as_organiser, name, sentence):
    page = as_organiser.post(f"{door(session)}mark/", {"guest": name})
    assert (page.status_code, came()) == (422, [])
    assert sentence in words(page)
    assert len(name) < 100 or name in page.content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    "wish", ["", "member:1:", "member:2:1", "robot:1:1", "member:1:9" * 30, "member:1:0"]
)
def test_button_that_makes_no_sense_changes_nothing(session, as_organiser, wish, headers):
    response = mark(as_organiser, session, wish, headers=headers)
    where = response.headers.get("HX-Redirect") or response.url
    assert (where, came()) == (door(session), [])
    assert "Nothing was changed." in words(as_organiser.get(door(session)))


def test_long_list_shows_the_others_by_name_alone(session, as_organiser):
    people = [MemberFactory(user__name=f"Person {n:03}") for n in range(attendance.FEW)]
    say(session, people[0])
    say(session, people[1], "maybe")
    Attendance.objects.create(session=session, member=people[2], noted_at=NOW)
    gone = MemberFactory(user__name="Gone Girl", state="alumni", left_at=NOW)

    page = as_organiser.get(door(session))
    assert lists(page) == [
        ("Coming", ["Person 000"]), ("Not sure", ["Person 001"]), ("No answer", ["Person 002"]),
    ]  # fmt: skip
    assert "58 more are found by name." in words(page)

    page = as_organiser.get(f"{door(session)}?q=son 04")
    assert lists(page) == [("No answer", [f"Person {n:03}" for n in range(40, 50)])]
    page = as_organiser.get(f"{door(session)}?q=girl")
    assert lists(page) == [("Left the group", ["Gone Girl"])]
    response = as_organiser.post(f"{door(session)}mark/?q=girl", {"wish": f"member:1:{gone.pk}"})
    assert response.url == f"{door(session)}?q=girl#door-member-{gone.pk}"
    assert "Nobody is found." in words(as_organiser.get(f"{door(session)}?q=zz%00z"))


# --- The count that everybody sees ---------------------------------------------------------------------
def test_head_count_is_none_until_somebody_is_noted(session, organiser, member):
    def count():
        return programme.with_programme(Session.objects.filter(pk=session.pk)).get().head_count

    HeldSessionFactory().attendance.create(member=member, noted_at=NOW)
    assert count() is None
    attendance.note_member(session_id=session.pk, member_id=member.pk, came=True, by=organiser, now=NOW)
    attendance.note_name(session_id=session.pk, name="Vera", came=True, by=organiser, now=NOW)
    assert count() == 2


# --- Erasing (rule 9) ----------------------------------------------------------------------------------
def test_erased_people_stay_in_the_count_without_a_name(session, organiser, member, as_organiser):
    chair = guest_of(session, organiser)
    for who in ({"member_id": member.pk}, {"chair_id": chair.pk}):
        verb = attendance.note_member if "member_id" in who else attendance.note_guest
        verb(session_id=session.pk, came=True, by=organiser, now=NOW, **who)
    membership.erase(user_ids=[member.user_id], by=organiser, now=NOW, delete=member.user.delete)
    keeping.erase(application_id=chair.application_id, now=NOW)

    assert came() == ["", ""]
    page = as_organiser.get(door(session))
    assert "2 here" in words(page)
    assert "Two of those who came have no name here any more" in words(page)


# --- Queries -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rows", [1, 3, 120])
def test_room_and_door_cost_a_fixed_number_of_queries(session, as_organiser, rows):
    Session.objects.update(chairs=rows)
    for n in range(rows):
        say(session, MemberFactory(), note="n")
        say(session, MemberFactory(), in_line_since=NOW)
        say(session, MemberFactory(), ["maybe", "no"][n % 2])
        member = MemberFactory()
        Attendance.objects.create(session=session, member=member, noted_at=NOW)
        Attendance.objects.create(session=session, guest_name=f"G {n}", noted_at=NOW)
        guest = ApplicationFactory(state=State.SHORTLISTED)
        GuestChair.objects.create(
            session=session, application=guest, token_hash=guest.link_key, offered_at=NOW
        )
    pages = {f"/organise/sessions/{session.pk}/room/": 10, door(session): 10, f"{door(session)}?q=person": 9}
    assert queries_of(as_organiser, pages) == pages


@pytest.mark.parametrize("rows", [1, 300])
def test_tap_at_the_door_costs_a_fixed_number_of_queries(
    session, as_organiser, member, rows, django_assert_num_queries
):
    for _ in range(rows):
        say(session, MemberFactory())
    with django_assert_num_queries(9):
        mark(as_organiser, session, f"member:1:{member.pk}", headers=HTMX)


# --- Answers are not changed by coming -----------------------------------------------------------------
def test_noting_changes_no_answer(session, organiser, member):
    rsvps.answer(session_id=session.pk, member=member, answer="no", now=NOW)
    attendance.note_member(session_id=session.pk, member_id=member.pk, came=True, by=organiser, now=NOW)
    assert list(Rsvp.objects.values_list("answer", flat=True)) == ["no"]


def test_sign_that_no_text_can_hold_is_left_out_of_a_name_at_the_door(session, as_organiser):
    Session.objects.update(starts_at=NOW, ends_at=NOW + timedelta(hours=2))

    mark(as_organiser, session, "name:1:Bo\x00 Lund")

    assert list(Attendance.objects.values_list("guest_name", flat=True)) == ["Bo Lund"]
