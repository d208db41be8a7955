"""Which column of a file fills which field of an application."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from members.errors import Refused

# The field as the command and the file call it, the words on the page, and the headings it is known by.
FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "email": (
        "E-mail address",
        ("email", "mail", "emailaddress", "mailaddress", "address", "youremail", "youremailaddress"),
    ),
    "name": ("Name", ("name", "fullname", "yourname", "applicant", "applicantname")),
    "role": (
        "Role",
        ("role", "jobtitle", "job", "position", "occupation", "profession", "currentrole", "whatyoudonow"),
    ),
    "affiliation": (
        "Affiliation",
        ("affiliation", "organisation", "organization", "company", "employer", "institution", "university"),
    ),
    "experience": ("Experience", ("experience", "relevantexperience", "background")),
    "interest": ("Interest", ("interest", "interests", "yourinterest", "motivation", "why", "whyyou")),
    "links": ("Links", ("links", "link", "url", "urls", "website", "websites", "homepage", "web")),
    "strengths": ("Strengths", ("strengths", "strength", "skills", "whatyouwouldbring", "wouldbring")),
    "talk": ("Talk", ("talk", "talks", "atalkyoucouldgive", "possibletalk")),
    "applied_at": (
        "Applied on",
        ("appliedat", "appliedon", "applied", "date", "timestamp", "submitted", "submittedat", "createdat"),
    ),
}
REQUIRED = ("email", "name")
LABELS = {name: label for name, (label, _) in FIELDS.items()}
KNOWN = {heading: name for name, (_, headings) in FIELDS.items() for heading in headings}


class UnknownColumns(Refused):
    """A column that must be there is not, or one was named that the file does not have."""


def plain(heading: str) -> str:
    """A heading without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", heading).casefold())


def recognise(headings: Iterable[str]) -> dict[str, int]:
    """The fields that headings name, each with its column counted from 0; the first of two wins."""
    found: dict[str, int] = {}
    for index, heading in enumerate(headings):
        name = KNOWN.get(plain(heading))
        if name:
            found.setdefault(name, index)
    return found


def chosen(headings: list[str], wishes: Iterable[str]) -> dict[str, int]:
    """The recognised columns, with those that somebody named by `field=Heading` in their stead.

    An empty heading (`talk=`) leaves the field out. Raises UnknownColumns for a field or a heading that is
    not there.
    """
    columns = recognise(headings)
    for wish in wishes:
        name, equals, heading = wish.partition("=")
        name = name.strip()
        if not equals or name not in FIELDS:
            raise UnknownColumns(
                f"Write --column field=Heading with one of the fields {', '.join(FIELDS)}; not “{wish}”."
            )
        columns.pop(name, None)
        if not heading.strip():
            continue
        places = [at for at, each in enumerate(headings) if plain(each) == plain(heading) and plain(each)]
        places = [at for at, each in enumerate(headings) if each == heading.strip()] or places
        if not places:
            raise UnknownColumns(f"The file has no column “{heading}”. It has {listed(headings)}.")
        # A column fills one field: what was recognised gives way to what was said.
        columns = {other: at for other, at in columns.items() if at != places[0]}
        columns[name] = places[0]
    return columns


def missing(headings: list[str], columns: dict[str, int]) -> str:
    """What to say when a column that must be there is not; empty when all are."""
    absent = [LABELS[name].lower() for name in REQUIRED if name not in columns]
    if not absent:
        return ""
    return f"No column is known to hold the {' or the '.join(absent)}. The file has {listed(headings)}."


def left_out(headings: list[str], columns: dict[str, int]) -> list[str]:
    """The names of the columns that fill no field."""
    return [shown(headings, at) for at in range(len(headings)) if at not in columns.values()]


def shown(headings: list[str], at: int) -> str:
    """A heading as one shows it: cut where it is very long, with a number where it is empty."""
    heading = " ".join(headings[at].split())
    if not heading:
        return f"column {at + 1}, without a heading"
    return heading if len(heading) <= 40 else heading[:39] + "…"


def listed(headings: list[str]) -> str:
    """The headings in a sentence, at most twenty of them."""
    names = [f"“{shown(headings, at)}”" for at in range(min(len(headings), 20))]
    more = len(headings) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
