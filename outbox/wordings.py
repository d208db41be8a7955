"""What organisers choose for a kind of mail: its wording, and whether it waits to be released."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from outbox import kinds
from outbox.desk import LONGEST_SOURCE
from outbox.errors import Refused
from outbox.kinds import Kind
from outbox.models import KindSetting, Message
from outbox.parts import parts_of
from outbox.wording import LONGEST_SUBJECT, Value, Wording, WordingRefused, check, default_wording, tidied
from outbox.writing import at_once, footer_of, setting_of, waits_of, wording_of, write

# Without the code nobody signs in; without the others a mail says nothing of what it was written for.
ESSENTIAL = ("code", "text", "changes")
NOTHING_TO_SHOW = "There is nothing in the group yet that such a mail could be about."


class ChangedMeanwhile(Refused):
    """Another organiser changed the wording since the page was made. `current` is how the kind stands now."""

    def __init__(self, current: Current) -> None:
        super().__init__("Another organiser changed this wording meanwhile. Nothing was saved.")
        self.current = current


@dataclass(frozen=True)
class Current:
    """How a kind of mail stands: its wording, whether that is the group's own, and whether it waits.

    version: grows with every change of the wording. changed_by: who made the last change, such as "user:12".
    """

    kind: Kind
    wording: Wording
    is_own: bool
    waits: bool
    version: int
    changed_by: str
    changed_at: datetime | None

    @property
    def why_at_once(self) -> str:
        """Why mails of this kind never wait; "" for one that may."""
        if self.kind.may_wait:
            return ""
        if self.kind.is_digest:
            return "its day is fixed"
        if self.kind.own_words:
            return "its writer has just read it"
        return "somebody is waiting for it" if self.kind.urgent else "held back, it would come too late"


def current(name: str) -> Current:
    """How one kind stands. One query. Raises UnknownKind."""
    return _current(kinds.kind_of(name), setting_of(name))


def every() -> list[Current]:
    """How all kinds stand, in their order. One query."""
    settings = {setting.kind: setting for setting in KindSetting.objects.all()}
    return [_current(kind, settings.get(kind.name)) for kind in kinds.every()]


def _current(kind: Kind, setting: KindSetting | None) -> Current:
    setting = setting or KindSetting(kind=kind.name)
    return Current(
        kind,
        wording_of(kind.name, setting),
        bool(setting.source),
        waits_of(kind, setting),
        setting.version,
        setting.changed_by,
        setting.changed_at,
    )


# --- Changing ----------------------------------------------------------------------------------------
@transaction.atomic
def save(name: str, wording: Wording, *, seen_version: int, by: str, now: datetime) -> Current:
    """Make a wording the group's own; mails that are written already stay as they are.

    seen_version: the version that its writer began from. A wording like the default is the default. Raises
    WordingRefused for one that cannot be used, ChangedMeanwhile, UnknownKind.
    """
    kind = kinds.kind_of(name)
    wording = checked(kind, wording)
    setting = _locked(kind, seen_version)
    own = wording != default_wording(name)
    setting.subject, setting.source = (wording.subject, wording.source) if own else ("", "")
    return _changed(kind, setting, by=by, now=now)


@transaction.atomic
def restore(name: str, *, seen_version: int, by: str, now: datetime) -> Current:
    """Give a kind its default wording again.

    Raises Refused where it has that already, ChangedMeanwhile, UnknownKind.
    """
    kind = kinds.kind_of(name)
    setting = _locked(kind, seen_version)
    if not setting.source:
        raise Refused("This kind has its default wording already. Nothing was changed.")
    setting.subject = setting.source = ""
    return _changed(kind, setting, by=by, now=now)


@transaction.atomic
def set_waits(name: str, waits: bool, *, by: str, now: datetime) -> bool:
    """Choose whether mails of a kind wait to be released, from now on. Returns whether that is new.

    Raises Refused for a kind that never waits, UnknownKind.
    """
    kind = kinds.kind_of(name)
    if not kind.may_wait:
        why = _current(kind, None).why_at_once
        raise Refused(f"“{kind.title}” always goes at once: {why}. Nothing was changed.")
    setting = _row(kind)
    if waits_of(kind, setting) == waits:
        return False
    # The version stays: it is of the wording, and another organiser may be writing one.
    setting.waits, setting.changed_by, setting.changed_at = waits, by, now
    setting.save()
    return True


def _row(kind: Kind) -> KindSetting:
    KindSetting.objects.get_or_create(kind=kind.name)
    return KindSetting.objects.select_for_update().get(kind=kind.name)


def _locked(kind: Kind, seen_version: int) -> KindSetting:
    setting = _row(kind)
    if setting.version != seen_version:
        raise ChangedMeanwhile(_current(kind, setting))
    return setting


def _changed(kind: Kind, setting: KindSetting, *, by: str, now: datetime) -> Current:
    setting.version, setting.changed_by, setting.changed_at = setting.version + 1, by, now
    setting.save()
    return _current(kind, setting)


# --- Checking and trying -----------------------------------------------------------------------------
def checked(kind: Kind, wording: Wording) -> Wording:
    """The wording, tidied, if mails of this kind can be made from it. Raises WordingRefused."""
    subject, source = " ".join(wording.subject.split()), tidied(wording.source)
    for field, text, longest in (("subject", subject, LONGEST_SUBJECT), ("source", source, LONGEST_SOURCE)):
        if len(text) > longest:
            raise WordingRefused(f"Use at most {longest:,} characters.", field)
        if "\x00" in text:
            raise WordingRefused("Take out the null characters; they cannot be sent.", field)
    check(Wording(subject, source), kind.placeholders)
    for name in ESSENTIAL:
        if name in kind.placeholders and not _names(source, name):
            raise WordingRefused(
                f"Leave {{{{ {name} }}}} in the text: without it the mail does not do what it is for."
            )
    return Wording(subject, source)


def left_out(kind: Kind, wording: Wording) -> list[str]:
    """The addresses and codes that the default names and this wording does not, and its readers may need."""
    default = default_wording(kind.name)
    said, says = (f"{each.subject}\n{each.source}" for each in (default, wording))
    return [
        name
        for name in kind.placeholders
        if name.endswith(("_url", "code")) and _names(said, name) and not _names(says, name)
    ]


def _names(text: str, name: str) -> bool:
    return bool(re.search(r"\{\{\s*" + re.escape(name) + r"\s*\}\}", text))


def tried(kind: Kind, wording: Wording) -> tuple[str, str, str] | None:
    """Subject, plain text and HTML of a mail in this wording, from the group's own records; None without any.

    Raises WordingRefused.
    """
    wording, values = checked(kind, wording), sample_of(kind)
    if values is None:
        return None
    subject, source = wording.fill(values)
    return (subject, *parts_of(subject, source, footer_of(kind, "")))


def sample_of(kind: Kind) -> dict[str, Value] | None:
    """Values for a mail of this kind from the group's own records; None while there are none."""
    return kind.sample() if kind.sample else None


@transaction.atomic
def send_test(name: str, wording: Wording, *, to: str, once: str, now: datetime) -> Message:
    """Write a mail in this wording to the organiser who tries it. The same `once` writes nothing twice.

    It says that it is a test, goes at once, and no choice, rule or later change of the wording concerns it.
    Raises WordingRefused; Refused while there are no records to make it from; UnknownKind.
    """
    kind = kinds.kind_of(name)
    wording, values = checked(kind, wording), sample_of(kind)
    if values is None:
        raise Refused(f"{NOTHING_TO_SHOW} So there is no test to send.")
    message = write(
        kind=name,
        about=f"{kinds.TEST}{once}",
        to=to,
        context=values,
        wording=Wording(f"Test: {wording.subject}", wording.source),
        waits=False,
        now=now,
    )
    return at_once(message)
