"""What runs in the background for the site as a whole."""

from django.utils import timezone

from studygroup import organiser_digest


def send_organiser_digests() -> int:
    """Write the week's digest to the organisers, when anything needs doing. Returns how many."""
    return organiser_digest.send(now=timezone.now())


TIDYING = (send_organiser_digests,)
