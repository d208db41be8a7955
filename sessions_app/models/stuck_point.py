"""What a member writes beside a reading: a note to themselves, or a question to all."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.models import Member
from sessions_app.models.reading import Reading

LONGEST_NOTE = 4000  # characters
LONGEST_QUESTION, LONGEST_ANSWER = 1000, 4000  # characters


class PrivateNote(models.Model):
    """What a member notes for themselves. Nobody else reads it, organisers neither."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="private_notes")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="private_notes")
    text = models.TextField(max_length=LONGEST_NOTE)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "reading"], name="sessions_app_one_note_a_reading"),
        ]

    def __str__(self) -> str:
        return f"{self.member} on {self.reading}"


class StuckPoint(models.Model):
    """A question pinned to a reading. Changed by `sessions_app.stuck_points` alone.

    It stays without its author when that person is erased (rule 9).
    """

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="stuck_points")
    author = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="stuck_points"
    )
    where = models.CharField(max_length=80, blank=True, help_text="Such as “p. 41, eq. 2”.")
    question = models.TextField(max_length=LONGEST_QUESTION, help_text="Markdown; TeX between dollars.")
    asked_at = models.DateTimeField()
    answer = models.TextField(
        blank=True, max_length=LONGEST_ANSWER, help_text="Markdown; it stands in the notes."
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(question=""), name="sessions_app_stuck_point_asks"),
        ]

    def __str__(self) -> str:
        return self.question[:80]


class MeToo(models.Model):
    """Another member is stuck at the same point."""

    point = models.ForeignKey(StuckPoint, on_delete=models.CASCADE, related_name="others")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    said_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "me too"
        constraints = [
            models.UniqueConstraint(fields=["point", "member"], name="sessions_app_me_too_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.point}"
