"""Who is asked for slides, when, and how often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from members.models.invitation import hash_token
from sessions_app import materials
from sessions_app.models import Appearance, Material, PresenterLink, Slot
from tests.factories import MemberFactory, PresentationFactory, PresenterFactory, SessionFactory

NOW = timezone.now()


@pytest.fixture
def talk(member):
    """A member's talk in a session six days ahead; slides are due seven days before."""
    session = SessionFactory(starts_at=NOW + timedelta(days=6))
    return PresentationFactory(session=session, presenter=PresenterFactory(guest_name="", member=member))


def test_each_presenter_is_asked_once(talk, outbox):
    other = MemberFactory(user__email="other@example.org")
    Appearance.objects.create(presentation=talk, presenter=PresenterFactory(guest_name="", member=other))
    Appearance.objects.create(presentation=talk, presenter=PresenterFactory(guest_name="No address"))

    assert materials.ask_for_slides(now=NOW) == 2
    assert materials.ask_for_slides(now=NOW + timedelta(days=1)) == 0

    assert outbox.kinds("mira@example.org") == ["slides_due"]
    assert outbox.kinds("other@example.org") == ["slides_due"]
    assert outbox.link("slides_due", "mira@example.org") == f"/presentations/{talk.pk}/materials/"


def test_presenter_whose_address_changes_is_asked_once(talk, member, outbox):
    materials.ask_for_slides(now=NOW)
    member.user.email = "new@example.org"
    member.user.save()

    assert materials.ask_for_slides(now=NOW + timedelta(days=1)) == 0
    message = outbox.last("slides_due")
    assert (message.to, message.about) == (
        "mira@example.org",
        f"talk:{talk.pk}:presenter:{member.presenter.pk}",
    )


def test_somebody_who_has_left_is_not_asked(talk, member, outbox):
    member.state, member.left_at = "alumni", NOW
    member.save()

    assert (materials.ask_for_slides(now=NOW), PresenterLink.objects.count()) == (0, 0)


def test_somebody_erased_is_not_asked(talk, member, outbox):
    # A guest who became a member and was erased; the address was left behind.
    type(member.presenter).objects.update(email="mira@example.net")
    member.user.delete()
    type(member.presenter).objects.update(email="mira@example.net")

    assert (materials.ask_for_slides(now=NOW), PresenterLink.objects.count()) == (0, 0)


def test_talk_in_two_sessions_is_asked_about_once(talk, outbox):
    Slot.objects.create(presentation=talk, session=SessionFactory(starts_at=NOW + timedelta(days=2)))

    materials.ask_for_slides(now=NOW)

    assert outbox.kinds() == ["slides_due"]


@pytest.mark.parametrize(("days", "asked"), [(7.01, 0), (7, 1), (0.01, 1), (0, 0), (-1, 0)])
def test_question_comes_within_seven_days_and_never_after_the_start(talk, outbox, days, asked):
    session = talk.sessions.get()
    assert materials.ask_for_slides(now=session.starts_at - timedelta(days=days)) == asked


@pytest.mark.parametrize("kind", ["slides", "code"])
def test_who_has_put_slides_is_not_asked(talk, outbox, kind):
    Material.objects.create(presentation=talk, kind=kind, url="https://example.org")

    assert materials.ask_for_slides(now=NOW) == int(kind != "slides")


@pytest.mark.parametrize("state", ["draft", "cancelled", "held"])
def test_session_that_is_not_announced_asks_nobody(talk, outbox, state):
    talk.sessions.update(state=state)

    assert materials.ask_for_slides(now=NOW) == 0


def test_group_that_wants_no_question_asks_nobody(talk, group, outbox):
    group.materials_days = 0
    group.save()

    assert materials.ask_for_slides(now=NOW) == 0


@pytest.mark.parametrize("state", ["accepted", "declined", "withdrawn", "given"])
def test_talk_without_a_place_asks_nobody(talk, outbox, state):
    talk.state = state
    talk.save()

    assert materials.ask_for_slides(now=NOW) == 0


def test_guest_with_an_address_gets_a_link_of_their_own(group, client, outbox):
    guest = PresenterFactory(guest_name="Ana", email="ana@example.net")
    talk = PresentationFactory(session=SessionFactory(starts_at=NOW + timedelta(days=2)), presenter=guest)

    materials.ask_for_slides(now=NOW)
    materials.ask_for_slides(now=NOW)

    link = outbox.link("slides_due", "ana@example.net")
    token = link.split("/")[2]
    assert list(PresenterLink.objects.values_list("presenter", "token_hash")) == [
        (guest.pk, hash_token(token))
    ]
    assert outbox.last("slides_due").secrets == [token]
    page = client.get(link)
    assert (page.status_code, talk.title in page.content.decode()) == (200, True)
