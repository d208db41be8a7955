"""The kinds of mail that no package below writes: an organiser's own words to many."""

from __future__ import annotations

from django.utils import timezone

from members.models import Group, Member
from members.seats import current_group
from outbox.kinds import TO_ORGANISERS, TO_OTHERS, Kind, register
from outbox.wording import Markdown, Value
from studygroup import organiser_digest

PART = "The group"
CIRCULAR = {
    "subject": "what the organiser has written above the mail",
    "text": "what the organiser has written",
    "group": "the group’s name",
}


def _circular() -> dict[str, Value] | None:
    group = Group.objects.current()
    if group is None:
        return None
    text = Markdown("The library is closed on Tuesday, so we meet at the **café** opposite.")
    return {"subject": "Another room on Tuesday", "text": text, "group": group.name}


def _circular_to_applicants() -> dict[str, Value] | None:
    values = _circular()
    return values and values | {"status_url": "[the applicant’s own link]"}


def _organiser_digest() -> dict[str, Value] | None:
    group = current_group()
    organiser = Member.objects.organisers().select_related("user").order_by("pk").first()
    lines = organiser_digest.todos(group, now=timezone.now()) if group and organiser else []
    return organiser_digest.words(lines, organiser.name, group) if lines else None


KINDS = [
    Kind(
        "circular",
        "The organisers write to members",
        PART,
        "You get this because you belong to the group or come to one of its sessions.",
        placeholders=CIRCULAR,
        may_wait=False,
        own_words=True,
        optional=True,
        sample=_circular,
    ),
    Kind(
        "circular_applicants",
        "The organisers write to applicants",
        PART,
        "You get this because you have applied for a seat.",
        placeholders=CIRCULAR | {"status_url": "the applicant’s own page"},
        may_wait=False,
        own_words=True,
        optional=True,
        sample=_circular_to_applicants,
        to=TO_OTHERS,
    ),
    Kind(
        organiser_digest.KIND,
        "The organisers’ weekly digest",
        PART,
        "You get this because you organise the group.",
        placeholders={
            "name": "the organiser’s name",
            "group": "the group’s name",
            "how_many": "such as “Three things need”",
            "to_do": "the list of what needs doing, each with its page",
            "organise_url": "the organisers’ page",
        },
        may_wait=False,
        optional=True,
        sample=_organiser_digest,
        is_digest=True,
        to=TO_ORGANISERS,
    ),
]


def listen() -> None:
    """Make these kinds known to the outbox."""
    register(KINDS)
