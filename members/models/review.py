"""What one organiser thinks of one application: a score for each criterion, and a note."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.models.application import Application
from members.models.group import Criterion


class Review(models.Model):
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="reviews")
    # A review outlives the account of the one who wrote it: it is part of how a decision was made.
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="reviews"
    )
    note = models.TextField(max_length=4000, blank=True)
    abstained = models.BooleanField(default=False)
    # The scores' mean by the criteria's weights, from 1 to 5; kept by `members.scoring`.
    score = models.FloatField(null=True, blank=True, editable=False)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["saved_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "reviewer"],
                name="members_one_review_per_reviewer",
                violation_error_message="You have reviewed this application already.",
            ),
            models.CheckConstraint(
                condition=Q(abstained=False) | Q(score__isnull=True), name="members_abstention_has_no_score"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer or 'A former organiser'} on {self.application}"


class Score(models.Model):
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="scores")
    value = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "criterion"], name="members_one_score_per_criterion"),
            models.CheckConstraint(condition=Q(value__range=(1, 5)), name="members_score_from_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.value}"
