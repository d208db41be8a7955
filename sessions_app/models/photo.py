"""A photo of a session."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from sessions_app.models.session import Session


class PhotoQuerySet(models.QuerySet):
    def visible_to(self, *, member: bool) -> PhotoQuerySet:
        """The photos that this reader may see of a session that they may open (rule 7)."""
        return self if member else self.filter(audience=Photo.Audience.PUBLIC)


class Photo(models.Model):
    """Two JPEGs made of an upload by `sessions_app.photos`: the picture, and a small one for the page."""

    class Audience(models.TextChoices):
        PUBLIC = "public", "Everybody"
        MEMBERS = "members", "Members"

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="photos")
    picture = models.FileField(upload_to="photos/")
    small = models.FileField(upload_to="photos/")
    width = models.PositiveSmallIntegerField(help_text="Of the picture, in pixels.")
    height = models.PositiveSmallIntegerField(help_text="Of the picture, in pixels.")
    alternative = models.CharField(
        "alternative text", max_length=300, help_text="What it shows, for whoever does not see it."
    )
    caption = models.CharField(max_length=300, blank=True)
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.MEMBERS)
    position = models.PositiveSmallIntegerField(default=0)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    uploaded_at = models.DateTimeField()

    objects = PhotoQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(alternative=""), name="sessions_app_photo_is_described"),
            models.CheckConstraint(
                condition=Q(audience__in=["public", "members"]), name="sessions_app_photo_audience_known"
            ),
        ]

    def __str__(self) -> str:
        return self.alternative

    def get_absolute_url(self) -> str:
        """The picture itself."""
        return reverse("sessions:photo", args=[self.session.number, self.pk])
