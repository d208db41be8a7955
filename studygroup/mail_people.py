"""Who and what a mail is about: the outbox knows keys such as “user:12”, its pages say names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import IntegerField, Q, QuerySet, Value
from django.urls import reverse

from members.addresses import fold
from members.models import Application, Invitation, Member, User
from members.queue import words_of
from sessions_app.models import Presentation, Presenter, Session

KEY = re.compile(r"(user|application|presenter):(\d{1,18})")
ABOUT = re.compile(r"(\w+):(\d{1,18})(?::|$)")
NO_MEMBER = Value(None, output_field=IntegerField())
MOST_FOUND = 30  # people of each sort that a typed name stands for


@dataclass(frozen=True)
class Person:
    """Somebody whom mails go to, or who did something with one. url: their page for organisers, or ""."""

    key: str
    name: str
    address: str
    url: str


@dataclass(frozen=True)
class Event:
    """What caused a mail: what to call it, and where it is looked at."""

    name: str
    url: str


def people_of(keys: Iterable[str]) -> dict[str, Person]:
    """The people whom keys stand for, by key; none for those who are gone. At most one query."""
    wanted: dict[str, list[int]] = {"user": [], "application": [], "presenter": []}
    for found in filter(None, map(KEY.fullmatch, set(keys))):
        wanted[found[1]].append(int(found[2]))
    if not any(wanted.values()):
        return {}
    return _read(
        User.objects.filter(pk__in=wanted["user"]).order_by(),
        Application.objects.filter(pk__in=wanted["application"]).order_by(),
        Presenter.objects.filter(pk__in=wanted["presenter"]).order_by(),
    )


def named(text: str) -> list[Person]:
    """The people whom a typed name or address may mean, a few of each sort. One query."""
    by_address = Q(email_key=fold(text)) if "@" in text else Q(search=words_of(text))
    users = User.objects.filter(Q(name__icontains=text) | Q(email__icontains=text)).order_by("pk")
    applications = Application.objects.filter(by_address).order_by("-pk")
    guests = Presenter.objects.filter(Q(guest_name__icontains=text) | Q(email__icontains=text)).order_by("pk")
    return list(_read(users[:MOST_FOUND], applications[:MOST_FOUND], guests[:MOST_FOUND]).values())


def _read(users: QuerySet, applications: QuerySet, presenters: QuerySet) -> dict[str, Person]:
    rows = users.values_list(Value("user"), "pk", "name", "email", "member__pk").union(
        applications.values_list(Value("application"), "pk", "name", "email", NO_MEMBER),
        presenters.values_list(Value("presenter"), "pk", "guest_name", "email", NO_MEMBER),
        all=True,
    )
    return {
        f"{sort}:{pk}": Person(f"{sort}:{pk}", name or address, address, _page_of(sort, pk, member))
        for sort, pk, name, address, member in rows
    }


def _page_of(sort: str, pk: int, member: int | None) -> str:
    if sort == "application":
        return reverse("organise:application", args=[pk])
    if sort == "presenter":
        return reverse("organise:presenter", args=[pk])
    return reverse("organise:member", args=[member]) if member else ""


def event_of(about: str) -> Event | None:
    """What a mail's `about` names, such as “session:18:announced”; None for what is gone or has no page.

    At most one query.
    """
    found = ABOUT.match(about)
    read = found and EVENTS.get(found[1])
    return read(int(found[2])) if read else None


def _application(pk: int) -> Event | None:
    name = Application.objects.filter(pk=pk).values_list("name", flat=True).first()
    return name and Event(f"The application of {name}", reverse("organise:application", args=[pk]))


def _invitation(pk: int) -> Event | None:
    row = Invitation.objects.filter(pk=pk).values_list("application_id", "application__name").first()
    return row and Event(f"The invitation of {row[1]}", reverse("organise:application", args=[row[0]]))


def _session(pk: int) -> Event | None:
    row = Session.objects.filter(pk=pk).values_list("number", "title").first()
    return row and Event(f"Session {row[0]}: {row[1]}", reverse("organise:session", args=[pk]))


def _talk(pk: int) -> Event | None:
    title = Presentation.objects.filter(pk=pk).values_list("title", flat=True).first()
    return title and Event(f"The talk “{title}”", reverse("organise:talk", args=[pk]))


def _member(pk: int) -> Event | None:
    name = Member.objects.filter(pk=pk).values_list("user__name", flat=True).first()
    return name and Event(f"The membership of {name}", reverse("organise:member", args=[pk]))


def _presenter(pk: int) -> Event | None:
    row = Presenter.objects.filter(pk=pk, member=None).values_list("guest_name", flat=True).first()
    return row and Event(f"The private page of {row}", reverse("organise:presenter", args=[pk]))


EVENTS = {
    "application": _application,
    "invitation": _invitation,
    "session": _session,
    "talk": _talk,
    "member": _member,
    "presenter": _presenter,
}
