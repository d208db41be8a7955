from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "The group and its people"

    def ready(self) -> None:
        """Hear what happens on the pages of the second factor."""
        from members import second_factor

        second_factor.listen()
