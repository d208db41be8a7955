"""The group, its people, and the seat ledger."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from members import membership, settings_desk
from members.admin.readonly import ReadOnly
from members.errors import Refused
from members.models import (
    Acknowledgement,
    Group,
    Member,
    SeatChange,
    SettingChange,
    Strength,
    User,
)


class KeepsAnOrganiser:
    """A list of people from which the last organiser is not deleted, alone or among others.

    Deletion goes through `membership.erase`, which also frees seats in the ledger and deletes photos.
    """

    def _user_ids(self, rows) -> list[int]:
        return [row.pk if isinstance(row, User) else row.user_id for row in rows]

    def response_action(self, request: HttpRequest, queryset: QuerySet):
        """In one transaction, so that what the check has found still holds at the deletion."""
        with transaction.atomic():
            return super().response_action(request, queryset)

    def get_deleted_objects(self, objs, request: HttpRequest):
        """What stands in the way counts as protected: the page says it, and offers no button."""
        found, counts, permissions, protected = super().get_deleted_objects(objs, request)
        try:
            membership.require_other_organisers(self._user_ids(objs))
        except Refused as refusal:
            protected = [*protected, str(refusal)]
        return found, counts, permissions, protected

    def delete_model(self, request: HttpRequest, obj) -> None:
        self._erase(request, [obj], obj.delete)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._erase(request, queryset, queryset.delete)

    def _erase(self, request: HttpRequest, rows, delete: Callable) -> None:
        membership.erase(user_ids=self._user_ids(rows), by=request.user, now=timezone.now(), delete=delete)


class PersonForm(UserChangeForm):
    def clean_is_active(self) -> bool:
        """The account of the last organiser stays open."""
        is_active = self.cleaned_data["is_active"]
        if not is_active and self.instance.pk:
            try:
                membership.require_other_organisers([self.instance.pk])
            except Refused as refusal:
                raise ValidationError(str(refusal)) from None
        return is_active


@admin.register(User)
class PersonAdmin(KeepsAnOrganiser, UserAdmin):
    form = PersonForm
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

    def save_model(self, request: HttpRequest, obj: Group, form, change: bool) -> None:
        """The history of the settings tells what is corrected here, too."""
        with transaction.atomic():
            before = Group.objects.locked() if change else None
            super().save_model(request, obj, form, change)
            for name in form.changed_data if before else ():
                told = (settings_desk.told(name, getattr(group, name)) for group in (before, obj))
                settings_desk.write(name, *told, by=request.user, now=timezone.now())

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list[str]:
        """The number of seats changes on the seat page, which writes it into the ledger."""
        return ["capacity"] if obj else []

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


@admin.register(Acknowledgement)
class AcknowledgementAdmin(admin.ModelAdmin):
    list_display = ["name", "role", "reason", "position"]
    list_editable = ["position"]
    search_fields = ["name"]


@admin.register(Member)
class MemberAdmin(KeepsAnOrganiser, admin.ModelAdmin):
    list_display = ["name", "state", "role", "joined_at", "left_at"]
    list_filter = ["state", "role", "strengths"]
    list_select_related = ["user"]
    search_fields = ["user__name", "user__email"]
    autocomplete_fields = ["strengths"]
    # What is read only has its verb, on the organisers' pages; a photo is uploaded by its owner.
    readonly_fields = ["user", "state", "role", "joined_at", "left_at", "leave_until", "photo"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A member takes a seat, and seats are taken by invitation (rule 1)."""
        return False


@admin.register(SeatChange)
class SeatChangeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["at", "kind", "member", "application", "actor", "capacity", "taken", "held"]
    list_filter = ["kind"]
    list_select_related = ["member__user", "application", "actor"]
    search_fields = ["member__user__name", "application__name", "note"]

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        """The ledger tells everything that happened, or it tells nothing."""
        return False


@admin.register(SettingChange)
class SettingChangeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["at", "field", "actor"]
    list_select_related = ["actor"]
    search_fields = ["field", "before", "after"]

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        """The history tells everything that happened, or it tells nothing."""
        return False
