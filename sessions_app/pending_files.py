"""Files that came with a form which could not be saved yet: kept, so that nobody has to choose them again.

Such a file belongs to nothing. Only whoever uploaded it can bring it back; the worker deletes it after a day
(`stored_files.forget_ownerless`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from members.errors import Refused
from members.models import User
from sessions_app.models import StoredFile


class FileGone(Refused):
    """The file that a form came with is no longer kept, or belongs to something by now."""

    def __init__(self):
        super().__init__("Choose the file again; it is no longer kept here.")


def brought_back(keys: Iterable[object], *, by: User | None) -> dict[str, StoredFile]:
    """The pending files of this person among these keys, by key. Whatever is no key is left out.

    One query, none without a key.
    """
    known = [found for key in keys if (found := _key(key))]
    if not known or by is None:
        return {}
    return {str(file.pk): file for file in _ownerless(known).filter(uploaded_by=by)}


def take(files: Iterable[StoredFile]) -> dict[uuid.UUID, StoredFile]:
    """Lock pending files, so that each can be given to its owner in this transaction.

    Raises FileGone when one of them belongs to something by now, is deleted, or is asked for twice.
    """
    keys = [file.pk for file in files]
    found = {file.pk: file for file in _ownerless(keys).select_for_update(of=("self",))} if keys else {}
    if len(found) < len(keys):
        raise FileGone
    return found


def _ownerless(keys: list[uuid.UUID]):
    return StoredFile.objects.filter(pk__in=keys, reading__isnull=True, material__isnull=True)


def _key(typed: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(typed)) if typed else None
    except ValueError:
        return None
