"""Records that are looked at, not typed into."""

from __future__ import annotations

from django.http import HttpRequest


class ReadOnly:
    """A record that is written by the verbs alone: to be looked at, not typed into."""

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False
