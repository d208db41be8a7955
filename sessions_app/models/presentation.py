"""Talks, and the people who give them."""

from __future__ import annotations

from django.db import models

from members.models import Member
from sessions_app.models.session import Session

FORGOTTEN = "A former member"


class PresenterQuerySet(models.QuerySet):
    def with_people(self) -> PresenterQuerySet:
        """With the accounts of those who are members, so that their names cost no further query."""
        return self.select_related("member__user")


class Presenter(models.Model):
    """Somebody who presents or leads a track. A guest's name stands here; a member's on the account.

    When a member is deleted the row stays without a name, so the talk keeps standing (rule 9).
    """

    guest_name = models.CharField("name", max_length=120, blank=True, help_text="Empty for a member.")
    url = models.URLField("web page", max_length=500, blank=True)
    member = models.OneToOneField(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="presenter"
    )

    objects = PresenterQuerySet.as_manager()

    class Meta:
        ordering = ["guest_name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(member__isnull=True) | models.Q(guest_name=""),
                name="sessions_app_member_presents_under_own_name",
                violation_error_message="Leave the name empty: a member presents under the account’s name.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """How the person is called now."""
        if self.member_id:
            return self.member.name
        return self.guest_name or FORGOTTEN


class Presentation(models.Model):
    """A talk; in one session or spread over several, by one presenter or several."""

    title = models.CharField(max_length=200)
    abstract = models.TextField(blank=True, max_length=6000, help_text="Markdown.")
    url = models.URLField(max_length=500, blank=True, help_text="What it was about, if that has an address.")
    presenters = models.ManyToManyField(Presenter, through="Appearance", related_name="presentations")
    sessions = models.ManyToManyField(Session, through="Slot", related_name="presentations")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title


class Appearance(models.Model):
    """One presenter of one presentation, in their order."""

    presentation = models.ForeignKey(Presentation, on_delete=models.CASCADE, related_name="appearances")
    presenter = models.ForeignKey(Presenter, on_delete=models.PROTECT, related_name="appearances")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["presentation", "presenter"], name="sessions_app_presenter_appears_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.presenter} on {self.presentation}"


class Slot(models.Model):
    """One presentation's place in one session's order."""

    presentation = models.ForeignKey(Presentation, on_delete=models.CASCADE, related_name="slots")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="slots")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["presentation", "session"], name="sessions_app_presentation_once_a_session"
            )
        ]

    def __str__(self) -> str:
        return f"{self.presentation} in {self.session}"
