"""The reports: each figure counted again from the rows by another way; days, files, drawings, permissions."""

from __future__ import annotations

import csv
import random
import re
import statistics
from collections import Counter
from datetime import date, datetime, timedelta
from io import StringIO
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from members.models import Application, Invitation, Member, SeatChange, Strength
from members.models.application import State
from sessions_app.models import Attendance, Path, Presenter, Progress, Reading, Rsvp, Session
from studygroup.reports import charts
from studygroup.reports.catalogue import REPORTS
from studygroup.reports.figure import Asked
from studygroup.reports.period import Period, usual
from tests.factories import (
    ApplicationFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
    StrengthFactory,
    TrackFactory,
)
from tests.studygroup.test_pages import queries_of

TALLINN, NEW_YORK = ZoneInfo("Europe/Tallinn"), ZoneInfo("America/New_York")
NOW = datetime(2026, 6, 15, 12, tzinfo=TALLINN)
FIRST, LAST = date(2025, 1, 15), date(2026, 6, 15)
SECOND, INSTANT = timedelta(seconds=1), timedelta(microseconds=1)
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def edges(zone: ZoneInfo) -> list[datetime]:
    """Moments around each month's first midnight, and around the period's two ends, by a clock."""
    midnights = [datetime(year, month, 1, tzinfo=zone) for year in (2024, 2025) for month in range(1, 13)]
    midnights += [datetime(2026, month, 1, tzinfo=zone) for month in range(1, 6)]
    midnights += [
        datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=zone),
        datetime(2026, 6, 14, tzinfo=zone),
    ]
    return [moment + shift for moment in midnights for shift in (-INSTANT, timedelta(0), timedelta(days=9))]


def asked(slug: str, *, zone: ZoneInfo = TALLINN, first: date = FIRST, last: date = LAST, now=NOW) -> Asked:
    return Asked(slug, Period(first, last, zone), now)


def found(slug: str, **how) -> dict[str, list]:
    """The table of a report: what stands at the head of each line, and its values."""
    lines = REPORTS[slug].figure(asked(slug, **how)).lines
    return {line.head.value: [cell.value for cell in line.cells] for line in lines}


def within(moment: datetime, zone: ZoneInfo = TALLINN) -> bool:
    return FIRST <= moment.astimezone(zone).date() <= LAST


def month(moment: datetime, zone: ZoneInfo = TALLINN) -> str:
    """The line in which a moment counts."""
    day = moment.astimezone(zone).date()
    name = f"{day:%B %Y}"
    return {"January 2025": f"{name}, 15 to 31", "June 2026": f"{name}, 1 to 15"}.get(name, name)


@pytest.fixture(params=[1, 2])
def chance(request, group) -> random.Random:
    return random.Random(request.param)


@pytest.fixture
def people(chance) -> list[Member]:
    """Members who joined and left around the edges of months; some with strengths."""
    moments, strengths = edges(TALLINN), StrengthFactory.create_batch(3)
    members = []
    for number in range(14):
        joined, left = sorted(chance.sample(moments, 2))
        gone = number % 3 == 0
        member = MemberFactory(
            joined_at=joined, left_at=left if gone else None, state="alumni" if gone else "active"
        )
        member.strengths.set(chance.sample(strengths, chance.randrange(3)))
        members.append(member)
    return members


@pytest.fixture
def meetings(chance, people) -> list[Session]:
    """Sessions around the edges of months, in every state, with readings, talks, answers and visits."""
    paths = [Path.objects.create(name=name, summary=name, position=n) for n, name in enumerate("ABC")]
    tracks = [
        TrackFactory(path=paths[0]),
        TrackFactory(path=paths[0]),
        TrackFactory(path=paths[1]),
        TrackFactory(),
    ]
    speakers = [PresenterFactory(guest_name="", member=person) for person in people[:4]]
    speakers += PresenterFactory.create_batch(2)
    sessions = []
    for moment in chance.sample(edges(TALLINN), 22):
        session = SessionFactory(
            starts_at=moment, state=chance.choice(["held", "held", "held", "announced", "draft", "cancelled"])
        )
        session.tracks.set(chance.sample(tracks, chance.choice([0, 1, 3])))
        visitors = chance.sample(people, chance.choice([0, 3, 5, 6]))
        Attendance.objects.bulk_create(
            [Attendance(session=session, member=person, noted_at=moment) for person in visitors]
            + [
                Attendance(session=session, guest_name=f"G{n}", noted_at=moment)
                for n in range(chance.randrange(3))
            ]
            + [Attendance(session=session, noted_at=moment) for _ in range(chance.randrange(2))]
        )
        Rsvp.objects.bulk_create(
            Rsvp(session=session, member=person, answer=chance.choice(["yes", "no"]), answered_at=moment)
            for person in chance.sample(people, 4)
        )
        for importance in chance.choices([1, 1, 2, 3], k=chance.randrange(1, 4)):
            reading = ReadingFactory(session=session, importance=importance)
            Progress.objects.bulk_create(
                Progress(
                    reading=reading, member=person, read_at=moment + chance.choice([-SECOND, timedelta(0)])
                )
                for person in chance.sample(people, 9)
            )
        for _ in range(chance.randrange(3)):
            talk = PresentationFactory(session=session)
            for speaker in chance.sample(speakers, chance.randrange(3)):
                talk.appearances.create(presenter=speaker)
            if sessions and chance.random() < 0.4:
                talk.slots.create(session=sessions[-1])
        sessions.append(session)
    return sessions


def took_place(session: Session) -> bool:
    over = session.state == "held" or (session.state == "announced" and session.ends_at <= NOW)
    return over and within(session.starts_at)


def applications(chance, zone: ZoneInfo) -> list[Application]:
    moments, made = sorted(edges(zone)), []
    for _ in range(40):
        applied, confirmed, moved = sorted(chance.sample(moments, 3))
        state = chance.choice(list(State))
        is_confirmed = state not in (State.UNCONFIRMED, State.DECLINED) or chance.random() < 0.5
        made.append(
            ApplicationFactory(
                state=state,
                applied_at=applied,
                confirmed_at=confirmed if is_confirmed and state != State.UNCONFIRMED else None,
                moved_at=moved,
            )
        )
    return made


# --- Each figure, from the rows ---------------------------------------------------------------------------
@pytest.mark.parametrize("zone", [TALLINN, NEW_YORK], ids=str)
def test_applications_by_month_counted_again_are_the_same(chance, zone):
    made = applications(chance, zone)
    changes = [
        SeatChange.objects.create(kind=kind, at=moment, capacity=1, taken=0, held=0)
        for kind in ("held", "released", "held")
        for moment in chance.sample(edges(zone), 15)
    ]
    counts = Counter()
    for application in made:
        counts[month(application.confirmed_at or application.applied_at, zone), 0] += within(
            application.confirmed_at or application.applied_at, zone
        )
        for place, state in ((2, "joined"), (3, "declined"), (4, "withdrawn")):
            counts[month(application.moved_at, zone), place] += application.state == state and within(
                application.moved_at, zone
            )
    for change in changes:
        counts[month(change.at, zone), 1] += change.kind == "held" and within(change.at, zone)
    table = found("applications", zone=zone)
    assert len(table) == 18
    assert table == {head: [counts[head, place] for place in range(5)] for head in table}
    assert sum(map(sum, table.values())) == sum(counts.values())


def test_waiting_time_counted_again_is_the_same(chance):
    waits, entered = {}, Counter()
    for application in applications(chance, TALLINN):
        for _ in range(chance.randrange(3)):
            issued = application.applied_at + timedelta(days=400 * chance.random())
            Invitation.objects.create(
                application=application,
                email=application.email,
                token_hash=str(chance.random()),
                state="lapsed",
                issued_at=issued,
                answered_at=issued,
                expires_at=issued + SECOND,
            )
        if application.confirmed_at is None or not within(application.confirmed_at):
            continue
        head = month(application.confirmed_at)
        entered[head] += 1
        answers = [invitation.issued_at for invitation in application.invitations.all()]
        answers += [application.moved_at] if application.state == State.DECLINED else []
        if answers:
            days = (min(answers) - application.confirmed_at).total_seconds() / 86400
            waits.setdefault(head, []).append(days)
    table = found("waiting")
    for head, (number, answered, *quarters) in table.items():
        days = waits.get(head, [])
        assert (number, answered) == (entered[head], len(days)), head
        expected = [None] * 3
        if days:
            expected = statistics.quantiles(days, method="inclusive") if len(days) > 1 else days * 3
        assert quarters == [value and pytest.approx(value, abs=0.051) for value in expected], head
    assert sum(answered for _, answered, *_ in table.values()) == sum(map(len, waits.values())) > 3


def test_attendance_by_session_counted_again_is_the_same(meetings):
    expected = []
    for session in sorted(filter(took_place, meetings), key=lambda one: (one.starts_at, one.pk)):
        rows = list(session.attendance.all())
        members = sum(row.member_id is not None for row in rows)
        guests = sum(bool(row.guest_name) for row in rows)
        counts = [members, guests, len(rows) - members - guests, len(rows)] if rows else [None] * 4
        said_yes = sum(rsvp.answer == "yes" for rsvp in session.rsvps.all())
        day = session.starts_at.astimezone(TALLINN).date()
        expected.append((f"{session.number}: {session.title}", [day, said_yes, *counts]))
    assert list(found("sessions").items()) == expected
    assert len(expected) > 3


def test_attendance_by_member_counted_again_is_the_same(meetings, people):
    noted = [session for session in meetings if took_place(session) and session.attendance.exists()]
    expected = {}
    for person in people:
        could = [
            session
            for session in noted
            if person.joined_at <= session.starts_at
            and (person.left_at is None or session.starts_at < person.left_at)
        ]
        came = [session.starts_at for session in could if session.attendance.filter(member=person).exists()]
        if could:
            last = max(came).astimezone(TALLINN).date() if came else None
            expected[person.name] = [person.get_state_display(), len(came), len(could), last]
    assert found("members") == expected
    assert sum(came for _, came, *_ in expected.values()) > 3


def test_session_that_begins_as_somebody_joins_counts_and_as_they_leave_does_not(group):
    moment = datetime(2026, 2, 3, 18, 30, tzinfo=TALLINN)
    SessionFactory(state="held", starts_at=moment).attendance.create(guest_name="G", noted_at=moment)
    joins = MemberFactory(joined_at=moment)
    MemberFactory(joined_at=moment + INSTANT)
    MemberFactory(joined_at=moment - SECOND, left_at=moment, state="alumni")
    leaves = MemberFactory(joined_at=moment - SECOND, left_at=moment + INSTANT, state="alumni")
    assert set(found("members")) == {joins.name, leaves.name}


def test_preparation_counted_again_is_the_same(meetings):
    expected = []
    for session in sorted(filter(took_place, meetings), key=lambda one: (one.starts_at, one.pk)):
        came = {row.member_id for row in session.attendance.all() if row.member_id}
        required = [reading for reading in Reading.objects.filter(session=session) if reading.is_required]
        if not (came and required):
            continue
        ticks = sum(
            tick.member_id in came and tick.read_at < session.starts_at
            for reading in required
            for tick in reading.progress.all()
        )
        possible = len(came) * len(required)
        day = session.starts_at.astimezone(TALLINN).date()
        head = f"{session.number}: {session.title}"
        expected.append((head, [day, len(came), len(required), ticks, possible, round(ticks / possible, 3)]))
    assert list(found("preparation").items()) == expected
    assert sum(values[3] for _, values in expected) > 0


def test_balance_of_the_paths_counted_again_is_the_same(meetings):
    counts = Counter()
    for session in filter(took_place, meetings):
        names = {track.path.name for track in session.tracks.all() if track.path}
        names |= {"All sessions"} | ({"With talks"} if session.presentations.exists() else set())
        names |= set() if names & {"A", "B"} else {"On no path"}
        counts.update((month(session.starts_at), name) for name in names)
    columns = ["A", "B", "C", "On no path", "With talks", "All sessions"]
    figure = REPORTS["paths"].figure(asked("paths"))
    table = found("paths")
    assert figure.columns == ["Month", *columns]
    assert table == {head: [counts[head, name] for name in columns] for head in table}
    assert sum(map(sum, table.values())) == sum(counts.values()) > 3


def test_talks_counted_again_are_the_same(meetings):
    expected = {}
    for presenter in Presenter.objects.all():
        given_at = {
            talk.pk: max(moments)
            for talk in presenter.presentations.all()
            if (moments := [s.starts_at for s in talk.sessions.all() if took_place(s)])
        }
        if given_at:
            kind = "Member" if presenter.member_id else "Guest"
            last = max(given_at.values()).astimezone(TALLINN).date()
            expected[presenter.name] = [kind, len(given_at), last]
    assert found("talks") == expected
    assert sum(number for _, number, _ in expected.values()) > 3


def test_strengths_counted_again_are_the_same(people):
    table = found("strengths")
    strengths = list(Strength.objects.all())
    for step, (head, values) in zip(asked("strengths").period.steps(), table.items(), strict=True):
        midnight = datetime(step.last.year, step.last.month, step.last.day, tzinfo=TALLINN)
        end = min(midnight.replace(hour=23, minute=59, second=59, microsecond=999999) + INSTANT, NOW)
        there = [one for one in people if one.joined_at < end and (one.left_at is None or one.left_at >= end)]
        own = [sum(strength in one.strengths.all() for one in there) for strength in strengths]
        assert values == [*own, len(there)], head
    assert sum(map(sum, table.values())) > 0


def test_retention_counted_again_is_the_same(people):
    first = date(2024, 3, 1)
    years = {}
    for person in people:
        if first <= person.joined_at.astimezone(TALLINN).date() <= LAST:
            years.setdefault(str(person.joined_at.astimezone(TALLINN).year), []).append(person)
    expected = {}
    for year, joined in sorted(years.items()):
        cells = [len(joined), sum(one.left_at is None for one in joined)]
        for span in (1, 2, 3, 5):
            ends = [(one, one.joined_at.replace(year=one.joined_at.year + span)) for one in joined]
            told = [(one, end) for one, end in ends if end <= NOW]
            stayed = sum(one.left_at is None or one.left_at >= end for one, end in told)
            cells.append(f"{stayed} of {len(told)}" if told else None)
        expected[year] = cells
    assert found("retention", first=first) == expected


def test_year_of_joining_begins_at_the_groups_midnight(group):
    midnight = datetime(2025, 1, 1, tzinfo=TALLINN)
    MemberFactory(joined_at=midnight)
    MemberFactory(joined_at=midnight - INSTANT)
    table = found("retention", first=date(2024, 1, 1))
    assert {year: values[0] for year, values in table.items()} == {"2024": 1, "2025": 1}


@pytest.mark.parametrize("slug", REPORTS)
def test_rows_behind_a_number_are_as_many_as_it_says(meetings, chance, slug):
    applications(chance, TALLINN)
    ApplicationFactory(
        state=State.DECLINED, applied_at=NOW - timedelta(days=40), moved_at=NOW - timedelta(days=9)
    )
    SeatChange.objects.create(kind="held", at=NOW - timedelta(days=9), capacity=1, taken=0, held=0)
    linked = 0
    figure = REPORTS[slug].figure(asked(slug))
    for cell in (cell for line in figure.lines for cell in line.cells):
        if "/rows/" not in cell.url:
            continue
        query = {name: values[0] for name, values in parse_qs(urlsplit(cell.url).query).items()}
        first, last = (date.fromisoformat(query[name]) for name in ("from", "until"))
        rows = REPORTS[slug].rows(asked(slug, first=first, last=last), query["of"], slice(0, 100))
        assert (len(rows.lines), rows.more) == (cell.value, False), cell.url
        linked += 1
    assert (linked > 0) == (slug not in ("sessions", "preparation"))


# --- Days -------------------------------------------------------------------------------------------------
@given(first=st.dates(date(1990, 1, 1), date(2060, 1, 1)), days=st.integers(0, 3000))
def test_steps_follow_one_another_and_fill_the_period(first, days):
    period = Period(first, first + timedelta(days=days), TALLINN)
    steps = period.steps()
    assert (steps[0].first, steps[-1].last) == (period.first, period.last)
    assert all(before.last + timedelta(days=1) == after.first for before, after in pairwise(steps))
    parts = "%Y-%m" if period.by_months else "%Y"
    names = [step.first.strftime(parts) for step in steps]
    assert names == [step.last.strftime(parts) for step in steps]
    assert len(set(names)) == len(names)
    assert len(names) <= 36


def test_usual_days_are_the_last_24_months():
    period = usual(date(2026, 11, 23), TALLINN, months=24)
    assert (period.first, period.last, len(period.steps())) == (date(2024, 12, 1), date(2026, 11, 23), 24)


def test_month_begins_at_the_groups_midnight_where_clocks_skip_it():
    """In Beirut the clocks went from 24 to 1 o'clock on 27 March 2022."""
    zone = ZoneInfo("Asia/Beirut")
    period = Period(date(2022, 3, 27), date(2022, 3, 27), zone)
    assert period.end - period.start < timedelta(days=1, seconds=1)
    assert period.start.astimezone(ZoneInfo("UTC")) == datetime(2022, 3, 26, 22, tzinfo=ZoneInfo("UTC"))


@pytest.fixture
def desk(organiser, client_of):
    return client_of(organiser)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=2026-13-01", "Write the day as year, month and day, such as 2026-03-31."),
        ("until=tomorrow", "Write the day as year, month and day, such as 2026-03-31."),
        ("from=1066-10-14", "Choose a day between 1990 and 2099."),
        ("until=9999-12-31", "Choose a day between 1990 and 2099."),
        ("from=2026-02-01&until=2026-01-31", "Choose a day on or after the one under “From”."),
        ("from=%00", "Write the day as year, month and day, such as 2026-03-31."),
    ],
)
def test_days_that_cannot_be_are_said_and_the_usual_ones_shown(desk, query, sentence):
    for address in ("/organise/reports/retention/", "/organise/reports/retention.csv"):
        page = desk.get(f"{address}?{query}")
        assert (page.status_code, f"{sentence} Below are the usual days instead." in page.text) == (422, True)
    assert desk.get(f"/organise/reports/retention/rows/?of=joined-2026&{query}").status_code == 404


def test_days_that_were_chosen_stay_in_the_form(desk):
    page = desk.get("/organise/reports/applications/?from=2025-03-04&until=2025-05-06").text
    assert re.findall(r'name="(from|until)" value="([^"]*)"', page) == [
        ("from", "2025-03-04"),
        ("until", "2025-05-06"),
    ]


def test_time_of_more_than_three_years_is_cut_into_years(group):
    ApplicationFactory(applied_at=datetime(2020, 5, 1, tzinfo=TALLINN))
    table = found("applications", first=date(2019, 7, 1), last=date(2022, 12, 31))
    assert list(table) == ["2019, 1 July to 31 December", "2020", "2021", "2022"]
    assert table["2020"] == [1, 0, 0, 0, 0]


# --- Pages ------------------------------------------------------------------------------------------------
def fill(count: int, name: str = "Person") -> None:
    """Something in every report, of today."""
    now = timezone.now()
    path = Path.objects.create(name=f"Path {count}", summary="P")
    for number in range(count):
        member = MemberFactory(user__name=f"{name} {number}", joined_at=now - timedelta(days=60))
        member.strengths.add(StrengthFactory(name=f"{name} {number}"))
        session = SessionFactory(state="held", starts_at=now - timedelta(days=9), title=name)
        track = TrackFactory(path=path)
        track.sessions.add(session)
        PresentationFactory(session=session, presenter=PresenterFactory(guest_name="", member=member))
        PresentationFactory(session=session, presenter=PresenterFactory(guest_name=f"{name} {number}"))
        Attendance.objects.create(session=session, member=member, noted_at=now)
        Progress.objects.create(
            reading=ReadingFactory(session=session), member=member, read_at=now - timedelta(days=20)
        )
        ApplicationFactory(state=State.DECLINED, name=f"{name} {number}")
    Application.objects.filter(state=State.DECLINED).update(moved_at=F("applied_at"))


PAGES = [f"/organise/reports/{slug}/" for slug in REPORTS]
ROWS = {
    "applications": "applied",
    "waiting": "entered",
    "members": "{member}",
    "paths": "all",
    "talks": "{presenter}",
    "strengths": "all",
    "retention": "joined-{year}",
}


@pytest.mark.parametrize("count", [1, 3, 120])
def test_reports_cost_a_fixed_number_of_queries(group, desk, count):
    fill(count)
    files = [f"/organise/reports/{slug}.csv" for slug in REPORTS]
    assert queries_of(desk, ["/organise/reports/"]) == {"/organise/reports/": 4}
    assert queries_of(desk, [*PAGES, *files]) == dict.fromkeys([*PAGES, *files], 5)


@pytest.mark.parametrize("count", [1, 3])
def test_rows_cost_a_fixed_number_of_queries(group, desk, count):
    fill(count)
    keys = {
        "member": Member.objects.filter(attendance__isnull=False).first().pk,
        "presenter": Presenter.objects.first().pk,
        "year": (timezone.now() - timedelta(days=60)).astimezone(TALLINN).year,
    }
    costs = {"members": 6, "talks": 6}
    expected = {
        f"/organise/reports/{slug}/rows/?of={of.format(**keys)}": costs.get(slug, 5)
        for slug, of in ROWS.items()
    }
    assert queries_of(desk, expected) == expected


@pytest.mark.parametrize("slug", REPORTS)
def test_hostile_names_stay_text_in_drawing_and_table(group, desk, slug):
    fill(2, name=HOSTILE)
    page = desk.get(f"/organise/reports/{slug}/").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    svg = ElementTree.fromstring(re.search(r'<svg class="chart" width="100%".*?</svg>', page, re.DOTALL)[0])
    tags = {node.tag for node in svg.iter()}
    assert tags <= {"svg", "title", "desc", "defs", "pattern", "path", "rect", "line", "text", "circle"}
    assert all(node.get("style") is None for node in svg.iter())
    assert svg.get("role") == "img"
    assert all(svg.find(tag).text for tag in ("title", "desc"))


@pytest.mark.parametrize(
    "drawing",
    [
        charts.strips(HOSTILE, [(HOSTILE, [charts.Column(HOSTILE, 1, 2), charts.Column(HOSTILE, None)])], []),
        charts.ranges(HOSTILE, [charts.Spread(HOSTILE, 1, 2, 3)], [(0, HOSTILE)], unit=HOSTILE),
        charts.bars(HOSTILE, [charts.Bar(HOSTILE, 1, 2, HOSTILE)]),
        charts.points(HOSTILE, [charts.Point(HOSTILE, 1, 0.5, HOSTILE)], across=HOSTILE),
    ],
    ids=["strips", "ranges", "bars", "points"],
)
def test_drawing_of_hostile_words_is_well_formed_and_has_them_as_text(drawing):
    markup = drawing.markup()
    svg = ElementTree.fromstring(markup)
    assert (svg.find("title").text, "<script" in markup, "<img" in markup) == (HOSTILE, False, False)
    assert HOSTILE in svg.find("desc").text


def test_columns_are_as_high_as_their_numbers():
    columns = [charts.Column("a", 4), charts.Column("b", 1, 1), charts.Column("c", 0)]
    drawing = charts.strips("T", [("N", columns * 5)], [])
    heights = [float(mark.place["height"]) for mark in drawing.marks if mark.tag == "rect"]
    assert heights == [charts.STRIP, charts.STRIP / 4, charts.STRIP / 4] * 5


@pytest.mark.parametrize("slug", REPORTS)
def test_file_holds_the_table_of_the_page(group, desk, slug):
    fill(3)
    answer = desk.get(f"/organise/reports/{slug}.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text)))
    group_now = timezone.now()
    period = usual(group_now.astimezone(TALLINN).date(), TALLINN, months=REPORTS[slug].months)
    figure = REPORTS[slug].figure(Asked(slug, period, group_now))
    expected = [
        ["" if cell.value is None else str(cell.value) for cell in (line.head, *line.cells)]
        for line in figure.lines
    ]
    assert rows == [list(figure.columns), *expected]
    assert len(rows) > 1


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1+2", "@x", "＝1", " =1", "\t=1"])
def test_name_that_a_spreadsheet_would_run_is_quoted_in_the_file(group, desk, name):
    MemberFactory(user__name=name, joined_at=timezone.now() - timedelta(days=60))
    when = timezone.now() - timedelta(days=5)
    SessionFactory(state="held", starts_at=when).attendance.create(guest_name="G", noted_at=when)
    rows = list(csv.reader(StringIO(desk.get("/organise/reports/members.csv").content.decode("utf-8-sig"))))
    heads = {row[0] for row in rows[1:]}
    assert f"'{name}" in heads
    assert name not in heads


@pytest.mark.parametrize("slug", REPORTS)
def test_report_of_an_empty_time_says_what_comes_next(group, desk, slug):
    page = desk.get(f"/organise/reports/{slug}/?from=1991-01-01&until=1991-12-31")
    assert page.status_code == 200
    assert page.text.count('class="empty-what"') == 1
    assert '<svg class="chart"' not in page.text
    assert "choose other days" in page.text.lower()


def test_list_of_reports_leads_to_each_with_a_sentence(group, desk):
    page = desk.get("/organise/reports/").text
    assert re.findall(r'href="(/organise/reports/[a-z]+/)"', page) == PAGES
    assert all(report.sentence in page for report in REPORTS.values())
    assert 'href="/organise/reports/"' in desk.get("/organise/").text


@pytest.mark.parametrize("address", ["/", "/talks/", "/talks.csv", "/talks/rows/?of=1"])
def test_reports_are_closed_to_all_but_organisers(group, member, client, client_of, address):
    path = f"/organise/reports{address}"
    assert client.get(path).status_code == 302
    assert client_of(member.user).get(path).status_code == 403
    reviewer = MemberFactory(role=Member.Role.REVIEWER)
    assert client_of(reviewer.user).get(path).status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "nothing/",
        "nothing.csv",
        "nothing/rows/",
        "sessions/rows/?of=1",
        "talks/rows/?of=x",
        "talks/rows/?of=99999999999999999999",
        "members/rows/?of=0",
        "paths/rows/?of=-1",
        "strengths/rows/",
        "retention/rows/?of=joined-x",
        "waiting/rows/?of=left",
    ],
)
def test_report_or_rows_that_do_not_exist_are_not_found(group, desk, address):
    assert desk.get(f"/organise/reports/{address}").status_code == 404


def test_reports_take_no_post(group, desk):
    assert [desk.post(address).status_code for address in ("/organise/reports/", PAGES[0])] == [405, 405]


def test_more_rows_than_fit_go_on_a_second_page(group, desk):
    ApplicationFactory.create_batch(101)
    first = desk.get("/organise/reports/applications/rows/?of=applied")
    second = desk.get("/organise/reports/applications/rows/?of=applied&page=2")
    assert [page.text.count('scope="row"') for page in (first, second)] == [100, 1]
    assert ["Later" in first.text, "Later" in second.text, "Earlier" in second.text] == [True, False, True]


def test_drawing_shows_the_same_part_as_the_table(group, desk):
    fill(30)
    page = desk.get("/organise/reports/members/?page=2").text
    assert [page.count('scope="row"'), page.count('class="chart-label"')] == [5, 5]
