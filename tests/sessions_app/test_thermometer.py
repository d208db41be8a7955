"""How far the members are with the readings: counted without names, and not at all for too few."""

import pytest
from django.utils import timezone

from members.models import Member
from sessions_app import thermometer
from sessions_app.models import Progress, Reading, Rsvp
from tests.factories import MemberFactory, ReadingFactory, SessionFactory

NOW = timezone.now()


@pytest.fixture
def session(group):
    return SessionFactory(number=4)


def comes(session, answer="yes", **member) -> Member:
    made = MemberFactory(**member)
    Rsvp.objects.create(session=session, member=made, answer=answer, answered_at=NOW)
    return made


def read(reading, *members) -> None:
    Progress.objects.bulk_create(Progress(reading=reading, member=one, read_at=NOW) for one in members)


def test_counts_are_of_active_members_who_come_or_may_come(session):
    reading = ReadingFactory(session=session)
    ana, bo, cy = comes(session), comes(session, "maybe"), comes(session)
    others = [
        comes(session, "no"),
        comes(session, state="on_leave"),
        comes(session, state="alumni", left_at=NOW),
        comes(SessionFactory()),
        MemberFactory(),
    ]
    read(reading, ana, bo, *others)

    heat = thermometer.measure(session, with_names=False)

    assert (heat.members, [degree.read for degree in heat.degrees], heat.is_shown) == (3, [2], True)
    assert cy.progress.count() == 0


def test_minutes_left_are_of_required_readings_and_of_all_members(session):
    long, short = ReadingFactory(session=session, minutes=50), ReadingFactory(session=session, minutes=10)
    ReadingFactory(session=session, minutes=500, importance=Reading.Importance.OPTIONAL)
    people = [comes(session) for _ in range(3)]
    read(long, *people[:2])
    read(short, people[0])

    heat = thermometer.measure(session, with_names=False)

    assert (heat.minutes_left, heat.minutes_each, heat.some_unknown) == (50 + 2 * 10, 23, False)
    ReadingFactory(session=session, minutes=None)
    assert thermometer.measure(session, with_names=False).some_unknown


@pytest.mark.parametrize(("count", "shown"), [(0, False), (1, False), (2, False), (3, True)])
def test_fewer_than_three_are_not_shown(session, count, shown):
    ReadingFactory(session=session)
    for _ in range(count):
        comes(session)

    heat = thermometer.measure(session, with_names=False)

    assert (heat.members, heat.is_shown) == (count, shown)


def test_names_come_only_when_asked_for_and_of_who_has_read(session):
    reading = ReadingFactory(session=session)
    ana = comes(session, user__name="Ana")
    comes(session, user__name="Bo")
    read(reading, ana)

    names = {
        with_names: [degree.names for degree in thermometer.measure(session, with_names=with_names).degrees]
        for with_names in (True, False)
    }

    assert names == {True: [["Ana"]], False: [[]]}
    assert thermometer.measure(session, with_names=True).is_shown


def test_session_without_readings_has_no_degrees(session, django_assert_num_queries):
    with django_assert_num_queries(1):
        heat = thermometer.measure(session, with_names=False)

    assert (heat.members, heat.degrees, heat.minutes_left, heat.minutes_each) == (0, [], 0, 0)
