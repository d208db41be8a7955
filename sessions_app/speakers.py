"""Whom a typed name means: a member, an earlier guest, or somebody new."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from members.errors import Refused
from members.models import Member
from sessions_app.models import Appearance, Presentation, Presenter

LONGEST_NAME = 120
MOST_NAMES = 12


class Unclear(Refused):
    """A name that does not say whom it means, with what to do about it."""


def fold(name: str) -> str:
    """A name for comparing: one form of each letter, one space between words, no capitals."""
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def split_names(text: str) -> list[str]:
    """The names in a line that commas separate, each once, in their order.

    Raises Unclear for a name that is too long and for too many names.
    """
    names: dict[str, str] = {}
    for name in text.split(","):
        name = " ".join(name.split())
        if len(name) > LONGEST_NAME:
            raise Unclear(f"Shorten “{name[:40]}…”; a name has at most {LONGEST_NAME} characters.")
        if name:
            names.setdefault(fold(name), name)
    if len(names) > MOST_NAMES:
        raise Unclear(f"Name at most {MOST_NAMES} people for one talk; there are {len(names)}.")
    return list(names.values())


class Directory:
    """Everybody who can be meant by a name, as they are at this moment. Two queries.

    Compared here and not in the database, whose idea of a capital depends on how it was set up.
    """

    def __init__(self) -> None:
        self.new_guests: list[str] = []  # those whom `presenter` had to make
        self._members: dict[str, list[int]] = defaultdict(list)
        self._addresses: dict[str, int] = {}
        for pk, name, address in Member.objects.order_by("pk").values_list("pk", "user__name", "user__email"):
            if name:
                self._members[fold(name)].append(pk)
            self._addresses[fold(address)] = pk
        self._guests: dict[str, list[int]] = defaultdict(list)
        self._presenter_of: dict[int, int] = {}
        for pk, name, member in Presenter.objects.order_by("pk").values_list("pk", "guest_name", "member_id"):
            if member:
                self._presenter_of[member] = pk
            elif name:
                self._guests[fold(name)].append(pk)

    def find(self, name: str, among: Iterable[Presenter] = ()) -> tuple[int | None, int | None]:
        """The (member, presenter) that a name or a member's address means; (None, None) is somebody new.

        among: those who present this talk already; their names mean them, even where others share the name.
        Raises Unclear when several people could be meant, and for an address that nobody here has.
        """
        key = fold(name)
        for presenter in among:
            if fold(presenter.name) == key:
                return presenter.member_id, presenter.pk
        if "@" in key:
            if key not in self._addresses:
                raise Unclear(f"Write a name instead of “{name}”; no member has this address.")
            member = self._addresses[key]
            return member, self._presenter_of.get(member)
        members, guests = self._members[key], self._guests[key]
        if len(members) + len(guests) > 1:
            raise Unclear(self._advice(name, len(members), len(guests)))
        if members:
            return members[0], self._presenter_of.get(members[0])
        return None, guests[0] if guests else None

    @staticmethod
    def _advice(name: str, members: int, guests: int) -> str:
        if not guests:
            return f"Write the e-mail address of the {name} you mean; {members} members have this name."
        if not members:
            return f"Write {name}’s name more fully; {guests} earlier guests have this name."
        return (
            f"Write the e-mail address of {name} if you mean the member, or a fuller name if you mean "
            "the guest; both have this name."
        )

    def presenter(self, name: str, among: Iterable[Presenter] = ()) -> int:
        """The presenter's row for a name, made where there is none yet. Raises Unclear as `find` does."""
        member, presenter = self.find(name, among)
        if presenter:
            return presenter
        made = Presenter.objects.create(member_id=member, guest_name="" if member else name)
        if member:
            self._presenter_of[member] = made.pk
        else:
            self._guests[fold(name)].append(made.pk)
            self.new_guests.append(name)
        return made.pk


def set_presenters(
    talk: Presentation, names: list[str], directory: Directory, *, first: int | None = None
) -> None:
    """Make these the presenters of a talk, in their order. Raises Unclear as `Directory.find` does.

    first: the key of a presenter who comes before those named.
    """
    present = list(talk.appearances.select_related("presenter__member__user"))
    among = [appearance.presenter for appearance in present]
    named = [directory.presenter(name, among) for name in names]
    wanted = list(dict.fromkeys([*([first] if first else []), *named]))
    if wanted == [appearance.presenter_id for appearance in present]:
        return
    talk.appearances.all().delete()
    Appearance.objects.bulk_create(
        Appearance(presentation=talk, presenter_id=pk, position=position)
        for position, pk in enumerate(wanted, start=1)
    )
