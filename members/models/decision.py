"""A decision that is prepared but not yet released: nobody outside has been told of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.models.application import Application, State


class Decision(models.Model):
    """Prepared, taken back and released by `members.decisions`; releasing it deletes it."""

    class Kind(models.TextChoices):
        SHORTLIST = "shortlist", "Put on the shortlist"
        INVITE = "invite", "Invite to a seat"
        DECLINE = "decline", "Decline"

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="decision")
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.TextField(
        blank=True,
        max_length=2000,
        help_text="Declining: what the applicant reads. Otherwise: why the rule or the order is passed over.",
    )
    seen = models.CharField(
        max_length=12, choices=State, help_text="The application's state when it was decided."
    )
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    prepared_at = models.DateTimeField()

    class Meta:
        ordering = ["prepared_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="decline") | ~Q(reason=""), name="members_decline_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.application}"
