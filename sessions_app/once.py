"""What the worker has settled already, and need not look into again.

Kept in the cache, which all workers share and which forgets: so nothing may rest on it but what a look costs,
and how often a line is logged. What was written stands in the outbox, once, whatever is remembered here.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.core.cache import cache

PREFIX = "settled:"
REMEMBERED = 40 * 24 * 60 * 60  # seconds; longer than anything is looked into


def settle(event: str) -> bool:
    """Note that an event needs no further look. False when that was noted before, by whichever worker.

    Within a transaction it is taken back with it.
    """
    return cache.add(PREFIX + event, True, REMEMBERED)


def unsettled(events: Iterable[str]) -> list[str]:
    """Those that have not been settled, in their order. One query, none for no event."""
    keys = {PREFIX + event: event for event in events}
    known = cache.get_many(list(keys)) if keys else {}
    return [event for key, event in keys.items() if key not in known]
