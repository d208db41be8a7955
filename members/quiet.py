"""The group's quiet hours, in which only mail goes out that somebody is waiting for."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from members.models import Group

AT_ONCE = "at once"


def is_quiet(group: Group | None, now: datetime) -> bool:
    """Whether the group's clock shows a time within its quiet hours, which may go over midnight.

    By the clock on the wall, so the night on which it is put forward has an hour less of them, and the one on
    which it is put back an hour more. Equal ends are no hours at all. False without a group.
    """
    if group is None or group.quiet_from == group.quiet_until:
        return False
    clock = now.astimezone(ZoneInfo(group.time_zone)).time()
    if group.quiet_from < group.quiet_until:
        return group.quiet_from <= clock < group.quiet_until
    return clock >= group.quiet_from or clock < group.quiet_until


def when(group: Group | None, now: datetime) -> str:
    """When a mail that can wait goes out, if it is released now: the end of a sentence."""
    if not is_quiet(group, now):
        return AT_ONCE
    return f"when the quiet hours end, at {group.quiet_until:%H:%M}"
