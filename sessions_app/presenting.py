"""What a guest presenter without an account does on a private page, and the links that open it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import pre_delete
from django.utils import timezone

from members import recipients
from members.errors import Refused
from members.models import Group, Member, User
from members.models.invitation import hash_token
from outbox.forgetting import forget_person
from sessions_app import concerned
from sessions_app import mails_talks as mails
from sessions_app.models import Presentation, Presenter, PresenterLink
from sessions_app.proposals import CLOSED, ROAD

MOST_LINKS = 20  # of one guest that work at the same time
A_MOMENT = timedelta(minutes=1)  # within which a second link is a second click


class Changed(Refused):
    """The abstract is no longer as it was when the form was opened."""


class LinkClosed(Refused):
    """The link opened a page once, and no longer does."""


# --- Links ---------------------------------------------------------------------------------------------
def issue(presenter: Presenter, *, by: User | None, now: datetime) -> tuple[PresenterLink, str]:
    """Store a link and return it with its token, which exists nowhere else."""
    token = secrets.token_urlsafe(32)
    link = PresenterLink.objects.create(
        presenter=presenter, token_hash=hash_token(token), made_by=by, made_at=now
    )
    return link, token


@transaction.atomic
def make_link(*, presenter_id: int, email: str, by: User, now: datetime) -> str:
    """Make a private link for a guest; mail it when there is an address. Returns its token, to be shown once.

    email: where the guest is written to from now on, "" for nowhere. Raises Refused for a member, for
    somebody erased, within A_MOMENT of a link that works, and when MOST_LINKS work already;
    Presenter.DoesNotExist.
    """
    presenter = Presenter.objects.select_for_update().get(pk=presenter_id)
    if presenter.member_id or not presenter.guest_name:
        raise Refused("Only guests need a private link; a member signs in. Nothing was made.")
    working = presenter.links.filter(revoked_at=None)
    if working.filter(made_at__gt=now - A_MOMENT).exists():
        raise Refused(
            "A link was made a moment ago. If you have not seen it, take it back below, then make another. "
            "Nothing was made."
        )
    if working.count() >= MOST_LINKS:
        raise Refused(f"Take a link back first; {MOST_LINKS} of them work already.")
    presenter.email = email
    presenter.save(update_fields=["email"])
    link, token = issue(presenter, by=by, now=now)
    if email:
        mails.presenter_link(presenter, link.pk, token, Group.objects.current(), now=now)
    return token


@transaction.atomic
def revoke(*, link_id: int, now: datetime) -> PresenterLink:
    """Take a link back. Raises Refused when it was already, PresenterLink.DoesNotExist."""
    link = PresenterLink.objects.select_for_update().get(pk=link_id)
    if link.revoked_at:
        raise Refused("This link was taken back already. Nothing was changed.")
    link.revoked_at = now
    link.save(update_fields=["revoked_at"])
    return link


def _forget(sender, instance: Member, **kwargs) -> None:
    presenters = Presenter.objects.filter(member=instance)
    PresenterLink.objects.filter(presenter__in=presenters, revoked_at=None).update(revoked_at=timezone.now())
    for presenter in presenters:
        _forget_mails(sender, presenter)
    presenters.update(bio="", url="", email="")


def _forget_mails(sender, instance: Presenter, **kwargs) -> None:
    forget_person(concerned.key_of(instance), instead=recipients.ERASED)


def listen() -> None:
    """Hear of every member who is erased: their mails and words as a guest go, their links end (rule 9).

    A guest who is deleted leaves no mails either.
    """
    pre_delete.connect(_forget, sender=Member, dispatch_uid="sessions_app.presenting.forget")
    pre_delete.connect(_forget_mails, sender=Presenter, dispatch_uid="sessions_app.presenting.forget_mails")


def open_with(token: str) -> Presenter:
    """The guest whose private page a token opens. One query.

    Raises PresenterLink.DoesNotExist for a token never issued, LinkClosed for one that no longer works.
    """
    link = PresenterLink.objects.select_related("presenter").get(token_hash=hash_token(token))
    if link.presenter.member_id:
        raise LinkClosed("You are a member now. Sign in, and find your talks on the page of presentations.")
    if link.revoked_at or not link.presenter.guest_name:
        raise LinkClosed("The organisers have taken this link back. Ask them for another one.")
    return link.presenter


# --- What the guest writes -----------------------------------------------------------------------------
@dataclass(frozen=True)
class AboutGuest:
    """What a guest says of themselves."""

    bio: str
    url: str


@transaction.atomic
def introduce(*, token: str, about: AboutGuest) -> Presenter:
    """Change a guest's bio and web page. Raises as `open_with`."""
    found = open_with(token)
    presenter = Presenter.objects.select_for_update().get(pk=found.pk)
    presenter.bio, presenter.url = about.bio, about.url
    presenter.save(update_fields=["bio", "url"])
    return presenter


def talks_of(presenter: Presenter) -> QuerySet[Presentation]:
    """The guest's talks that are not declined or withdrawn."""
    return Presentation.objects.filter(presenters=presenter).exclude(state__in=CLOSED).order_by("-pk")


@transaction.atomic
def describe(*, token: str, talk_id: int, seen: str, abstract: str) -> Presentation:
    """Change the abstract of one of the guest's talks.

    seen: the abstract that the guest has looked at, as `fingerprint` gives it. Raises as `open_with`, and
    Presentation.DoesNotExist for somebody else's talk, Changed when another presenter has saved meanwhile.
    """
    presenter = open_with(token)
    Group.objects.select_for_update().first()  # a session is saved with its talks under this lock
    talk = Presentation.objects.select_for_update(of=("self",)).get(
        pk=talk_id, state__in=ROAD, pk__in=talks_of(presenter).values("pk")
    )
    if fingerprint(talk) != seen:
        raise Changed(
            "Somebody else changed the abstract while you were typing. Nothing was overwritten. "
            "Compare your text with what is saved now; saving again puts yours in its place."
        )
    talk.abstract = abstract
    talk.save(update_fields=["abstract"])
    return talk


def fingerprint(talk: Presentation) -> str:
    """By which a changed abstract is noticed."""
    return hash_token(talk.abstract)[:32]
