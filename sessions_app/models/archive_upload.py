"""Notes brought along from elsewhere: an upload before its import, and what each file said when it came."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sessions_app.models.session import Session


class ArchiveUpload(models.Model):
    """The texts of an uploaded folder, kept until they are imported: the next request may reach another
    machine. Emptied afterwards, or after a day."""

    name = models.CharField(max_length=200, help_text="The zip file's name.")
    files = models.JSONField(default=dict, blank=True, help_text="Each path with its text.")
    left_out = models.JSONField(default=dict, blank=True, help_text="What of the zip was not taken, and why.")
    choices = models.JSONField(default=dict, blank=True, help_text="What was answered on the preview.")
    report = models.JSONField(default=dict, blank=True, help_text="What the import did.")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="archive_uploads"
    )
    uploaded_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.name


class ImportedFile(models.Model):
    """What the file of one session said at its last import.

    Against it the next import tells what has changed in the file from what somebody has changed here.
    """

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="imported_file")
    path = models.CharField(max_length=500)
    said = models.JSONField(default=dict)
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["path"]

    def __str__(self) -> str:
        return self.path
