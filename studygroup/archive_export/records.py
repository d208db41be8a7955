"""What each file of an archive may say: the tables, and which lists stand in which record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from studygroup.archive_export import tables
from studygroup.archive_export.kinds import LINE, NO_KEY, kind, text
from studygroup.archive_export.tables import Table
from studygroup.group_file.checking import Values
from studygroup.group_file.shape import ListOf, Record


@dataclass(frozen=True)
class Shape:
    """A record: the fields of its tables, the lists of records inside it, and what only the archive has.

    key: by which fields an entry is told apart in a list of such.
    """

    tables: tuple[Table, ...]
    lists: dict[str, Shape] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    key: tuple[str, ...] = NO_KEY

    def record(self) -> Record:
        """As the checker reads it."""
        fields, required = dict(self.own), set(self.required)
        for table in self.tables:
            for each in table.fields:
                fields[each.name] = kind(each)
                if not (each.blank or each.null or each.has_default()):
                    required.add(each.name)
        short = self.tables[0].short if self.tables else ""
        made = Record(fields, frozenset(required), short)
        for name, shape in self.lists.items():
            # A reading's parts are readings: the record stands in itself.
            item = made if shape is READING and self is READING else shape.record()
            fields[name] = ListOf(item, key=shape.key)
        if self.file:
            fields["file"] = FILE.record()
        return made

    @property
    def file(self) -> bool:
        """Whether a file may belong to it."""
        return any("file" in table.told for table in self.tables)

    def walk(self, values: Values) -> Iterator[tuple[Shape, Values]]:
        """Every record in a record, itself first, with its shape."""
        yield self, values
        for name, shape in self.lists.items():
            for entry in values.get(name, ()):
                yield from shape.walk(entry)
        if self.file and "file" in values:
            yield from FILE.walk(values["file"])


def _one(table: Table, *key: str, **lists: Shape) -> Shape:
    return Shape((table,), lists, key=key or NO_KEY)


PATH_OF_FILE = text(wants="the path of a file in this folder")
FILE = Shape((tables.FILE,), own={"path": PATH_OF_FILE}, required=frozenset({"path"}))
GROUP = Shape(
    (tables.GROUP,),
    {
        "strengths": _one(tables.STRENGTH, "name"),
        "criteria": _one(tables.CRITERION, "name"),
        "acknowledgements": _one(tables.ACKNOWLEDGEMENT),
        "reply_templates": _one(tables.REPLY_TEMPLATE, "use", "name"),
    },
    own={"format": LINE},
    required=frozenset({"format"}),
)
CURRICULUM = Shape(
    (),
    {
        "paths": _one(tables.PATH, "name"),
        "tracks": _one(tables.TRACK, "name", sources=_one(tables.SOURCE)),
    },
)
RESOURCES = Shape((), {"resources": _one(tables.RESOURCE)})
SEATS = Shape((), {"changes": _one(tables.SEAT_CHANGE)})
ACCOUNTS = Shape((), {"accounts": _one(tables.ACCOUNT, "email")})
MEMBER = Shape((tables.ACCOUNT, tables.MEMBER), own={"photo": PATH_OF_FILE})
PRESENTER = _one(tables.PRESENTER)
MATERIAL = _one(tables.MATERIAL)
TALK = _one(
    tables.PRESENTATION,
    presenters=_one(tables.APPEARANCE, "presenter"),
    materials=MATERIAL,
    steps=_one(tables.STEP),
)
READING = _one(
    tables.READING,
    links=_one(tables.READING_LINK),
    questions=_one(tables.STUCK_POINT, me_too=_one(tables.ME_TOO, "member")),
)
READING.lists["parts"] = READING
SESSION = _one(
    tables.SESSION,
    talks=_one(tables.SLOT, "presentation"),
    readings=READING,
    materials=MATERIAL,
    rsvps=_one(tables.RSVP, "member"),
    attendance=_one(tables.ATTENDANCE, "member"),
    photos=Shape(
        (tables.PHOTO,),
        own={"picture": PATH_OF_FILE, "small": PATH_OF_FILE},
        required=frozenset({"picture", "small"}),
    ),
)
NOTES = _one(tables.NOTES)
REVISION = _one(tables.REVISION)
