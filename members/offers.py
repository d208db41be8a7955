"""Automatic offers: a free seat goes to the next on the agreed order, when the group wants that."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from members import admissions, membership, seats, settings_desk
from members.errors import Refused
from members.models import Application, Decision, Group, User


def following() -> Application | None:
    """Whom the next automatic offer goes to: the first on the agreed order who may be asked by a machine.

    Passed over are whoever let an invitation lapse (a person decides about asking again) and whoever the
    organisers mean to decline. None when nobody is left, or no order was agreed.
    """
    return (
        Application.objects.agreed()
        .filter(place__isnull=False, lapses=0)
        .exclude(decision__kind=Decision.Kind.DECLINE)
        .first()
    )


def offer_free_seats(*, now: datetime) -> int:
    """Invite the next on the agreed order for every free seat. Returns how many were invited.

    Off unless the group says so. Members whose leave is over come first; while one waits for a seat, nobody
    is invited. Safe to run from several workers at once.
    """
    group = Group.objects.current()
    if group is None or not group.automatic_offers:
        return 0
    done = 0
    try:
        while _offer_next(now=now):
            done += 1
    except Refused:
        pass  # the applicant moved while this worker looked; the next look takes the one after
    return done


@transaction.atomic
def _offer_next(*, now: datetime) -> bool:
    """Invite one person, all of it decided under the group's lock; False when there is nothing to offer."""
    group = Group.objects.locked()
    if not group.automatic_offers or seats.count(group).is_full:
        return False
    if membership.due_back(group, now=now).exists():
        return False
    application = following()
    if application is None:
        return False
    admissions.invite(application_id=application.pk, by=None, now=now, reason="Next in the agreed order")
    return True


@transaction.atomic
def set_automatic(*, on: bool, by: User | None, now: datetime) -> Group:
    """Switch automatic offers on or off; the settings' history tells it.

    Raises Refused when they are so already.
    """
    group = Group.objects.locked()
    if group.automatic_offers == on:
        raise Refused(f"Automatic offers are {'on' if on else 'off'} already. Nothing was changed.")
    group.automatic_offers = on
    group.save(update_fields=["automatic_offers"])
    before, after = (settings_desk.told("automatic_offers", value) for value in (not on, on))
    settings_desk.write("automatic_offers", before, after, by=by, now=now)
    return group
