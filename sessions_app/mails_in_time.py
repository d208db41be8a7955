"""What members are told of the notes of a session: that they are to write them; that these can be read."""

from __future__ import annotations

import itertools
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from members import recipients
from members.models import Group, Member, User
from outbox.models import Message
from outbox.wording import Markdown, Value, as_markdown
from outbox.writing import Mail, absolute, write, write_all
from sessions_app.mail_words import person_words, session_words
from sessions_app.models import Notes, Session
from sessions_app.text import PARSER, plain, plain_opening

LOOKED_AT = 5_000  # characters of the notes, from their beginning
MOST_HEADINGS = 6
OPENING = 300  # characters


def scribe_named(session: Session, *, now: datetime) -> bool:
    """To the member who is to write the notes of an announced session. Once a session and scribe.

    Again when the mail before never went, since somebody else was the scribe by then. Returns whether it was
    written now.
    """
    member = Member.objects.present().select_related("user").filter(pk=session.scribe_id).first()
    if member is None or not member.user.is_active:
        return False
    event = f"session:{session.pk}:scribe:{member.pk}"
    this_one = Q(about=event) | Q(about__startswith=f"{event}:")
    earlier = Message.objects.filter(this_one, kind="scribe_named", thread=f"session:{session.pk}")
    if earlier.exclude(held_because=Message.Why.OUTDATED).exists():
        return False
    if before := earlier.count():
        event = f"{event}:{before + 1}"
    write(
        kind="scribe_named",
        about=event,
        to=member.user.email,
        context=scribe_words(session, member, Group.objects.current()),
        now=now,
        recipient=recipients.of_user(member.user_id),
    )
    return True


def scribe_words(session: Session, member: Member, group: Group) -> dict[str, Value]:
    """What the mail to a scribe may say."""
    return {
        **person_words(member.name, group),
        **session_words(session),
        "notes_url": absolute(reverse("sessions:notes_edit", args=[session.number])),
    }


def scribe_outdated(message: Message, now: datetime) -> str:
    """Why the mail to a scribe no longer makes sense, in a sentence; "" while it does. One query."""
    _, pk, _, member = message.about.split(":")[:4]
    session = Session.objects.filter(pk=pk).first()
    if session is None:
        return "The session was deleted."
    if session.state == Session.State.CANCELLED:
        return f"{session} is cancelled."
    return "" if str(session.scribe_id) == member else "Somebody else is the scribe now, or nobody."


def notes_published(notes: Notes, session: Session, *, by: User | None, now: datetime) -> int:
    """To the members, but for whoever did it: the notes of a held session can be read.

    Once a session and audience, and not after everybody could read them. Returns how many were written.
    """
    events = [
        f"session:{session.pk}:notes:{audience}" for audience in (notes.audience, Notes.Audience.PUBLIC)
    ]
    if Message.objects.filter(kind="notes_published", about__in=events).exists():
        return 0
    group = Group.objects.current()
    readers = Member.objects.present().filter(user__is_active=True).exclude(user=by).select_related("user")
    mails = [
        Mail(
            about=events[0],
            to=member.user.email,
            values=notes_words(notes, session, member, group),
            recipient=recipients.of_user(member.user_id),
        )
        for member in readers.order_by("pk")
    ]
    return write_all("notes_published", mails, now=now)


def notes_words(notes: Notes, session: Session, member: Member, group: Group) -> dict[str, Value]:
    """What the mail about notes may say."""
    return {
        **person_words(member.name, group),
        **session_words(session),
        "begins": beginning(notes.text),
        "is_public": notes.audience == Notes.Audience.PUBLIC,
        "notes_url": absolute(f"{session.get_absolute_url()}#notes"),
    }


def notes_outdated(message: Message, now: datetime) -> str:
    """Why the mail about notes no longer makes sense, in a sentence; "" while it does. One query."""
    pk = message.about.split(":")[1]
    if Notes.objects.visible_to(member=True, organiser=False).filter(session=pk).exclude(text="").exists():
        return ""
    return "Members can no longer read these notes."


def beginning(source: str) -> Markdown:
    """What notes begin with, for a mail: a list of their first headings, or their first words."""
    source = source[:LOOKED_AT]
    tokens = PARSER.parse(source)
    headings = [
        plain(after.content) for token, after in itertools.pairwise(tokens) if token.type == "heading_open"
    ]
    if len(headings) > 1:
        return Markdown("\n".join(f"- {as_markdown(heading)}" for heading in headings[:MOST_HEADINGS]))
    return Markdown(as_markdown(plain_opening(source, OPENING)))
