"""Who is told that they write the notes, and who that notes can be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from members.models.member import Member
from outbox.models import Message
from sessions_app import mails_in_time, notes, schedule
from sessions_app.models import Notes, Session
from tests import snapshots
from tests.factories import MemberFactory, SessionFactory

SNAPSHOTS = Path(__file__).parent / "snapshots"
NOW = datetime(2027, 4, 1, 12, 0, tzinfo=UTC)
START = datetime(2027, 4, 6, 15, 30, tzinfo=UTC)
TEXT = "# What we asked\n\nWhy *attention*?\n\n## What we found\n\nBecause."


@pytest.fixture
def session(group):
    return SessionFactory(number=17, title="Attention", starts_at=START)


def name(session: Session, member: Member | None) -> None:
    notes.choose_scribe(session_id=session.pk, member_id=member and member.pk, now=NOW)


def told(kind: str) -> list[tuple[str, str]]:
    rows = Message.objects.filter(kind=kind).order_by("pk")
    return [
        (message.to.partition("@")[0], message.about.partition(":")[2].partition(":")[2]) for message in rows
    ]


# --- The scribe ----------------------------------------------------------------------------------------
def test_scribe_of_an_announced_session_is_told(session, member):
    name(session, member)
    snapshots.check(SNAPSHOTS / "scribe_named.txt", Message.objects.get(recipient=f"user:{member.user_id}"))


def test_each_scribe_is_told_once(session, member):
    other = MemberFactory(user__email="other@example.org")
    for scribe in (member, other, None, member):
        name(session, scribe)
    assert told("scribe_named") == [("mira", f"scribe:{member.pk}"), ("other", f"scribe:{other.pk}")]


def test_scribe_whose_mail_was_outdated_is_told_when_named_again(session, member):
    name(session, member)
    Message.objects.update(state="held", held_because="outdated")
    name(session, None)
    for _ in range(2):
        name(session, member)
    assert told("scribe_named") == [("mira", f"scribe:{member.pk}"), ("mira", f"scribe:{member.pk}:2")]
    assert mails_in_time.scribe_outdated(Message.objects.last(), NOW) == ""
    name(session, None)
    name(session, member)
    assert Message.objects.count() == 2


def test_scribe_of_a_draft_is_told_when_it_is_announced(group, member):
    session = SessionFactory(starts_at=START, state=Session.State.DRAFT)
    name(session, member)
    assert told("scribe_named") == []
    schedule.announce(session_id=session.pk, now=NOW)
    assert told("scribe_named") == [("mira", f"scribe:{member.pk}")]


def test_mail_to_the_scribe_is_outdated_when_somebody_else_is(session, member):
    name(session, member)
    message = Message.objects.get(kind="scribe_named")
    assert mails_in_time.scribe_outdated(message, NOW) == ""
    name(session, None)
    said = mails_in_time.scribe_outdated(message, NOW)
    assert said == "Somebody else is the scribe now, or nobody."


# --- The notes -----------------------------------------------------------------------------------------
@pytest.fixture
def held(session):
    Session.objects.update(state=Session.State.HELD)
    return session


def save(session: Session, audience: str, *, by=None, text: str = TEXT, **more) -> None:
    base = getattr(Notes.objects.filter(session=session).first(), "revision", 0)
    notes.save(
        session_id=session.pk,
        text=text,
        by=by,
        base=base,
        now=START + timedelta(days=1),
        audience=audience,
        **more,
    )


def test_notes_that_members_can_read_are_told_to_all_but_their_writer_and_wait(held, member):
    scribe = MemberFactory()
    MemberFactory(user__email="left@example.org", state=Member.State.ALUMNI, left_at=NOW)
    save(held, "members", by=scribe.user)
    message = Message.objects.get(kind="notes_published")
    assert (message.recipient, message.state) == (f"user:{member.user_id}", Message.State.DRAFT)
    snapshots.check(SNAPSHOTS / "notes_published.txt", message)


def test_notes_are_told_of_once_an_audience(held, member):
    save(held, "members")
    save(held, "members", text="Another text")
    save(held, "organisers", text="Another text")
    save(held, "members", text="Another text")
    notes.set_audience(session_id=held.pk, audience="public", now=NOW)
    notes.set_audience(session_id=held.pk, audience="members", now=NOW)
    notes.set_audience(session_id=held.pk, audience="public", now=NOW)
    assert told("notes_published") == [("mira", "notes:members"), ("mira", "notes:public")]


def test_notes_that_everybody_could_read_are_no_news_to_members(held, member):
    save(held, "public")
    save(held, "organisers")
    save(held, "members")
    assert told("notes_published") == [("mira", "notes:public")]


@pytest.mark.parametrize(("audience", "text"), [("organisers", TEXT), ("members", ""), ("public", "")])
def test_notes_that_nobody_can_read_are_not_told_of(held, member, audience, text):
    save(held, audience, text=text)
    assert told("notes_published") == []


def test_notes_of_a_session_to_come_are_told_of_when_it_was_held(session, member):
    save(session, "members")
    assert told("notes_published") == []
    schedule.hold(session_id=session.pk, now=START + timedelta(hours=3))
    assert told("notes_published") == [("mira", "notes:members")]


@pytest.mark.parametrize("audience", ["public", "members"])
def test_old_notes_that_are_corrected_or_closed_are_not_told_of(held, member, audience):
    Notes.objects.create(session=held, text="Old", audience="public", revision=1, updated_at=NOW)
    save(held, audience, text="Corrected")
    assert told("notes_published") == []


def test_notes_brought_in_from_elsewhere_are_not_told_of(held, member):
    save(held, "members", tell=False)
    assert told("notes_published") == []


def test_mail_about_notes_is_outdated_when_they_are_closed_again(held, member):
    save(held, "members")
    message = Message.objects.get(kind="notes_published")
    assert mails_in_time.notes_outdated(message, NOW) == ""
    save(held, "organisers")
    assert mails_in_time.notes_outdated(message, NOW) == "Members can no longer read these notes."


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Just *one* sentence, with a [link](https://example.org).", "Just one sentence, with a link."),
        ("# A\n\ntext\n\n## B_c_", "- A\n- B\\_c\\_"),
        ("```\n# no heading\n# neither\n```\n\nAfter.", "\\# no heading # neither After."),
        ("One heading\n===\n\nThen words.", "One heading Then words."),
        ("word " * 100, "word " * 59 + "word…"),
    ],
)
def test_beginning_is_the_headings_or_the_first_words(source, shown):
    assert mails_in_time.beginning(source) == shown
