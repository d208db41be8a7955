"""Every change of a setting, as the history under the settings tells it."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SettingChange(models.Model):
    """One setting, as it was and as it is since. Written by `members.settings_desk` alone; never changed.

    It names who did it by reference, so that it stands, without them, when a person is erased (rule 9).
    """

    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    field = models.CharField(max_length=40)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["-at", "-id"], name="members_setting_change_newest")]

    def __str__(self) -> str:
        return f"{self.field}, {self.at:%Y-%m-%d}"
