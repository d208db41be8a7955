"""What the group studies: its paths, the tracks along them, their sources, and things worth having."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from sessions_app.models.presentation import Presenter
from sessions_app.models.session import Session


class Path(models.Model):
    """One of the parallel ways in which the group studies: theory, application, presentations."""

    name = models.CharField(max_length=80)
    summary = models.TextField(help_text="One or two sentences for the home page. Markdown.")
    description = models.TextField(blank=True, help_text="The whole of it, for the curriculum. Markdown.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["name"], name="sessions_app_one_path_per_name")]

    def __str__(self) -> str:
        return self.name


class Track(models.Model):
    """A strand of the curriculum: led by people, following a source, covering sessions."""

    name = models.CharField(max_length=120)
    part_of = models.CharField(
        max_length=120, blank=True, help_text="The subject that it shares with its neighbours."
    )
    path = models.ForeignKey(Path, on_delete=models.SET_NULL, null=True, blank=True, related_name="tracks")
    leaders = models.ManyToManyField(Presenter, blank=True, related_name="led_tracks")
    sessions = models.ManyToManyField(Session, blank=True, related_name="tracks")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["name"], name="sessions_app_one_track_per_name")]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """The book or course that a track follows."""

    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="sources")
    title = models.CharField(max_length=200)
    url = models.URLField(max_length=500, blank=True)
    authors = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title


class Resource(models.Model):
    """Something worth having for anybody who studies along."""

    class Kind(models.TextChoices):
        BOOK = "book", "Book"
        VIDEO = "video", "Video course"
        ARTICLE = "article", "Article"
        SOFTWARE = "software", "Code"
        COURSE = "course", "Course"

    title = models.CharField(max_length=200)
    url = models.URLField(max_length=500)
    kind = models.CharField(max_length=10, choices=Kind)
    author = models.CharField(max_length=120, blank=True)
    hours = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(max_length=250, blank=True)
    recommended = models.BooleanField(default=False, help_text="Where to begin.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title
