"""What can stand in the way of a change. It carries the sentence that a person reads."""

from __future__ import annotations


class Refused(Exception):
    """A change that the rules or the moment do not allow. `str()` is fit for a page; nothing was changed."""
