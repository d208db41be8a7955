"""Make the mail that goes out of a stored message: its headers, its parts, its invitation."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from outbox import kinds
from outbox.models import Message
from outbox.writing import host, stop_url

METHOD = re.compile(r"^METHOD:([A-Za-z]+)\s*$", re.MULTILINE)
LONGEST_LINE = 900  # RFC 5322 allows 998
NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9]+")


class Mail(EmailMultiAlternatives):
    """A mail whose long ids and addresses stand on the line of their header, where all programs find them."""

    def message(self, **options):
        """The mail as a tree of its parts."""
        tree = super().message(**options)
        tree.policy = tree.policy.clone(max_line_length=LONGEST_LINE)
        return tree


def build(message: Message) -> Mail:
    """The mail of a message, ready for a mail server or provider.

    The same message makes the same headers every time, so that mail programs show a second copy as the first.
    Raises BadHeaderError or ValueError for an address that no mail can go to.
    """
    mail = Mail(
        subject=_one_line(message.subject),
        body=message.text,
        from_email=_one_line(settings.DEFAULT_FROM_EMAIL),
        to=[message.to],
        headers=headers(message),
    )
    mail.attach_alternative(message.html, "text/html")
    if message.calendar:
        _invite(mail, message.calendar)
    # Providers give it back with what they report; a site that shares the account has other ones.
    mail.metadata = {"message": message.message_id.strip("<>")}
    return mail


def headers(message: Message) -> dict[str, str]:
    """What a message's headers say beside who writes what to whom."""
    found = {"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"}  # RFC 3834
    if message.thread:
        # No mail has this id: mails that name the same one stand together, whichever came first.
        found["References"] = found["In-Reply-To"] = f"<thread.{_for_an_id(message.thread)}@{host()}>"
    if stop := _stop_url(message):
        found["List-Unsubscribe"] = f"<{stop}>"
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        found["List-Id"] = f"<{_for_an_id(message.kind)}.{host()}>"
    if settings.MAIL_PROVIDER == "postmark":
        found["X-PM-KeepID"] = "true"  # it would put a Message-ID of its own instead
    return found


def _invite(mail: Mail, calendar: str) -> None:
    """Add an invitation as Gmail, Outlook and Apple's Mail want it: a third form of the mail, and a file."""
    found = METHOD.search(calendar)
    method = found[1].upper() if found else "PUBLISH"
    mail.attach_alternative(calendar, f"text/calendar; method={method}")
    mail.attach("invite.ics", calendar.encode(), "application/ics")


def _stop_url(message: Message) -> str:
    try:
        return stop_url(kinds.kind_of(message.kind), message.recipient)
    except kinds.UnknownKind:
        return ""  # written before the kind was dropped


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _for_an_id(text: str) -> str:
    return NOT_IN_AN_ID.sub("-", text).strip("-")[:100] or "-"
