"""Decide now, send later: decisions that are prepared, taken back, and released together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from members import admissions, mail_values, moves
from members.admissions import REVIEWABLE
from members.errors import IllegalMove, Refused
from members.mail_values import OWN_LINK
from members.models import Application, Decision, Group, Review, User
from members.models.application import State
from outbox.kinds import kind_of
from outbox.models import KindSetting
from outbox.parts import parts_of
from outbox.wording import Wording
from outbox.writing import footer_of, wording_of

AT_ONCE = 100  # decisions that one release carries out
Kind = Decision.Kind

STARTS_FROM = {
    Kind.SHORTLIST: {State.WAITING},
    Kind.INVITE: {State.SHORTLISTED},
    Kind.DECLINE: {State.WAITING, State.SHORTLISTED, State.INVITED, State.DORMANT},
}
MAILS = {Kind.SHORTLIST: "shortlisted", Kind.INVITE: "invitation", Kind.DECLINE: "declined"}


@dataclass(frozen=True)
class Outcome:
    """What became of one prepared decision: `refused` is empty when it was carried out."""

    application: Application
    kind: str
    refused: str = ""


@transaction.atomic
def prepare(
    *, application_id: int, kind: str, by: User, now: datetime, reason: str = "", seen: str | None = None
) -> Decision:
    """Keep a decision for later; nobody outside is told, and the application does not move.

    kind: Decision.Kind. reason: for declining, what the applicant will read; otherwise why a rule or the
    order is passed over. seen: the state on the page from which this was asked. What the same person prepared
    before is replaced. Raises, as the decision itself would, IllegalMove, NotReviewed, ReviewsMissing,
    OutOfOrder, and Refused without a reason for declining; Refused also when somebody else has prepared a
    decision here. A full room is no hindrance: whether a seat is free is asked at the release.
    """
    application = moves.lock(application_id)
    if application.state not in STARTS_FROM[Kind(kind)] or (seen and seen != application.state):
        raise IllegalMove(moves.stale_sentence(application, now=now))
    if application.state == State.WAITING:
        admissions.require_review(application, by)
    if kind == Kind.SHORTLIST:
        admissions.require_reviews(application, Group.objects.current(), override=reason)
    elif kind == Kind.INVITE:
        admissions.require_turn(application, first_unprepared(), reason=reason)
    else:
        admissions.require_reason(reason)
    standing = Decision.objects.filter(application=application)
    if standing.exclude(prepared_by=by).exists():
        raise Refused(
            "Somebody else has prepared a decision here. Nothing was changed; take that one back first."
        )
    # Always a new row: a page that still shows the old one can then neither release nor take back the new.
    standing.delete()
    return Decision.objects.create(
        application=application,
        kind=kind,
        reason=reason.strip(),
        seen=application.state,
        prepared_by=by,
        prepared_at=now,
    )


def first_unprepared() -> Application | None:
    """Who comes first in the agreed order of those whose invitation is not prepared yet."""
    return admissions.in_agreed_order().exclude(decision__kind=Kind.INVITE).first()


@transaction.atomic
def take_back(*, application_id: int, decision_id: int | None = None) -> Application:
    """Forget a prepared decision; nobody has been told. Returns the application.

    decision_id: the one that the page showed; without it, whichever is prepared. Raises Refused when it is
    there no longer: released, replaced, or taken back before.
    """
    application = Application.objects.select_for_update().filter(pk=application_id).first()
    standing = Decision.objects.filter(application=application_id)
    if decision_id is not None:
        standing = standing.filter(pk=decision_id)
    if application is None or not standing.delete()[0]:
        raise Refused("There is no such prepared decision any more: it was released, changed or taken back.")
    return application


def shown_to(user: User) -> QuerySet:
    """The prepared decisions that this person may see: blind first, so none before the own review.

    Whoever prepared one sees it, and so does everybody where reviews are over.
    """
    return Decision.objects.filter(_open_to(user))


def in_order(standing: QuerySet) -> list[Decision]:
    """The decisions in the order in which they are released.

    Invitations come last, so that seats freed by the others can be offered, and in the agreed order, so that
    nobody is asked before their turn.
    """
    line = standing.select_related("application", "prepared_by").order_by(
        F("application__place").asc(nulls_last=True), "application__since", "application"
    )
    return sorted(line, key=lambda decision: decision.kind == Kind.INVITE)


def count_hidden_from(user: User) -> int:
    """How many prepared decisions wait for this person's own review before they are shown."""
    return Decision.objects.exclude(_open_to(user)).count()


def _open_to(user: User) -> Q:
    own = Review.objects.filter(application=OuterRef("application"), reviewer=user)
    return Q(Exists(own)) | Q(prepared_by=user) | ~Q(application__state__in=REVIEWABLE)


def wordings() -> dict[str, Wording]:
    """How the mail of each kind of decision is worded now, for any number of previews. One query."""
    chosen = {setting.kind: setting for setting in KindSetting.objects.filter(kind__in=MAILS.values())}
    return {kind: wording_of(mail, chosen.get(mail)) for kind, mail in MAILS.items()}


def preview(
    decision: Decision, group: Group, worded: Mapping[str, Wording], *, now: datetime
) -> tuple[str, str]:
    """Subject and text of the mail that releasing the decision would write, but for the private links.

    worded: as `wordings` gives it. No query.
    """
    kind = Kind(decision.kind)
    values = mail_values.to_applicant(decision.application, group, status_url=OWN_LINK)
    if kind == Kind.INVITE:
        values |= mail_values.offer(OWN_LINK, now + timedelta(days=group.invitation_days), group)
    elif kind == Kind.DECLINE:
        values["reason"] = decision.reason
    subject, source = worded[kind].fill(values)
    return subject, parts_of(subject, source, footer_of(kind_of(MAILS[kind]), ""))[0]


def release(*, decision_ids: Collection[int], by: User, now: datetime) -> list[Outcome]:
    """Carry prepared decisions out: the moves, their log, and the mails.

    Each in a transaction of its own, so that one that has become impossible does not hold the others up;
    it stays prepared, with the reason in its outcome. One that was released, replaced or taken back in the
    meantime is left out. Raises Refused for more than AT_ONCE.
    """
    if len(set(decision_ids)) > AT_ONCE:
        raise Refused(f"Release at most {AT_ONCE} decisions at a time. Nothing was sent.")
    rows = in_order(Decision.objects.filter(pk__in=set(decision_ids)))
    outcomes = (_release(row.pk, row.application_id, by=by, now=now) for row in rows)
    return [outcome for outcome in outcomes if outcome]


def _release(decision_id: int, application_id: int, *, by: User, now: datetime) -> Outcome | None:
    decision = None
    try:
        with transaction.atomic():
            # Locked before looking: another release, or somebody who takes it back, is done by then.
            Group.objects.locked()
            Application.objects.select_for_update().filter(pk=application_id).first()
            standing = Decision.objects.select_related("application", "prepared_by")
            decision = standing.filter(pk=decision_id).first()
            if decision is None:
                return None
            _carry_out(decision, by=by, now=now)  # the move deletes what was prepared
    except Refused as refusal:
        return Outcome(decision.application, decision.kind, str(refusal))
    return Outcome(decision.application, decision.kind)


def _carry_out(decision: Decision, *, by: User, now: datetime) -> None:
    common = {
        "application_id": decision.application_id,
        "by": by,
        "now": now,
        "seen": decision.seen,
    }
    if decision.kind != Kind.INVITE:
        # Who prepared it has reviewed it; who releases it need not have.
        common["reviewed_by"] = decision.prepared_by or by
    if decision.kind == Kind.SHORTLIST:
        admissions.shortlist(**common, override=decision.reason)
    elif decision.kind == Kind.INVITE:
        admissions.invite(**common, reason=decision.reason)
    else:
        admissions.decline(**common, reason=decision.reason)
