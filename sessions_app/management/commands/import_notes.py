"""manage.py import_notes FOLDER: make sessions of a folder of Markdown notes (docs/importing-notes.md)."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from members.errors import Refused
from sessions_app.archive_import import loading, report
from sessions_app.archive_import.dates import Order
from sessions_app.archive_import.folder import read_disk
from sessions_app.archive_import.survey import survey
from sessions_app.models import Notes


class Command(BaseCommand):
    help = (
        "Make sessions of a folder of Markdown notes, one folder or file each (docs/importing-notes.md). "
        "All or nothing; importing again updates and never doubles."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The folder, and what it leaves open."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")
        parser.add_argument(
            "--dates",
            type=Order,
            choices=list(Order),
            metavar="|".join(Order),
            help="How dates such as 08-09-2016 are read, where no other file shows it.",
        )
        parser.add_argument(
            "--audience",
            choices=Notes.Audience.values,
            help="Who reads the notes; members unless said, and notes that are here keep their readers.",
        )
        parser.add_argument(
            "--overwrite",
            action="store_true",
            help="Take the files’ words even where somebody has changed them here; notes keep every version.",
        )

    def handle(self, *, folder: Path, dates: Order | None, audience: str | None, **options) -> None:
        """Import and say what was done. Exits with 1, having changed nothing, when something is wrong."""
        try:
            found = survey(read_disk(folder), order=dates)
            plan = loading.load(
                found,
                by=None,
                now=timezone.now(),
                audience=audience,
                overwrite=options["overwrite"],
                dry_run=options["dry_run"],
            )
        except loading.OpenQuestion as question:
            for file in found.open_dates:
                self.stderr.write(f"{file.path}: {' '.join(file.missing)}")
            raise CommandError(
                f"{question} Add --dates {Order.MONTH_FIRST} or --dates {Order.DAY_FIRST}."
            ) from None
        except Refused as refused:
            raise CommandError(str(refused)) from None
        told = report.report(plan)
        for line in report.lines(told):
            self.stdout.write(line)
        would = "would be " if options["dry_run"] else ""
        self.stdout.write(
            f"{told['new']} {would}new, {told['changed']} {would}changed, {told['same']} as before; "
            f"{told['links']} links to prepare."
        )
        if told["open"] and options["dry_run"]:
            self.stdout.write(f"{told['open']} wait for --dates {Order.MONTH_FIRST} or {Order.DAY_FIRST}.")
