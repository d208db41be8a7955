"""The talks on the organisers’ form: whom a name means, and what removing does."""

import pytest

from sessions_app.models import Appearance, Presentation, Presenter, Session, Slot
from tests.factories import (
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
)
from tests.sessions_app.filled import NEW, form_of, posted, url_of
from tests.sessions_app.test_public_pages import text_of


def presenters_after(client, names: str) -> list[tuple]:
    client.post(NEW, posted(talks=[{"title": "T", "presenters": names}]))
    return list(Appearance.objects.values_list("presenter__guest_name", "presenter__member"))


def test_names_find_members_and_guests_however_they_are_written(as_organiser):
    member = MemberFactory(user__name="Hélène Dubois")
    PresenterFactory(guest_name="Łukasz Nowak")

    assert presenters_after(as_organiser, "HÉLÈNE  dubois, łukasz nowak, New One") == [
        ("", member.pk),
        ("Łukasz Nowak", None),
        ("New One", None),
    ]
    assert Presenter.objects.count() == 3


def test_name_written_twice_is_one_presenter(as_organiser):
    assert presenters_after(as_organiser, "Bo Li, bo li,") == [("Bo Li", None)]


@pytest.mark.parametrize(
    ("members", "guests", "typed", "sentence"),
    [
        (2, 0, "Bo Li", "Write the e-mail address of the Bo Li you mean; 2 members have this name."),
        (0, 2, "bo li", "Write bo li’s name more fully; 2 earlier guests have this name."),
        (
            1,
            1,
            "Bo Li",
            "Write the e-mail address of Bo Li if you mean the member, or a fuller name if you mean the "
            "guest; both have this name.",
        ),
        (0, 0, "who@example.net", "Write a name instead of “who@example.net”; no member has this address."),
        (0, 0, "x" * 121, f"Shorten “{'x' * 40}…”; a name has at most 120 characters."),
        (0, 0, ",".join("abcdefghijklm"), "Name at most 12 people for one talk; there are 13."),
    ],
)
def test_unclear_name_is_told_at_the_field(as_organiser, members, guests, typed, sentence):
    MemberFactory.create_batch(members, user__name="Bo Li")
    PresenterFactory.create_batch(guests, guest_name="Bo Li")

    page = as_organiser.post(NEW, posted(talks=[{"title": "T", "presenters": typed}]))

    assert [(p.label, p.sentence) for p in page.context["problems"]] == [
        ("Presentation 1, presenters", sentence)
    ]
    assert typed in text_of(page)
    assert Session.objects.count() == 0


def test_address_tells_members_of_one_name_apart(as_organiser):
    MemberFactory(user__name="Bo Li")
    meant = MemberFactory(user__name="Bo Li", user__email="bo@example.org")

    assert presenters_after(as_organiser, "Bo@Example.org") == [("", meant.pk)]


def test_those_who_present_already_stay_though_others_share_their_name(as_organiser):
    session = SessionFactory()
    own = PresenterFactory(guest_name="Bo Li")
    PresentationFactory(session=session, presenter=own)
    PresenterFactory(guest_name="Bo Li")

    response = as_organiser.post(url_of(session), form_of(as_organiser.get(url_of(session))))

    assert response.status_code == 302
    assert list(Appearance.objects.values_list("presenter", flat=True)) == [own.pk]


def test_removed_talk_goes_unless_another_session_has_it(as_organiser):
    session, other = SessionFactory(number=5), SessionFactory(number=6)
    PresentationFactory(title="Alone", session=session)
    shared = PresentationFactory(title="Shared", session=session)
    Slot.objects.create(presentation=shared, session=other)
    page = as_organiser.get(url_of(session))
    data = form_of(page) | {"talks-0-remove": "on", "talks-1-remove": "on"}

    as_organiser.post(url_of(session), data)

    assert "Also in session 6" in text_of(page)
    assert session.slots.count() == 0
    assert list(Presentation.objects.values_list("title", flat=True)) == ["Shared"]
    assert list(other.presentations.values_list("title", flat=True)) == ["Shared"]
