"""The organisers' list of sessions, and the steps of a session's life."""

from datetime import timedelta

import pytest
from django.utils import timezone

from outbox.models import KindSetting, Message
from sessions_app.models import Rsvp, Session
from sessions_app.views import organiser
from tests.factories import MemberFactory, PresentationFactory, ReadingFactory, SessionFactory
from tests.sessions_app.test_public_pages import text_of

STEPS = ["announce", "hold", "cancel", "reopen"]


def step(client, session: Session, name: str, **kwargs):
    return client.post(f"/organise/sessions/{session.pk}/{name}/", **kwargs)


def in_days(days: float) -> dict:
    return {"starts_at": timezone.now() + timedelta(days=days)}


def test_list_groups_sessions_by_what_they_need(as_organiser):
    SessionFactory(number=1, state="held", **in_days(-90))
    SessionFactory(number=2, state="held", **in_days(-60))
    SessionFactory(number=3, state="cancelled", **in_days(-30))
    SessionFactory(number=4, **in_days(-2))
    SessionFactory(number=6, **in_days(20))
    SessionFactory(number=5, **in_days(9))
    SessionFactory(number=7, state="draft", **in_days(40))

    groups = as_organiser.get("/organise/sessions/").context["groups"]

    assert [(words, [session.number for session in rows]) for words, rows in groups] == [
        ("Over, not closed yet", [4]),
        ("Announced", [5, 6]),
        ("Drafts", [7]),
        ("Held", [2, 1]),
        ("Cancelled", [3]),
    ]


def test_list_keeps_its_order_from_page_to_page(as_organiser, monkeypatch):
    monkeypatch.setattr(organiser, "PAGE", 2)
    for number, state, days in (
        (1, "held", -90), (2, "held", -60), (3, "cancelled", -70), (4, "cancelled", -30),
        (5, "announced", -2), (6, "announced", 9), (7, "draft", 40),
    ):  # fmt: skip
        SessionFactory(number=number, state=state, **in_days(days))

    asked = (f"/organise/sessions/?page={page}" for page in (1, 2, 3, 4, 9))
    pages = [as_organiser.get(address).context["groups"] for address in asked]

    assert [[session.number for _, rows in groups for session in rows] for groups in pages] == [
        [5, 6], [7, 2], [1, 4], [3], [3],
    ]  # fmt: skip


def test_list_counts_readings_talks_and_who_comes(as_organiser):
    session = SessionFactory()
    ReadingFactory.create_batch(2, session=session)
    PresentationFactory.create_batch(3, session=session)
    for answer in ["yes", "yes", "no"]:
        Rsvp.objects.create(
            session=session, member=MemberFactory(), answer=answer, answered_at=timezone.now()
        )

    assert "Two readings, three presentations, 2 coming" in text_of(as_organiser.get("/organise/sessions/"))


def test_empty_list_says_what_to_do(as_organiser):
    assert "Plan the first one" in text_of(as_organiser.get("/organise/sessions/"))


@pytest.mark.parametrize("name", STEPS)
def test_steps_are_posts_of_organisers(name, visitor, as_member, as_organiser):
    session = SessionFactory(state="cancelled" if name == "reopen" else "draft")
    before = session.state

    assert step(visitor, session, name).url.startswith("/accounts/login/")
    assert step(as_member, session, name).status_code == 403
    assert as_organiser.get(f"/organise/sessions/{session.pk}/{name}/").status_code == 405
    assert as_organiser.post(f"/organise/sessions/999/{name}/").status_code == 404
    session.refresh_from_db()
    assert session.state == before


def test_announce_tells_every_active_member_once(as_organiser):
    MemberFactory.create_batch(2)
    session = SessionFactory(number=9, state="draft")

    first = step(as_organiser, session, "announce", follow=True)
    again = step(as_organiser, session, "announce", follow=True)

    session.refresh_from_db()
    assert session.state == "announced"
    assert (
        "Session 9 is announced. 3 mails wait in the outbox until you release them. "
        '<a href="/organise/outbox/?state=draft">Read and release them</a>'
    ) in first.text
    assert "Session 9 is announced. Nothing was changed." in text_of(again)
    assert Message.objects.filter(kind="session_announced").count() == 3


def test_announcement_that_does_not_wait_says_so_before_and_after(as_organiser):
    KindSetting.objects.create(kind="session_announced", waits=False)
    session = SessionFactory(number=9, state="draft")

    page = as_organiser.get(f"/organise/sessions/{session.pk}/")
    done = step(as_organiser, session, "announce", follow=True)

    assert "Everybody sees the page, and 1 member gets a mail. What is saved" in text_of(page)
    assert "Session 9 is announced, and the mails are on their way." in text_of(done)
    assert Message.objects.get().state == "queued"


def test_announce_of_a_past_session_is_refused_in_words(as_organiser):
    session = SessionFactory(state="draft", **in_days(-5))

    page = step(as_organiser, session, "announce", follow=True)

    session.refresh_from_db()
    assert session.state == "draft"
    assert "This session is over." in text_of(page)
    assert Message.objects.count() == 0


def test_hold_before_the_start_is_refused_and_after_it_done(as_organiser):
    early, late = SessionFactory(**in_days(1)), SessionFactory(**in_days(-1))

    refused, done = (step(as_organiser, session, "hold", follow=True) for session in (early, late))

    assert "This session has not started yet. Nothing was changed." in text_of(refused)
    assert "is in the archive now." in text_of(done)
    assert [Session.objects.get(pk=s.pk).state for s in (early, late)] == ["announced", "held"]


def test_cancel_of_an_announced_session_writes_to_members_and_of_a_draft_does_not(as_organiser):
    draft = SessionFactory(state="draft")
    announced = SessionFactory(announced_at=timezone.now())

    for session in (draft, announced, announced):
        step(as_organiser, session, "cancel")

    assert set(Session.objects.values_list("state", flat=True)) == {"cancelled"}
    assert Message.objects.filter(kind="session_cancelled").count() == 1


def test_reopen_makes_a_draft(as_organiser):
    session = SessionFactory(state="cancelled")

    page = step(as_organiser, session, "reopen", follow=True)

    session.refresh_from_db()
    assert session.state == "draft"
    assert "is a draft again." in text_of(page)


@pytest.mark.parametrize(
    ("state", "days", "offered", "words"),
    [
        (
            "draft",
            5,
            {"announce", "cancel"},
            "Everybody sees the page, and 1 member gets a mail when you release it from the outbox.",
        ),
        ("draft", -5, {"cancel"}, "Its date is past."),
        ("announced", 5, {"cancel"}, "The page says that it is cancelled, and 1 member gets a mail."),
        ("announced", -5, {"hold", "cancel"}, "It has started, so no mail goes out."),
        ("held", -5, set(), "Held"),
        ("cancelled", 5, {"reopen"}, "It becomes a draft."),
    ],
)
def test_page_offers_the_steps_that_are_open_and_says_what_they_do(as_organiser, state, days, offered, words):
    session = SessionFactory(state=state, **in_days(days))

    page = text_of(as_organiser.get(f"/organise/sessions/{session.pk}/"))

    assert {name for name in STEPS if f'action="/organise/sessions/{session.pk}/{name}/"' in page} == offered
    assert words in page
