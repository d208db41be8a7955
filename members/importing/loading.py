"""Good rows compared with who is there already, and put on the waiting list: all of them or none."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from members import mails, moves
from members.addresses import fold
from members.errors import Refused
from members.importing import columns as known
from members.importing.checking import Candidate, Checked, Finding, check
from members.importing.reading import Table
from members.models import Application, ApplicationChange, Group, Member, Strength, User
from members.models.application import OPEN_STATES, State
from members.names import isolated

ONE_AT_A_TIME = 7_310_524  # the number of the lock that makes imports wait for one another
AT_ONCE = 500  # rows in one statement


class NoGroup(Refused):
    """There is no group yet, and so no list."""


class BadRows(Refused):
    """Rows are wrong, so nothing was imported. `problems` has them all."""

    def __init__(self, problems: list[Finding]):
        number = len(problems)
        super().__init__(
            f"{number} {'thing is' if number == 1 else 'things are'} wrong in the file. Nothing was imported."
        )
        self.problems = problems


@dataclass
class Comparison:
    """What importing a file comes to: who is new, and a line for everything else."""

    new: list[Candidate] = field(default_factory=list)
    already: list[Finding] = field(default_factory=list)
    repeats: list[Finding] = field(default_factory=list)
    oddities: list[Finding] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)


def compare(table: Table, columns: dict[str, int], *, now: datetime) -> Comparison:
    """What importing this table now would do. Changes nothing; four queries, however long the table is.

    columns: field to column. Raises UnknownColumns when one that must be there is missing, NoGroup before
    the group is set up.
    """
    if absent := known.missing(table.headings, columns):
        raise known.UnknownColumns(absent)
    group = Group.objects.current()
    if group is None:
        raise NoGroup("There is no group yet. Set it up first (manage.py load_group), then import.")
    checked = check(table, columns, strengths=Strength.objects.all(), zone=group.time_zone, now=now)
    return _compared(checked)


def _compared(checked: Checked) -> Comparison:
    made = Comparison(
        repeats=checked.repeats, problems=checked.problems, oddities=list(checked.oddities), already=[]
    )
    members = {fold(address) for address in Member.objects.present().values_list("user__email", flat=True)}
    earlier = defaultdict(list)
    keys = [candidate.key for candidate in checked.candidates]
    rows = Application.objects.filter(email_key__in=keys).order_by("pk")
    for key, state, applied_at in rows.values_list("email_key", "state", "applied_at"):
        earlier[key].append((state, applied_at))
    left_out = set()
    for candidate in checked.candidates:
        past = earlier.get(candidate.key, [])
        if reason := _there_already(candidate, past, members):
            made.already.append(Finding(candidate.line, reason))
            left_out.add(candidate.line)
            continue
        made.new.append(candidate)
        if past:
            text = f"An earlier application of this address is {State(past[-1][0]).label.lower()}."
            made.oddities.append(Finding(candidate.line, text))
    made.oddities = sorted(
        (each for each in made.oddities if each.line not in left_out), key=lambda each: each.line
    )
    return made


def _there_already(candidate: Candidate, past: list[tuple[str, datetime]], members: set[str]) -> str:
    """Why this person is not put on the list again; empty when they are new.

    A closed application of the same address and moment is this very one: whoever withdrew it meant it.
    """
    for state, applied_at in past:
        if state in OPEN_STATES:
            return f"On the list already ({State(state).label.lower()}); left out."
        if candidate.dated and applied_at == candidate.applied_at:
            return f"Imported before, and {State(state).label.lower()} since; left out."
    return "A member already; left out." if candidate.key in members else ""


@transaction.atomic
def load(
    table: Table, columns: dict[str, int], *, source: str, by: User | None, mail: bool, now: datetime
) -> Comparison:
    """Put everybody in the table who is new on the waiting list, each at the place that applied_at gives.

    An organiser vouches for the addresses, so they are confirmed, and nobody is asked "still interested?"
    before the group's usual time has passed from now. source: the file's name, for the history; by: the
    organiser, or None for the command. mail: whether each is sent the link to the private page.
    Imports wait for one another, so that two of one file put nobody on the list twice; whoever applies
    meanwhile is found there already. Returns what was done: `new` holds who came onto the list.
    Raises BadRows with every problem, UnknownColumns or NoGroup; then nothing was imported.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    made = compare(table, columns, now=now)
    if made.problems:
        raise BadRows(made.problems)
    written = _write(made.new, now=now)
    came = [candidate for candidate in made.new if candidate.line in written]
    made.already += [
        Finding(candidate.line, "On the list already (applied just now); left out.")
        for candidate in made.new
        if candidate.line not in written
    ]
    made.new = came
    _add_strengths(came, written)
    who = isolated(by.get_full_name()) if by else "the command"
    _log(written.values(), reason=f"Imported from {isolated(source)} by {who}", actor=by, now=now)
    if mail:
        group = Group.objects.current()
        for application in written.values():
            mails.imported(application, group, now=now)
    return made


def _write(candidates: list[Candidate], *, now: datetime) -> dict[int, Application]:
    """The applications that were written, by line; not those whose address came in meanwhile (rule 2)."""
    made = {
        candidate.line: Application(
            email=candidate.email,
            email_key=candidate.key,
            state=State.WAITING,
            applied_at=candidate.applied_at,
            confirmed_at=candidate.applied_at,
            moved_at=now,
            kept_at=now,
            **candidate.answers,
        )
        for candidate in candidates
    }
    Application.objects.bulk_create(made.values(), batch_size=AT_ONCE, ignore_conflicts=True)
    keys = [application.link_key for application in made.values()]
    stored = dict(Application.objects.filter(link_key__in=keys).values_list("link_key", "pk"))
    for application in made.values():
        application.pk = stored.get(application.link_key)
    return {line: application for line, application in made.items() if application.pk}


def _add_strengths(candidates: list[Candidate], written: dict[int, Application]) -> None:
    through = Application.strengths.through
    through.objects.bulk_create(
        [
            through(application_id=written[candidate.line].pk, strength_id=strength.pk)
            for candidate in candidates
            for strength in candidate.strengths
        ],
        batch_size=AT_ONCE,
    )


def _log(applications, *, reason: str, actor: User | None, now: datetime) -> None:
    ApplicationChange.objects.bulk_create(
        [
            ApplicationChange(
                application=application,
                before="",
                after=State.WAITING,
                by=moves.By.ORGANISER,
                actor=actor,
                reason=reason,
                at=now,
            )
            for application in applications
        ],
        batch_size=AT_ONCE,
    )
