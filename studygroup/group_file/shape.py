"""Which fields a group file has. `docs/group-file.md` lists them; a test compares the two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import models

from members.models import Acknowledgement, Criterion, Group, ReplyTemplate, Strength
from sessions_app.models import (
    Material,
    Path,
    Presentation,
    Presenter,
    Reading,
    Resource,
    Session,
    Source,
    Track,
)
from studygroup.group_file import scalars
from studygroup.group_file.scalars import Scalar, of


@dataclass(frozen=True)
class Record:
    """Named fields. Where `short` is set, a bare text stands for the record with that one field."""

    fields: dict[str, Any]
    required: frozenset[str]
    short: str = ""
    wants: str = field(default="fields, each as “name: value”", init=False)


@dataclass(frozen=True)
class ListOf:
    """A list whose entries are told apart by `key`: these fields together, or the value itself if empty."""

    item: Scalar | Record
    key: tuple[str, ...] = ()
    wants: str = field(default="a list, each entry after a dash", init=False)


def record(model: type[models.Model], names: str, *, short: str = "", required: str = "", **others) -> Record:
    """A record whose fields `names` are as the model's; `others` are the file's own.

    A field is required when a row cannot be without it, or when `required` names it.
    """
    own = {name: model._meta.get_field(name) for name in names.split()}
    needed = {name for name, f in own.items() if not (f.blank or f.null or f.has_default())}
    return Record(
        fields={name: of(f) for name, f in own.items()} | others,
        required=frozenset(needed | set(required.split())),
        short=short,
    )


NUMBERS = ListOf(of(Session._meta.get_field("number")))
LINE = scalars.text(120, blank=False)

GROUP = record(
    Group,
    "name tagline lead about city area cadence time_zone usual_start usual_end capacity organiser_name "
    "organiser_url repository_url waiting_list_open apply_note apply_intro interest_label invitation_days "
    "reminder_days reviews_needed automatic_offers ask_after_days answer_days keep_months quiet_from "
    "quiet_until second_factor accent accent_dark",
)
PERSON = record(Presenter, "url", name=LINE, required="name", short="name")
READING_FIELDS = "title url kind part note minutes"
IMPORTANCE = {"optional": scalars.yes_no, "stretch": scalars.yes_no}
SUB_READING = record(Reading, READING_FIELDS, **IMPORTANCE)
READING = record(Reading, READING_FIELDS, **IMPORTANCE, sub=ListOf(SUB_READING, key=("title", "url")))
MATERIALS = ListOf(record(Material, "kind title url"), key=("url",))

SESSION = record(
    Session,
    "number title state time_zone place chairs directions host host_url summary agenda up_next notes_url",
    date=scalars.day,
    in_days=scalars.whole(0, 3650),
    start=scalars.clock,
    end=scalars.clock,
    readings=ListOf(READING, key=("title", "url")),
    materials=MATERIALS,
)
# The zone is the group's unless the session says otherwise.
SESSION = Record(SESSION.fields, SESSION.required - {"time_zone"})

TRACK = record(
    Track,
    "name part_of",
    path=LINE,
    leaders=ListOf(PERSON, key=("name",)),
    sources=ListOf(
        record(Source, "title url", authors=ListOf(LINE)),
        key=("title",),
    ),
    sessions=NUMBERS,
)
PRESENTATION = record(
    Presentation,
    "title abstract url",
    presenters=ListOf(PERSON, key=("name",)),
    sessions=NUMBERS,
    materials=MATERIALS,
    required="presenters",
)

FILE = Record(
    fields={
        "group": GROUP,
        "strengths": ListOf(of(Strength._meta.get_field("name"))),
        "criteria": ListOf(record(Criterion, "name hint low high weight"), key=("name",)),
        "templates": ListOf(record(ReplyTemplate, "name use subject text"), key=("name",)),
        "acknowledgements": ListOf(record(Acknowledgement, "name url role reason"), key=("name",)),
        "paths": ListOf(record(Path, "name summary description"), key=("name",)),
        "sessions": ListOf(SESSION, key=("number",)),
        "tracks": ListOf(TRACK, key=("name",)),
        "presentations": ListOf(PRESENTATION, key=("title", "presenters")),
        "resources": ListOf(record(Resource, "title url kind author hours note recommended"), key=("url",)),
    },
    required=frozenset({"group"}),
)
