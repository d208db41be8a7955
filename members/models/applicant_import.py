"""A file of applicants, between its upload and its import."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ApplicantImport(models.Model):
    """Kept in the database, since the next request may reach another machine; emptied once imported."""

    name = models.CharField(max_length=200, help_text="The file's name.")
    text = models.TextField(blank=True)
    columns = models.JSONField(default=dict, help_text="Which column of the file fills which field.")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="applicant_imports"
    )
    uploaded_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True, blank=True)
    imported = models.PositiveIntegerField(default=0, help_text="How many applications it made.")

    class Meta:
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.name
