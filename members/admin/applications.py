"""Applications, their reviews, and what is decided on them."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from members import admissions, keeping, scoring
from members.admin.readonly import ReadOnly
from members.errors import Refused
from members.models import (
    ApplicantImport,
    Application,
    ApplicationChange,
    Criterion,
    Decision,
    Invitation,
    Knock,
    ReplyTemplate,
    Review,
    Score,
)


@admin.register(Criterion)
class CriterionAdmin(admin.ModelAdmin):
    list_display = ["name", "low", "high", "weight", "position"]
    list_editable = ["weight", "position"]
    search_fields = ["name"]

    def save_model(self, request: HttpRequest, obj: Criterion, form, change: bool) -> None:
        """Scores are kept by weight: a new weight gives new scores."""
        super().save_model(request, obj, form, change)
        if change and "weight" in form.changed_data:
            scoring.rescore_all()

    def delete_model(self, request: HttpRequest, obj: Criterion) -> None:
        """What was given for the criterion counts no more."""
        super().delete_model(request, obj)
        scoring.rescore_all()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        """The same for several."""
        super().delete_queryset(request, queryset)
        scoring.rescore_all()


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

    def delete_model(self, request: HttpRequest, obj: Application) -> None:
        """Erase as the applicant would: mails go too, and a held seat is freed in the ledger."""
        keeping.erase(application_id=obj.pk, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for application in queryset:
            self.delete_model(request, application)


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


@admin.register(ApplicantImport)
class ApplicantImportAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["name", "uploaded_by", "uploaded_at", "imported_at", "imported"]
    list_select_related = ["uploaded_by"]
    search_fields = ["name"]
    exclude = ["text"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Without the file: it may be long, and holds people who have not been imported yet."""
        return super().get_queryset(request).defer("text")


@admin.register(Decision)
class DecisionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["application", "kind", "prepared_by", "prepared_at"]
    list_filter = ["kind"]
    list_select_related = ["application", "prepared_by"]
    search_fields = ["application__name"]


@admin.register(ReplyTemplate)
class ReplyTemplateAdmin(admin.ModelAdmin):
    list_display = ["name", "use", "subject", "position"]
    list_filter = ["use"]
    search_fields = ["name", "subject", "text"]


@admin.register(Knock)
class KnockAdmin(ReadOnly, admin.ModelAdmin):
    """What waits for the worker, or could not be answered. What was asked stays closed: it is not for us."""

    list_display = ["kind", "at", "attempts", "due_at"]
    list_filter = ["kind"]
    search_fields = ["kind"]
    exclude = ["payload"]
