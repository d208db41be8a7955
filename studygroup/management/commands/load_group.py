"""manage.py load_group FILE: create or update the group from a group file (docs/group-file.md)."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from studygroup.group_file import GroupFileError, load


class Command(BaseCommand):
    help = "Create or update the group from a YAML file (docs/group-file.md). Loading twice changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file is the one argument."""
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options) -> None:
        """Load and say what was done. Exits with 1, having changed nothing, when the file is wrong."""
        try:
            report = load(file, now=timezone.now())
        except OSError as fault:
            raise CommandError(f"{file} cannot be read: {fault.strerror}.") from None
        except GroupFileError as fault:
            number = len(fault.problems)
            count = "one problem" if number == 1 else f"{number} problems"
            raise CommandError(f"{file} has {count}; nothing was changed.\n{fault}") from None
        self.stdout.write(f"{file}: {'loaded' if report.changed else 'nothing to change'}")
        for line in report.lines():
            self.stdout.write(f"  {line}")
