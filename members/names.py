"""People's names inside our sentences."""

from __future__ import annotations

import unicodedata

# Letters written from right to left, and the marks that turn the direction (UAX 9, table 4).
TURNING = {"R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}


def isolated(name: str) -> str:
    """The name, fenced off where its direction would put the rest of a sentence out of order."""
    if any(unicodedata.bidirectional(letter) in TURNING for letter in name):
        return f"\u2068{name}\u2069"
    return name
