"""Save what a session asks people to read: the order, what is part of what, the links, the files."""

from __future__ import annotations

from dataclasses import dataclass

from sessions_app import pending_files, stored_files
from sessions_app.models import Reading, ReadingLink, Session, StoredFile, nest
from sessions_app.stored import READING_FIELDS


@dataclass(frozen=True)
class ReadingLine:
    """One item to prepare. pk: the stored one, None for a new one. is_part: of the item above it.

    links: all further links as (title, address); None leaves them. file: one that waits to be taken;
    without_file: the one that it has goes.
    """

    values: dict
    pk: int | None = None
    is_part: bool = False
    links: list[tuple[str, str]] | None = None
    file: StoredFile | None = None
    without_file: bool = False


def save(session: Session, lines: list[ReadingLine], removed: frozenset[int]) -> None:
    """Make the readings of a session what the lines say, in their order; `removed` go, others are left.

    Parts of an item that goes stay, on their own: only what is ticked is removed. An item stays where it is
    in a deeper list as long as it is under the same item as before.
    Raises pending_files.FileGone when a file cannot be taken.
    """
    before = nest(session.readings.with_links())
    was_under = _tops(before)
    gone = [reading for reading in before if reading.pk in removed]
    Reading.objects.filter(parent__in=gone).update(parent=None)
    Reading.objects.filter(pk__in=[reading.pk for reading in gone]).delete()
    kept = {reading.pk: reading for reading in before if reading.pk not in removed}
    files = pending_files.take([line.file for line in lines if line.file])
    left = dict(kept)
    rows = [left.pop(line.pk, None) or Reading(session=session) for line in lines]
    tops = _planned_tops(rows, lines)
    is_under = {row.pk: top for row, top in zip(rows, tops, strict=True) if row.pk}
    old_files = [reading.file for reading in gone if reading.file]
    for position, (row, line, top) in enumerate(zip(rows, lines, tops, strict=True), start=1):
        for name in READING_FIELDS:
            setattr(row, name, line.values[name])
        row.position = position
        deeper = top and row.parent_id in kept and is_under.get(row.parent_id) is top
        if not (deeper and was_under.get(row.pk) == top.pk):
            row.parent = top
        if row.file and (line.file or line.without_file):
            old_files.append(row.file)
            row.file = None
        if line.file:
            row.file = files[line.file.pk]
        row.save()
        if line.links is not None:
            _save_links(row, line.links)
    for file in old_files:
        stored_files.forget(file)


def _tops(readings: list[Reading]) -> dict[int, int]:
    """Under which item each part stands, by keys. readings: as `nest` gives them."""
    return {part.pk: top.pk for top in readings for part in top.parts}


def _planned_tops(rows: list[Reading], lines: list[ReadingLine]) -> list[Reading | None]:
    """The item under which each row is to stand, None for one on its own."""
    tops, top = [], None
    for row, line in zip(rows, lines, strict=True):
        tops.append(top if line.is_part else None)
        if not line.is_part:
            top = row
    return tops


def _save_links(reading: Reading, links: list[tuple[str, str]]) -> None:
    if links == [(link["title"], link["url"]) for link in getattr(reading, "link_list", ())]:
        return
    reading.links.all().delete()
    ReadingLink.objects.bulk_create(
        ReadingLink(reading=reading, title=title, url=url, position=position)
        for position, (title, url) in enumerate(links)
    )
