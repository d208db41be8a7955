"""What was made of a text, kept for the next time: within bounds, in this process alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock

OVERHEAD = 200  # what keeping one text costs besides its letters


def remembered(characters: int) -> Callable:
    """Keep what a function makes of a text, in this process, within so many characters in all.

    Texts are between a word and a book long, so what counts is their length; what was asked for longest ago
    makes room, and what alone would take an eighth is not kept.
    """

    def decorate(function: Callable) -> Callable:
        kept: OrderedDict[tuple, tuple[object, int]] = OrderedDict()
        lock, total = Lock(), 0

        @wraps(function)
        def remembering(source: str, **options):
            nonlocal total
            key = (source, *options.items())
            with lock:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key][0]
            made = function(source, **options)
            size = len(source) + len(made) + OVERHEAD
            if size > characters // 8:
                return made
            with lock:
                if key not in kept:
                    kept[key] = (made, size)
                    total += size
                while total > characters:
                    total -= kept.popitem(last=False)[1][1]
            return made

        remembering.characters = lambda: total
        return remembering

    return decorate
