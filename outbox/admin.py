"""Every mail, to be searched. What one does with them is under /organise/outbox/."""

from django.contrib import admin
from django.http import HttpRequest

from outbox.models import Message


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    list_display = ["created_at", "kind", "to", "subject", "state", "sent_at", "attempts"]
    list_filter = ["state", "kind"]
    search_fields = ["to", "subject", "about"]
    exclude = ["secrets", "html"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A mail is written by the event that causes it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        """What was written stays as it was sent."""
        return False
