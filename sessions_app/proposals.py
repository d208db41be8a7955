"""The life of a talk: proposed, accepted, scheduled, given; declined or withdrawn. Each step is logged.

A talk stands in sessions, and their lives move it, too: `follow` is called wherever a session changes.
Locks are taken in one order: group, session, talk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from members.access import can_organise
from members.errors import Refused
from members.models import Group, Member, User
from sessions_app import mails_talks as mails
from sessions_app.models import Presentation, PresentationStep, Presenter, Session, Slot
from sessions_app.speakers import Directory, set_presenters

State = Presentation.State
LONGEST_MESSAGE = 2000  # characters
MOST_OPEN = 10  # proposals of one member that nobody has answered

ALLOWED: dict[str, frozenset[str]] = {
    State.PROPOSED: frozenset({State.ACCEPTED, State.DECLINED, State.WITHDRAWN}),
    State.ACCEPTED: frozenset({State.SCHEDULED, State.DECLINED, State.WITHDRAWN}),
    State.SCHEDULED: frozenset({State.ACCEPTED, State.GIVEN, State.WITHDRAWN}),
    # Back only when a record is mended: its session is taken up again, or never had it.
    State.GIVEN: frozenset({State.SCHEDULED, State.ACCEPTED}),
    State.DECLINED: frozenset(),
    State.WITHDRAWN: frozenset(),
}
ROAD = [State.PROPOSED, State.ACCEPTED, State.SCHEDULED, State.GIVEN]
IN_PREPARATION = frozenset({State.PROPOSED, State.ACCEPTED})  # all of it may still be edited
CLOSED = frozenset({State.DECLINED, State.WITHDRAWN})
AHEAD = frozenset({Session.State.DRAFT, Session.State.ANNOUNCED})


class IllegalStep(Refused):
    """The talk is not in a state from which this step starts."""


@dataclass(frozen=True)
class Details:
    """What the one proposing writes. names: those who present it; a key of the session that is wished for."""

    title: str
    abstract: str
    minutes: int | None
    names: list[str]
    wished_session: int | None


# --- Locks and moves -----------------------------------------------------------------------------------
def lock(talk_id: int) -> Presentation:
    return Presentation.objects.select_for_update().get(pk=talk_id)


def lock_group() -> Group:
    """Sessions are saved with their talks under this lock, so that no save meets a talk half-way."""
    return Group.objects.select_for_update().first()


def require(talk: Presentation, *states: str) -> None:
    if talk.state not in states:
        raise IllegalStep(stale_sentence(talk))


def stale_sentence(talk: Presentation) -> str:
    """What the talk is by now, who made it so, and that nothing was changed."""
    last = talk.steps.select_related("by").last()
    who = f" by {last.by}" if last and last.by and last.after == talk.state else ""
    return f"This talk is {talk.get_state_display().lower()}{who} by now. Nothing was changed."


def _move(
    talk: Presentation, to: str, *, by: User | None, now: datetime, message: str = ""
) -> PresentationStep:
    """Move a locked talk one step, and log it. Raises IllegalStep."""
    if to not in ALLOWED[talk.state]:
        raise IllegalStep(stale_sentence(talk))
    before, talk.state = talk.state, to
    talk.save(update_fields=["state"])
    return _log(talk, before, by=by, now=now, message=message)


def _log(talk: Presentation, before: str, *, by: User | None, now: datetime, message: str):
    return PresentationStep.objects.create(
        presentation=talk, before=before, after=talk.state, by=by, at=now, message=message[:LONGEST_MESSAGE]
    )


# --- Proposing -----------------------------------------------------------------------------------------
@transaction.atomic
def propose(*, by: Member, details: Details, now: datetime) -> Presentation:
    """Propose a talk, presented by whoever proposes it and those named; the organisers hear of it.

    The same title and abstract again, while the first waits for an answer, is that talk: nothing is made.
    Raises Refused when MOST_OPEN wait already and for a wished session that is not coming, speakers.Unclear.
    """
    group = lock_group()
    waiting = by.proposals.filter(state=State.PROPOSED)
    if same := waiting.filter(title=details.title, abstract=details.abstract).first():
        return same
    if waiting.count() >= MOST_OPEN:
        raise Refused(f"{MOST_OPEN} talks of yours wait for an answer. Withdraw one, or wait for it.")
    require_coming(details.wished_session, now=now)
    talk = Presentation.objects.create(
        title=details.title,
        abstract=details.abstract,
        minutes=details.minutes,
        wished_session_id=details.wished_session,
        state=State.PROPOSED,
        proposed_by=by,
        proposed_at=now,
    )
    own, _ = Presenter.objects.get_or_create(member=by)
    directory = Directory(None if can_organise(by.user) else by)
    set_presenters(talk, details.names, directory, first=own.pk)
    step = _log(talk, "", by=by.user, now=now, message="")
    mails.to_organisers("talk_proposed", talk, step, group, now=now)
    return talk


def require_coming(session_id: int | None, *, now: datetime, besides: int | None = None) -> None:
    if session_id in (None, besides):
        return
    if not Session.objects.upcoming(now=now).filter(pk=session_id).exists():
        raise Refused("Choose another session; this one is no longer coming. Nothing was saved.")


def may_withdraw(talk: Presentation, member: Member) -> bool:
    """Whether it is theirs to withdraw: who proposed it; once that person is erased, who presents it."""
    if talk.proposed_at is None:
        return False
    if talk.proposed_by_id is None:
        return talk.appearances.filter(presenter__member=member).exists()
    return talk.proposed_by_id == member.pk


@transaction.atomic
def withdraw(*, talk_id: int, by: Member, now: datetime, message: str = "") -> Presentation:
    """Take one's own proposal back, out of its sessions, too; organisers hear of what they counted on.

    Raises IllegalStep when it was given, declined or withdrawn, Refused for somebody else's and when a part
    of it was given or is being given.
    """
    group = lock_group()
    talk = lock(talk_id)
    if not may_withdraw(talk, by):
        raise Refused("Only whoever proposed a talk withdraws it. Nothing was changed.")
    begun = Q(session__state=Session.State.HELD) | Q(
        session__state=Session.State.ANNOUNCED, session__starts_at__lte=now
    )
    if talk.state == State.SCHEDULED and talk.slots.filter(begun).exists():
        raise Refused("A session with this talk has begun. Write to the organisers. Nothing was changed.")
    step = _move(talk, State.WITHDRAWN, by=by.user, now=now, message=message)
    sessions = list(Session.objects.filter(slots__presentation=talk).order_by("starts_at"))
    talk.slots.all().delete()
    if step.before != State.PROPOSED:
        mails.to_organisers("talk_withdrawn", talk, step, group, now=now, sessions=sessions)
    return talk


# --- What organisers answer ----------------------------------------------------------------------------
@transaction.atomic
def accept(*, talk_id: int, by: User, now: datetime, message: str = "") -> Presentation:
    """Say yes to a proposal, and tell those who present it. Raises IllegalStep."""
    talk = lock(talk_id)
    require(talk, State.PROPOSED)
    step = _move(talk, State.ACCEPTED, by=by, now=now, message=message)
    mails.to_presenters("talk_accepted", talk, step, Group.objects.current(), now=now)
    return talk


@transaction.atomic
def decline(*, talk_id: int, seen: str, by: User, now: datetime, message: str = "") -> Presentation:
    """Say no to a talk that is proposed or accepted; tell those who would give it.

    seen: the state in which the one declining saw it, so that nobody overrules a colleague unawares.
    Raises IllegalStep.
    """
    talk = lock(talk_id)
    require(talk, *(IN_PREPARATION & {seen}))
    step = _move(talk, State.DECLINED, by=by, now=now, message=message)
    mails.to_presenters("talk_declined", talk, step, Group.objects.current(), now=now)
    return talk


@transaction.atomic
def schedule(*, talk_id: int, session_id: int, by: User, now: datetime, message: str = "") -> Presentation:
    """Give an accepted talk a place in a session to come, or a scheduled one a further place.

    Raises IllegalStep, Refused when the session is not to come or has the talk, Session.DoesNotExist.
    """
    group = lock_group()
    session = Session.objects.select_for_update().get(pk=session_id)
    talk = lock(talk_id)
    require(talk, State.ACCEPTED, State.SCHEDULED)
    if session.state not in AHEAD or session.ends_at <= now:
        raise Refused(f"Choose another session; {_named(session)} is not to come. Nothing was changed.")
    if talk.slots.filter(session=session).exists():
        raise Refused(f"This talk is in {_named(session)} already. Nothing was changed.")
    last = session.slots.order_by("-position").values_list("position", flat=True).first() or 0
    Slot.objects.create(presentation=talk, session=session, position=last + 1)
    if talk.state == State.SCHEDULED:
        step = _log(talk, talk.state, by=by, now=now, message=message)
    else:
        step = _move(talk, State.SCHEDULED, by=by, now=now, message=message)
    mails.to_presenters("talk_scheduled", talk, step, group, now=now, session=session)
    return talk


@transaction.atomic
def unschedule(*, talk_id: int, session_id: int, by: User, now: datetime, message: str = "") -> Presentation:
    """Take a talk out of a session that has not begun; without any other it is accepted again.

    Raises IllegalStep, Refused when the session does not have it or has begun.
    """
    group = lock_group()
    session = Session.objects.select_for_update().get(pk=session_id)
    talk = lock(talk_id)
    require(talk, State.SCHEDULED)
    slot = talk.slots.filter(session=session).first()
    if slot is None:
        raise Refused(f"This talk is not in {_named(session)}. Nothing was changed.")
    if session.state == Session.State.HELD or (
        session.state == Session.State.ANNOUNCED and session.starts_at <= now
    ):
        raise Refused(f"{session} has begun. Nothing was changed.")
    slot.delete()
    wanted = _state_by(talk.state, _states_of_sessions(talk))
    if wanted == talk.state:
        step = _log(talk, talk.state, by=by, now=now, message=message)
    else:
        step = _move(talk, wanted, by=by, now=now, message=message)
    mails.to_presenters("talk_unscheduled", talk, step, group, now=now, session=session)
    return talk


def _named(session: Session) -> str:
    return f"session {session.number}"


# --- What the sessions bring about ---------------------------------------------------------------------
def _states_of_sessions(talk: Presentation) -> list[str]:
    return list(talk.slots.values_list("session__state", flat=True))


def _state_by(state: str, sessions: list[str]) -> str:
    """What a talk in this state is, going by the states of its sessions."""
    if state in CLOSED:
        return state
    if not sessions:
        return State.ACCEPTED if state == State.SCHEDULED else state
    if AHEAD & set(sessions):
        return State.SCHEDULED
    # Of what was cancelled nobody knows yet what becomes.
    return State.GIVEN if Session.State.HELD in sessions else State.SCHEDULED


@transaction.atomic
def follow(talks: Iterable[int], *, now: datetime, by: User | None = None, is_new: bool = False) -> int:
    """Bring talks, by their keys, to what their sessions make of them. Returns how many moved.

    In a session to come: scheduled. In held ones only: given. In none: accepted again. is_new: they were made
    this moment, for a session that may long be over; then no step is logged.
    """
    states = Slot.objects.filter(presentation=OuterRef("pk")).values_list("session__state")
    locked = (
        Presentation.objects.select_for_update(of=("self",))
        .filter(pk__in=list(talks))
        .exclude(state__in=CLOSED)
        .order_by("pk")
        .annotate(session_states=ArraySubquery(states))
    )
    moved = 0
    for talk in locked:
        wanted = _state_by(talk.state, talk.session_states)
        if wanted == talk.state:
            continue
        moved += 1
        if is_new:
            talk.state = wanted
            talk.save(update_fields=["state"])
        else:
            _walk(talk, wanted, by=by, now=now)
    return moved


def _walk(talk: Presentation, wanted: str, *, by: User | None, now: datetime) -> PresentationStep | None:
    """Move a locked talk along the road. Returns the last step; None when it is there already."""
    here, there, step = ROAD.index(talk.state), ROAD.index(wanted), None
    for place in range(here + 1, there + 1) if there > here else range(here - 1, there - 1, -1):
        step = _move(talk, ROAD[place], by=by, now=now)
    return step


def follow_session(session: Session, *, now: datetime, by: User | None = None) -> None:
    """As `follow`, for the talks of a session whose state has just changed."""
    follow(session.slots.values_list("presentation", flat=True), now=now, by=by)


def take_out(talk: Presentation, *, session: Session, now: datetime, by: User | None = None) -> bool:
    """After its slot in a session was removed on the organisers' form.

    What was proposed goes back to the accepted ones, and those who present it hear of it. Returns whether the
    talk is in no session and was never proposed, so that nobody would find it again.
    """
    locked = lock(talk.pk)
    before, others = locked.state, _states_of_sessions(locked)
    if not others and locked.proposed_at is None:
        return True
    if before in CLOSED:
        return False
    step = None
    if others:
        step = _walk(locked, _state_by(before, others), by=by, now=now)
    elif before != State.ACCEPTED:
        step = _move(locked, State.ACCEPTED, by=by, now=now)
    is_mended_record = locked.state == State.GIVEN and session.state not in AHEAD
    if locked.proposed_at and not is_mended_record:  # else nobody waits for it
        step = step or _log(locked, before, by=by, now=now, message="")
        mails.to_presenters(
            "talk_unscheduled", locked, step, Group.objects.current(), now=now, session=session
        )
    return False


def adrift() -> QuerySet[Presentation]:
    """Talks that are not what their sessions say: a record was mended by hand, or a session deleted."""
    slots = Slot.objects.filter(presentation=OuterRef("pk"))
    ahead = Exists(slots.filter(session__state__in=AHEAD))
    held = Exists(slots.filter(session__state=Session.State.HELD))
    return Presentation.objects.filter(
        Q(Exists(slots), state__in=IN_PREPARATION)
        | Q(~Exists(slots), state=State.SCHEDULED)
        | Q(~ahead & held, state=State.SCHEDULED)
        | Q(ahead, state=State.GIVEN)
    )


def withdraw_abandoned(*, now: datetime) -> int:
    """Withdraw what nobody can give any more: whoever proposed it was erased, and nobody else presents it.

    Scheduled ones stay for the organisers to see. Returns how many.
    """
    # Whoever is erased leaves a presenter without a name; a guest has one.
    somebody = Q(presenters__member__isnull=False) | ~Q(presenters__guest_name="")
    left = Presentation.objects.filter(
        state__in=IN_PREPARATION, proposed_at__isnull=False, proposed_by__isnull=True
    ).exclude(pk__in=Presentation.objects.filter(somebody, presenters__isnull=False).values("pk"))
    count = 0
    for pk in list(left.values_list("pk", flat=True)):
        with transaction.atomic():
            talk = Presentation.objects.select_for_update().filter(pk=pk, state__in=IN_PREPARATION).first()
            if talk and talk.proposed_by_id is None:
                reason = "Whoever proposed it is no longer on record."
                _move(talk, State.WITHDRAWN, by=None, now=now, message=reason)
                count += 1
    return count
