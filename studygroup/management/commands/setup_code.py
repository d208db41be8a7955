"""`manage.py setup_code`: print the code with which a site without a group is set up."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from members import setup_codes


class Command(BaseCommand):
    help = "Print a one-time code for setting up this site in a browser. The code before it ends."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--if-needed", action="store_true", help="say nothing when there is a group")

    def handle(self, *, if_needed: bool, **options) -> None:
        try:
            code = setup_codes.make(now=timezone.now())
        except setup_codes.AlreadySetUp as refusal:
            if if_needed:
                return
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            "There is no group on this site yet. To make it, open\n"
            f"  {settings.SITE_URL}{reverse('setup')}\n"
            "within 24 hours and enter this code, which works once:\n"
            f"  {code}"
        )
