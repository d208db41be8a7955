from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "The group and its people"

    def ready(self) -> None:
        """Hear what happens on the pages of the second factor, and make the kinds of mail known."""
        from members import mail_kinds, second_factor

        second_factor.listen()
        mail_kinds.listen()
