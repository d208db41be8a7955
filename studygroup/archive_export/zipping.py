"""The files of an archive as a zip, piece by piece: never more of it in memory than one file's piece."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator

from studygroup.archive_export.writing import Entry

PIECE = 256 * 1024  # bytes
MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip knows: the same group is the same bytes
PACKED = (".jpg", ".jpeg", ".png", ".zip", ".gz", ".pptx", ".docx", ".xlsx", ".odp", ".odt", ".ods", ".epub")


class _Pipe(io.RawIOBase):
    """What is written here waits until it is taken. It cannot go back, so zipfile writes straight on."""

    def __init__(self):
        self.pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self.pieces)
        self.pieces.clear()
        self.size = 0
        return taken


def stream(entries: Iterable[Entry], folder: str) -> Iterator[bytes]:
    """The bytes of a zip in which these files lie in one folder."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            info = zipfile.ZipInfo(f"{folder}/{entry.path}", MOMENT)
            info.external_attr = 0o600 << 16
            packed = entry.path.lower().endswith(PACKED)
            info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            with archive.open(info, "w") as file:
                for piece in _pieces(entry):
                    file.write(piece)
                    if pipe.size >= PIECE:
                        yield pipe.take()
    yield pipe.take()


def _pieces(entry: Entry) -> Iterator[bytes]:
    if isinstance(entry.content, str):
        yield entry.content.encode()
        return
    with entry.content.storage.open(entry.content.name) as source:
        yield from iter(lambda: source.read(PIECE), b"")
