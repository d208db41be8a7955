"""The one question for those who come: who asks it, who answers, who reads the answers."""

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from members.models import Member
from sessions_app import rsvps
from sessions_app.models import Rsvp, Session
from tests.factories import MemberFactory, PresentationFactory, PresenterFactory, SessionFactory

NOW = timezone.now()
HTMX = {"HX-Request": "true"}
ASK = "/sessions/18/warm-up/"
ANSWER = "/sessions/18/rsvp/"
QUESTION = "What puzzles you most?"


@pytest.fixture
def session(group) -> Session:
    return SessionFactory(number=18, title="Curiosity", warm_up=QUESTION)


def presenter_of(session: Session, **values) -> Member:
    member = MemberFactory(**values)
    PresentationFactory(session=session, presenter=PresenterFactory(guest_name="", member=member))
    return member


def words(response) -> str:
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(text).split())


def ask(session: Session, by, question: str = "Another?", now=NOW) -> Session:
    session.refresh_from_db()
    return rsvps.set_warm_up(session_id=session.pk, question=question, seen=session.warm_up, by=by, now=now)


def test_question_that_was_changed_meanwhile_is_shown_and_not_overwritten(session, as_organiser, organiser):
    ask(session, organiser, "The newer one?")

    stale = as_organiser.post(ASK, {"question": "Mine?", "seen": ""})
    session.refresh_from_db()
    assert (stale.status_code, session.warm_up) == (422, "The newer one?")
    assert "“The newer one?” Nothing was overwritten; saving again puts yours in its place." in words(stale)
    assert ">Mine?</textarea>" in re.sub(r"\s*\n", "", stale.content.decode())

    again = as_organiser.post(ASK, {"question": "Mine?", "seen": stale.context["warm_up_seen"]})
    session.refresh_from_db()
    assert (again.status_code, session.warm_up) == (302, "Mine?")


# --- Asking --------------------------------------------------------------------------------------------
def test_presenter_and_organiser_ask_and_take_away_the_question(session, organiser):
    for by in (presenter_of(session).user, organiser):
        assert ask(session, by, "  One\n line? ").warm_up == "One line?"
        assert ask(session, by, "").warm_up == ""


def test_nobody_else_asks(session, member):
    scribe = MemberFactory()
    Session.objects.update(scribe=scribe)
    elsewhere = presenter_of(SessionFactory())
    former = presenter_of(session, state="alumni", left_at=NOW)
    for by in (member, scribe, elsewhere, former):
        with pytest.raises(rsvps.NotTheirs):
            ask(session, by.user)
    assert Session.objects.get(pk=session.pk).warm_up == QUESTION


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": "held"}, "Session 18 is held. Nothing was changed."),
        ({"state": "cancelled"}, "Session 18 is cancelled. Nothing was changed."),
        ({"starts_at": NOW}, "Session 18 has started, so nobody answers any more. Nothing was changed."),
    ],
)
def test_question_is_not_changed_when_nobody_answers_any_more(session, organiser, change, sentence):
    Session.objects.filter(pk=session.pk).update(**change)
    with pytest.raises(rsvps.TooLate, match=re.escape(sentence)):
        ask(session, organiser)


def test_too_long_question_is_refused_and_stays_typed(session, as_organiser):
    with pytest.raises(rsvps.TooLong, match="at most 300 characters"):
        ask(session, as_organiser.person.user, "x" * 301)
    page = as_organiser.post(ASK, {"question": "y" * 301})
    assert page.status_code == 422
    assert "Shorten the question; at most 300 characters fit." in words(page)
    assert "y" * 301 in page.content.decode()


def test_page_saves_the_question_for_presenters_alone(session, client_of, as_member):
    presenter = client_of(presenter_of(session).user)
    assert presenter.get(ASK).status_code == 200
    response = presenter.post(ASK, {"question": "Why?", "seen": QUESTION})
    assert (response.status_code, response.url) == (302, ASK)
    assert Session.objects.get(pk=session.pk).warm_up == "Why?"
    back = presenter.post(f"{ASK}?back=readiness", {"question": "Why?"})
    assert back.url == "/sessions/18/readiness/"
    assert (as_member.get(ASK).status_code, as_member.post(ASK, {"question": "Me?"}).status_code) == (
        403,
        403,
    )
    assert Session.objects.get(pk=session.pk).warm_up == "Why?"


def test_page_of_a_session_that_has_started_says_so(session, as_organiser):
    Session.objects.filter(pk=session.pk).update(starts_at=NOW - timedelta(minutes=1))
    page = as_organiser.get(ASK)
    assert "Nobody answers any more, so the question stays as it is." in words(page)
    assert 'name="question"' not in page.content.decode()
    page = as_organiser.post(ASK, {"question": "Late?"})
    assert (page.status_code, "has started" in words(page)) == (422, True)


def test_drafts_question_is_the_organisers(group, client_of, as_organiser):
    draft = SessionFactory(number=18, state="draft")
    assert client_of(presenter_of(draft).user).get(ASK).status_code == 404
    assert as_organiser.get(ASK).status_code == 200


# --- Answering -----------------------------------------------------------------------------------------
def test_question_is_asked_of_those_who_say_yes(session, as_member):
    assert QUESTION not in words(as_member.get("/next/"))
    for answer, asked in (("maybe", False), ("no", False), ("yes", True)):
        part = as_member.post(ANSWER, {"answer": answer}, headers=HTMX)
        assert (QUESTION in words(part)) is asked


def test_answer_is_saved_and_kept_by_other_answers(session, as_member):
    as_member.post(ANSWER, {"answer": "yes"})
    as_member.post(ANSWER, {"warm_up": " The second\r\nproof ", "note": ""})
    assert Rsvp.objects.get().warm_up == "The second\nproof"
    as_member.post(ANSWER, {"answer": "no"})
    assert Rsvp.objects.get().warm_up == "The second\nproof"


def test_too_long_answer_is_refused_and_stays_typed(session, as_member):
    as_member.post(ANSWER, {"answer": "yes"})
    page = as_member.post(ANSWER, {"warm_up": "z" * 501})
    assert page.status_code == 422
    assert "Shorten your answer; at most 500 characters fit." in words(page)
    assert ("z" * 501 in page.content.decode(), Rsvp.objects.get().warm_up) == (True, "")


def test_answers_reach_presenters_and_organisers_only(session, client_of, as_member, as_organiser):
    other = MemberFactory(user__name="Bo Lind")
    rsvps.answer(session_id=session.pk, member=other, answer="yes", warm_up="Page <41>", now=NOW)
    gone = MemberFactory(state="alumni", left_at=NOW)
    Rsvp.objects.create(session=session, member=gone, answer="yes", warm_up="From afar", answered_at=NOW)
    away = MemberFactory(user__name="Cy")
    rsvps.answer(session_id=session.pk, member=away, answer="no", warm_up="Unheard", note="Ill", now=NOW)
    for reader in (client_of(presenter_of(session).user), as_organiser):
        page = reader.get(ASK)
        assert [r.warm_up for r in page.context["warm_up_answers"]] == ["Page <41>"]
        assert [r.note for r in page.context["notes_on_coming"]] == ["Ill"]
        assert "Bo Lind Page <41>" in words(page)
        assert "Cy cannot come Ill" in words(page)
    as_member.post(ANSWER, {"answer": "yes"})
    for address in ("/next/", "/sessions/18/"):
        assert "Page" not in words(as_member.get(address))


def test_changed_question_warns_and_keeps_the_answers(session, as_organiser):
    assert "answered the question as it stands" not in words(as_organiser.get(ASK))
    for _ in range(2):
        rsvps.answer(session_id=session.pk, member=MemberFactory(), answer="yes", warm_up="So", now=NOW)
    warning = "Two members have answered the question as it stands. Their answers stay if you change it."
    assert warning in words(as_organiser.get(ASK))
    as_organiser.post(ASK, {"question": "", "seen": QUESTION})
    assert list(Rsvp.objects.values_list("warm_up", flat=True)) == ["So", "So"]
    assert "The question was taken away. These are the answers to it." in words(as_organiser.get(ASK))
