"""Whether a member comes, with a note; and the one question that those who come may answer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from members.errors import Refused
from members.models import Member, User
from sessions_app import room
from sessions_app.models import Rsvp, Session
from sessions_app.preparation import can_follow

YES = Rsvp.Answer.YES
LONGEST = {
    field: Rsvp._meta.get_field(field).max_length for field in ("note", "warm_up")
}  # characters, of what a member writes
LONGEST_QUESTION = Session._meta.get_field("warm_up").max_length


class TooLate(Refused):
    """The session has started, or is not one that people come to."""


class NoAnswerYet(Refused):
    """A note alone says nothing about coming."""


class TooLong(Refused):
    """Longer than what is kept."""


class AskedMeanwhile(Refused):
    """Another question stands there than the one that was seen."""


class NotTheirs(Refused):
    """This person neither presents in the session nor organises."""


# --- Coming --------------------------------------------------------------------------------------------
@transaction.atomic
def answer(
    *,
    session_id: int,
    member: Member,
    now: datetime,
    answer: str = "",
    note: str | None = None,
    warm_up: str | None = None,
) -> Rsvp:
    """Record yes, maybe or no, until the session starts; the last answer counts.

    answer: "" leaves it as it is. note, warm_up: what the member wrote; None leaves it as it is. Who says yes
    in a full room is in line, and whoever no longer comes lets the next in line move up.
    Raises TooLate after the start and for a session that is not announced, NoAnswerYet for a note without an
    answer, TooLong.
    """
    session = Session.objects.select_for_update().get(pk=session_id)
    if session.state != Session.State.ANNOUNCED:
        raise TooLate(f"{session} is {session.get_state_display().lower()}. Your answer was not recorded.")
    if session.starts_at <= now:
        raise TooLate(f"{session} has started. Your answer was not recorded.")
    rsvp = Rsvp.objects.filter(session=session, member=member).first() or Rsvp(session=session, member=member)
    before = rsvp.answer
    if not (answer or before):
        raise NoAnswerYet("Say whether you come; the note is saved with your answer.")
    for field, text in (("note", note), ("warm_up", warm_up)):
        if text is not None and len(text) > LONGEST[field]:
            raise TooLong(f"Shorten what you wrote; at most {LONGEST[field]} characters are kept.")
        if text is not None:
            setattr(rsvp, field, text)
    if answer:
        rsvp.answer, rsvp.answered_at = answer, now
    if rsvp.answer == YES and before != YES:
        rsvp.in_line_since = _place(session, now=now)
    elif rsvp.answer != YES:
        rsvp.in_line_since = None
    rsvp.save()
    if before == YES != rsvp.answer:
        room.move_up(session, now=now)
    return rsvp


def _place(session: Session, *, now: datetime) -> datetime | None:
    """Since when the next one who says yes is in line; None with a chair for them."""
    if session.chairs is None:
        return None
    room.move_up(session, now=now)  # nobody is seated before those who wait
    return room.end_of_line(session, now=now) if room.chairs_left(session) <= 0 else None


# --- The warm-up question ------------------------------------------------------------------------------
def can_still_ask(session: Session, *, now: datetime) -> bool:
    """Whether anybody may still answer the session's question, so that it may change."""
    return session.state in (Session.State.DRAFT, Session.State.ANNOUNCED) and session.starts_at > now


@transaction.atomic
def set_warm_up(*, session_id: int, question: str, seen: str, by: User, now: datetime) -> Session:
    """Ask those who come one question, ask another, or none (""). Answers that were given stay.

    seen: the question that stood there when the form was opened. by: somebody who `can_follow` the
    preparation, else raises NotTheirs. Raises TooLate once the session has started or was called off,
    AskedMeanwhile when somebody else has asked something by now, and TooLong.
    """
    session = Session.objects.select_for_update().get(pk=session_id)
    if not can_follow(by, session):
        raise NotTheirs("The organisers and those who present in the session ask this question.")
    if session.state not in (Session.State.DRAFT, Session.State.ANNOUNCED):
        raise TooLate(f"{session} is {session.get_state_display().lower()}. Nothing was changed.")
    if session.starts_at <= now:
        raise TooLate(f"{session} has started, so nobody answers any more. Nothing was changed.")
    question = " ".join(question.split())
    if len(question) > LONGEST_QUESTION:
        raise TooLong(f"Shorten the question; at most {LONGEST_QUESTION} characters are kept.")
    if session.warm_up not in (seen, question):
        raise AskedMeanwhile(
            f"Somebody else has asked meanwhile: “{session.warm_up}” Nothing was overwritten; "
            "saving again puts yours in its place."
        )
    session.warm_up = question
    session.save(update_fields=["warm_up"])
    return session


def written(session: Session) -> QuerySet[Rsvp]:
    """The answers with which members wrote something, for whoever `can_follow` the preparation; by name."""
    return (
        Rsvp.objects.filter(session=session, member__state__in=room.PRESENT)
        .exclude(note="", warm_up="")
        .select_related("member__user")
        .order_by("member__user__name", "pk")
    )
