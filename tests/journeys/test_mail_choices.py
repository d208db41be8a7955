"""A member stops a kind of mail by its link, and takes that back; an organiser words a kind of mail anew."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from outbox import choices, wordings
from outbox.models import Message
from sessions_app import schedule
from tests.factories import GroupFactory, MemberFactory, OrganiserFactory, SessionFactory

KIND = "session_announced"


def announced(title: str, address: str) -> Message:
    """The mail to this address that announces a new session."""
    session = schedule.announce(session_id=SessionFactory(title=title, state="draft").pk, now=timezone.now())
    return Message.objects.get(kind=KIND, to=address, thread=f"session:{session.pk}")


def stop_link(mail: Message) -> str:
    """The path of the link in a mail that stops its kind."""
    line = next(line for line in mail.text.splitlines() if line.startswith("Stop mails of this kind: "))
    return urlsplit(line.partition(": ")[2]).path


@pytest.mark.parametrize("width", [1280, 360])
def test_member_stops_a_kind_from_its_mail_and_takes_it_back(visitor, transactional_db, width):
    GroupFactory()
    member = MemberFactory(user__name="Mira Tamm", user__email="mira@example.org").user
    mail = announced("Nets", "mira@example.org")

    mira = visitor(width)
    page = mira.open(stop_link(mail))
    assert mira.heading() == "Stop these mails?"
    mira.check_page()
    mira.press("Stop these mails")
    assert mira.heading() == "These mails are stopped"
    mira.check_page()
    mail.refresh_from_db()
    assert (mail.state, mail.held_because) == ("held", "stopped")
    assert announced("Trees", "mira@example.org").held_because == "stopped"

    mira.sign_in(member)
    mira.open("/me/")
    page.get_by_role("link", name="Your mail").click()
    mira.check_page()
    kind = page.get_by_role("group", name="A session is announced")
    assert kind.get_by_role("radio", name="Nothing").is_checked()
    # By the keyboard: the arrows choose among the three.
    kind.get_by_role("radio", name="Nothing").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    mira.press("Save")
    assert page.get_by_text("“A session is announced” comes as a mail each time.").is_visible()
    assert choices.of(f"user:{member.pk}") == {KIND: "mail"}
    assert announced("Loss", "mira@example.org").state == "draft"


@pytest.mark.parametrize("width", [1280, 360])
def test_organiser_words_a_kind_of_mail_and_restores_the_default(visitor, transactional_db, width):
    GroupFactory()
    organiser = OrganiserFactory(user__name="Orla Quinn", user__email="orla@example.org").user
    SessionFactory(title="Nets", number=7)
    orla = visitor(width)
    orla.expected = {422}
    orla.sign_in(organiser)
    page = orla.open("/organise/outbox/")
    page.get_by_role("link", name="Kinds of mail").click()
    orla.check_page()
    page.get_by_role("link", name="A session is announced").click()
    orla.check_page()
    frame = page.frame_locator("iframe[name=preview]")
    frame.get_by_text("As plain text").wait_for()

    page.get_by_label("Text", exact=True).fill("Come to **{{ session_title }}**, {{ nmae }}.")
    orla.press("Save")
    page.get_by_text("There is no placeholder “nmae” for this mail.").last.wait_for()
    orla.check_page()
    page.get_by_label("Text", exact=True).fill("Come to **{{ session_title }}**, ")
    if orla.scripted:
        page.get_by_label("Text", exact=True).press("End")
        page.get_by_role("button", name="Insert {{ name }}").click()
    else:
        page.get_by_label("Text", exact=True).press_sequentially("{{ name }}")
    orla.press("Preview")
    frame.get_by_text("Come to Nets, Orla Quinn").first.wait_for()
    orla.press("Send a test to myself")
    assert Message.objects.get(to="orla@example.org").source == "Come to **Nets**, Orla Quinn\n"
    orla.press("Save")
    assert wordings.current(KIND).wording.source == "Come to **{{ session_title }}**, {{ name }}\n"

    page.get_by_role("link", name="Restore the default").click()
    orla.check_page()
    orla.press("Restore the default")
    assert not wordings.current(KIND).is_own
