"""From YAML nodes to values, with every problem found on the way."""

from __future__ import annotations

import difflib
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from studygroup.group_file.problems import Problem, shown
from studygroup.group_file.scalars import Scalar, Wrong
from studygroup.group_file.shape import FILE, ListOf, Record

BAD = object()  # what a value is that has been complained about
BROKEN = {"Cc", "Cs"}  # control characters and halves of a pair, which only an escape can smuggle in
NULL = "tag:yaml.org,2002:null"


class Values(dict):
    """One record's values; `places` says where each stands, "" where the record itself does."""

    places: dict[str, tuple[int, str]]


class Entries(list):
    """A list's values; `places` says where each stands."""

    places: list[tuple[int, str]]


class Checker:
    """Collects the problems of one file."""

    def __init__(self):
        self.problems: list[Problem] = []

    def complain(self, place: tuple[int, str], what: str) -> Any:
        """Note a problem; returns BAD."""
        self.problems.append(Problem(*place, what))
        return BAD

    def complained_below(self, where: str) -> bool:
        """Whether something inside this field is wrong already."""
        return any(problem.where.startswith(where) for problem in self.problems)

    def read(self, root: Node) -> Values:
        """The whole file's values, as far as they are good."""
        values = self.value(FILE, root, "")
        return values if values is not BAD else Values()

    def value(self, kind: Scalar | Record | ListOf, node: Node, where: str) -> Any:
        """The value of one node, or BAD. `where` is the name of its field."""
        place = (node.start_mark.line + 1, where)
        if isinstance(kind, Record):
            return self._record(kind, node, place)
        if isinstance(kind, ListOf):
            return self._list(kind, node, place)
        if not isinstance(node, ScalarNode):
            return self.complain(place, f"write {kind.wants}, not a list or fields")
        if unfit := self.unfit(node.value):
            return self.complain(place, unfit)
        try:
            return kind.make(node.value)
        except Wrong as wrong:
            return self.complain(place, str(wrong))
        except (ValueError, ValidationError):
            return self.complain(place, f'write {kind.wants}, not "{shown(node.value)}"')

    def unfit(self, text: str) -> str:
        """What is wrong with the signs of a text, whatever it is for; "" for nothing."""
        broken = any(unicodedata.category(c) in BROKEN and c not in "\n\t" for c in text)
        return "there is a control character in this text; take it out" if broken else ""

    def _record(self, kind: Record, node: Node, place: tuple[int, str]) -> Any:
        if kind.short and isinstance(node, ScalarNode) and not says_nothing(node):
            pairs = [(kind.short, place[0], node)]
        elif isinstance(node, MappingNode):
            pairs = [(getattr(k, "value", None), k.start_mark.line + 1, v) for k, v in node.value]
        else:
            return self.complain(place, f"write {kind.wants}")
        values, seen = Values(), {}
        values.places = {"": place}
        for name, line, child in pairs:
            name = shown(name) if isinstance(name, str) else "?"
            here = (line, f"{place[1]}.{name}" if place[1] else name)
            if name not in kind.fields:
                self.complain(here, unknown(name, kind))
            elif name in seen:
                self.complain(here, f"given twice, first in line {seen[name]}")
            else:
                seen[name] = line
                if not says_nothing(child):
                    values[name] = self.value(kind.fields[name], child, here[1])
                    values.places[name] = (child.start_mark.line + 1, here[1])
        for name in sorted(kind.required - values.keys()):
            where = f"{place[1]}.{name}" if place[1] else name
            self.complain((seen.get(name, place[0]), where), f"missing; write {kind.fields[name].wants}")
        for name in [name for name, value in values.items() if value is BAD]:
            del values[name]
        return values

    def _list(self, kind: ListOf, node: Node, place: tuple[int, str]) -> Any:
        if not isinstance(node, SequenceNode):
            return self.complain(place, f"write {kind.wants}")
        entries, first = Entries(), {}
        entries.places = []
        for number, child in enumerate(node.value, start=1):
            here = (child.start_mark.line + 1, f"{place[1]}[{number}]")
            value = self.value(kind.item, child, here[1])
            if value is BAD:
                continue
            if (key := key_of(value, kind.key)) is not None:
                if key in first:
                    self._twice(value, here, kind.key, first[key])
                first.setdefault(key, here[0])
            entries.append(value)
            entries.places.append(here)
        return entries

    def _twice(self, value: Any, place: tuple[int, str], key: tuple[str, ...], line: int) -> None:
        if key:
            place = value.places[key[0]]
            value = value[key[0]]
        self.complain(place, f'"{shown(str(value))}" is given twice, first in line {line}')


def key_of(value: Any, names: tuple[str, ...]) -> Any:
    """By what an entry is told apart in its list; None while the fields for it are missing."""
    if not names:
        return value
    if names[0] not in value:
        return None
    return tuple(_hashable(value.get(name, "")) for name in names)


def _hashable(value: Any) -> Any:
    if isinstance(value, Entries):  # of presenters: the same people in another order are the same people
        return tuple(sorted(person.get("name", "") for person in value))
    return value


def says_nothing(node: Node) -> bool:
    """Whether a field has a name but no value, which is the same as leaving it out."""
    return isinstance(node, ScalarNode) and node.tag == NULL and node.style is None


def unknown(name: str, kind: Record) -> str:
    """That there is no such field, and which one may be meant."""
    near = difflib.get_close_matches(name, kind.fields, n=1)
    if near:
        return f'there is no such field; did you mean "{near[0]}"?'
    return f"there is no such field; known here are {', '.join(kind.fields)}"
