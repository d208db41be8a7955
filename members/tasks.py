"""What runs in the background for the group's people."""

from django.db import connection
from django.utils import timezone

from members import doorstep, invitations, keeping, membership, offers
from members.importing import uploads

FOLD = """
WITH gone AS (
    DELETE FROM members_statetally
    WHERE id IN (SELECT id FROM members_statetally ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED)
    RETURNING state, change
)
INSERT INTO members_statetally (state, change) SELECT state, sum(change) FROM gone GROUP BY state
"""


def answer_knocks() -> int:
    """Answer what was asked at the door: applications, lost links, sign-in mails. Returns how many."""
    return doorstep.answer_waiting(now=timezone.now())


def lapse_overdue_invitations() -> int:
    """Free the seats of invitations that nobody answered in time. Returns how many."""
    return invitations.lapse_overdue(now=timezone.now())


def remind_of_invitations() -> int:
    """Remind of invitations that lapse soon. Returns how many."""
    return invitations.remind_due(now=timezone.now())


def ask_whether_still_interested() -> int:
    """Ask those who have waited long, and let sleep who has not answered. Returns how many were told."""
    now = timezone.now()
    return keeping.ask_due(now=now) + keeping.put_to_sleep(now=now)


def seat_members_back_from_leave() -> int:
    """Seat those whose leave is over. Returns how many."""
    return membership.seat_returners(now=timezone.now())


def offer_free_seats() -> int:
    """Invite the next in the agreed order, when the group wants that. Returns how many."""
    return offers.offer_free_seats(now=timezone.now())


def erase_old_applications() -> int:
    """Erase what is kept no longer. Returns how many."""
    return keeping.erase_old(now=timezone.now())


def empty_old_uploads() -> int:
    """Empty files of applicants that nobody has imported for a day. Returns how many."""
    return uploads.empty_old(now=timezone.now())


def forget_failed_knocks() -> int:
    """Delete what could not be answered for a month. Returns how many."""
    return doorstep.forget_failed(now=timezone.now())


def fold_state_tally() -> int:
    """Fold the tally's rows of a state into one. Two workers fold different rows. Returns 0."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD)
    return 0


TIDYING = (
    lapse_overdue_invitations,
    remind_of_invitations,
    seat_members_back_from_leave,
    offer_free_seats,
    ask_whether_still_interested,
    erase_old_applications,
    forget_failed_knocks,
    empty_old_uploads,
    fold_state_tally,
)
