"""Circulars: one mail in an organiser's words to a selection of people, seen before it goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from members import moves, recipients
from members.addresses import fold
from members.models import Application, Group, Member, User
from members.names import isolated
from members.queue import queue_of
from outbox import choices
from outbox.errors import Refused
from outbox.kinds import kind_of
from outbox.models import Message
from outbox.parts import body_of, parts_of
from outbox.wording import Markdown, Wording
from outbox.writing import Mail, absolute, at_once, fill, footer_of, write, write_all
from sessions_app import room
from sessions_app.models import GuestChair, Rsvp, Session

MOST = 500  # people that one circular goes to: they are written to within one request
PLACEHOLDERS = {"name": "the reader’s name", "group": "the group’s name"}
TO_MEMBERS, TO_APPLICANTS = "circular", "circular_applicants"
OWN_LINK = "[the applicant’s own link]"


class Selection(models.TextChoices):
    """Whom a circular goes to."""

    MEMBERS = "members", "The active members"
    EVERYBODY = "everybody", "The active members, and those on leave"
    COMING = "coming", "Those who come to a session, guests too"
    UNANSWERED = "unanswered", "Active members who have not answered for a session"
    APPLICANTS = "applicants", "Applicants"


OF_A_SESSION = {Selection.COMING, Selection.UNANSWERED}


@dataclass(frozen=True)
class Person:
    """One whom a circular goes to. application: where they are an applicant who is written to as one."""

    name: str
    address: str
    key: str
    application: Application | None = None


@dataclass(frozen=True)
class Addressees:
    """Whom a circular would go to, each address once, and how many of them want no such mail.

    more: there are more than MOST, so that it cannot go; `people` then holds the first ones.
    """

    people: list[Person]
    stopped: int
    more: bool

    @property
    def count(self) -> int:
        """How many are written to."""
        return len(self.people) - self.stopped


def addressees(selection: str, *, session: Session | None, query: str, by: User) -> Addressees:
    """Whom a selection names now. At most three queries.

    session: for those of a session. query: for applicants, as the list of applications carries it in its
    address; who has not confirmed the address is left out, since it may be somebody else's.
    """
    found = list(_people(Selection(selection), session, query, by))
    people = list({fold(person.address): person for person in reversed(found)}.values())[::-1]
    how = choices.chosen(kind_for(selection), [person.key for person in people])
    stopped = sum(1 for person in people if how.get(person.key, choices.How.MAIL) != choices.How.MAIL)
    return Addressees(people[:MOST], stopped, more=len(people) > MOST)


def kind_for(selection: str) -> str:
    """The kind of mail that a selection gets."""
    return TO_APPLICANTS if selection == Selection.APPLICANTS else TO_MEMBERS


def _people(selection: Selection, session: Session | None, query: str, by: User) -> Iterable[Person]:
    if selection == Selection.APPLICANTS:
        line = queue_of(query, by).ordered().filter(confirmed_at__isnull=False)[: MOST + 1]
        return [_applicant(application, application) for application in line]
    present = Member.objects.filter(user__is_active=True).select_related("user").order_by("pk")
    if selection == Selection.COMING:
        seated = room.seated(session).values("member")
        guests = room.kept(session).filter(state=GuestChair.State.ACCEPTED).select_related("application")
        return [
            *map(_member, present.filter(pk__in=seated)),
            *(_applicant(chair.application) for chair in guests),
        ]
    if selection == Selection.UNANSWERED:
        answered = Rsvp.objects.filter(session=session).values("member")
        present = present.filter(state=Member.State.ACTIVE).exclude(pk__in=answered)
    elif selection == Selection.MEMBERS:
        present = present.filter(state=Member.State.ACTIVE)
    else:
        present = present.filter(state__in=room.PRESENT)
    return map(_member, present[: MOST + 1])


def _member(member: Member) -> Person:
    return Person(member.name, member.user.email, recipients.of_user(member.user_id))


def _applicant(application: Application, as_one: Application | None = None) -> Person:
    return Person(application.name, application.email, recipients.of_application(application.pk), as_one)


def mail_to(person: Person, *, kind: str, subject: str, text: str, group: Group) -> tuple[str, str, str]:
    """Subject, text and the HTML body of the circular as this person would read it, without private links."""
    subject, source = fill(kind, _values(person, subject, text, group, status_url=OWN_LINK))
    text, _ = parts_of(subject, source, footer_of(kind_of(kind), ""))
    return subject, text, body_of(source)


def _values(person: Person, subject: str, text: str, group: Group, *, status_url: str = "") -> dict:
    filled_subject, filled = Wording(subject, text).fill({"name": person.name, "group": group.name})
    values = {"subject": filled_subject, "text": Markdown(filled.strip()), "group": group.name}
    return values | ({"status_url": status_url} if status_url else {})


@transaction.atomic
def send(
    selection: str,
    *,
    session: Session | None,
    query: str,
    subject: str,
    text: str,
    once: str,
    seen: str,
    by: User,
    now: datetime,
) -> int:
    """Write a circular to everybody whom the selection names. Returns how many mails were written.

    once: a word that the form carries, so that a form posted twice writes to nobody twice. seen: the `mark`
    of what the page has shown. Raises Refused when it was sent before, when nobody is selected, when
    there are more than MOST, and when the words or the people are not those that were seen.
    """
    # Two presses at once: the second waits here, and then finds what the first has written.
    group = Group.objects.locked()
    kind, about = kind_for(selection), f"circular:{once}"
    if Message.objects.filter(kind__in=[TO_MEMBERS, TO_APPLICANTS], about=about).exists():
        raise Refused("This mail is in the outbox already. Nothing was sent twice.")
    found = addressees(selection, session=session, query=query, by=by)
    if found.more:
        raise Refused(f"Choose fewer people: one mail goes to {MOST} at most. Nothing was sent.")
    if not found.count:
        raise Refused("Nobody is selected who wants such a mail. Nothing was sent.")
    if mark(found, subject, text) != seen:
        raise Refused(
            "The words or the people are not those that you looked at. Look again; nothing was sent."
        )
    write_all(kind, [_mail(person, about, subject, text, group) for person in found.people], now=now)
    held = Message.objects.filter(kind=kind, about=about, state=Message.State.HELD)
    stopped = set(held.values_list("recipient", flat=True))
    for person in found.people:
        if person.application and person.key not in stopped:
            moves.log(
                person.application,
                before=person.application.state,
                by=moves.By.ORGANISER,
                actor=by,
                now=now,
                reason=f"Wrote to many: {subject}",
            )
    return found.count


def mark(found: Addressees, subject: str, text: str) -> str:
    """What tells this mail to these people from another: a page carries it from the look to the sending."""
    people = sorted(person.key for person in found.people)
    return hashlib.sha256(json.dumps([people, found.count, subject, text]).encode()).hexdigest()[:16]


def _mail(person: Person, about: str, subject: str, text: str, group: Group) -> Mail:
    token = person.application.token if person.application else ""
    link = absolute(person.application.get_absolute_url()) if person.application else ""
    return Mail(
        about=about,
        to=person.address,
        values=_values(person, subject, text, group, status_url=link),
        recipient=person.key,
        secrets=[token] if token else [],
    )


@transaction.atomic
def send_test(kind: str, *, subject: str, text: str, by: User, group: Group, now: datetime) -> Message:
    """Write the circular to its writer alone. The same words are sent once, however often one presses."""
    person = Person(by.get_full_name() or by.email, by.email, "")
    words = hashlib.sha256(f"{kind}\n{subject}\n{text}".encode()).hexdigest()[:16]
    status_url = OWN_LINK if kind == TO_APPLICANTS else ""
    message = write(
        kind=kind,
        about=f"test:{by.pk}:{words}",
        to=by.email,
        context=_values(person, f"Test: {subject}", text, group, status_url=status_url),
        now=now,
    )
    return at_once(message)


def summary(found: Addressees, shown: int = 8) -> str:
    """The first names of a selection in a sentence, and how many more there are."""
    names = [isolated(person.name) for person in found.people[:shown]]
    more = len(found.people) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
