"""Staying on the list: asked now and then, asleep in silence, awake with one click, erased on request."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest

from members import invitations, mails, moves, recipients
from members.errors import IllegalMove
from members.models import Application, Group, Invitation, SeatChange
from members.models.application import ApplicationQuerySet, State
from outbox.forgetting import forget, forget_person

ASKABLE = (State.WAITING, State.SHORTLISTED)
CLOSED = (State.DECLINED, State.WITHDRAWN)
UNCONFIRMED_DAYS = 30  # an address that nobody confirms is not kept longer
MONTH = timedelta(days=30.44)
AT_ONCE = 200  # applications one look of the worker takes; the next look takes the next

# When the applicant last showed an interest: by applying, by changing the answers, or by saying so.
# PostgreSQL's GREATEST passes over what is NULL.
HEARD_AT = Greatest("since", "kept_at", "edited_at")


def is_asked(application: Application) -> bool:
    """Whether "still interested?" was asked and nothing has been heard since. Two states can be asked."""
    if application.state not in ASKABLE or application.asked_at is None:
        return False
    return application.asked_at > max(
        filter(None, (application.since, application.kept_at, application.edited_at))
    )


def _to_ask(group: Group, *, now: datetime) -> ApplicationQuerySet:
    """Silent for long, and not asked since anything was heard."""
    return (
        Application.objects.filter(state__in=ASKABLE)
        .annotate(heard_at=HEARD_AT)
        .filter(heard_at__lte=now - timedelta(days=group.ask_after_days))
        .filter(Q(asked_at__isnull=True) | Q(asked_at__lte=F("heard_at")))
        .order_by("since", "pk")
    )


def _to_sleep(group: Group, *, now: datetime) -> ApplicationQuerySet:
    """Asked, and silent for the days that the group gives.

    A move starts the days anew: who comes back to the shortlist from a lapsed invitation, say, has just been
    told of staying there.
    """
    latest = now - timedelta(days=group.answer_days)
    return (
        Application.objects.filter(state__in=ASKABLE, asked_at__lte=latest, moved_at__lte=latest)
        .annotate(heard_at=HEARD_AT)
        .filter(asked_at__gt=F("heard_at"))
        .order_by("asked_at", "pk")
    )


def _locked(question: ApplicationQuerySet, application_id: int) -> Application | None:
    """The application, locked, when the question still finds it: somebody else may have been faster."""
    return question.filter(pk=application_id).select_for_update(of=("self",)).first()


def _some(question: ApplicationQuerySet) -> list[int]:
    return list(question.values_list("pk", flat=True)[:AT_ONCE])


def ask_due(*, now: datetime) -> int:
    """Ask "still interested?" of whoever has been silent for the group's `ask_after_days` (0: of nobody).

    Returns how many were asked. Safe to run from several workers at once.
    """
    group = Group.objects.current()
    if group is None or not group.ask_after_days:
        return 0
    return sum(_ask(pk, group, now=now) for pk in _some(_to_ask(group, now=now)))


@transaction.atomic
def _ask(application_id: int, group: Group, *, now: datetime) -> bool:
    application = _locked(_to_ask(group, now=now), application_id)
    if application is None:
        return False
    application.asked_at = now
    application.save(update_fields=["asked_at"])
    mails.still_interested(application, group, now=now)
    return True


def put_to_sleep(*, now: datetime) -> int:
    """Make dormant whoever was asked and has not answered in the group's `answer_days`.

    Returns how many. Safe to run from several workers at once.
    """
    group = Group.objects.current()
    if group is None:
        return 0
    return sum(_sleep(pk, group, now=now) for pk in _some(_to_sleep(group, now=now)))


@transaction.atomic
def _sleep(application_id: int, group: Group, *, now: datetime) -> bool:
    application = _locked(_to_sleep(group, now=now), application_id)
    if application is None:
        return False
    moves.move(
        application,
        to=State.DORMANT,
        by=moves.By.SYSTEM,
        now=now,
        reason="Did not answer “still interested?”",
    )
    mails.dormant(application, group, now=now)
    return True


@transaction.atomic
def keep(*, application_id: int, now: datetime) -> Application:
    """The applicant says "keep me on the list": a dormant application wakes up where it was.

    Who slept after a second lapsed invitation is read again, and so returns to the waiting list; every other
    sleeper returns to the state before. The place in the line never changed. Saying it again, or unasked,
    changes nothing. Raises IllegalMove when the application is not on the list.
    """
    application = moves.lock(application_id)
    if application.state == State.DORMANT:
        _wake(application, now=now)
    elif is_asked(application):
        _heard(application, now=now)
        moves.log(
            application,
            before=application.state,
            by=moves.By.APPLICANT,
            now=now,
            reason="Still interested",
        )
    elif application.state not in ASKABLE:
        raise IllegalMove(
            f"Your application is {application.get_state_display().lower()} now. Nothing was changed."
        )
    return application


def _heard(application: Application, *, now: datetime) -> None:
    application.kept_at = now
    application.save(update_fields=["kept_at"])


def _wake(application: Application, *, now: datetime) -> None:
    # An edit while asleep is logged from dormant to dormant; it is not how the sleep began.
    slept = application.changes.filter(after=State.DORMANT).exclude(before=State.DORMANT).last()
    before = slept.before if slept else ""
    if before == State.INVITED:
        application.lapses = 0
        application.save(update_fields=["lapses"])
    _heard(application, now=now)
    moves.move(
        application,
        to=State.SHORTLISTED if before == State.SHORTLISTED else State.WAITING,
        by=moves.By.APPLICANT,
        now=now,
        reason="Still interested",
    )


@transaction.atomic
def erase(*, application_id: int, now: datetime) -> None:
    """Erase an application with all that hangs on it: answers, reviews, history, invitations, mails.

    An open invitation frees its seat; the seat ledger keeps its lines without the person (rule 9). Whoever
    has joined keeps the account and the seat: those are the membership's. Erasing twice is harmless.
    """
    group = Group.objects.locked()
    application = Application.objects.select_for_update().filter(pk=application_id).first()
    if application is not None:
        _erase(application, group, now=now)


def _erase(application: Application, group: Group, *, now: datetime) -> None:
    """Erase a locked application; the group is locked too."""
    invitations.close_open(application, group, as_=Invitation.State.DECLINED, now=now, note="Erased")
    events, name = mails.events_of(application), recipients.of_application(application.pk)
    application.delete()
    forget(events=events)
    forget_person(name, instead=recipients.ERASED)


def erased_after(application: Application, group: Group) -> datetime | None:
    """When `erase_old` takes this application away if nothing changes; None while it is kept for longer."""
    if application.state == State.UNCONFIRMED:
        return application.applied_at + timedelta(days=UNCONFIRMED_DAYS)
    if application.state in (*CLOSED, State.DORMANT):
        return application.moved_at + group.keep_months * MONTH
    return None


def _outlived(group: Group, *, now: datetime) -> ApplicationQuerySet:
    """What is kept no longer: closed and dormant ones, addresses never confirmed, members' who are erased."""
    long_ago = now - group.keep_months * MONTH
    taken = SeatChange.objects.filter(application=OuterRef("pk"), kind=SeatChange.Kind.TAKEN)
    member_is_erased = Exists(taken.filter(member__isnull=True)) & ~Exists(taken.exclude(member=None))
    return Application.objects.filter(
        Q(state__in=[*CLOSED, State.DORMANT], moved_at__lt=long_ago)
        | Q(state=State.UNCONFIRMED, applied_at__lt=now - timedelta(days=UNCONFIRMED_DAYS))
        | Q(member_is_erased, state=State.JOINED, moved_at__lt=long_ago)
    ).order_by("pk")


def outlived(group: Group, *, now: datetime) -> int:
    """How many applications are kept no longer, by how long this group, saved or not, wants to keep them."""
    return _outlived(group, now=now).count()


def erase_old(*, now: datetime) -> int:
    """Erase what is kept no longer: closed and dormant applications, and addresses never confirmed.

    Returns how many went. Whoever joined keeps the application while the membership is kept. Safe to run
    from several workers at once, and while a sleeper wakes.
    """
    group = Group.objects.current()
    if group is None:
        return 0
    return sum(_erase_outlived(pk, now=now) for pk in _some(_outlived(group, now=now)))


@transaction.atomic
def _erase_outlived(application_id: int, *, now: datetime) -> bool:
    group = Group.objects.locked()
    application = _locked(_outlived(group, now=now), application_id)
    if application is None:
        return False
    _erase(application, group, now=now)
    return True
