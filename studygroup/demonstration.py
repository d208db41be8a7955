"""What the invented people of the demonstration did around the sessions: questions, proposals, notes.

As in `load_demo`, whose part it is, each thing happens through the function that the site uses for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import yaml

from members.models import Member
from sessions_app import notes, prerequisites, proposals, rsvps, stuck_points
from sessions_app.models import Session


def load_meetings(path: Path, session: Session, *, now: datetime) -> None:
    """Write what the file tells; `session` is the one to come, announced, with its readings and answers."""
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    members = {member.user.email: member for member in Member.objects.select_related("user")}
    coming = told["next"]
    prerequisites.save(session, coming["builds_on"])
    scribe = members[coming["scribe"]]
    notes.choose_scribe(session_id=session.pk, member_id=scribe.pk, now=_before(now, 9))
    rsvps.set_warm_up(
        session_id=session.pk,
        question=coming["warm_up"],
        seen="",
        by=members[coming["warm_up_by"]].user,
        now=_before(now, 8),
    )
    for written, field in ((coming["warm_up_answers"], "warm_up"), (coming["notes_to_organisers"], "note")):
        for entry in written:
            rsvps.answer(
                session_id=session.pk,
                member=members[entry["email"]],
                now=_before(now, entry["at"]),
                **{field: entry.get("answer") or entry.get("note")},
            )
    for entry in coming["questions"]:
        _question(entry, session, members, now=now)
    for entry in told["proposals"]:
        _proposal(entry, members, now=now)
    for entry in told["notes"]:
        notes.save(
            session_id=Session.objects.get(number=entry["session"]).pk,
            text=entry["text"],
            by=members[entry["by"]].user,
            base=0,
            now=_before(now, entry["at"]),
            audience=entry["audience"],
        )


def _before(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)


def _question(entry: dict, session: Session, members: dict[str, Member], *, now: datetime) -> None:
    reading = list(session.readings.order_by("position", "pk"))[entry["reading"] - 1]
    asked = _before(now, entry["at"])
    point = stuck_points.ask(
        reading=reading,
        author=members[entry["by"]],
        where=entry["where"],
        question=entry["question"],
        now=asked,
    )
    for email in entry["me_too"]:
        stuck_points.set_me_too(
            point_id=point.pk, member=members[email], said=True, now=asked + timedelta(hours=9)
        )
    if "answer" in entry:
        stuck_points.resolve(
            point_id=point.pk,
            answer=entry["answer"],
            by=members[entry["answered_by"]].user,
            seen=stuck_points.version_of(point),
            now=asked + timedelta(hours=20),
        )


def _proposal(entry: dict, members: dict[str, Member], *, now: datetime) -> None:
    talk = proposals.propose(
        by=members[entry["by"]],
        details=proposals.Details(
            title=entry["title"],
            abstract=entry["abstract"],
            minutes=entry["minutes"],
            names=[],
            wished_session=None,
        ),
        now=_before(now, entry["at"]),
    )
    if accepted := entry.get("accept"):
        proposals.accept(
            talk_id=talk.pk,
            by=members[accepted["by"]].user,
            now=_before(now, accepted["at"]),
            message=accepted["message"],
        )
