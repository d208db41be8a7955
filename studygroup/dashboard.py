"""What the organisers' page says: what needs doing, the next session's readiness, the list, the room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import CharField, F, Func, Q, QuerySet, Subquery, Value
from django.urls import reverse

from members.models import Application, Decision, Group, Invitation, Member
from members.models.application import State
from members.names import isolated
from outbox.models import Message
from sessions_app.models import Presentation, Session
from studygroup.drawings import MOST_CHAIRS, initials, number_words
from studygroup.readiness import checklist, next_session
from studygroup.when import days_apart, short_date

REVIEW_WITHIN = timedelta(days=14)
LAPSES_SOON = timedelta(days=3)
COUNTED = 100  # rows one line of the list counts; "99 or more" says enough
LATE, SOON, CALM = "late", "soon", "soft"
URGENCY = [LATE, SOON, CALM]


@dataclass(frozen=True)
class Todo:
    """One line of the day's list: when, what, why, and the one step that does it."""

    when: str
    when_class: str
    sentence: str
    why: str
    verb: str
    url: str


def people(count: int, one: str, many: str) -> str:
    """The number in words and the noun that goes with it, fit to begin a sentence: Two mails have."""
    return f"{number_words(count).capitalize()} {one if count == 1 else many}"


def applications_todo(*, now: datetime, zone: ZoneInfo) -> list[Todo]:
    """Applications that nobody has reviewed, late after REVIEW_WITHIN. One query of at most COUNTED rows."""
    unread = Application.objects.filter(state=State.WAITING, review_count=0).in_line()
    longest = list(unread.values_list("pk", "name", "since")[:COUNTED])
    if not longest:
        return []
    url = reverse("organise:application", args=[longest[0][0]])
    late = sum(since < now - REVIEW_WITHIN for _, _, since in longest)
    if late:
        has = many_people(late, "application has", "applications have")
        names = "; ".join(
            f"{isolated(name)}, {(now - since).days} days" for _, name, since in longest[: min(late, 3)]
        )
        return [
            Todo(
                "Late",
                LATE,
                f"{has} waited more than {REVIEW_WITHIN.days} days for a first review",
                names + (f" and {late - 3} more" if COUNTED > late > 3 else ""),
                "Review",
                url,
            )
        ]
    wait = many_people(len(longest), "application waits", "applications wait")
    since = f"The longest since {short_date(longest[0][2].astimezone(zone))}"
    return [Todo("This week", CALM, f"{wait} for a first review", since, "Review", url)]


def many_people(count: int, one: str, many: str) -> str:
    """As `people`, for a count that stopped at COUNTED."""
    return f"{COUNTED - 1} or more {many}" if count == COUNTED else people(count, one, many)


def waiting_counts(group: Group) -> dict[str, int]:
    """How many prepared decisions and proposed talks wait for the organisers. One query for both."""

    def count(rows: QuerySet) -> Subquery:
        return Subquery(rows.order_by().annotate(n=Func(F("pk"), function="COUNT")).values("n"))

    proposed = Presentation.objects.filter(state=Presentation.State.PROPOSED)
    return (
        Group.objects.filter(pk=group.pk)
        .values(decisions=count(Decision.objects.all()), talks=count(proposed))
        .get()
    )


def talks_todo(proposed: int) -> list[Todo]:
    """Talks that members have proposed and nobody has answered."""
    if not proposed:
        return []
    return [
        Todo(
            "This week",
            CALM,
            people(proposed, "talk is proposed", "talks are proposed"),
            "Whoever proposes one waits for an answer",
            "Read them" if proposed > 1 else "Read it",
            f"{reverse('organise:talks')}?state={Presentation.State.PROPOSED}",
        )
    ]


def decisions_todo(prepared: int) -> list[Todo]:
    """Prepared decisions that nobody has released."""
    if not prepared:
        return []
    sentence = f"{people(prepared, 'prepared decision waits', 'prepared decisions wait')} to be released"
    return [
        Todo(
            "This week",
            CALM,
            sentence,
            "Until then nobody has been told",
            "Look at them",
            reverse("organise:decisions"),
        )
    ]


def invitations_todo(invitations: list[Invitation], *, now: datetime, zone: ZoneInfo) -> list[Todo]:
    """Open invitations that lapse within LAPSES_SOON, and those who asked for another month."""
    asked = [
        Todo(
            days_apart(now, invitation.expires_at.astimezone(zone)).capitalize(),
            SOON,
            f"{isolated(invitation.application.name)} asks for another month to decide",
            "The seat is held meanwhile; say yes or no",
            "Answer",
            reverse("organise:seats"),
        )
        for invitation in invitations
        if invitation.asked_more_at and invitation.more_granted is None
    ]
    return asked + [
        Todo(
            days_apart(now, invitation.expires_at.astimezone(zone)).capitalize(),
            SOON,
            f"The invitation of {isolated(invitation.application.name)} lapses at "
            f"{invitation.expires_at.astimezone(zone):%H:%M}",
            f"Sent {short_date(invitation.issued_at.astimezone(zone))}, not answered yet",
            "Open the application",
            reverse("organise:application", args=[invitation.application_id]),
        )
        for invitation in invitations
        if invitation.expires_at - now < LAPSES_SOON
    ]


def seats_todo(group: Group, shortlisted: int) -> list[Todo]:
    """A free seat and somebody to offer it to."""
    free = group.seats.free
    if not free:
        return []
    sentence = people(free, "seat is free", "seats are free")
    if shortlisted:
        why = f"{people(shortlisted, 'person is', 'people are')} shortlisted"
        return [Todo("This week", CALM, sentence, why, "Choose someone", reverse("organise:shortlist"))]
    return [
        Todo("This week", CALM, sentence, "Nobody is shortlisted yet", "Read the list", _queue(State.WAITING))
    ]


def _queue(state: str) -> str:
    return f"{reverse('organise:applications')}?state={state}"


def session_todo(session: Session | None, *, now: datetime) -> list[Todo]:
    """What the next session lacks that an organiser can mend."""
    if session is None:
        return [
            Todo(
                "This week",
                CALM,
                "No session is planned",
                "Members have nothing to prepare for",
                "Plan a session",
                reverse("organise:session_new"),
            )
        ]
    lacks = [
        what
        for what, missing in (
            ("a place", not session.place),
            ("readings", not session.reading_count),
            ("presenters", not session.presenter_count),
        )
        if missing
    ]
    when = days_apart(now, session.local_start).capitalize()
    url = reverse("organise:session", args=[session.pk])
    if session.state == Session.State.DRAFT:
        why = f"It still lacks {' and '.join(lacks)}" if lacks else "It has all it needs"
        return [Todo(when, SOON, f"Session {session.number} is a draft", why, "Open the draft", url)]
    if lacks:
        sentence = f"Session {session.number} lacks {' and '.join(lacks)}"
        return [Todo(when, SOON, sentence, "Members see it as it is", "Complete it", url)]
    return []


def past_todo(*, now: datetime) -> list[Todo]:
    """Announced sessions that are over and wait to be marked as held. One query."""
    return [
        Todo(
            "This week",
            CALM,
            f"Session {session.number} is over",
            "Mark it as held, and it moves to the archive",
            "Close it",
            reverse("organise:session", args=[session.pk]),
        )
        for session in Session.objects.filter(state=Session.State.ANNOUNCED, ends_at__lte=now).order_by(
            "starts_at"
        )[:5]
    ]


def mail_numbers(*, now: datetime) -> dict:
    """How many mails are drafts, on their way, failed, sent or come back in seven days. One query.

    Each is counted as far as COUNTED. oldest, oldest_draft: when the first of those on their way, and of the
    drafts, was written.
    """
    recent = Q(state=Message.State.SENT, sent_at__gte=now - timedelta(days=7))
    sorts = {
        "drafts": Q(state=Message.State.DRAFT),
        "waiting": Q(state__in=[Message.State.QUEUED, Message.State.SENDING]),
        "failed": Q(state=Message.State.FAILED),
        "sent": recent,
        "bounced": recent & Q(bounced_at__isnull=False),
    }
    each = [
        Message.objects.filter(condition)
        .order_by("created_at" if sort in ("drafts", "waiting") else "-sent_at")
        .values_list(Value(sort, output_field=CharField()), "created_at")[:COUNTED]
        for sort, condition in sorts.items()
    ]
    written: dict[str, list[datetime]] = {sort: [] for sort in sorts}
    for sort, created_at in each[0].union(*each[1:], all=True):
        written[sort].append(created_at)
    return {sort: len(found) for sort, found in written.items()} | {
        "most": COUNTED,
        "oldest": min(written["waiting"], default=None),
        "oldest_draft": min(written["drafts"], default=None),
    }


def mail_todo(mail: dict, *, now: datetime, zone: ZoneInfo) -> list[Todo]:
    """Mails that the server refused, those that came back, and drafts that nobody has released."""
    outbox, found = reverse("organise:outbox"), []
    if mail["failed"]:
        sentence = f"{many_people(mail['failed'], 'mail has', 'mails have')} failed"
        why = "The mail server’s words stand beside each"
        found.append(Todo("Late", LATE, sentence, why, "Look at it", f"{outbox}?state=failed"))
    if mail["bounced"]:
        sentence = f"{many_people(mail['bounced'], 'mail has', 'mails have')} come back"
        why = "Whoever it was for has not read it"
        found.append(Todo("This week", SOON, sentence, why, "Look at it", f"{outbox}?state=bounced"))
    if mail["drafts"]:
        sentence = f"{many_people(mail['drafts'], 'mail waits', 'mails wait')} to be released"
        why = f"The oldest was written {days_apart(now, mail['oldest_draft'].astimezone(zone))}"
        found.append(Todo("This week", SOON, sentence, why, "Read them", f"{outbox}?state=draft"))
    return found


def _taken(group: Group) -> list[str] | int:
    """The initials of those who hold the seats; of more than can be drawn only how many. One query."""
    people = Member.objects.active().by_name().values_list("user__name", "user__email")[: MOST_CHAIRS + 1]
    names = [initials(name or email) for name, email in people]
    return names if len(names) <= MOST_CHAIRS else group.seats.taken


def gather(group: Group, *, now: datetime) -> dict:
    """Everything on the organisers' page, in nine queries, whatever the amount of data."""
    zone = ZoneInfo(group.time_zone)
    counts = Application.objects.count_by_state()
    invitations = list(Invitation.objects.open().select_related("application").order_by("expires_at"))
    session = next_session(now=now)
    mail = mail_numbers(now=now)
    waiting = waiting_counts(group)
    todos = [
        *applications_todo(now=now, zone=zone),
        *decisions_todo(waiting["decisions"]),
        *mail_todo(mail, now=now, zone=zone),
        *invitations_todo(invitations, now=now, zone=zone),
        *session_todo(session, now=now),
        *past_todo(now=now),
        *talks_todo(waiting["talks"]),
        *seats_todo(group, counts[State.SHORTLISTED]),
    ]
    todos.sort(key=lambda todo: URGENCY.index(todo.when_class))
    return {
        "today": now.astimezone(zone),
        "todos": todos,
        "session": session,
        "checks": checklist(session, active=group.seats.taken) if session else [],
        "counts": [
            {"number": counts[state], "label": State(state).label, "note": note, "url": _queue(state)}
            for state, note in (
                (State.UNCONFIRMED, "address not yet confirmed"),
                (State.WAITING, "to be reviewed and decided"),
                (State.SHORTLISTED, "ready to be invited"),
                (
                    State.INVITED,
                    f"first lapses {short_date(invitations[0].expires_at.astimezone(zone))}"
                    if invitations
                    else "nobody at the moment",
                ),
                (State.JOINED, "since the beginning"),
            )
        ],
        "taken": _taken(group),
        "waiting": counts[State.WAITING] + counts[State.SHORTLISTED],
        "mail": mail,
    }
