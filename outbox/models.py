"""One mail, from the moment something causes it until a mail server has taken it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class MessageQuerySet(models.QuerySet):
    def due(self, *, now: datetime) -> MessageQuerySet:
        """Messages a worker may take up: queued and due, or leased by a worker that has not come back."""
        return self.filter(
            Q(state=Message.State.QUEUED, due_at__lte=now)
            | Q(state=Message.State.SENDING, leased_until__lt=now)
        ).order_by("due_at", "pk")

    def waiting(self) -> MessageQuerySet:
        """Messages still on their way."""
        return self.filter(state__in=[Message.State.QUEUED, Message.State.SENDING])


class Message(models.Model):
    """A mail to one person about one event. Written by `outbox.writing`, moved by `outbox.delivery`."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=60, help_text="What it is, such as “invitation”.")
    about = models.CharField(max_length=120, help_text="The event that caused it, such as “invitation:12”.")
    to = models.EmailField(max_length=320)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField()
    secrets = ArrayField(
        models.TextField(),
        default=list,
        blank=True,
        help_text="Parts that let their reader act as the recipient; blotted out once a server has the mail.",
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    message_id = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not sent before this moment.")
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, help_text="The mail server's own words at the last attempt.")

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "about", "to"], name="outbox_one_message_per_event"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="outbox_sent_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="sending", leased_until__isnull=False)
                | (~Q(state="sending") & Q(leased_until__isnull=True)),
                name="outbox_only_sending_is_leased",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state="queued"), name="outbox_queue"),
            models.Index(fields=["leased_until"], condition=Q(state="sending"), name="outbox_leases"),
            models.Index(fields=["-created_at", "-id"], name="outbox_newest"),
            models.Index(fields=["sent_at"], condition=Q(state="sent"), name="outbox_sent"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} ({self.to})"
