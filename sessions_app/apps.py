from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Sessions"

    def ready(self) -> None:
        """Let go what belongs to a row that is deleted, by whatever way; make the kinds of mail known."""
        from sessions_app import mail_kinds, mail_kinds_in_time, photos, presenting

        photos.listen()
        presenting.listen()
        mail_kinds.listen()
        mail_kinds_in_time.listen()
