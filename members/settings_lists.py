"""The lists among the settings: criteria, strengths, thanks. What is in use stays."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count

from members import scoring
from members.errors import Refused
from members.models import Acknowledgement, Application, Criterion, Member, Score, Strength


def _criterion(row: Mapping) -> str:
    hint = f" {row['hint']}." if row["hint"] else ""
    return f"{row['name']}, weight {row['weight']}.{hint} 1: {row['low']}, 5: {row['high']}"


def _thanks(row: Mapping) -> str:
    about = ", ".join(part for part in (row["name"], row["role"], row["url"]) if part)
    return f"{about}: {row['reason']}"


@dataclass(frozen=True)
class Listed:
    """One list. line: how a row is told; is_named: whether each name stands in it once."""

    model: type
    columns: tuple[str, ...]
    line: Callable[[Mapping], str]
    is_named: bool = True


LISTS = {
    "criteria": Listed(Criterion, ("name", "hint", "low", "high", "weight"), _criterion),
    "strengths": Listed(Strength, ("name",), lambda row: row["name"]),
    "thanks": Listed(Acknowledgement, ("name", "role", "url", "reason"), _thanks, is_named=False),
}


def rows(name: str) -> list[dict]:
    """The rows of a list in their order, each with `pk` and its columns."""
    listed = LISTS[name]
    return list(listed.model.objects.order_by("position", "pk").values("pk", *listed.columns))


def told(name: str, rows: Iterable[Mapping]) -> str:
    """The rows as text, a line each."""
    return "\n".join(LISTS[name].line(row) for row in rows)


def lock(name: str) -> None:
    """Let nobody use, change or remove a row until the transaction ends; the group is locked before it."""
    list(LISTS[name].model.objects.select_for_update().order_by("pk").values_list("pk", flat=True))


def in_use(name: str) -> dict[int, str]:
    """What refers to the rows, in words, by the rows' keys; rows that may be removed are not in it."""
    if name == "criteria":
        counts = Score.objects.values_list("criterion").annotate(count=Count("pk")).order_by()
        return {pk: f"{_many(count, 'review')} scored it" for pk, count in counts}
    if name == "strengths":
        words: dict[int, list[str]] = {}
        for model, noun in ((Member, "member"), (Application, "application")):
            link = model.strengths.through.objects.values_list("strength").annotate(count=Count("pk"))
            for pk, count in link.order_by():
                words.setdefault(pk, []).append(_many(count, noun))
        return {pk: f"chosen in {' and '.join(each)}" for pk, each in words.items()}
    return {}


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def save(name: str, wanted: list[Mapping]) -> None:
    """Make the list these rows, in this order: each with its columns, and `pk`, None for a new one.

    The caller has called `lock`. Raises Refused where a name comes twice, a row that goes is in use, or a
    key is none of the list's. A changed weight scores every review anew.
    """
    listed = LISTS[name]
    standing = {row.pk: row for row in listed.model.objects.all()}
    kept = [row["pk"] for row in wanted if row["pk"] is not None]
    if len(set(kept)) != len(kept) or not standing.keys() >= set(kept):
        raise Refused("Load the page again; a row of the list is not there any more. Nothing was changed.")
    names = [row["name"] for row in wanted]
    if listed.is_named and (twice := [each for each in names if names.count(each) > 1]):
        raise Refused(f"Write “{twice[0]}” once; it stands in the list twice. Nothing was changed.")
    gone = standing.keys() - set(kept)
    used = in_use(name) if gone else {}
    for pk in gone & used.keys():
        raise Refused(f"Keep “{standing[pk].name}”: {used[pk]}. You can rename it. Nothing was changed.")
    listed.model.objects.filter(pk__in=gone).delete()
    weights = {pk: getattr(row, "weight", None) for pk, row in standing.items()}
    _make_way(listed, standing, wanted)
    for position, row in enumerate(wanted):
        values = {column: row[column] for column in listed.columns} | {"position": position}
        if row["pk"] is None:
            listed.model.objects.create(**values)
        else:
            listed.model.objects.filter(pk=row["pk"]).update(**values)
    if any(row["pk"] and row.get("weight") != weights[row["pk"]] for row in wanted):
        scoring.rescore_all()


def _make_way(listed: Listed, standing: Mapping, wanted: list[Mapping]) -> None:
    """Before two rows swap their names, the names have to be free."""
    names = {row.name for row in standing.values()}
    for row in wanted:
        if listed.is_named and row["pk"] and row["name"] != standing[row["pk"]].name and row["name"] in names:
            for pk in standing:
                listed.model.objects.filter(pk=pk).update(name=uuid.uuid4().hex)
            return
