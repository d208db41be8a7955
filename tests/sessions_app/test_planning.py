"""Saving a session: all of it or nothing, also when two organisers save at once (rule 5)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier, Event
from time import sleep

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app import planning, schedule
from sessions_app import stored as storing
from sessions_app.models import Presenter, Session
from sessions_app.planning import Plan, ReadingLine, TalkLine
from sessions_app.speakers import Unclear, fold, split_names
from tests.factories import (
    GroupFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
)

NOW = datetime(2027, 1, 2, 9, 0, tzinfo=UTC)


def values(**changes) -> dict:
    start = datetime(2027, 1, 20, 16, 30, tzinfo=UTC)
    return {
        "number": 7,
        "title": "Nets",
        "starts_at": start,
        "ends_at": start + timedelta(hours=2),
        "time_zone": "Europe/Tallinn",
        "hours_known": True,
        "chairs": None,
        **dict.fromkeys(
            [
                *("place", "address", "access_notes", "online_url", "directions", "host", "host_url"),
                *("summary", "agenda", "warm_up", "up_next", "notes_url"),
            ],
            "",
        ),
        **changes,
    }


def line(title: str, **more) -> ReadingLine:
    row = {
        "kind": "paper",
        "title": title,
        "url": "",
        "part": "",
        "note": "",
        "minutes": None,
        "importance": 1,
    }
    return ReadingLine(values=row, **more)


def talk(title: str, *names: str) -> TalkLine:
    return TalkLine(values={"title": title, "url": "", "abstract": ""}, names=list(names))


# --- The clock -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "clock", "zone", "utc"),
    [
        (date(2027, 1, 20), time(18, 30), "Europe/Tallinn", "2027-01-20T16:30"),
        (date(2027, 7, 20), time(18, 30), "Europe/Tallinn", "2027-07-20T15:30"),
        (date(2027, 3, 28), time(2, 59), "Europe/Tallinn", "2027-03-28T00:59"),
        (date(2027, 3, 28), time(4, 0), "Europe/Tallinn", "2027-03-28T01:00"),
        (date(2026, 10, 25), time(3, 30), "Europe/Tallinn", "2026-10-25T00:30"),
        (date(2026, 11, 1), time(1, 30), "America/New_York", "2026-11-01T05:30"),
        (date(2027, 1, 20), time(18, 30), "Asia/Kathmandu", "2027-01-20T12:45"),
    ],
)
def test_moment_is_the_instant_of_a_clock_in_its_zone(day, clock, zone, utc):
    assert planning.moment(day, clock, zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "zone", "clock"),
    [
        (date(2027, 3, 28), "Europe/Tallinn", time(3, 30)),
        (date(2027, 3, 14), "America/New_York", time(2, 0)),
    ],
)
def test_moment_that_the_clock_skips_is_refused(day, zone, clock):
    with pytest.raises(planning.NoSuchTime):
        planning.moment(day, clock, zone)


# --- Names ---------------------------------------------------------------------------------------------
def test_split_names_keeps_each_once_in_order():
    assert split_names(" Bo  Li,, Ana Do ,BO LI, ") == ["Bo Li", "Ana Do"]


def test_fold_makes_equal_what_reads_the_same():
    assert fold("He\u0301le\u0300ne\u00a0 DUBOIS") == fold("hélène dubois")


# --- Saving --------------------------------------------------------------------------------------------
def test_save_session_with_a_taken_number_saves_nothing(group):
    SessionFactory(number=7)

    with pytest.raises(planning.NumberTaken):
        planning.save_session(
            session_id=None, seen="", plan=Plan(values=values(), readings=[line("R")]), now=NOW
        )

    assert Session.objects.count() == 1


def test_save_session_with_an_unclear_name_saves_nothing(group):
    MemberFactory.create_batch(2, user__name="Bo Li")
    plan = Plan(values=values(), readings=[line("R")], talks=[talk("T", "Cy", "Bo Li")])

    with pytest.raises(Unclear):
        planning.save_session(session_id=None, seen="", plan=plan, now=NOW)

    assert (Session.objects.count(), Presenter.objects.count()) == (0, 0)


def test_save_session_that_was_deleted_says_so(group):
    with pytest.raises(planning.Changed, match="deleted"):
        planning.save_session(session_id=99, seen="x", plan=Plan(values=values()), now=NOW)


def test_save_session_without_lists_leaves_them(group):
    session = SessionFactory()
    ReadingFactory(session=session)

    planning.save_session(
        session_id=session.pk, seen=planning.stored(session).version, plan=Plan(values=values()), now=NOW
    )

    assert session.readings.count() == 1


def test_part_without_an_item_above_it_stands_on_its_own(group):
    plan = Plan(
        values=values(), readings=[line("Part", is_part=True), line("Top"), line("Its", is_part=True)]
    )

    session = planning.save_session(session_id=None, seen="", plan=plan, now=NOW)

    assert list(session.readings.values_list("title", "parent__title")) == [
        ("Part", None),
        ("Top", None),
        ("Its", "Top"),
    ]


# --- Races ---------------------------------------------------------------------------------------------
def at_once(*calls) -> list:
    """Run the calls in threads that start together; what each returned or raised."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait()
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def kinds(results: list) -> list[str]:
    return sorted(type(result).__name__ for result in results)


@pytest.mark.django_db(transaction=True)
def test_two_new_sessions_of_one_number_at_once_make_one():
    GroupFactory()

    def save():
        return planning.save_session(session_id=None, seen="", plan=Plan(values=values()), now=NOW)

    assert kinds(at_once(save, save, save)) == ["NumberTaken", "NumberTaken", "Session"]
    assert Session.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_new_sessions_of_one_number_before_there_is_a_group_make_one():
    def save():  # no row to lock: the constraint alone decides
        return planning.save_session(session_id=None, seen="", plan=Plan(values=values()), now=NOW)

    assert kinds(at_once(save, save, save)) == ["NumberTaken", "NumberTaken", "Session"]


@pytest.mark.django_db(transaction=True)
def test_two_saves_of_one_session_at_once_keep_the_first():
    GroupFactory()
    session = SessionFactory(number=7)
    seen = planning.stored(Session.objects.get()).version

    def save(title: str):
        plan = Plan(values=values(title=title), readings=[line(title)])
        return lambda: planning.save_session(session_id=session.pk, seen=seen, plan=plan, now=NOW)

    results = at_once(save("One"), save("Two"))

    assert kinds(results) == ["Changed", "Session"]
    assert session.readings.count() == 1
    assert Session.objects.get().title == session.readings.get().title


@pytest.mark.django_db(transaction=True)
def test_one_new_guest_named_by_two_at_once_is_one_guest():
    GroupFactory()
    PresenterFactory(guest_name="Ana Do")

    def save(number: int):
        plan = Plan(values=values(number=number), talks=[talk("T", "Bo Li", "ana do")])
        return lambda: planning.save_session(session_id=None, seen="", plan=plan, now=NOW)

    assert kinds(at_once(save(1), save(2), save(3))) == ["Session"] * 3
    assert sorted(Presenter.objects.values_list("guest_name", flat=True)) == ["Ana Do", "Bo Li"]


@pytest.mark.django_db(transaction=True)
def test_save_waits_for_a_step_under_way_and_sees_it():
    GroupFactory()
    session = SessionFactory(number=7, state="draft")
    seen = planning.stored(Session.objects.get()).version
    announced = Event()

    def announce():
        with transaction.atomic():
            schedule.announce(session_id=session.pk, now=timezone.now())
            announced.set()
            sleep(0.5)  # long enough for the save to read, were it not made to wait

    def save():
        announced.wait()
        return planning.save_session(
            session_id=session.pk, seen=seen, plan=Plan(values=values(title="New")), now=NOW
        )

    assert kinds(at_once(announce, save)) == ["Changed", "NoneType"]
    session.refresh_from_db()
    assert (session.state, session.title == "New") == ("announced", False)


def test_talks_are_locked_in_the_order_of_their_keys_whatever_the_forms_is(group):
    """Holding another session with the same talks takes them so: in another order, both would wait."""
    session = SessionFactory(number=7, state="draft")
    talks = [PresentationFactory(session=session) for _ in range(3)]
    stored = storing.stored(session)
    plan = Plan(
        values=values(),
        talks=[
            TalkLine(values={"title": talk.title, "url": "", "abstract": ""}, names=[], pk=talk.pk)
            for talk in reversed(talks)
        ],
    )
    with CaptureQueriesContext(connection) as queries:
        planning.save_session(session_id=session.pk, seen=stored.version, plan=plan, now=timezone.now())

    about = [q["sql"] for q in queries if '"sessions_app_presentation"' in q["sql"]]
    first = next(sql for sql in about if sql.startswith("UPDATE") or "FOR UPDATE" in sql)
    assert "FOR UPDATE" in first
    assert re.search(r'ORDER BY (1|"sessions_app_presentation"\."id") ASC', first)
