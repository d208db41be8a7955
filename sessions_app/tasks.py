"""What runs in the background for the group's sessions."""

from django.utils import timezone

from sessions_app import materials, proposals, room, stored_files
from sessions_app.archive_import import uploads


def empty_old_archive_uploads() -> int:
    """Empty zips of notes that nobody has imported for a day. Returns how many."""
    return uploads.empty_old(now=timezone.now())


def forget_ownerless_files() -> int:
    """Delete files whose reading or material is gone. Returns how many."""
    return stored_files.forget_ownerless(now=timezone.now())


def move_up_lines() -> int:
    """Give chairs that people have left behind to those who wait for one. Returns how many got one."""
    return room.move_up_everywhere(now=timezone.now())


def ask_for_slides() -> int:
    """Ask those who present soon for slides that are not there. Returns how many were written to."""
    return materials.ask_for_slides(now=timezone.now())


def settle_talks() -> int:
    """Bring talks into step with their sessions; withdraw what nobody can give. Returns how many moved."""
    now = timezone.now()
    moved = proposals.follow(proposals.adrift().values_list("pk", flat=True), now=now)
    return moved + proposals.withdraw_abandoned(now=now)


TIDYING = (
    move_up_lines,
    ask_for_slides,
    settle_talks,
    forget_ownerless_files,
    empty_old_archive_uploads,
)
