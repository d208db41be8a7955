"""What runs in the background for the group's people."""

from django.utils import timezone

from members import invitations


def lapse_overdue_invitations() -> int:
    """Free the seats of invitations that nobody answered in time. Returns how many."""
    return invitations.lapse_overdue(now=timezone.now())
