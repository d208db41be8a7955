"""manage.py import_archive FOLDER: make the group that an archive holds (docs/taking-it-with-you.md)."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from members.errors import Refused
from studygroup.archive_export.importing import load
from studygroup.archive_export.problems import ArchiveError


class Command(BaseCommand):
    help = (
        "Make the group that an archive holds, a folder or a zip (docs/taking-it-with-you.md), in an empty "
        "database: all of it or nothing. Nobody is mailed; members sign in by a code."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The folder or zip is the one argument."""
        parser.add_argument("archive", type=Path)

    def handle(self, *, archive: Path, **options) -> None:
        """Import and say what was made. Exits with 1, having changed nothing, when something is wrong."""
        try:
            count = load(archive)
        except ArchiveError as fault:
            number = len(fault.problems)
            problems = "one problem" if number == 1 else f"{number} problems"
            raise CommandError(f"{archive} has {problems}; nothing was changed.\n{fault}") from None
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{archive}: imported")
        for name, number in sorted(count.items()):
            self.stdout.write(f"  {name}: {number}")
