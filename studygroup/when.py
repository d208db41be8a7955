"""Dates and times in words, always by an explicit zone: the server's own never shows."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime

from studygroup.drawings import number_words

IN_WORDS = 12  # up to here a number of days is a word


def full_date(day: date | datetime) -> str:
    """Wednesday 16 October 2019."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def short_date(day: date | datetime) -> str:
    """16 Oct 2019."""
    return f"{day.day} {day:%b %Y}"


def clock(moment: datetime) -> str:
    """18:30, of the moment's own zone."""
    return f"{moment:%H:%M}"


def city_of(zone: str) -> str:
    """The place in an IANA zone's name: America/New_York → New York; UTC stays UTC."""
    return zone.rpartition("/")[2].replace("_", " ")


def days_apart(now: datetime, moment: datetime) -> str:
    """today, tomorrow, yesterday, in nine days, 14 days ago; by calendar days in `moment`'s own zone."""
    days = (moment.date() - now.astimezone(moment.tzinfo).date()).days
    if days in (-1, 0, 1):
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}[days]
    count = number_words(abs(days)) if abs(days) <= IN_WORDS else str(abs(days))
    return f"in {count} days" if days > 0 else f"{count} days ago"


def describe(session, reader_zone: str = "") -> dict[str, str]:
    """What a page says of a session's time.

    Keys: `day` (Wednesday 16 October 2019), `hours` (18:30–21:00, empty when not on record), `city`,
    `reader` (23:30 your time, in London; empty where the reader's zone is not
    known or its clock shows the same).
    """
    start, end = session.local_start, session.local_end
    hours = f"{clock(start)}–{clock(end)}" if session.hours_known else ""
    reader = ""
    if hours and reader_zone:
        theirs = start.astimezone(zoneinfo.ZoneInfo(reader_zone))
        if theirs.utcoffset() != start.utcoffset():
            day = "" if theirs.date() == start.date() else f"{theirs:%A} "
            reader = f"{day}{clock(theirs)} your time, in {city_of(reader_zone)}"
    return {
        "day": full_date(start),
        "hours": hours,
        "city": city_of(session.time_zone),
        "reader": reader,
    }
