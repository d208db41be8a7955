"""How one value stands in an archive, and what may stand there when it is read.

What is read is held to what the site needs to be safe and whole, not to what its forms ask: an archive that a
site wrote, a site takes.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from members.models import Member, User
from sessions_app.models import Path, Presentation, Presenter, Reading, Session
from studygroup.archive_export.emitting import Plain
from studygroup.group_file import scalars
from studygroup.group_file.scalars import Scalar, Wrong
from studygroup.group_file.shape import ListOf

WEB_ADDRESS = re.compile(r"(?:https?|ftps?)://[^\s\x00-\x20\x7f\"<>]+", re.IGNORECASE)
ADDRESS = re.compile(r"[^\s@\x00-\x20\x7f]+@[^\s@\x00-\x20\x7f]+")
SLUG = re.compile(r"[-\w]+")
LARGEST_OF = {models.PositiveSmallIntegerField: 32_767, models.PositiveIntegerField: 2_147_483_647}
WORDS_OF = {Reading._meta.get_field("importance"): {1: "required", 2: "optional", 3: "stretch"}}
# What a row of these is called by others.
CALLED = {
    User: "a member’s slug, or the address of an account",
    Member: "a member’s slug",
    Presenter: "the name of a file in presenters, without .md",
    Presentation: "the name of a file in talks, without .md",
    Path: "the name of a path in curriculum.md",
}


# --- Writing -------------------------------------------------------------------------------------------
def moment(value: datetime, zone=UTC) -> Plain:
    """A moment as it is written: to the second, or closer where it is closer."""
    text = value.astimezone(zone).isoformat()
    return Plain(text.replace("+00:00", "Z") if zone is UTC else text)


def written(field: models.Field, value: Any) -> Any:
    """A value that is no row as it is emitted."""
    if field in WORDS_OF:
        return WORDS_OF[field][value]
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return Plain(value.isoformat())
    if isinstance(value, time):  # emitted between quotes: some parsers take a bare 18:30 for 1110
        return value.isoformat("minutes" if not value.second and not value.microsecond else "auto")
    if isinstance(value, uuid.UUID):
        return str(value)
    return value


def goes_without_saying(field: models.Field, value: Any) -> bool:
    """Whether a value is the one that a missing field has anyway: nothing."""
    if isinstance(field, models.ManyToManyField):
        return value == []
    return value in (None, "", []) and value == field.get_default() and (field.blank or field.null)


# --- Reading -------------------------------------------------------------------------------------------
def text(longest: int | None = None, *, wants: str = "some text", form: re.Pattern | None = None) -> Scalar:
    """Text exactly as it stands, in this form when it is not empty."""

    def make(value: str) -> str:
        if longest and len(value) > longest:
            raise Wrong(f"this is {len(value)} characters long; at most {longest} fit")
        if value and form and not form.fullmatch(value):
            raise ValueError
        return value

    return Scalar(wants, make)


def whole(lowest: int, highest: int) -> Scalar:
    """A whole number within bounds."""

    def make(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", value) or not lowest <= int(value) <= highest:
            raise ValueError
        return int(value)

    return Scalar(f"a whole number from {lowest} to {highest}", make)


def _moment(value: str) -> datetime:
    made = datetime.fromisoformat(value)
    if made.tzinfo is None:
        raise ValueError
    return made.astimezone(UTC)


def _word_of(words: dict[int, str]) -> Scalar:
    numbers = {word: number for number, word in words.items()}
    return Scalar(f"one of {', '.join(numbers)}", _or_wrong(lambda value: numbers[value]))


def _or_wrong(make: Callable[[str], Any]) -> Callable[[str], Any]:
    def checked(value: str) -> Any:
        try:
            return make(value)
        except (KeyError, OverflowError):
            raise ValueError from None

    return checked


NUMBER = whole(1, 32_767)
LINE = text(wants="some text")
SIMPLE: list[tuple[type[models.Field], Scalar]] = [
    (models.BooleanField, scalars.yes_no),
    (models.DateTimeField, Scalar("a moment such as 2016-08-17T18:30:00-04:00", _or_wrong(_moment))),
    (models.DateField, Scalar("a date such as 2016-08-17", date.fromisoformat)),
    (models.TimeField, Scalar("a time such as 18:30", time.fromisoformat)),
    (models.UUIDField, Scalar("an identifier of 32 hexadecimal digits", uuid.UUID)),
]


def kind(field: models.Field) -> Scalar | ListOf:
    """What may stand in a field of an archive. Rows are read as the words by which they are called."""
    if isinstance(field, models.ManyToManyField):
        return ListOf(_called(field.related_model))
    if isinstance(field, models.ForeignKey):
        return _called(field.related_model)
    if isinstance(field, ArrayField):
        return ListOf(kind(field.base_field), key=NO_KEY)
    if field in WORDS_OF:
        return _word_of(WORDS_OF[field])
    for model_field, scalar in SIMPLE:
        if isinstance(field, model_field):
            return scalar
    for model_field, largest in LARGEST_OF.items():
        if isinstance(field, model_field):
            lowest = [v.limit_value for v in field.validators if isinstance(v, MinValueValidator)]
            highest = [v.limit_value for v in field.validators if isinstance(v, MaxValueValidator)]
            return whole(max([0, *lowest]), min([largest, *highest]))
    if field.choices:
        words = [str(value) for value, _ in field.choices]
        return scalars.one_of(*words, *([""] if field.blank else []))
    if scalars.validate_time_zone in field.validators:
        return Scalar(scalars.zone.wants, lambda value: value and scalars.zone.make(value))
    if scalars.colour in field.validators:
        return scalars.accent
    return _text(field)


def _text(field: models.Field) -> Scalar:
    """Text of a field; a text field’s own longest is what its form asks, and longer ones exist."""
    if isinstance(field, models.URLField):
        return text(field.max_length, wants="an address such as https://example.org/page", form=WEB_ADDRESS)
    if isinstance(field, models.EmailField):
        return text(field.max_length, wants="an e-mail address", form=ADDRESS)
    if isinstance(field, models.SlugField):
        return text(field.max_length, wants="letters, digits and hyphens", form=SLUG)
    if isinstance(field, models.TextField):
        return text()
    if isinstance(field, models.CharField):
        return text(field.max_length)
    raise TypeError(f"no kind of value for {field}")


# For a list whose entries may be alike: neither a record nor a text has this in it, so none is told twice.
NO_KEY = ("\0",)


def _called(model: type[models.Model]) -> Scalar:
    if model is Session:
        return Scalar("the number of a session", NUMBER.make)
    return text(wants=CALLED.get(model, "the name of one"))
