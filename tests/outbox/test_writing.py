"""Rule 6, the first half: a mail is written with its cause, once, and waits where that was chosen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from outbox import kinds
from outbox.kinds import Kind, UnknownKind
from outbox.models import Choice, KindSetting, Message
from outbox.wording import Wording
from outbox.writing import Mail, NotInTransaction, fill, preview, wording_of, write, write_all

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
WHY = "You get this because it is tested."


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    """Makes another kind known, for this test alone."""

    def make(name: str = "test", **how) -> Kind:
        made = Kind(name, "A test", "Tests", WHY, placeholders={"words": "what it says"}, **how)
        monkeypatch.setitem(kinds._kinds, name, made)
        return made

    make()
    return make


@pytest.fixture
def worded(db) -> KindSetting:
    """The organisers' own wording, since a kind of tests has no file."""
    return KindSetting.objects.create(
        kind="test", subject="A fact: {{ words }}", source="Dear you,\n\n{{ words }}"
    )


def post(about="thing:1", to="a@example.org", words="Words.", **more) -> Message:
    return write(kind="test", about=about, to=to, context={"words": words}, now=NOW, **more)


# --- Once, and with the cause ------------------------------------------------------------------------
def test_one_message_per_event_and_recipient(worded):
    first, again = post(), post(words="Other words.")
    post(about="thing:2")
    post(to="b@example.org")
    assert (first.pk, first.subject) == (again.pk, again.subject)
    assert Message.objects.count() == 3


def test_message_is_written_whole(worded):
    message = post(secrets=["Words"], recipient="user:7", thread="thing:0")
    assert (message.state, message.subject, message.source) == (
        "queued",
        "A fact: Words.",
        "Dear you,\n\nWords.\n",
    )
    assert message.text == f"Dear you,\n\nWords.\n\n-- \n{WHY}\n"
    assert "<p>Words.</p>" in message.html
    assert (message.recipient, message.thread, message.secrets) == ("user:7", "thing:0", ["Words"])
    assert (message.created_at, message.due_at, message.version) == (NOW, NOW, 0)


@pytest.mark.parametrize(
    ("about", "thread"),
    [("thing", "thing"), ("thing:1", "thing:1"), ("thing:1:2026-03-02:2", "thing:1")],
)
def test_thread_is_the_event_unless_it_is_named(worded, about, thread):
    assert post(about=about).thread == thread


@pytest.mark.django_db(transaction=True)
def test_writing_outside_a_transaction_is_an_error(worded):
    with pytest.raises(NotInTransaction):
        post()
    with pytest.raises(NotInTransaction):
        write_all("test", [Mail("thing:1", "a@example.org")], now=NOW)
    assert Message.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_no_mail(worded):
    def cause_that_fails() -> None:
        with transaction.atomic():
            post()
            raise LookupError

    with pytest.raises(LookupError):
        cause_that_fails()
    assert Message.objects.count() == 0


def test_a_line_break_in_a_subject_starts_no_header(worded):
    message = post(words="Hello\r\nBcc: everybody@example.org\n\nmore")
    assert message.subject == "A fact: Hello Bcc: everybody@example.org more"


def test_long_subject_is_cut(worded):
    assert len(post(words="x" * 400).subject) == 250


def test_html_part_escapes_what_people_typed(worded):
    html = post(words="<script>alert(1)</script> & https://example.org/x").html
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; " in html
    assert '<a href="https://example.org/x">https://example.org/x</a>' in html


# --- Waiting -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("how", "chosen", "asked", "state"),
    [
        ({}, None, None, "queued"),
        ({}, True, None, "draft"),
        ({}, True, False, "queued"),
        ({}, None, True, "draft"),
        ({"waits": True}, None, None, "draft"),
        ({"waits": True}, False, None, "queued"),
        ({"waits": True}, None, False, "queued"),
        ({"may_wait": False}, True, None, "queued"),
    ],
)
def test_mail_waits_as_its_kind_its_organisers_and_its_cause_say(worded, kind, how, chosen, asked, state):
    kind(**how)
    KindSetting.objects.update(waits=chosen)
    assert post(waits=asked).state == state


@pytest.mark.parametrize(
    ("optional", "how", "ends"),
    [
        (True, "mail", ("queued", "")),
        (True, "digest", ("held", "digest")),
        (True, "nothing", ("held", "stopped")),
        (False, "nothing", ("queued", "")),
    ],
)
def test_what_the_recipient_has_stopped_is_written_and_held_back(worded, kind, optional, how, ends):
    kind(optional=optional)
    Choice.objects.create(recipient="user:7", kind="test", how=how, changed_at=NOW)
    message = post(recipient="user:7")
    assert (message.state, message.held_because) == ends
    assert post(about="thing:2", recipient="user:8").state == "queued"


def test_urgency_is_the_kinds(worded, kind):
    kind(urgent=True)
    assert post().urgent is True
    kind(urgent=False)
    assert post(about="thing:2").urgent is False


# --- Many --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("count", [1, 3, 120])
def test_many_are_written_in_a_handful_of_queries(worded, kind, count):
    kind(optional=True)
    mails = [
        Mail("thing:1", f"p{n}@example.org", {"words": str(n)}, recipient=f"user:{n}") for n in range(count)
    ]
    with CaptureQueriesContext(connection) as queries:
        assert write_all("test", mails, now=NOW) == count
    assert len(queries) == 5
    assert write_all("test", [*mails, Mail("thing:2", "a@example.org", {"words": "x"})], now=NOW) == 1
    assert Message.objects.count() == count + 1


def test_nobody_is_written_to_without_a_query(db):
    with CaptureQueriesContext(connection) as queries:
        assert write_all("test", [], now=NOW) == 0
    assert len(queries) == 0


# --- How it is worded --------------------------------------------------------------------------------
def test_default_wording_is_used_until_there_is_another(db):
    setting = KindSetting(kind="withdrawn", waits=True)
    assert wording_of("withdrawn", None) == wording_of("withdrawn", setting)
    assert wording_of("withdrawn", None).subject == "Your application to {{ group }} is withdrawn"
    setting.subject, setting.source = "S", "T"
    assert wording_of("withdrawn", setting) == Wording("S", "T")


def test_preview_is_the_mail_as_it_would_be(worded):
    message = post(words="A *word*")
    assert preview("test", {"words": "A *word*"}) == (message.subject, message.text, message.html)
    assert fill("test", {"words": "A *word*"}) == (message.subject, message.source)


def test_names_stand_in_the_text_as_they_are_and_in_html_escaped(db):
    values = {"group": "Ben & Jerry’s <Readers>", "name": "O’Neil & Sons", "status_url": "/"}
    subject, text, html = preview("withdrawn", values)
    assert subject == "Your application to Ben & Jerry’s <Readers> is withdrawn"
    assert text.startswith("Dear O’Neil & Sons,")
    assert "O’Neil &amp; Sons" in html
    assert "Ben &amp; Jerry’s &lt;Readers&gt;" in html


# --- Kinds -------------------------------------------------------------------------------------------
def test_two_kinds_of_one_name_are_refused(kind):
    with pytest.raises(ValueError, match="two kinds of mail named test"):
        kinds.register([Kind("test", "Another", "Tests", WHY)])


def test_kind_cannot_wait_and_not_wait():
    with pytest.raises(ValueError, match="waits, and may not"):
        Kind("x", "X", "Tests", WHY, waits=True, may_wait=False)


def test_title_of_a_kind_that_is_no_more_is_made_of_its_name():
    assert (kinds.title_of("test"), kinds.title_of("old_news")) == ("A test", "Old news")


def test_unknown_kind_is_an_error():
    with pytest.raises(UnknownKind):
        kinds.kind_of("no_such_kind")
