"""Links in texts to what has a key in its address, as links to files of the archive, and back.

A photo's address /sessions/3/photos/12/ becomes ./photos/02-the-board.jpg: what begins with one ./ and
leads to such a file is ours. Where somebody typed the like, it gets one ./ more, which leads to the same
place and is taken off again. So no text is changed by leaving and coming back, but for links to what is gone.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

_FILE = r"(?:\.\./)*(?:[\w-]+/)*[\w-]+\.(?:jpg|md)(?![\w/-])"
_BEGINS = r"(?<![\w./-])"  # not in the middle of another address
_LEAVING = re.compile(
    rf"{_BEGINS}(?:(?P<address>(?P<what>/sessions/\d+/photos/|/presentations/|/presenters/)\d+/)(?![\w/-])"
    rf"|(?=(?:\./)+{_FILE}))"
)
_COMING = re.compile(rf"{_BEGINS}\./(?P<more>(?:\./)*)(?P<file>{_FILE})")


def leaving(text: str, folder: str, files: Mapping[str, str]) -> str:
    """A text of a file in this folder as the archive holds it. files: by address, the path in the archive."""
    if "/" not in text:
        return text

    def change(match: re.Match) -> str:
        if not (address := match["address"]):
            return "./"
        if address not in files:
            return f"{match['what']}0/"  # gone; its key may be another's where this text goes
        return f"./{posixpath.relpath(files[address], folder or '.')}"

    return _LEAVING.sub(change, text)


def coming(text: str, folder: str, addresses: Mapping[str, str]) -> str:
    """A text of the archive as the site holds it. addresses: by the path in the archive, the address."""
    if "./" not in text:
        return text

    def change(match: re.Match) -> str:
        if match["more"]:
            return match["more"] + match["file"]
        path = posixpath.normpath(posixpath.join(folder, match["file"]))
        return addresses.get(path, match[0])

    return _COMING.sub(change, text)
