"""Talks, and the people who give them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.models import Member
from sessions_app.models.session import Session

FORGOTTEN = "A former member"
NAMELESS = "A member"  # who has an account without a name; its address is nobody's business


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
    bio = models.TextField(
        blank=True, max_length=2000, help_text="Of a guest; a member’s stands in the profile. Markdown."
    )
    email = models.EmailField(
        blank=True, help_text="Of a guest, for the link to their private page. Nobody else sees it."
    )
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
            return self.member.user.name or NAMELESS
        return self.guest_name or FORGOTTEN


class PresenterLink(models.Model):
    """What opens a guest presenter's private page. Only the hash of its token is kept."""

    presenter = models.ForeignKey(Presenter, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["made_at", "pk"]

    def __str__(self) -> str:
        return f"Link of {self.presenter}"


class Presentation(models.Model):
    """A talk; in one session or spread over several, by one presenter or several.

    State is changed by `sessions_app.proposals` alone. An organiser's talk begins as scheduled.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        SCHEDULED = "scheduled", "Scheduled"
        GIVEN = "given", "Given"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    title = models.CharField(max_length=200)
    abstract = models.TextField(blank=True, max_length=6000, help_text="Markdown.")
    url = models.URLField(max_length=500, blank=True, help_text="What it was about, if that has an address.")
    presenters = models.ManyToManyField(Presenter, through="Appearance", related_name="presentations")
    sessions = models.ManyToManyField(Session, through="Slot", related_name="presentations")
    state = models.CharField(max_length=10, choices=State, default=State.SCHEDULED)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="How long it takes.")
    proposed_by = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="proposals"
    )
    proposed_at = models.DateTimeField(null=True, blank=True)
    wished_session = models.ForeignKey(
        Session, on_delete=models.SET_NULL, null=True, blank=True, related_name="wished_presentations"
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["proposed", "accepted", "scheduled", "given", "declined", "withdrawn"]
                ),
                name="sessions_app_presentation_state_known",
            ),
            models.CheckConstraint(
                condition=Q(minutes__isnull=True) | Q(minutes__gte=1),
                name="sessions_app_presentation_takes_time",
            ),
        ]
        indexes = [models.Index(fields=["state", "proposed_at"], name="sessions_app_talks_by_state")]

    def __str__(self) -> str:
        return self.title


class PresentationStep(models.Model):
    """One step of a talk's life: who took it, when, and what was said with it."""

    presentation = models.ForeignKey(Presentation, on_delete=models.CASCADE, related_name="steps")
    before = models.CharField(max_length=10, choices=Presentation.State, blank=True)
    after = models.CharField(max_length=10, choices=Presentation.State)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    message = models.TextField(blank=True, max_length=2000)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.presentation}: {self.get_after_display()}"


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
