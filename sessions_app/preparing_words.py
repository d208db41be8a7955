"""What somebody has left to prepare for a session, as mails say it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.urls import reverse

from outbox.wording import Markdown, Value, as_markdown
from outbox.writing import absolute
from sessions_app.durations import duration
from sessions_app.models import Progress, Reading, Session, nest

PREPARATION = {
    "to_prepare": "the list of what is left to prepare, with minutes and links",
    "minutes_left": "how long that takes; nothing when unknown",
    "prepared": "whether there was something to prepare, and all of it is ticked off",
}


@dataclass(frozen=True)
class Preparation:
    """The required readings of a session, as they are prescribed, and who has ticked off which.

    ticks: by the member's key, the keys of readings.
    """

    readings: list[Reading]
    ticks: dict[int, set[int]]

    def words(self, member_id: int | None) -> dict[str, Value]:
        """The values of PREPARATION for a member, or for a guest, who ticks nothing off."""
        done = self.ticks.get(member_id, set())
        left = [reading for reading in self.readings if reading.pk not in done]
        minutes = sum(reading.minutes or 0 for reading in left)
        return {
            "to_prepare": Markdown("\n".join(_line(reading, guest=member_id is None) for reading in left)),
            "minutes_left": duration(minutes) if minutes else "",
            "prepared": bool(self.readings) and not left,
        }


def preparation_for(session: Session, members: Iterable[int]) -> Preparation:
    """What a session asks everybody to prepare, and what these members have ticked off. Two queries."""
    nested = nest(session.readings.with_links())
    readings = [reading for reading in nested if reading.is_required]
    ticks: dict[int, set[int]] = defaultdict(set)
    said = Progress.objects.filter(reading__session=session, member__in=_keys(members))
    for member_id, reading_id in said.values_list("member", "reading"):
        ticks[member_id].add(reading_id)
    return Preparation(readings, ticks)


def _keys(members: Iterable[int]) -> Collection[int]:
    return {member for member in members if member is not None}


def _line(reading: Reading, *, guest: bool) -> str:
    """One item of the list: what, which part of it, how long, and below that where it is."""
    words = reading.title + (f" ({reading.part})" if reading.part else "")
    words += f", {duration(reading.minutes)}" if reading.minutes else ""
    return "- " + "\n  ".join([as_markdown(" ".join(words.split())), *_addresses(reading, guest=guest)])


def _addresses(reading: Reading, *, guest: bool) -> list[str]:
    """Where a reading is found; a file is the members' alone."""
    found = [reading.url] if reading.url else []
    found += [link["url"] for link in reading.link_list]
    if reading.file and not guest:
        found.append(absolute(reverse("stored_file", args=[reading.file.pk, reading.file.name])))
    return [f"<{address}>" for address in found]
