"""Private links and codes, kept from those who read a mail that is not theirs.

Whoever has the link of an invitation could take the seat. So organisers see a stand-in such as PRIVATE-LINK-1
in its place, may move it about in the text, and it is put back when they save. Where mail does not leave this
machine (development) the outbox is where one reads it, links and all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from django.conf import settings

from outbox import choices, kinds
from outbox.errors import Refused
from outbox.models import Message
from outbox.wording import as_markdown

STAND_IN = re.compile(r"PRIVATE-(?:LINK|CODE)-\d+")
LONGEST_CODE = 15  # what is typed from a mail into a page is shorter than what stands in an address


class LinkLost(Refused):
    """A text that was edited has lost a private link or code, or names one that it never had."""


@dataclass(frozen=True)
class Mask:
    """What hides the private parts of one mail. stand_ins: each part's own, by the part."""

    stand_ins: Mapping[str, str]

    def hide(self, text: str) -> str:
        """The text with a stand-in for every private part, however it is written there."""
        if not self.stand_ins or not text:
            return text
        names = {form: name for part, name in self.stand_ins.items() for form in _forms(part)}
        # The longest first: one part may be the beginning of another.
        found = "|".join(re.escape(form) for form in sorted(names, key=len, reverse=True))
        return re.sub(found, lambda match: names[match[0]], text)

    def put_back(self, text: str, *, before: str) -> str:
        """The text with its private parts again, written as in the text that it was `before`.

        Raises LinkLost for a part of that text which is not there any more, and for a stand-in of nothing.
        """
        parts = {name: _as_written(part, before) for part, name in self.stand_ins.items()}
        known = set(STAND_IN.findall(self.hide(before)))
        if unknown := [name for name in STAND_IN.findall(text) if name not in known]:
            raise LinkLost(f"Take {unknown[0]} out: in this mail it stands for nothing.")
        return STAND_IN.sub(lambda match: parts.get(match[0], match[0]), text)


def mask_of(message: Message) -> Mask:
    """What hides the private parts of this mail from organisers; it hides nothing where mail stays here."""
    if not settings.MAIL_LEAVES_HERE:
        return Mask({})
    parts = private_parts(message)
    return Mask({part: _stand_in(part, number) for number, part in enumerate(parts, start=1)})


def private_parts(message: Message) -> list[str]:
    """What lets whoever reads it act as the recipient of this mail, wherever mail goes."""
    return [part for part in [*message.secrets, *_stop_token(message)] if part]


def check_kept(message: Message, *, before: str, after: str) -> None:
    """Raise LinkLost, naming it, for a private part of this mail that is in the text before and not after."""
    shown = mask_of(message).stand_ins
    for part in filter(None, message.secrets):
        if _is_in(part, before) and not _is_in(part, after):
            raise LinkLost(
                f"Put {shown.get(part, part)} back: it stands for what the reader needs, and was in the text."
            )


def _is_in(part: str, text: str) -> bool:
    return any(form in text for form in _forms(part))


def _forms(part: str) -> list[str]:
    """How a part may be written: in plain text, in Markdown, in HTML."""
    return list(dict.fromkeys([part, as_markdown(part), escape(part)]))


def _as_written(part: str, text: str) -> str:
    # In an address it stands as it is; elsewhere in Markdown its signs carry a backslash.
    return next((form for form in _forms(part) if form in text), part)


def _stand_in(part: str, number: int) -> str:
    return f"PRIVATE-{'LINK' if len(part) > LONGEST_CODE else 'CODE'}-{number}"


def _stop_token(message: Message) -> list[str]:
    # The link below the mail that stops its kind is the reader's own, too.
    try:
        optional = kinds.kind_of(message.kind).optional
    except kinds.UnknownKind:
        return []
    return [choices.stop_token(message.recipient, message.kind)] if optional and message.recipient else []
