"""Write a mail in the transaction of the change that causes it (rule 6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.template import Context
from django.template.loader import get_template, render_to_string

from outbox.models import Message

SUBJECT = "Subject:"


class NotInTransaction(RuntimeError):
    """A mail was written outside the transaction of its cause; a crash could part the two."""


def absolute(path: str) -> str:
    """The full address of a page of this site, for use in a mail. `path` starts with a slash."""
    return f"{settings.SITE_URL}{path}"


def render(template: str, context: dict) -> tuple[str, str, str]:
    """Render a mail template into (subject, text, html).

    The template's first line is `Subject: …`; the rest is the plain text. It is rendered without HTML
    escaping; the HTML part is made from the finished text, where everything is escaped.
    """
    source = get_template(f"mail/{template}.txt").template
    rendered = source.render(Context(context, autoescape=False))
    first, _, body = rendered.strip().partition("\n")
    if not first.startswith(SUBJECT):
        raise ValueError(f"mail/{template}.txt must start with '{SUBJECT}'")
    return _finish(first.removeprefix(SUBJECT), body)


def _finish(subject: str, body: str) -> tuple[str, str, str]:
    # One line, however it was typed: a line break in a header would start another header.
    subject = " ".join(subject.split())[:250]
    body = body.strip() + "\n"
    return subject, body, render_to_string("mail/layout.html", {"subject": subject, "body": body})


def write(
    *,
    kind: str,
    about: str,
    to: str,
    context: dict,
    now: datetime,
    template: str = "",
    secrets: Iterable[str] = (),
) -> Message:
    """Queue one mail; call it inside the transaction of its cause.

    kind: what it is, and the template's name below templates/mail/ unless `template` names another.
    about: the event; together with kind and recipient it is unique, so a repeated call writes nothing.
    secrets: link tokens and codes in the text, blotted out once a mail server has taken the mail.
    Returns the message, the earlier one when the event was already written.
    Raises NotInTransaction outside `transaction.atomic`.
    """
    return write_text(
        kind=kind, about=about, to=to, parts=render(template or kind, context), now=now, secrets=secrets
    )


def write_text(
    *,
    kind: str,
    about: str,
    to: str,
    parts: tuple[str, str, str] | tuple[str, str],
    now: datetime,
    secrets: Iterable[str] = (),
) -> Message:
    """Queue a mail whose (subject, text) or (subject, text, html) is already made. Otherwise as `write`."""
    if not connection.in_atomic_block:
        raise NotInTransaction(f"{kind} about {about}")
    subject, text, html = parts if len(parts) == 3 else _finish(*parts)
    host = urlsplit(settings.SITE_URL).hostname
    Message.objects.bulk_create(
        [
            Message(
                kind=kind,
                about=about,
                to=to,
                subject=subject,
                text=text,
                html=html,
                secrets=list(secrets),
                message_id=f"<{uuid4().hex}@{host}>",
                created_at=now,
                due_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    return Message.objects.get(kind=kind, about=about, to=to)
