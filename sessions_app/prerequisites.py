"""Which earlier sessions a session builds on: as organisers write them, and never in a loop."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from members.errors import Refused
from sessions_app.models import Session

MOST = 20  # sessions that one builds on


class CannotBuildOn(Refused):
    """What was named is no earlier session, or builds on this one itself."""


def earlier_sessions() -> ArraySubquery:
    """SQL for a row of Session: those that it builds on, by number: {"id", "number", "title", "state"}."""
    rows = Session.objects.filter(leads_to=OuterRef("pk")).order_by("number")
    return ArraySubquery(rows.values_list(JSONObject(id="pk", number="number", title="title", state="state")))


def numbers_in(text: str) -> list[int]:
    """The session numbers in a line that commas or spaces separate, each once, in their order.

    Raises CannotBuildOn for what is no number, and for too many.
    """
    words = re.split(r"[\s,;]+", text.strip(" \t\r\n,;"))
    if words == [""]:
        return []
    for word in words:
        if not (word.isascii() and word.isdecimal() and len(word) <= 6):
            raise CannotBuildOn(
                f"Write the numbers of the sessions with commas between them, such as 3, 5; “{word[:40]}” is "
                "no number."
            )
    numbers = list(dict.fromkeys(int(word) for word in words))
    if len(numbers) > MOST:
        raise CannotBuildOn(f"Name at most {MOST} sessions; there are {len(numbers)}.")
    return numbers


def choose(
    numbers: Iterable[int], *, session_id: int | None, number: int | None, starts_at: datetime | None
) -> list[Session]:
    """The sessions of these numbers, in the order of their numbers, when one like this may build on them.

    session_id: the one that builds on them, None for a new one. number, starts_at: what it has or will have,
    None for not known. Raises CannotBuildOn for a number that no session has, for the session itself, for one
    that comes later by number and by date, and for one that builds on this one already. Two queries at most.
    """
    wanted = list(numbers)
    if number in wanted:
        raise CannotBuildOn("Leave out its own number; a session cannot build on itself.")
    chosen = list(Session.objects.filter(number__in=wanted).order_by("number")) if wanted else []
    if any(session.pk == session_id for session in chosen):
        raise CannotBuildOn("Leave out its own number; a session cannot build on itself.")
    if missing := sorted(set(wanted) - {session.number for session in chosen}):
        raise CannotBuildOn(f"Leave out {_named(missing)}; there is no such session.")
    if number and starts_at:
        later = [s.number for s in chosen if s.number > number and s.starts_at >= starts_at]
        if later:
            raise CannotBuildOn(f"Leave out {_named(later)}; a session builds on earlier ones.")
    if session_id and chosen:
        above = _all_before({session.pk for session in chosen})
        if loops := [session.number for session in chosen if session_id in above[session.pk]]:
            raise CannotBuildOn(f"Leave out {_named(loops)}, which builds on this session.")
    return chosen


def save(session: Session, numbers: Iterable[int]) -> None:
    """Make these the sessions that a stored, locked one builds on. Raises CannotBuildOn as `choose` does."""
    chosen = choose(numbers, session_id=session.pk, number=session.number, starts_at=session.starts_at)
    session.prerequisites.set(chosen)


def _all_before(keys: set[int]) -> dict[int, set[int]]:
    """For each session, all that it builds on, directly or through others. Stops in loops. One query."""
    through = Session.prerequisites.through.objects
    direct: dict[int, list[int]] = defaultdict(list)
    for later, earlier in through.values_list("from_session_id", "to_session_id"):
        direct[later].append(earlier)
    found = {}
    for key in keys:
        seen, ahead = set(), [key]
        while ahead:
            for earlier in direct[ahead.pop()]:
                if earlier not in seen:
                    seen.add(earlier)
                    ahead.append(earlier)
        found[key] = seen
    return found


def _named(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)
