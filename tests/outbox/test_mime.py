"""What a mail's headers and parts say, and that nothing typed becomes a header."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import icalendar
import pytest
from django.core.mail import BadHeaderError
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from outbox import kinds, mime
from outbox.models import Message

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
INVITATION = "\r\n".join(
    [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Tuesday Readers//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:session-12@example.org",
        "DTSTAMP:20260302T180000Z",
        "DTSTART:20260310T163000Z",
        "SUMMARY:Café and graphs",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
)


def message(**details) -> Message:
    return Message(
        **{
            "kind": "test",
            "about": "session:12",
            "thread": "session:12",
            "to": "zoe@example.org",
            "subject": "A fact",
            "text": "Words with an é.\n",
            "html": "<p>Words with an é.</p>",
            "message_id": "<abc@example.org>",
            "created_at": NOW,
            "due_at": NOW,
        }
        | details
    )


def sent(stored: Message):
    """The mail as a mail program reads it."""
    return message_from_bytes(mime.build(stored).message().as_bytes(linesep="\r\n"), policy=policy.default)


def test_headers_name_the_mail_its_thread_and_that_a_program_wrote_it(settings):
    settings.SITE_URL = "https://group.example.org"
    mail = sent(message())
    root = "<thread.session-12@group.example.org>"
    assert (mail["Message-ID"], mail["References"], mail["In-Reply-To"], mail["Auto-Submitted"]) == (
        "<abc@example.org>",
        root,
        root,
        "auto-generated",
    )
    assert (mail["List-Unsubscribe"], mail["List-Id"]) == (None, None)


def test_mails_of_one_thread_name_the_same_root_and_others_another():
    roots = [sent(message(thread=thread))["References"] for thread in ("session:12", "session:12", "talk:12")]
    assert (roots[0] == roots[1], roots[0] == roots[2]) == (True, False)


def test_a_kind_that_may_be_stopped_says_how_in_one_click(settings, kind, monkeypatch):
    settings.SITE_URL = "https://group.example.org"
    monkeypatch.setattr("outbox.writing.reverse", lambda name, args: f"/{name}/{args[0]}/")
    kind("session_announced", optional=True)
    mail = sent(message(kind="session_announced", recipient="user:7"))
    stop = mail["List-Unsubscribe"]
    assert (stop.startswith("<https://group.example.org/mail_stop/"), stop.endswith("/>")) == (True, True)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Id"] == "<session-announced.group.example.org>"
    assert sent(message(kind="session_announced"))["List-Unsubscribe"] is None  # nobody known


def test_a_mail_of_a_kind_that_is_no_more_still_goes(kind, monkeypatch):
    def gone(name: str):
        raise kinds.UnknownKind(name)

    monkeypatch.setattr(kinds, "kind_of", gone)
    assert sent(message())["List-Unsubscribe"] is None


def test_an_invitation_is_a_third_way_to_read_the_mail_and_a_file():
    mail = sent(message(calendar=INVITATION))

    parts = [part.get_content_type() for part in mail.walk()]
    assert parts == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    alternative, file = [part for part in mail.walk() if part.get_content_subtype() in ("calendar", "ics")]
    assert dict(alternative["Content-Type"].params) == {"method": "REQUEST", "charset": "utf-8"}
    assert alternative.get_content_disposition() is None
    assert (file.get_content_disposition(), file.get_filename()) == ("attachment", "invite.ics")
    assert file.get_content() == INVITATION.encode()
    event = icalendar.Calendar.from_ical(alternative.get_content()).events[0]
    assert str(event["SUMMARY"]) == "Café and graphs"


@pytest.mark.parametrize(("line", "method"), [("METHOD:CANCEL", "CANCEL"), ("X-NONE:1", "PUBLISH")])
def test_an_invitation_says_what_it_wants_in_the_type_of_its_part(line, method):
    mail = sent(message(calendar=INVITATION.replace("METHOD:REQUEST", line)))
    [part] = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert part["Content-Type"].params["method"] == method


def test_without_an_invitation_there_are_two_parts():
    assert [part.get_content_type() for part in sent(message()).walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


EXPECTED = {
    "Content-Type",
    "MIME-Version",
    "Subject",
    "From",
    "To",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "References",
    "In-Reply-To",
}
nasty = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [
                "\r\n",
                "\n",
                "\r",
                "Bcc: x@example.org",
                "\u2028",
                "\x0b",
                "\x00",
                "é",
                "ж",
                "<",
                ">",
                "@",
                ",",
                '"',
                " ",
            ]
        ),
        max_size=12,
    ).map("".join),
)


@given(to=nasty, subject=nasty, thread=nasty, sender=nasty)
@hypothesis_settings(max_examples=80, deadline=None)
def test_nothing_typed_becomes_a_header_or_another_recipient(to, subject, thread, sender):
    stored = message(to=f"{to}@example.org", subject=subject, thread=thread)
    with override_settings(DEFAULT_FROM_EMAIL=f'"{sender}" <no-reply@example.org>'):
        try:
            mail = mime.build(stored)
            raw = mail.message().as_bytes(linesep="\r\n")
        except (BadHeaderError, ValueError):
            return  # it is refused for good, which is as safe
    head = message_from_bytes(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    names = [name for name, _ in head.items()]
    assert (set(names) <= EXPECTED, len(names)) == (True, len(set(names)))
    assert mail.recipients() == [stored.to]
