"""What a member notes beside a reading, for themselves alone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from members.errors import Refused
from members.models import Member
from sessions_app.models import PrivateNote, Reading
from sessions_app.models.stuck_point import LONGEST_NOTE


class TooLong(Refused):
    """The text is longer than a note may be."""

    def __init__(self, length: int):
        super().__init__(
            f"Shorten your note; it has {length:,} characters, and {LONGEST_NOTE:,} are allowed."
        )


def with_own_note(readings: QuerySet[Reading], *, member: Member) -> QuerySet[Reading]:
    """Add `own_note`: what this member noted, None for nothing. It costs no further query."""
    own = PrivateNote.objects.filter(reading=OuterRef("pk"), member=member)
    return readings.annotate(own_note=Subquery(own.values("text")[:1]))


@transaction.atomic
def save(*, reading: Reading, member: Member, text: str, now: datetime) -> PrivateNote | None:
    """Keep the text in place of the member's note before; an empty one takes the note away.

    Returns the note, None when there is none any more. Raises TooLong.
    """
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_NOTE:
        raise TooLong(len(text))
    if not text:
        PrivateNote.objects.filter(reading=reading, member=member).delete()
        return None
    note, _ = PrivateNote.objects.update_or_create(
        reading=reading, member=member, defaults={"text": text, "saved_at": now}
    )
    return note
