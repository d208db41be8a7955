"""What somebody outside has asked for, before anybody has looked who it is."""

from __future__ import annotations

from django.db import models


class Knock(models.Model):
    """One request whose answer differs for known and unknown addresses; the worker answers it.

    The page that takes it does the same for everybody, so neither the page nor its time tells who has
    applied or is a member. `members.doorstep` writes and answers it; answering deletes it.
    """

    class Kind(models.TextChoices):
        APPLY = "apply", "Applied"
        LINK = "link", "Asked for the link"
        MAIL = "mail", "A mail of the sign-in pages"

    kind = models.CharField(max_length=8, choices=Kind)
    payload = models.JSONField()
    at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="Not answered before this moment.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d %H:%M}"
