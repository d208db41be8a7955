"""A member: somebody with a seat, or who once had one."""

from __future__ import annotations

import itertools
import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.text import slugify

from members.models.group import Strength


class MemberQuerySet(models.QuerySet):
    def active(self) -> MemberQuerySet:
        """Members who hold a seat."""
        return self.filter(state=Member.State.ACTIVE)

    def by_name(self) -> MemberQuerySet:
        """With their accounts, in the order of their names."""
        return self.select_related("user").order_by("user__name", "pk")

    def present(self) -> MemberQuerySet:
        """Members who have not left: active or on leave."""
        return self.exclude(state=Member.State.ALUMNI)

    def organisers(self) -> MemberQuerySet:
        """Those who run the group: organisers who have not left and may sign in."""
        return self.present().filter(role=Member.Role.ORGANISER, user__is_active=True)


def photo_path(member: Member, filename: str) -> str:
    """Where a photo is stored: a name of its own each time, so that a cached one is never shown again."""
    return f"photos/{uuid.uuid4().hex}.jpg"


class Member(models.Model):
    """State and seat are changed by `members.seats` alone, which locks the group first."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        ON_LEAVE = "on_leave", "On leave"
        ALUMNI = "alumni", "Alumni"

    class Role(models.TextChoices):
        MEMBER = "member", "Member"
        REVIEWER = "reviewer", "Reviewer"
        ORGANISER = "organiser", "Organiser"

    class Audience(models.TextChoices):
        MEMBERS = "members", "All members"
        ORGANISERS = "organisers", "Organisers only"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="member")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    strengths = models.ManyToManyField(Strength, blank=True, related_name="members")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    leave_until = models.DateField(null=True, blank=True, help_text="When somebody on leave means to return.")
    leave_reason = models.TextField(blank=True, help_text="Why they left or are away; organisers only.")
    slug = models.SlugField(max_length=140, unique=True, allow_unicode=True)
    bio = models.TextField(max_length=4000, blank=True, help_text="Markdown.")
    links = ArrayField(models.URLField(max_length=500), default=list, blank=True)
    photo = models.ImageField(upload_to=photo_path, blank=True, max_length=200)
    profile_audience = models.CharField(max_length=10, choices=Audience, default=Audience.MEMBERS)
    address_audience = models.CharField(max_length=10, choices=Audience, default=Audience.ORGANISERS)

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="alumni", left_at__isnull=False)
                | (~Q(state="alumni") & Q(left_at__isnull=True)),
                name="members_only_alumni_have_left",
            ),
            models.CheckConstraint(
                condition=Q(leave_until__isnull=True) | Q(state="on_leave"),
                name="members_only_leave_has_a_return",
            ),
        ]
        indexes = [models.Index(fields=["state"], name="members_member_state")]

    def __str__(self) -> str:
        return self.name

    def save(self, **kwargs) -> None:
        """Give a new member's page an address: the name, and a number where the name is taken."""
        if not self.slug:
            self.slug = self._free_slug()
            if kwargs.get("update_fields"):
                kwargs["update_fields"] = {*kwargs["update_fields"], "slug"}
        super().save(**kwargs)

    def get_absolute_url(self) -> str:
        """The member's page, for members."""
        return reverse("member", args=[self.slug])

    def _free_slug(self) -> str:
        base = slugify(self.user.name, allow_unicode=True)[:120] or "member"
        taken = set(Member.objects.filter(slug__startswith=base).values_list("slug", flat=True))
        return next(
            slug for n in itertools.count(1) if (slug := base if n == 1 else f"{base}-{n}") not in taken
        )

    @property
    def name(self) -> str:
        """The person's name, as on the account."""
        return self.user.get_full_name()
