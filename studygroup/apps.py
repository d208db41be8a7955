from django.apps import AppConfig


class StudyGroupConfig(AppConfig):
    """The site itself: addresses, home, dashboard, commands."""

    name = "studygroup"
    verbose_name = "Study Group"

    def ready(self) -> None:
        """Make the site's own kinds of mail known."""
        from studygroup import mail_kinds

        mail_kinds.listen()
