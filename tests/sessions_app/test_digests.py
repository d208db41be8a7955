"""The members' weekly digest: who gets it, when, and what stands in it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from members import recipients
from members.models import Group
from members.models.member import Member
from outbox import choices
from outbox.models import Message
from outbox.wording import Markdown
from outbox.writing import write
from sessions_app import digests, moments
from sessions_app.mail_words import session_words
from sessions_app.models import Presentation, Progress, Rsvp, Session
from tests import snapshots
from tests.factories import (
    MemberFactory,
    OrganiserFactory,
    PresentationFactory,
    ReadingFactory,
    SessionFactory,
)
from tests.members.test_races import at_once

SNAPSHOTS = Path(__file__).parent / "snapshots"
MONDAY = datetime(
    2027, 3, 29, 5, 0, tzinfo=UTC
)  # eight o’clock in Tallinn, on the day after the clocks changed
WEEK = timedelta(days=7)
How = choices.How


@pytest.fixture(autouse=True)
def _nothing_is_settled(db) -> None:
    """Tests that commit leave their marks in the cache behind."""
    cache.clear()


def want(member: Member, how: str = How.MAIL, kind: str = "digest") -> None:
    choices.choose(recipients.of_user(member.user_id), {kind: how}, now=MONDAY)


@pytest.fixture
def session(group):
    session = SessionFactory(
        number=17, title="*Attention*", starts_at=MONDAY + timedelta(days=8), place="Library"
    )
    ReadingFactory(session=session, title="A paper", minutes=60)
    ReadingFactory(session=session, title="A video", minutes=40)
    return session


def keep(member: Member, session: Session, *, at: datetime, about: str = "") -> Message:
    """A mail of a kind that this member wants in the digest."""
    want(member, How.DIGEST, "session_announced")
    words = {"name": member.name, "group": "Tuesday Readers", **session_words(session), "signs_in": True}
    with transaction.atomic():
        return write(
            kind="session_announced",
            about=about or f"session:{session.pk}:{at:%Y-%m-%d}",
            to=member.user.email,
            context=words,
            now=at,
            recipient=recipients.of_user(member.user_id),
            waits=False,
        )


def told() -> list[tuple[str, str]]:
    return list(Message.objects.filter(kind="digest").order_by("pk").values_list("to", "about"))


# --- When ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("zone", "weekday", "until", "now", "due"),
    [
        ("Europe/Tallinn", 1, None, "2027-03-29T05:00", "2027-03-29T05:00"),
        ("Europe/Tallinn", 1, None, "2027-03-29T04:59", "2027-03-22T06:00"),  # an hour later in UTC: winter
        ("Europe/Tallinn", 7, None, "2027-10-31T06:00", "2027-10-31T06:00"),  # on the day of the clocks
        ("Europe/Tallinn", 3, time(7, 15), "2027-03-29T05:00", "2027-03-24T05:15"),
        ("America/New_York", 7, time(9), "2027-03-14T13:00", "2027-03-14T13:00"),
        ("America/New_York", 7, time(9), "2027-03-14T12:59", "2027-03-07T14:00"),
    ],
)
def test_digest_falls_due_on_its_weekday_at_the_end_of_the_quiet_hours(zone, weekday, until, now, due):
    quiet_until = until or time(22)  # nothing between the two: no quiet hours
    group = Group(time_zone=zone, digest_weekday=weekday, quiet_from=time(22), quiet_until=quiet_until)
    now, due = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, due))
    assert moments.newest_digest(group, now=now) == due


def test_digest_goes_once_a_week(session, member):
    want(member)
    minute = timedelta(minutes=1)
    looks = [MONDAY - minute, MONDAY, MONDAY + minute, MONDAY + timedelta(days=5), MONDAY + WEEK]
    assert [digests.send(now=now) for now in looks] == [0, 1, 0, 0, 1]
    assert [about for _, about in told()] == ["digest:2027-W13", "digest:2027-W14"]


def test_worker_that_was_down_sends_it_within_days_and_later_keeps_all_for_the_next(session, member):
    want(member)
    assert digests.send(now=MONDAY + digests.LATE + timedelta(minutes=1)) == 0
    assert digests.send(now=MONDAY + digests.LATE) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_one_each(session, member):
    want(member)
    assert at_once([lambda: digests.send(now=MONDAY)] * 4) == {"done": 4}
    assert told() == [("mira@example.org", "digest:2027-W13")]


def test_outbox_keeps_it_once_when_the_cache_has_forgotten(session, member):
    want(member)
    digests.send(now=MONDAY)
    cache.clear()
    assert digests.send(now=MONDAY) == 0


# --- Who -----------------------------------------------------------------------------------------------
def test_digest_goes_to_who_chose_it_or_has_a_kind_in_it_and_to_nobody_else(session, member):
    people = {
        name: MemberFactory(user__email=f"{name}@example.org") for name in ("kind", "both", "left", "no")
    }
    want(member)
    want(people["kind"], How.DIGEST, "session_announced")
    want(people["both"], How.DIGEST, "session_announced")
    want(people["both"], How.NOTHING)
    want(people["no"], How.NOTHING, "session_announced")
    want(people["left"])
    Member.objects.filter(pk=people["left"].pk).update(state=Member.State.ALUMNI, left_at=MONDAY)
    digests.send(now=MONDAY)
    assert [to for to, _ in told()] == ["mira@example.org", "kind@example.org"]


def test_digest_with_nothing_to_say_does_not_go(group, member):
    want(member)
    assert digests.send(now=MONDAY) == 0


def test_who_does_not_come_is_not_told_of_the_session(session, member):
    want(member)
    Rsvp.objects.create(session=session, member=member, answer="no", answered_at=MONDAY)
    assert digests.send(now=MONDAY) == 0
    keep(member, session, at=MONDAY + timedelta(days=1))
    assert digests.send(now=MONDAY + WEEK) == 1
    assert "The next session" not in Message.objects.get(kind="digest").text


# --- What ----------------------------------------------------------------------------------------------
def test_digest_lists_what_was_kept_and_what_is_left_to_prepare(session, member):
    Progress.objects.create(reading=session.readings.get(title="A paper"), member=member, read_at=MONDAY)
    keep(member, session, at=MONDAY - timedelta(days=2))
    digests.send(now=MONDAY)
    message = Message.objects.get(kind="digest")
    assert message.state == Message.State.QUEUED
    snapshots.check(SNAPSHOTS / "digest.txt", message)


def test_each_mail_stands_in_one_digest(session, member):
    want(member)
    keep(member, session, at=MONDAY - timedelta(days=2))
    digests.send(now=MONDAY)
    keep(member, session, at=MONDAY + timedelta(days=2))
    digests.send(now=MONDAY + WEEK)
    assert [text.count("- Session 17: ") for text in texts()] == [1, 1]


def test_mail_that_was_on_its_way_when_the_digest_was_chosen_stands_in_the_next(session, member):
    want(member)
    message = keep(member, session, at=MONDAY - timedelta(days=2))
    Message.objects.filter(pk=message.pk).update(state=Message.State.DRAFT, held_because="")
    digests.send(now=MONDAY)
    tuesday = MONDAY + timedelta(days=1)
    key = recipients.of_user(member.user_id)
    choices.choose(key, {"session_announced": How.DIGEST}, now=tuesday)
    digests.send(now=MONDAY + WEEK)
    assert [text.count("- Session 17: ") for text in texts()] == [0, 1]


@pytest.mark.parametrize("state", [Session.State.CANCELLED, Session.State.DRAFT])
def test_mail_that_is_outdated_by_then_is_left_out(session, member, state):
    later = SessionFactory(number=18, starts_at=MONDAY + timedelta(days=9))
    for each in (session, later):
        keep(member, each, at=MONDAY - timedelta(days=2))
    Session.objects.filter(pk=later.pk).update(state=state)
    digests.send(now=MONDAY)
    assert ["- Session 17: " in texts()[0], "- Session 18: " in texts()[0]] == [True, False]


def texts() -> list[str]:
    return list(Message.objects.filter(kind="digest").order_by("pk").values_list("text", flat=True))


def test_reminders_are_left_out_since_the_digest_says_it_itself(session, member):
    keep(member, session, at=MONDAY - timedelta(days=1))
    Message.objects.update(kind="reminder_week")
    digests.send(now=MONDAY)
    assert "since the last digest" not in texts()[0]


def test_mail_without_a_page_is_quoted(group, member):
    want(member, How.DIGEST, "circular")
    with transaction.atomic():
        write(
            kind="circular",
            about="circular:x",
            to=member.user.email,
            context={"subject": "Another room", "text": Markdown("We meet\n\n- *here*"), "group": "G"},
            now=MONDAY - timedelta(days=1),
            recipient=recipients.of_user(member.user_id),
        )
    digests.send(now=MONDAY)
    assert "- Another room\n\n  > We meet\n  >\n  > - here\n  >\n  > G\n" in texts()[0]


def test_talk_leads_organisers_to_their_page_and_members_to_the_talk(session, member):
    organiser, talk = OrganiserFactory(), PresentationFactory()
    for person in (member, organiser):
        keep(person, session, at=MONDAY - timedelta(days=1), about=f"talk:{talk.pk}:step:1")
    Message.objects.update(kind="talk_proposed")
    Presentation.objects.update(state="proposed")
    digests.send(now=MONDAY)
    found = [f"{settings.SITE_URL}/organise/talks/{talk.pk}/" in text for text in texts()]
    assert found == [False, True]


@pytest.mark.parametrize("many", [1, 3, 40])
def test_look_costs_a_fixed_number_of_queries(session, many):
    for member in MemberFactory.create_batch(many):
        keep(member, session, at=MONDAY - timedelta(days=1))
    costs = []
    for now in (MONDAY - timedelta(days=3), MONDAY, MONDAY + timedelta(minutes=1)):
        with CaptureQueriesContext(connection) as queries:
            digests.send(now=now)
        costs.append(len(queries))
    assert (costs, len(told())) == ([1, 24, 2], many)
