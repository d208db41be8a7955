"""The fields between two lines of dashes at the top of a file, as Jekyll, Hugo and Obsidian write them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

FENCED = re.compile(
    r"\A(?P<fence>---|\+\+\+)[ \t]*\n(?P<fields>.*?)^(?P=fence)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
TOML_LINE = re.compile(r"^\s*(?P<name>[\w-]+)\s*=\s*(?P<value>.+?)\s*$")
TITLE = ("title",)
DAY = ("date", "day", "held", "held_on", "meeting_date")
NUMBER = ("number", "session", "week", "meeting", "session_number", "no")


@dataclass
class FrontMatter:
    """What stands above the text. `lines`: how many lines of the file it takes; `rest`: these lines."""

    lines: int = 0
    values: dict[str, str] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)
    problem: str = ""

    def first(self, names: tuple[str, ...]) -> tuple[str, str]:
        """The first of these fields that is there: (name, value), empty where none is."""
        return next(((name, self.values[name]) for name in names if self.values.get(name)), ("", ""))


def split(text: str) -> tuple[FrontMatter, str]:
    """The fields at the top, and the text with blank lines in their place, so that line numbers hold."""
    match = FENCED.match(text)
    if not match or not match["fields"].strip():
        return FrontMatter(), text
    source = match["fields"]
    try:
        found = _toml(source) if match["fence"] == "+++" else yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506 (makes texts alone)
    except (yaml.YAMLError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        if match["fence"] == "---" and not re.search(r"^[\w-]+:", source, re.MULTILINE):
            return FrontMatter(), text  # two rules with words between them
        found, problem = {}, "The fields at the top cannot be read; they stay in the notes as they are."
    else:
        problem = ""
    lines = match.group().count("\n")
    values = {
        str(name).strip().lower().replace("-", "_").replace(" ", "_"): str(value).strip()
        for name, value in found.items()
        if isinstance(value, str)
    }
    matter = FrontMatter(lines, values, source.rstrip("\n").split("\n"), problem)
    return matter, "\n" * lines + text[match.end() :]


def unread(matter: FrontMatter, read: set[str]) -> list[str]:
    """The lines of the fields that nobody has read; a field's further lines go with its first."""
    kept, keeping = [], True
    for line in matter.rest:
        name = re.match(r"^([\w -]+?)\s*[:=]", line)
        if name:
            keeping = name[1].lower().replace("-", "_").replace(" ", "_") not in read
        if keeping:
            kept.append(line)
    return kept if any(line.strip() for line in kept) else []


def _toml(source: str) -> dict[str, str]:
    found = {}
    for line in source.split("\n"):
        if match := TOML_LINE.match(line):
            found[match["name"]] = match["value"].strip("\"'")
    return found
