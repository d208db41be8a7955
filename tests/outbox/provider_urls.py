"""The site's addresses as they are when a mail provider is configured."""

from outbox import bounces
from studygroup.urls import urlpatterns as without_provider

urlpatterns = [*bounces.addresses("postmark"), *bounces.addresses("mailgun"), *without_provider]
