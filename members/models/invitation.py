"""The offer of a seat to one applicant: works once, for one address, until it expires (rule 4)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.models.application import Application


def hash_token(token: str) -> str:
    """What is stored of a token. Its 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


class InvitationQuerySet(models.QuerySet):
    def open(self) -> InvitationQuerySet:
        """Invitations that hold a seat: not answered, and not yet taken back for having expired."""
        return self.filter(state=Invitation.State.OPEN)

    def overdue(self, *, now: datetime) -> InvitationQuerySet:
        """Open invitations past their expiry, which `members.invitations.lapse_overdue` closes."""
        return self.open().filter(expires_at__lte=now)

    def with_token(self, token: str) -> InvitationQuerySet:
        """The invitation whose link carries this token: none or one."""
        return self.filter(Q(token_hash=hash_token(token)) | Q(reminder_hash=hash_token(token)))


class Invitation(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        LAPSED = "lapsed", "Lapsed"
        REVOKED = "revoked", "Revoked"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=320, help_text="The address it was sent to, and no other.")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    # The token of the first mail is nowhere to be read again, so the reminder carries one of its own.
    reminder_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    # One more month may be asked for once; organisers decide.
    asked_more_at = models.DateTimeField(null=True, blank=True)
    asked_more_note = models.TextField(max_length=1000, blank=True)
    more_granted = models.BooleanField(null=True, blank=True, help_text="Unknown while nobody has decided.")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(state="open"),
                name="members_one_open_invitation_per_application",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("issued_at")), name="members_invitation_expires_later"
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True)
                | (~Q(state="open") & Q(answered_at__isnull=False)),
                name="members_invitation_answered_once",
            ),
            models.CheckConstraint(
                condition=Q(more_granted__isnull=True) | Q(asked_more_at__isnull=False),
                name="members_invitation_more_only_when_asked",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="members_invitation_open")
        ]

    def __str__(self) -> str:
        return f"to {self.email}, {self.get_state_display().lower()}"

    @classmethod
    def issue(cls, *, application: Application, by, now: datetime, days: int) -> tuple[Invitation, str]:
        """Store an open invitation and return it with its token, which exists nowhere else."""
        token = secrets.token_urlsafe(32)
        invitation = cls.objects.create(
            application=application,
            email=application.email,
            token_hash=hash_token(token),
            issued_by=by,
            issued_at=now,
            expires_at=now + timedelta(days=days),
        )
        return invitation, token

    def second_token(self) -> str:
        """A further token for the same invitation, stored hashed on the instance; the caller saves it."""
        token = secrets.token_urlsafe(32)
        self.reminder_hash = hash_token(token)
        return token
