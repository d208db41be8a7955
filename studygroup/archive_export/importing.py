"""An archive into an empty site: in one transaction, all of it or nothing. Nobody is mailed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from django.db import DataError, IntegrityError, connection, transaction

from members.errors import Refused
from members.models import Group
from studygroup.archive_export import crossing, sources, tables
from studygroup.archive_export.loading_sessions import SessionLoader
from studygroup.archive_export.problems import ArchiveError, of_file
from studygroup.archive_export.reading import Reader
from studygroup.group_file.loading import LOCK


class NotEmpty(Refused):
    """The site holds something already."""


def load(path: Path) -> Counter[str]:
    """Import an archive, a folder or a zip; returns how many rows of each model there are now.

    Raises NotEmpty, and ArchiveError with every problem; then nothing was changed.
    """
    require_empty()
    with sources.opened(path) as source:
        reader = Reader(source)
        archive = reader.read()
        # Contradictions are told only of what can be read; a file that cannot would seem to be missing.
        if problems := reader.problems or crossing.check(archive):
            raise ArchiveError(problems)
        loader = SessionLoader(archive, source)
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
                require_empty()
                loader.everything()
        except (IntegrityError, DataError) as fault:
            loader.forget_files()
            told = getattr(fault.__cause__, "diag", None)
            what = (told and told.message_primary) or str(fault)
            raise ArchiveError(
                [of_file("", f"The database refuses something in the archive: {what}.")]
            ) from None
        except BaseException:
            loader.forget_files()
            raise
    return loader.count


def require_empty() -> None:
    """Raise NotEmpty when anything stands on this site that an archive could bring."""
    if group := Group.objects.first():
        raise NotEmpty(
            f"This site is the home of “{group.name}”. An archive goes into an empty database; nothing was "
            "changed."
        )
    for model in dict.fromkeys(table.model for table in tables.TABLES):
        if model.objects.exists():
            raise NotEmpty(
                f"This site holds {model._meta.verbose_name_plural} already. An archive goes into an empty "
                "database; nothing was changed."
            )
