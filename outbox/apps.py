from django.apps import AppConfig
from django.conf import settings


class OutboxConfig(AppConfig):
    name = "outbox"
    verbose_name = "Outbox"

    def ready(self) -> None:
        """Hear what the mail provider reports, where there is one."""
        if settings.MAIL_PROVIDER:
            from outbox import bounces

            bounces.listen()
