"""How many sessions there are of each state, year and track."""

from __future__ import annotations

from django.db import models

WITHOUT_TRACK = 0  # stands for the sessions themselves, whatever their tracks


class ArchiveTally(models.Model):
    """Sessions by state, year on the clock of their place, and track, as a sum of changes.

    Counting an archive anew for each of its pages takes longer the longer it is. Triggers (migration 0008)
    write a row for each count that a statement touches; adding rows instead of changing one makes nobody wait
    for anybody. `sessions_app.tasks` folds the rows of a count together.
    """

    state = models.CharField(max_length=10)
    year = models.IntegerField()
    track = models.BigIntegerField(help_text="The key of a track; 0 counts each session once.")
    change = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["track", "year"], name="sessions_app_archive_tally")]

    def __str__(self) -> str:
        return f"{self.state}, {self.year}, track {self.track}: {self.change:+}"
