"""A chair in the room for one session, offered to somebody from the shortlist. It is no seat (rule 1)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.models import Application
from members.models.invitation import hash_token
from sessions_app.models.session import Session


class GuestChairQuerySet(models.QuerySet):
    def kept(self) -> GuestChairQuerySet:
        """Chairs that are spoken for: offered and not answered, or accepted."""
        return self.filter(state__in=[GuestChair.State.OFFERED, GuestChair.State.ACCEPTED])

    def with_token(self, token: str) -> GuestChairQuerySet:
        """The chair whose link carries this token: none or one."""
        return self.filter(token_hash=hash_token(token))


class GuestChair(models.Model):
    """State is changed by `sessions_app.guests` alone."""

    class State(models.TextChoices):
        OFFERED = "offered", "Offered"
        ACCEPTED = "accepted", "Comes"
        DECLINED = "declined", "Does not come"
        REVOKED = "revoked", "Taken back"

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="guest_chairs")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="guest_chairs")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.OFFERED)
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    offered_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = GuestChairQuerySet.as_manager()

    class Meta:
        ordering = ["offered_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "application"],
                condition=Q(state__in=["offered", "accepted"]),
                name="sessions_app_one_guest_chair_a_person",
                violation_error_message="This person has a chair at this session already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} at {self.session}"
