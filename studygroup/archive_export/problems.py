"""What is wrong with an archive, in sentences that name the file, the line and the field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from members.errors import Refused
from studygroup.group_file.problems import Problem


@dataclass(frozen=True, order=True)
class ArchiveProblem:
    """One mistake in one file; `file` is empty for the archive as a whole."""

    file: str
    problem: Problem

    def __str__(self) -> str:
        return f"{self.file}, {self.problem}" if self.file else self.problem.what


class ArchiveError(Refused):
    """The archive cannot be imported; nothing was changed. `problems`: every mistake, by file and line."""

    def __init__(self, problems: Iterable[ArchiveProblem]):
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


def of_file(file: str, what: str, line: int = 1) -> ArchiveProblem:
    """A problem of a file as a whole, or of the archive where no file is named."""
    return ArchiveProblem(file, Problem(line, "", what))
