"""The life of a talk: which step leads where, who hears of it, and what its sessions bring about."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from members.errors import Refused
from members.models import Member
from outbox.models import Message
from sessions_app import proposals, schedule, tasks
from sessions_app.models import Appearance, Presentation, PresentationStep, Session, Slot
from sessions_app.proposals import ALLOWED, Details, IllegalStep, State
from tests.factories import (
    GroupFactory,
    HeldSessionFactory,
    MemberFactory,
    OrganiserFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
)
from tests.sessions_app.filled import form_of, url_of

NOW = timezone.now()


def details(**changes) -> Details:
    values = {"title": "T", "abstract": "A", "minutes": None, "names": [], "wished_session": None}
    return Details(**values | changes)


def proposal(member: Member, state: str = State.PROPOSED, **changes) -> Presentation:
    """A member's proposal as it stands in some state; a scheduled or given one has its session."""
    talk = proposals.propose(by=member, details=details(**changes), now=NOW)
    if state in (State.SCHEDULED, State.GIVEN):
        session = SessionFactory() if state == State.SCHEDULED else HeldSessionFactory()
        Slot.objects.create(presentation=talk, session=session)
    Presentation.objects.filter(pk=talk.pk).update(state=state)
    talk.refresh_from_db()
    return talk


def step_of(talk: Presentation) -> list[tuple]:
    return list(talk.steps.values_list("before", "after", "by__name", "message"))


# --- One step at a time --------------------------------------------------------------------------------
def test_proposal_is_presented_by_whoever_proposes_it_and_those_named(member, organiser, outbox):
    session = SessionFactory()
    guest = PresenterFactory(guest_name="Bo Li")

    talk = proposals.propose(
        by=member, details=details(names=["bo li", "mira tamm"], wished_session=session.pk), now=NOW
    )

    assert [a.presenter.name for a in talk.appearances.all()] == ["Mira Tamm", "Bo Li"]
    assert [a.presenter_id for a in talk.appearances.all()] == [member.presenter.pk, guest.pk]
    assert (talk.state, talk.proposed_by, talk.proposed_at) == ("proposed", member, NOW)
    assert step_of(talk) == [("", "proposed", "Mira Tamm", "")]
    assert outbox.kinds() == ["talk_proposed"]
    message = outbox.last("talk_proposed")
    assert (message.to, message.subject) == (organiser.email, "Mira Tamm proposes a talk: T")
    assert f"/organise/talks/{talk.pk}/" in message.text


def test_organiser_who_proposes_gets_no_mail_about_it(organiser, outbox):
    OrganiserFactory(user__email="other@example.org")

    proposals.propose(by=organiser.member, details=details(), now=NOW)

    assert outbox.last("talk_proposed").to == "other@example.org"
    assert outbox.kinds() == ["talk_proposed"]


def test_wish_for_a_session_that_is_not_coming_is_refused(member):
    for session in (SessionFactory(state="draft"), HeldSessionFactory()):
        with pytest.raises(Refused, match="no longer coming"):
            proposals.propose(by=member, details=details(wished_session=session.pk), now=NOW)

    assert Presentation.objects.count() == 0


def test_eleventh_open_proposal_is_refused(member):
    for number in range(10):
        proposals.propose(by=member, details=details(title=f"T {number}"), now=NOW)

    with pytest.raises(Refused, match="10 talks of yours wait"):
        proposals.propose(by=member, details=details(title="T 10"), now=NOW)

    assert Presentation.objects.count() == 10


Verb = Callable[[Presentation, Member, Member], object]


def _give(talk: Presentation, member: Member, organiser: Member) -> None:
    """The session that has it is held; without a session nothing can be."""
    session = talk.sessions.filter(state="announced").first()
    if session is None:
        raise IllegalStep("no session")
    Session.objects.filter(pk=session.pk).update(
        starts_at=NOW - timedelta(hours=2), ends_at=NOW - timedelta(hours=1)
    )
    schedule.hold(session_id=session.pk, now=NOW)


VERBS: dict[str, tuple[str, Verb]] = {
    "accept": (State.ACCEPTED, lambda t, m, o: proposals.accept(talk_id=t.pk, by=o.user, now=NOW)),
    "decline": (
        State.DECLINED,
        lambda t, m, o: proposals.decline(talk_id=t.pk, seen=t.state, by=o.user, now=NOW),
    ),
    "withdraw": (State.WITHDRAWN, lambda t, m, o: proposals.withdraw(talk_id=t.pk, by=m, now=NOW)),
    "schedule": (
        State.SCHEDULED,
        lambda t, m, o: proposals.schedule(talk_id=t.pk, session_id=SessionFactory().pk, by=o.user, now=NOW),
    ),
    "unschedule": (
        State.ACCEPTED,
        lambda t, m, o: proposals.unschedule(
            talk_id=t.pk, session_id=(t.sessions.first() or SessionFactory()).pk, by=o.user, now=NOW
        ),
    ),
    "give": (State.GIVEN, _give),
}
# The steps of people; `unschedule` leads to accepted from where `accept` does not.
STEPS = {
    ("accept", State.PROPOSED),
    ("decline", State.PROPOSED),
    ("decline", State.ACCEPTED),
    ("withdraw", State.PROPOSED),
    ("withdraw", State.ACCEPTED),
    ("withdraw", State.SCHEDULED),
    ("schedule", State.ACCEPTED),
    ("schedule", State.SCHEDULED),  # a further session; the state stays
    ("unschedule", State.SCHEDULED),
    ("give", State.SCHEDULED),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", State.values)
def test_each_step_starts_where_the_table_says_and_nowhere_else(member, organiser, outbox, verb, state):
    talk = proposal(member, state)
    target, act = VERBS[verb]
    steps, mails, slots = talk.steps.count(), len(outbox.kinds()), list(Slot.objects.values_list("pk"))

    if (verb, state) in STEPS:
        assert target in ALLOWED[state] or target == state
        act(talk, member, organiser.member)
        talk.refresh_from_db()
        assert talk.state == target
        assert talk.steps.count() == steps + 1
    else:
        with pytest.raises(IllegalStep):
            act(talk, member, organiser.member)
        talk.refresh_from_db()
        assert (talk.state, talk.steps.count()) == (state, steps)
        assert len(outbox.kinds()) == mails
        assert list(Slot.objects.values_list("pk")) == slots


def test_every_move_of_the_table_is_made_by_some_step():
    by_people = {(state, VERBS[verb][0]) for verb, state in STEPS if VERBS[verb][0] != state}
    mended = {(State.GIVEN, State.SCHEDULED), (State.GIVEN, State.ACCEPTED)}
    table = {(state, to) for state, others in ALLOWED.items() for to in others}

    assert table == by_people | mended


def test_stale_step_says_who_was_first(member, organiser):
    talk = proposal(member)
    proposals.decline(talk_id=talk.pk, seen="proposed", by=organiser, now=NOW)

    with pytest.raises(IllegalStep) as refusal:
        proposals.accept(talk_id=talk.pk, by=organiser, now=NOW)

    assert str(refusal.value) == "This talk is declined by Orla Quinn by now. Nothing was changed."


@pytest.mark.parametrize(
    ("verb", "state", "kind"),
    [
        ("accept", State.PROPOSED, "talk_accepted"),
        ("decline", State.ACCEPTED, "talk_declined"),
        ("schedule", State.ACCEPTED, "talk_scheduled"),
        ("unschedule", State.SCHEDULED, "talk_unscheduled"),
    ],
)
def test_presenters_hear_of_each_answer_once_with_its_message(member, organiser, outbox, verb, state, kind):
    other = MemberFactory(user__name="Ana", user__email="ana@example.org")
    PresenterFactory(guest_name="Bo", email="bo@example.net")
    PresenterFactory(guest_name="Cy")
    talk = proposal(member, state, names=["Ana", "Bo", "Cy"])
    session = talk.sessions.first() or SessionFactory()
    more = {"session_id": session.pk} if verb in ("schedule", "unschedule") else {}
    more |= {"seen": state} if verb == "decline" else {}

    getattr(proposals, verb)(talk_id=talk.pk, by=organiser, now=NOW, message="Bring cake.", **more)

    for address in (member.user.email, other.user.email, "bo@example.net"):
        assert outbox.kinds(address) == [kind]
    assert outbox.kinds()[1:] == [kind] * 3
    message = outbox.last(kind)
    assert "Bring cake." in message.text
    assert talk.steps.last().message == "Bring cake."


def test_members_who_have_left_read_no_address_that_is_closed_to_them(member, organiser, outbox):
    talk = proposal(member, names=["Orla Quinn"])
    Member.objects.filter(pk=member.pk).update(state="alumni", left_at=NOW)

    proposals.accept(talk_id=talk.pk, by=organiser, now=NOW)

    mails = Message.objects.filter(kind="talk_accepted").order_by("to")
    assert [(mail.to, f"/presentations/{talk.pk}/" in mail.text) for mail in mails] == [
        ("mira@example.org", False),
        ("orla@example.org", True),
    ]


def test_guests_row_of_somebody_who_became_a_member_makes_no_second_mail(member, organiser, outbox):
    talk = proposal(organiser.member)
    guest = PresenterFactory(guest_name="M. Tamm", email="Mira@example.org")
    for presenter in (guest, PresenterFactory(guest_name="", member=member)):
        Appearance.objects.create(presentation=talk, presenter=presenter)

    proposals.accept(talk_id=talk.pk, by=organiser, now=NOW)

    mails = Message.objects.filter(kind="talk_accepted").order_by("to")
    assert [(mail.to, f"/presentations/{talk.pk}/" in mail.text) for mail in mails] == [
        ("mira@example.org", True),
        ("orla@example.org", True),
    ]


def test_barred_and_nameless_presenters_hear_nothing(member, organiser, outbox):
    talk = proposal(member)
    Appearance.objects.create(
        presentation=talk, presenter=PresenterFactory(guest_name="", email="erased@example.net")
    )
    member.user.is_active = False
    member.user.save()

    proposals.accept(talk_id=talk.pk, by=organiser, now=NOW)

    assert outbox.kinds() == ["talk_proposed"]


def test_mail_about_a_draft_called_off_does_not_say_which_session(member, organiser, outbox):
    draft = SessionFactory(state="draft", number=4711)
    talk = proposal(member, State.ACCEPTED)
    proposals.schedule(talk_id=talk.pk, session_id=draft.pk, by=organiser, now=NOW)
    schedule.cancel(session_id=draft.pk, now=NOW)

    proposals.unschedule(talk_id=talk.pk, session_id=draft.pk, by=organiser, now=NOW)

    message = outbox.last("talk_unscheduled")
    assert ["4711" in part for part in (message.subject, message.text)] == [False, False]


def test_mail_about_a_draft_does_not_say_which_session(member, organiser, outbox):
    talk = proposal(member, State.ACCEPTED)
    draft = SessionFactory(state="draft", number=4711)

    proposals.schedule(talk_id=talk.pk, session_id=draft.pk, by=organiser, now=NOW)

    text = outbox.last("talk_scheduled").text
    assert ("4711" in text, "still planning" in text) == (False, True)


def test_withdrawn_talk_leaves_its_sessions_and_organisers_hear_of_it(member, organiser, outbox):
    talk = proposal(member, State.SCHEDULED)

    proposals.withdraw(talk_id=talk.pk, by=member, now=NOW, message="I move house.")

    assert list(talk.slots.all()) == []
    message = outbox.last("talk_withdrawn")
    assert (message.to, "I move house." in message.text) == (organiser.email, True)


def test_withdrawing_what_nobody_counted_on_tells_nobody(member, organiser, outbox):
    proposals.withdraw(talk_id=proposal(member).pk, by=member, now=NOW)

    assert outbox.kinds() == ["talk_proposed"]


def test_nobody_withdraws_somebody_elses_talk(member, organiser):
    talk = proposal(member, names=["Orla Quinn"])

    with pytest.raises(Refused, match="Only whoever proposed"):
        proposals.withdraw(talk_id=talk.pk, by=organiser.member, now=NOW)

    talk.refresh_from_db()
    assert talk.state == "proposed"


@pytest.mark.parametrize("session_state", ["announced", "held"])
def test_talk_of_a_session_that_has_begun_is_neither_withdrawn_nor_taken_out(
    member, organiser, session_state
):
    talk = proposal(member, State.SCHEDULED)
    Session.objects.update(state=session_state, starts_at=NOW - timedelta(minutes=1))
    session = Session.objects.get()

    with pytest.raises(Refused, match="has begun"):
        proposals.withdraw(talk_id=talk.pk, by=member, now=NOW)
    with pytest.raises(Refused, match="has begun"):
        proposals.unschedule(talk_id=talk.pk, session_id=session.pk, by=organiser, now=NOW)

    assert list(talk.sessions.all()) == [session]


@pytest.mark.parametrize(
    "session",
    [
        {"state": "held", "starts_at": NOW - timedelta(days=3)},
        {"state": "cancelled"},
        {"starts_at": NOW - timedelta(days=1)},
    ],
)
def test_session_that_is_not_to_come_takes_no_talk(member, organiser, session):
    talk = proposal(member, State.ACCEPTED)

    with pytest.raises(Refused, match="is not to come"):
        proposals.schedule(talk_id=talk.pk, session_id=SessionFactory(**session).pk, by=organiser, now=NOW)

    assert (talk.slots.count(), talk.steps.count()) == (0, 1)


def test_session_takes_a_talk_once_at_its_end(member, organiser):
    session = SessionFactory()
    Slot.objects.create(presentation=PresentationFactory(), session=session, position=7)
    talk = proposal(member, State.ACCEPTED)
    proposals.schedule(talk_id=talk.pk, session_id=session.pk, by=organiser, now=NOW)

    with pytest.raises(Refused, match="already"):
        proposals.schedule(talk_id=talk.pk, session_id=session.pk, by=organiser, now=NOW)

    assert list(talk.slots.values_list("session", "position")) == [(session.pk, 8)]


# --- What the sessions bring about ---------------------------------------------------------------------
def test_talk_is_given_when_the_last_of_its_sessions_was_held(member, organiser):
    first = SessionFactory(starts_at=NOW - timedelta(hours=3))
    second = SessionFactory(starts_at=NOW + timedelta(days=7))
    talk = PresentationFactory(session=first)
    Slot.objects.create(presentation=talk, session=second)

    schedule.hold(session_id=first.pk, now=NOW)
    talk.refresh_from_db()
    assert talk.state == "scheduled"

    schedule.hold(session_id=second.pk, now=NOW + timedelta(days=8))
    talk.refresh_from_db()
    assert talk.state == "given"
    assert step_of(talk) == [("scheduled", "given", None, "")]


def test_taking_out_what_was_partly_given_leaves_it_given(member, organiser):
    talk = proposal(member, State.SCHEDULED)
    coming = talk.sessions.get()
    Slot.objects.create(presentation=talk, session=HeldSessionFactory())

    proposals.unschedule(talk_id=talk.pk, session_id=coming.pk, by=organiser, now=NOW)

    talk.refresh_from_db()
    assert talk.state == "given"


def test_form_of_a_session_gives_a_proposal_back_and_deletes_other_talks(as_organiser, member, outbox):
    talk = proposal(member, State.SCHEDULED)
    session = talk.sessions.get()
    own = PresentationFactory(session=session, title="Own")
    data = form_of(as_organiser.get(url_of(session)))
    assert data["talks-0-title"]

    as_organiser.post(url_of(session), data | {"talks-0-remove": "on", "talks-1-remove": "on"})

    talk.refresh_from_db()
    assert talk.state == "accepted"
    assert step_of(talk)[-1] == ("scheduled", "accepted", None, "")
    assert not Presentation.objects.filter(pk=own.pk).exists()
    assert [kind for kind in outbox.kinds("mira@example.org") if kind != "talk_proposed"] == [
        "talk_unscheduled"
    ]
    message = outbox.last("talk_unscheduled")
    assert message.about == f"talk:{talk.pk}:step:{talk.steps.last().pk}"
    assert message.subject == f"No longer in session {session.number}: T"
    assert "It stays accepted, and we look for another place." in message.text


@pytest.mark.parametrize(
    ("own", "other", "steps", "told"),
    [
        ("announced", "announced", 1, "Its other sessions keep it."),
        ("announced", "held", 1, "Its other sessions keep it."),
        ("held", "held", 0, ""),  # a record is mended; nobody waits for what was given
    ],
)
def test_form_of_one_of_two_sessions_tells_who_waits_for_it(
    as_organiser, member, outbox, own, other, steps, told
):
    talk = proposal(member, State.SCHEDULED)
    session = talk.sessions.get()
    Slot.objects.create(presentation=talk, session=SessionFactory(state=other))
    Session.objects.filter(pk=session.pk).update(state=own)
    tasks.settle_talks()
    before = talk.steps.count()
    data = form_of(as_organiser.get(url_of(session)))

    as_organiser.post(url_of(session), data | {"talks-0-remove": "on"})

    talk.refresh_from_db()
    assert talk.sessions.count() == 1
    assert talk.steps.count() == before + steps
    mails = Message.objects.filter(kind="talk_unscheduled")
    assert [told in mail.text for mail in mails] == [True] * steps


def test_form_that_takes_out_an_organisers_own_talk_tells_nobody(as_organiser, member, outbox):
    session = SessionFactory()
    PresentationFactory(session=session, presenter=PresenterFactory(guest_name="", member=member))
    data = form_of(as_organiser.get(url_of(session)))

    as_organiser.post(url_of(session), data | {"talks-0-remove": "on"})

    assert (Presentation.objects.count(), outbox.kinds()) == (0, [])


def test_form_keeps_the_state_of_a_talk_that_moved_while_it_was_open(as_organiser, member):
    session = SessionFactory(starts_at=NOW - timedelta(hours=3))
    talk = PresentationFactory(session=session)
    data = form_of(as_organiser.get(url_of(session)))
    Presentation.objects.filter(pk=talk.pk).update(state="given")

    as_organiser.post(url_of(session), data)

    talk.refresh_from_db()
    assert talk.state == "given"


def test_talk_typed_into_a_held_session_is_given(as_organiser):
    session = HeldSessionFactory()
    data = form_of(as_organiser.get(url_of(session)))

    as_organiser.post(url_of(session), data | {"talks-0-title": "Old"})

    assert list(Presentation.objects.values_list("title", "state")) == [("Old", "given")]
    assert PresentationStep.objects.count() == 0


@pytest.mark.parametrize(
    ("state", "sessions", "becomes"),
    [
        ("scheduled", [], "accepted"),
        ("scheduled", ["held"], "given"),
        ("scheduled", ["held", "cancelled"], "given"),
        ("scheduled", ["cancelled"], "scheduled"),
        ("scheduled", ["held", "draft"], "scheduled"),
        ("given", ["held", "draft"], "scheduled"),
        ("given", [], "given"),
        ("accepted", ["draft"], "scheduled"),
        ("proposed", ["held"], "given"),
        ("declined", ["held"], "declined"),
        ("withdrawn", ["announced"], "withdrawn"),
    ],
)
def test_worker_brings_talks_into_step_with_their_sessions(group, state, sessions, becomes):
    talk = PresentationFactory(state=state)
    for each in sessions:
        Slot.objects.create(presentation=talk, session=SessionFactory(state=each))

    moved = tasks.settle_talks()

    talk.refresh_from_db()
    assert (talk.state, moved) == (becomes, int(state != becomes))
    assert tasks.settle_talks() == 0


# --- Somebody is erased (rule 9) -----------------------------------------------------------------------
def test_proposal_of_somebody_erased_is_withdrawn_and_a_scheduled_one_stays(group):
    gone = [proposal(MemberFactory(), state) for state in ("proposed", "accepted", "scheduled", "given")]
    for talk in gone:
        talk.proposed_by.user.delete()

    assert tasks.settle_talks() == 2

    states = list(Presentation.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["withdrawn", "withdrawn", "scheduled", "given"]


def test_proposal_stays_while_somebody_else_presents_it_who_may_withdraw_it(member):
    talk = proposal(MemberFactory(), names=["Mira Tamm"])
    talk.proposed_by.user.delete()

    assert tasks.settle_talks() == 0
    proposals.withdraw(talk_id=talk.pk, by=member, now=NOW)

    talk.refresh_from_db()
    assert talk.state == "withdrawn"


# --- At once -------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_once_one_wins_and_the_other_hears_it():
    GroupFactory()
    organisers = [OrganiserFactory().user, OrganiserFactory().user]
    talk = proposal(MemberFactory())
    start = Barrier(2)

    def answer(pair) -> str:
        verb, by = pair
        start.wait()
        try:
            verb(talk_id=talk.pk, by=by, now=NOW)
        except IllegalStep:
            return "refused"
        finally:
            connections.close_all()
        return "done"

    for _ in range(5):
        Presentation.objects.update(state="proposed")
        with ThreadPoolExecutor(2) as pool:
            verbs = (proposals.accept, partial(proposals.decline, seen="proposed"))
            answers = list(pool.map(answer, zip(verbs, organisers, strict=True)))
        assert sorted(answers) == ["done", "refused"]
    assert PresentationStep.objects.filter(before="proposed").count() == 5


# --- Random turns --------------------------------------------------------------------------------------
class Life(RuleBasedStateMachine):
    """Members, organisers, sessions and the worker take random turns; after each the rules hold."""

    def __init__(self):
        super().__init__()
        self.now = NOW
        self.member, self.organiser = MemberFactory(), OrganiserFactory()
        self.sessions = [SessionFactory(state="draft", starts_at=NOW + timedelta(days=n)) for n in (5, 9)]
        self.talk = proposals.propose(by=self.member, details=details(), now=NOW)

    def attempt(self, verb: Callable, **arguments) -> None:
        before = self._all()
        try:
            verb(**arguments)
        except Refused:
            assert self._all() == before

    def _all(self) -> list:
        return [
            list(Presentation.objects.values("pk", "state")),
            list(Slot.objects.values()),
            list(PresentationStep.objects.values()),
            list(Session.objects.values("pk", "state")),
        ]

    @rule()
    def accept(self):
        self.attempt(proposals.accept, talk_id=self.talk.pk, by=self.organiser.user, now=self.now)

    @rule(seen=st.sampled_from(State.values))
    def decline(self, seen):
        by = self.organiser.user
        self.attempt(proposals.decline, talk_id=self.talk.pk, seen=seen, by=by, now=self.now)

    @rule()
    def withdraw(self):
        self.attempt(proposals.withdraw, talk_id=self.talk.pk, by=self.member, now=self.now)

    @rule(verb=st.sampled_from([proposals.schedule, proposals.unschedule]), which=st.integers(0, 1))
    def place(self, verb, which):
        session = self.sessions[which].pk
        self.attempt(verb, talk_id=self.talk.pk, session_id=session, by=self.organiser.user, now=self.now)

    @rule(
        step=st.sampled_from([schedule.announce, schedule.hold, schedule.cancel, schedule.reopen]),
        which=st.integers(0, 1),
    )
    def session_step(self, step, which):
        clock = {} if step is schedule.reopen else {"now": self.now}
        self.attempt(step, session_id=self.sessions[which].pk, **clock)

    @rule(days=st.integers(1, 4))
    def time_passes(self, days):
        self.now += timedelta(days=days)

    @rule()
    def again(self):
        self.attempt(proposals.propose, by=self.member, details=details(), now=self.now)
        self.talk = Presentation.objects.latest("pk")

    @invariant()
    def talks_are_what_their_sessions_say(self):
        tasks.settle_talks()
        for talk in Presentation.objects.prefetch_related("sessions", "steps"):
            states = {session.state for session in talk.sessions.all()}
            if talk.state in ("scheduled", "given"):
                assert states
            else:
                assert not states
            if talk.state == "given":
                assert "held" in states
                assert not states & {"draft", "announced"}
            line = [("", "proposed")]
            line += [(step.before, step.after) for step in list(talk.steps.all())[1:]]
            assert [after for _, after in line][:-1] == [before for before, _ in line][1:]
            assert line[-1][1] == talk.state
            for before, after in line[1:]:
                assert before == after or after in ALLOWED[before]


class TestLife(HypothesisCase):
    def test_talks_keep_their_rules_whatever_happens(self):
        GroupFactory()
        run_state_machine_as_test(
            Life,
            settings=settings(
                max_examples=15,
                stateful_step_count=12,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_nobody_declines_what_a_colleague_has_accepted_meanwhile(member, organiser):
    talk = proposal(member)
    proposals.accept(talk_id=talk.pk, by=organiser, now=NOW)

    with pytest.raises(IllegalStep, match="accepted by Orla Quinn"):
        proposals.decline(talk_id=talk.pk, seen="proposed", by=organiser, now=NOW)
