"""The code that opens the setting up of a site that has no group yet."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class SetupCode(models.Model):
    """The one code that counts, as a hash. `members.setup_codes` makes it; making the group deletes it."""

    only = models.BooleanField(default=True, editable=False)
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["only"], name="members_one_setup_code"),
            models.CheckConstraint(condition=Q(only=True), name="members_setup_code_is_the_only"),
        ]

    def __str__(self) -> str:
        return f"Until {self.expires_at:%Y-%m-%d %H:%M}"
