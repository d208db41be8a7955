"""The questions of the outbox's page: which mails, page by page, for 100,000 as for ten.

As in the queue of applications, a page begins behind the last row of the one before, and what is counted is
counted as far as MOST.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from django.db.models import CharField, Q, QuerySet, Value
from django.http import QueryDict
from django.urls import reverse

from members.queue import Beyond, Place
from outbox import kinds
from outbox.desk import MOST as MOST_TOGETHER
from outbox.history import BODIES, for_list, to_person
from outbox.models import Message, MessageStep
from studygroup.mail_people import Person, named, people_of

PAGE = 40  # mails on one page
MOST = 100  # how far the mails of a state are counted
MOST_THEIRS = 20_000  # mails to the people whom a filter names
NAMED = 3  # people whom a group of drafts names

State = Message.State
# What the address calls them: the label, and the condition.
BOUNCES = MessageStep.objects.filter(what=MessageStep.What.BOUNCED).values("message")
STATES = {
    "draft": ("Drafts", Q(state=State.DRAFT)),
    "queued": ("On their way", Q(state__in=[State.QUEUED, State.SENDING])),
    "sent": ("Sent", Q(state=State.SENT)),
    "failed": ("Failed", Q(state=State.FAILED)),
    "bounced": ("Came back", Q(pk__in=BOUNCES)),
    "held": ("Held back", Q(state=State.HELD)),
}


@dataclass(frozen=True)
class Filters:
    """What somebody asks of the outbox. person: a key such as “user:12”; text: a typed name or address."""

    state: str = ""
    kind: str = ""
    thread: str = ""
    text: str = ""
    person: str = ""
    since: date | None = None

    def query(self, **changes) -> str:
        """The address's query that asks for the same, but for the changes."""
        asked = {
            "state": self.state, "kind": self.kind, "thread": self.thread, "q": self.text,
            "person": self.person, "since": self.since.isoformat() if self.since else "",
        } | changes  # fmt: skip
        return urlencode({name: value for name, value in asked.items() if value})

    @property
    def narrows(self) -> bool:
        """Whether more is asked for than a state."""
        return any((self.kind, self.thread, self.text, self.person, self.since))


@dataclass(frozen=True)
class Page:
    """One page of mails. The links are queries without the filters, empty where there is nothing."""

    mails: list[Message]
    previous: str = ""
    following: str = ""


@dataclass
class DraftGroup:
    """Drafts that go together: those of one event, or the single ones of a kind."""

    title: str
    kind_title: str
    query: str
    mails: list[Message] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.mails)

    @property
    def oldest(self) -> datetime:
        """When the first of them was written."""
        return min(mail.created_at for mail in self.mails)

    @property
    def picks(self) -> str:
        """Their keys, for a form."""
        return ",".join(str(mail.pk) for mail in self.mails)

    @property
    def first(self) -> list[Message]:
        """Whom the page names."""
        return self.mails[:NAMED]

    @property
    def others(self) -> int:
        """How many more there are than those."""
        return max(0, self.count - NAMED)


@dataclass(frozen=True)
class Outbox:
    """What the filters find. zone: the group's, in which days begin."""

    filters: Filters
    zone: str = "UTC"

    @cached_property
    def person(self) -> Person | None:
        """Whose mails are asked for, by key. At most one query."""
        return people_of([self.filters.person]).get(self.filters.person) if self.filters.person else None

    @cached_property
    def _narrowed(self) -> QuerySet[Message]:
        asked, found = self.filters, Message.objects.order_by()
        if asked.kind:
            found = found.filter(kind=asked.kind)
        if asked.thread:
            found = found.filter(thread=asked.thread)
        if asked.since:
            begins = datetime.combine(asked.since, time(), ZoneInfo(self.zone))
            found = found.filter(created_at__gte=begins)
        if asked.person:
            found = _to(found, [asked.person], [self.person.address] if self.person else [])
        if asked.text:
            people = named(asked.text)
            addresses = {person.address for person in people}
            if "@" in asked.text:
                addresses |= {asked.text, asked.text.lower()}
            found = _to(found, [person.key for person in people], addresses)
        return found

    def counts(self) -> dict[str, int]:
        """How many there are of each state, whichever is asked for; MOST + 1 for more. One query."""
        each = [
            self._narrowed.filter(condition).values_list(Value(word, output_field=CharField()))[: MOST + 1]
            for word, (_, condition) in STATES.items()
        ]
        found = Counter(word for (word,) in each[0].union(*each[1:], all=True))
        return {word: found[word] for word in STATES}

    def page(self, asked: QueryDict) -> Page:
        """The page that an address asks for by `after` or `before`, the newest first. At most two queries."""
        after, before = (Place.read(asked.get(name, ""), "created_at") for name in ("after", "before"))
        rows = self._rows(before or after, backwards=bool(before))
        if before and len(rows) <= PAGE:  # so few before it: that is the first page, which is a full one
            before, after, rows = None, None, self._rows(None)
        more, rows = len(rows) > PAGE, rows[:PAGE]
        if before:
            rows.reverse()
        return Page(
            rows,
            previous=f"before={_place(rows[0])}" if rows and (more if before else after) else "",
            following=f"after={_place(rows[-1])}" if rows and (before or more) else "",
        )

    def _rows(self, place: Place | None, *, backwards: bool = False) -> list[Message]:
        found = self._narrowed
        if self.filters.state:
            found = found.filter(STATES[self.filters.state][1])
        if place:
            found = found.filter(Beyond("created_at", place, descending=not backwards))
        order = ("created_at", "pk") if backwards else ("-created_at", "-pk")
        return list(found.order_by(*order).defer(*BODIES)[: PAGE + 1])


def _to(found: QuerySet[Message], keys: Iterable[str], addresses: Iterable[str]) -> QuerySet[Message]:
    # Limited, so that PostgreSQL begins with the few mails of these people, not with the newest of all.
    theirs = Message.objects.filter(to_person(keys, addresses)).order_by().values("pk")
    return found.filter(pk__in=theirs[:MOST_THEIRS])


def drafts() -> tuple[list[DraftGroup], bool]:
    """The newest drafts by what caused them, and whether there are more than are shown. One query.

    Those of one event stand together; of the others all of a kind.
    """
    newest = Message.objects.filter(state=State.DRAFT).order_by("-created_at", "-pk").defer(*BODIES)
    found = [for_list(mail) for mail in newest[: MOST_TOGETHER + 1]]
    more, found = len(found) > MOST_TOGETHER, found[:MOST_TOGETHER]
    together = Counter((mail.kind, mail.thread) for mail in found)
    groups: dict[tuple[str, str], DraftGroup] = {}
    for mail in found:
        thread = mail.thread if mail.thread and together[mail.kind, mail.thread] > 1 else ""
        filters = Filters(state="draft", kind=mail.kind, thread=thread)
        new = DraftGroup(mail.subject_shown, mail.kind_title, filters.query())
        group = groups.setdefault((mail.kind, thread), new)
        group.mails.append(mail)
        if mail.subject_shown != group.title:
            group.title = group.kind_title
    return list(groups.values()), more


def with_people(mails: list[Message]) -> list[Message]:
    """The mails with what a list shows, names included. At most one query."""
    names = people_of(mail.recipient for mail in mails)
    return [for_list(mail, names) for mail in mails]


def kind_choices(chosen: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The kinds by the part of the group's life that they belong to, for a list to choose from."""
    parts: dict[str, list[tuple[str, str]]] = {}
    for kind in kinds.every():
        parts.setdefault(kind.part, []).append((kind.name, kind.title))
    if chosen and all(chosen != name for part in parts.values() for name, _ in part):
        parts.setdefault("Others", []).append((chosen, kinds.title_of(chosen)))
    return list(parts.items())


def url_of(filters: Filters) -> str:
    """The address of the outbox with these filters."""
    query = filters.query()
    return reverse("organise:outbox") + (f"?{query}" if query else "")


def _place(mail: Message) -> str:
    return quote(str(Place(mail.created_at, mail.pk)))
