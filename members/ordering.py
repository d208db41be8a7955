"""The shortlist's order: what the figures suggest, what people agreed on, and invitations along it.

The suggestion is made by points, at most 100, in whole numbers, so that what the page shows is what counts:

| points | for | from | none when | all when |
| --- | --- | --- | --- | --- |
| 40 | gain | the strength they name that the fewest active members hold | all hold it | nobody does |
| 30 | score | `Application.score`, the mean of the reviews (`members.scoring`) | 1 | 5 |
| 30 | waiting | time on the list (`since`), beside the one who is on it longest | just come | as long |

What is not known (no strength named, no review) counts as the middle, half the points. Equal points: who is
on the list longer comes first. It is a suggestion: people agree on an order (`Application.place`), and the
reason of an invitation out of order is kept in the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from members import admissions, moves, seats
from members.errors import OutOfOrder, Refused
from members.models import Application, Group, Invitation, Member, Strength, User
from members.models.application import State
from members.names import isolated

GAIN, SCORE, WAITING = 40, 30, 30
MIDDLE = 0.5  # of what is not known


class StaleOrder(Refused):
    """The shortlist is no longer as the page showed it."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody else has changed the shortlist or its order meanwhile. Nothing was changed; look at it "
            "again."
        )


@dataclass
class Candidate:
    """Somebody on the shortlist, with the figures of the suggestion.

    brings: each strength they name with how many active members hold it, the rarest first. gain, score,
    waiting: points. suggested: the place in the suggestion, from 1. position: the place in the agreed order
    as people count it, from 1 without gaps; None before there is one.
    """

    application: Application
    brings: list[tuple[str, int]] = field(default_factory=list)
    gain: int = 0
    score: int = 0
    waiting: int = 0
    suggested: int = 0
    position: int | None = None

    @property
    def points(self) -> int:
        """What the suggestion is ordered by, from 0 to 100."""
        return self.gain + self.score + self.waiting


def shortlist(*, active: int, now: datetime) -> list[Candidate]:
    """Everybody on the shortlist in the agreed order, those without a place last, with their suggestion.

    active: how many active members there are. Three queries.
    """
    applications = list(Application.objects.agreed().select_related("decision").prefetch_related("strengths"))
    held = dict(
        Strength.objects.annotate(
            held=Count("members", filter=Q(members__state=Member.State.ACTIVE))
        ).values_list("pk", "held")
    )
    longest = max((now - application.since for application in applications), default=None)
    candidates = []
    for position, application in enumerate(applications, start=1):
        brings = sorted(
            ((strength.name, held.get(strength.pk, 0)) for strength in application.strengths.all()),
            key=lambda pair: pair[1],
        )
        candidates.append(
            Candidate(
                application=application,
                brings=brings,
                gain=_points(GAIN, 1 - brings[0][1] / active if brings and active else None),
                score=_points(SCORE, (application.score - 1) / 4 if application.score else None),
                waiting=_points(WAITING, (now - application.since) / longest if longest else None),
                position=position if application.place is not None else None,
            )
        )
    for rank, candidate in enumerate(suggestion(candidates), start=1):
        candidate.suggested = rank
    return candidates


def _points(most: int, part: float | None) -> int:
    """The part of the points, from 0 to 1, in whole ones; the middle when it is not known."""
    return round(most * min(1.0, max(0.0, MIDDLE if part is None else part)))


def suggestion(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates by their points, the most first; who is on the list longer wins a tie."""
    return sorted(candidates, key=lambda one: (-one.points, one.application.since, one.application.pk))


def first(candidates: list[Candidate]) -> Candidate | None:
    """Whom to invite first without giving a reason.

    The first in the agreed order, else the first of the suggestion. Whoever let an invitation lapse never
    is: asking again is a decision, with a reason.
    """
    ready = [candidate for candidate in candidates if not candidate.application.lapses]
    agreed = [candidate for candidate in ready if candidate.position]
    return next(iter(agreed or suggestion(ready)), None)


def fingerprint(applications: Iterable[Application]) -> str:
    """What a form carries to tell whether the shortlist is still the one it was made from."""
    content = ",".join(f"{application.pk}:{application.place or '-'}" for application in applications)
    return hashlib.sha256(content.encode()).hexdigest()[:20]


@transaction.atomic
def agree(*, order: list[int], seen: str, by: User, now: datetime) -> int:
    """Agree on an order of the whole shortlist. Returns how many places changed; each is logged.

    order: the keys of all shortlisted applications, the first to be invited first. seen: the fingerprint of
    the page. Raises StaleOrder when the shortlist is another by now.
    """
    current = _locked(seen)
    by_pk = {application.pk: application for application in current}
    if sorted(order) != sorted(by_pk):
        raise StaleOrder
    return len(_number([by_pk[pk] for pk in order], by=by, now=now, logged=set(by_pk)))


@transaction.atomic
def move_one(*, application_id: int, up: bool, seen: str, by: User, now: datetime) -> Application:
    """Move somebody one place up or down in the agreed order.

    Raises StaleOrder as `agree` does, Refused for who has no place or stands at that end already.
    """
    placed = [application for application in _locked(seen) if application.place is not None]
    index = next((i for i, application in enumerate(placed) if application.pk == application_id), None)
    if index is None:
        raise Refused("This application has no place in the order yet. Nothing was changed.")
    other = index - 1 if up else index + 1
    if not 0 <= other < len(placed):
        end = "first" if up else "last"
        raise Refused(f"{isolated(placed[index].name)} is {end} already. Nothing was changed.")
    placed[index], placed[other] = placed[other], placed[index]
    _number(placed, by=by, now=now, logged={application_id})
    return placed[other]


@transaction.atomic
def place_last(*, application_id: int, seen: str, by: User, now: datetime) -> Application:
    """Give a newcomer to the shortlist the last place in the agreed order.

    Raises StaleOrder as `agree` does, Refused for who has a place already.
    """
    current = _locked(seen)
    newcomer = next((one for one in current if one.pk == application_id and one.place is None), None)
    if newcomer is None:
        raise Refused("This application has a place already. Nothing was changed.")
    placed = [application for application in current if application.place is not None]
    _number([*placed, newcomer], by=by, now=now, logged={application_id})
    return newcomer


@transaction.atomic
def invite(
    *, application_id: int, by: User, now: datetime, seen: str | None = None, reason: str = ""
) -> Invitation:
    """Invite somebody from the shortlist: the first without a word, another with a reason that is kept.

    Otherwise as `admissions.invite`, which knows the agreed order alone: here the suggestion stands in where
    nothing was agreed, and asking somebody again who let an invitation lapse needs a reason too.
    Raises OutOfOrder when the reason is missing.
    """
    group = Group.objects.locked()
    application = moves.lock(application_id)
    if application.state == State.SHORTLISTED and not reason.strip():
        current = seats.count(group)
        seats.require_free(group)
        expected = first(shortlist(active=current.taken, now=now))
        if expected is None or expected.application.pk != application.pk:
            raise OutOfOrder(_why_asked(application, expected))
    return admissions.invite(application_id=application_id, by=by, now=now, seen=seen, reason=reason)


def _why_asked(application: Application, expected: Candidate | None) -> str:
    if application.lapses:
        return f"{isolated(application.name)} let an invitation lapse. Say why you ask again."
    where = "in the agreed order" if expected.position else "in the suggestion"
    return (
        f"{isolated(expected.application.name)} comes first {where}. Say why "
        f"{isolated(application.name)} is asked before."
    )


def _locked(seen: str) -> list[Application]:
    """The shortlist in its order, locked after the group, when it is still the one that was seen."""
    Group.objects.locked()
    # Locked by key, the same way round for everybody; sorted afterwards.
    rows = Application.objects.filter(state=State.SHORTLISTED).order_by("pk").select_for_update()
    current = sorted(rows, key=lambda one: (one.place is None, one.place or 0, one.since, one.pk))
    if fingerprint(current) != seen:
        raise StaleOrder
    return current


def _number(order: list[Application], *, by: User, now: datetime, logged: set[int]) -> list[Application]:
    """Write the places from 1 without gaps; those that change and are in `logged` go into the history."""
    changed = []
    for place, application in enumerate(order, start=1):
        if application.place != place:
            application.place = place
            changed.append(application)
    Application.objects.bulk_update(changed, ["place"])
    for application in changed:
        if application.pk in logged:
            moves.log(
                application,
                before=application.state,
                by=moves.By.ORGANISER,
                actor=by,
                now=now,
                reason=f"Place {application.place} in the agreed order",
            )
    return changed
