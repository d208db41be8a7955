"""What runs in the background for the group's sessions."""

from django.utils import timezone

from sessions_app import stored_files
from sessions_app.archive_import import uploads


def empty_old_archive_uploads() -> int:
    """Empty zips of notes that nobody has imported for a day. Returns how many."""
    return uploads.empty_old(now=timezone.now())


def forget_ownerless_files() -> int:
    """Delete files whose reading or material is gone. Returns how many."""
    return stored_files.forget_ownerless(now=timezone.now())


TIDYING = (
    forget_ownerless_files,
    empty_old_archive_uploads,
)
