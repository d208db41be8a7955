"""Who was there."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from members.models import Member
from sessions_app.models.guest_chair import GuestChair
from sessions_app.models.session import Session


class Attendance(models.Model):
    """Somebody came. Written by `sessions_app.attendance` alone.

    A member, a guest with a chair, or a guest by name; none of them when the person is erased (rule 9), so
    that the count keeps standing. No row at all for a session: nobody has noted who came.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="attendance")
    member = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="attendance"
    )
    guest_chair = models.ForeignKey(
        GuestChair, on_delete=models.SET_NULL, null=True, blank=True, related_name="attendance"
    )
    guest_name = models.CharField(max_length=120, blank=True)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    noted_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "attendance"
        ordering = ["noted_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "member"], name="sessions_app_came_once"),
            models.UniqueConstraint(fields=["session", "guest_chair"], name="sessions_app_guest_came_once"),
            models.UniqueConstraint(
                "session",
                Lower("guest_name"),
                condition=~Q(guest_name=""),
                name="sessions_app_named_guest_once",
            ),
            models.CheckConstraint(
                condition=Q(member__isnull=True) | Q(guest_chair__isnull=True, guest_name=""),
                name="sessions_app_member_is_no_guest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member or self.guest_name or 'Somebody'} at {self.session}"
