"""What one value of a group file may be. Each kind says what it wants and makes the value of the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models

from members.models.group import colour
from members.models.user import validate_time_zone

YEARS = range(1900, 2101)  # astronomy and typing errors begin outside
SMALLEST_INT, LARGEST_INT = 0, 32_767  # PostgreSQL's smallint, which all our whole numbers are
YES_NO = {"true": True, "yes": True, "false": False, "no": False}
_web_address = URLValidator(schemes=["http", "https"])


class Wrong(ValueError):
    """Not what is wanted, for the reason that `str()` tells."""


@dataclass(frozen=True)
class Scalar:
    """One kind of value: `wants` completes “write …”; `make` turns text into a value.

    `make` raises Wrong with a sentence of its own, or ValueError or ValidationError for “write {wants}”.
    """

    wants: str
    make: Callable[[str], Any]


def text(longest: int | None = None, *, lines: bool = False, blank: bool = True) -> Scalar:
    """Text of at most `longest` characters, on one line unless `lines`."""
    wants = "some text" if lines else "one line of text"

    def make(value: str) -> str:
        value = value.strip()
        if not value and not blank:
            raise Wrong(f"this is empty; write {wants}")
        if "\n" in value and not lines:
            raise ValueError
        if longest and len(value) > longest:
            raise Wrong(f"this is {len(value)} characters long; at most {longest} fit")
        return value

    return Scalar(wants, make)


def url(longest: int, *, blank: bool) -> Scalar:
    """A web address, http or https."""

    def make(value: str) -> str:
        if not value and blank:
            return ""
        if len(value) > longest:
            raise Wrong(f"this address is {len(value)} characters long; at most {longest} fit")
        _web_address(value)
        return value

    return Scalar("an address such as https://example.org/page", make)


def whole(lowest: int, highest: int) -> Scalar:
    """A whole number within bounds."""

    def make(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", value) or not lowest <= int(value) <= highest:
            raise ValueError
        return int(value)

    return Scalar(f"a whole number from {lowest} to {highest}", make)


def one_of(*choices: str) -> Scalar:
    """One of a few words."""

    def make(value: str) -> str:
        if value not in choices:
            raise ValueError
        return value

    return Scalar(f"one of {', '.join(choices)}", make)


def _yes_no(value: str) -> bool:
    if value.lower() not in YES_NO:
        raise ValueError
    return YES_NO[value.lower()]


def _date(value: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError
    day = date.fromisoformat(value)
    if day.year not in YEARS:
        raise ValueError
    return day


def _clock(value: str) -> time:
    if not re.fullmatch(r"[0-9]{1,2}:[0-9]{2}", value):
        raise ValueError
    hours, minutes = map(int, value.split(":"))
    return time(hours, minutes)


def _checked_by(validator: Callable[[str], None]) -> Callable[[str], str]:
    def make(value: str) -> str:
        validator(value)
        return value

    return make


yes_no = Scalar("true or false", _yes_no)
day = Scalar("a date such as 2016-08-17", _date)
clock = Scalar("a time such as 18:30", _clock)
zone = Scalar("a time zone such as Europe/London", _checked_by(validate_time_zone))
accent = Scalar("a colour such as #1c5746", lambda value: value and _checked_by(colour)(value))


def of(field: models.Field) -> Scalar:
    """The kind of value that a model's field holds, with the field's own bounds."""
    if validate_time_zone in field.validators:
        return zone
    if colour in field.validators:
        return accent
    if isinstance(field, models.URLField):
        return url(field.max_length, blank=field.blank)
    if isinstance(field, models.BooleanField):
        return yes_no
    if isinstance(field, models.TimeField):
        return clock
    if field.choices:
        return one_of(*(str(value) for value, _ in field.choices))
    if isinstance(field, models.PositiveSmallIntegerField):
        low = [v.limit_value for v in field.validators if isinstance(v, MinValueValidator)]
        high = [v.limit_value for v in field.validators if isinstance(v, MaxValueValidator)]
        return whole(max([SMALLEST_INT, *low]), min([LARGEST_INT, *high]))
    if isinstance(field, models.TextField):
        return text(field.max_length, lines=True, blank=field.blank)
    if isinstance(field, models.CharField):
        return text(field.max_length, blank=field.blank)
    raise TypeError(f"no kind of value for {field}")
