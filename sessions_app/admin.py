"""Correcting records of sessions, talks and readings. Planning goes through the desk under /organise/."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from members.errors import Refused
from sessions_app import schedule
from sessions_app.models import (
    Appearance,
    ArchiveUpload,
    Attendance,
    CalendarLink,
    GuestChair,
    ImportedFile,
    Material,
    MeToo,
    Notes,
    NotesDraft,
    NotesRevision,
    Path,
    Photo,
    Presentation,
    PresentationStep,
    Presenter,
    PresenterLink,
    PrivateNote,
    Reading,
    ReadingLink,
    Resource,
    Rsvp,
    Session,
    Slot,
    Source,
    StoredFile,
    StuckPoint,
    Track,
)


class SlotInline(admin.TabularInline):
    model = Slot
    extra = 0
    autocomplete_fields = ["presentation", "session"]


class AppearanceInline(admin.TabularInline):
    model = Appearance
    extra = 0
    autocomplete_fields = ["presenter"]


class MaterialInline(admin.TabularInline):
    model = Material
    extra = 0
    fields = ["kind", "title", "url", "position"]


class ReadingInline(admin.TabularInline):
    """The readings in a table; which belongs to which is told on the organisers' page."""

    model = Reading
    extra = 0
    fields = ["kind", "title", "url", "minutes", "importance", "position"]


class SourceInline(admin.TabularInline):
    model = Source
    extra = 0


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):
    """The state is changed by the verbs alone, which are the actions here."""

    list_display = ["number", "title", "state", "starts_at", "time_zone", "host"]
    list_display_links = ["number", "title"]
    list_filter = ["state"]
    search_fields = ["=number", "title", "host", "place", "summary"]
    date_hierarchy = "starts_at"
    ordering = ["-number"]
    readonly_fields = ["state", "announced_at", "cancelled_at", "changed_at", "sequence"]
    autocomplete_fields = ["prerequisites", "scribe"]
    inlines = [ReadingInline, SlotInline, MaterialInline]
    actions = ["announce", "hold", "cancel", "reopen"]

    def _each(self, request: HttpRequest, sessions: QuerySet[Session], step: Callable, done: str) -> None:
        """Take one step for each; what is refused is said and changes nothing."""
        count = 0
        for session in sessions:
            try:
                step(session.pk)
            except Refused as refused:
                self.message_user(request, f"{session}: {refused}", messages.ERROR)
            else:
                count += 1
        if count:
            self.message_user(request, f"{count} {'session' if count == 1 else 'sessions'} {done}.")

    @admin.action(description="Announce, with a mail to every member", permissions=["change"])
    def announce(self, request: HttpRequest, sessions: QuerySet[Session]) -> None:
        now = timezone.now()
        self._each(request, sessions, lambda pk: schedule.announce(session_id=pk, now=now), "announced")

    @admin.action(description="Mark as held", permissions=["change"])
    def hold(self, request: HttpRequest, sessions: QuerySet[Session]) -> None:
        now = timezone.now()
        self._each(request, sessions, lambda pk: schedule.hold(session_id=pk, now=now), "marked as held")

    @admin.action(description="Cancel; members hear of it", permissions=["change"])
    def cancel(self, request: HttpRequest, sessions: QuerySet[Session]) -> None:
        now = timezone.now()
        self._each(request, sessions, lambda pk: schedule.cancel(session_id=pk, now=now), "cancelled")

    @admin.action(description="Make a draft again", permissions=["change"])
    def reopen(self, request: HttpRequest, sessions: QuerySet[Session]) -> None:
        self._each(request, sessions, lambda pk: schedule.reopen(session_id=pk), "made a draft again")


@admin.register(Reading)
class ReadingAdmin(admin.ModelAdmin):
    list_display = ["title", "kind", "session", "minutes", "importance", "position"]
    list_filter = ["kind", "importance"]
    list_select_related = ["session"]
    search_fields = ["title", "url", "note", "=session__number"]
    autocomplete_fields = ["session", "parent"]


@admin.register(Rsvp)
class RsvpAdmin(admin.ModelAdmin):
    list_display = ["session", "member", "answer", "answered_at"]
    list_filter = ["answer"]
    list_select_related = ["session", "member__user"]
    search_fields = ["=session__number", "member__user__name", "member__user__email"]
    autocomplete_fields = ["session", "member"]


class LookedAtOnly(admin.ModelAdmin):
    """Changed by its verbs alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


@admin.register(Notes)
class NotesAdmin(LookedAtOnly):
    list_display = ["session", "audience", "revision", "updated_at"]
    list_filter = ["audience"]
    list_select_related = ["session"]
    search_fields = ["=session__number", "session__title", "text"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notes]:
        return super().get_queryset(request).defer("text")


@admin.register(NotesRevision)
class NotesRevisionAdmin(LookedAtOnly):
    list_display = ["notes", "number", "author", "saved_at", "comment"]
    list_select_related = ["notes__session", "author"]
    search_fields = ["=notes__session__number", "author__name", "author__email", "comment"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[NotesRevision]:
        return super().get_queryset(request).defer("text", "notes__text")


@admin.register(NotesDraft)
class NotesDraftAdmin(LookedAtOnly):
    """That somebody is writing, not what: the text is nobody else's before it is saved."""

    list_display = ["session", "author", "base", "saved_at"]
    list_select_related = ["session", "author"]
    search_fields = ["=session__number", "author__name", "author__email"]
    exclude = ["text"]


@admin.register(ReadingLink)
class ReadingLinkAdmin(LookedAtOnly):
    list_display = ["reading", "title", "url", "position"]
    list_select_related = ["reading__session"]
    search_fields = ["title", "url", "reading__title", "=reading__session__number"]


@admin.register(ArchiveUpload)
class ArchiveUploadAdmin(LookedAtOnly):
    """That a zip of notes came, not what it holds: that stands on its own page until it is imported."""

    list_display = ["name", "uploaded_by", "uploaded_at", "imported_at"]
    list_select_related = ["uploaded_by"]
    search_fields = ["name", "uploaded_by__name", "uploaded_by__email"]
    exclude = ["files", "left_out", "report"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ArchiveUpload]:
        return super().get_queryset(request).defer("files", "left_out", "report")


@admin.register(ImportedFile)
class ImportedFileAdmin(LookedAtOnly):
    list_display = ["path", "session", "imported_at"]
    list_select_related = ["session"]
    search_fields = ["path", "=session__number"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportedFile]:
        return super().get_queryset(request).defer("said")


@admin.register(GuestChair)
class GuestChairAdmin(LookedAtOnly):
    """To be looked at: chairs are offered, answered and taken back by the verbs, which write the mails."""

    list_display = ["session", "application", "state", "offered_at", "answered_at", "offered_by"]
    list_filter = ["state"]
    list_select_related = ["session", "application", "offered_by"]
    search_fields = ["=session__number", "application__name", "application__email"]


@admin.register(Attendance)
class AttendanceAdmin(LookedAtOnly):
    list_display = ["session", "member", "guest_chair", "guest_name", "noted_at", "noted_by"]
    list_select_related = ["session", "member__user", "guest_chair__application", "noted_by"]
    search_fields = ["=session__number", "member__user__name", "member__user__email", "guest_name"]


@admin.register(Photo)
class PhotoAdmin(LookedAtOnly):
    list_display = ["session", "alternative", "audience", "position", "uploaded_at"]
    list_filter = ["audience"]
    list_select_related = ["session"]
    search_fields = ["=session__number", "alternative", "caption"]


@admin.register(StoredFile)
class StoredFileAdmin(LookedAtOnly):
    list_display = ["name", "content_type", "size", "uploaded_by", "uploaded_at"]
    list_select_related = ["uploaded_by"]
    search_fields = ["name", "uploaded_by__name", "uploaded_by__email"]


@admin.register(StuckPoint)
class StuckPointAdmin(LookedAtOnly):
    list_display = ["question", "reading", "author", "asked_at", "resolved_at"]
    list_select_related = ["reading", "author__user"]
    search_fields = ["question", "answer", "reading__title", "=reading__session__number"]


@admin.register(MeToo)
class MeTooAdmin(LookedAtOnly):
    list_display = ["point", "member", "said_at"]
    list_select_related = ["point", "member__user"]
    search_fields = ["point__question", "member__user__name"]


@admin.register(PrivateNote)
class PrivateNoteAdmin(LookedAtOnly):
    """That somebody keeps a note, not what it says: nobody else reads it."""

    list_display = ["reading", "member", "saved_at"]
    list_select_related = ["reading", "member__user"]
    search_fields = ["reading__title", "member__user__name", "member__user__email"]
    exclude = ["text"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PrivateNote]:
        return super().get_queryset(request).defer("text")


@admin.register(CalendarLink)
class CalendarLinkAdmin(LookedAtOnly):
    """That somebody reads a calendar, not its address."""

    list_display = ["member", "with_preparation", "with_slides", "alarm", "made_at"]
    list_select_related = ["member__user"]
    search_fields = ["member__user__name", "member__user__email"]


@admin.register(PresenterLink)
class PresenterLinkAdmin(LookedAtOnly):
    list_display = ["presenter", "made_at", "made_by", "revoked_at"]
    list_select_related = ["presenter__member__user", "made_by"]
    search_fields = ["presenter__guest_name"]


@admin.register(PresentationStep)
class PresentationStepAdmin(LookedAtOnly):
    list_display = ["presentation", "before", "after", "by", "at"]
    list_filter = ["after"]
    list_select_related = ["presentation", "by"]
    search_fields = ["presentation__title", "message"]


@admin.register(Presenter)
class PresenterAdmin(admin.ModelAdmin):
    list_display = ["name", "member", "url"]
    list_select_related = ["member__user"]
    search_fields = ["guest_name", "member__user__name", "member__user__email"]
    autocomplete_fields = ["member"]


@admin.register(Presentation)
class PresentationAdmin(admin.ModelAdmin):
    list_display = ["title", "state", "given_by"]
    list_filter = ["state"]
    readonly_fields = ["state", "proposed_at"]
    autocomplete_fields = ["proposed_by", "wished_session"]
    search_fields = ["title", "abstract", "presenters__guest_name", "presenters__member__user__name"]
    inlines = [AppearanceInline, SlotInline, MaterialInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Presentation]:
        return super().get_queryset(request).prefetch_related("appearances__presenter__member__user")

    @admin.display(description="presenters")
    def given_by(self, presentation: Presentation) -> str:
        """The presenters, in their order."""
        return ", ".join(appearance.presenter.name for appearance in presentation.appearances.all())


@admin.register(Appearance)
class AppearanceAdmin(admin.ModelAdmin):
    list_display = ["presentation", "presenter", "position"]
    list_select_related = ["presentation", "presenter__member__user"]
    search_fields = [
        "presentation__title",
        "presenter__guest_name",
        "presenter__member__user__name",
    ]
    autocomplete_fields = ["presentation", "presenter"]


@admin.register(Slot)
class SlotAdmin(admin.ModelAdmin):
    list_display = ["session", "presentation", "position"]
    list_select_related = ["session", "presentation"]
    search_fields = ["=session__number", "session__title", "presentation__title"]
    autocomplete_fields = ["presentation", "session"]


@admin.register(Material)
class MaterialAdmin(admin.ModelAdmin):
    list_display = ["__str__", "kind", "url", "session", "presentation"]
    list_filter = ["kind"]
    list_select_related = ["session", "presentation"]
    search_fields = ["title", "url", "session__title", "presentation__title"]
    autocomplete_fields = ["session", "presentation"]


@admin.register(Path)
class PathAdmin(admin.ModelAdmin):
    list_display = ["name", "position"]
    list_editable = ["position"]
    search_fields = ["name", "summary"]


@admin.register(Track)
class TrackAdmin(admin.ModelAdmin):
    list_display = ["name", "part_of", "path", "position"]
    list_editable = ["position"]
    list_filter = ["path"]
    list_select_related = ["path"]
    search_fields = ["name", "part_of", "sources__title"]
    autocomplete_fields = ["leaders", "sessions"]
    inlines = [SourceInline]


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):
    list_display = ["title", "track", "url", "position"]
    list_select_related = ["track"]
    search_fields = ["title", "url", "track__name"]
    autocomplete_fields = ["track"]


@admin.register(Resource)
class ResourceAdmin(admin.ModelAdmin):
    list_display = ["title", "kind", "author", "recommended", "position"]
    list_editable = ["recommended", "position"]
    list_filter = ["kind", "recommended"]
    search_fields = ["title", "author", "note", "url"]
