"""One meeting of the group."""

from __future__ import annotations

import zoneinfo
from datetime import datetime

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse

from members.models import Member
from members.models.user import validate_time_zone

LONGEST_TEXT = 20_000  # characters


def local_year() -> Func:
    """SQL for the year in which a session starts where it is held."""
    template = "EXTRACT(YEAR FROM timezone(%(expressions)s))::integer"
    return Func(F("time_zone"), F("starts_at"), template=template, output_field=models.IntegerField())


class SessionQuerySet(models.QuerySet):
    def published(self) -> SessionQuerySet:
        """What everybody may see: not the drafts (rule 7), and not what was cancelled before it was held."""
        return self.filter(state__in=PUBLISHED)

    def visible_to(self, *, organiser: bool) -> SessionQuerySet:
        """The sessions this reader may open: drafts are the organisers', even cancelled ones (rule 7)."""
        if organiser:
            return self
        called_off = Q(state=Session.State.CANCELLED, announced_at__isnull=False)
        return self.filter(Q(state__in=PUBLISHED) | called_off)

    def upcoming(self, *, now: datetime) -> SessionQuerySet:
        """Announced sessions that have not ended, the soonest first."""
        return self.filter(state=Session.State.ANNOUNCED, ends_at__gt=now).order_by("starts_at", "pk")

    def past(self, *, now: datetime) -> SessionQuerySet:
        """Sessions that were held, and announced ones that are over, the latest first."""
        return self.filter(
            Q(state=Session.State.HELD) | Q(state=Session.State.ANNOUNCED, ends_at__lte=now)
        ).order_by("-starts_at", "-pk")

    def in_order(self) -> SessionQuerySet:
        """By number, undecided ones last."""
        return self.order_by(F("number").asc(nulls_last=True), "pk")


class Session(models.Model):
    """State is changed by `sessions_app.schedule` alone."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ANNOUNCED = "announced", "Announced"
        HELD = "held", "Held"
        CANCELLED = "cancelled", "Cancelled"

    number = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    title = models.CharField(max_length=200, help_text="*Stars* or _lines_ around a word emphasise it.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64, validators=[validate_time_zone])
    hours_known = models.BooleanField(
        default=True, help_text="Untick for an old session of which only the date is on record."
    )
    place = models.CharField(max_length=200, blank=True, help_text="Where, in one line.")
    address = models.CharField(max_length=300, blank=True, help_text="Street and town. Everybody sees it.")
    access_notes = models.TextField(
        blank=True,
        help_text="Steps, lifts, doors, toilets: for whoever needs to know before coming. Markdown.",
    )
    online_url = models.URLField(
        max_length=500, blank=True, help_text="Where one joins from afar; members only."
    )
    chairs = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How many people the room holds. Empty: as many as the group has seats.",
    )
    directions = models.TextField(blank=True, help_text="How to get in; members only. Markdown.")
    host = models.CharField(max_length=120, blank=True, help_text="Who lends the room.")
    host_url = models.URLField(max_length=500, blank=True)
    summary = models.TextField(blank=True, max_length=LONGEST_TEXT, help_text="What it is about. Markdown.")
    agenda = models.TextField(blank=True, max_length=LONGEST_TEXT, help_text="On the day. Markdown.")
    up_next = models.TextField(
        blank=True, max_length=LONGEST_TEXT, help_text="What the group thought of doing next. Markdown."
    )
    notes_url = models.URLField(max_length=500, blank=True, help_text="Notes kept elsewhere.")
    scribe = models.ForeignKey(
        Member,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="scribed_sessions",
        help_text="Who writes the notes.",
    )
    warm_up = models.CharField(
        "warm-up question",
        max_length=300,
        blank=True,
        help_text="One question that a member who comes may answer; the presenters read the answers.",
    )
    prerequisites = models.ManyToManyField(
        "self",
        symmetrical=False,
        blank=True,
        related_name="leads_to",
        help_text="The sessions that this one builds on.",
    )
    announced_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="When its date or place last changed after it was announced."
    )
    sequence = models.PositiveIntegerField(
        default=0, help_text="How often calendars were told of a change (RFC 5545, 3.8.7.4)."
    )

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                name="sessions_app_one_session_per_number",
                violation_error_message="There is a session with this number already.",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="sessions_app_session_ends_after_it_starts",
                violation_error_message="A session ends after it starts.",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="sessions_app_session_counts_from_one"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "announced", "held", "cancelled"]),
                name="sessions_app_session_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "starts_at"], name="sessions_app_session_when"),
            models.Index(local_year(), "starts_at", "id", name="sessions_app_session_by_year"),
        ]

    def __str__(self) -> str:
        return f"Session {self.number}"

    def get_absolute_url(self) -> str:
        """The session's page."""
        return reverse("sessions:detail", args=[self.number])

    @property
    def is_public(self) -> bool:
        """Whether everybody may know of it (rule 7), as `visible_to` asks of the database."""
        called_off = self.state == self.State.CANCELLED and self.announced_at is not None
        return self.state in (self.State.ANNOUNCED, self.State.HELD) or called_off

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The session's own time zone."""
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def local_start(self) -> datetime:
        """The start on the clock of the place where it is held."""
        return self.starts_at.astimezone(self.zone)

    @property
    def local_end(self) -> datetime:
        """The end on the clock of the place where it is held."""
        return self.ends_at.astimezone(self.zone)

    @property
    def city(self) -> str:
        """The place name inside the zone: America/New_York → New York."""
        return self.time_zone.rpartition("/")[2].replace("_", " ")


# What everybody may see, besides what was called off after it was announced.
PUBLISHED = [Session.State.ANNOUNCED, Session.State.HELD]
