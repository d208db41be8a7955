"""Every row judged: what it would become, what is wrong with it, what is odd about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from members.addresses import fold
from members.forms.fields import LinksField
from members.importing import columns as known
from members.importing import dates, oddities
from members.importing.reading import Record, Table
from members.models import Application, Strength

MOST_ROWS = 10_000
LONGEST_KEY = Application._meta.get_field("email_key").max_length
LINKS = LinksField(required=False)
BETWEEN_LINKS = re.compile(r"[;,\s]+")
BETWEEN_STRENGTHS = re.compile(r"[;,\n]")


@dataclass(frozen=True)
class Finding:
    """One line of a report: where in the file, in which field, and what is so."""

    line: int
    text: str
    label: str = ""

    def __str__(self) -> str:
        return f"Line {self.line}{', ' if self.label else ''}{self.label.lower()}: {self.text}"


@dataclass(frozen=True)
class Candidate:
    """A good row, as the application it would become. Its values are as typed, without spaces at the ends."""

    line: int
    email: str
    key: str
    answers: dict
    strengths: list[Strength]
    applied_at: datetime
    dated: bool


@dataclass
class Checked:
    """What the rows of a file come to, before anybody has looked into the database."""

    candidates: list[Candidate] = field(default_factory=list)
    repeats: list[Finding] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    oddities: list[Finding] = field(default_factory=list)


def check(
    table: Table,
    columns: dict[str, int],
    *,
    strengths: Iterable[Strength],
    zone: str,
    now: datetime,
) -> Checked:
    """Judge every row of a table; all its problems at once, each with its line and field.

    columns: field to column, with at least those of `columns.REQUIRED`. strengths: the group's. zone: whose
    clock a date without a zone means. A second row of one address is a repeat: the first row stands.
    """
    judge = _Judge(table, columns, {fold(each.name): each for each in strengths}, zone, now)
    checked, first_lines = Checked(), {}
    if len(table.rows) > MOST_ROWS:
        line = table.rows[MOST_ROWS].line
        text = f"The file goes on, but at most {MOST_ROWS:,} rows go in at once. Split it here."
        checked.problems.append(Finding(line, text))
    for record in table.rows[:MOST_ROWS]:
        candidate, problems, odd = judge.row(record)
        checked.problems += problems
        if candidate is None:
            continue
        first = first_lines.setdefault(candidate.key, candidate.line)
        if first != candidate.line:
            text = f"Repeats the address of line {first}, which stands; this row is left out."
            checked.repeats.append(Finding(candidate.line, text))
        else:
            checked.candidates.append(candidate)
            checked.oddities += odd
    return checked


class _Judge:
    def __init__(
        self, table: Table, columns: dict[str, int], strengths: dict[str, Strength], zone: str, now: datetime
    ):
        self.table, self.columns, self.strengths, self.zone, self.now = table, columns, strengths, zone, now

    @cached_property
    def longest(self) -> dict[str, int]:
        """The most characters of each answer, as the model says."""
        names = ("name", "current_role", "experience", "interest", "talk")
        return {name: Application._meta.get_field(name).max_length for name in names}

    def row(self, record: Record) -> tuple[Candidate | None, list[Finding], list[Finding]]:
        """The candidate, or None with the problems; and what is odd."""
        self.line, self.problems = record.line, []
        if record.fault:
            self.problem("", record.fault)
        elif len(record.fields) != len(self.table.headings):
            self.problem("", self.count_sentence(len(record.fields)))
        if self.problems:
            return None, self.problems, []
        typed = {name: record.fields[at].strip() for name, at in self.columns.items()}
        for name, value in typed.items():
            if "\0" in value:
                self.problem(name, "There is a NUL character, which no text has. Take it out.")
        if self.problems:
            return None, self.problems, []
        address = self.address(typed["email"])
        answers = self.answers(typed)
        when = self.when(typed.get("applied_at"))
        strengths, odd = self.known_strengths(typed.get("strengths", ""))
        if self.problems:
            return None, self.problems, []
        odd = [*oddities.notice(typed), *odd]
        candidate = Candidate(
            line=record.line,
            email=address,
            key=fold(address),
            answers=answers,
            strengths=strengths,
            applied_at=when,
            dated="applied_at" in typed,
        )
        return candidate, [], [Finding(record.line, text) for text in odd]

    def problem(self, name: str, text: str) -> None:
        self.problems.append(Finding(self.line, text, known.LABELS.get(name, "")))

    def count_sentence(self, found: int) -> str:
        expected = len(self.table.headings)
        start = f"There {'is 1 field' if found == 1 else f'are {found} fields'}, not {expected}."
        delimiter = self.table.delimiter_name
        if found > expected:
            return f"{start} Put quotation marks around a field that has a {delimiter} in it."
        return f"{start} Look for a missing {delimiter}, or a line break without quotation marks."

    def address(self, typed: str) -> str:
        if not typed:
            self.problem("email", "It is empty. Write the address, or take the row out.")
            return ""
        try:
            validate_email(typed)
        except ValidationError:
            self.problem("email", f"“{typed[:60]}” is no address. Write it like name@example.org.")
            return ""
        if len(fold(typed)) > LONGEST_KEY:
            self.problem("email", "The address is too long to be one. Write it like name@example.org.")
        return typed

    def answers(self, typed: dict[str, str]) -> dict:
        if not typed["name"]:
            self.problem("name", "It is empty. Write the name, or take the row out.")
        parts = [typed.get("role", ""), typed.get("affiliation", "")]
        answers = {
            "name": typed["name"],
            "current_role": ", ".join(part for part in parts if part),
            "experience": typed.get("experience", ""),
            "interest": typed.get("interest", ""),
            "talk": typed.get("talk", ""),
            "links": self.links(typed.get("links", "")),
        }
        for name, most in self.longest.items():
            if len(answers[name]) > most:
                label = "role" if name == "current_role" else name
                what = "Role and affiliation have" if name == "current_role" else "It has"
                text = f"{what} {len(answers[name]):,} characters; at most {most:,} fit. Shorten it."
                self.problem(label, text)
        return answers

    def links(self, typed: str) -> list[str]:
        if not typed:
            return []
        try:
            return LINKS.clean("\n".join(BETWEEN_LINKS.split(typed)))
        except ValidationError as fault:
            self.problem("links", fault.messages[0])
            return []

    def when(self, typed: str | None) -> datetime:
        """Without a column: now. An empty date is a problem, since the place in the line depends on it."""
        if typed is None:
            return self.now
        if not typed:
            self.problem("applied_at", f"It is empty. {dates.ISO}")
            return self.now
        try:
            return dates.moment(typed, zone=self.zone, now=self.now)
        except ValueError as fault:
            self.problem("applied_at", str(fault))
            return self.now

    def known_strengths(self, typed: str) -> tuple[list[Strength], list[str]]:
        """The group's strengths that are named, and a sentence about names that the group does not have."""
        found, unknown = {}, []
        for part in [typed] if fold(typed) in self.strengths else BETWEEN_STRENGTHS.split(typed):
            strength = self.strengths.get(fold(part))
            if strength:
                found[strength.pk] = strength
            elif part.strip():
                unknown.append(f"“{part.strip()[:40]}”")
        if not unknown:
            return list(found.values()), []
        is_are = "is no strength" if len(unknown) == 1 else "are no strengths"
        return list(found.values()), [f"{', '.join(unknown)} {is_are} of this group; left out."]
