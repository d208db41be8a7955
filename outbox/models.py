"""One mail, from the moment something causes it until a mail server has taken it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class MessageQuerySet(models.QuerySet):
    def due(self, *, now: datetime) -> MessageQuerySet:
        """Messages that are queued and due, what somebody waits for first: a code overtakes circulars."""
        return self.filter(state=Message.State.QUEUED, due_at__lte=now).order_by("-urgent", "due_at", "pk")

    def left_behind(self, *, now: datetime) -> MessageQuerySet:
        """Messages leased by a worker that has not come back."""
        return self.filter(state=Message.State.SENDING, leased_until__lt=now).order_by("leased_until", "pk")

    def waiting(self) -> MessageQuerySet:
        """Messages still on their way."""
        return self.filter(state__in=[Message.State.QUEUED, Message.State.SENDING])


class Message(models.Model):
    """A mail to one person about one event.

    Written by `outbox.writing`, read and released by organisers through `outbox.desk`, moved by
    `outbox.delivery`.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Waits to be released"
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        HELD = "held", "Held back"

    class Why(models.TextChoices):
        """Why a mail is held back."""

        DISCARDED = "discarded", "An organiser discarded it."
        STOPPED = "stopped", "The recipient wants no mail of this kind."
        DIGEST = "digest", "The recipient wants this kind in the digest."
        OUTDATED = "outdated", "What it says is no longer so."

    kind = models.CharField(max_length=60, help_text="What it is, such as “invitation”.")
    about = models.CharField(max_length=120, help_text="The event that caused it, such as “invitation:12”.")
    to = models.EmailField(max_length=320)
    recipient = models.CharField(
        max_length=60, blank=True, help_text="Who that is, whatever their address, such as “user:12”."
    )
    thread = models.CharField(max_length=120, blank=True, help_text="What mails about the same thing share.")
    subject = models.CharField(max_length=250)
    source = models.TextField(blank=True, help_text="What both parts are made from, in Markdown.")
    text = models.TextField()
    html = models.TextField()
    secrets = ArrayField(
        models.TextField(),
        default=list,
        blank=True,
        help_text="Parts that let their reader act as the recipient; blotted out once a server has the mail.",
    )
    calendar = models.TextField(blank=True, help_text="An invitation that calendars understand (RFC 5546).")
    urgent = models.BooleanField(default=True, help_text="Goes during quiet hours, too.")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    held_because = models.CharField(max_length=10, choices=Why, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="More on why it is held back.")
    version = models.PositiveIntegerField(default=0, help_text="Grows when somebody edits it.")
    message_id = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not sent before this moment.")
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, help_text="The mail server's own words at the last attempt.")
    provider_id = models.CharField(max_length=200, blank=True, help_text="What the mail provider calls it.")
    bounced_at = models.DateTimeField(null=True, blank=True)
    bounce = models.TextField(blank=True, help_text="What the provider reported after it had taken the mail.")

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
            models.CheckConstraint(
                condition=(Q(state="held") & ~Q(held_because="")) | (~Q(state="held") & Q(held_because="")),
                name="outbox_held_back_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-urgent", "due_at", "id"], condition=Q(state="queued"), name="outbox_queue"
            ),
            models.Index(fields=["leased_until"], condition=Q(state="sending"), name="outbox_leases"),
            models.Index(fields=["-created_at", "-id"], name="outbox_newest"),
            models.Index(fields=["sent_at"], condition=Q(state="sent"), name="outbox_sent"),
            models.Index(fields=["attempted_at"], name="outbox_attempted"),
            models.Index(fields=["state", "-created_at", "-id"], name="outbox_state_newest"),
            models.Index(fields=["kind", "-created_at", "-id"], name="outbox_kind_newest"),
            models.Index(
                fields=["recipient", "-created_at"], condition=~Q(recipient=""), name="outbox_recipient"
            ),
            models.Index(fields=["to", "-created_at"], name="outbox_to"),
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="outbox_provider"),
        ]

    def __str__(self) -> str:
        # Never the subject: a code to sign in may stand in it.
        return f"{self.kind} to {self.to}"


class MessageStep(models.Model):
    """What somebody, or the worker, did with a message after it was written."""

    class What(models.TextChoices):
        EDITED = "edited", "Edited"
        RELEASED = "released", "Released"
        DISCARDED = "discarded", "Discarded"
        RETRIED = "retried", "Queued again"
        HELD = "held", "Held back"
        BOUNCED = "bounced", "Came back"
        RESTORED = "restored", "Taken back"

    message = models.ForeignKey(Message, models.CASCADE, related_name="steps")
    what = models.CharField(max_length=10, choices=What)
    by = models.CharField(max_length=60, blank=True, help_text="Who, such as “user:12”; empty: by itself.")
    at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.message}"


class KindSetting(models.Model):
    """What the organisers have chosen for a kind of mail; without a row, all is as the kind comes."""

    kind = models.CharField(max_length=60, unique=True)
    waits = models.BooleanField(null=True, blank=True, help_text="Whether it waits to be released.")
    subject = models.CharField(max_length=250, blank=True, help_text="Empty: the default.")
    source = models.TextField(blank=True, help_text="The wording in Markdown. Empty: the default.")
    version = models.PositiveIntegerField(default=0, help_text="Grows with every change.")
    changed_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.CharField(max_length=60, blank=True, help_text="Who, such as “user:12”.")

    class Meta:
        ordering = ["kind"]
        constraints = [
            models.CheckConstraint(
                condition=Q(subject="", source="") | (~Q(subject="") & ~Q(source="")),
                name="outbox_wording_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class Choice(models.Model):
    """How somebody wants to have a kind of mail; without a row, each as a mail of its own."""

    class How(models.TextChoices):
        MAIL = "mail", "A mail each time"
        DIGEST = "digest", "In the weekly digest"
        NOTHING = "nothing", "Not at all"

    recipient = models.CharField(max_length=60, help_text="Who, such as “user:12”.")
    kind = models.CharField(max_length=60)
    how = models.CharField(max_length=10, choices=How)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["recipient", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["recipient", "kind"], name="outbox_one_choice_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.kind}, {self.get_how_display().lower()}"
