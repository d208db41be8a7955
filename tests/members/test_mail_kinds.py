"""The kinds of mail of this package: how they go, what they say, and that nothing is promised in vain.

The default wordings are kept in `tests/members/snapshots`, one file a mail. After a change of words,
`RENEW_SNAPSHOTS=1 pytest tests/members/test_mail_kinds.py` writes them anew; read the difference.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from members import mail_kinds, mails
from members.models import Invitation
from members.models.application import State
from outbox.kinds import kind_of
from outbox.models import KindSetting
from outbox.parts import parts_of
from outbox.wording import check, default_wording
from outbox.writing import absolute, preview, write
from tests import snapshots
from tests.factories import ApplicationFactory, MemberFactory

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
SNAPSHOTS = Path(__file__).parent / "snapshots"
KINDS = {kind.name: kind for kind in mail_kinds.KINDS}
every_kind = pytest.mark.parametrize("kind", KINDS)

VALUES = {
    "name": "Zoë Lindqvist",
    "group": "Tuesday Readers",
    "status_url": absolute("/application/TOKEN/"),
    "confirm_url": absolute("/application/TOKEN/confirm/"),
    "invitation_url": absolute("/invitation/TOKEN/"),
    "password_url": absolute("/accounts/password/reset/key/TOKEN/"),
    "next_url": absolute("/next/"),
    "home_url": absolute("/"),
    "sign_in_url": absolute("/accounts/login/"),
    "expires_day": "Monday 16 March",
    "expires_time": "20:00",
    "expires_at": "Monday 16 March 2026, 20:00 (Tallinn time)",
    "capacity": "20 seats",
    "kept_for": "12 months",
    "answer_within": "30 days",
    "reason": "We have *few* seats.\n\nPlease ask again.",
    "subject": "About your talk",
    "text": "Dear Zoë,\n\nwould you tell us more? See https://example.org/talks.",
    "code": "WXYZ42",
    "can_ask_more": True,
    "granted": True,
    "lapsed_before": False,
    "rests": False,
    "removed": False,
}
OTHERWISE = [
    ("invitation_reminder_last", "invitation_reminder", {"can_ask_more": False}),
    ("more_time_refused", "more_time", {"granted": False}),
    ("more_time_refused_again", "more_time", {"granted": False, "lapsed_before": True}),
    ("lapsed_again", "lapsed", {"rests": True}),
    ("left_removed", "left", {"removed": True}),
]


# --- What they say -----------------------------------------------------------------------------------
@pytest.mark.parametrize(("file", "kind", "more"), [*((name, name, {}) for name in KINDS), *OTHERWISE])
def test_default_wording_is_as_it_was_read(db, file, kind, more):
    values = {name: VALUES[name] for name in KINDS[kind].placeholders} | more
    message = write(kind=kind, about="test:1", to="zoe@example.org", context=values, now=NOW)
    snapshots.check(SNAPSHOTS / f"{file}.txt", message)


def test_every_snapshot_belongs_to_a_wording():
    files = {path.stem for path in SNAPSHOTS.glob("*.txt")}
    assert files == set(KINDS) | {file for file, _, _ in OTHERWISE}


@every_kind
def test_default_wording_names_no_unknown_placeholder(kind):
    check(default_wording(kind), KINDS[kind].placeholders)


def named(kind: str) -> set[str]:
    """The placeholders without which the default wording could not be filled."""
    wording = default_wording(kind)

    def is_named(placeholder: str) -> bool:
        try:
            check(wording, set(KINDS[kind].placeholders) - {placeholder})
        except ValueError:
            return True
        return False

    return {placeholder for placeholder in KINDS[kind].placeholders if is_named(placeholder)}


def test_placeholders_that_the_defaults_leave_to_the_organisers_are_these():
    unnamed = {kind: set(KINDS[kind].placeholders) - named(kind) for kind in KINDS}
    assert {kind: names for kind, names in unnamed.items() if names} == {
        "confirm_address": {"status_url"},
        "withdrawn": {"status_url"},
        "declined": {"status_url"},
        "invitation": {"status_url"},
        "invitation_reminder": {"status_url"},
        "more_time": {"expires_time"},
        "letter": {"name"},
        "welcome": {"home_url"},
        "back_from_leave": {"home_url"},
        "left": {"next_url"},
    }


# --- How they go -------------------------------------------------------------------------------------
def test_decisions_wait_and_receipts_never_do():
    def names(condition) -> set[str]:
        return {name for name, kind in KINDS.items() if condition(kind)}

    receipts = {
        "confirm_address", "received", "applied_again", "your_link", "withdrawn", "welcome", "login_code",
        "password_reset_key", "email_confirmation",
    }  # fmt: skip
    assert names(lambda kind: kind.waits) == {"shortlisted", "invitation", "declined", "revoked"}
    assert names(lambda kind: kind.urgent) == receipts
    assert names(lambda kind: not kind.may_wait) == receipts | {
        "invitation_reminder", "still_interested", "dormant", "lapsed", "letter",
    }  # fmt: skip
    assert names(lambda kind: kind.optional) == set()


@every_kind
def test_kind_is_known_to_the_outbox_and_says_why_it_came(kind):
    found = kind_of(kind)
    assert (found, found.why[:21]) == (KINDS[kind], "You get this because ")


# --- Every placeholder is there ----------------------------------------------------------------------
def invitation_of(application):
    return Invitation.issue(application=application, by=None, now=NOW, days=14)


WRITTEN = {
    **{
        kind: lambda a, m, g, kind=kind: getattr(mails, kind)(a, g, now=NOW)
        for kind in (
            "confirm_address", "received", "applied_again", "your_link", "withdrawn", "imported",
            "shortlisted", "still_interested", "dormant",
        )
    },
    "declined": lambda a, m, g: mails.declined(a, g, reason="R", now=NOW),
    "letter": lambda a, m, g: mails.letter(a, g, subject="S", text="T", once="once", now=NOW),
    "invitation": lambda a, m, g: mails.invitation(*invitation_of(a), g, now=NOW),
    "invitation_reminder": lambda a, m, g: mails.invitation_reminder(*invitation_of(a), g, now=NOW),
    "more_time": lambda a, m, g: mails.more_time(invitation_of(a)[0], a, g, granted=True, now=NOW),
    "lapsed": lambda a, m, g: mails.lapsed(invitation_of(a)[0], a, g, now=NOW),
    "revoked": lambda a, m, g: mails.revoked(invitation_of(a)[0], a, g, reason="R", now=NOW),
    "welcome": lambda a, m, g: mails.welcome(m, g, about="member:1", now=NOW),
    "back_from_leave": lambda a, m, g: mails.back_from_leave(m, g, now=NOW),
    "left": lambda a, m, g: mails.left(m, g, removed=False, reason="R", now=NOW),
    **{
        kind: lambda a, m, g, kind=kind, secret=secret: mails.signing_in(
            kind, to="a@example.org", user_id=m.user_id, values={secret: "X"}, about="sign-in:1", now=NOW
        )
        for kind, secret in (
            ("login_code", "code"),
            ("password_reset_key", "password_url"),
            ("email_confirmation", "confirm_url"),
        )
    },
}  # fmt: skip


@every_kind
def test_organisers_own_wording_may_name_every_placeholder(group, kind):
    names = list(KINDS[kind].placeholders)
    source = "\n\n".join(f"{name}: {{{{ {name} }}}}." for name in names)
    KindSetting.objects.create(kind=kind, subject="Own words", source=source)
    application, member = ApplicationFactory(state=State.INVITED), MemberFactory()
    with transaction.atomic():
        message = WRITTEN[kind](application, member, group)
    lines = message.text.partition("\n-- \n")[0].strip().split("\n\n")
    assert message.subject == "Own words"
    assert [line.partition(":")[0] for line in lines] == names
    assert [line for line in lines if line.endswith(": .")] == []


@every_kind
def test_mail_names_its_reader_and_its_thread(group, kind):
    application, member = ApplicationFactory(state=State.INVITED), MemberFactory()
    with transaction.atomic():
        message = WRITTEN[kind](application, member, group)
    if KINDS[kind].placeholders.keys() >= {"name", "status_url"}:
        name = f"application:{application.pk}"
        assert (message.recipient, message.thread) == (name, name)
    else:
        assert message.recipient == f"user:{member.user_id}"


@every_kind
def test_sample_fills_every_placeholder_without_a_live_link(group, kind):
    application = ApplicationFactory(state=State.INVITED, name="Zoë")
    _, token = invitation_of(application)
    MemberFactory(user__name="Mira")
    values = KINDS[kind].sample()
    assert set(values) == set(KINDS[kind].placeholders)
    shown = "".join(preview(kind, values))
    assert (application.token in shown, token in shown) == (False, False)


@every_kind
def test_sample_of_an_empty_site_is_none(db, kind):
    assert KINDS[kind].sample() is None


# --- Whatever people are called ----------------------------------------------------------------------
SIGNS = "*_`~[]()<>#+-=|!&;:.\\/\"'{}%@$^ \t0123456789aZñß漢ع"
typed = st.text(st.one_of(st.sampled_from(SIGNS), st.characters(exclude_categories=["C", "Z"])), max_size=60)


@settings(deadline=None, max_examples=60)
@given(name=typed, reason=st.lists(typed, min_size=1, max_size=4).map("\n".join))
def test_what_people_type_is_shown_as_it_is_and_escaped(name, reason):
    values = {"name": f"N{name}N", "group": "Readers", "reason": f"R{reason}R"}
    subject, source = default_wording("declined").fill(values)
    text, html = parts_of(subject, source)
    lines = [line.strip(" \t") for line in f"R{reason}R".split("\n")]
    shown = [line.strip(" \t") for line in text.split("\n")]
    assert subject == "Your application to Readers"
    assert shown[0] == f"Dear N{name}N,"
    first = shown.index("thank you for your application. We cannot offer you a seat.") + 2
    following = shown[first : shown.index("Our notes stay open to everybody, and you may apply again.")]
    assert [line for line in following if line] == [line for line in lines if line]
    # Without a name and a reason the mail has these tags alone, besides breaks, new paragraphs and links.
    body = html.partition('<div class="mail">')[2].partition("</div>")[0]
    assert f"Dear N{name}N," in unescape(body)
    for sign in ("<script", "<img", "<em>", "<strong>", "<code>", "<h1", "<ul", "<ol", "<blockquote", "<pre"):
        assert sign not in body
