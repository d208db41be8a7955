"""What an event's mails are, and that forgetting them takes those and no others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from outbox.forgetting import about_any, forget, forget_person
from outbox.models import Choice, KindSetting, Message, MessageStep

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def write(about: str, state: str = "queued") -> None:
    Message.objects.create(
        kind=f"kind-{Message.objects.count()}",
        about=about,
        to="zoe@example.org",
        subject="Subject",
        text="Text",
        html="<p>Text</p>",
        message_id=f"<{Message.objects.count()}@example.org>",
        created_at=NOW,
        due_at=NOW,
        state=state,
        sent_at=NOW if state == "sent" else None,
        leased_until=NOW if state == "sending" else None,
    )


def abouts() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("about", flat=True))


def test_forget_takes_the_event_and_what_hangs_on_it_and_nothing_else():
    for about in (
        "application:1",
        "application:1:2026-03-01",
        "application:1:guest_chair:7",
        "invitation:4",
        "application:12",
        "application:12:2026-03-01",
        "invitation:1",
        "session:1",
    ):
        write(about)

    assert forget(events=["application:1", "invitation:4"]) == 4
    assert abouts() == ["application:12", "application:12:2026-03-01", "invitation:1", "session:1"]


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "failed"])
def test_forget_takes_mails_in_every_state(state):
    write("application:1", state)
    assert (forget(events=["application:1"]), abouts()) == (1, [])


def test_signs_of_the_query_language_stand_for_themselves():
    write("application:1x:2026")
    write("application:_%:2026")
    assert list(Message.objects.filter(about_any(["application:_%"])).values_list("about", flat=True)) == [
        "application:_%:2026"
    ]


def test_no_event_matches_no_mail():
    write("application:1")
    assert (forget(events=[]), abouts()) == (0, ["application:1"])


def test_forgetting_somebody_takes_their_mails_and_choices_and_leaves_that_steps_were_taken():
    for number, recipient in enumerate(["user:1", "user:12", "user:1", ""]):
        write(f"session:{number}")
        Message.objects.filter(about=f"session:{number}").update(recipient=recipient)
    for recipient in ("user:1", "user:12"):
        Choice.objects.create(recipient=recipient, kind="circular", how="digest", changed_at=NOW)
        MessageStep.objects.create(
            message=Message.objects.get(about="session:1"), what="released", by=recipient, at=NOW
        )
        KindSetting.objects.create(kind=f"kind of {recipient}", changed_by=recipient)

    assert forget_person("user:1", instead="user:0") == 2

    assert abouts() == ["session:1", "session:3"]
    assert list(Choice.objects.values_list("recipient", flat=True)) == ["user:12"]
    assert list(MessageStep.objects.order_by("pk").values_list("by", flat=True)) == ["user:0", "user:12"]
    assert list(KindSetting.objects.order_by("pk").values_list("changed_by", flat=True)) == [
        "user:0",
        "user:12",
    ]


def test_forgetting_somebody_takes_tests_which_may_show_anybody():
    for about in ("test:7f3a", "test:1:7f3a", "tested:1"):
        write(about)
    assert forget_person("application:1", instead="user:0") == 2
    assert abouts() == ["tested:1"]
