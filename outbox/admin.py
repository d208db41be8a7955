"""Every mail, to be searched. What one does with them is under /organise/outbox/."""

from django.contrib import admin
from django.http import HttpRequest

from outbox.masking import mask_of
from outbox.models import Choice, KindSetting, Message, MessageStep


class Watched(admin.ModelAdmin):
    """What is written by verbs, and only looked at here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """It is written by the event that causes it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        """It stays as it was written."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        """It goes with the person, by the site's own rules."""
        return False


class StepInline(admin.TabularInline):
    """What was done with a mail."""

    model = MessageStep
    extra = 0
    can_delete = False
    fields = readonly_fields = ["at", "what", "by", "note"]

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        """A step is written by the verb that takes it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        """What has happened has happened."""
        return False


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    list_display = ["created_at", "kind", "to", "shown_subject", "state", "sent_at", "attempts"]
    list_filter = ["state", "held_because", "kind"]
    search_fields = ["to", "recipient", "subject", "about"]
    # Whoever reads a link here could act as the one whom it was written for.
    exclude = ["secrets", "html", "subject", "text", "source"]
    readonly_fields = ["shown_subject", "shown_text"]
    inlines = [StepInline]

    @admin.display(description="subject")
    def shown_subject(self, message: Message) -> str:
        """The subject, private parts hidden."""
        return mask_of(message).hide(message.subject)

    @admin.display(description="text")
    def shown_text(self, message: Message) -> str:
        """The plain text, private parts hidden."""
        return mask_of(message).hide(message.text)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A mail is written by the event that causes it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        """What was written stays as it was sent."""
        return False


@admin.register(KindSetting)
class KindSettingAdmin(Watched):
    list_display = ["kind", "waits", "subject", "version", "changed_at", "changed_by"]
    search_fields = ["kind", "subject"]


@admin.register(Choice)
class ChoiceAdmin(Watched):
    list_display = ["recipient", "kind", "how", "changed_at"]
    list_filter = ["how", "kind"]
    search_fields = ["recipient"]
