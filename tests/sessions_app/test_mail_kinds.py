"""Every mail about a session or a talk: its words, what they may name, and when it no longer makes sense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from members.models.application import State
from outbox.kinds import kind_of
from outbox.models import Choice, Message
from outbox.wording import check, default_wording
from outbox.writing import preview
from sessions_app import (
    changes,
    concerned,
    guests,
    mail_kinds,
    mails,
    mails_coming,
    mails_talks,
    materials,
    presenting,
    schedule,
)
from sessions_app.models import (
    Appearance,
    GuestChair,
    Material,
    Presentation,
    PresentationStep,
    PresenterLink,
    Rsvp,
    Session,
)
from tests import snapshots
from tests.factories import (
    ApplicationFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
)

NOW = datetime(2027, 1, 2, 9, 0, tzinfo=UTC)
START = datetime(2027, 1, 20, 16, 30, tzinfo=UTC)  # 18:30 in Tallinn
KINDS = [*mail_kinds.ABOUT_SESSIONS, *mail_kinds.ABOUT_TALKS]
NAMES = [kind.name for kind in KINDS]
SNAPSHOTS = Path(__file__).parent / "snapshots"


def coming(**values) -> Session:
    given = {
        "pk": 7,
        "number": 7,
        "title": "Neural *nets*",
        "starts_at": START,
        "ends_at": START + timedelta(hours=2),
        "announced_at": NOW - timedelta(days=9),
        "place": "Lantern Hall",
        "address": "1 Pikk, Tallinn",
        "online_url": "https://meet.example.org/a_b",
    }
    return SessionFactory(**given | values)


def chair_in(session: Session, **values) -> GuestChair:
    application = ApplicationFactory(name="Ada Lund", email="ada@example.org", state=State.SHORTLISTED)
    given = {"session": session, "application": application, "offered_at": NOW, "token_hash": "x"}
    return GuestChair.objects.create(**given | values)


def talk_of(member, **values) -> Presentation:
    given = {"pk": 5, "title": "What *I* found", "minutes": 25, "proposed_by": member, "proposed_at": NOW}
    presenter = PresenterFactory(guest_name="", member=member)
    return PresentationFactory(**given | {"presenter": presenter} | values)


# --- How each is written ----------------------------------------------------------------------------------
def announced(member, group):
    mails.announced(coming(), [concerned.recipient_of(member)], group, now=NOW)


def changed(member, group):
    session = coming()
    before = changes.arrangement(session)
    session.starts_at += timedelta(days=7)
    session.ends_at += timedelta(days=7)
    session.place, session.address, session.sequence = "Kumu <i>café</i>", "", 1
    news = changes.between(before, changes.arrangement(session))
    mails.changed(session, [(concerned.recipient_of(member), news)], group, now=NOW)


def cancelled(member, group):
    mails.cancelled(coming(state="cancelled"), [concerned.recipient_of(member)], group, now=NOW)


def line(make):
    def write(member, group):
        session = coming()
        rsvp = Rsvp.objects.create(
            session=session, member=member, answer="yes", answered_at=NOW, in_line_since=NOW
        )
        make([rsvp], session, group, now=NOW)

    return write


def guest_chair(member, group):
    mails.guest_chair(chair_in(coming()), "the-token", group, now=NOW)


def guest_chair_revoked(member, group):
    mails.guest_chair_revoked(chair_in(coming(), state="revoked"), group, now=NOW)


def to_organisers(kind):
    def write(member, group):
        talk = talk_of(member, wished_session=SessionFactory(number=9))
        step = PresentationStep.objects.create(
            presentation=talk, after=talk.state, by=member.user, at=NOW, message="I move house."
        )
        MemberFactory(role="organiser", user__name="Orla Quinn")
        mails_talks.to_organisers(kind, talk, step, group, now=NOW, sessions=[coming()])

    return write


def to_presenters(kind):
    def write(member, group):
        talk = talk_of(member, state="accepted")
        step = PresentationStep.objects.create(
            presentation=talk, after=talk.state, at=NOW, message="Bring *cake*.\nOr tea."
        )
        mails_talks.to_presenters(kind, talk, step, group, now=NOW, session=coming())

    return write


def slides_due(member, group):
    talk, guest = talk_of(member), PresenterFactory(guest_name="Ana", email="ana@example.org")
    recipient = concerned.presenting(guest)
    mails_talks.slides_due(talk, guest, recipient, coming(), group, now=NOW, token="the-token")


def presenter_link(member, group):
    guest = PresenterFactory(guest_name="Ana", email="ana@example.org")
    mails_talks.presenter_link(guest, 3, "the-token", group, now=NOW)


WRITE = {
    "session_announced": announced,
    "session_changed": changed,
    "session_cancelled": cancelled,
    "chair_freed": line(mails_coming.chair_freed),
    "chair_passed_on": line(mails_coming.chair_passed_on),
    "guest_chair": guest_chair,
    "guest_chair_revoked": guest_chair_revoked,
    "talk_proposed": to_organisers("talk_proposed"),
    "talk_accepted": to_presenters("talk_accepted"),
    "talk_scheduled": to_presenters("talk_scheduled"),
    "talk_unscheduled": to_presenters("talk_unscheduled"),
    "talk_declined": to_presenters("talk_declined"),
    "talk_withdrawn": to_organisers("talk_withdrawn"),
    "slides_due": slides_due,
    "presenter_link": presenter_link,
}


def written(kind: str, member, group) -> Message:
    with transaction.atomic():
        WRITE[kind](member, group)
    return Message.objects.get(kind=kind)


# --- Words --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", NAMES)
def test_default_wording_says_this(group, member, kind):
    snapshots.check(SNAPSHOTS / f"{kind}.txt", written(kind, member, group))


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_default_wording_names_only_what_is_declared(kind):
    assert check(default_wording(kind.name), kind.placeholders) is None


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_sample_fills_every_placeholder_from_the_groups_records(group, member, kind):
    coming()
    talk_of(member)

    sample = kind.sample()

    assert sorted(sample) == sorted(kind.placeholders)
    assert [words for words in preview(kind.name, sample) if not words.strip()] == []


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_group_without_records_has_no_sample(db, kind):
    assert kind.sample() is None


def test_sample_is_of_the_next_session_or_else_the_latest(group):
    SessionFactory(number=3, state="held", starts_at=NOW - timedelta(days=99))
    SessionFactory(number=4, state="held", starts_at=NOW - timedelta(days=9))
    latest = kind_of("session_announced").sample()["session_number"]
    SessionFactory(number=5)
    SessionFactory(number=2, state="draft")

    assert (latest, kind_of("session_announced").sample()["session_number"]) == (4, 5)


def test_guest_and_presenter_read_words_of_their_own(group, member):
    session = coming()
    before = changes.arrangement(session)
    session.place = ""
    news = changes.between(before, changes.arrangement(session))
    guest = PresenterFactory(guest_name="Ana", email="ana@example.org")
    with transaction.atomic():
        mails.announced(session, [concerned.presenting(guest)], group, now=NOW)
        mails.changed(session, [(concerned.presenting(guest), news)], group, now=NOW)
        mails.changed_for_guests(session, news, [chair_in(session)], group, now=NOW)

    first, second, third = Message.objects.order_by("pk")
    assert "You present in it. Its page:" in first.source
    assert "You present in it. If the change does not suit you, please tell us." in second.source
    assert "Your chair is kept." in third.source
    for mail in (first, second, third):
        assert ["meet.example.org" in part for part in (mail.text, mail.html, mail.calendar)] == [False] * 3


def test_session_of_which_only_the_date_is_known_says_no_hour(group, member):
    with transaction.atomic():
        mails.announced(coming(hours_known=False), [concerned.recipient_of(member)], group, now=NOW)

    mail = Message.objects.get()
    assert mail.subject == "Session 7: Neural nets, Wednesday 20 January"
    assert mail.source.splitlines()[2] == (
        "session 7 is on Wednesday 20 January 2027, Lantern Hall, 1 Pikk, Tallinn."
    )


def test_talk_in_a_session_that_is_a_draft_does_not_name_it(group, member):
    talk = talk_of(member, state="accepted")
    draft = coming(state="draft", announced_at=None)
    step = PresentationStep.objects.create(presentation=talk, after=talk.state, at=NOW)
    with transaction.atomic():
        mails_talks.to_presenters("talk_scheduled", talk, step, group, now=NOW, session=draft)

    mail = Message.objects.get()
    assert mail.subject == "Your talk has a place: What I found"
    assert [word in mail.text for word in ("Lantern Hall", "20 January")] == [False, False]


# --- Who, in which thread, and whether it waits ------------------------------------------------------------
@pytest.mark.parametrize("kind", NAMES)
def test_mail_says_to_whom_and_what_it_belongs_to(group, member, kind):
    mail = written(kind, member, group)

    recipients = {
        "guest_chair": "application",
        "guest_chair_revoked": "application",
        "slides_due": "presenter",
        "presenter_link": "presenter",
    }
    assert mail.recipient.partition(":")[0] == recipients.get(kind, "user")
    assert mail.recipient.partition(":")[2].isdecimal()
    thread = "talk:5" if kind.startswith("talk_") or kind == "slides_due" else "session:7"
    assert mail.thread == (mail.recipient if kind == "presenter_link" else thread)


def test_kinds_wait_and_may_be_stopped_as_the_group_expects():
    told = {
        kind.name: "".join(
            letter
            for letter, holds in (
                ("w", kind.waits),
                ("n", not kind.may_wait),
                ("o", kind.optional),
                ("u", kind.urgent),
            )
            if holds
        )
        for kind in KINDS
    }
    assert told == {
        "session_announced": "wo",
        "session_changed": "ou",
        "session_cancelled": "ou",
        "chair_freed": "nu",
        "chair_passed_on": "nu",
        "guest_chair": "",
        "guest_chair_revoked": "u",
        "talk_proposed": "o",
        "talk_accepted": "",
        "talk_scheduled": "",
        "talk_unscheduled": "",
        "talk_declined": "",
        "talk_withdrawn": "",
        "slides_due": "",
        "presenter_link": "nu",
    }


def test_member_who_wants_no_announcement_gets_none_and_others_do(group, member):
    other = MemberFactory()
    Choice.objects.create(
        recipient=f"user:{member.user_id}", kind="session_announced", how="nothing", changed_at=NOW
    )
    session = coming(state="draft", announced_at=None)

    schedule.announce(session_id=session.pk, now=NOW)

    assert dict(Message.objects.values_list("to", "state")) == {
        member.user.email: "held",
        other.user.email: "draft",
    }


@pytest.mark.parametrize("members", [1, 3, 40])
def test_announcing_and_cancelling_cost_the_same_whatever_the_members(group, members):
    MemberFactory.create_batch(members)
    session = coming(state="draft", announced_at=None)
    costs = []
    for verb in (schedule.announce, schedule.cancel):
        with CaptureQueriesContext(connection) as queries:
            verb(session_id=session.pk, now=NOW)
        costs.append(len(queries))

    assert Message.objects.count() == 2 * members
    assert costs == [14, 16]


@pytest.mark.parametrize("members", [1, 3, 40])
def test_telling_of_a_change_costs_the_same_whatever_the_members(group, members):
    MemberFactory.create_batch(members)
    session = coming()
    before = changes.arrangement(session)
    session.place = "Kumu"
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        told = changes.tell(session, before, group, now=NOW)

    assert (told, len(queries)) == (members, 11)


# --- A change while the announcement waits --------------------------------------------------------------
def test_announcement_that_waits_is_written_anew_when_the_session_moves(group, member):
    other = MemberFactory()
    session = coming(state="draft", announced_at=None)
    session = schedule.announce(session_id=session.pk, now=NOW)
    Message.objects.filter(to=other.user.email).update(state="queued")
    before = changes.arrangement(session)
    session.place = "Kumu"
    session.save()
    with transaction.atomic():
        changes.tell(session, before, group, now=NOW)

    first, second = Message.objects.filter(kind="session_announced", to=member.user.email).order_by("pk")
    assert [mail.state for mail in (first, second)] == ["draft", "draft"]
    assert ["Kumu" in mail.text for mail in (first, second)] == [False, True]
    assert [outdated(mail) for mail in (first, second)] == ["Session 7 has another date or place since.", ""]
    assert Message.objects.filter(kind="session_announced", to=other.user.email).count() == 1


# --- What no longer makes sense -----------------------------------------------------------------------------
def outdated(mail: Message, now: datetime = NOW) -> str:
    return kind_of(mail.kind).outdated(mail, now)


@pytest.mark.parametrize(
    ("kinds", "values", "sentence"),
    [
        (["session_announced", "session_changed"], {"state": "cancelled"}, "Session 7 is cancelled."),
        (["session_announced", "session_changed"], {"state": "draft"}, "Session 7 is a draft again."),
        (["session_announced", "session_changed"], {"state": "held"}, "Session 7 is over."),
        (["session_announced", "session_changed"], {"ends_at": NOW}, "Session 7 is over."),
        (["session_announced"], {"sequence": 1}, "Session 7 has another date or place since."),
        (["session_changed"], {"sequence": 2}, "Session 7 has another date or place since."),
        (["session_cancelled"], {"state": "announced"}, "Session 7 takes place after all."),
        (["session_cancelled"], {"state": "draft"}, ""),
        (["session_cancelled"], {"ends_at": NOW}, "The day of Session 7 is over."),
    ],
)
def test_mail_about_a_session_that_has_gone_on_is_outdated(group, member, kinds, values, sentence):
    for kind in kinds:
        Session.objects.all().delete()
        mail = written(kind, member, group)
        if kind == "session_changed":
            Session.objects.update(sequence=1)
        before = outdated(mail)
        Session.objects.update(**{"starts_at": NOW - timedelta(hours=9)} | values)

        assert (before, outdated(mail)) == ("", sentence)


@pytest.mark.parametrize("kind", ["chair_freed", "chair_passed_on", "guest_chair", "guest_chair_revoked"])
def test_mail_about_a_chair_in_a_session_that_is_off_is_outdated(group, member, kind):
    mail = written(kind, member, group)
    if kind == "chair_freed":
        Rsvp.objects.update(in_line_since=None)
    before = outdated(mail)
    Session.objects.update(state="cancelled")

    is_offer = kind == "guest_chair"
    sentence = "Session 7 was cancelled. It does not take place." if is_offer else "Session 7 is cancelled."
    assert (before, outdated(mail)) == ("", sentence)


@pytest.mark.parametrize("kind", [name for name in NAMES if name.startswith(("session_", "chair_"))])
def test_mail_about_a_deleted_session_is_outdated(group, member, kind):
    mail = written(kind, member, group)
    Session.objects.all().delete()

    assert outdated(mail) == "The session was deleted."


def test_chair_that_was_given_up_or_lost_again_is_no_news(group, member):
    freed = written("chair_freed", member, group)
    said = [outdated(freed)]
    Rsvp.objects.update(in_line_since=None)
    said.append(outdated(freed))
    Rsvp.objects.update(answer="no")
    said.append(outdated(freed))

    assert said == ["They wait in line again.", "", "They have said meanwhile that they do not come."]


def test_who_is_out_of_the_line_need_not_hear_of_it(group, member):
    passed = written("chair_passed_on", member, group)
    before = outdated(passed)
    Rsvp.objects.update(in_line_since=None)

    assert (before, outdated(passed)) == ("", "They no longer wait in line.")


def test_guest_chair_that_was_taken_back_is_offered_no_more(group, organiser):
    session = coming()
    application = ApplicationFactory(state=State.SHORTLISTED)
    chair = guests.offer(session_id=session.pk, application_id=application.pk, by=organiser, now=NOW)
    offered = Message.objects.get(kind="guest_chair")
    before = outdated(offered)
    guests.revoke(chair_id=chair.pk, by=organiser, now=NOW)
    revoked = Message.objects.get(kind="guest_chair_revoked")
    said = [before, outdated(offered), outdated(revoked)]
    guests.offer(session_id=session.pk, application_id=application.pk, by=organiser, now=NOW)
    again = outdated(revoked)
    application.delete()

    assert said == ["", "The organisers have taken this chair back.", ""]
    assert (again, outdated(offered)) == ("They have a chair again.", "The application was erased.")


@pytest.mark.parametrize(
    ("kind", "still", "gone"),
    [
        ("talk_proposed", "proposed", "accepted"),
        ("talk_accepted", "scheduled", "declined"),
        ("talk_scheduled", "scheduled", "accepted"),
    ],
)
def test_mail_about_a_talk_that_has_gone_on_is_outdated(group, member, kind, still, gone):
    mail = written(kind, member, group)
    said = []
    for state in (still, gone):
        Presentation.objects.update(state=state)
        said.append(outdated(mail))
    Appearance.objects.all().delete()
    Presentation.objects.all().delete()

    assert [*said, outdated(mail)] == ["", f"The talk is {gone} by now.", "The talk was deleted."]


def asked_for_slides(group) -> tuple[Message, Presentation]:
    guest = PresenterFactory(guest_name="Ana", email="ana@example.org")
    talk = PresentationFactory(session=coming(), presenter=guest)
    materials.ask_for_slides(now=START - timedelta(days=1))
    return Message.objects.get(kind="slides_due"), talk


def test_slides_that_have_come_are_asked_for_no_more(group):
    mail, talk = asked_for_slides(group)
    before = outdated(mail)
    Material.objects.create(presentation=talk, kind="slides", url="https://example.org")

    assert (before, outdated(mail)) == ("", "The slides have come.")


def test_slides_are_not_asked_for_after_the_start_or_without_a_place(group):
    mail, _ = asked_for_slides(group)
    said = [outdated(mail, START)]
    Presentation.objects.update(state="accepted")

    assert [*said, outdated(mail)] == [
        "No session with this talk is to come.",
        "The talk is accepted by now.",
    ]


def test_link_that_was_taken_back_is_not_sent(group, organiser):
    asked, _ = asked_for_slides(group)
    guest = PresenterFactory(guest_name="Bo", email="bo@example.org")
    presenting.make_link(presenter_id=guest.pk, email=guest.email, by=organiser, now=NOW)
    sent = Message.objects.get(kind="presenter_link")
    before = [outdated(asked), outdated(sent)]
    for link in PresenterLink.objects.all():
        presenting.revoke(link_id=link.pk, now=NOW)
    closed = "The organisers have taken this link back. Ask them for another one."
    after = [outdated(asked), outdated(sent)]
    PresenterLink.objects.all().delete()

    assert (before, after) == (["", ""], [closed, closed])
    assert outdated(sent) == "The link in it opens nothing."
