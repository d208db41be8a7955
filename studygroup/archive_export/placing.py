"""The files of an archive in a folder on disk: beside the old ones first, then in their place."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from members.errors import Refused
from studygroup.archive_export.emitting import FENCE
from studygroup.archive_export.writing import FORMAT, Entry

# What an archive has at its top.
FOLDERS = {"members", "presenters", "sessions", "talks"}
OWN = FOLDERS | {
    f"{name}.md" for name in ("README", "MISSING", "group", "curriculum", "resources", "seats", "accounts")
}
MARK = f"{FENCE}format: {FORMAT}\n".encode()


class Occupied(Refused):
    """The folder holds something else."""


def is_archive(folder: Path) -> bool:
    """Whether this folder is an archive that was written here or elsewhere."""
    try:
        with (folder / "group.md").open("rb") as file:
            return file.read(len(MARK)) == MARK
    except OSError:
        return False


def place(entries: Iterable[Entry], target: Path) -> list[str]:
    """Write an archive to a new or empty folder, or in place of an older archive. Returns its paths.

    A fault on the way leaves the folder as it was. Raises Occupied, and OSError.
    """
    target = target.absolute()
    _check(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Readable for nobody else: there are people's addresses in it.
    beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        paths = [_write(entry, beside / "new") for entry in entries]
        if target.exists():
            target.rename(beside / "old")
        try:
            (beside / "new").rename(target)
        except OSError:
            if (beside / "old").exists():
                (beside / "old").rename(target)
            raise
        target.chmod(0o700)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return paths


def _check(target: Path) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise Occupied(f"{target} is no folder. Nothing was written.")
    if not target.exists() or not any(target.iterdir()):
        return
    if not is_archive(target):
        raise Occupied(f"{target} is not empty and holds no archive. Choose another folder.")
    if others := sorted({each.name for each in target.iterdir()} - OWN):
        raise Occupied(
            f"{target} holds something besides an archive, which would be lost: {', '.join(others[:5])}. "
            "Choose a folder inside it, or take that out."
        )


def _write(entry: Entry, root: Path) -> str:
    path = root / entry.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        if isinstance(entry.content, str):
            file.write(entry.content.encode())
        else:
            with entry.content.storage.open(entry.content.name) as source:
                shutil.copyfileobj(source, file)
    return entry.path
