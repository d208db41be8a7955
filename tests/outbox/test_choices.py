"""How people want their mail: what is written next, what is held back, and the link that stops a kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from outbox import choices, delivery, kinds
from outbox.choices import How, LinkBroken
from outbox.errors import Refused
from outbox.line import Line
from outbox.models import Choice, Message
from outbox.writing import Mail, write, write_all

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=5)
State, Why = Message.State, Message.Why
MIRA = "user:7"
KINDS = kinds.every()  # before a test adds its own
OTHERS = {
    State.SENDING: {"leased_until": LATER},
    State.SENT: {"sent_at": NOW},
    State.HELD: {"held_because": Why.DISCARDED},
}


@pytest.fixture
def optional(kind):
    """A kind that one may choose about, whose wording needs no file."""
    return kind("choice_test", optional=True)


def row(kind="choice_test", *, n=1, recipient=MIRA, state=State.QUEUED) -> Message:
    return Message.objects.create(
        kind=kind,
        about=f"thing:{n}",
        to=f"reader{n}@example.org",
        recipient=recipient,
        subject="A fact",
        text="Words.",
        html="<p>Words.</p>",
        state=state,
        message_id=f"<{kind}-{recipient}-{n}-{state}@test>",
        created_at=NOW,
        due_at=NOW,
        **OTHERS.get(state, {}),
    )


def state_of(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.held_because


# --- What is written next --------------------------------------------------------------------------------
def test_every_optional_kind_is_written_as_its_recipient_wants_it(db):
    """What waits, waits; what goes in the digest or not at all is held back for that reason."""
    found, expected = {}, {}
    for kind in (kind for kind in KINDS if kind.optional):
        for how in [None, *choices.ways_of(kind)]:
            who = f"user:{len(found) + 1}"
            if how:
                choices.choose(who, {kind.name: how}, now=NOW)
            with transaction.atomic():
                message = write(
                    kind=kind.name,
                    about=f"thing:{who}",
                    to="reader@example.org",
                    recipient=who,
                    context={},
                    now=LATER,
                )
            found[kind.name, how] = state_of(message)
            goes = (State.DRAFT if kind.waits else State.QUEUED, "")
            expected[kind.name, how] = {
                How.DIGEST: (State.HELD, Why.DIGEST),
                How.NOTHING: (State.HELD, Why.STOPPED),
            }.get(how, goes)
    assert found == expected
    assert len(found) > 20


def test_necessary_kinds_are_written_whatever_stands_in_the_table(db):
    """Choices of a time when a kind could be stopped do not count any more."""
    necessary = [kind for kind in KINDS if not kind.optional and kind.part != "Tests"]
    Choice.objects.bulk_create(
        Choice(recipient=MIRA, kind=kind.name, how=How.NOTHING, changed_at=NOW) for kind in necessary
    )
    for kind in necessary:
        with transaction.atomic():
            write(kind=kind.name, about="x:1", to="m@example.org", recipient=MIRA, context={}, now=NOW)
    assert Message.objects.filter(state=State.HELD).count() == 0
    assert Message.objects.count() == len(necessary)


def test_mails_to_many_are_held_back_for_those_alone_who_want_none(db):
    choices.choose("user:1", {"session_announced": How.NOTHING}, now=NOW)
    mails = [Mail(about="session:1", to=f"reader{n}@example.org", recipient=f"user:{n}") for n in (1, 2, 3)]
    with transaction.atomic():
        write_all("session_announced", mails, now=NOW)
    found = Message.objects.order_by("recipient").values_list("recipient", "state")
    assert list(found) == [("user:1", "held"), ("user:2", "draft"), ("user:3", "draft")]


# --- What is written already -----------------------------------------------------------------------------
@pytest.mark.parametrize(("how", "why"), [(How.NOTHING, Why.STOPPED), (How.DIGEST, Why.DIGEST)])
@pytest.mark.parametrize("state", State.values)
def test_choosing_holds_back_what_has_not_gone(db, optional, how, why, state):
    message = row(state=state)
    before = state_of(message)
    held = choices.choose(MIRA, {optional.name: how}, now=LATER)
    waits = state in (State.DRAFT, State.QUEUED, State.FAILED)
    assert (held, state_of(message)) == ((1, (State.HELD, why)) if waits else (0, before))
    steps = list(message.steps.values_list("what", "by", "at"))
    assert steps == ([("held", MIRA, LATER)] if waits else [])


def test_choosing_leaves_other_people_and_other_kinds_alone(db, optional):
    others = [row(recipient="user:8", n=2), row("welcome", n=3), row(recipient="", n=4)]
    assert choices.choose(MIRA, {optional.name: How.NOTHING}, now=LATER) == 0
    assert [state_of(message) for message in others] == [(State.QUEUED, "")] * 3


@pytest.mark.parametrize(
    ("how", "why"), [(How.MAIL, ""), (How.DIGEST, Why.DIGEST), (How.NOTHING, Why.STOPPED)]
)
def test_mail_that_a_worker_holds_goes_only_while_it_is_wanted(db, optional, mailoutbox, how, why):
    message = row()
    leased = delivery.lease(now=LATER)
    choices.choose(MIRA, {optional.name: how}, now=LATER)
    with Line() as line:
        assert delivery.send(leased[0], line) is (not why)
    assert state_of(message) == ((State.HELD, why) if why else (State.SENT, ""))
    assert len(mailoutbox) == (not why)


def test_mail_of_a_kind_that_was_dropped_is_sent_all_the_same(db):
    assert choices.unwanted(row("dropped")) == ""


def test_coming_back_sends_nothing_that_was_held_back(db, optional):
    message = row()
    choices.choose(MIRA, {optional.name: How.NOTHING}, now=NOW)
    assert choices.choose(MIRA, {optional.name: How.MAIL}, now=LATER) == 0
    assert state_of(message) == (State.HELD, Why.STOPPED)
    assert choices.of(MIRA) == {optional.name: How.MAIL}


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_choosing_costs_four_queries_whatever_waits(db, optional, rows):
    for n in range(rows):
        row(n=n)
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        choices.choose(MIRA, {optional.name: How.NOTHING, "circular": How.DIGEST}, now=NOW)
    asked = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(asked) == 4


def test_nobody_may_stop_what_is_necessary(db, optional):
    with pytest.raises(Refused, match="Mails of the kind “A seat is offered” cannot be stopped"):
        choices.choose(MIRA, {optional.name: How.NOTHING, "invitation": How.NOTHING}, now=NOW)
    assert choices.of(MIRA) == {}


@pytest.mark.parametrize("how", [How.DIGEST, "loud"])
def test_a_digest_does_not_come_in_itself(db, how):
    with pytest.raises(Refused, match="“The weekly digest” does not come that way"):
        choices.choose(MIRA, {"digest": how}, now=NOW)
    assert choices.of(MIRA) == {}


# --- The link --------------------------------------------------------------------------------------------
def test_stop_token_names_its_recipient_and_its_kind(optional):
    assert choices.read_stop_token(choices.stop_token(MIRA, optional.name)) == (MIRA, optional.name)


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-1], lambda t: "x" + t, lambda t: "", lambda t: t.split(":")[0], lambda t: "é:é"]
)
def test_stop_token_that_is_not_whole_is_refused(optional, spoil):
    with pytest.raises(LinkBroken, match="This link is not whole"):
        choices.read_stop_token(spoil(choices.stop_token(MIRA, optional.name)))


def test_stop_token_of_a_kind_that_was_dropped_is_refused():
    with pytest.raises(LinkBroken):
        choices.read_stop_token(choices.stop_token(MIRA, "dropped"))


def test_stop_token_of_a_necessary_kind_is_refused():
    with pytest.raises(Refused, match="“A seat is offered” cannot be stopped") as refusal:
        choices.read_stop_token(choices.stop_token(MIRA, "invitation"))
    assert type(refusal.value) is Refused
