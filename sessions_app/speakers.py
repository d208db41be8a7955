"""Whom a typed name means: a member, an earlier guest, or somebody new."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from members.access import shares_address
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


def line_of(presenters: Iterable[Presenter]) -> str:
    """Those who present a talk, in their order, as one line of a form."""
    return ", ".join(presenter.name for presenter in presenters)


def read_line(text: str, among: Iterable[Presenter] = (), *, shown: str = "") -> list[str]:
    """The names in a line of a form, in their order. Raises Unclear as `split_names`.

    among: those who present the talk already, in their order. While the line says what it said for them, it
    means them, whatever their names hold. shown: that line, where a name may have changed since.
    """
    names = [presenter.name for presenter in among]
    if names and fold(text) == fold(shown or ", ".join(names)):
        return names
    return split_names(text, names)


def split_names(text: str, known: Iterable[str] = ()) -> list[str]:
    """The names in a line that commas separate, in their order, each once.

    known: names of those who present the talk already. Such a one stays whole though it has commas, and
    comes as often as people have it. Raises Unclear for a name that is too long and for too many names.
    """
    known = list(known)
    often = Counter(fold(name) for name in known)
    whole = {_pieces(name): name for name in known if "," in name}
    pieces = [" ".join(piece.split()) for piece in text.split(",")]
    names: list[str] = []
    while pieces:
        begun = [parts for parts in whole if _pieces(",".join(pieces))[: len(parts)] == parts]
        parts = max(begun, key=len, default=None)
        name = whole[parts] if parts else pieces[0]
        pieces = pieces[len(parts) if parts else 1 :]
        if len(name) > LONGEST_NAME:
            raise Unclear(f"Shorten “{name[:40]}…”; a name has at most {LONGEST_NAME} characters.")
        times = sum(fold(each) == fold(name) for each in names)
        if name and times < max(1, often[fold(name)]):
            names.append(name)
    if len(names) > MOST_NAMES:
        raise Unclear(f"Name at most {MOST_NAMES} people for one talk; there are {len(names)}.")
    return names


def _pieces(line: str) -> tuple[str, ...]:
    """A line split at its commas, for comparing."""
    return tuple(fold(piece) for piece in line.split(","))


def _standing(names: list[str], among: Iterable[Presenter]) -> Iterator[tuple[str, Presenter | None]]:
    """Each name with the one of those who present already whom it means, each of them once.

    Raises Unclear where one of several of a name is to go, and nobody can tell which.
    """
    left: dict[str, list[Presenter]] = defaultdict(list)
    for presenter in among:
        left[fold(presenter.name)].append(presenter)
    written = Counter(fold(name) for name in names)
    for name in names:
        same = left[fold(name)]
        if len(same) > written[fold(name)]:
            raise Unclear(
                f"Write “{name}” {len(same)} times to keep all who have this name, or take it out and write "
                "again whom you mean."
            )
        written[fold(name)] -= 1
        yield name, same.pop(0) if same else None


class Directory:
    """Everybody who can be meant by a name, as they are at this moment. Two queries.

    reader: the member who writes the names, and who finds nobody that has left, and nobody by an address
    that is not shown to them; None for an organiser, who finds everybody.

    Compared here and not in the database, whose idea of a capital depends on how it was set up.
    """

    def __init__(self, reader: Member | None = None) -> None:
        self.new_guests: list[str] = []  # those whom `presenter` had to make
        self._reader = reader
        self._members: dict[str, list[int]] = defaultdict(list)
        self._addresses: dict[str, int] = {}
        members = Member.objects.select_related("user").only(
            "state", "profile_audience", "address_audience", "user__name", "user__email"
        )
        for member in (members.present() if reader else members).order_by("pk"):
            if member.user.name:
                self._members[fold(member.user.name)].append(member.pk)
            if reader is None or member == reader or shares_address(member):
                self._addresses[fold(member.user.email)] = member.pk
        self._guests: dict[str, list[int]] = defaultdict(list)
        self._presenter_of: dict[int, int] = {}
        for pk, name, member in Presenter.objects.order_by("pk").values_list("pk", "guest_name", "member_id"):
            if member:
                self._presenter_of[member] = pk
            elif name:
                self._guests[fold(name)].append(pk)

    def check(self, names: list[str], among: Iterable[Presenter] = ()) -> None:
        """Raise Unclear where a name does not say whom it means; `among` as in `keys`."""
        for name, standing in _standing(names, among):
            if standing is None:
                self.find(name)

    def keys(self, names: list[str], among: Iterable[Presenter] = ()) -> list[int]:
        """The presenters' rows for names, made where there are none yet. Raises Unclear.

        among: those who present this talk already; their names mean them, even where others share the name.
        """
        return [
            standing.pk if standing else self.presenter(name) for name, standing in _standing(names, among)
        ]

    def find(self, name: str) -> tuple[int | None, int | None]:
        """The (member, presenter) that a name or a member's address means; (None, None) is somebody new.

        Raises Unclear when several people could be meant, and for an address that finds nobody.
        """
        key = fold(name)
        if "@" in key:
            if key not in self._addresses:
                # To a member the same whether somebody has the address or nobody.
                whose = "shows you" if self._reader else "has"
                raise Unclear(f"Write a name instead of “{name}”; no member {whose} this address.")
            member = self._addresses[key]
            return member, self._presenter_of.get(member)
        members, guests = self._members[key], self._guests[key]
        if len(members) + len(guests) > 1:
            raise Unclear(self._advice(name, len(members), len(guests)))
        if members:
            return members[0], self._presenter_of.get(members[0])
        return None, guests[0] if guests else None

    def _advice(self, name: str, members: int, guests: int) -> str:
        if self._reader and members:
            return (
                f"Write the e-mail address of {name} if you see it, or ask an organiser; "
                "several have this name."
            )
        if not guests:
            return f"Write the e-mail address of the {name} you mean; {members} members have this name."
        if not members:
            return f"Write {name}’s name more fully; {guests} earlier guests have this name."
        return (
            f"Write the e-mail address of {name} if you mean the member, or a fuller name if you mean "
            "the guest; both have this name."
        )

    def presenter(self, name: str) -> int:
        """The presenter's row for a name, made where there is none yet. Raises Unclear as `find` does."""
        member, presenter = self.find(name)
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
    """Make these the presenters of a talk, in their order. Raises Unclear as `Directory.keys` does.

    first: the key of a presenter who comes before those named.
    """
    present = list(talk.appearances.select_related("presenter__member__user"))
    among = [appearance.presenter for appearance in present]
    wanted = list(dict.fromkeys([*([first] if first else []), *directory.keys(names, among)]))
    if wanted == [appearance.presenter_id for appearance in present]:
        return
    talk.appearances.all().delete()
    Appearance.objects.bulk_create(
        Appearance(presentation=talk, presenter_id=pk, position=position)
        for position, pk in enumerate(wanted, start=1)
    )
