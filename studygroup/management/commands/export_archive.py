"""manage.py export_archive FOLDER: write the whole group as Markdown (docs/taking-it-with-you.md)."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from members.errors import Refused
from studygroup.archive_export.placing import place
from studygroup.archive_export.writing_sessions import entries


class Command(BaseCommand):
    help = (
        "Write the whole group as a folder of Markdown with its files (docs/taking-it-with-you.md). "
        "An older archive in the folder is replaced; anything else is left alone. It holds people’s "
        "addresses."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The folder is the one argument."""
        parser.add_argument("folder", type=Path)

    def handle(self, *, folder: Path, **options) -> None:
        """Write and say what was written. Exits with 1, having changed nothing, when it cannot."""
        try:
            paths = place(entries(), folder)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        except OSError as fault:
            raise CommandError(
                f"{folder} cannot be written: {fault.strerror}. Nothing was changed."
            ) from None
        if "MISSING.md" in paths:
            self.stderr.write("Some files of this site are lost; MISSING.md names them.")
        sessions = sum(path.endswith("/session.md") for path in paths)
        self.stdout.write(f"{folder}: {len(paths)} files, {sessions} sessions.")
