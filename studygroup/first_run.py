"""Setting up a site that has no group: the group, its first organiser, and perhaps the first session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from members import seats, setup_codes
from members.addresses import fold
from members.models import Criterion, Group, Member, User
from members.setup_codes import AlreadySetUp
from sessions_app.models import Session
from sessions_app.planning import moment

# What reviewers score until the organisers choose something else.
CRITERIA = [
    ("Gets something out of it", "Is this the right level, and the right reason?"),
    ("Puts something in", "Would prepare, present, explain to others"),
    ("Brings what we lack", "Look at the balance of the room"),
]


@dataclass(frozen=True)
class Wanted:
    """What was typed, checked by the form. group: fields of the group; day: None for no session yet."""

    group: dict
    name: str
    email: str
    password: str = ""
    title: str = ""
    day: date | None = None


def set_up(wanted: Wanted, *, digest: str, now: datetime) -> tuple[User, bool]:
    """Make all of it or nothing; the code ends. Returns the organiser, and whether the account is new.

    digest: of the code that was entered (`setup_codes.digest_of`). An account that was there keeps its
    password. Raises AlreadySetUp, also for the slower of two, WrongCode, and NoSuchTime for the session.
    """
    try:
        with transaction.atomic():
            setup_codes.check(digest, now=now, lock=True)
            return _make(wanted, now=now)
    except IntegrityError:
        if Group.objects.exists():  # loaded from a file at this moment
            raise AlreadySetUp from None
        raise


def _make(wanted: Wanted, *, now: datetime) -> tuple[User, bool]:
    city = wanted.group["city"]
    group = Group.objects.create(
        tagline=f"A study group in {city}", organiser_name=wanted.name, **wanted.group
    )
    for position, (name, hint) in enumerate(CRITERIA):
        Criterion.objects.create(name=name, hint=hint, position=position)
    user = User.objects.filter(email=fold(wanted.email)).first()
    is_new = user is None
    if is_new:
        user = User.objects.create_user(wanted.email, wanted.name, wanted.password or None)
    # Organisers correct records in the admin too.
    user.is_staff = user.is_superuser = user.is_active = True
    user.save(update_fields=["is_staff", "is_superuser", "is_active"])
    seats.add_member(user=user, now=now, role=Member.Role.ORGANISER)
    if wanted.day:
        Session.objects.create(
            number=1,
            title=wanted.title,
            state=Session.State.DRAFT,
            starts_at=moment(wanted.day, group.usual_start, group.time_zone),
            ends_at=moment(wanted.day, group.usual_end, group.time_zone),
            time_zone=group.time_zone,
        )
    setup_codes.use_up()
    return user, is_new
