"""The group file: what it makes, what it leaves alone, and what it says of mistakes."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.models import Group, Member, SeatChange, Strength
from sessions_app.models import Presentation, Presenter, Progress, Reading, Session, Track
from studygroup.group_file import GroupFileError, loading
from studygroup.group_file.shape import FILE, ListOf, Record
from tests.factories import GroupFactory, MemberFactory

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MODELS = [
    m for label in ("members", "sessions_app", "outbox") for m in apps.get_app_config(label).get_models()
]

GROUP = """\
group:
  name: Tuesday Topology
  tagline: Doughnuts and the mathematics of them
  lead: We read one chapter every second Tuesday.
  city: Leeds
  time_zone: Europe/London
  usual_start: "19:00"
  usual_end: "21:00"
  capacity: 12
"""
QUOTES = 'put quotes around a text that holds ": " or " #" or begins with one of * & @ ! % [ { or a quote'
SMALL = (
    GROUP
    + """\
strengths: [Algebra, Drawing]
paths:
  - {name: Theory, summary: Chapters.}
sessions:
  - number: 1
    date: 2016-08-17
    title: Open sets
    readings:
      - {title: Chapter 1, url: "https://example.org/1", minutes: 40}
      - title: Chapter 2
        sub:
          - {title: Exercises, optional: true}
    materials:
      - {kind: slides, url: "https://example.org/slides"}
  - {number: 2, in_days: 12, title: Closed sets, state: announced, start: "18:30", end: "20:00"}
tracks:
  - name: Foundations
    path: Theory
    leaders: [{name: Ada Boole, url: "https://example.org/ada"}, Bo Venn]
    sources: [{title: The Book, authors: [E. Euler]}]
    sessions: [2, 1]
presentations:
  - {title: Knots, presenters: [Bo Venn], sessions: [1]}
resources:
  - {title: A shelf, url: "https://example.org/shelf", kind: book}
"""
)


def load(text: str | bytes, now: datetime = NOW):
    """Load a file's content."""
    return loading.load_bytes(text if isinstance(text, bytes) else text.encode(), now=now)


def problems(text: str | bytes) -> list[str]:
    """What loading says of a bad file; fails when it loads."""
    with pytest.raises(GroupFileError) as refused:
        load(text)
    return str(refused.value).splitlines()


def everything() -> dict:
    """Every value in the database that a load could touch."""
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in MODELS} | {
        "leaders": list(Track.leaders.through.objects.order_by("pk").values()),
        "covered": list(Track.sessions.through.objects.order_by("pk").values()),
    }


def leaders() -> list[str]:
    """Who leads the tracks, in their order."""
    through = Track.leaders.through.objects.order_by("pk").select_related("presenter")
    return [row.presenter.name for row in through]


# --- What it makes ---------------------------------------------------------------------------------------
def test_load_small_file_makes_what_it_says(db):
    report = load(SMALL)

    first, second = Session.objects.order_by("number")
    assert (first.state, first.hours_known, first.local_start.date()) == ("held", False, date(2016, 8, 17))
    assert (first.local_start.time(), first.local_end.time()) == (time(19), time(21))  # the group's usual
    assert (second.state, second.hours_known) == ("announced", True)
    assert second.local_start.replace(tzinfo=None) == datetime(2026, 12, 5, 18, 30)  # noqa: DTZ001
    assert [
        (r.title, r.parent and r.parent.title, r.minutes, r.importance)
        for r in first.readings.order_by("position")
    ] == [
        ("Chapter 1", None, 40, 1),
        ("Chapter 2", None, None, 1),
        ("Exercises", "Chapter 2", None, 2),
    ]
    assert leaders() == ["Ada Boole", "Bo Venn"]
    assert sorted(s.number for s in Track.objects.get().sessions.all()) == [1, 2]
    assert Presenter.objects.count() == 2
    assert report.lines() == [
        "created: 1 group, 2 strengths, 1 resource, 1 path, 2 sessions, 3 readings, 1 material, 1 track, "
        "2 presenters, 1 source, 1 presentation, 1 appearance, 1 slot"
    ]


@pytest.mark.parametrize(
    ("words", "importance"),
    [
        ("", 1),
        (", optional: true", 2),
        (", stretch: true", 3),
        (", optional: true, stretch: true", 3),
        (", optional: true, stretch: false", 2),
        (", stretch: false", 1),
    ],
)
def test_load_says_how_much_a_reading_is_asked_for(db, words, importance):
    load(SMALL.replace("minutes: 40}", f"minutes: 40{words}}}"))

    assert Reading.objects.get(title="Chapter 1").importance == importance


def test_load_without_a_word_leaves_the_importance(db):
    load(SMALL)
    Reading.objects.filter(title="Chapter 1").update(importance=3)

    load(SMALL)

    assert Reading.objects.get(title="Chapter 1").importance == 3


def test_load_twice_changes_nothing(db):
    load(SMALL)
    before = everything()

    report = load(SMALL, now=datetime(2027, 1, 1, tzinfo=UTC))  # `in_days` is not counted anew

    assert everything() == before
    assert not report.changed


def test_load_updates_what_the_file_names_and_keeps_the_rest(db):
    load(SMALL)
    Session.objects.filter(number=1).update(directions="Ring twice", state="cancelled")
    Session.objects.filter(number=2).update(state="draft")  # the file says announced
    Strength.objects.create(name="Baking")

    load(SMALL.replace("Open sets", "Very open sets").replace("    leaders: [{", "    leaders: [Cy Klein, {"))

    session = Session.objects.get(number=1)
    assert (session.title, session.directions, session.state) == ("Very open sets", "Ring twice", "cancelled")
    assert Session.objects.get(number=2).state == "draft"
    assert Strength.objects.filter(name="Baking").exists()
    assert leaders() == ["Cy Klein", "Ada Boole", "Bo Venn"]


def test_load_removes_what_an_owned_list_no_longer_has(db):
    load(SMALL)

    report = load(
        SMALL.replace("[2, 1]", "[1]").replace(
            '      - {kind: slides, url: "https://example.org/slides"}', "      []"
        )
    )

    assert [s.number for s in Track.objects.get().sessions.all()] == [1]
    assert report.lines()[-1] == "removed: 1 material"


def test_load_keeps_progress_when_readings_move_and_are_renamed(db):
    load(SMALL)
    member = MemberFactory()
    for reading in Reading.objects.all():
        Progress.objects.create(reading=reading, member=member, read_at=NOW)
    before = {p.reading_id: p.reading.title for p in Progress.objects.select_related("reading")}

    load(
        SMALL.replace(
            "{title: Chapter 1, url", "{title: Preface}\n      - {title: The first chapter, url"
        ).replace(
            "- title: Chapter 2",
            "- {title: Chapter 2, url: 'https://example.org/2'}\n      - title: Chapter 3",
        )
    )

    after = {p.reading_id: p.reading.title for p in Progress.objects.select_related("reading")}
    assert after == before | {pk: "The first chapter" for pk, title in before.items() if title == "Chapter 1"}
    assert [r.title for r in Reading.objects.order_by("position", "pk")] == [
        "Preface",
        "The first chapter",
        "Chapter 2",
        "Chapter 3",
        "Exercises",
    ]


def test_load_keeps_a_dropped_reading_that_somebody_has_ticked_off(db):
    load(SMALL)
    exercises = Reading.objects.get(title="Exercises")
    Progress.objects.create(reading=exercises, member=MemberFactory(), read_at=NOW)

    report = load(re.sub(r"      - title: Chapter 2\n.*\n.*\n", "", SMALL))

    assert sorted(r.title for r in Reading.objects.all()) == ["Chapter 1", "Chapter 2", "Exercises"]
    assert (
        report.lines()[-1]
        == "kept, though the file no longer has it, because members have used it: 2 readings"
    )
    assert not report.changed


def test_load_keeps_hours_that_organisers_found_out(db):
    load(SMALL)
    starts = datetime(2016, 8, 17, 16, 0, tzinfo=UTC)
    Session.objects.filter(number=1).update(starts_at=starts, hours_known=True)

    load(SMALL)

    session = Session.objects.get(number=1)
    assert (session.starts_at, session.hours_known) == (starts, True)


def test_load_knows_a_member_who_presents_by_name(db):
    GroupFactory(name="Tuesday Topology")
    presenter = Presenter.objects.create(member=MemberFactory(user__name="Bo Venn"))

    load(SMALL)

    assert list(Presentation.objects.get().presenters.all()) == [presenter]


def test_empty_value_says_nothing_and_quotes_empty_it(db):
    load(GROUP + "  area: North\n  cadence: Weekly\n")

    load(GROUP + '  area:\n  cadence: ""\n')

    group = Group.objects.get()
    assert (group.area, group.cadence) == ("North", "")


def test_example_in_the_documentation_loads(db):
    text = (ROOT / "docs/group-file.md").read_text()

    load(re.search(r"```yaml\n(.*?)```", text, re.S)[1])

    assert Session.objects.get().readings.get().minutes == 40


def test_documentation_names_every_field():
    def names(kind):
        if isinstance(kind, ListOf):
            return names(kind.item)
        if isinstance(kind, Record):
            return set(kind.fields).union(*(names(child) for child in kind.fields.values()))
        return set()

    documented = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs/group-file.md").read_text()))
    assert names(FILE) - documented == set()


# --- What it says of mistakes ----------------------------------------------------------------------------
BAD = {
    "empty file": ("", ["line 1: the file is empty; begin with “group:” and its fields"]),
    "only a comment": ("# x\n", ["line 1: the file is empty; begin with “group:” and its fields"]),
    "a list": ("- 1\n", ["line 1: write fields, each as “name: value”"]),
    "no group": ("strengths: []\n", ["line 1, group: missing; write fields, each as “name: value”"]),
    "not utf-8": (
        b"group:\n  name: Caf\xe9\n",
        ["line 2: the file is not UTF-8 from here on; save it as UTF-8"],
    ),
    "too large": (b"#" * 10_000_000, ["line 1: the file is larger than 1000 kB"]),
    "syntax": (
        "group:\n  name: A: B\n",
        [f"line 2: this is not valid YAML (mapping values are not allowed here); {QUOTES}"],
    ),
    "control character": ("group:\n  name: A\x07\n", ["line 2: the character U+0007 cannot stand in a text"]),
    "escaped nul": (
        GROUP + '  area: "a\\0"\n',
        ["line 10, group.area: there is a control character in this text; take it out"],
    ),
    "half a pair": (
        GROUP + '  repository_url: "https://example.org/\\ud800"\n',
        ["line 10, group.repository_url: there is a control character in this text; take it out"],
    ),
    "impossible escape": (
        GROUP + '  area: "\\UFFFFFFFF"\n',
        ["line 1: an escape or a number in the file means nothing"],
    ),
    "alias bomb": (
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        [f"line 2: a group file repeats no part of itself by an alias (*name); {QUOTES}"],
    ),
    "bottomless": ("[" * 10_000, ["line 1: lists and records are nested too deeply here"]),
    "unknown field": (
        GROUP + "  tag_line: x\n",
        ['line 10, group.tag_line: there is no such field; did you mean "tagline"?'],
    ),
    "unknown part": (
        GROUP + "xyz: 1\n",
        [
            "line 10, xyz: there is no such field; known here are group, strengths, criteria, "
            "templates, acknowledgements, paths, sessions, tracks, presentations, resources"
        ],
    ),
    "key twice": (GROUP + "  name: Other\n", ["line 10, group.name: given twice, first in line 2"]),
    "missing": (
        GROUP.replace("  city: Leeds\n", "").replace("12", ""),
        [
            "line 2, group.city: missing; write one line of text",
            "line 8, group.capacity: missing; write a whole number from 1 to 500",
        ],
    ),
    "text instead of number": (
        GROUP.replace("12", "twelve"),
        ['line 9, group.capacity: write a whole number from 1 to 500, not "twelve"'],
    ),
    "number too large": (
        GROUP.replace("12", "501"),
        ['line 9, group.capacity: write a whole number from 1 to 500, not "501"'],
    ),
    "list instead of text": (
        GROUP.replace("Leeds", "[Leeds]"),
        ["line 5, group.city: write one line of text, not a list or fields"],
    ),
    "text instead of list": (
        GROUP + "sessions: none\n",
        ["line 10, sessions: write a list, each entry after a dash"],
    ),
    "too long": (
        GROUP.replace("Leeds", "L" * 81),
        ["line 5, group.city: this is 81 characters long; at most 80 fit"],
    ),
    "time zone": (
        GROUP.replace("Europe/London", "Leeds"),
        ['line 6, group.time_zone: write a time zone such as Europe/London, not "Leeds"'],
    ),
    "clock": (
        GROUP.replace('"19:00"', "7pm"),
        ['line 7, group.usual_start: write a time such as 18:30, not "7pm"'],
    ),
    "no time between": (
        GROUP.replace("21:00", "19:00"),
        ["line 8, group.usual_end: a session cannot end when it starts"],
    ),
    "yes or no": (
        GROUP + "  waiting_list_open: perhaps\n",
        ['line 10, group.waiting_list_open: write true or false, not "perhaps"'],
    ),
    "colour": (
        GROUP + "  accent: green\n",
        ['line 10, group.accent: write a colour such as #1c5746, not "green"'],
    ),
    "address": (
        GROUP + "  organiser_url: javascript:alert(1)\n",
        [
            "line 10, group.organiser_url: write an address such as https://example.org/page, "
            'not "javascript:alert(1)"'
        ],
    ),
    "address without scheme": (
        GROUP + "  organiser_url: www.example.org\n",
        [
            "line 10, group.organiser_url: write an address such as https://example.org/page, "
            'not "www.example.org"'
        ],
    ),
    "strength twice": (
        GROUP + "strengths:\n  - Art\n  - Art\n",
        ['line 12, strengths[2]: "Art" is given twice, first in line 11'],
    ),
    "date": (
        SMALL.replace("2016-08-17", "yesterday"),
        ['line 15, sessions[1].date: write a date such as 2016-08-17, not "yesterday"'],
    ),
    "no such day": (
        SMALL.replace("2016-08-17", "2017-02-29"),
        ['line 15, sessions[1].date: write a date such as 2016-08-17, not "2017-02-29"'],
    ),
    "no date": (
        SMALL.replace("    date: 2016-08-17\n", ""),
        ["line 14, sessions[1].date: missing; write a date such as 2016-08-17"],
    ),
    "two dates": (
        SMALL.replace("in_days: 12", "date: 2026-12-05, in_days: 12"),
        ["line 24, sessions[2].in_days: write either “date” or “in_days”, not both"],
    ),
    "half of the hours": (
        SMALL.replace(', end: "20:00"', ""),
        ["line 24, sessions[2].start: write both “start” and “end”, or neither"],
    ),
    "held in the future": (
        SMALL.replace("2016-08-17", "2026-11-24"),
        [
            "line 15, sessions[1].date: a session to come has not been held; write “state: announced” or "
            "“state: draft”"
        ],
    ),
    "state": (
        SMALL.replace("announced", "planned"),
        ['line 24, sessions[2].state: write one of draft, announced, held, cancelled, not "planned"'],
    ),
    "number twice": (
        SMALL.replace("number: 2", "number: 1"),
        [
            'line 24, sessions[2].number: "1" is given twice, first in line 14',
            "line 30, tracks[1].sessions[1]: there is no session 2 in this file or on the site",
        ],
    ),
    "kind": (
        SMALL.replace("kind: slides", "kind: slide"),
        [
            "line 23, sessions[1].materials[1].kind: write one of slides, code, recording, article, blog, "
            'book, not "slide"'
        ],
    ),
    "sub of a sub": (
        SMALL.replace("optional: true", "sub: []"),
        [
            "line 21, sessions[1].readings[2].sub[1].sub: there is no such field; known here are title, "
            "url, kind, part, note, minutes, optional, stretch"
        ],
    ),
    "unknown session": (
        SMALL.replace("sessions: [1]}", "sessions: [1, 19]}"),
        ["line 32, presentations[1].sessions[2]: there is no session 19 in this file or on the site"],
    ),
    "unknown path": (
        SMALL.replace("path: Theory", "path: Practice"),
        ['line 27, tracks[1].path: there is no path "Practice"; add it under “paths”'],
    ),
    "nobody presents": (
        SMALL.replace("presenters: [Bo Venn]", "presenters: []"),
        ["line 32, presentations[1].presenters: name at least one presenter"],
    ),
    "one name with two addresses": (
        SMALL.replace(
            "presenters: [Bo Venn]", "presenters: [{name: Ada Boole, url: 'https://example.org/a'}]"
        ),
        [
            'line 32, presentations[1].presenters[1].url: "Ada Boole" has another address in line 28: '
            "https://example.org/ada"
        ],
    ),
    "all at once": (
        SMALL.replace("2016-08-17", "then").replace("Leeds", "").replace("kind: book", "kind: shelf"),
        [
            "line 5, group.city: missing; write one line of text",
            'line 15, sessions[1].date: write a date such as 2016-08-17, not "then"',
            'line 34, resources[1].kind: write one of book, video, article, software, course, not "shelf"',
        ],
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_file_names_line_and_field_and_changes_nothing(db, kind):
    text, expected = BAD[kind]
    before = everything()

    assert problems(text) == expected
    assert everything() == before


def test_load_that_breaks_off_changes_nothing(db, monkeypatch):
    before = everything()
    monkeypatch.setattr(loading._Loader, "presentations", lambda self, entries: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        load(SMALL)

    assert everything() == before


def test_file_of_another_group_is_refused(db):
    GroupFactory(name="Tuesday Readers")
    before = everything()

    assert problems(SMALL) == [
        'line 2, group.name: this site is the home of "Tuesday Readers"; rename it in the admin first, '
        "or load another group into an empty database"
    ]
    assert everything() == before


def test_fewer_seats_than_are_taken_free_nobody_and_stand_in_the_ledger(db):
    load(SMALL)
    MemberFactory.create_batch(3)
    MemberFactory(state=Member.State.ON_LEAVE)

    load(SMALL.replace("capacity: 12", "capacity: 2"))

    assert Member.objects.active().count() == 3
    assert list(SeatChange.objects.values_list("kind", "capacity", "taken", "held", "note")) == [
        ("capacity", 2, 3, 0, "From 12 to 2: group file")
    ]


def test_command_tells_all_problems_and_fails(db, tmp_path, capsys):
    file = tmp_path / "group.yaml"
    file.write_text(BAD["all at once"][0])

    with pytest.raises(CommandError) as refused:
        call_command("load_group", str(file))

    assert str(refused.value).splitlines() == [
        f"{file} has 3 problems; nothing was changed.",
        *BAD["all at once"][1],
    ]


def test_command_says_what_it_did(db, tmp_path, capsys):
    file = tmp_path / "group.yaml"
    file.write_text(GROUP)

    call_command("load_group", str(file))
    call_command("load_group", str(file))

    assert capsys.readouterr().out.splitlines() == [
        f"{file}: loaded",
        "  created: 1 group",
        f"{file}: nothing to change",
        "  left as it was: 1 group",
    ]


def test_command_without_file_fails(db, tmp_path):
    with pytest.raises(CommandError, match=r"cannot be read: No such file or directory\."):
        call_command("load_group", str(tmp_path / "none.yaml"))


# --- Whatever is in the file -----------------------------------------------------------------------------
def load_and_forget(data: bytes) -> None:
    """Load inside a transaction of its own that is taken back; only the declared error may come out."""
    with transaction.atomic():
        with suppress(GroupFileError):
            load(data)
        transaction.set_rollback(True)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.just("Theory"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
wild = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@wild
@given(st.data())
def test_mutated_text_raises_nothing_but_the_declared_error(db, data):
    text = SMALL
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        text = (
            text[:start]
            + data.draw(st.text(max_size=6) | st.sampled_from(":-*&!?|>%@`\"'[]{}#\n\t\\"))
            + text[end:]
        )
    load_and_forget(text.encode("utf-8", "surrogatepass"))


@wild
@given(st.data())
def test_mutated_values_raise_nothing_but_the_declared_error(db, data):
    file = yaml.safe_load(SMALL)
    node = file
    while isinstance(node, dict | list) and node:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], dict | list) or data.draw(st.integers(0, 3)) == 0:
            node[key] = data.draw(anything)
            break
        node = node[key]
    load_and_forget(yaml.dump(file, allow_unicode=True).encode("utf-8", "surrogatepass"))


@wild
@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_but_the_declared_error(db, data):
    load_and_forget(data)
