"""Slides, code and other links that belong to a session or to a presentation."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sessions_app.models.presentation import Presentation
from sessions_app.models.session import Session


class Material(models.Model):
    class Kind(models.TextChoices):
        SLIDES = "slides", "Slides"
        CODE = "code", "Code"
        RECORDING = "recording", "Recording"
        ARTICLE = "article", "Article"
        BLOG = "blog", "Report"
        BOOK = "book", "Book"

    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, null=True, blank=True, related_name="materials"
    )
    presentation = models.ForeignKey(
        Presentation, on_delete=models.CASCADE, null=True, blank=True, related_name="materials"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    title = models.CharField(max_length=200, blank=True)
    url = models.URLField(max_length=500)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(session__isnull=True) ^ Q(presentation__isnull=True),
                name="sessions_app_material_has_one_owner",
                violation_error_message="It belongs either to a session or to a presentation.",
            )
        ]

    def __str__(self) -> str:
        return self.title or self.get_kind_display()
