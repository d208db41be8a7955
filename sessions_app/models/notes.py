"""The notes of a session: the text as it stands, every version it had, and what somebody is still writing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from sessions_app.models.session import Session

LONGEST_NOTES = 200_000  # characters: some 30,000 words


class NotesQuerySet(models.QuerySet):
    def visible_to(self, *, member: bool, organiser: bool) -> NotesQuerySet:
        """Notes that this reader may open (rule 7); of a session that is no draft, unless for organisers."""
        if organiser:
            return self
        audiences = [Notes.Audience.PUBLIC, Notes.Audience.MEMBERS] if member else [Notes.Audience.PUBLIC]
        return self.filter(audience__in=audiences).exclude(session__state=Session.State.DRAFT)


class Notes(models.Model):
    """One text a session. Changed by `sessions_app.notes` alone."""

    class Audience(models.TextChoices):
        PUBLIC = "public", "Everybody"
        MEMBERS = "members", "Members"
        ORGANISERS = "organisers", "Organisers"

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField(blank=True, max_length=LONGEST_NOTES, help_text="Markdown; TeX between dollars.")
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.MEMBERS)
    revision = models.PositiveIntegerField(default=0, help_text="The number of the newest version.")
    updated_at = models.DateTimeField()

    objects = NotesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "notes"
        constraints = [
            models.CheckConstraint(
                condition=Q(audience__in=["public", "members", "organisers"]),
                name="sessions_app_notes_audience_known",
            ),
        ]
        indexes = [models.Index(fields=["updated_at"], name="sessions_app_notes_newest")]

    def __str__(self) -> str:
        return f"Notes of {self.session}"


class NotesRevision(models.Model):
    """One version of the notes. Written once, never changed; its author may be erased (rule 9)."""

    notes = models.ForeignKey(Notes, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    saved_at = models.DateTimeField()
    comment = models.CharField(max_length=200, blank=True, help_text="Such as “Restored version 3”.")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["notes", "number"], name="sessions_app_revision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.notes}, version {self.number}"


class NotesDraft(models.Model):
    """What somebody has typed and not yet saved, so that a closed lid loses nothing."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="notes_drafts")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(blank=True)
    base = models.PositiveIntegerField(default=0, help_text="The version from which it was begun.")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "author"], name="sessions_app_one_draft_an_author"),
        ]

    def __str__(self) -> str:
        return f"{self.author} on {self.session}"
