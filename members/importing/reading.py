"""Bytes to a table: the encoding, the delimiter, and rows that know the line where they begin."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from members.errors import Refused
from members.importing import columns

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
BREAK = re.compile(r"\r\n|\r|\n")
SAVE_AS = "Open it in the spreadsheet program and save it as “CSV UTF-8”, then take that file."
# How files begin that are taken for CSV by mistake.
MISTAKEN = {
    b"PK\x03\x04": f"This is a spreadsheet or another zipped file. {SAVE_AS}",
    b"\xd0\xcf\x11\xe0": f"This is an old spreadsheet or document. {SAVE_AS}",
    b"%PDF": "This is a PDF. Take the CSV file that its table was made from.",
    b"\x89PNG": "This is an image. Take the CSV file with the applicants.",
    b"\xff\xd8\xff": "This is an image. Take the CSV file with the applicants.",
    b"GIF8": "This is an image. Take the CSV file with the applicants.",
}
MOST_COLUMNS = 200
EMPTY = "The file is empty. Take a CSV file with one row of headings and one for each person."
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(Refused):
    """The file as a whole cannot be read. The sentence says why, where, and what to do instead."""


@dataclass(frozen=True)
class Record:
    """One record: the line of the file where it begins, its fields, and what is wrong with its quotes."""

    line: int
    fields: list[str]
    fault: str = ""


@dataclass(frozen=True)
class Table:
    """A file's headings and its rows that are not empty."""

    delimiter: str
    headings: list[str]
    rows: list[Record] = field(default_factory=list)
    empty: int = 0

    @property
    def delimiter_name(self) -> str:
        """The delimiter as a word."""
        return DELIMITERS[self.delimiter]


def decode(data: bytes, encoding: str = "utf-8") -> str:
    """The text of a file. encoding: a name that Python knows; a byte order mark is dropped.

    Raises Unreadable: for an empty file, for one that is no text, for a byte that is not in the encoding
    (with its line), for an encoding nobody knows.
    """
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise Unreadable(EMPTY)
    for start, sentence in MISTAKEN.items():
        if data.startswith(start):
            raise Unreadable(sentence)
    try:
        text = data.decode(encoding)
        text.encode("utf-8")  # some encodings can spell halves of a character, which nothing can store
    except UnicodeDecodeError as fault:
        raise Unreadable(_misread(data, fault, encoding)) from None
    except (LookupError, ValueError) as fault:
        if isinstance(fault, UnicodeError):
            raise Unreadable(f"The file is not {encoding}. Save it as “CSV UTF-8”, then try again.") from None
        raise Unreadable(f"“{encoding[:40]}” is no text encoding we know. Try windows-1252.") from None
    return text.removeprefix("\ufeff")


def _misread(data: bytes, fault: UnicodeDecodeError, encoding: str) -> str:
    if data.startswith(UTF_16) and fault.start < 2:
        return "The file is UTF-16. Say so (encoding utf-16), or save it as “CSV UTF-8”."
    before = data[: fault.start]
    try:
        line = len(BREAK.findall(before.decode(encoding, "ignore"))) + 1
    except UnicodeError:  # a codec that knows no "ignore"
        line = len(BREAK.findall(before.decode("latin-1"))) + 1
    found = f"0x{data[fault.start]:02X}" if fault.start < len(data) else "the end"
    return (
        f"Line {line}, byte {fault.start + 1} of the file ({found}) is not {encoding.upper()}. Save the file "
        "as “CSV UTF-8”, or say which encoding it has; old spreadsheets write windows-1252."
    )


def read(text: str) -> Table:
    """The table in a text; the delimiter is the one that makes most of the first line.

    Rows keep their faults, for `checking` to report. Raises Unreadable when there are no headings.
    """
    delimiter = max(DELIMITERS, key=lambda each: _promise(text, each))
    headings, rows, empty = None, [], 0
    for record in records(text, delimiter):
        if not record.fault and not any(value.strip() for value in record.fields):
            empty += headings is not None
        elif headings is None:
            if record.fault:
                raise Unreadable(f"Line {record.line}, the headings: {record.fault}")
            if len(record.fields) > MOST_COLUMNS:
                raise Unreadable(f"Line {record.line} has {len(record.fields):,} columns. Is it a CSV file?")
            headings = [value.strip() for value in record.fields]
        else:
            rows.append(record)
    if headings is None:
        raise Unreadable(EMPTY)
    return Table(delimiter=delimiter, headings=headings, rows=rows, empty=empty)


def _promise(text: str, delimiter: str) -> tuple[int, int]:
    """How many of our columns the first line has when cut at this delimiter, and how many at all."""
    for record in records(text, delimiter):
        if any(value.strip() for value in record.fields):
            return len(columns.recognise(record.fields)), len(record.fields)
    return 0, 0


def records(text: str, delimiter: str):
    """Yield each Record, empty lines too (RFC 4180; a bare CR or LF ends a line as well).

    A quotation mark inside a field that does not begin with one is an ordinary character. One that is never
    closed ends the reading, since nothing after it can be told apart.
    """
    plain = re.compile(rf"[^{delimiter}\r\n]*")
    position, line = 0, 1
    while position < len(text):
        start, fields, fault = position, [], ""
        while True:
            if text.startswith('"', position):
                value, position = _quoted(text, position)
                if value is None:
                    yield Record(line, fields, "A quotation mark is opened and never closed. " + DOUBLE)
                    return
                rest = plain.match(text, position)
                if rest.end() > position:
                    value, position = value + rest[0], rest.end()
                    fault = "There is text after a closing quotation mark. " + DOUBLE
            else:
                match = plain.match(text, position)
                value, position = match[0], match.end()
            fields.append(value)
            if not text.startswith(delimiter, position):
                break
            position += 1
        end = BREAK.match(text, position)
        position = end.end() if end else position
        yield Record(line, fields, fault)
        line += len(BREAK.findall(text[start:position]))


DOUBLE = "Close it, and write two marks for one inside a field."


def _quoted(text: str, start: int) -> tuple[str | None, int]:
    """The field whose opening mark is at `start`, and where it ends; None when it is never closed."""
    position = start + 1
    while (end := text.find('"', position)) >= 0:
        if text[end + 1 : end + 2] != '"':
            return text[start + 1 : end].replace('""', '"'), end + 1
        position = end + 2
    return None, len(text)
