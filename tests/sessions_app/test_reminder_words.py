"""What reminders say: to each only what applies. The snapshots hold the whole mails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache

from members.models.application import State
from outbox import wording
from outbox.models import Message
from outbox.writing import preview
from sessions_app import mail_kinds_in_time, reminded, reminders
from sessions_app.models import GuestChair, Material, Notes, Progress, Reading, ReadingLink, Rsvp
from tests import snapshots
from tests.factories import (
    ApplicationFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
)

SNAPSHOTS = Path(__file__).parent / "snapshots"
START = datetime(2027, 4, 6, 15, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_is_settled(db) -> None:
    """Tests that commit leave their marks in the cache behind."""
    cache.clear()


@pytest.fixture
def session(group):
    session = SessionFactory(
        number=17,
        title="What *attention* attends to",
        starts_at=START,
        ends_at=START + timedelta(hours=2.5),
        place="Library, room 3",
        address="Raekoja plats 1",
        online_url="https://meet.example.org/17",
    )
    paper = ReadingFactory(
        session=session, title="Attention is all_you_need", minutes=60, part="sections 1–4"
    )
    ReadingLink.objects.create(reading=paper, title="Talk", url="https://example.org/talk")
    ReadingFactory(session=session, title="1. Seq2seq", minutes=40, url="https://example.org/seq(2)")
    ReadingFactory(session=session, title="Install it", minutes=None, url="")
    ReadingFactory(session=session, title="Left out", importance=Reading.Importance.OPTIONAL)
    return session


def mail(kind: str, name: str) -> Message:
    days = reminders.DAYS_BEFORE[kind]
    reminders.remind(now=START - timedelta(days=days) + timedelta(hours=1))
    return Message.objects.get(kind=kind, to=f"{name}@example.org")


def check(message: Message, name: str) -> None:
    snapshots.check(SNAPSHOTS / f"{name}.txt", message)


def read(session, member, count: int) -> None:
    for reading in session.readings.in_order()[:count]:
        Progress.objects.create(reading=reading, member=member, read_at=START - timedelta(days=9))


def answer(session, member, said: str = "yes", **more) -> None:
    Rsvp.objects.create(
        session=session, member=member, answer=said, answered_at=START - timedelta(days=9), **more
    )


def test_member_who_has_not_answered_is_asked_and_told_what_is_left(session, member):
    read(session, member, 1)
    check(mail(reminders.WEEK, "mira"), "reminder_week")


def test_member_who_is_ready_is_told_so_and_where_to_join(session, member):
    read(session, member, 3)
    answer(session, member)
    check(mail(reminders.DAY, "mira"), "reminder_day")


def test_member_in_line_is_told_so(session, member):
    answer(session, member, in_line_since=START - timedelta(days=9))
    assert (
        "You are in line for a chair, and hear from us when one frees.\n" in mail(reminders.DAY, "mira").text
    )


def test_each_reads_what_they_have_left_themselves(session, member):
    read(session, MemberFactory(user__email="ada@example.org"), 2)
    assert mail(reminders.DAY, "ada").subject == "Session 17 on Tuesday 6 April: What attention attends to"
    assert mail(reminders.DAY, "mira").subject == "Session 17 on Tuesday 6 April: 1 h 40 min left to prepare"


def test_presenter_is_asked_for_slides_that_are_missing(session, member):
    answer(session, member)
    talk = PresentationFactory(
        title="A *short* history", session=session, presenter=PresenterFactory(guest_name="", member=member)
    )
    text = mail(reminders.WEEK, "mira").text
    said = "You present “A short history”. Your slides are not there yet. Put them here:\n\n"
    assert said in text
    assert text.partition(said)[2].split()[0].endswith(f"/presentations/{talk.pk}/materials/")
    Material.objects.create(presentation=talk, kind="slides", url="https://example.org/slides")
    assert "You present “A short history”.\n\n" in mail(reminders.DAY, "mira").text


def test_group_that_does_not_ask_for_slides_does_not_here(session, member, group):
    type(group).objects.update(materials_days=0)
    PresentationFactory(title="A", session=session, presenter=PresenterFactory(guest_name="", member=member))
    assert "You present “A”.\n\n" in mail(reminders.WEEK, "mira").text


def test_guest_presenter_is_told_when_and_where_they_present(session):
    PresentationFactory(
        title="Guesswork", session=session, presenter=PresenterFactory(email="eve@example.org")
    )
    message = mail(reminders.DAY, "eve")
    assert message.recipient.startswith("presenter:")
    assert "The mail that asks for them holds the address of your own page.\n" in message.text
    assert "meet.example.org" not in message.text
    assert "whether you come" not in message.text


@pytest.mark.parametrize("state", [GuestChair.State.OFFERED, GuestChair.State.ACCEPTED])
def test_guest_with_a_chair_is_told_what_to_prepare(session, state):
    guest = ApplicationFactory(name="Gus", email="gus@example.org", state=State.SHORTLISTED)
    GuestChair.objects.create(
        session=session, application=guest, token_hash="x", state=state, offered_at=START - timedelta(days=20)
    )
    check(mail(reminders.DAY, "gus"), f"reminder_day_guest_{state}")


@pytest.mark.parametrize("kind", mail_kinds_in_time.KINDS, ids=lambda kind: kind.name)
def test_sample_gives_exactly_what_the_wording_may_say(session, organiser, kind):
    Notes.objects.create(session=session, text="What we said", updated_at=START)
    values = kind.sample()
    assert set(values) == set(kind.placeholders)
    wording.check(wording.default_wording(kind.name), kind.placeholders)
    assert all(preview(kind.name, values))


def test_reminder_gives_exactly_what_the_wording_may_say(session, member, group):
    (found,) = reminded.mails(reminders.DAY, "2027-04-06", session, group)
    assert set(found.values) == set(reminded.PLACEHOLDERS)
