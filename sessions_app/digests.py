"""The weekly digest for members who chose it: what was kept for them, and the next session."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from members import recipients
from members.models import Group, Member
from outbox import kinds
from outbox.models import Choice, Message, MessageStep
from outbox.wording import Markdown, Value, as_markdown
from outbox.writing import Mail, absolute, write_all
from sessions_app import concerned, moments, once
from sessions_app.mail_words import person_words, session_words
from sessions_app.models import Rsvp, Session
from sessions_app.preparing_words import preparation_for
from sessions_app.reminders import DAYS_BEFORE

KIND = "digest"
LATE = timedelta(days=3)  # a digest that could not be written by then waits for the next one, with all it has
KEPT_FOR = timedelta(days=28)  # how far the first digest of somebody looks back
QUOTED = 1_500  # characters of a mail that has no page


def send(*, now: datetime) -> int:
    """Write the week's digests to those who chose one and have something to read in it. Returns how many.

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
        return write_all(KIND, _mails(about, group, now=now), now=now)


def wanted() -> set[str]:
    """Who gets a digest, such as "user:12": who chose it, or has a kind of mail kept for it. One query."""
    chosen = Choice.objects.filter(Q(kind=KIND) | Q(how=Choice.How.DIGEST)).values_list(
        "recipient", "kind", "how"
    )
    rows = list(chosen)
    refused = {who for who, kind, how in rows if kind == KIND and how == Choice.How.NOTHING}
    return {who for who, _, _ in rows} - refused


def _mails(about: str, group: Group, *, now: datetime) -> list[Mail]:
    """Nine queries at most and those of `_kept` for each event, however many members there are."""
    keys = wanted()
    users = [key.partition(":")[2] for key in keys if key.startswith("user:")]
    members = Member.objects.present().filter(user__in=users, user__is_active=True).select_related("user")
    readers = list(members.order_by("pk"))
    if not readers:
        return []
    kept = _kept([recipients.of_user(member.user_id) for member in readers], now=now)
    pages = _Pages([message for messages in kept.values() for message in messages])
    session = (
        Session.objects.filter(state=Session.State.ANNOUNCED, starts_at__gt=now)
        .order_by("starts_at", "pk")
        .first()
    )
    to_come = _to_come(session) if session else set()
    preparation = preparation_for(session, to_come) if session else None
    mails = []
    for member in readers:
        key = recipients.of_user(member.user_id)
        comes = member.pk in to_come
        if not (comes or kept[key]):
            continue
        values = {
            **person_words(member.name, group),
            "kept": pages.listed(kept[key], member),
            **session_words(session if comes else None),
            **(preparation.words(member.pk) if comes else dict.fromkeys(NOTHING_LEFT, "")),
        }
        mails.append(Mail(about=about, to=member.user.email, values=values, recipient=key))
    return mails


NOTHING_LEFT = ("to_prepare", "minutes_left", "prepared")


def _to_come(session: Session) -> set[int]:
    """The members whom a session concerns and who have not said no. One query."""
    away = Rsvp.objects.filter(session=session, answer=Rsvp.Answer.NO).values("member")
    return set(concerned.members(session).exclude(pk__in=away).values_list("pk", flat=True))


def _kept(keys: Sequence[str], *, now: datetime) -> dict[str, list[Message]]:
    """What was kept for each of these since their last digest, the oldest first.

    Reminders are left out: the digest says itself what is left to prepare; and so is what is no longer so,
    asked once an event. Two queries, and at most two for each event that is kept.
    """
    last = dict(
        Message.objects.filter(kind=KIND, recipient__in=keys)
        .order_by()
        .values_list("recipient")
        .annotate(last=Max("created_at"))
    )
    since = {key: last.get(key, now - KEPT_FOR) for key in keys}
    # A mail may have been on its way when its reader chose the digest for it.
    held_at = Max("steps__at", filter=Q(steps__what=MessageStep.What.HELD))
    rows = (
        Message.objects.filter(recipient__in=keys, held_because=Message.Why.DIGEST)
        .exclude(kind__in=DAYS_BEFORE)
        .annotate(kept_at=Coalesce(held_at, F("created_at")))
        .filter(kept_at__gt=min(since.values()), kept_at__lte=now)
        .only("kind", "about", "thread", "recipient", "subject", "source", "created_at")
    )
    found: dict[str, list[Message]] = defaultdict(list)
    outdated: dict[tuple[str, str, str], str] = {}
    for message in rows.order_by("created_at", "pk"):
        if message.kept_at <= since[message.recipient]:
            continue
        event = (message.kind, message.about, message.thread)
        if event not in outdated:
            outdated[event] = kinds.outdated(message, now=now)
        if not outdated[event]:
            found[message.recipient].append(message)
    return found


class _Pages:
    """The pages that mails lead to, by what these are about. One query."""

    def __init__(self, messages: Iterable[Message]):
        self._numbers = dict(
            Session.objects.filter(
                pk__in={key for what, key in map(_subject_of, messages) if what == "session"}
            ).values_list("pk", "number")
        )

    def listed(self, messages: Iterable[Message], member: Member) -> Markdown:
        """The mails as a list: the subject of each and its page, or its own words where it has none."""
        return Markdown("\n".join(self._line(message, member) for message in messages))

    def _line(self, message: Message, member: Member) -> str:
        subject = f"- {as_markdown(message.subject)}\n"
        if page := self._page(message, member):
            return f"{subject}  <{absolute(page)}>"
        words = message.source if len(message.source) <= QUOTED else f"{message.source[:QUOTED].rstrip()}…"
        quoted = "\n".join(f"  > {line}".rstrip() for line in words.strip().splitlines())
        return f"{subject}\n{quoted}\n"

    def _page(self, message: Message, member: Member) -> str:
        what, key = _subject_of(message)
        if what == "session" and key in self._numbers:
            return reverse("sessions:detail", args=[self._numbers[key]])
        if what == "talk":
            return reverse("organise:talk" if member.role == Member.Role.ORGANISER else "talk", args=[key])
        return ""


def _subject_of(message: Message) -> tuple[str, int]:
    """What a mail is about: such as ("session", 7), from "session:7:…"; ("", 0) for nothing with a key."""
    for words in (message.thread, message.about):
        what, _, rest = words.partition(":")
        key = rest.partition(":")[0]
        if what in ("session", "talk") and key.isdecimal():
            return what, int(key)
    return "", 0


def sample(group: Group, session: Session, member: Member) -> dict[str, Value]:
    """What a digest would say to a member of this session alone."""
    page = absolute(session.get_absolute_url())
    return {
        **person_words(member.name, group),
        "kept": Markdown(f"- The notes of session {session.number}\n  <{page}>"),
        **session_words(session),
        **preparation_for(session, [member.pk]).words(member.pk),
    }
