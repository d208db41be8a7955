from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Sessions"

    def ready(self) -> None:
        """Let the files of photos go with their rows, however these are deleted."""
        from sessions_app import photos

        photos.listen()
