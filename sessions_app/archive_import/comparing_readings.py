"""The readings of a session against the items of its file: which is which, what is new, changed or gone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef

from sessions_app.archive_import.said import Item
from sessions_app.archive_import.words import counted, short
from sessions_app.models import Reading, ReadingLink
from sessions_app.models.reading import ReadingQuerySet

Importance = Reading.Importance
REMEMBERED = ("title", "url", "kind", "part", "note", "optional")


@dataclass
class ReadingChange:
    """One item of a file: the row that it is or becomes, the values to write, the links to make."""

    item: Item
    above: int | None  # the place of its parent in the same list
    row: Reading | None = None
    values: dict[str, Any] = field(default_factory=dict)
    links: list[tuple[str, str]] | None = None  # all that it has afterwards; None leaves them


def used_readings(readings: ReadingQuerySet) -> ReadingQuerySet:
    """With `is_used`, whether members have left anything on it, and `link_list` of {"title", "url"}."""
    used = None
    for relation in Reading._meta.related_objects:
        if relation.field.concrete and relation.related_model not in (Reading, ReadingLink):
            rows = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
            used = Exists(rows) if used is None else used | Exists(rows)
    return readings.with_links().annotate(is_used=used)


def remembered(item: Item) -> dict[str, Any]:
    """What an import remembers of an item."""
    return {name: getattr(item, name) for name in REMEMBERED} | {"links": [list(link) for link in item.links]}


def row_values(item: Item) -> dict[str, Any]:
    """The fields of a reading, as its item says."""
    values = {name: getattr(item, name) for name in ("title", "url", "kind", "part", "note")}
    return values | {"importance": Importance.OPTIONAL if item.optional else Importance.REQUIRED}


class Comparison:
    """The result: `changes` for every item, the rows that go, and sentences on both and on what stays."""

    def __init__(
        self, rows: list[Reading] | None, items: list[Item], before: list[dict] | None, overwrite: bool
    ):
        self.is_new, self.overwrite = rows is None, overwrite
        self.was_imported = before is not None
        self.before = {(each["url"], each["title"]): each for each in before or []}
        self.rows = list(rows or [])
        self.sentences: list[str] = []
        self.kept: list[str] = []
        self.gone: list[Reading] = []
        self.changes = self._flat(items)
        left = self._pair()
        # What another reading leads to already is not added a second time.
        self.standing = {url for row in left for url in _addresses(row)}
        counts = Counter(self._one(each) for each in self.changes)
        counts["changed"] += self._order()
        self._leftover(left)
        self._say(counts)

    def _flat(self, items: list[Item]) -> list[ReadingChange]:
        flat: list[ReadingChange] = []
        for item in items:
            place = len(flat)
            flat.append(ReadingChange(item, None))
            flat += [ReadingChange(part, place) for part in item.parts]
        return flat

    def _pair(self) -> list[Reading]:
        """Find each item's row, by address and title, else by one of them; returns the rows left over."""
        left = list(self.rows)
        for key in (("url", "title"), ("url",), ("title",)):
            for each in self.changes:
                values = [getattr(each.item, name) for name in key]
                if each.row is not None or not values[0]:
                    continue
                each.row = next((row for row in left if [getattr(row, name) for name in key] == values), None)
                if each.row is not None:
                    left.remove(each.row)
        return left

    def _one(self, each: ReadingChange) -> str:
        """Decide what becomes of one item; returns what is counted for it."""
        row, item = each.row, each.item
        if row is None:
            each.values = row_values(item)
            each.links = [link for link in item.links if self.was_imported or link[1] not in self.standing]
            return "new"
        values = {name: value for name, value in row_values(item).items() if getattr(row, name) != value}
        other_links = _links(row) != [list(link) for link in item.links]
        if not values and not other_links:
            return "same"
        was = self._was(item, row)
        if was is None and not self.overwrite:
            return self._completed(each, values)
        if was == remembered(item) and not self.overwrite:
            return "same"
        if was and not self.overwrite and _now(row) != was:
            return "kept"
        each.values, each.links = values, list(item.links) if other_links else None
        return "changed"

    def _completed(self, each: ReadingChange, values: dict[str, Any]) -> str:
        """Somebody entered this reading here: only what it lacks is added."""
        row = each.row
        each.values = {name: value for name, value in values.items() if value and getattr(row, name) == ""}
        has = {*_addresses(row), *self.standing}
        missing = [link for link in each.item.links if link[1] not in has]
        if missing:
            each.links = [tuple(link) for link in _links(row)] + missing
        if each.values or missing:
            return "changed"
        return "kept" if values.keys() - {"kind"} else "same"

    def _was(self, item: Item, row: Reading) -> dict[str, Any] | None:
        """What the last import remembers of an item."""
        for key in ((item.url, item.title), (row.url, row.title)):
            if key in self.before:
                return self.before[key]
        for (url, title), was in self.before.items():
            if (url and url in (item.url, row.url)) or title in (item.title, row.title):
                return was
        return None

    def _order(self) -> int:
        """Put the items into the file's order, where the file has moved them; returns how many only move."""
        if not self.is_new and not self.was_imported and not self.overwrite:
            last = max([row.position for row in self.rows], default=-1)
            for place, each in enumerate((e for e in self.changes if e.row is None), start=last + 1):
                each.values["position"] = place
            return 0
        order = [(each.item.url, each.item.title) for each in self.changes]
        if not self.is_new and list(self.before) == order and not self.overwrite:
            return 0
        moved = 0
        for place, each in enumerate(self.changes):
            if each.row is None or each.row.position != place:
                moved += each.row is not None and not each.values and each.links is None
                each.values["position"] = place
        return moved

    def _leftover(self, left: list[Reading]) -> None:
        """What an import brought and the file no longer has goes, unless members have used it."""
        named = {url for each in self.changes for url in each.item.addresses}
        unnamed = 0
        for row in left:
            imported = (row.url, row.title) in self.before or any(
                row.url and row.url == url for url, _ in self.before
            )
            if not imported and not (self.overwrite and row.url in named):
                unnamed += row.url not in named
            elif row.is_used:
                self.kept.append(
                    f"“{short(row.title)}” is not in the file any more; it stays, since members have used it."
                )
            else:
                self.gone.append(row)
        if unnamed and self.changes:
            are, they = ("is", "it stays") if unnamed == 1 else ("are", "they stay")
            self.kept.append(f"{counted(unnamed, 'reading')} of the session {are} not in the file; {they}.")

    def _say(self, counts: Counter) -> None:
        if counts["new"]:
            links = sum(
                len(each.links or []) + bool(each.item.url) for each in self.changes if each.row is None
            )
            self.sentences.append(f"{counted(counts['new'], 'reading')} with {counted(links, 'link')} added.")
        if counts["changed"]:
            self.sentences.append(f"{counted(counts['changed'], 'reading')} changed.")
        if self.gone:
            self.sentences.append(f"{counted(len(self.gone), 'reading')} taken away, as in the file.")
        if counts["kept"]:
            self.kept.append(
                f"{counted(counts['kept'], 'reading')} had other words here already, which stay."
            )


def _links(row: Reading) -> list[list[str]]:
    return [[link["title"], link["url"]] for link in row.link_list]


def _addresses(row: Reading) -> list[str]:
    return [url for url in (row.url, *(link["url"] for link in row.link_list)) if url]


def _now(row: Reading) -> dict[str, Any]:
    """A row as an import would remember it, for telling whether somebody has changed it since."""
    values = {name: getattr(row, name) for name in REMEMBERED if name != "optional"}
    # No file asks for going further: who does has changed it here.
    optional = {Importance.REQUIRED: False, Importance.OPTIONAL: True}.get(row.importance)
    return values | {"optional": optional, "links": _links(row)}
