"""From the files of an archive to values, with every problem found on the way; without the database."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Any

from PIL import Image

from sessions_app import stored_files
from sessions_app.archive_import.folder import natural
from studygroup.archive_export import records, tables
from studygroup.archive_export.problems import ArchiveError, ArchiveProblem, of_file
from studygroup.archive_export.records import Shape
from studygroup.archive_export.sources import Source
from studygroup.archive_export.writing import FORMAT
from studygroup.group_file.checking import BAD, Checker, Values
from studygroup.group_file.problems import GroupFileError, Problem
from studygroup.group_file.reading import compose_text

LARGEST_TEXT = 50_000_000  # bytes
MOST_PIXELS = 40_000_000
UNREAD = {"README.md", "MISSING.md"}
FENCED = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<matter>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


class ExactChecker(Checker):
    """Takes texts with every sign that the database takes."""

    def unfit(self, text: str) -> str:
        """As the base class, but only for signs that the database takes in no text."""
        broken = "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text)
        return "there is a sign in this text that no database takes; take it out" if broken else ""


@dataclass
class Document:
    """One file with fields: its values, its text, and what was said against it."""

    path: str
    shape: Shape
    values: Values = field(default_factory=Values)
    body: str = ""
    complaints: list[ArchiveProblem] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # by the field, what stands in files beside it
    notes: Document | None = None
    revisions: list[Document] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """Where it lies."""
        return self.path.rpartition("/")[0]

    @property
    def stem(self) -> str:
        """Its name without .md, by which others call it."""
        return posixpath.basename(self.path).removesuffix(".md")

    def complain(self, values: Values, name: str, what: str) -> None:
        """Note a problem at a field, or at the record where the field is missing."""
        line, where = values.places.get(name) or values.places.get("", (1, ""))
        self.complaints.append(ArchiveProblem(self.path, Problem(line, where, what)))

    def located(self, relative: str) -> str:
        """The path in the archive of a file that lies by this one."""
        return posixpath.normpath(posixpath.join(self.folder, relative))


@dataclass
class Archive:
    """All documents of an archive, and the sizes of its pictures by their paths."""

    documents: list[Document] = field(default_factory=list)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    def of(self, shape: Shape) -> list[Document]:
        """The documents of one kind, in their order."""
        return [document for document in self.documents if document.shape is shape]


class Reader:
    """Reads a source; `problems` collects everything that is wrong."""

    def __init__(self, source: Source):
        self.source = source
        self.problems: list[ArchiveProblem] = list(source.problems)
        self.seen = set(UNREAD)
        self.archive = Archive()
        self.kinds: dict[int, Any] = {}

    def read(self) -> Archive:
        """Every file. Raises ArchiveError at once for what is no archive."""
        self._require_archive()
        for path, shape in (
            ("group.md", records.GROUP),
            ("accounts.md", records.ACCOUNTS),
            ("curriculum.md", records.CURRICULUM),
            ("resources.md", records.RESOURCES),
            ("seats.md", records.SEATS),
        ):
            if path in self.source.files:
                self.document(path, shape)
        for folder, shape in (
            ("members", records.MEMBER),
            ("presenters", records.PRESENTER),
            ("talks", records.TALK),
        ):
            found = [path for path in self.source.files if re.fullmatch(rf"{folder}/[^/]+\.md", path)]
            for path in sorted(found, key=lambda path: (natural(path.removesuffix(".md")), path)):
                self._files_of(self.document(path, shape))
        folders = {
            path.rpartition("/")[0] for path in self.source.files if re.match(r"sessions/[^/]+/[^/]+$", path)
        }
        for folder in sorted(folders, key=lambda folder: (natural(folder), folder)):
            self._session(folder)
        for path in self.source.files.keys() - self.seen:
            self.problems.append(of_file(path, "nothing in the archive speaks of this file; take it out"))
        for document in self._all():
            self.problems += document.complaints
            document.complaints = []
        return self.archive

    def _all(self) -> list[Document]:
        found = list(self.archive.documents)
        for document in self.archive.documents:
            found += [each for each in (document.notes, *document.revisions) if each]
        return found

    def _require_archive(self) -> None:
        if "group.md" not in self.source.files:
            raise ArchiveError([of_file("", "There is no group.md here, so this is no archive of a group.")])
        head = self.source.read("group.md", 500)[:500].decode(errors="replace").replace("\r\n", "\n")
        found = re.match(r"\ufeff?---\nformat: *(.*)", head)
        if not found or found[1].strip() != FORMAT:
            raise ArchiveError(
                [of_file("group.md", f"“format: {FORMAT}” does not stand in it; this is another format", 2)]
            )

    # --- Texts ---------------------------------------------------------------------------------------
    def text(self, path: str) -> str:
        """The text of a file, exactly; "" with a problem noted."""
        self.seen.add(path)
        try:
            data = self.source.read(path, LARGEST_TEXT)
            text = data.decode()
        except ArchiveError as fault:
            self.problems += fault.problems
            return ""
        except UnicodeDecodeError as fault:
            line = data.count(b"\n", 0, fault.start) + 1
            self.problems.append(of_file(path, "the file is not UTF-8 from here on; save it as UTF-8", line))
            return ""
        if len(data) > LARGEST_TEXT or "\0" in text:
            self.problems.append(
                of_file(path, "the file is larger than 50 MB" if "\0" not in text else "there is a NUL in it")
            )
            return ""
        return text

    def document(self, path: str, shape: Shape, *, add: bool = True) -> Document:
        """A file with fields."""
        document = Document(path, shape)
        if add:
            self.archive.documents.append(document)
        text = self.text(path)
        match = FENCED.match(text)
        if not match:
            self.problems.append(of_file(path, "begin with fields between two lines of three dashes"))
            return document
        rest = text[match.end() :]
        document.body = rest[2:] if rest.startswith("\r\n") else rest.removeprefix("\n")
        if document.body and not any(table.body for table in shape.tables):
            line = text.count("\n", 0, match.end()) + 1
            self.problems.append(of_file(path, "this file has fields alone, so no text is read here", line))
        if id(shape) not in self.kinds:
            self.kinds[id(shape)] = shape.record()
        checker = ExactChecker()
        try:
            node = compose_text(f"\n{match['matter']}" if match["matter"].strip() else "\n{}", deep=True)
            values = checker.value(self.kinds[id(shape)], node, "")
            document.values = values if values is not BAD else Values()
        except GroupFileError as fault:
            checker.problems += fault.problems
        if not hasattr(document.values, "places"):
            document.values.places = {"": (1, "")}
        document.complaints += [ArchiveProblem(path, problem) for problem in checker.problems]
        return document

    # --- Sessions ------------------------------------------------------------------------------------
    def _session(self, folder: str) -> None:
        path = f"{folder}/session.md"
        if path not in self.source.files:
            self.problems.append(of_file(path, "missing; every folder of a session has one"))
            self.seen |= {each for each in self.source.files if each.startswith(f"{folder}/")}
            return
        document = self.document(path, records.SESSION)
        for name, file in tables.SESSION.beside.items():
            if f"{folder}/{file}" in self.source.files:
                document.texts[name] = self.text(f"{folder}/{file}")
        history = [
            each for each in self.source.files if re.match(rf"{re.escape(folder)}/history/[^/]+\.md$", each)
        ]
        if f"{folder}/notes.md" in self.source.files:
            document.notes = self.document(f"{folder}/notes.md", records.NOTES, add=False)
        elif history:
            self.problems.append(of_file(f"{folder}/notes.md", "missing; there is a history of it"))
        for each in sorted(history, key=natural):
            document.revisions.append(self.document(each, records.REVISION, add=False))
        self._files_of(document)

    # --- Files ---------------------------------------------------------------------------------------
    def _files_of(self, document: Document) -> None:
        """Look at every file that a document speaks of."""
        for shape, values in document.shape.walk(document.values):
            if shape is records.FILE and "path" in values:
                self._attached(document, values, "path", partial(_allowed, values.get("name", "")))
            for name in {"picture", "small", "photo"} & shape.own.keys() & values.keys():
                path = document.located(values[name])
                self._attached(document, values, name, partial(self._picture, path))

    def _attached(self, document: Document, values: Values, name: str, check: Callable[[bytes], str]) -> None:
        path = document.located(values[name])
        inside = not document.folder or path.startswith(f"{document.folder}/")
        if values[name].startswith("/") or not inside:
            document.complain(values, name, "this path points out of the folder")
        elif path not in self.source.files:
            document.complain(values, name, f"there is no file “{path}” in the archive")
        elif path in self.seen:
            document.complain(values, name, f"“{path}” stands somewhere else already")
        else:
            self.seen.add(path)
            try:
                data = self.source.read(path, stored_files.LARGEST_FILE)
            except ArchiveError as fault:
                self.problems += fault.problems
                return
            if fault := (
                "this file is larger than 20 MB" if len(data) > stored_files.LARGEST_FILE else check(data)
            ):
                document.complain(values, name, fault)

    def _picture(self, path: str, data: bytes) -> str:
        """What speaks against a picture, or nothing; its size is kept."""
        try:
            with Image.open(BytesIO(data), formats=["JPEG"]) as picture:
                self.archive.sizes[path] = picture.size
                if picture.width * picture.height > MOST_PIXELS:
                    return "this picture has more than 40 megapixels"
                picture.verify()
        except Exception:  # Pillow raises its own and others' errors on wild input
            return "this is no JPEG picture, or a damaged one"
        return ""


def _allowed(name: str, data: bytes) -> str:
    """What speaks against a file of this name with these bytes, as of one that is uploaded; or nothing."""
    known = stored_files.KINDS.get(stored_files.ending(name))
    if not data:
        return "this file is empty"
    if name != stored_files.clean_name(name):
        return f"write its name as “{stored_files.clean_name(name)}”"
    if known is None:
        return f"files of this kind are not taken: “{name}”"
    return "" if known[1](data) else f"this file is no .{stored_files.ending(name)}, whatever its name says"
