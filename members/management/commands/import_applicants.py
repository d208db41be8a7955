"""manage.py import_applicants FILE: put the people of a CSV file on the waiting list (docs/importing.md)."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from members.addresses import fold
from members.errors import Refused
from members.importing import columns as known
from members.importing.loading import BadRows, Comparison, compare, load
from members.importing.reading import Table, decode, read
from members.models import User


class Command(BaseCommand):
    help = "Put the people of a CSV file on the waiting list: all or, when a row is wrong, none."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and what to make of it."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="FIELD=HEADING",
            help=f"Which column fills a field ({', '.join(known.FIELDS)}). May be given more than once.",
        )
        parser.add_argument("--encoding", default="utf-8", help="Of the file, where it is not UTF-8.")
        parser.add_argument("--by", default="", metavar="ADDRESS", help="Whose act it is, for the history.")
        parser.add_argument("--dry-run", action="store_true", help="Report, and import nothing.")
        parser.add_argument("--mail", action="store_true", help="Mail each the link to the private page.")

    def handle(self, *, file: Path, column: list[str], encoding: str, by: str, **options) -> None:
        """Import and report. Exits with 1, having imported nothing, when anything in the file is wrong."""
        now = timezone.now()
        try:
            table = read(decode(file.read_bytes(), encoding))
            columns = known.chosen(table.headings, column)
            self.say_columns(file, table, columns)
            if options["dry_run"]:
                done = compare(table, columns, now=now)
                if done.problems:
                    raise BadRows(done.problems)
            else:
                actor = self.account(by) if by else None
                mail = options["mail"]
                done = load(table, columns, source=file.name, by=actor, mail=mail, now=now)
        except OSError as fault:
            raise CommandError(f"{file} cannot be read: {fault.strerror}.") from None
        except BadRows as fault:
            raise CommandError("\n".join([str(fault), *(f"  {each}" for each in fault.problems)])) from None
        except Refused as fault:
            raise CommandError(f"{file}: {fault}") from None
        self.say_done(done, dry_run=options["dry_run"], mail=options["mail"])

    def account(self, address: str) -> User:
        """The account of an address. Raises CommandError when there is none."""
        account = User.objects.filter(email=fold(address)).first()
        if account is None:
            raise CommandError(f"{address} has no account here. Nothing was imported.")
        return account

    def say_columns(self, file: Path, table: Table, columns: dict[str, int]) -> None:
        """What was understood of the file."""
        self.stdout.write(f"{file}: {len(table.rows)} rows, separated by {table.delimiter_name}s")
        filled = ", ".join(
            f"{name} from “{known.shown(table.headings, columns[name])}”"
            for name in known.FIELDS
            if name in columns
        )
        self.stdout.write(f"  Columns: {filled or 'none is recognised'}")
        if left_out := known.left_out(table.headings, columns):
            self.stdout.write(f"  Left out: {', '.join(f'“{name}”' for name in left_out)}")
        if "applied_at" not in columns:
            self.stdout.write(
                "  No column says when somebody applied: everybody comes at the end of the line."
            )

    def say_done(self, done: Comparison, *, dry_run: bool, mail: bool) -> None:
        """Who came onto the list, who did not and why, and what to look at."""
        for heading, findings in (
            ("Repeats", done.repeats),
            ("There already", done.already),
            ("Worth a look", done.oddities),
        ):
            if findings:
                self.stdout.write(f"  {heading}: {len(findings)}")
                self.stdout.write("\n".join(f"    {each}" for each in findings))
        self.stdout.write(self.sum(done, dry_run=dry_run))
        if mail and done.new and not dry_run:
            self.stdout.write("Each gets the link to the private page by mail.")

    def sum(self, done: Comparison, *, dry_run: bool) -> str:
        """The last line: how many."""
        number = len(done.new)
        if not number:
            return (
                f"Nothing to import: all {len(done.already)} are there already."
                if done.already
                else ("Nothing to import: the file has no rows.")
            )
        applications = "1 application" if number == 1 else f"{number} applications"
        return f"{applications} would be imported." if dry_run else f"{applications} imported."
