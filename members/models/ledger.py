"""Every change of a seat, as the ledger tells it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from members.models.application import Application
from members.models.member import Member


class SeatChange(models.Model):
    """One line of the seat ledger. Written by `members.seats.write` under the group's lock; never changed.

    It names people by reference alone, so that it stands, without them, when a person is erased (rule 9).
    """

    class Kind(models.TextChoices):
        HELD = "held", "Held by an invitation"
        RELEASED = "released", "Invitation ended"
        TAKEN = "taken", "Taken"
        LENT = "lent", "Lent: on leave"
        RETURNED = "returned", "Back from leave"
        LEFT = "left", "Left the group"
        REMOVED = "removed", "Removed"
        CAPACITY = "capacity", "Number of seats changed"

    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    member = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="seat_changes"
    )
    application = models.ForeignKey(
        Application, on_delete=models.SET_NULL, null=True, blank=True, related_name="seat_changes"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.TextField(blank=True)
    # The seats after the change.
    capacity = models.PositiveSmallIntegerField()
    taken = models.PositiveSmallIntegerField()
    held = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["kind", "at"], name="members_seat_change_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d}"
