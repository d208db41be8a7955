"""manage.py load_demo: fill an empty database with the demonstration group and its invented people.

Everything that happened to these people goes through the functions that the site uses, with a time in the
past, so that logs, mails and dates are what a real group would have.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from members import admissions, applying, invitations, keeping, membership, seats
from members.models import Application, Criterion, Group, Member, Strength, User
from outbox.models import Message
from outbox.writing import absolute
from sessions_app import preparation, rsvps
from sessions_app.models import Appearance, Presentation, Presenter, Session, Slot
from studygroup import group_file
from studygroup.demonstration import load_meetings
from studygroup.group_file.loading import LOCK

FOLDER = settings.BASE_DIR / "demonstration"
NAME = "Deep Learning Study Group"  # as in group.yaml
PASSWORD = "study-group-demo"  # noqa: S105 – it is meant to be known
ORGANISER, MEMBER = "organiser@example.org", "member@example.org"
ANNOUNCED = timedelta(days=9)  # before the loading; the first answers came a day later
STILL_TO_SEND = ("invitation", "confirm_address")  # one of each, the newest
ANSWERS = {"current_role": "", "experience": "", "interest": "", "links": [], "talk": ""}


class Command(BaseCommand):
    help = (
        "Load the demonstration group into an empty database and print its sign-ins. "
        "Does nothing, and says so, where anything but the demonstration is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """One switch, for those who want the demonstration on a public address."""
        parser.add_argument(
            "--public",
            action="store_true",
            help="Load although SITE_URL is https: everybody who reads this source can then sign in.",
        )

    def handle(self, *, public: bool, **options) -> None:
        """Load or leave; exits with 0 in either case, since `bin/serve` calls this at each start."""
        now = timezone.now()
        if is_demonstration():
            self.stdout.write("The demonstration is loaded already; nothing was changed.")
        elif Group.objects.exists() or User.objects.exists():
            self.stdout.write(
                "This database holds a group or accounts of its own; the demonstration was not loaded."
            )
            return
        elif settings.HTTPS and not public:
            self.stdout.write(
                "The demonstration was not loaded: its passwords are known to everybody, and SITE_URL is a "
                "public address. Load your own group with load_group, or use load_demo --public."
            )
            return
        else:
            if not load(now=now):
                self.stdout.write("Another process has just filled this database; nothing was changed.")
                return
            self.stdout.write("The demonstration is loaded. Its members and applicants are invented.")
        self.say_how_to_enter(now)

    def say_how_to_enter(self, now: datetime) -> None:
        """Print the sign-ins that still work, and the page of one applicant."""
        self.stdout.write(f"  Sign in at {absolute('/accounts/login/')}")
        for email, role in ((ORGANISER, "organiser, may open /admin/"), (MEMBER, "member")):
            user = User.objects.filter(email=email).first()
            if user and user.check_password(PASSWORD):
                self.stdout.write(f"    {email}  {PASSWORD}  ({role})")
            elif user:
                self.stdout.write(f"    {email}  with the password that you gave it  ({role})")
        email = read_people()["applicant"]
        application = Application.objects.filter(email=email).order_by("-applied_at").first()
        if application:
            self.stdout.write(
                f"  The private page of {application.name}, who has applied: "
                f"{absolute(application.get_absolute_url())}"
            )
        if not Session.objects.upcoming(now=now).exists():
            self.stdout.write(
                "  Its next session is over. Plan another one, or load the demonstration afresh into an "
                "empty database."
            )


def read_people(path: Path = FOLDER / "people.yaml") -> dict:
    """The invented people, as the file tells them."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def is_demonstration() -> bool:
    """Whether this database holds the demonstration: its group, and the organiser whom only it has.

    The group alone does not tell: the Deep Learning Study Group may load its own file.
    """
    group = Group.objects.current()
    return group is not None and group.name == NAME and User.objects.filter(email=ORGANISER).exists()


@transaction.atomic
def load(*, now: datetime) -> bool:
    """Write the whole demonstration, or nothing. False when somebody else has filled the database."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    if Group.objects.exists() or User.objects.exists():
        return False
    group_file.load(FOLDER / "group.yaml", now=now)
    people = read_people()
    strengths = {strength.name: strength for strength in Strength.objects.all()}
    _members(people["members"], strengths, now=now)
    for entry in people["applications"]:
        _application(entry, strengths, now=now)
    session = Session.objects.filter(state=Session.State.ANNOUNCED).latest("number")
    Session.objects.filter(pk=session.pk).update(announced_at=now - ANNOUNCED)
    _preparation(people, session, now=now)
    for position, entry in enumerate(people["talks"]):
        _talk(entry, session, position)
    load_meetings(FOLDER / "meetings.yaml", session, now=now)
    _settle_mails()
    return True


def _before(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)


def _members(entries: list[dict], strengths: dict[str, Strength], *, now: datetime) -> None:
    """Seat the members, and let some leave, in the order in which it happened: the ledger tells it so."""
    events = []
    for entry in entries:
        events.append((entry["joined"], _join, entry))
        if "leave" in entry:
            events.append((entry["leave"], _go_on_leave, entry))
        if "left" in entry:
            events.append((entry["left"], _leave, entry))
    for days, happen, entry in sorted(events, key=lambda event: -event[0]):
        happen(entry, strengths, at=_before(now, days), now=now)


def _join(entry: dict, strengths: dict[str, Strength], *, at: datetime, now: datetime) -> None:
    may = entry.get("login")
    user = User.objects.create_user(
        entry["email"],
        entry["name"],
        PASSWORD if may else None,
        time_zone=entry.get("time_zone", ""),
        is_staff=may == "administrator",
        is_superuser=may == "administrator",
        date_joined=at,
    )
    seats.add_member(
        user=user,
        now=at,
        role=entry.get("role", Member.Role.MEMBER),
        strengths=[strengths[name] for name in entry["strengths"]],
    )


def _go_on_leave(entry: dict, strengths: dict[str, Strength], *, at: datetime, now: datetime) -> None:
    member = Member.objects.get(user__email=entry["email"])
    until = (now + timedelta(days=entry["back_in"])).date()
    membership.go_on_leave(member_id=member.pk, until=until, by=member.user, now=at)


def _leave(entry: dict, strengths: dict[str, Strength], *, at: datetime, now: datetime) -> None:
    member = Member.objects.get(user__email=entry["email"])
    membership.leave_group(member_id=member.pk, by=member.user, now=at)


def _application(entry: dict, strengths: dict[str, Strength], *, now: datetime) -> None:
    application = applying.apply(
        email=entry["email"],
        answers={"name": entry["name"]} | {key: entry.get(key, empty) for key, empty in ANSWERS.items()},
        strengths=[strengths[name] for name in entry["strengths"]],
        now=_before(now, entry["applied"]),
    )
    for step in entry["steps"]:
        by = User.objects.get(email=step["by"]) if "by" in step else None
        STEPS[step["do"]](application, by, step, _before(now, step["at"]))


def _review(application: Application, by: User, step: dict, at: datetime) -> None:
    scores = dict(zip(Criterion.objects.all(), step["scores"], strict=True))
    admissions.review(application_id=application.pk, by=by, scores=scores, note=step["note"], now=at)


def _accept(application: Application, by: None, step: dict, at: datetime) -> None:
    # The token exists only in the mail, as for anybody who accepts.
    mail = Message.objects.get(kind="invitation", to=application.email)
    invitations.accept(token=mail.secrets[-1], now=at)


STEPS: dict[str, Callable[[Application, User | None, dict, datetime], object]] = {
    "confirm": lambda a, by, step, at: applying.confirm(application_id=a.pk, now=at),
    "withdraw": lambda a, by, step, at: applying.withdraw(application_id=a.pk, now=at),
    "review": _review,
    "shortlist": lambda a, by, step, at: admissions.shortlist(
        application_id=a.pk, by=by, now=at, override=step.get("because", "")
    ),
    "ask": lambda a, by, step, at: keeping.ask_due(now=at),
    "sleep": lambda a, by, step, at: keeping.put_to_sleep(now=at),
    "invite": lambda a, by, step, at: admissions.invite(application_id=a.pk, by=by, now=at),
    "decline": lambda a, by, step, at: admissions.decline(
        application_id=a.pk, by=by, reason=step["reason"], now=at
    ),
    "accept": _accept,
}


def _preparation(people: dict, session: Session, *, now: datetime) -> None:
    readings = list(session.readings.order_by("position", "pk"))
    members = {member.user.email: member for member in Member.objects.select_related("user")}
    for answer, entries in people["answers"].items():
        for entry in entries:
            rsvps.answer(
                session_id=session.pk,
                member=members[entry["email"]],
                answer=answer,
                now=_before(now, entry["at"]),
            )
    for entry in chain(*people["answers"].values(), people["reading_without_answer"]):
        for number in entry["read"]:
            preparation.set_read(
                reading=readings[number - 1],
                member=members[entry["email"]],
                read=True,
                now=_before(now, entry["at"] * 0.8),  # some time after the answer
            )


def _talk(entry: dict, session: Session, position: int) -> None:
    member = Member.objects.get(user__email=entry["presenter"])
    presenter, _ = Presenter.objects.get_or_create(member=member)
    talk = Presentation.objects.create(title=entry["title"], abstract=entry["abstract"])
    Appearance.objects.create(presentation=talk, presenter=presenter)
    Slot.objects.create(presentation=talk, session=session, position=position)


def _settle_mails() -> None:
    """Call the mails of the past sent, so that a first start does not print forty of them.

    The newest invitation stays a draft, as an example of what an organiser releases, and the newest request
    to confirm an address stays in the queue, as one for the worker; they too count as sent where mail really
    leaves, since nobody has these addresses.
    """
    waiting = list(Message.objects.order_by("created_at", "pk"))
    newest = {message.kind: message.pk for message in waiting}
    keep = set() if settings.MAIL_LEAVES_HERE else {newest[kind] for kind in STILL_TO_SEND}
    for message in waiting:
        if message.pk not in keep:
            message.state, message.sent_at, message.attempts = Message.State.SENT, message.created_at, 1
    Message.objects.bulk_update(waiting, ["state", "sent_at", "attempts"])
