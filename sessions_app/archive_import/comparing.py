"""What the files say against what stands here, in six queries; nothing is written.

The rule: what an earlier import wrote follows its file. What somebody wrote or changed here stays, and the
report says so, unless they ask for the file's words.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from members.models import Group
from sessions_app.archive_import.comparing_readings import (
    Comparison,
    ReadingChange,
    remembered,
    used_readings,
)
from sessions_app.archive_import.numbers import MOST
from sessions_app.archive_import.plan import Change, Plan, TalkChange
from sessions_app.archive_import.survey import Survey
from sessions_app.archive_import.words import counted, long, short
from sessions_app.models import Appearance, Material, Reading, Session, Slot
from sessions_app.notes import as_kept
from sessions_app.speakers import Directory, Unclear


def compare(survey: Survey, group: Group, *, now: datetime, overwrite: bool = False) -> Plan:
    """What an import of these files would do now. Marks files that cannot become sessions in the survey."""
    plan = Plan(survey)
    standing = list(
        Session.objects.order_by("number").values_list("pk", "number", "starts_at", "time_zone", "title")
    )
    matched = _match(survey, standing)
    rows = _rows({pk for pk in matched.values() if pk})
    directory = Directory()
    for said in survey.sessions:
        session = rows.get(matched.get(said.path) or 0)
        if session is None and said.date is None:
            said.no_session = (
                f"It has no date, and session {said.number} is not here yet. Write the date into the file, "
                "such as “Date: 2017-01-12” under the heading."
            )
            continue
        change = Change(said, session.number if session else said.number or 0, session)
        _Comparison(change, group, directory, now, overwrite).everything()
        plan.changes.append(change)
    plan.changes.sort(key=lambda change: change.number)
    return plan


def _match(survey: Survey, standing: list[tuple]) -> dict[str, int | None]:
    """Which session each file tells of, by number, else by day; what is new without one gets the next."""
    by_number = {number: pk for pk, number, *_ in standing}
    by_day: dict[date, list[tuple[int, int, str]]] = defaultdict(list)
    for pk, number, starts_at, zone, title in standing:
        by_day[starts_at.astimezone(ZoneInfo(zone)).date()].append((pk, number, title))
    taken = {said.number for said in survey.sessions if said.number}
    highest = max([0, *by_number, *taken])
    matched: dict[str, int | None] = {}
    for said in sorted(survey.sessions, key=lambda said: (said.date or date.max, said.path)):
        if said.number is not None:
            matched[said.path] = by_number.get(said.number)
            continue
        here = [row for row in by_day.get(said.date, []) if row[1] not in taken]
        here = [row for row in here if row[2] == said.title] or here
        if len(here) == 1:
            matched[said.path], said.number = here[0][0], here[0][1]
            taken.add(said.number)
            said.recognised.append(f"Number {said.number}: the session that is here for that day.")
        elif here:
            said.no_session = f"It has no number, and {len(here)} sessions of that day are here already."
        elif highest >= MOST:
            said.no_session = "It has no number, and no higher one is free."
        else:
            highest += 1
            said.number, said.number_from = highest, "the order of the dates"
            matched[said.path] = None
            said.doubtful.append(f"It has no number; {highest} is the next one in the order of the dates.")
    return matched


def _rows(keys: set[int]) -> dict[int, Session]:
    """The sessions that the files tell of, with all that an import compares: four queries at most."""
    if not keys:
        return {}
    materials = Material.objects.filter(session=OuterRef("pk")).values_list("url")
    rows = {
        session.pk: session
        for session in Session.objects.filter(pk__in=keys)
        .select_related("notes", "imported_file")
        .annotate(material_urls=ArraySubquery(materials))
    }
    for session in rows.values():
        session.reading_rows, session.slot_rows = [], []
    for reading in used_readings(Reading.objects.filter(session__in=keys)).order_by("position", "pk"):
        rows[reading.session_id].reading_rows.append(reading)
    people = Appearance.objects.filter(presentation=OuterRef("presentation")).values_list("presenter_id")
    urls = Material.objects.filter(presentation=OuterRef("presentation")).values_list("url")
    slots = Slot.objects.filter(session__in=keys).select_related("presentation").order_by("position", "pk")
    for slot in slots.annotate(people=ArraySubquery(people), urls=ArraySubquery(urls)):
        rows[slot.session_id].slot_rows.append(slot)
    return rows


def digest(text: str) -> str:
    """A text as a word, for telling whether it has changed."""
    return hashlib.sha256(as_kept(text).encode()).hexdigest()


class _Comparison:
    """One file against its session."""

    def __init__(self, change: Change, group: Group, directory: Directory, now: datetime, overwrite: bool):
        self.change, self.said, self.session = change, change.said, change.session
        self.group, self.directory, self.now, self.overwrite = group, directory, now, overwrite
        imported = getattr(self.session, "imported_file", None) if self.session else None
        same = imported and _same_file(imported.path, self.said.path)
        self.before: dict[str, Any] | None = imported.said if same else None
        if imported and not same:
            change.kept.append(f"The session was imported from {imported.path} before; what it said stays.")

    def everything(self) -> None:
        """Fill the change in."""
        self.change.record = {
            "title": self.said.title,
            "date": self.said.date.isoformat() if self.said.date else "",
            "up_next": self.said.up_next,
            "notes": digest(self.said.notes),
            "readings": [remembered(item) for item in self.said.all_items()],
            "talks": [[talk.title, [name for name, _ in talk.people]] for talk in self.said.talks],
        }
        if self.session is None:
            self.new()
        else:
            self.title_and_day()
        self.text("up_next", self.said.up_next, "What comes next")
        self.change.readings, self.change.gone = self.readings()
        self.talks()
        self.notes()
        if not self.change.changes_something:
            self.change.sentences.append(f"Session {self.change.number} stays as it is.")

    def keeps(self, name: str, current: str, new: str) -> bool:
        """Whether what stands here stays although the file says something else."""
        if self.overwrite or not current:
            return False
        before = (self.before or {}).get(name)
        return before is None or before == new or current != before

    def new(self) -> None:
        """A session that is not here yet: held when it is over, else a draft."""
        starts_at, ends_at = span(self.said.date, self.group)
        is_over = ends_at <= self.now
        self.change.values = {
            "number": self.change.number,
            "title": self.said.title or self.said.heading or f"Session {self.change.number}",
            "state": Session.State.HELD if is_over else Session.State.DRAFT,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "hours_known": False,
            "time_zone": self.group.time_zone,
        }
        state = "as held" if is_over else "as a draft, since it lies ahead"
        self.change.sentences.append(f"Session {self.change.number} is new: {long(self.said.date)}, {state}.")
        if not self.said.title:
            self.said.doubtful.append(
                f"“{self.change.values['title']}” stands as the title for want of another."
            )

    def title_and_day(self) -> None:
        """What the session is called and when it was, where it is here already."""
        self.text("title", self.said.title, "The title")
        here = self.session.local_start.date()
        if not self.said.date or self.said.date == here:
            return
        if self.session.state == Session.State.ANNOUNCED:
            self.change.kept.append(
                f"The session is announced for {long(here)} and the file says {long(self.said.date)}; "
                "change the date on the session’s own page, so that everybody hears of it."
            )
        elif self.keeps("date", here.isoformat(), self.said.date.isoformat()):
            if (self.before or {}).get("date") != self.said.date.isoformat():
                self.change.kept.append(f"The date stays {long(here)}; the file says {long(self.said.date)}.")
        else:
            starts_at, ends_at = span(self.said.date, self.group, zone=self.session.zone)
            self.change.values |= {"starts_at": starts_at, "ends_at": ends_at, "hours_known": False}
            self.change.sentences.append(f"The date becomes {long(self.said.date)} instead of {long(here)}.")

    def text(self, name: str, new: str, called: str) -> None:
        """One field of words."""
        current = getattr(self.session, name) if self.session else ""
        if not new or as_kept(current) == as_kept(new) or name in self.change.values:
            return
        if self.keeps(name, current, new):
            if (self.before or {}).get(name) != new:
                self.change.kept.append(f"{called} stays as it stands here; the file says “{short(new)}”.")
            return
        self.change.values[name] = new
        if self.session:
            self.change.sentences.append(
                f"{called} {'is taken over' if not current else 'changes'}: “{short(new)}”."
            )
        elif name == "up_next":
            self.change.sentences.append("What comes next is taken over.")

    def readings(self) -> tuple[list[ReadingChange], list[Reading]]:
        """What becomes of each item, and which readings go."""
        rows = self.session.reading_rows if self.session else None
        found = Comparison(rows, self.said.items, (self.before or {}).get("readings"), self.overwrite)
        self.change.sentences += found.sentences
        self.change.kept += found.kept
        return found.changes, found.gone

    # --- Talks and notes ------------------------------------------------------------------------
    def talks(self) -> None:
        """The talks that are not here yet, and the links that those here lack."""
        free = list(self.session.slot_rows) if self.session else []
        before = (self.before or {}).get("talks", [])
        standing = set(self.session.material_urls) if self.session else set()
        standing |= {url for slot in free for url in slot.urls}
        for talk in self.said.talks:
            names = [name for name, _ in talk.people]
            try:
                people = {self.directory.find(name)[1] for name in names}
            except Unclear as unclear:
                self.said.missing.append(f"The talk “{short(talk.title)}” is not taken: {unclear}")
                continue
            slot = next((slot for slot in free if people & set(slot.people)), None)
            links = [link for link in talk.links if link[1] not in standing]
            was = next((title for title, who in before if who == names), None)
            if slot:
                free.remove(slot)
                renamed = was not in (None, talk.title) and slot.presentation.title == was
                title = talk.title if renamed or self.overwrite else ""
                title = "" if title == slot.presentation.title else title
                self.change.talks.append(TalkChange(talk, slot.presentation_id, title, links))
            elif was is not None:
                self.change.kept.append(f"The talk “{short(talk.title)}” was taken away here; it stays away.")
            else:
                self.change.talks.append(TalkChange(talk, None, "", links))
                self.change.sentences.append(f"A talk by {' and '.join(names)} added.")
            standing |= {url for _, url in links}
        added = sum(len(each.links) for each in self.change.talks if each.presentation_id)
        self.change.slides = [link for link in self.said.slides if link[1] not in standing]
        if added or self.change.slides:
            self.change.sentences.append(
                f"{counted(added + len(self.change.slides), 'link')} to slides or code added."
            )

    def notes(self) -> None:
        """The rest of the text, as the session's notes."""
        notes = getattr(self.session, "notes", None) if self.session else None
        new, current = as_kept(self.said.notes), notes.text if notes else ""
        self.change.base = notes.revision if notes else 0
        if not new or new == current:
            return
        before = (self.before or {}).get("notes")
        edited = bool(current) and digest(current) != before
        if not self.overwrite and before == digest(new):
            return
        if edited and not self.overwrite:
            who = "since the last import" if before else "here"
            self.change.kept.append(
                f"The notes stay as somebody has written them {who}; the file’s are not taken."
            )
            return
        self.change.notes = new
        words = (
            "become those of the file, as a new version"
            if current
            else f"are taken over: {len(new.split()):,} words"
        )
        self.change.sentences.append(f"The notes {words}.")


def _same_file(one: str, other: str) -> bool:
    """Whether two paths are one file, perhaps in a folder that is called otherwise now: week7/README.md."""
    known, here = one.split("/")[-2:], other.split("/")[-2:]
    return known == here or (known[-1] == here[-1] and 1 in (len(known), len(here)))


def span(day: date, group: Group, *, zone: ZoneInfo | None = None) -> tuple[datetime, datetime]:
    """The group's usual hours on a day, as moments; an end before the start is on the next day."""
    zone = zone or ZoneInfo(group.time_zone)
    last = day + timedelta(days=1) if group.usual_end <= group.usual_start else day
    starts_at = datetime.combine(day, group.usual_start, zone).astimezone(UTC)
    ends_at = datetime.combine(last, group.usual_end, zone).astimezone(UTC)
    length = datetime.combine(last, group.usual_end) - datetime.combine(day, group.usual_start)
    return starts_at, ends_at if ends_at > starts_at else starts_at + length
