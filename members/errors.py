"""What can stand in the way of a change. Each carries the sentence that a person reads."""

from __future__ import annotations

from outbox.errors import Refused as Refused  # every package refuses with the same one


class IllegalMove(Refused):
    """The application is no longer in a state from which this move starts."""


class GroupFull(Refused):
    """No seat is free."""

    def __init__(self, capacity: int):
        super().__init__(f"All {capacity} seats are taken or held. Nothing was changed.")


class InvitationClosed(Refused):
    """The invitation was answered, taken back, or has lapsed."""


class NotReviewed(Refused):
    """A decision was asked for before the one deciding had saved a review."""


class OutOfOrder(Refused):
    """Somebody else comes first in the agreed order, and no reason was given."""


class LastOrganiser(Refused):
    """Without this person nobody could run the group."""

    def __init__(self, name: str):
        super().__init__(f"{name} is the last organiser. Make somebody else an organiser first.")
