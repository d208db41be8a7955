"""What runs in the background for the group's sessions."""

from django.db import connection
from django.utils import timezone

from sessions_app import digests, materials, proposals, reminders, room, stored_files, thanks
from sessions_app.archive_import import uploads

FOLD = """
WITH gone AS (
    DELETE FROM sessions_app_archivetally
    WHERE id IN (SELECT id FROM sessions_app_archivetally ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED)
    RETURNING state, year, track, change
)
INSERT INTO sessions_app_archivetally (state, year, track, change)
SELECT state, year, track, sum(change) FROM gone GROUP BY 1, 2, 3 HAVING sum(change) <> 0
"""


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


def remind_of_sessions() -> int:
    """Remind of sessions that are in a week, or on the next day. Returns how many mails were written."""
    return reminders.remind(now=timezone.now())


def thank_presenters() -> int:
    """Thank those who presented in a session the day before, and its host. Returns how many."""
    return thanks.thank(now=timezone.now())


def send_digests() -> int:
    """Write the week's digests to the members who want one. Returns how many."""
    return digests.send(now=timezone.now())


def settle_talks() -> int:
    """Bring talks into step with their sessions; withdraw what nobody can give. Returns how many moved."""
    now = timezone.now()
    moved = proposals.follow(proposals.adrift().values_list("pk", flat=True), now=now)
    return moved + proposals.withdraw_abandoned(now=now)


def fold_archive_tally() -> int:
    """Fold the tally's rows of a count into one. Two workers fold different rows. Returns 0."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD)
    return 0


def mend_first_talks() -> int:
    """Put right when presenters first presented, where changes at the same moment missed each other.

    The triggers of migration 0009 know all else at once. Returns of how many presenters.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT sessions_app_note_first_talks(array_agg(id)) FROM sessions_app_presenter")
        return cursor.fetchone()[0]


TIDYING = (
    move_up_lines,
    ask_for_slides,
    settle_talks,
    remind_of_sessions,
    thank_presenters,
    send_digests,
    forget_ownerless_files,
    empty_old_archive_uploads,
    fold_archive_tally,
    mend_first_talks,
)
