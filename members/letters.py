"""Letters: what organisers write to an applicant in their own words, or in a template's."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction

from members import mails, moves
from members.errors import Refused
from members.mail_values import OWN_LINK, to_applicant
from members.models import Application, Group, User
from outbox import writing
from outbox.models import Message

KIND = "letter"
PLACEHOLDERS = ("name", "group")
# A word in braces is a placeholder, also in two pairs of them, as the wordings of mails have it; any other
# braces are the writer's own.
IN_BRACES = re.compile(r"\{\{ *([^\W\d]\w*) *\}\}|\{([^\W\d]\w*)\}")


class UnknownPlaceholder(Refused):
    """A text has a word in braces that stands for nothing."""


def words_for(application: Application, group: Group) -> dict[str, str]:
    """What the placeholders stand for in a letter to this applicant."""
    return {"name": application.name, "group": group.name}


def check(text: str, words: dict[str, str] | None = None) -> None:
    """Raise UnknownPlaceholder, naming it, when a word in braces is no placeholder.

    words: as `words_for` gives them; a name that itself has braces is then no fault of the text.
    """
    pieces = _around(text, words or {})
    unknown = dict.fromkeys(
        found[0]
        for piece in pieces[::2]
        for found in IN_BRACES.finditer(piece)
        if _word(found) not in PLACEHOLDERS
    )
    if unknown:
        named = ", ".join(unknown)
        raise UnknownPlaceholder(f"Take {named} out: only {{name}} and {{group}} are filled in.")


def fill(text: str, words: dict[str, str]) -> str:
    """The text with its placeholders filled in. Filling twice changes nothing more, whatever the names are.

    Raises UnknownPlaceholder.
    """
    check(text, words)
    return fill_known(text, words)


def fill_known(text: str, words: dict[str, str]) -> str:
    """The same, but a word that stands for nothing stays as it is, to be seen and mended."""
    pieces = _around(text, words)
    filled = (IN_BRACES.sub(lambda found: words.get(_word(found), found[0]), piece) for piece in pieces[::2])
    pieces[::2] = list(filled)
    return "".join(pieces)


def _word(found: re.Match) -> str:
    return found[1] or found[2]


def _around(text: str, words: dict[str, str]) -> list[str]:
    """The text cut at names that have braces themselves: every second piece is such a name."""
    names = [re.escape(word) for word in words.values() if IN_BRACES.search(word)]
    return re.split(f"({'|'.join(names)})", text) if names else [text]


def preview(application: Application, group: Group, *, subject: str, text: str) -> tuple[str, str]:
    """Subject and text of the mail as it would be, without the private link. Raises UnknownPlaceholder."""
    words = words_for(application, group)
    written = {"subject": fill(subject, words), "text": fill(text, words)}
    values = to_applicant(application, group, status_url=OWN_LINK) | written
    return writing.preview(KIND, values)[:2]


@transaction.atomic
def send(*, application_id: int, subject: str, text: str, once: str, by: User, now: datetime) -> Message:
    """Write a letter to an applicant, and log that it was written.

    once: a word that the form carries, so that a form posted twice writes one letter. Raises
    UnknownPlaceholder; Refused when this letter was sent before, or the address was never confirmed.
    """
    application, group = moves.lock(application_id), Group.objects.current()
    if application.confirmed_at is None:
        raise Refused("The address is not confirmed, so it may be somebody else’s. Nothing was sent.")
    about = f"application:{application.pk}:{once}"
    if Message.objects.filter(kind=KIND, about=about).exists():
        raise Refused("This letter is in the outbox already. Nothing was sent twice.")
    words = words_for(application, group)
    subject = " ".join(fill(subject, words).split())
    text = fill(text, words)
    message = mails.letter(application, group, subject=subject, text=text, once=once, now=now)
    moves.log(
        application,
        before=application.state,
        by=moves.By.ORGANISER,
        actor=by,
        now=now,
        reason=f"Wrote: {subject}",
    )
    return message
