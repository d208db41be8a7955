"""Correcting records of the group and its people. Moves and seats go through the desk under /organise/."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from members import admissions
from members.errors import Refused
from members.models import (
    Acknowledgement,
    Application,
    ApplicationChange,
    Criterion,
    Group,
    Invitation,
    Member,
    Review,
    Score,
    Strength,
    User,
)


class ReadOnly:
    """A record that is written by the verbs alone: to be looked at, not typed into."""

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(UserAdmin):
    ordering = ["email"]
    list_display = ["email", "name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "name"]
    fieldsets = [
        (None, {"fields": ["email", "name", "time_zone", "password"]}),
        ("May do", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("When", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]
    readonly_fields = ["last_login", "date_joined"]


@admin.register(Group)
class GroupAdmin(admin.ModelAdmin):
    list_display = ["name", "capacity", "waiting_list_open"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one group (members_one_group); the second could only fail."""
        return super().has_add_permission(request) and not Group.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        """Everything hangs on the group's row, the seats' lock too."""
        return False


@admin.register(Strength)
class StrengthAdmin(admin.ModelAdmin):
    list_display = ["name", "position"]
    list_editable = ["position"]
    search_fields = ["name"]


@admin.register(Criterion)
class CriterionAdmin(admin.ModelAdmin):
    list_display = ["name", "low", "high", "weight", "position"]
    list_editable = ["weight", "position"]
    search_fields = ["name"]


@admin.register(Acknowledgement)
class AcknowledgementAdmin(admin.ModelAdmin):
    list_display = ["name", "role", "reason", "position"]
    list_editable = ["position"]
    search_fields = ["name"]


@admin.register(Member)
class MemberAdmin(admin.ModelAdmin):
    list_display = ["name", "state", "role", "joined_at", "left_at"]
    list_filter = ["state", "role", "strengths"]
    list_select_related = ["user"]
    search_fields = ["user__name", "user__email"]
    autocomplete_fields = ["strengths"]
    readonly_fields = ["user", "state", "joined_at", "left_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A member takes a seat, and seats are taken by invitation (rule 1)."""
        return False


class ChangeInline(ReadOnly, admin.TabularInline):
    model = ApplicationChange
    extra = 0
    fields = ["at", "before", "after", "by", "actor", "reason"]
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("actor")


def _each(request: HttpRequest, queryset: QuerySet, verb: Callable, done: str) -> None:
    """Do the desk's verb on each chosen application, and tell what became of each."""
    for application in queryset:
        try:
            verb(application_id=application.pk, by=request.user, now=timezone.now())
        except Refused as refusal:
            messages.error(request, f"{application.name}: {refusal}")
        else:
            messages.success(request, done.format(name=application.name))


@admin.action(description="Shortlist (needs your own review)")
def shortlist(model_admin, request: HttpRequest, queryset: QuerySet) -> None:
    """Put the chosen applications on the shortlist."""
    _each(request, queryset, admissions.shortlist, "{name} is on the shortlist.")


@admin.action(description="Invite (needs a free seat)")
def invite(model_admin, request: HttpRequest, queryset: QuerySet) -> None:
    """Offer free seats to the chosen applications, while there are any."""
    _each(request, queryset, admissions.invite, "A seat is held for {name}.")


@admin.register(Application)
class ApplicationAdmin(admin.ModelAdmin):
    list_display = ["name", "email", "state", "applied_at", "confirmed_at"]
    list_filter = ["state", "strengths", "applied_at"]
    search_fields = ["name", "email", "current_role"]
    autocomplete_fields = ["strengths"]
    readonly_fields = ["state", "applied_at", "confirmed_at", "edited_at", "moved_at"]
    inlines = [ChangeInline]
    actions = [shortlist, invite]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Applications come from applicants, who confirm their address."""
        return False


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["email", "state", "issued_at", "expires_at", "answered_at", "issued_by"]
    list_filter = ["state"]
    list_select_related = ["issued_by"]
    search_fields = ["email", "application__name"]
    exclude = ["token_hash"]

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        """An open invitation holds a seat; it ends by being answered, lapsing or being declined."""
        return False


class ScoreInline(ReadOnly, admin.TabularInline):
    model = Score
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("criterion")


@admin.register(Review)
class ReviewAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["application", "reviewer", "saved_at"]
    list_select_related = ["application", "reviewer"]
    search_fields = ["application__name", "reviewer__name"]
    inlines = [ScoreInline]
