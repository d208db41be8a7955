"""When somebody applied, as a file may say it; never a guess."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
ISO = "Write it as 2019-10-21 or 2019-10-21T08:15:00Z."
MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
TIME = r"(?:,?\s+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?\s*(?P<half>[ap]m)?)?"
FORMS = [
    re.compile(form + TIME, re.IGNORECASE)
    for form in (
        r"(?:[a-z]+,?\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s-]+(?P<word>[a-z]+)\.?,?[\s-]+(?P<year>\d{4})",
        r"(?:[a-z]+,\s+)?(?P<word>[a-z]+)\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})",
        r"(?P<year>\d{4})[/.-](?P<month>\d{1,2})[/.-](?P<day>\d{1,2})",
        r"(?P<first>\d{1,2})[/.-](?P<other>\d{1,2})[/.-](?P<year>\d{4})",
    )
]


def moment(typed: str, *, zone: str, now: datetime) -> datetime:
    """The moment that was typed, in UTC. zone: whose clock is meant where the text names none.

    Raises ValueError with a sentence: for a date that can be read in two ways, that nobody can read, that
    lies ahead, or before 1970.
    """
    text = typed.strip()
    bare = re.sub(r"\s+(?:UTC|GMT)$", "", text)
    parts = _iso(bare) or _worded(bare)
    if parts is None:
        raise ValueError(f"“{text[:40]}” is no date we can read. {ISO}")
    if not parts.tzinfo:
        parts = parts.replace(tzinfo=UTC if bare != text else ZoneInfo(zone))
    try:
        made = parts.astimezone(UTC)
    except OverflowError:
        made = EARLIEST.min.replace(tzinfo=UTC) if parts.year < 2000 else EARLIEST.max.replace(tzinfo=UTC)
    if made > now:
        raise ValueError(f"“{text[:40]}” lies ahead. Write when the application came in.")
    if made < EARLIEST:
        raise ValueError(f"“{text[:40]}” is before 1970. Write when the application came in.")
    return made


def _iso(text: str) -> datetime | None:
    # Without a dash it might as well be a spreadsheet's number of days.
    if not re.match(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _worded(text: str) -> datetime | None:
    found = next((match for form in FORMS if (match := form.fullmatch(text)) and text.isascii()), None)
    if found is None:
        return None
    parts = found.groupdict()
    if "first" in parts:
        month, day = _told_apart(text, int(parts["first"]), int(parts["other"]))
    else:
        month = _month(parts["word"]) if "word" in parts else int(parts["month"])
        day = int(parts["day"])
    hour = int(parts["hour"] or 0)
    if parts["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if parts["half"].lower() == "pm" else 0)
    try:
        clock = time(hour, int(parts["minute"] or 0), int(parts["second"] or 0))
        return datetime.combine(date(int(parts["year"]), month, day), clock)
    except ValueError:
        return None


def _month(word: str) -> int:
    """The number of an English month, written out or cut to three letters or more; 0 for any other word."""
    written = [name for name in MONTHS if len(word) >= 3 and name.startswith(word.lower())]
    return MONTHS.index(written[0]) + 1 if written else 0


def _told_apart(text: str, first: int, other: int) -> tuple[int, int]:
    """Month and day of 25/12/2019 or 12/25/2019; ValueError for 03/04/2019, which may be either."""
    if first > 12:
        return other, first
    if other > 12 or first == other:
        return first, other
    raise ValueError(f"“{text[:40]}” may be day or month first. {ISO}")
