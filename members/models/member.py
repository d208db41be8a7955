"""A member: somebody with a seat, or who once had one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.models.group import Strength


class MemberQuerySet(models.QuerySet):
    def active(self) -> MemberQuerySet:
        """Members who hold a seat."""
        return self.filter(state=Member.State.ACTIVE)

    def by_name(self) -> MemberQuerySet:
        """With their accounts, in the order of their names."""
        return self.select_related("user").order_by("user__name", "pk")


class Member(models.Model):
    """State and seat are changed by `members.seats` alone, which locks the group first."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        ON_LEAVE = "on_leave", "On leave"
        ALUMNI = "alumni", "Alumni"

    class Role(models.TextChoices):
        MEMBER = "member", "Member"
        ORGANISER = "organiser", "Organiser"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="member")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    strengths = models.ManyToManyField(Strength, blank=True, related_name="members")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="alumni", left_at__isnull=False)
                | (~Q(state="alumni") & Q(left_at__isnull=True)),
                name="members_only_alumni_have_left",
            ),
        ]
        indexes = [models.Index(fields=["state"], name="members_member_state")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The person's name, as on the account."""
        return self.user.get_full_name()
