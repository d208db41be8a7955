"""Prescribed preparatory work, and how far each member is with it."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.postgres.expressions import ArraySubquery
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject

from members.models import Member
from sessions_app.models.session import Session
from sessions_app.models.stored_file import StoredFile


class ReadingQuerySet(models.QuerySet):
    def in_order(self) -> ReadingQuerySet:
        """As prescribed: required first, then what one reads if there is time, then what goes further."""
        return self.order_by("importance", "position", "pk")

    def with_links(self) -> ReadingQuerySet:
        """With `file`, and `link_list`, the further links of each: {"title", "url"}. No further query."""
        links = ReadingLink.objects.filter(reading=OuterRef("pk")).order_by("position", "pk")
        link = JSONObject(title="title", url="url")
        return self.select_related("file").annotate(link_list=ArraySubquery(links.values_list(link)))


class Reading(models.Model):
    """One item of what a session asks people to prepare."""

    class Kind(models.TextChoices):
        CHAPTER = "chapter", "Chapter"
        VIDEO = "video", "Lecture video"
        PAPER = "paper", "Paper"
        NOTES = "notes", "Course notes"
        ARTICLE = "article", "Article"
        TUTORIAL = "tutorial", "Tutorial"
        SOFTWARE = "software", "Software to install"
        BOOK = "book", "Book"

    class Importance(models.IntegerChoices):
        REQUIRED = 1, "Required"
        OPTIONAL = 2, "If you have time"
        STRETCH = 3, "To go further"

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="readings")
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children"
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ARTICLE)
    title = models.CharField(max_length=250)
    url = models.URLField(max_length=800, blank=True)
    file = models.OneToOneField(
        StoredFile, on_delete=models.SET_NULL, null=True, blank=True, related_name="reading"
    )
    part = models.CharField(max_length=120, blank=True, help_text="Such as “from 57:30” or “sections 1–4”.")
    note = models.CharField(max_length=300, blank=True, help_text="Why, or what to look for.")
    minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(6000)],
        help_text="How long it takes; empty when nobody knows.",
    )
    importance = models.PositiveSmallIntegerField(choices=Importance, default=Importance.REQUIRED)
    position = models.PositiveSmallIntegerField(default=0)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__isnull=True) | Q(minutes__gte=1), name="sessions_app_reading_takes_time"
            ),
            models.CheckConstraint(
                condition=Q(importance__in=[1, 2, 3]), name="sessions_app_reading_importance_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_required(self) -> bool:
        """Whether it counts towards what is left to prepare."""
        return self.importance == self.Importance.REQUIRED


class ReadingLink(models.Model):
    """A further link of the same item: “lectures seven through twelve” is one thing to prepare, two links."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="links")
    title = models.CharField(max_length=250, blank=True)
    url = models.URLField(max_length=800)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title or self.url


def nest(readings: Iterable[Reading]) -> list[Reading]:
    """The readings as they are prescribed: each top item followed by its parts, required ones first.

    Marks each with `parts`, the list of what belongs to it, and `is_part`. An item whose parent is not among
    them stands on top. One pass, no query.
    """
    by_pk = {reading.pk: reading for reading in readings}
    for reading in by_pk.values():
        reading.parts = []
    tops = []
    for reading in sorted(by_pk.values(), key=lambda item: (item.importance, item.position, item.pk)):
        top = _top_of(reading, by_pk)
        reading.is_part = top is not reading
        (top.parts if reading.is_part else tops).append(reading)
    return [reading for top in tops for reading in (top, *top.parts)]


def _top_of(reading: Reading, by_pk: dict[int, Reading]) -> Reading:
    """The item at the top of its line; deeper parts count as its parts too. A loop has none."""
    seen = {reading.pk}
    top = reading
    while top.parent_id in by_pk and top.parent_id not in seen:
        seen.add(top.parent_id)
        top = by_pk[top.parent_id]
    return reading if top.parent_id in seen else top


class Progress(models.Model):
    """That a member has read a reading. No row: not yet."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="progress")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="progress")
    read_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "progress"
        constraints = [
            models.UniqueConstraint(fields=["member", "reading"], name="sessions_app_read_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member} has read {self.reading}"
