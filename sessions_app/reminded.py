"""Whom a reminder of a session goes to, and what it says to each: only what applies to whoever reads it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.urls import reverse

from members import recipients
from members.addresses import fold
from members.models import Group, Member
from outbox.wording import Value
from outbox.writing import Mail, absolute
from sessions_app import concerned, guests
from sessions_app.concerned import Recipient
from sessions_app.mail_words import PERSON, SESSION, person_words, session_words
from sessions_app.models import Appearance, GuestChair, Material, Presentation, Presenter, Rsvp, Session
from sessions_app.preparing_words import PREPARATION, preparation_for
from sessions_app.text import plain

PLACEHOLDERS = {
    **PERSON,
    **SESSION,
    **PREPARATION,
    "asked": "whether they have not said yet if they come",
    "in_line": "whether they wait for a chair in a full room",
    "talks": "the titles of what they present in it",
    "slides_missing": "whether slides of these are missing",
    "slides_url": "where members put their slides; nothing for a guest",
    "online_url": "where members join from afar; nothing for anybody else",
    "is_guest": "whether they come as a guest, who has a chair for this session alone",
    "is_member": "whether the members’ pages open for them",
}


NOTHING_SAID = ("", None)  # neither an answer, nor since when they are in line


@dataclass
class _Reader:
    """One person whom the reminder goes to. member_id: None for guests. talks: what they present."""

    who: Recipient
    member_id: int | None = None
    chair: GuestChair | None = None
    said: tuple[str, datetime | None] = NOTHING_SAID
    talks: list[Presentation] = field(default_factory=list)


def mails(kind: str, date: str, session: Session, group: Group) -> list[Mail]:
    """The reminder of one session, to each whom it concerns. Six queries, however many there are.

    It concerns members who may come, whoever presents, and guests with a chair; nobody who has said no.
    """
    answers = {
        member: (answer, since)
        for member, answer, since in Rsvp.objects.filter(session=session).values_list(
            "member", "answer", "in_line_since"
        )
    }
    readers = list(_readers(session, answers))
    preparation = preparation_for(session, [reader.member_id for reader in readers])
    shared = session_words(session)
    return [
        Mail(
            about=about(kind, date, session, reader.chair),
            to=reader.who.address,
            values={
                **shared,
                **_words(reader, session, group),
                **preparation.words(reader.member_id),
            },
            recipient=reader.who.key,
            thread=f"session:{session.pk}",
        )
        for reader in readers
    ]


def words_for(session: Session, member: Member, group: Group) -> dict[str, Value]:
    """What a reminder of this session would say to a member who does not present in it."""
    said = Rsvp.objects.filter(session=session, member=member).values_list("answer", "in_line_since").first()
    reader = _Reader(concerned.recipient_of(member), member.pk, said=said or NOTHING_SAID)
    preparation = preparation_for(session, [member.pk])
    return {**session_words(session), **_words(reader, session, group), **preparation.words(member.pk)}


def about(kind: str, date: str, session: Session, chair: GuestChair | None = None) -> str:
    """The event of a reminder. A guest's begins with the application, and goes when that is erased."""
    event = f"session:{session.pk}:{kind}:{date}"
    return f"application:{chair.application_id}:{event}" if chair else event


def _readers(session: Session, answers: dict[int, tuple]) -> Iterator[_Reader]:
    found: dict[str, _Reader] = {}
    for chair in guests.kept(session).select_related("application"):
        person = chair.application
        key = recipients.of_application(person.pk)
        guest = Recipient(person.email, person.name, signs_in=False, key=key)
        found[fold(person.email)] = _Reader(guest, chair=chair)
    for member in concerned.members(session):
        if member.user.is_active:
            found[fold(member.user.email)] = _Reader(concerned.recipient_of(member), member.pk)
    for presenter, talks in presenters(session):
        recipient = concerned.presenting(presenter)
        if recipient:
            made = _Reader(recipient, presenter.member_id)
            found.setdefault(fold(recipient.address), made).talks += talks
    for reader in found.values():
        reader.said = answers.get(reader.member_id, NOTHING_SAID)
        if reader.said[0] != Rsvp.Answer.NO:
            yield reader


def presenters(session: Session) -> list[tuple[Presenter, list[Presentation]]]:
    """Who presents in a session, and what, in its order; each talk with `has_slides`. One query."""
    slides = Material.objects.filter(presentation=OuterRef("presentation"), kind=Material.Kind.SLIDES)
    found: dict[int, list[Presentation]] = defaultdict(list)
    people: dict[int, Presenter] = {}
    for appearance in (
        Appearance.objects.filter(presentation__slots__session=session)
        .exclude(presentation__state__in=concerned.CLOSED)
        .select_related("presentation", "presenter__member__user")
        .annotate(has_slides=Exists(slides))
        .order_by("presentation__slots__position", "presentation", "position")
    ):
        appearance.presentation.has_slides = appearance.has_slides
        found[appearance.presenter_id].append(appearance.presentation)
        people[appearance.presenter_id] = appearance.presenter
    return [(people[pk], talks) for pk, talks in sorted(found.items())]


def _words(reader: _Reader, session: Session, group: Group) -> dict[str, Value]:
    answer, in_line_since = reader.said
    missing = [talk for talk in reader.talks if not talk.has_slides] if group.materials_days else []
    slides_url = reverse("talk_materials", args=[missing[0].pk]) if missing and reader.who.signs_in else ""
    chair = reader.chair
    return {
        **person_words(reader.who.name, group),
        "asked": chair.state == GuestChair.State.OFFERED if chair else reader.who.signs_in and not answer,
        "in_line": in_line_since is not None,
        "talks": " and ".join(f"“{plain(talk.title)}”" for talk in reader.talks),
        "slides_missing": bool(missing),
        "slides_url": slides_url and absolute(slides_url),
        "online_url": session.online_url if reader.who.signs_in else "",
        "is_guest": chair is not None,
        "is_member": reader.who.signs_in,
    }
