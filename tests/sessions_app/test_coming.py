"""Whether a member comes, with a note; what the page says of it, and who reads it."""

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from members import membership
from sessions_app import rsvps
from sessions_app.models import Rsvp, Session
from sessions_app.templatetags.coming import ordinal
from tests.factories import MemberFactory, SessionFactory

NOW = timezone.now()
HTMX = {"HX-Request": "true"}
URL = "/sessions/18/rsvp/"


@pytest.fixture
def session(group) -> Session:
    return SessionFactory(number=18, title="Curiosity")


def stored() -> list[tuple]:
    return list(Rsvp.objects.order_by("pk").values_list("answer", "note", "warm_up"))


def words(response) -> str:
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(text).split())


# --- The note ------------------------------------------------------------------------------------------
def test_answer_and_note_are_saved_together(as_member, session):
    response = as_member.post(URL, {"answer": "yes", "note": " half an hour\r\n late "})
    assert (response.status_code, response.url) == (302, "/next/#rsvp")
    assert stored() == [("yes", "half an hour late", "")]


def test_another_answer_keeps_the_note_and_an_emptied_note_is_gone(as_member, session):
    as_member.post(URL, {"answer": "yes", "note": "late"})
    as_member.post(URL, {"answer": "maybe"})
    assert stored() == [("maybe", "late", "")]
    as_member.post(URL, {"answer": "maybe", "note": ""})
    assert stored() == [("maybe", "", "")]


def test_note_alone_is_saved_and_keeps_the_answer_and_its_time(as_member, session):
    as_member.post(URL, {"answer": "yes"})
    before = Rsvp.objects.get().answered_at
    page = as_member.post(URL, {"note": "late"}, follow=True)
    assert (stored(), Rsvp.objects.get().answered_at) == ([("yes", "late", "")], before)
    assert "What you wrote is saved." in words(page)
    assert "What you wrote is saved." in words(as_member.post(URL, {"note": "late"}, headers=HTMX))


def test_note_without_an_answer_asks_for_one_and_stays_typed(as_member, session):
    for headers, status in (({}, 422), (HTMX, 200)):
        page = as_member.post(URL, {"note": "I am late"}, headers=headers)
        assert page.status_code == status
        assert "Say whether you come; the note is saved with your answer." in words(page)
        assert "I am late</textarea>" in page.content.decode()
    assert stored() == []


def test_too_long_note_is_refused_at_its_field_and_stays_typed(as_member, session):
    as_member.post(URL, {"answer": "no", "note": "short"})
    long = "x" * 301
    for headers, status in (({}, 422), (HTMX, 200)):
        page = as_member.post(URL, {"answer": "yes", "note": long}, headers=headers)
        assert page.status_code == status
        assert "Shorten the note; at most 300 characters fit." in words(page)
        assert long in page.content.decode()
    assert stored() == [("no", "short", "")]


def test_note_after_the_start_is_refused_and_shown_again(as_member, session):
    Session.objects.update(starts_at=NOW - timedelta(minutes=1))
    page = as_member.post(URL, {"answer": "yes", "note": "On my way"})
    assert page.status_code == 422
    assert "Session 18 has started. Your answer was not recorded." in words(page)
    assert "What you wrote On my way" in words(page)
    assert stored() == []


@pytest.mark.parametrize("data", [{}, {"answer": ""}, {"answer": "perhaps", "note": "n"}])
def test_what_is_none_of_the_three_changes_nothing(as_member, session, data):
    page = as_member.post(URL, data, follow=True)
    assert "Choose one of the three answers. Nothing was changed." in words(page)
    assert stored() == []


def test_verb_refuses_what_is_longer_than_is_kept(member, session):
    with pytest.raises(rsvps.TooLong, match="at most 300 characters"):
        rsvps.answer(session_id=session.pk, member=member, answer="yes", note="x" * 301, now=NOW)
    assert stored() == []


def test_null_characters_are_refused_in_words(as_member, session):
    page = as_member.post(URL, {"answer": "yes", "note": "a\x00b"})
    assert (page.status_code, stored()) == (422, [])
    assert "Take out the null characters" in words(page)


# --- Who reads it --------------------------------------------------------------------------------------
def test_note_is_read_by_organisers_and_not_by_members(as_member, as_organiser, session):
    other = MemberFactory(user__name="Bo Lind")
    rsvps.answer(session_id=session.pk, member=other, answer="yes", note="On <crutches>", now=NOW)
    for address in ("/next/", "/sessions/18/", URL):
        method = as_member.post if address == URL else as_member.get
        data = {"answer": "no"} if address == URL else {}
        assert "crutches" not in method(address, data).content.decode()
    page = as_organiser.get(f"/organise/sessions/{session.pk}/room/").content.decode()
    assert "On &lt;crutches&gt;" in page


# --- The line on the page ------------------------------------------------------------------------------
def test_member_in_line_reads_the_place(as_member, session):
    Session.objects.update(chairs=1)
    for _ in range(3):
        rsvps.answer(session_id=session.pk, member=MemberFactory(), answer="yes", now=NOW)
    page = as_member.post(URL, {"answer": "yes"}, headers=HTMX)
    assert "The room is full. You are third in line; you get a mail when a chair frees." in words(page)
    assert "1 of 4 is coming, 3 are in line." in words(page)
    assert 'value="yes" aria-pressed="true"' in page.content.decode()
    assert "third in line" in words(as_member.get("/next/"))


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "first"), (3, "third"), (10, "tenth"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"),
     (22, "22nd"), (103, "103rd"), (112, "112th"), (24, "24th")],
)  # fmt: skip
def test_place_is_said_in_words(number, said):
    assert ordinal(number) == said


# --- Erasing (rule 9) ----------------------------------------------------------------------------------
def test_erased_members_answer_goes_with_them(as_organiser, member, session):
    rsvps.answer(session_id=session.pk, member=member, answer="yes", note="late", now=NOW)
    membership.erase(
        user_ids=[member.user_id], by=as_organiser.person.user, now=NOW, delete=member.user.delete
    )
    assert stored() == []


# --- Who comes, for organisers -------------------------------------------------------------------------
def test_room_page_groups_people_by_their_answers(as_organiser, group):
    session = SessionFactory(number=18, chairs=1)
    people = {name: MemberFactory(user__name=name) for name in ("Ann", "Bo", "Cy", "Di", "Ed")}
    for name, answer in (("Ann", "yes"), ("Bo", "yes"), ("Cy", "maybe"), ("Di", "no")):
        rsvps.answer(session_id=session.pk, member=people[name], answer=answer, now=NOW)
    MemberFactory(user__name="Gone", state="alumni", left_at=NOW)

    page = as_organiser.get(f"/organise/sessions/{session.pk}/room/")

    groups = [(heading, [(p.name, p.place) for p in rows]) for heading, rows in page.context["groups"]]
    assert groups == [
        ("Coming", [("Ann", None)]),
        ("In line for a chair", [("Bo", 1)]),
        ("Not sure", [("Cy", None)]),
        ("No answer", [("Ed", None), ("Orla Quinn", None)]),
        ("Cannot come", [("Di", None)]),
    ]
    assert "1 of 6 is coming, 1 is not sure, 1 is in line. The room has 1 chair." in words(page)


def test_room_and_door_are_the_organisers(as_member, session):
    for page in ("room", "door"):
        assert as_member.get(f"/organise/sessions/{session.pk}/{page}/").status_code == 403
    assert as_member.post(f"/organise/sessions/{session.pk}/door/mark/").status_code == 403


def test_room_and_door_of_no_session_are_not_found(as_organiser, group):
    for page in ("room", "door"):
        assert as_organiser.get(f"/organise/sessions/99/{page}/").status_code == 404


def test_dashboard_and_list_do_not_count_those_in_line_as_coming(as_organiser, group):
    session = SessionFactory(chairs=1, place="Here")
    for _ in range(3):
        rsvps.answer(session_id=session.pk, member=MemberFactory(), answer="yes", now=NOW)
    assert "1 coming" in words(as_organiser.get("/organise/sessions/"))
    assert "3 of 4: 1 come" in words(as_organiser.get("/organise/"))
