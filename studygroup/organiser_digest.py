"""The weekly digest for organisers: what needs doing, as their page says it, without applicants' names."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse

from members import recipients
from members.models import Application, Group, Invitation, Member
from members.models.application import State
from members.seats import current_group
from outbox.wording import Markdown, Value, as_markdown
from outbox.writing import Mail, absolute, write_all
from sessions_app import moments, once
from sessions_app.digests import LATE
from studygroup import dashboard
from studygroup.dashboard import Todo
from studygroup.readiness import next_session

KIND = "organiser_digest"
SOMEBODY = "an applicant"


def send(*, now: datetime) -> int:
    """Write the week's digest to each organiser, when anything needs doing. Returns how many.

    Two queries while none is due. Safe in several workers at once.
    """
    group = Group.objects.current()
    if group is None:
        return 0
    due = moments.newest_digest(group, now=now)
    about = f"{KIND}:{moments.week_of(group, due)}"
    if now - due > LATE or not once.unsettled([about]):
        return 0
    with transaction.atomic():
        if not once.settle(about):
            return 0
        lines = todos(current_group(), now=now)
        organisers = Member.objects.organisers().select_related("user").order_by("pk") if lines else []
        mails = [
            Mail(
                about=about,
                to=organiser.user.email,
                values=words(lines, organiser.name, group),
                recipient=recipients.of_user(organiser.user_id),
            )
            for organiser in organisers
        ]
        return write_all(KIND, mails, now=now)


def words(lines: list[Todo], name: str, group: Group) -> dict[str, Value]:
    """What the digest may say."""
    return {
        "name": name,
        "group": group.name,
        "how_many": dashboard.people(len(lines), "thing needs", "things need"),
        "to_do": Markdown("\n".join(map(_line, lines))),
        "organise_url": absolute(reverse("organise:dashboard")),
    }


def todos(group: Group, *, now: datetime) -> list[Todo]:
    """What needs doing, the most urgent first. Six queries, whatever there is. group: with its seats.

    An applicant may ask to be erased, and mails that are out cannot be: so none names one.
    """
    zone = ZoneInfo(group.time_zone)
    invitations = list(Invitation.objects.open().select_related("application").order_by("expires_at"))
    for invitation in invitations:
        invitation.application.name = SOMEBODY
    waiting = dashboard.waiting_counts(group)
    found = [
        *(_nameless(todo) for todo in dashboard.applications_todo(now=now, zone=zone)),
        *dashboard.decisions_todo(waiting["decisions"]),
        *dashboard.mail_todo(dashboard.mail_numbers(now=now), now=now, zone=zone),
        *dashboard.invitations_todo(invitations, now=now, zone=zone),
        *dashboard.session_todo(next_session(now=now), now=now),
        *dashboard.past_todo(now=now),
        *dashboard.talks_todo(waiting["talks"]),
        *dashboard.seats_todo(group, Application.objects.count_by_state()[State.SHORTLISTED]),
    ]
    return sorted(found, key=lambda todo: dashboard.URGENCY.index(todo.when_class))


def _nameless(todo: Todo) -> Todo:
    """The line about applications; one that is late names who has waited longest."""
    return replace(todo, why="") if todo.when_class == dashboard.LATE else todo


def _line(todo: Todo) -> str:
    sentence = f"{todo.sentence[:1].upper()}{todo.sentence[1:]}."
    told = " ".join(filter(None, [f"{todo.when}:", sentence, todo.why and f"{todo.why}."]))
    return f"- {as_markdown(told)}\n  [{todo.verb}]({absolute(todo.url)})"
