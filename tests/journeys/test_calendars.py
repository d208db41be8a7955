"""A member lets a calendar program follow the group, and sees a moved session move there."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import pytest
import vobject
from django.utils import timezone

from sessions_app.models import Session
from tests.factories import GroupFactory, MemberFactory, OrganiserFactory, ReadingFactory, SessionFactory
from tests.journeys.conftest import Visitor

TALLINN = ZoneInfo("Europe/Tallinn")


def entries(visitor: Visitor, address: str) -> dict[str, object]:
    """What a calendar program finds there: it is not signed in."""
    path = urlsplit(address).path
    with urlopen(visitor.site + path) as answer:
        events = vobject.readOne(answer.read().decode()).contents["vevent"]
    return {event.uid.value.partition("@")[0]: event for event in events}


@pytest.mark.parametrize("width", [1280, 360])
def test_member_subscribes_and_a_moved_session_moves(visitor, transactional_db, width):
    GroupFactory()
    member = MemberFactory(user__name="Mira Tamm", user__email="mira@example.org").user
    organiser = OrganiserFactory(user__name="Orla Quinn", user__email="orla@example.org").user
    day = (timezone.now() + timedelta(days=30)).date()
    start = datetime(day.year, day.month, day.day, 18, 30, tzinfo=TALLINN)
    session = SessionFactory(number=3, title="Nets", starts_at=start, ends_at=start + timedelta(hours=2))
    ReadingFactory(session=session, minutes=50)
    key = f"session-{session.pk}"

    mira = visitor(width)
    mira.sign_in(member)
    page = mira.open("/me/")
    page.get_by_role("link", name="Your calendar").click()
    mira.check_page()
    mira.press("Make an address")
    mira.check_page()
    address = page.get_by_role("textbox", name="Address").input_value()
    before = entries(mira, address)
    assert before[key].dtstart.value == start
    assert before[f"preparation-{key}"].summary.value == "To read for session 3: 50 min"

    page.get_by_label("What to prepare").uncheck()
    mira.press("Save")
    assert list(entries(mira, address)) == [key]

    orla = visitor(1280)
    orla.sign_in(organiser)
    moved: date = day + timedelta(days=7)
    desk = orla.open(f"/organise/sessions/{session.pk}/")
    desk.get_by_label("Date").fill(moved.isoformat())
    orla.press("Save")
    assert Session.objects.get().local_start.date() == moved

    after = entries(mira, address)[key]
    assert (after.dtstart.value.date(), after.sequence.value) == (moved, "1")

    mira.open("/sessions/3/")
    links = page.get_by_role("heading", name="Add to a calendar").locator("xpath=..").get_by_role("link")
    assert links.all_inner_texts() == [
        "Google Calendar",
        "Outlook",
        "A file",
        "let your calendar follow the group",
    ]

    mira.open("/me/calendar/")
    mira.press("Make a new address")
    with pytest.raises(HTTPError, match="404"):
        entries(mira, address)
    mira.check_page()
