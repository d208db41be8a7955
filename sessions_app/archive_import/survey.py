"""All files of a folder together: which are sessions, how dates are read, and which tell of the same."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from sessions_app.archive_import.dates import Day, Order
from sessions_app.archive_import.folder import Folder
from sessions_app.archive_import.recognise import recognise
from sessions_app.archive_import.said import Said
from sessions_app.archive_import.words import long

MAIN = re.compile(r"(?i)^(?:readme|index|notes?|summary|minutes|session|meeting)$")


@dataclass
class Survey:
    """What a folder says. `order` is how its dates are read, `why_order` from where that is known."""

    files: list[Said] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    order: Order | None = None
    why_order: str = ""

    @property
    def open_dates(self) -> list[Said]:
        """The files whose date waits for somebody to say what comes first."""
        return [said for said in self.files if said.question]

    @property
    def sessions(self) -> list[Said]:
        """The files that tell of a session."""
        return [said for said in self.files if not said.no_session and not said.question]


def survey(folder: Folder, *, order: Order | None = None) -> Survey:
    """Read every text of a folder. order: what somebody answered about dates such as 08-09-2016."""
    found = Survey(left_out=folder.all_left_out())
    for path, text in folder.texts.items():
        said = recognise(text, path)
        said.doubtful += folder.remarks.get(path, [])
        found.files.append(said)
    _order(found, order)
    for said in found.files:
        _settle(said, found)
    _identities(found)
    return found


def _order(found: Survey, chosen: Order | None) -> None:
    """How the folder's dates in figures are read: as chosen, or as the others of it show."""
    proofs: dict[Order, Said] = {}
    for said in found.files:
        if said.day and not said.no_session and said.day.in_figures and said.day.proves:
            if said.day.settled and said.day.month_first and said.day.day_first:
                continue  # 07-07-2017 shows nothing
            proofs.setdefault(said.day.proves, said)
    if chosen:
        found.order, found.why_order = chosen, "as you said"
    elif len(proofs) == 1:
        found.order, proof = next(iter(proofs.items()))
        found.why_order = f"as in {proof.path} ({proof.day.text if proof.day else ''})"


def _settle(said: Said, found: Survey) -> None:
    day = said.day
    if said.no_session or day is None:
        said.missing += [] if said.no_session else ["No date in the heading, the first lines or the name."]
        return
    said.date = day.read(found.order)
    if said.date:
        how = f"{day.form}, from {said.day_from}"
        if not day.settled:
            words = "the month" if found.order == Order.MONTH_FIRST else "the day"
            how += f"; {words} comes first, {found.why_order}"
            if found.why_order != "as you said":
                said.doubtful.append(f"“{day.text}” is read with {words} first, {found.why_order}.")
        if "two digits" in day.form:
            said.doubtful.append(f"The year of “{day.text}” is read as {said.date.year}.")
        said.recognised.append(f"Date {long(said.date)} (“{day.text}”: {how}).")
    else:
        said.question = True
        said.missing.append(_question(day))


def _question(day: Day) -> str:
    return (
        f"“{day.text}” is {long(day.month_first)} or {long(day.day_first)}, "
        "and no other file settles which. Say whether the month or the day comes first."
    )


def _identities(found: Survey) -> None:
    """Which files are no session, and which of several tells of one."""
    by_number: dict[int, list[Said]] = defaultdict(list)
    by_day: dict[object, list[Said]] = defaultdict(list)
    for said in found.files:
        if said.no_session:
            continue
        if said.number is None and said.day is None:
            said.no_session = (
                "Neither a session’s number nor a date was found in its heading, first lines or name."
            )
        elif said.number is not None:
            by_number[said.number].append(said)
        elif said.date:
            by_day[said.date].append(said)
    for number, files in by_number.items():
        _choose(files, f"session {number}")
    numbered = {
        said.date: said for files in by_number.values() for said in files if said.date and not said.no_session
    }
    for day, files in by_day.items():
        if day in numbered:
            for said in files:
                other = numbered[day]
                said.no_session = (
                    f"It has no number, and {other.path} tells of session {other.number} on that day."
                )
        else:
            _choose(files, f"the session of {long(day)}")


def _choose(files: list[Said], what: str) -> None:
    """Keep the file that tells the most; where none stands out, keep none."""
    if len(files) < 2:
        return
    ranked = sorted(files, key=_rank, reverse=True)
    if _rank(ranked[0]) > _rank(ranked[1]):
        for said in ranked[1:]:
            said.no_session, said.question = f"{ranked[0].path} tells of {what} already.", False
        return
    for said in files:
        others = " and ".join(other.path for other in files if other is not said)
        said.no_session, said.question = (
            f"{others} tells of {what} too. Give one of them another number or date.",
            False,
        )


def _rank(said: Said) -> tuple:
    name = said.path.rpartition("/")[2].rpartition(".")[0]
    own = said.number_from in ("the heading",) or said.number_from.startswith("the field")
    dated = said.day is not None and said.day_from != "the path"
    return own, dated, bool(MAIN.match(name)), bool(re.match(r"(?i)readme|index", name)), bool(said.items)
