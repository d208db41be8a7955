"""A folder on disk, or the bytes of a zip, into texts. What is not taken is named, with the reason."""

from __future__ import annotations

import io
import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from members.errors import Refused

TEXTS = (".md", ".markdown", ".mdown", ".txt")
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".avif")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
LARGEST_TEXT = 1_000_000  # bytes of one file: five times what the longest notes may hold
LARGEST_ZIP = 20_000_000  # bytes, compressed
LARGEST_UNPACKED = 100_000_000
LARGEST_TEXTS = 2_000_000  # bytes of all texts of a zip: a page must answer before anybody gives it up
MOST_FILES = 2_000
LONGEST_PATH = 300
INSTEAD = "Leave the pictures out, or import the folder with the command."
MOST_NAMED = 60  # files that are named one by one in what was not taken


class Unreadable(Refused):
    """What was given is no folder of notes, for the reason that `str()` tells."""


@dataclass
class Folder:
    """The texts by their paths; `left_out` are sentences, `others` counts what is no text by its kind."""

    texts: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def add(self, path: str, data: bytes) -> None:
        """Take a text in."""
        if len(data) > LARGEST_TEXT:
            self.left_out.append(f"“{path}” is larger than 1 MB, so it is not read.")
            return
        self.texts[path], remarks = decode(data)
        if remarks:
            self.remarks[path] = remarks

    def all_left_out(self) -> list[str]:
        """Every sentence on what was not taken, the counted kinds last."""
        sentences = self.left_out[:MOST_NAMED]
        if len(self.left_out) > MOST_NAMED:
            sentences.append(f"{len(self.left_out) - MOST_NAMED} more files were not taken either.")
        for kind, count in sorted(self.others.items()):
            one, many = (
                ("picture is", "pictures are")
                if kind == "picture"
                else (f"{kind} file is", f"{kind} files are")
            )
            sentences.append(f"{count} {one if count == 1 else many} not taken.")
        return sentences


def decode(data: bytes) -> tuple[str, list[str]]:
    """A file's text with lines that end alike, and what had to be done to read it."""
    remarks = []
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
        remarks.append("The file is written in UTF-16.")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("windows-1252", errors="replace")
            remarks.append(
                "The file is not in UTF-8; it was read as Windows-1252 (Latin-1). Look at its accents."
            )
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
        remarks.append("NUL characters, which no text has, are replaced by “\ufffd”.")
    return text.replace("\r\n", "\n").replace("\r", "\n"), remarks


def natural(path: str) -> list:
    """For sorting paths: week2 before week10."""
    return [
        [
            (0, int(part), "") if part.isdigit() and part.isascii() else (1, 0, part)
            for part in re.split(r"([0-9]+)", name)
        ]
        for name in path.casefold().split("/")
    ]


def kind_of(path: str) -> str:
    """What a file is by its name: "text", "picture", or the ending that is not read."""
    ending = os.path.splitext(path)[1].lower()
    if ending in TEXTS:
        return "text"
    return "picture" if ending in PICTURES else ending[:12] or "other"


def is_hidden(path: str) -> bool:
    """Whether it lies where no notes are: .git, __MACOSX, node_modules."""
    return any(part.startswith(".") or part in ("__MACOSX", "node_modules") for part in path.split("/"))


def read_disk(root: Path) -> Folder:
    """Every text below a folder; links to elsewhere are not followed. Raises Unreadable."""
    if not root.is_dir():
        raise Unreadable(f"{root} is no folder.")
    folder, found = Folder(), []
    for here, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(
            name for name in folders if not is_hidden(name) and not os.path.islink(os.path.join(here, name))
        )
        found += [Path(here, name) for name in names if not is_hidden(name)]
    for file in sorted(found, key=lambda file: natural(file.relative_to(root).as_posix())):
        path = _shown(file.relative_to(root).as_posix())
        if file.is_symlink():
            folder.left_out.append(f"“{path}” is a link to elsewhere, so it is not read.")
        elif (kind := kind_of(path)) != "text":
            folder.others[kind] += 1
        elif len(path) > LONGEST_PATH:
            folder.left_out.append(f"“{path[:80]}…” has too long a name, so it is not read.")
        else:
            try:
                with file.open("rb") as stream:
                    folder.add(path, stream.read(LARGEST_TEXT + 1))
            except OSError as fault:
                folder.left_out.append(f"“{path}” cannot be read: {fault.strerror}.")
    return folder


def _shown(path: str) -> str:
    """A name as text: bytes that are none of it, and control characters, become question marks."""
    path = path.encode("utf-8", errors="replace").decode()
    return "".join("?" if unicodedata.category(c) in ("Cc", "Cs") else c for c in path)


def read_zip(data: bytes) -> Folder:
    """Every text of a zip. Nothing is written to disk. Raises Unreadable."""
    if len(data) > LARGEST_ZIP:
        raise Unreadable(f"The file is larger than 20 MB. {INSTEAD}")
    try:
        return _unpack(data)
    except Unreadable:
        raise
    except Exception as fault:  # zipfile raises its own and others' errors on wild bytes
        raise Unreadable(
            "This is no zip file, or it is damaged. Make a zip of the folder and upload that."
        ) from fault


def _unpack(data: bytes) -> Folder:
    folder = Folder()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > MOST_FILES:
            raise Unreadable(f"The zip holds {len(entries):,} files; at most {MOST_FILES:,} are taken.")
        if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
            raise Unreadable(f"The zip holds more than 100 MB. {INSTEAD}")
        wanted: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            if path := _path_of(entry, folder):
                if path in wanted:
                    folder.left_out.append(f"“{path}” is in the zip twice; the first is taken.")
                wanted.setdefault(path, entry)
        root = _common_root(list(wanted))
        total = 0
        for path in sorted(wanted, key=natural):
            if (kind := kind_of(path)) != "text":
                folder.others[kind] += 1
                continue
            text = _content(archive, wanted[path])
            if text is None:
                folder.left_out.append(f"“{path}” is damaged or uses a compression that is not known here.")
                continue
            total += len(text)
            if total > LARGEST_TEXTS:
                raise Unreadable(
                    "The texts are more than 2 MB. Split the zip, or import the folder with the command."
                )
            folder.add(path.removeprefix(root), text)
    if not folder.texts and not folder.left_out:
        raise Unreadable("The zip holds no .md, .markdown or .txt file, so there is nothing to import.")
    return folder


def _path_of(entry: zipfile.ZipInfo, folder: Folder) -> str:
    """Where an entry lies, or nothing with the reason noted."""
    name = entry.filename
    if not entry.flag_bits & 0x800 and not name.isascii():
        try:  # many programs write UTF-8 without saying so
            name = name.encode("cp437").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            folder.left_out.append("A file whose name is not written in UTF-8 is not taken.")
            return ""
    path = name.replace("\\", "/")
    shown = _shown(path)[:80]
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in path.split("/"):
        folder.left_out.append(f"“{shown}” points outside the folder, so it is not taken.")
    elif path != _shown(path):
        folder.left_out.append(f"“{shown}” has control characters in its name, so it is not taken.")
    elif len(path) > LONGEST_PATH:
        folder.left_out.append(f"“{shown}…” has too long a name, so it is not taken.")
    elif is_hidden(path):
        pass
    elif stat.S_ISLNK(entry.external_attr >> 16):
        folder.left_out.append(f"“{shown}” is a link to elsewhere, so it is not taken.")
    elif entry.flag_bits & 0x1:
        folder.left_out.append(f"“{shown}” is locked with a password, so it is not taken.")
    elif path.lower().endswith(ARCHIVES):
        folder.left_out.append(f"“{shown}” is packed once more; unpack it first. It is not taken.")
    else:
        return re.sub(r"/{2,}|/\./", "/", path.removeprefix("./"))
    return ""


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    """What an entry holds, one byte more than is taken at most: what it says of its own size may be a lie."""
    try:
        with archive.open(entry) as stream:
            return stream.read(LARGEST_TEXT + 1)
    except Exception:  # zipfile, zlib, lzma and bz2 raise many kinds on damaged entries
        return None


def _common_root(paths: list[str]) -> str:
    """The one folder that everything lies in, as zips of a repository have it: it says nothing."""
    first = {path.partition("/")[0] for path in paths}
    if len(first) == 1 and all("/" in path for path in paths):
        folder = f"{first.pop()}/"
        # A lone week7/README.md keeps its folder, which may hold the number.
        return folder if any("/" in path.removeprefix(folder) for path in paths) or len(paths) > 1 else ""
    return ""
