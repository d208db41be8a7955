"""What organisers do with mails: release, discard, take back, edit, send again.

Each verb locks its mails, changes those that are still as the organiser saw them, and notes who did it. The
rows' locks settle who was first: two organisers, or an organiser and the worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from outbox import kinds
from outbox.errors import Refused
from outbox.masking import LinkLost, check_kept, mask_of
from outbox.merging import carried_over
from outbox.models import Message, MessageQuerySet, MessageStep
from outbox.parts import Footer, parts_of
from outbox.wording import LONGEST_SUBJECT, tidied
from outbox.writing import footer_of

State, Why, What = Message.State, Message.Why, MessageStep.What

MOST = 500  # mails that are released or discarded together
LONGEST_SOURCE = 50_000
LONGEST_NOTE = 300
DISCARDABLE = (State.DRAFT, State.QUEUED, State.FAILED)
EDITABLE = (State.DRAFT, State.FAILED, State.HELD)
IS = {
    State.DRAFT: "waits to be released",
    State.QUEUED: "is queued",
    State.SENDING: "is being sent",
    State.SENT: "is sent",
    State.FAILED: "has failed",
    State.HELD: "is held back",
}


class EditedMeanwhile(Refused):
    """Somebody else changed the mail since the page was made. `message` is the mail as it is now."""

    def __init__(self, sentence: str, message: Message) -> None:
        super().__init__(sentence)
        self.message = message


@dataclass(frozen=True)
class Outcome:
    """What became of several mails. left: those that were passed over, each with a sentence that says why."""

    done: list[Message] = field(default_factory=list)
    held: list[Message] = field(default_factory=list)
    left: list[tuple[Message, str]] = field(default_factory=list)


# --- One or several ----------------------------------------------------------------------------------
@transaction.atomic
def release(ids: Iterable[int], *, by: str, now: datetime, seen: Mapping[int, int] | None = None) -> Outcome:
    """Let drafts go out; one that says what is no longer so is held back instead, with the reason.

    by: who, such as "user:12". seen: the version of each that was read; one edited since is left for another
    look. Returns what became of each. Raises Refused when nothing came of any.
    """
    outcome = Outcome()
    for message in _locked(ids):
        if message.state != State.DRAFT:
            outcome.left.append((message, f"It {IS[message.state]}."))
        elif seen is not None and seen.get(message.pk, message.version) != message.version:
            outcome.left.append((message, "Somebody edited it meanwhile; read it again."))
        elif reason := outdated(message, now=now):
            _hold(message, reason)
            outcome.held.append(message)
        else:
            message.state, message.due_at = State.QUEUED, now
            outcome.done.append(message)
    _save(outcome, What.RELEASED, by=by, now=now)
    return outcome


@transaction.atomic
def discard(ids: Iterable[int], *, by: str, now: datetime, seen: Mapping[int, int] | None = None) -> Outcome:
    """Hold back drafts, queued and failed mails for good, until somebody takes them back. As `release`."""
    outcome = Outcome()
    for message in _locked(ids):
        if message.state not in DISCARDABLE:
            outcome.left.append((message, f"It {IS[message.state]}."))
        elif seen is not None and seen.get(message.pk, message.version) != message.version:
            outcome.left.append((message, "Somebody edited it meanwhile; read it again."))
        else:
            message.state, message.held_because, message.note = State.HELD, Why.DISCARDED, ""
            outcome.done.append(message)
    _save(outcome, What.DISCARDED, by=by, now=now)
    return outcome


# --- One ---------------------------------------------------------------------------------------------
@transaction.atomic
def restore(message_id: int, *, by: str, now: datetime) -> Message:
    """Make a draft again of a mail that was discarded, or held back for what is no longer the case.

    Raises Refused for a mail that is not held back, that its recipient does not want, or that is outdated
    still; Message.DoesNotExist.
    """
    message = _one(message_id)
    if message.state != State.HELD:
        raise Refused(f"This mail {IS[message.state]}. Nothing was changed.")
    if message.held_because in (Why.STOPPED, Why.DIGEST):
        raise Refused(f"{message.get_held_because_display()} Only they can choose otherwise.")
    if message.held_because == Why.OUTDATED and (reason := outdated(message, now=now)):
        raise Refused(f"{reason} So the mail stays held back.")
    message.state, message.held_because, message.note = State.DRAFT, "", ""
    message.save(update_fields=["state", "held_because", "note"])
    _note(message, What.RESTORED, by=by, now=now)
    return message


@transaction.atomic
def retry(message_id: int, *, by: str, now: datetime) -> Message:
    """Queue a failed mail again, with all its attempts before it.

    Raises Refused for a mail that is not failed (any more); Message.DoesNotExist.
    """
    message = _one(message_id)
    if message.state != State.FAILED:
        raise Refused(f"This mail {IS[message.state]}, not failed. Nothing was changed.")
    message.state, message.due_at, message.attempts = State.QUEUED, now, 0
    message.save(update_fields=["state", "due_at", "attempts"])
    _note(message, What.RETRIED, by=by, now=now)
    return message


@transaction.atomic
def edit(message_id: int, *, subject: str, source: str, seen_version: int, by: str, now: datetime) -> Message:
    """Change what a mail says, before it is sent; both parts are made anew.

    subject, source: as the organiser saw and changed them, with stand-ins for private parts. seen_version:
    the version that they began from. Raises Refused for a mail that is on its way, or an empty one; LinkLost
    when a private part is gone; EditedMeanwhile; Message.DoesNotExist.
    """
    message = _one(message_id)
    if message.state not in EDITABLE:
        raise Refused(f"This mail {IS[message.state]}, so its words stay. Nothing was changed.")
    if not message.source:
        raise Refused("This mail has no source that could be edited. Nothing was changed.")
    if message.version != seen_version:
        raise EditedMeanwhile("Somebody else changed this mail meanwhile. Nothing was changed.", message)
    mask, subject = mask_of(message), " ".join(subject.split())
    if not subject or len(subject) > LONGEST_SUBJECT:
        raise Refused(f"Write a subject of at most {LONGEST_SUBJECT} characters.")
    if not source.strip() or len(source) > LONGEST_SOURCE:
        raise Refused(f"Write a text of at most {LONGEST_SOURCE:,} characters.")
    before = f"{message.subject}\n{message.source}"
    subject, source = (mask.put_back(text, before=before) for text in (subject, tidied(source)))
    check_kept(message, before=message.source, after=source)
    if len(subject) > LONGEST_SUBJECT:
        raise LinkLost("Shorten the subject: with its private part it is too long.")
    message.subject, message.source = subject, source
    message.text, message.html = parts_of(subject, source, footer_under(message))
    message.version += 1
    message.save(update_fields=["subject", "source", "text", "html", "version"])
    _note(message, What.EDITED, by=by, now=now)
    return message


@transaction.atomic
def edit_together(
    message_id: int, *, subject: str, source: str, seen_version: int, by: str, now: datetime
) -> Outcome:
    """Change a draft as `edit` does, and carry the change over to the other drafts like it.

    A draft that differs where this one was changed stays as it is, and so does one that has lost a private
    part by it: they are `left`. `done` begins with the draft that was edited. Raises as `edit`.
    """
    first = Message.objects.get(pk=message_id)
    others = list(like(first).values_list("pk", flat=True)[:MOST])
    messages = {message.pk: message for message in _locked([message_id, *others])}
    first, outcome = messages.pop(message_id), Outcome()
    before = _shown(first)
    outcome.done.append(
        edit(message_id, subject=subject, source=source, seen_version=seen_version, by=by, now=now)
    )
    after = " ".join(subject.split()), tidied(source)
    for other in messages.values():
        if other.state != State.DRAFT:
            continue  # released or discarded meanwhile
        carried = [carried_over(*texts) for texts in zip(before, after, _shown(other), strict=True)]
        if None in carried:
            outcome.left.append((other, "It differs where you made the change."))
            continue
        if tuple(carried) == _shown(other):
            continue
        try:
            with transaction.atomic():
                outcome.done.append(
                    edit(
                        other.pk,
                        subject=carried[0],
                        source=carried[1],
                        seen_version=other.version,
                        by=by,
                        now=now,
                    )
                )
        except Refused as refused:
            outcome.left.append((other, str(refused)))
    return outcome


def _shown(message: Message) -> tuple[str, str]:
    """Subject and source as an organiser sees them."""
    mask = mask_of(message)
    return mask.hide(message.subject), mask.hide(message.source)


# --- Questions ---------------------------------------------------------------------------------------
def like(message: Message) -> MessageQuerySet:
    """The other drafts of the same kind about the same thing, such as the announcements of one session."""
    found = Message.objects.filter(state=State.DRAFT, kind=message.kind, thread=message.thread)
    return found.exclude(pk=message.pk).order_by("pk")


def outdated(message: Message, *, now: datetime) -> str:
    """Why a mail no longer makes sense, as its kind tells; "" for one that does."""
    return kinds.outdated(message, now=now)


def footer_under(message: Message) -> Footer:
    """What stands below this mail; nothing for a kind that is no more."""
    try:
        return footer_of(kinds.kind_of(message.kind), message.recipient)
    except kinds.UnknownKind:
        return Footer()


def looked_at(message: Message, source: str) -> tuple[str, str]:
    """Text and HTML of a mail with this source, as an organiser may see it: private parts hidden."""
    mask = mask_of(message)
    text, html = parts_of(message.subject, mask.hide(source), footer_under(message))
    return mask.hide(text), mask.hide(html)


# --- How ---------------------------------------------------------------------------------------------
def _locked(ids: Iterable[int]) -> list[Message]:
    # In one order, so that two organisers who act on the same mails wait instead of blocking each other.
    found = list(Message.objects.select_for_update().filter(pk__in=list(ids)[:MOST]).order_by("pk"))
    if not found:
        raise Refused("None of these mails is there any more. Nothing was changed.")
    return found


def _one(message_id: int) -> Message:
    return Message.objects.select_for_update().get(pk=message_id)


def _hold(message: Message, reason: str) -> None:
    message.state, message.held_because = State.HELD, Why.OUTDATED
    message.note = reason[:LONGEST_NOTE]


def _save(outcome: Outcome, what: str, *, by: str, now: datetime) -> None:
    changed = [*outcome.done, *outcome.held]
    if not changed:
        if len(outcome.left) == 1:
            raise Refused(f"{outcome.left[0][1].replace('It ', 'This mail ', 1)} Nothing was changed.")
        raise Refused("None of these mails is as it was when you looked. Nothing was changed.")
    Message.objects.bulk_update(changed, ["state", "held_because", "note", "due_at"])
    MessageStep.objects.bulk_create(
        [
            *(MessageStep(message=message, what=what, by=by, at=now) for message in outcome.done),
            *(
                MessageStep(message=message, what=What.HELD, by=by, at=now, note=message.note)
                for message in outcome.held
            ),
        ]
    )


def _note(message: Message, what: str, *, by: str, now: datetime) -> None:
    MessageStep.objects.create(message=message, what=what, by=by, at=now)
