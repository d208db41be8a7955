"""How long something takes, in words."""

from __future__ import annotations


def duration(minutes: int) -> str:
    """Minutes as people say them.

    >>> duration(45), duration(60), duration(100)
    ('45 min', '1 h', '1 h 40 min')
    """
    hours, rest = divmod(int(minutes), 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
