"""Slides, code and other links or files that belong to a session or to a presentation."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sessions_app.models.presentation import Presentation
from sessions_app.models.session import Session
from sessions_app.models.stored_file import StoredFile


class MaterialQuerySet(models.QuerySet):
    def visible_to(self, *, member: bool) -> MaterialQuerySet:
        """What this reader may open of a session that they may open (rule 7)."""
        return self if member else self.filter(audience=Material.Audience.PUBLIC)


class Material(models.Model):
    """A link or a file, never both."""

    class Audience(models.TextChoices):
        PUBLIC = "public", "Everybody"
        MEMBERS = "members", "Members"

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
    url = models.URLField(max_length=500, blank=True)
    file = models.OneToOneField(
        StoredFile, on_delete=models.CASCADE, null=True, blank=True, related_name="material"
    )
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.PUBLIC)
    position = models.PositiveSmallIntegerField(default=0)

    objects = MaterialQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(session__isnull=True) ^ Q(presentation__isnull=True),
                name="sessions_app_material_has_one_owner",
                violation_error_message="It belongs either to a session or to a presentation.",
            ),
            models.CheckConstraint(
                condition=Q(url="") ^ Q(file__isnull=True),
                name="sessions_app_material_is_link_or_file",
                violation_error_message="Give a link or a file: one of the two.",
            ),
            models.CheckConstraint(
                condition=Q(audience__in=["public", "members"]), name="sessions_app_material_audience_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.get_kind_display()
