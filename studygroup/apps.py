from django.apps import AppConfig


class StudyGroupConfig(AppConfig):
    """The site itself: addresses, home, dashboard, commands."""

    name = "studygroup"
    verbose_name = "Study Group"
