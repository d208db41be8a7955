"""One decision for many applications: what would become of each, and doing it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from members import admissions, decisions, letters, moves
from members.decisions import Outcome
from members.errors import Refused
from members.models import Application, Decision, Group, Review, User
from members.models.application import ApplicationQuerySet, State

Kind = Decision.Kind


@dataclass(frozen=True)
class Prospect:
    """What would become of one application. obstacle: why it stays as it is; lacks: why it takes a reason."""

    application: Application
    standing: Decision | None
    obstacle: str = ""
    lacks: str = ""


def prospects(*, application_ids: Collection[int], kind: str, by: User, group: Group) -> list[Prospect]:
    """What preparing this decision would meet for each, by the rules of `decisions.prepare`: three queries.

    kind: Decision.Kind. Applications that are gone are left out.
    """
    own = Review.objects.filter(application=OuterRef("pk"), reviewer=by)
    found = (
        _in_turn(application_ids).select_related("decision__prepared_by").annotate(is_reviewed=Exists(own))
    )
    line = list(admissions.in_agreed_order().exclude(decision__kind=Kind.INVITE)[: len(application_ids) + 1])
    met = []
    for application in found:
        standing = getattr(application, "decision", None)
        obstacle, lacks = _obstacle(application, standing, kind=kind, by=by), ""
        if not obstacle:
            lacks = _lacks(application, kind=kind, group=group, first=line[0] if line else None)
            if application in line and kind == Kind.INVITE:
                line.remove(application)
        met.append(Prospect(application, standing, obstacle, lacks))
    return met


def prospects_of_taking_back(*, application_ids: Collection[int]) -> list[Prospect]:
    """The same for taking prepared decisions back: one query."""
    found = _in_turn(application_ids).select_related("decision__prepared_by")
    standing = ((application, getattr(application, "decision", None)) for application in found)
    return [Prospect(one, there, "" if there else "No decision is prepared.") for one, there in standing]


def prepare(
    *, seen: dict[int, str], kind: str, by: User, group: Group, now: datetime, reason: str = ""
) -> list[Outcome]:
    """Prepare one decision for many applications, each in a transaction of its own.

    seen: the state of each on the page from which this was asked, by the application's key; one that is gone
    is left out. reason: as for `decisions.prepare`; `{name}` and `{group}` in a reason for declining are
    filled in. What this person has prepared already in the same words is refused: nothing is done twice.
    """
    outcomes = []
    for application in _in_turn(seen):
        refused = ""
        try:
            with transaction.atomic():
                moves.lock(application.pk)
                words = reason.strip()
                if kind == Kind.DECLINE:
                    words = letters.fill(words, letters.words_for(application, group))
                same = Decision.objects.filter(application=application, kind=kind, reason=words)
                if same.filter(prepared_by=by).exists():
                    raise Refused("You have prepared this already.")
                decisions.prepare(
                    application_id=application.pk,
                    kind=kind,
                    by=by,
                    now=now,
                    reason=words,
                    seen=seen[application.pk],
                )
        except Application.DoesNotExist:
            continue  # erased in the meantime
        except Refused as refusal:
            refused = str(refusal)
        outcomes.append(Outcome(application, kind, refused))
    return outcomes


def take_back(*, application_ids: Collection[int]) -> list[Outcome]:
    """Take the prepared decisions of many applications back; where there is none, the outcome says so."""
    outcomes = []
    for application in _in_turn(application_ids):
        refused = ""
        try:
            decisions.take_back(application_id=application.pk)
        except Refused as refusal:
            refused = str(refusal)
        outcomes.append(Outcome(application, "", refused))
    return outcomes


def _in_turn(application_ids: Collection[int]) -> ApplicationQuerySet:
    """In the agreed order, then the longest waiting first: who comes first must be asked first."""
    long = ("experience", "interest", "talk", "links")
    found = Application.objects.filter(pk__in=list(application_ids)).defer(*long)
    return found.order_by(F("place").asc(nulls_last=True), "since", "pk")


def _obstacle(application: Application, standing: Decision | None, *, kind: str, by: User) -> str:
    starts = decisions.STARTS_FROM[Kind(kind)]
    if application.state not in starts:
        words = [state.label for state in State if state in starts]
        needed = " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
        return f"It is {application.get_state_display()}, not {needed}."
    if application.state == State.WAITING and not application.is_reviewed:
        return "You have neither reviewed it nor abstained."
    if standing and standing.prepared_by_id != by.pk:
        return "Somebody else has prepared a decision. Take it back first."
    return ""


def _lacks(application: Application, *, kind: str, group: Group, first: Application | None) -> str:
    try:
        if kind == Kind.SHORTLIST:
            admissions.require_reviews(application, group, override="")
        elif kind == Kind.INVITE:
            admissions.require_turn(application, first, reason="")
    except Refused as refusal:
        return str(refusal)
    return ""
