"""What is wrong with a group file, in sentences that name the line and the field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake. `where` is the field, such as sessions[3].date, counted from 1, or empty for the file."""

    line: int
    where: str
    what: str

    def __str__(self) -> str:
        return (
            f"line {self.line}, {self.where}: {self.what}" if self.where else f"line {self.line}: {self.what}"
        )


class GroupFileError(Exception):
    """The file cannot be loaded; nothing was changed. `problems` holds every mistake, by line."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


def shown(text: str, longest: int = 60) -> str:
    """A value as a message quotes it: on one line, not too long, nothing invisible in it."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
