from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Sessions"

    def ready(self) -> None:
        """Let go what belongs to a row that is deleted, by whatever way."""
        from sessions_app import photos, presenting

        photos.listen()
        presenting.listen()
