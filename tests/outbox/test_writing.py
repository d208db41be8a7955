"""Rule 6, the first half: a mail is written with its cause, once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import transaction

from outbox.models import Message
from outbox.writing import NotInTransaction, render, write_text

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def write(about="thing:1", to="a@example.org", subject="A fact", text="Words."):
    return write_text(kind="test", about=about, to=to, parts=(subject, text), now=NOW)


def test_one_message_per_event_and_recipient(db):
    first, again = write(), write(subject="Other words")
    write(about="thing:2")
    write(to="b@example.org")
    assert (first.pk, first.subject) == (again.pk, again.subject)
    assert Message.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_writing_outside_a_transaction_is_an_error():
    with pytest.raises(NotInTransaction):
        write()
    assert Message.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_no_mail():
    def cause_that_fails() -> None:
        with transaction.atomic():
            write()
            raise LookupError

    with pytest.raises(LookupError):
        cause_that_fails()
    assert Message.objects.count() == 0


def test_a_line_break_in_a_subject_starts_no_header(db):
    message = write(subject="Hello\r\nBcc: everybody@example.org\n\nmore")
    assert message.subject == "Hello Bcc: everybody@example.org more"


def test_html_part_escapes_what_people_typed(db):
    message = write(text="<script>alert(1)</script> & https://example.org/x")
    assert "<script>" not in message.html
    assert "&lt;script&gt;" in message.html
    assert '<a href="https://example.org/x"' in message.html


def test_templates_are_plain_text_unescaped():
    group = {"name": "Ben & Jerry’s <Readers>"}
    subject, text, html = render("withdrawn", {"group": group, "application": {"name": "O’Neil & Sons"}})
    assert subject == "Your application to Ben & Jerry’s <Readers> is withdrawn"
    assert text.startswith("Dear O’Neil & Sons,")
    assert "O’Neil &amp; Sons" in html
