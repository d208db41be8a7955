"""The address under which a member's own calendar is read by a calendar program."""

from __future__ import annotations

import uuid

from django.core import signing
from django.db import models
from django.urls import reverse

from members.models import Member

SALT = "sessions_app.calendar"


class CalendarLink(models.Model):
    """Changed by `sessions_app.calendar_links` alone. A new key ends the old address."""

    class Alarm(models.IntegerChoices):
        NONE = 0, "No alarm"
        TWO_HOURS = 2, "Two hours before"
        DAY = 24, "A day before"
        THREE_DAYS = 72, "Three days before"

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="calendar_link")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    with_preparation = models.BooleanField(
        "What to prepare", default=True, help_text="An entry for the day before, with the time it takes."
    )
    with_slides = models.BooleanField(
        "Slides of my own talks", default=True, help_text="An entry for the day on which they are due."
    )
    alarm = models.PositiveSmallIntegerField(
        "Alarm before a session", choices=Alarm, default=Alarm.DAY, help_text="Some programs ignore it."
    )
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(alarm__in=[0, 2, 24, 72]), name="sessions_app_calendar_alarm_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Calendar of {self.member}"

    def get_absolute_url(self) -> str:
        """The calendar itself."""
        return reverse("member_calendar", args=[self.token])

    @property
    def token(self) -> str:
        """The secret part of the address: the key, signed, which only this site's SECRET_KEY can do."""
        return signing.Signer(salt=SALT).sign(self.key.hex)

    @classmethod
    def key_of(cls, token: str) -> uuid.UUID | None:
        """The key inside a token, or None when it was not signed by this site."""
        try:
            return uuid.UUID(signing.Signer(salt=SALT).unsign(token))
        except (signing.BadSignature, ValueError):
            return None
