"""Filters for typed text and for dates. Loaded into every template (settings.TEMPLATES builtins)."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime

from django import template
from django.template import defaultfilters
from django.utils import timezone
from django.utils.safestring import SafeString

from sessions_app import text
from studygroup import when
from studygroup.drawings import roman

register = template.Library()


@register.filter
def markdown(source: str) -> SafeString:
    """A Markdown text as HTML."""
    return text.markdown(source or "")


@register.simple_tag
def document(source: str, name: str, keep: bool = True) -> text.Document:
    """A long text as HTML with its contents; `name` begins the ids in it. Not kept: what is still written."""
    render = text.document if keep else text.document.__wrapped__
    return render(source or "", name=name)


@register.filter
def inline(source: str) -> SafeString:
    """One line of Markdown as HTML."""
    return text.inline(source or "")


@register.filter
def title_html(source: str) -> SafeString:
    """A title with its emphasis."""
    return text.title(source or "")


@register.filter
def plain(source: str) -> str:
    """A title without its marks, for page titles and attributes."""
    return text.plain(source or "")


@register.filter("date")
def date_as_it_is(moment: date | datetime | None, pattern: str | None = None) -> str:
    """Django's `date` on the moment's own clock.

    Django's converts every moment to the server's zone first, so that a session in New York would be shown
    in UTC. Here nothing converts behind our back: `in_zone` says which clock is meant.
    """
    return defaultfilters.date(moment, pattern)


@register.filter
def in_zone(moment: datetime, zone: str) -> datetime:
    """The moment on the clock of an IANA zone; the `date` filter then shows it as it is."""
    return moment.astimezone(zoneinfo.ZoneInfo(zone)) if moment else moment


@register.filter
def city(zone: str) -> str:
    """The place in a zone's name, as in “New York time”."""
    return when.city_of(zone)


@register.filter
def full_date(day: date | datetime) -> str:
    """Wednesday 16 October 2019."""
    return when.full_date(day)


@register.filter
def short_date(day: date | datetime) -> str:
    """16 Oct 2019."""
    return when.short_date(day)


@register.filter
def days_from_now(moment: datetime) -> str:
    """How far off, in days as one speaks of them: today, tomorrow, in nine days, 14 days ago."""
    return when.days_apart(timezone.now(), moment)


@register.simple_tag
def session_time(session, reader_zone: str = "") -> dict:
    """What a page says of a session's time: see `studygroup.when.describe`."""
    return when.describe(session, reader_zone)


@register.simple_tag
def number_range(numbers: list[int]) -> str:
    """Session numbers as one writes them: I–V, or XIV, or I–III, VII."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(roman(run[0]) if len(run) == 1 else f"{roman(run[0])}–{roman(run[-1])}" for run in runs)
