"""How a row is found, made, changed or left alone, and the account of what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models


class Report:
    """What became of each row that the file speaks of."""

    # What is said of a row, the weaker first: a presenter is met in several talks but created once.
    WORDS = {
        "left": "left as it was",
        "updated": "updated",
        "created": "created",
        "removed": "removed",
        "kept": "kept, though the file no longer has it, because members have used it",
    }

    def __init__(self):
        self.rows: dict[tuple[type[models.Model], int], str] = {}

    def note(self, done: str, row: models.Model) -> None:
        """Remember what was done to one row, unless more was done to it before."""
        key, rank = (type(row), row.pk), list(self.WORDS).index
        if rank(done) > rank(self.rows.get(key, "left")) or key not in self.rows:
            self.rows[key] = done

    @property
    def changed(self) -> bool:
        """Whether the load wrote anything."""
        return any(done not in ("left", "kept") for done in self.rows.values())

    def lines(self) -> list[str]:
        """What a person reads: a line for each thing done."""
        counts = Counter((done, model) for (model, _), done in self.rows.items())
        lines = []
        for done, words in self.WORDS.items():
            kinds = [_counted(model, n) for (d, model), n in counts.items() if d == done]
            if kinds:
                lines.append(f"{words}: {', '.join(kinds)}")
        return lines


def _counted(model: type[models.Model], number: int) -> str:
    meta = model._meta
    return f"{number} {meta.verbose_name if number == 1 else meta.verbose_name_plural}"


class Writer:
    """Saves rows and keeps the report."""

    def __init__(self):
        self.report = Report()

    def save(self, found: models.Model | None, model: type[models.Model], values: dict[str, Any], **more):
        """Make a row, or change the found one where it differs; returns it.

        values: what the file says; more: what the file does not say, for a new row and a found one alike.
        """
        values = {**values, **more}
        if found is None:
            row = model(**values)
            row.save()
            self.report.note("created", row)
            return row
        changed = [name for name, value in values.items() if getattr(found, name) != value]
        for name in changed:
            setattr(found, name, values[name])
        if changed:
            found.save(update_fields=changed)
        self.report.note("updated" if changed else "left", found)
        return found

    def relate(self, owner: models.Model, name: str, wanted: Sequence[models.Model]) -> None:
        """Make a many-to-many list hold these rows in this order."""
        manager = getattr(owner, name)
        through = manager.through.objects.filter(**{manager.source_field_name: owner}).order_by("pk")
        target = f"{manager.target_field_name}_id"
        if list(through.values_list(target, flat=True)) == [row.pk for row in wanted]:
            return
        manager.clear()
        for row in wanted:  # one by one, so that the order of the links is the file's
            manager.add(row)
        self.report.note("updated", owner)

    def remove(self, rows: Iterable[models.Model]) -> None:
        """Delete rows on which nothing hangs; keep the others."""
        for row in rows:
            done = "kept" if in_use(row) else "removed"
            self.report.note(done, row)
            if done == "removed":
                row.delete()


def in_use(row: models.Model) -> bool:
    """Whether another row points at this one, such as a member's progress at a reading."""
    return any(
        relation.related_model._default_manager.filter(**{relation.field.name: row}).exists()
        for relation in row._meta.related_objects
        if relation.field.concrete
    )


def pair(
    rows: Iterable[models.Model], wanted: Sequence[dict], keys: Sequence[tuple[str, ...]]
) -> tuple[list[models.Model | None], list[models.Model]]:
    """Which row is which entry: the first key that finds one decides, and each row serves once.

    Returns the row of each entry, or None, and the rows that are left over.
    """
    left, found = list(rows), [None] * len(wanted)
    for key in keys:
        for index, entry in enumerate(wanted):
            values = [entry.get(name, "") for name in key]
            if found[index] is not None or not any(values):
                continue
            match = next((row for row in left if [getattr(row, name) for name in key] == values), None)
            if match is not None:
                found[index] = match
                left.remove(match)
    return found, left
