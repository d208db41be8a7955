"""Whom mails about a session or a talk go to: who may come, and who presents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from members import recipients
from members.addresses import fold
from members.models import Member
from sessions_app.models import Appearance, Presentation, Presenter, Rsvp, Session

CLOSED = [Presentation.State.DECLINED, Presentation.State.WITHDRAWN]


@dataclass(frozen=True)
class Recipient:
    """One person and where they are written to.

    signs_in: whether pages for members open for them. key: what the outbox calls them, whatever their
    address. user_id: their account; None for a guest.
    """

    address: str
    name: str
    signs_in: bool
    key: str
    user_id: int | None = None


def members(session: Session) -> QuerySet[Member]:
    """Active members, and those on leave who come or are not sure; with their accounts. One query."""
    may_come = Rsvp.objects.filter(session=session, answer__in=[Rsvp.Answer.YES, Rsvp.Answer.MAYBE])
    return (
        Member.objects.filter(
            Q(state=Member.State.ACTIVE) | Q(state=Member.State.ON_LEAVE, pk__in=may_come.values("member"))
        )
        .select_related("user")
        .order_by("pk")
    )


def of_session(session: Session, *, besides: Iterable[str] = ()) -> list[Recipient]:
    """Whom to write to about a session: its `members`, then those who present in it and are none of them.

    besides: addresses of guests with a chair, who hear of it in words of their own. Each address once,
    and no barred account. Two queries, however many talks there are.
    """
    present = [member for member in members(session) if member.user.is_active]
    found = {fold(member.user.email): recipient_of(member) for member in present}
    told = {fold(address) for address in besides}
    slots = Appearance.objects.filter(presentation__slots__session=session)
    talks = slots.exclude(presentation__state__in=CLOSED)
    presenters = Presenter.objects.with_people().filter(pk__in=talks.values("presenter")).order_by("pk")
    for recipient in filter(None, map(presenting, presenters)):
        if fold(recipient.address) not in told:
            _keep(found, recipient)
    return list(found.values())


def of_talk(talk: Presentation) -> list[Recipient]:
    """Whom to write to about a talk: who proposed it and who presents it, each address once."""
    found: dict[str, Recipient] = {}
    if talk.proposed_by_id and talk.proposed_by.user.is_active:
        found[fold(talk.proposed_by.user.email)] = recipient_of(talk.proposed_by)
    presenters = Presenter.objects.with_people().filter(presentations=talk).order_by("pk")
    for recipient in filter(None, map(presenting, presenters)):
        _keep(found, recipient)
    return list(found.values())


def _keep(found: dict[str, Recipient], recipient: Recipient) -> None:
    key = fold(recipient.address)
    # A guest's row may be of somebody who has become a member meanwhile; the member's says more.
    if key not in found or (recipient.signs_in and not found[key].signs_in):
        found[key] = recipient


def presenting(presenter: Presenter) -> Recipient | None:
    """Where a presenter is written to; None without an address, for barred accounts and for the erased.

    Reads the account; come with `with_people`.
    """
    if presenter.member_id:
        return recipient_of(presenter.member) if presenter.member.user.is_active else None
    if not (presenter.guest_name and presenter.email):
        return None
    return Recipient(presenter.email, presenter.guest_name, signs_in=False, key=key_of(presenter))


def key_of(presenter: Presenter) -> str:
    """What the outbox calls a presenter who has no account."""
    return f"presenter:{presenter.pk}"


def recipient_of(member: Member) -> Recipient:
    """Where a member is written to. Reads the account."""
    return Recipient(
        member.user.email,
        member.name,
        # Whoever has left finds the members' pages closed.
        signs_in=member.state != Member.State.ALUMNI,
        key=recipients.of_user(member.user_id),
        user_id=member.user_id,
    )
