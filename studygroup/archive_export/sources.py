"""Where an archive is read from: a folder on disk, or a zip. Both give paths and bytes, nothing else."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sessions_app.archive_import.folder import is_hidden
from studygroup.archive_export.problems import ArchiveError, ArchiveProblem, of_file

MOST_FILES = 1_000_000
LONGEST_PATH = 1000  # characters


@dataclass
class Source:
    """The files of an archive: what gives the bytes of each, at most so many. `problems`: what is refused."""

    files: dict[str, Callable[[int], bytes]] = field(default_factory=dict)
    problems: list[ArchiveProblem] = field(default_factory=list)

    def read(self, path: str, most: int) -> bytes:
        """The bytes of a file, one more than `most` where there are more. Raises ArchiveError."""
        try:
            return self.files[path](most + 1)
        except OSError as fault:
            raise ArchiveError([of_file(path, f"it cannot be read: {fault.strerror or fault}")]) from None
        except Exception as fault:  # zipfile, zlib and others raise many kinds on damaged entries
            raise ArchiveError([of_file(path, f"it is damaged in the zip ({fault})")]) from None

    def add(self, path: str, give: Callable[[int], bytes], *, is_link: bool = False) -> None:
        """Take a file in, or say why not. Hidden files, which systems leave about, are passed over."""
        path = unicodedata.normalize("NFC", path)
        if fault := _fault(path):
            self.problems.append(of_file(path, fault))
        elif is_hidden(path):
            pass
        elif is_link:
            self.problems.append(of_file(path, "this is a link to elsewhere; put the file itself here"))
        elif path in self.files:
            self.problems.append(of_file(path, "it is there twice"))
        else:
            self.files[path] = give


def _fault(path: str) -> str:
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or "\\" in path or ".." in path.split("/"):
        return "its path points out of the archive"
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in path):
        return "there is a control character in its name"
    return "its path is too long" if len(path) > LONGEST_PATH else ""


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The archive in this folder or zip. Raises ArchiveError for what is neither."""
    if path.is_dir():
        yield _of_folder(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise ArchiveError([of_file("", f"{path} does not exist.")]) from None
    except OSError as fault:
        raise ArchiveError([of_file("", f"{path} cannot be read: {fault.strerror}.")]) from None
    except Exception:  # as above
        raise ArchiveError([of_file("", f"{path} is neither a folder nor a zip file.")]) from None
    with archive:
        yield _of_zip(archive)


def _of_folder(root: Path) -> Source:
    source = Source()
    for here, folders, names in os.walk(root, followlinks=False):
        links = [name for name in folders if os.path.islink(os.path.join(here, name))]
        folders[:] = sorted(set(folders) - set(links))
        for name in sorted([*names, *links]):
            file = Path(here, name)
            path = os.fsencode(file.relative_to(root).as_posix()).decode(errors="replace")
            mode = file.lstat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
                source.problems.append(of_file(path, "this is no ordinary file"))
            else:
                source.add(path, _from_disk(file), is_link=stat.S_ISLNK(mode))
    return source


def _from_disk(file: Path) -> Callable[[int], bytes]:
    def give(most: int) -> bytes:
        with file.open("rb") as stream:
            return stream.read(most)

    return give


def _of_zip(archive: zipfile.ZipFile) -> Source:
    source = Source()
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        raise ArchiveError([of_file("", f"The zip holds more than {MOST_FILES:,} files.")])
    root = _root(entries)
    for entry in entries:
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        source.add(entry.filename.removeprefix(root), _from_zip(archive, entry), is_link=is_link)
    return source


def _root(entries: list[zipfile.ZipInfo]) -> str:
    """The one folder in which everything lies, as in the download."""
    found = [entry.filename for entry in entries if re.fullmatch(r"([^/]+/)?group\.md", entry.filename)]
    return found[0].removesuffix("group.md") if len(found) == 1 else ""


def _from_zip(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def give(most: int) -> bytes:
        # What an entry says of its own size may be a lie, so it is read up to the bound.
        with archive.open(entry) as stream:
            return stream.read(most)

    return give
