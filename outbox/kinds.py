"""What kinds of mail there are: what each is for, whom it may be kept from, and whether it waits to be read.

The outbox knows nobody, so the packages that write mails register their kinds when the site starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outbox.models import Message
    from outbox.wording import Value

TO_ORGANISERS, TO_OTHERS = "organisers", "others"
# What begins the `about` of a mail that an organiser has sent to themselves, to look at it.
TEST = "test:"


@dataclass(frozen=True)
class Kind:
    """One kind of mail.

    name: also of its wording, `templates/mail/<name>.md`.
    title: what organisers and recipients call it, such as “A session is announced”.
    part: the part of the group's life under which it is listed.
    why: why somebody gets it, as a sentence to them.
    placeholders: what its wording may name, each with what it stands for.
    waits: whether it waits as a draft until an organiser releases it, unless the organisers choose otherwise.
    may_wait: False for receipts and codes, which somebody is waiting for.
    own_words: whether an organiser writes each, and so has read it when it goes; then it never waits.
    optional: whether its recipients may choose to have it in the digest or not at all.
    is_digest: whether it is a digest itself, and so comes as a mail or not at all.
    by_choice: whether it comes to those alone who have chosen it.
    to: TO_ORGANISERS alone, or TO_OTHERS, who have no account; "" where it may come to whoever has one.
    urgent: whether it goes during quiet hours: the answer to what somebody has just done.
    outdated: asked before a mail goes out; a sentence that says why it no longer makes sense, or "".
    sample: values for a preview, from the group's own records; None while there are none.
    """

    name: str
    title: str
    part: str
    why: str
    placeholders: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False
    may_wait: bool = True
    own_words: bool = False
    optional: bool = False
    is_digest: bool = False
    by_choice: bool = False
    to: str = ""
    urgent: bool = False
    outdated: Callable[[Message, datetime], str] | None = None
    sample: Callable[[], dict[str, Value] | None] | None = None

    def __post_init__(self) -> None:
        if self.waits and not self.may_wait:
            raise ValueError(f"{self.name} waits, and may not")
        if self.own_words and self.may_wait:
            raise ValueError(f"{self.name} was read by its writer, and may wait")


class UnknownKind(LookupError):
    """No package has registered this kind."""


_kinds: dict[str, Kind] = {}


def register(kinds: Iterable[Kind]) -> None:
    """Make kinds known; called once a start by each package. Raises ValueError for a name that is taken."""
    for kind in kinds:
        if _kinds.setdefault(kind.name, kind) is not kind:
            raise ValueError(f"there are two kinds of mail named {kind.name}")


def kind_of(name: str) -> Kind:
    """The kind of this name. Raises UnknownKind."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(name) from None


def outdated(message: Message, *, now: datetime) -> str:
    """Why a mail no longer makes sense, as its kind tells; "" for one that does.

    A test makes sense whenever it comes, and so does a mail whose kind was dropped after it was written.
    """
    kind = _kinds.get(message.kind)
    if kind is None or kind.outdated is None or message.about.startswith(TEST):
        return ""
    return kind.outdated(message, now)


def title_of(name: str) -> str:
    """What to call a kind, even one of a mail that was written before the kind was dropped."""
    kind = _kinds.get(name)
    return kind.title if kind else name.replace("_", " ").capitalize()


def every() -> list[Kind]:
    """All kinds, in the order in which they were registered."""
    return list(_kinds.values())
