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
    optional: whether its recipients may choose to have it in the digest or not at all.
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
    optional: bool = False
    urgent: bool = False
    outdated: Callable[[Message, datetime], str] | None = None
    sample: Callable[[], dict[str, Value] | None] | None = None

    def __post_init__(self) -> None:
        if self.waits and not self.may_wait:
            raise ValueError(f"{self.name} waits, and may not")


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
    if name not in _kinds:  # BRIDGE
        return Kind(name, name, "", "", urgent=True)
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(name) from None


def title_of(name: str) -> str:
    """What to call a kind, even one of a mail that was written before the kind was dropped."""
    kind = _kinds.get(name)
    return kind.title if kind else name.replace("_", " ").capitalize()


def every() -> list[Kind]:
    """All kinds, in the order in which they were registered."""
    return list(_kinds.values())
