"""Who first presented when, as the triggers keep it, is what the sessions say, whatever happens to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Min

from sessions_app import programme, tasks
from sessions_app.models import Appearance, Presentation, Presenter, Session, Slot
from tests.factories import PresentationFactory, PresenterFactory, SessionFactory
from tests.members.test_races import at_once


def kept() -> dict[int, datetime]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, first_talk FROM sessions_app_presenter WHERE first_talk IS NOT NULL")
        return dict(cursor.fetchall())


def counted() -> dict[int, datetime]:
    """The same from the sessions themselves."""
    found = {}
    for slot in Slot.objects.filter(session__in=Session.objects.published()).select_related("session"):
        at = slot.session.starts_at + timedelta(milliseconds=slot.position)
        for key in slot.presentation.presenters.values_list("pk", flat=True):
            found[key] = min(at, found.get(key, at))
    return found


@pytest.fixture
def talks(db) -> list[Presentation]:
    """Three talks in three sessions, two held and a draft; the first presenter is in all, the last in one."""
    many, few, last = PresenterFactory.create_batch(3)
    sessions = [
        SessionFactory(number=number, starts_at=datetime(2020 + number, 6, 1, tzinfo=UTC), state=state)
        for number, state in ((1, "held"), (2, "held"), (3, "draft"))
    ]
    talks = [PresentationFactory(session=session, presenter=many) for session in sessions]
    Appearance.objects.create(presentation=talks[1], presenter=few, position=1)
    Appearance.objects.create(presentation=talks[2], presenter=last, position=1)
    return talks


def at(number: int):
    return Session.objects.filter(number=number)


CHANGES = {
    "nothing": lambda talks: None,
    "announced": lambda talks: at(3).update(state="announced"),
    "a draft again": lambda talks: at(1).update(state="draft"),
    "cancelled": lambda talks: Session.objects.update(state="cancelled"),
    "held earlier": lambda talks: at(2).update(starts_at=datetime(2019, 6, 1, tzinfo=UTC)),
    "another title": lambda talks: Session.objects.update(title="Other"),
    "a session gone": lambda talks: at(1).get().delete(),
    "all gone": lambda talks: Session.objects.all().delete(),
    "a talk gone": lambda talks: talks[1].delete(),
    "another place": lambda talks: Slot.objects.update(position=7),
    "in another session, too": lambda talks: Slot.objects.create(presentation=talks[2], session=at(1).get()),
    "moved to another session": lambda talks: talks[2].slots.update(session=at(2).get()),
    "out of its session": lambda talks: talks[0].slots.all().delete(),
    "another's talk": lambda talks: talks[0].appearances.update(presenter=Presenter.objects.last()),
    "nobody's talk": lambda talks: talks[1].appearances.all().delete(),
    "of another talk": lambda talks: Appearance.objects.filter(presentation=talks[2], position=1).update(
        presentation=talks[0]
    ),
    "many at once": lambda talks: Appearance.objects.bulk_create(
        Appearance(presentation=talks[0], presenter=each, position=5)
        for each in PresenterFactory.create_batch(20)
    ),
    "a presenter's talks": lambda talks: Presenter.objects.first().appearances.all().delete(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_first_talks_are_what_the_sessions_say_after_every_change(talks, change):
    CHANGES[change](talks)
    assert kept() == counted()


def test_presenters_stand_in_the_order_of_first_talks_and_those_of_drafts_do_not(talks):
    many, few, last = Presenter.objects.order_by("pk").values_list("pk", flat=True)
    assert programme.presenters_in_order() == [many, few]
    at(3).update(state="held", starts_at=datetime(2001, 6, 1, tzinfo=UTC))
    assert programme.presenters_in_order() == [many, last, few]


def test_worker_mends_first_talks_that_are_wrong_and_leaves_the_others(talks):
    assert tasks.mend_first_talks() == 0
    before = kept()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sessions_app_presenter SET first_talk = NULL WHERE id = %s", [min(before)])
    assert (tasks.mend_first_talks(), kept()) == (1, before)


def test_worker_has_nothing_to_mend_where_nobody_has_presented(db):
    assert tasks.mend_first_talks() == 0


@pytest.mark.django_db(transaction=True)
def test_first_talks_wait_for_nobody_and_are_right_after_the_worker(transactional_db):
    """Fails, though not each time, when the worker does not look again."""
    presenter = PresenterFactory()
    for number in range(1, 6):
        session, talk = SessionFactory(number=number, state="draft"), PresentationFactory(presenter=presenter)
        outcome = at_once(
            [
                lambda key=session.pk: Session.objects.filter(pk=key).update(state="held"),
                lambda talk=talk, session=session: Slot.objects.create(presentation=talk, session=session),
            ]
        )
        assert outcome == {"done": 2}
    tasks.mend_first_talks()
    assert (
        kept() == counted() == {presenter.pk: Session.objects.aggregate(Min("starts_at"))["starts_at__min"]}
    )
