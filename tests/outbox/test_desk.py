"""What organisers do with mails: each verb in each state, and two organisers at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from outbox import choices, desk, kinds
from outbox.errors import Refused
from outbox.kinds import Kind
from outbox.masking import LinkLost, mask_of
from outbox.merging import carried_over
from outbox.models import Message
from tests.mails import write_text

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=5)
State, Why = Message.State, Message.Why
TOKEN = "pLx9_7-quiteLong*secret"
ORLA, MAX = "user:1", "user:2"

# What each state needs besides, by the table's own rules.
OTHERS = {
    State.SENDING: {"leased_until": LATER},
    State.SENT: {"sent_at": NOW},
    State.HELD: {"held_because": Why.DISCARDED},
}


@pytest.fixture
def kind(kind) -> Kind:
    """A kind of mail that is outdated as soon as its source says so."""
    return kind(
        "desk_test",
        outdated=lambda message, now: "The day has passed." if "yesterday" in message.source else "",
    )


def write(kind, state=State.DRAFT, *, text="Come along.", n=1, secrets=(), **fields) -> Message:
    with transaction.atomic():
        message = write_text(
            kind=kind.name,
            about=f"thing:{n}",
            to=f"reader{n}@example.org",
            parts=("A fact", text),
            now=NOW,
            secrets=secrets,
        )
    Message.objects.filter(pk=message.pk).update(state=state, **OTHERS.get(state, {}), **fields)
    message.refresh_from_db()
    return message


def what_is(message: Message) -> tuple:
    message.refresh_from_db()
    steps = list(message.steps.values_list("what", "by", "at", "note"))
    return message.state, message.held_because, steps


VERBS = {
    "release": lambda pk: desk.release([pk], by=ORLA, now=LATER),
    "discard": lambda pk: desk.discard([pk], by=ORLA, now=LATER),
    "restore": lambda pk: desk.restore(pk, by=ORLA, now=LATER),
    "retry": lambda pk: desk.retry(pk, by=ORLA, now=LATER),
    "edit": lambda pk: desk.edit(pk, subject="New", source="Other.", seen_version=0, by=ORLA, now=LATER),
}
ALLOWED = {
    ("release", State.DRAFT): (State.QUEUED, "released"),
    ("discard", State.DRAFT): (State.HELD, "discarded"),
    ("discard", State.QUEUED): (State.HELD, "discarded"),
    ("discard", State.FAILED): (State.HELD, "discarded"),
    ("restore", State.HELD): (State.DRAFT, "restored"),
    ("retry", State.FAILED): (State.QUEUED, "retried"),
    ("edit", State.DRAFT): (State.DRAFT, "edited"),
    ("edit", State.FAILED): (State.FAILED, "edited"),
    ("edit", State.HELD): (State.HELD, "edited"),
}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("verb", list(VERBS))
def test_each_verb_in_each_state_does_its_work_or_changes_nothing(db, kind, verb, state):
    message = write(kind, state)
    allowed = ALLOWED.get((verb, state))
    if allowed:
        VERBS[verb](message.pk)
        because = message.held_because if verb == "edit" else ""
        because = Why.DISCARDED if verb == "discard" else because
        assert what_is(message) == (allowed[0], because, [(allowed[1], ORLA, LATER, "")])
    else:
        before = what_is(message)
        with pytest.raises(Refused, match=desk.IS[state]):
            VERBS[verb](message.pk)
        assert what_is(message) == before


@pytest.mark.parametrize("verb", list(VERBS))
def test_mail_that_is_gone_is_told_and_no_fault(db, kind, verb):
    with pytest.raises((Refused, Message.DoesNotExist)):
        VERBS[verb](123456)


def test_release_makes_a_mail_due_at_once(db, kind):
    message = write(kind)
    desk.release([message.pk], by=ORLA, now=LATER)
    message.refresh_from_db()
    assert message.due_at == LATER
    assert list(Message.objects.due(now=LATER)) == [message]


def test_release_of_several_tells_what_became_of_each(db, kind):
    good, old = write(kind), write(kind, text="It was yesterday.", n=2)
    sent, edited = write(kind, State.SENT, n=3), write(kind, n=4, version=2)
    ids = [mail.pk for mail in (good, old, sent, edited)]

    outcome = desk.release(ids, by=ORLA, now=LATER, seen=dict.fromkeys(ids, 0))

    assert (outcome.done, outcome.held) == ([good], [old])
    assert outcome.left == [
        (sent, "It is sent."),
        (edited, "Somebody edited it meanwhile; read it again."),
    ]
    assert what_is(good) == (State.QUEUED, "", [("released", ORLA, LATER, "")])
    assert what_is(old) == (State.HELD, Why.OUTDATED, [("held", ORLA, LATER, "The day has passed.")])
    assert old.note == "The day has passed."
    assert [what_is(mail)[::2] for mail in (sent, edited)] == [(State.SENT, []), (State.DRAFT, [])]


def test_release_when_all_are_stale_is_refused(db, kind):
    ids = [write(kind, State.SENT, n=n).pk for n in (1, 2)]
    with pytest.raises(Refused, match="None of these mails is as it was when you looked"):
        desk.release(ids, by=ORLA, now=LATER)


@pytest.mark.parametrize("why", [Why.STOPPED, Why.DIGEST])
def test_restore_of_what_the_reader_does_not_want_is_refused_with_the_reason(db, kind, why):
    message = write(kind, State.HELD)
    Message.objects.update(held_because=why)
    with pytest.raises(Refused, match="The recipient wants"):
        desk.restore(message.pk, by=ORLA, now=LATER)
    assert what_is(message) == (State.HELD, why, [])


def test_restore_of_an_outdated_mail_needs_it_to_be_so_again(db, kind):
    message = write(kind, State.HELD, text="It was yesterday.")
    Message.objects.update(held_because=Why.OUTDATED, note="The day has passed.")
    with pytest.raises(Refused, match=r"The day has passed\. So the mail stays held back\."):
        desk.restore(message.pk, by=ORLA, now=LATER)
    Message.objects.update(source="It is tomorrow.\n")
    desk.restore(message.pk, by=ORLA, now=LATER)
    assert what_is(message) == (State.DRAFT, "", [("restored", ORLA, LATER, "")])
    assert message.note == ""


def test_retry_begins_anew(db, kind):
    message = write(kind, State.FAILED, attempts=7)
    desk.retry(message.pk, by=ORLA, now=LATER)
    message.refresh_from_db()
    assert (message.state, message.attempts, message.due_at) == (State.QUEUED, 0, LATER)


# --- Editing -----------------------------------------------------------------------------------------
def edit(message, source="Words.", subject="Fact", version=0, by=ORLA):
    return desk.edit(message.pk, subject=subject, source=source, seen_version=version, by=by, now=LATER)


def test_edit_makes_both_parts_anew_with_what_stands_below(db, kind):
    message = write(kind)
    edit(message, source="Now with *force* <b>.\r\n", subject="Two\nlines")
    message.refresh_from_db()
    assert (message.subject, message.source, message.version) == ("Two lines", "Now with *force* <b>.\n", 1)
    assert message.text == "Now with force <b>.\n\n-- \nYou get it because this is a test.\n"
    assert "<p>Now with <em>force</em> &lt;b&gt;.</p>" in message.html
    assert "<title>Two lines</title>" in message.html
    assert "You get it because this is a test." in message.html


@pytest.mark.parametrize(
    "words", [{"subject": " "}, {"source": " \n"}, {"subject": "x" * 251}, {"source": "x" * 50_001}]
)
def test_edit_to_nothing_or_too_much_is_refused(db, kind, words):
    message = write(kind)
    with pytest.raises(Refused, match="Write a"):
        edit(message, **words)
    assert what_is(message) == (State.DRAFT, "", [])


def test_edit_of_what_somebody_else_changed_is_refused_and_shows_theirs(db, kind):
    message = write(kind)
    edit(message, source="Theirs.", by=MAX)
    with pytest.raises(desk.EditedMeanwhile) as refusal:
        edit(message, source="Mine.")
    assert refusal.value.message.source == "Theirs.\n"
    assert what_is(message)[2] == [("edited", MAX, LATER, "")]
    edit(message, source="Mine.", version=1)
    message.refresh_from_db()
    assert (message.source, message.version) == ("Mine.\n", 2)


def test_edit_of_a_mail_without_a_source_is_refused(db, kind):
    message = write(kind, State.FAILED, source="")
    with pytest.raises(Refused, match="no source"):
        edit(message)


# --- Private parts -----------------------------------------------------------------------------------
def with_link(kind, settings) -> Message:
    settings.MAIL_LEAVES_HERE = True
    return write(kind, text=f"Open https://example.org/in/{TOKEN}/ and type ab_12.", secrets=[TOKEN, "ab_12"])


def test_private_parts_are_hidden_in_every_form(db, kind, settings):
    message = with_link(kind, settings)
    mask = mask_of(message)
    shown = [mask.hide(part) for part in (message.text, message.html, message.source)]
    assert not any(secret in part for part in shown for secret in (TOKEN, "ab_12", r"ab\_12"))
    assert shown[0].startswith("Open https://example.org/in/PRIVATE-LINK-1/ and type PRIVATE-CODE-2.")
    assert shown[2] == "Open <https://example.org/in/PRIVATE-LINK-1/> and type PRIVATE-CODE-2.\n"


def test_private_parts_are_put_back_when_saved(db, kind, settings):
    message = with_link(kind, settings)
    edit(message, source="PRIVATE-CODE-2, <https://example.org/in/PRIVATE-LINK-1/>, PRIVATE-LINK-1.")
    message.refresh_from_db()
    assert message.text.startswith(f"ab_12, https://example.org/in/{TOKEN}/, {TOKEN}.")
    assert mask_of(message).hide(message.source).count("PRIVATE") == 3


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("Only PRIVATE-LINK-1.", "Put PRIVATE-CODE-2 back"),
        ("Only PRIVATE-CODE-2.", "Put PRIVATE-LINK-1 back"),
        ("PRIVATE-LINK-1 PRIVATE-CODE-2 PRIVATE-LINK-3", "Take PRIVATE-LINK-3 out"),
    ],
)
def test_private_part_that_is_lost_or_made_up_is_named(db, kind, settings, source, sentence):
    message = with_link(kind, settings)
    with pytest.raises(LinkLost, match=sentence):
        edit(message, source=source)
    assert what_is(message) == (State.DRAFT, "", [])


def test_private_part_that_was_there_twice_may_be_once(db, kind, settings):
    settings.MAIL_LEAVES_HERE = True
    message = write(kind, text=f"https://x.org/{TOKEN} or https://y.org/{TOKEN}", secrets=[TOKEN])
    edit(message, source="<https://y.org/PRIVATE-LINK-1>")
    message.refresh_from_db()
    assert message.text.startswith(f"https://y.org/{TOKEN}\n")


def test_where_mail_stays_here_links_are_shown_and_may_still_not_be_lost(db, kind, settings):
    settings.MAIL_LEAVES_HERE = False
    message = write(kind, text=f"https://x.org/{TOKEN}", secrets=[TOKEN])
    assert mask_of(message).hide(message.text) == message.text
    with pytest.raises(LinkLost):
        edit(message, source="Nothing of it.")


def test_link_that_stops_a_kind_is_the_readers_own(db, kind, settings):
    settings.MAIL_LEAVES_HERE = True
    kinds._kinds[kind.name] = replace(kind, optional=True)
    message = Message(kind=kind.name, recipient="presenter:3", subject="S", source="s")
    below = f"https://example.org/stop/{choices.stop_token('presenter:3', kind.name)}/"
    assert mask_of(message).hide(below) == "https://example.org/stop/PRIVATE-LINK-1/"


# --- At once -----------------------------------------------------------------------------------------
def at_once(*verbs) -> list[str]:
    """Runs each in a thread of its own, all begun together; what was told of those that were refused."""
    told, begin = [], threading.Barrier(len(verbs))

    def run(verb) -> None:
        begin.wait()
        try:
            verb()
        except Refused as refusal:
            told.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[verb]) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


@pytest.mark.django_db(transaction=True)
def test_two_organisers_release_one_wins_and_the_other_is_told(kind):
    ids = [write(kind, n=n).pk for n in range(3)]
    told = at_once(
        lambda: desk.release(ids, by=ORLA, now=LATER),
        lambda: desk.release(reversed(ids), by=MAX, now=LATER),
    )
    assert told == ["None of these mails is as it was when you looked. Nothing was changed."]
    mails = Message.objects.all()
    assert {mail.state for mail in mails} == {State.QUEUED}
    assert [mail.steps.count() for mail in mails] == [1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_release_and_discard_at_once_one_wins(kind):
    message = write(kind)
    at_once(
        lambda: desk.release([message.pk], by=ORLA, now=LATER),
        lambda: desk.discard([message.pk], by=MAX, now=LATER, seen={message.pk: 0}),
    )
    # Discarding what is queued is allowed, too: then both have their say, the discard last.
    state, _, steps = what_is(message)
    assert (state, [step[0] for step in steps]) in [
        (State.HELD, ["discarded"]),
        (State.HELD, ["released", "discarded"]),
    ]


@pytest.mark.django_db(transaction=True)
def test_two_organisers_edit_one_wins_and_the_other_is_told(kind):
    message = write(kind)
    told = at_once(lambda: edit(message, "Mine."), lambda: edit(message, "Theirs.", by=MAX))
    assert told == ["Somebody else changed this mail meanwhile. Nothing was changed."]
    message.refresh_from_db()
    assert (message.version, message.steps.count()) == (1, 1)


# --- Together ----------------------------------------------------------------------------------------
def announcement(kind, n, name, **details) -> Message:
    text = f"Dear {name},\n\nsession 18 is on Mnday.\n\nhttps://example.org/sessions/18/"
    return write(kind, n=n, text=text, thread="session:18", **details)


def edit_together(message, change) -> desk.Outcome:
    old, new = change
    return desk.edit_together(
        message.pk,
        subject=message.subject,
        source=mask_of(message).hide(message.source).replace(old, new),
        seen_version=message.version,
        by=ORLA,
        now=LATER,
    )


def test_change_is_carried_over_to_the_drafts_like_it_alone(db, kind):
    ada, bo = announcement(kind, 1, "Ada"), announcement(kind, 2, "Bo")
    others = [
        announcement(kind, 3, "Cy", state=State.QUEUED),
        write(kind, n=4, text="session 18 is on Mnday.", thread="session:19"),
    ]
    outcome = edit_together(ada, ("Mnday", "Monday"))
    assert ([message.pk for message in outcome.done], outcome.left) == ([ada.pk, bo.pk], [])
    for message, name in ((ada, "Ada"), (bo, "Bo")):
        assert what_is(message) == (State.DRAFT, "", [("edited", ORLA, LATER, "")])
        assert message.text.startswith(f"Dear {name},\n\nsession 18 is on Monday.\n\nhttps://example.org/")
    for other in others:
        other.refresh_from_db()
        assert (other.version, "Mnday" in other.text) == (0, True)


def test_draft_that_differs_in_that_place_is_left_and_named(db, kind):
    ada, bo = announcement(kind, 1, "Ada"), announcement(kind, 2, "Bo")
    edit(bo, source="Dear Bo,\n\nwe meet on Monday, and you present.\n", subject=bo.subject)
    outcome = edit_together(ada, ("Mnday", "Monday"))
    assert [message.pk for message in outcome.done] == [ada.pk]
    assert [(message.pk, why) for message, why in outcome.left] == [
        (bo.pk, "It differs where you made the change.")
    ]
    bo.refresh_from_db()
    assert bo.source == "Dear Bo,\n\nwe meet on Monday, and you present.\n"


def test_private_parts_stay_each_reader_s_own(db, kind, settings):
    settings.MAIL_LEAVES_HERE = True
    texts = {n: f"Open https://example.org/in/{TOKEN}{n}/\n\nand com." for n in (1, 2)}
    first, second = (
        write(kind, n=n, text=text, secrets=[f"{TOKEN}{n}"], thread="session:18") for n, text in texts.items()
    )
    edit_together(first, ("com.", "come."))
    for n, message in ((1, first), (2, second)):
        message.refresh_from_db()
        assert message.text.startswith(f"Open https://example.org/in/{TOKEN}{n}/\n\nand come.\n")


@given(
    st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=8),
    st.lists(st.sampled_from(["a", "x", "y", ""]), max_size=8),
    st.lists(st.sampled_from(["a", "b", "z", ""]), max_size=8),
)
def test_carrying_over_is_exact_where_texts_are_alike_and_loses_no_line_of_the_other(before, after, other):
    before, after, other = ("\n".join(lines) for lines in (before, after, other))
    assert carried_over(before, after, before) == after
    assert carried_over(before, before, other) == other
    carried = carried_over(before, after, other)
    own = [line for line in other.split("\n") if line == "z"]
    assert carried is None or [line for line in carried.split("\n") if line == "z"] == own
