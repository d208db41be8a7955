"""Write a mail in the transaction of the change that causes it (rule 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.urls import reverse

from outbox import choices, kinds
from outbox.kinds import Kind
from outbox.models import Choice, KindSetting, Message
from outbox.parts import Footer, parts_of
from outbox.wording import Value, Wording, default_wording

HELD = {Choice.How.DIGEST: Message.Why.DIGEST, Choice.How.NOTHING: Message.Why.STOPPED}


class NotInTransaction(RuntimeError):
    """A mail was written outside the transaction of its cause; a crash could part the two."""


@dataclass(frozen=True)
class Mail:
    """One mail that is about to be written.

    about: the event; together with kind and address it is unique, so that a repetition writes nothing.
    to: the address. recipient: who that is, whatever the address, such as "user:12"; "" for nobody known.
    values: what the placeholders of the kind's wording stand for.
    secrets: link tokens and codes in the text, blotted out once a mail server has taken the mail.
    thread: what mails about the same thing share; the first two parts of `about` without it.
    calendar: an iCalendar object with a METHOD, which goes as an invitation.
    waits: whether it waits as a draft; None for what the organisers have chosen for its kind.
    """

    about: str
    to: str
    values: Mapping[str, Value] = field(default_factory=dict)
    recipient: str = ""
    secrets: Sequence[str] = ()
    thread: str = ""
    calendar: str = ""
    waits: bool | None = None


def absolute(path: str) -> str:
    """The full address of a page of this site, for use in a mail. `path` starts with a slash."""
    return f"{settings.SITE_URL}{path}"


def wording_of(kind: str, setting: KindSetting | None) -> Wording:
    """The wording that is in use for a kind: the organisers' own, or the default."""
    if setting and setting.source:
        return Wording(setting.subject, setting.source)
    return default_wording(kind)


def setting_of(kind: str) -> KindSetting | None:
    """What the organisers have chosen for a kind. One query."""
    return KindSetting.objects.filter(kind=kind).first()


def fill(kind: str, values: Mapping[str, Value]) -> tuple[str, str]:
    """The subject and the Markdown source of a mail as it would be written now. One query."""
    return wording_of(kind, setting_of(kind)).fill(values)


def preview(kind: str, values: Mapping[str, Value]) -> tuple[str, str, str]:
    """Subject, plain text and HTML of a mail as it would be written now, without a way to stop its kind."""
    subject, source = fill(kind, values)
    return (subject, *parts_of(subject, source, footer_of(kinds.kind_of(kind), "")))


def at_once(message: Message) -> Message:
    """Let a mail go during quiet hours, too. Call it inside the transaction that has written it."""
    message.urgent = True
    message.save(update_fields=["urgent"])
    return message


def footer_of(kind: Kind, recipient: str) -> Footer:
    """What stands below a mail of this kind to this recipient."""
    if not (kind.optional and recipient):
        return Footer(kind.why)
    choices_url = absolute(reverse("mail_choices")) if recipient.startswith("user:") else ""
    return Footer(kind.why, stop_url(kind, recipient), choices_url)


def stop_url(kind: Kind, recipient: str) -> str:
    """The address that stops this kind of mail for this recipient, by POST; "" where that is not possible."""
    if not (kind.optional and recipient):
        return ""
    return absolute(reverse("mail_stop", args=[choices.stop_token(recipient, kind.name)]))


def write_all(kind: str, mails: Iterable[Mail], *, now: datetime) -> int:
    """Write mails of one kind; call it inside the transaction of their cause. Returns how many are new.

    A handful of queries, however many there are. A mail whose kind the recipient has stopped is written, too,
    and held back, so that an organiser can see why nobody got it. Raises NotInTransaction, UnknownKind.
    """
    mails = list(mails)
    if not mails:
        return 0
    written = Message.objects.filter(kind=kind, about__in={mail.about for mail in mails})
    before = written.count()
    _post(kind, mails, now=now)
    return written.count() - before


def _post(kind: str, mails: Sequence[Mail], *, now: datetime, wording: Wording | None = None) -> None:
    if not connection.in_atomic_block:
        raise NotInTransaction(f"{kind} about {mails[0].about}")
    setting, found = setting_of(kind), kinds.kind_of(kind)
    wording = wording or wording_of(kind, setting)
    how = choices.chosen(kind, (mail.recipient for mail in mails))
    rows = []
    for mail in mails:
        subject, source = wording.fill(mail.values)
        waits = mail.waits if mail.waits is not None else waits_of(found, setting)
        rows.append(_row(found, mail, subject, source, how=how.get(mail.recipient), waits=waits, now=now))
    Message.objects.bulk_create(rows, ignore_conflicts=True)


def write(
    *,
    kind: str,
    about: str,
    to: str,
    context: Mapping[str, Value],
    now: datetime,
    recipient: str = "",
    secrets: Iterable[str] = (),
    thread: str = "",
    calendar: str = "",
    waits: bool | None = None,
    wording: Wording | None = None,
) -> Message:
    """Write one mail; call it inside the transaction of its cause. The fields are `Mail`'s.

    wording: another than the kind's, for a test of it.
    Returns the message, the earlier one when the event was already written.
    Raises NotInTransaction outside `transaction.atomic`, UnknownKind.
    """
    mail = Mail(about, to, context, recipient, tuple(secrets), thread, calendar, waits)
    _post(kind, [mail], now=now, wording=wording)
    return Message.objects.get(kind=kind, about=about, to=to)


def waits_of(kind: Kind, setting: KindSetting | None) -> bool:
    """Whether mails of a kind wait to be released: the organisers' choice, or the kind's own way."""
    if not kind.may_wait:
        return False
    return kind.waits if setting is None or setting.waits is None else setting.waits


def _row(
    kind: Kind, mail: Mail, subject: str, source: str, *, how: str | None, waits: bool, now: datetime
) -> Message:
    text, html = parts_of(subject, source, footer_of(kind, mail.recipient))
    held = HELD.get(how, "")
    state = Message.State.HELD if held else Message.State.DRAFT if waits else Message.State.QUEUED
    return Message(
        kind=kind.name,
        about=mail.about,
        to=mail.to,
        recipient=mail.recipient,
        thread=mail.thread or ":".join(mail.about.split(":")[:2]),
        subject=subject,
        source=source,
        text=text,
        html=html,
        secrets=list(mail.secrets),
        calendar=mail.calendar,
        urgent=kind.urgent,
        state=state,
        held_because=held,
        message_id=f"<{uuid4().hex}@{host()}>",
        created_at=now,
        due_at=now,
    )


def host() -> str:
    """The site's own name, which ends the identifiers of its mails."""
    return urlsplit(settings.SITE_URL).hostname or "localhost"
