"""Notes brought along: what of a folder is recognised, what stays open, and that nothing is ever doubled."""

from __future__ import annotations

import io
import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from members.models import Group
from sessions_app import notes
from sessions_app.archive_import import dates, loading, numbers
from sessions_app.archive_import.dates import Order
from sessions_app.archive_import.folder import Folder, Unreadable, decode, read_disk, read_zip
from sessions_app.archive_import.recognise import recognise
from sessions_app.archive_import.report import report
from sessions_app.archive_import.survey import survey
from sessions_app.models import (
    Appearance,
    ImportedFile,
    Material,
    Notes,
    Presentation,
    Presenter,
    Progress,
    Reading,
    ReadingLink,
    Session,
    Slot,
)
from tests.factories import HeldSessionFactory, PresenterFactory, ReadingFactory, SessionFactory

ROOT = Path(__file__).resolve().parent.parent.parent
ARCHIVE = Path(os.environ.get("STUDYGROUP_SHARED", ROOT.parent / "shared")) / "archive"
WEEKS = [1, 2, 3, 5, 6, 7, 8, 17]
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
needs_archive = pytest.mark.skipif(
    not (ARCHIVE / "facts.yaml").is_file(),
    reason=f"the archive's facts are not in {ARCHIVE}; STUDYGROUP_SHARED may name another folder",
)


def folder(**files: str) -> Folder:
    """A folder of texts: each name with “__” for a slash, and no ending for .md."""
    made = Folder()
    for name, text in files.items():
        made.add(name.replace("__", "/") + ("" if "." in name else ".md"), text.encode())
    return made


def files(given: dict[str, str]) -> Folder:
    made = Folder()
    for path, text in given.items():
        made.add(path, text.encode())
    return made


def bring(given: dict[str, str], *, order: Order | None = None, now: datetime = NOW, **how):
    """Import files; the report of it."""
    return report(loading.load(survey(files(given), order=order), by=None, now=now, **how))


def told_of(told: dict, path: str) -> dict:
    return next(file for file in told["files"] if file["path"] == path)


def tops(session: Session) -> list[Reading]:
    return list(session.readings.filter(parent=None).order_by("position"))


def addresses(reading: Reading) -> list[str]:
    return [reading.url, *reading.links.values_list("url", flat=True)] if reading.url else []


def everything() -> list:
    """All rows that an import writes, for comparing."""
    models = (Session, Reading, ReadingLink, Presentation, Presenter, Slot, Appearance, Material, Notes)
    return [list(model.objects.order_by("pk").values()) for model in models]


# --- The archive -----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def facts() -> dict:
    return yaml.safe_load((ARCHIVE / "facts.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def imported(group) -> None:
    call_command("import_notes", ARCHIVE, stdout=io.StringIO())


@needs_archive
def test_archive_gives_eight_sessions_and_36_links(imported):
    links = Reading.objects.exclude(url="").count() + ReadingLink.objects.count()

    assert (sorted(Session.objects.values_list("number", flat=True)), links) == (WEEKS, 36)


@needs_archive
@pytest.mark.parametrize("number", WEEKS)
def test_archive_session_is_as_the_facts_tell(facts, imported, number):
    told = next(each for each in facts["sessions"] if each["number"] == number)
    session = Session.objects.get(number=number)

    assert session.local_start.date() == date.fromisoformat(told["date"])
    assert session.title == (told["notes_title"] or f"Week {number}")
    assert (session.state, session.hours_known) == ("held", False)


@needs_archive
@pytest.mark.parametrize("number", WEEKS)
def test_archive_preparation_is_as_the_facts_tell(facts, imported, number):
    """Each link in its place (item, and item within it), with the right kind and the right optional flag."""
    wanted, kinds = [], {}
    for each in facts["session_facts"][number]["prep"]:
        place = (each["item"], each.get("sub", 0))
        wanted.append((*place, each["url"], each["optional"]))
        kinds.setdefault(place, {each["kind"], *each.get("kind_also", [])})
    found = []
    for item, top in enumerate(tops(Session.objects.get(number=number)), start=1):
        parts = enumerate(top.children.order_by("position"), start=1)
        for sub, reading in [(0, top), *parts]:
            found += [(item, sub, url, not reading.is_required) for url in addresses(reading)]
            assert reading.kind in kinds[item, sub]

    assert found == wanted


@needs_archive
@pytest.mark.parametrize("number", WEEKS)
def test_archive_next_topics_are_as_the_facts_tell(facts, imported, number):
    told = facts["session_facts"][number]["up_next"]
    up_next = Session.objects.get(number=number).up_next

    assert re.findall(r"\]\((http[^)]*)\)", up_next) == [each["url"] for each in told if each["url"]]
    items = len(re.findall(r"^\s*(?:\d+\.|[*-]) ", up_next, re.MULTILINE))
    assert items == (len(told) if number != 5 else 0)  # a paragraph rather than a list


@needs_archive
@pytest.mark.parametrize("number", WEEKS)
def test_archive_talks_are_as_the_facts_tell(facts, imported, number):
    told = facts["session_facts"][number]
    talks = Presentation.objects.filter(sessions__number=number).order_by("pk")
    slides = [
        (talk.presenters.get().name, url)
        for talk in talks
        for url in talk.materials.filter(kind="slides").values_list("url", flat=True)
    ]

    assert [talk.presenters.get().name for talk in talks] == [each["name"] for each in told["presenters"]]
    assert slides == [(each["presenter"], each["url"]) for each in told["slides"] if each["url"]]


@needs_archive
def test_archive_says_what_it_left_open(group):
    told = report(loading.load(survey(read_disk(ARCHIVE)), by=None, now=NOW, dry_run=True))

    week2, week8 = told_of(told, "weekly-work/week2/README.md"), told_of(told, "weekly-work/week8/README.md")
    assert (
        "“09-06-2016” is read with the month first, as in weekly-work/week1/README.md (08-17-2016)."
        in (week2["doubtful"])
    )
    assert week8["missing"] == ["The link “here” to slides in line 10 is empty."]
    assert told_of(told, "group-README.md")["why_not"].startswith("Neither a session’s number nor a date")
    assert "3 pictures are not taken." in told["left_out"]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


@needs_archive
@pytest.mark.parametrize("number", WEEKS)
def test_archive_loses_no_word(number):
    """Every word of the source is in a field, in the notes, or names the field that its section became."""
    source = (ARCHIVE / f"weekly-work/week{number}/README.md").read_text(encoding="utf-8")
    said = recognise(source, f"week{number}/README.md")
    fields = [said.title, said.heading, said.up_next, said.notes, said.day.text, *said.recognised]
    for item in said.all_items():
        fields += [item.title, item.part, item.note, *item.addresses, *(text for text, _ in item.links)]
    left = words(" ".join(fields))
    source = re.sub(r"^\s*\d+\. ", "", source, flags=re.MULTILINE)  # the numbers of lists
    lost = [word for word in words(source) if word not in left]

    # “Meeting date:” has become the date, “Lectures seven through twelve of CS231n” a title and a part.
    assert [word for word in lost if word not in {"meeting", "date", "i", "e", "of"}] == []


@needs_archive
def test_archive_notes_are_the_source_but_for_what_became_fields(imported):
    source = (ARCHIVE / "weekly-work/week7/README.md").read_text(encoding="utf-8")
    kept = source[source.index("By continuing") : source.index("## Recommended")]
    kept += source[source.index("## Summary") : source.index("## Up Next")]
    found = Notes.objects.get(session__number=7)

    assert found.text == kept.strip()
    assert (found.audience, found.revisions.get().comment) == (
        "members",
        "Imported from weekly-work/week7/README.md",
    )


@needs_archive
def test_archive_imported_twice_changes_nothing(imported):
    before = everything()

    call_command("import_notes", ARCHIVE, stdout=(said := io.StringIO()))

    assert everything() == before
    assert said.getvalue().endswith("0 new, 0 changed, 8 as before; 36 links to prepare.\n")


@needs_archive
def test_archive_from_a_folder_further_down_is_the_same(imported):
    before = everything()

    call_command("import_notes", ARCHIVE / "weekly-work", stdout=(said := io.StringIO()))

    assert everything() == before
    assert "8 as before" in said.getvalue()


# --- Numbers, titles and dates ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("heading", "number", "title"),
    [
        ("Week 1", 1, ""),
        ("Session VII: Implementing nets", 7, "Implementing nets"),
        ("Session I", 1, ""),
        ("Session twelve – Trees", 12, "Trees"),
        ("Third meeting: Trees", 3, "Trees"),
        ("21st session (Trees)", 21, "(Trees)"),
        ("#12 Trees", 12, "Trees"),
        ("Notes of week 3", 3, ""),
        ("Reading group, session 11: Trees", 11, "Reading group: Trees"),
        ("Session I learned to love", None, "Session I learned to love"),
        ("Session mix", None, "Session mix"),
        ("*Deep* nets in C++", None, "*Deep* nets in C++"),
        ("Session 4 (March 4, 2021): Trees", 4, "Trees"),
    ],
)
def test_heading_gives_number_and_title(heading, number, title):
    said = recognise(f"# {heading}\n\nText.\n", "README.md")

    assert (said.number, said.title) == (number, title)


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("week7/README.md", 7),
        ("session-12.md", 12),
        ("07-trees.md", 7),
        ("session_IV/notes.md", 4),
        ("2021-03-04-trees.md", None),
        ("notes/README.md", None),
    ],
)
def test_name_gives_the_number_where_the_heading_does_not(path, number):
    assert recognise("# Trees\n\nText.\n", path).number == number


def test_heading_and_folder_that_differ_are_doubtful():
    said = recognise("# Week 3\n", "week4/README.md")

    assert (said.number, said.doubtful) == (
        3,
        ["By the folder’s name it is number 4; the heading was taken."],
    )


def test_number_zero_is_no_session():
    assert recognise("# Week 0\n2021-03-04\n", "a.md").no_session == (
        "Its number, by the heading, is 0; sessions count from 1 to 32767."
    )


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("*08-17-2016*", date(2016, 8, 17)),
        ("9-28-2016", date(2016, 9, 28)),
        ("January 12th, 2017", date(2017, 1, 12)),
        ("Thursday, 12 January 2017", date(2017, 1, 12)),
        ("12th of January, 2017", date(2017, 1, 12)),
        ("Sept. 4 2020", date(2020, 9, 4)),
        ("2017-01-12", date(2017, 1, 12)),
        ("2017/1/12", date(2017, 1, 12)),
        ("31.12.2017", date(2017, 12, 31)),
        ("12/31/17", date(2017, 12, 31)),
        ("05.05.2017", date(2017, 5, 5)),
        ("30-02-2017", None),
        ("12 January", None),
        ("1.2.2017.3", None),
    ],
)
def test_date_line_in_many_forms(written, day):
    said = recognise(f"# Week 1\n\n**Date**: {written}\n\nText.\n", "a.md")

    assert (said.day and said.day.settled) == day
    assert said.notes == ("Text." if day else f"**Date**: {written}\n\nText.")


@pytest.mark.parametrize(
    ("text", "path", "day"),
    [
        ("---\ndate: 2021-03-04 18:30:00 +0100\n---\n# A\n", "a.md", date(2021, 3, 4)),
        ("# A\n", "_posts/2021-03-04-a.md", date(2021, 3, 4)),
        ("# A\n", "2021/03/04/index.md", date(2021, 3, 4)),
        ("# A\n", "20210304.md", date(2021, 3, 4)),
        ("# 2021-03-04: A\n", "a.md", date(2021, 3, 4)),
        ("# A\n\n- Date: 4 March 2021\n- Place: here\n", "a.md", date(2021, 3, 4)),
        ("# A\n\nWe met on 4 March 2021 and read.\n", "a.md", date(2021, 3, 4)),
        ("# A\n\n## History\n\n4 March 2021\n", "a.md", None),
        ("# A\n\nOn 4 March 2021 and 5 March 2021.\n", "a.md", None),
    ],
)
def test_date_stands_in_many_places(text, path, day):
    said = recognise(text, path)

    assert (said.day and said.day.settled) == day


def test_weekday_that_does_not_fit_is_doubtful():
    assert recognise("# Week 1\nFriday, January 12, 2017\n", "a.md").doubtful == [
        "“Friday, January 12, 2017” is a Thursday."
    ]


def test_open_date_is_settled_by_another_file():
    for other, day in (("14/05/2021", date(2021, 4, 3)), ("05/14/2021", date(2021, 3, 4))):
        found = survey(files({"1.md": "# Week 1\n03/04/2021\n", "2.md": f"# Week 2\n{other}\n"}))
        assert found.files[0].date == day
        assert found.open_dates == []


def test_open_date_is_asked_when_the_others_disagree_or_are_silent(group):
    alone = {"1.md": "# Week 1\n03/04/2021\n", "2.md": "# Week 2\n05/05/2021\n"}
    divided = {**alone, "3.md": "# Week 3\n13/04/2021\n", "4.md": "# Week 4\n04/13/2021\n"}

    for given_files in (alone, divided):
        found = survey(files(given_files))
        assert [said.path for said in found.open_dates] == ["1.md"]
        with pytest.raises(loading.OpenQuestion, match="Nothing was imported"):
            loading.load(found, by=None, now=NOW)
        assert Session.objects.count() == 0

    bring(alone, order=Order.DAY_FIRST)
    assert Session.objects.get(number=1).local_start.date() == date(2021, 4, 3)


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_every_day_is_found_again_in_every_form(day):
    for written in (
        day.isoformat(),
        f"{day.day} {day:%B} {day.year:04}",
        f"{day:%b}. {day.day}, {day.year:04}",
        f"{day.month}/{day.day}/{day.year:04}",
    ):
        (found,) = dates.find(f"Date: {written}.")
        assert found.read(Order.MONTH_FIRST) == day


@given(st.integers(1, 399))
def test_every_roman_number_is_found_again(number):
    figures = ""
    for value, letters in (
        *((100, "C"), (90, "XC"), (50, "L"), (40, "XL")),
        *((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
    ):
        figures += letters * (number // value)
        number %= value
    assert numbers.in_heading(f"Session {figures}: A").value == numbers.roman(figures) > 0


# --- What to prepare -------------------------------------------------------------------------------------
def items(text: str) -> list[tuple]:
    said = recognise(f"# Week 1\n2021-03-04\n\n{text}", "week1/README.md")
    return [(item.title, item.kind, item.addresses, item.part, item.optional) for item in said.all_items()]


@pytest.mark.parametrize(
    "heading",
    [
        "## Recommended Preparatory Work",
        "### Covered",
        "# Readings",
        "Reading list\n------------",
        "**To read:**",
        "Prep:",
        "## 📚 Pre-reading",
        "## 2. Before the session",
        "## Required reading (one hour)",
    ],
)
def test_heading_in_many_forms_begins_the_preparation(heading):
    assert items(f"{heading}\n\n- [A](https://a.org)\n") == [("A", "article", ["https://a.org"], "", False)]


def test_covered_without_links_stays_in_the_notes():
    said = recognise("# Week 1\n\n## Covered\n- trees\n- graphs\n", "a.md")

    assert (said.items, said.notes) == ([], "## Covered\n- trees\n- graphs")


def test_items_keep_their_links_parts_and_kinds():
    assert items(
        "## Readings\n"
        "1. Lectures [7](https://youtu.be/a) to [9](https://youtu.be/b) of the course\n"
        "2. [Talk](https://vimeo.com/1) (from 57:30), and [slides](https://a.org/b.pdf)\n"
        "3. https://arxiv.org/abs/1706.03762.\n"
        "4. optionally, [this][ref] and <https://doi.org/10.1/x>\n"
        "5. Install [PyTorch](https://pytorch.org)\n"
        "6. [here]() and [there](javascript:alert(1))\n"
        "\n[ref]: https://b.org/chapter-3\n"
    ) == [
        (
            "the course",
            "video",
            ["https://youtu.be/a", "https://youtu.be/b"],
            "Lectures 7 to 9",
            False,
        ),
        ("Talk, and slides", "video", ["https://vimeo.com/1", "https://a.org/b.pdf"], "from 57:30", False),
        ("https://arxiv.org/abs/1706.03762.", "paper", ["https://arxiv.org/abs/1706.03762"], "", False),
        (
            "optionally, this and https://doi.org/10.1/x",
            "chapter",
            ["https://b.org/chapter-3", "https://doi.org/10.1/x"],
            "",
            True,
        ),
        ("Install PyTorch", "software", ["https://pytorch.org"], "", False),
        ("here and [there](javascript:alert(1))", "article", [], "", False),  # no link, by Markdown’s rules
    ]


def test_nested_items_become_parts_even_with_too_few_spaces():
    for indent in ("  ", "    ", "\t"):
        said = recognise(
            f"# Week 1\n\n## Prep\n1. [Notes](https://a.org) on trees:\n{indent}* [one](https://a.org/1)\n"
            f"{indent}* two\n1. next\n",
            "a.md",
        )
        assert [(item.title, [part.title for part in item.parts]) for item in said.items] == [
            ("Notes on trees", ["one", "two"]),
            ("next", []),
        ]


def test_headings_and_words_make_items_optional():
    said = recognise(
        "# Week 1\n\n## Preparation\n### Required\n- [A](https://a.org)\n### If you have time\n"
        "- [B](https://b.org)\n  - [C](https://c.org)\n\n## Additional reading\n- [D](https://d.org)\n",
        "a.md",
    )

    assert [(item.title, item.why_optional) for item in said.all_items()] == [
        ("A", ""),
        ("B", "If you have time"),
        ("C", "If you have time"),
        ("D", "Additional"),
    ]


def test_what_a_reading_cannot_hold_stays_in_the_notes():
    text = (
        "# Week 1\n\n## Prep\n\nDo this first.\n\n- [A](https://a.org)\n- [B](../b.pdf)\n"
        "- C\n\n  ```\n  code\n  ```\n\n| a | b |\n|---|---|\n| 1 | [x](https://x.org) |\n"
    )
    said = recognise(text, "a.md")

    assert said.notes == text.removeprefix("# Week 1\n\n").replace("- [A](https://a.org)\n", "").strip()
    assert said.missing == [
        "The link “B” in line 8 is no web address (../b.pdf); the item stays in the notes too.",
        "The item in line 9 holds more than words and links; it stays in the notes too.",
        "The table in line 15 is not read as a list to prepare.",
    ]


def test_long_item_gives_a_title_and_a_note():
    words_after = "word " * 50
    said = recognise(
        f"# Week 1\n\n## Prep\n- [A](https://a.org) is good for beginners; {words_after}\n", "a.md"
    )
    longer = recognise(f"# Week 1\n\n## Prep\n- [A](https://a.org) {words_after * 9}\n", "a.md")

    assert (said.items[0].title, said.items[0].note) == ("A is good for beginners", words_after.strip())
    assert (len(longer.items[0].title) <= 250, longer.items[0].title[-1]) == (True, "…")
    assert words_after.strip() in longer.notes


def test_hidden_comment_is_no_reading_and_is_told():
    said = recognise(
        "# Week 1\n\n## Prep\n- [A](https://a.org)\n\n<!-- - [B](https://b.org) -->\n\n"
        "## Notes\nT <!-- psst --> U\n",
        "a.md",
    )

    assert ([item.title for item in said.items], said.notes) == (["A"], "## Notes\nT  U")
    assert said.missing == [
        "The hidden comment in line 6 is left out: “- [B](https://b.org)”.",
        "The hidden comment in line 9 is left out: “psst”.",
    ]


def test_references_go_where_their_links_go():
    said = recognise(
        "# Week 1\n\n## Notes\nSee [x][one].\n\n## Up next\n- [y][two]\n\n[one]: https://a.org\n[two]: https://b.org\n",
        "a.md",
    )

    assert said.up_next == "- [y][two]\n\n[two]: <https://b.org>"
    assert said.notes == "## Notes\nSee [x][one].\n\n[one]: https://a.org\n[two]: https://b.org"


def test_definition_inside_a_list_that_became_readings_is_kept():
    said = recognise("# Week 1\n\n## Prep\n- [A][a]\n\n  [a]: https://a.org\n- B\n\n## Notes\nT\n", "a.md")

    assert [item.addresses for item in said.items] == [["https://a.org"], []]
    assert said.notes == "  [a]: https://a.org\n\n## Notes\nT"


# --- Talks -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "talks"),
    [
        (
            "We heard [Ana Souza](https://github.com/ana). Then [Bo Lind](https://linkedin.com/in/bo) "
            "spoke about trees (slides [here](https://a.org/s.pdf)).",
            [("Trees", ["Bo Lind"], [("slides", "https://a.org/s.pdf")])],
        ),
        (
            "This week [Ana Souza](https://github.com/ana) and [Bo Lind](https://github.com/bo) presented on "
            "*Trees* ([slides](https://a.org/1)) and Graphs ([slides](https://a.org/2)), respectively.",
            [
                ("Trees", ["Ana Souza"], [("slides", "https://a.org/1")]),
                ("Graphs", ["Bo Lind"], [("slides", "https://a.org/2")]),
            ],
        ),
        ("Presenters: Ana Souza and Bo Lind", [("Hedges", ["Ana Souza", "Bo Lind"], [])]),
        ("Our member Ana Souza demonstrated her own parser.", [("Her own parser", ["Ana Souza"], [])]),
        ("Marvin Minsky presented perceptrons in 1969.", []),
        ("Lecture 1, given by Fei-Fei Li, introduced vision.", []),
        ("As [Ana Souza](https://github.com/ana) presented on trees in her thesis.", []),
        ("We read [Deep Learning Illustrated](https://www.example.org) on trees.", []),
    ],
)
def test_talk_is_read_from_a_sentence_about_the_group(text, talks):
    said = recognise(f"# Week 1: Hedges\n\n{text}\n", "a.md")

    assert [(talk.title, [name for name, _ in talk.people], list(talk.links)) for talk in said.talks] == talks


def test_talk_of_a_known_guest_makes_no_second_presenter(group):
    known = PresenterFactory(guest_name="ana souza")

    bring({"1.md": "# Week 1: Trees\n2021-03-04\n\nPresenter: Ana Souza\n"})

    assert list(Presenter.objects.all()) == [known]
    assert Presentation.objects.get().title == "Trees"


def test_talk_by_a_name_that_several_have_is_not_taken(group):
    PresenterFactory(guest_name="Ana Souza")
    PresenterFactory(guest_name="Ana Souza")

    told = bring({"1.md": "# Week 1: Trees\n2021-03-04\n\nPresenter: Ana Souza\n"})

    assert Presentation.objects.count() == 0
    assert told["files"][0]["missing"][-1].startswith("The talk “Trees” is not taken: Write Ana Souza’s name")


# --- Folders ---------------------------------------------------------------------------------------------
def test_other_repositories_are_read(group):
    told = bring(
        {
            "README.md": "# Our group\n\n- Session 1: 2020-01-01\n- Session 2: 2020-02-01\n",
            "CHANGELOG.md": "# 1.0\n2020-01-01\n",
            "all.md": "# Notes\n\n## Session 1\n\n## Session 2\n\n## Session 3\n",
            "_posts/2021-03-04-attention.md": "---\ntitle: Attention\nlayout: post\n---\nText.\n",
            "session-9.md": "Trees\r\n=====\r\n\r\nDate: 14/05/2021\r\n\r\nTo read\r\n-------\r\n- [A](https://a.org)\r\n",
            "session-9-draft.md": "just words\n",
            "week10.txt": "Week 10: Hedges\n\n2021-06-01\n\nText.\n",
        }
    )

    assert list(Session.objects.order_by("number").values_list("number", "title")) == [
        (9, "Trees"),
        (10, "Hedges"),
        (11, "Attention"),
    ]
    assert {file["path"]: file["why_not"] for file in told["files"] if file["why_not"]} == {
        "README.md": "Neither a session’s number nor a date was found in its heading, first lines or name.",
        "CHANGELOG.md": "Files of this name tell of the project, not of a session.",
        "all.md": (
            "Its headings name several sessions (1, 2, 3). One file a session is read; an index is none."
        ),
        "session-9-draft.md": "session-9.md tells of session 9 already.",
    }
    assert Notes.objects.get(session__number=11).text == "Text.\n\n```yaml\nlayout: post\n```"


def test_file_without_a_number_is_found_again_by_its_day(group):
    given_files = {"2021-03-04-trees.md": "# Trees\nA\n", "2021-04-04-hedges.md": "# Hedges\nB\n"}
    bring(given_files)
    before = everything()

    bring({**given_files, "2021-02-01-roots.md": "# Roots\nC\n"})

    titles = list(Session.objects.order_by("number").values_list("number", "title"))
    assert titles == [(1, "Trees"), (2, "Hedges"), (3, "Roots")]
    assert everything()[0][:2] == before[0]


def test_two_files_that_say_the_same_number_are_both_left_out(group):
    told = bring({"a.md": "# Week 1: A\n2021-03-04\n", "b.md": "# Week 1: B\n2021-03-11\n"})

    assert Session.objects.count() == 0
    assert told["files"][0]["why_not"] == (
        "b.md tells of session 1 too. Give one of them another number or date."
    )


def test_session_without_a_date_is_not_made_but_completed(group):
    told = bring({"week1/README.md": "# Week 1: Trees\n\nText.\n"})
    assert (Session.objects.count(), told["files"][0]["why_not"][:40]) == (
        0,
        "It has no date, and session 1 is not her",
    )

    session = HeldSessionFactory(number=1, title="Wood")
    bring({"week1/README.md": "# Week 1: Trees\n\nText.\n"})
    assert session.notes.text == "Text."


@pytest.mark.parametrize(
    ("data", "text", "remarks"),
    [
        ("é\r\nü\r".encode(), "é\nü\n", 0),
        (b"\xef\xbb\xbf# A", "# A", 0),
        ("# é 🚀".encode("utf-16"), "# é 🚀", 1),
        (b"caf\xe9", "café", 1),
        (b"a\0b", "a\ufffdb", 1),
    ],
)
def test_bytes_become_text(data, text, remarks):
    assert (decode(data)[0], len(decode(data)[1])) == (text, remarks)


def test_links_on_disk_and_hidden_folders_are_not_read(tmp_path):
    (tmp_path / "a.md").write_text("# A")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/b.md").write_text("# B")
    (tmp_path / "c.md").symlink_to("/etc/hostname")
    (tmp_path / "d").symlink_to("/etc")
    found = read_disk(tmp_path)

    assert (list(found.texts), found.all_left_out()) == (
        ["a.md"],
        ["“c.md” is a link to elsewhere, so it is not read."],
    )


# --- Into the database -----------------------------------------------------------------------------------
WEEK = (
    "# Week 1: Trees\n2021-03-04\n\n## Prep\n- [A](https://a.org)\n- [B](https://b.org)\n\n## Notes\nText.\n"
)


def test_session_ahead_becomes_a_draft(group):
    bring({"1.md": WEEK.replace("2021", "2031")})
    session = Session.objects.get()

    assert (session.state, session.time_zone, session.announced_at) == ("draft", "Europe/Tallinn", None)
    assert session.starts_at == datetime(2031, 3, 4, 16, 30, tzinfo=UTC)


def test_dry_run_says_the_same_and_changes_nothing(group, tmp_path):
    (tmp_path / "1.md").write_text(WEEK)
    call_command("import_notes", tmp_path, "--dry-run", stdout=(would := io.StringIO()))
    assert (Session.objects.count(), ImportedFile.objects.count()) == (0, 0)

    call_command("import_notes", tmp_path, stdout=(did := io.StringIO()))

    assert would.getvalue().replace("would be ", "") == did.getvalue()
    assert Session.objects.count() == 1


def test_command_asks_for_the_order_of_dates(group, tmp_path):
    (tmp_path / "1.md").write_text("# Week 1\n03/04/2021\n")
    with pytest.raises(CommandError, match="--dates month-first or --dates day-first"):
        call_command("import_notes", tmp_path, stdout=io.StringIO(), stderr=io.StringIO())

    call_command("import_notes", tmp_path, "--dates", "month-first", stdout=io.StringIO())

    assert Session.objects.get().local_start.date() == date(2021, 3, 4)


def test_command_without_group_or_folder_says_so(db, tmp_path):
    with pytest.raises(CommandError, match="There is no group yet"):
        call_command("import_notes", tmp_path, stdout=io.StringIO())
    with pytest.raises(CommandError, match="is no folder"):
        call_command("import_notes", tmp_path / "none", stdout=io.StringIO())


def test_import_again_updates_and_never_doubles(group, member):
    bring({"1.md": WEEK})
    stays, goes = tops(Session.objects.get())
    Progress.objects.create(reading=stays, member=member, read_at=timezone.now())

    told = bring(
        {
            "1.md": WEEK.replace("Trees", "Hedges")
            .replace("2021-03-04", "2021-03-05")
            .replace("- [A]", "- [New](https://new.org)\n- [A, anew]")
            .replace("- [B](https://b.org)\n", "")
            .replace("Text.", "Other text.")
        }
    )

    session = Session.objects.get()
    assert (session.title, session.local_start.date()) == ("Hedges", date(2021, 3, 5))
    assert [(each.title, each.url) for each in tops(session)] == [
        ("New", "https://new.org"),
        ("A, anew", "https://a.org"),
    ]
    assert Progress.objects.get().reading_id == stays.pk
    assert not Reading.objects.filter(pk=goes.pk).exists()
    assert (session.notes.text, session.notes.revision) == ("## Notes\nOther text.", 2)
    assert (told["new"], told["changed"]) == (0, 1)


def test_reading_that_members_have_used_stays(group, member):
    bring({"1.md": WEEK})
    Progress.objects.create(reading=tops(Session.objects.get())[1], member=member, read_at=timezone.now())

    told = bring({"1.md": WEEK.replace("- [B](https://b.org)\n", "")})

    assert [each.title for each in tops(Session.objects.get())] == ["A", "B"]
    assert told["files"][0]["kept"] == [
        "“B” is not in the file any more; it stays, since members have used it."
    ]


def test_what_somebody_changed_here_stays_unless_overwritten(group, organiser):
    bring({"1.md": WEEK})
    session = Session.objects.get()
    Session.objects.update(title="Better")
    Reading.objects.filter(title="A").update(title="A, with care")
    notes.save(session_id=session.pk, text="Mine.", by=organiser, base=1, now=NOW)
    changed = WEEK.replace("Trees", "Hedges").replace("[A]", "[A2]").replace("Text.", "Other.")

    assert told_of(bring({"1.md": WEEK}), "1.md")["kept"] == []  # the file is as it was
    kept = told_of(bring({"1.md": changed}), "1.md")["kept"]
    session.refresh_from_db()
    assert (session.title, tops(session)[0].title, Notes.objects.get().text) == (
        "Better",
        "A, with care",
        "Mine.",
    )
    assert kept == [
        "The title stays as it stands here; the file says “Hedges”.",
        "1 reading had other words here already, which stay.",
        "The notes stay as somebody has written them since the last import; the file’s are not taken.",
    ]

    bring({"1.md": changed}, overwrite=True)
    session.refresh_from_db()
    assert (session.title, tops(session)[0].title) == ("Hedges", "A2")
    assert [(each.number, each.text) for each in Notes.objects.get().revisions.order_by("number")] == [
        (1, "## Notes\nText."),
        (2, "Mine."),
        (3, "## Notes\nOther."),
    ]


@pytest.mark.parametrize("mark", ["", " (optional)"])
def test_reading_that_goes_further_here_stays_so(group, mark):
    week = WEEK.replace("(https://a.org)", f"(https://a.org){mark}")
    bring({"1.md": week})
    Reading.objects.filter(url="https://a.org").update(importance=Reading.Importance.STRETCH)

    told = bring({"1.md": week.replace("[A]", "[A2]")})

    assert Reading.objects.get(url="https://a.org").importance == Reading.Importance.STRETCH
    assert told["files"][0]["kept"] == ["1 reading had other words here already, which stay."]


def test_session_that_was_here_before_is_completed_and_kept(group):
    session = HeldSessionFactory(number=1, title="Old name", up_next="Grass")
    reading = ReadingFactory(session=session, title="My A", url="https://a.org", position=4)
    other = ReadingFactory(session=session, title="Mine alone", url="https://mine.org", position=5)

    bring({"1.md": WEEK + "\n## Up next\nMoss\n"})
    session.refresh_from_db()

    assert (session.title, session.up_next) == ("Old name", "Grass")
    assert [each.title for each in tops(session)] == ["My A", "Mine alone", "B"]
    assert set(Reading.objects.values_list("pk", flat=True)) > {reading.pk, other.pk}


def test_link_that_stands_as_a_reading_is_not_added_again(group):
    session = HeldSessionFactory(number=1)
    ReadingFactory(session=session, title="Seven", url="https://youtu.be/7")
    ReadingFactory(session=session, title="Eight", url="https://youtu.be/8")
    text = "# Week 1\n\n## Prep\n- [seven](https://youtu.be/7) and [eight](https://youtu.be/8)\n"

    bring({"1.md": text})
    bring({"1.md": text})

    links = [url for each in tops(session) for url in addresses(each)]
    assert links == ["https://youtu.be/7", "https://youtu.be/8"]


def test_announced_session_keeps_its_date(group):
    session = SessionFactory(number=1)
    before = session.starts_at

    told = bring({"1.md": WEEK}, overwrite=True)

    session.refresh_from_db()
    assert (session.starts_at, session.state) == (before, "announced")
    assert told["files"][0]["kept"][-1].endswith("so that everybody hears of it.")


def test_other_file_for_an_imported_session_takes_nothing_away(group):
    bring({"week1/README.md": WEEK})

    told = bring({"other.md": "# Session 1: Moss\n2022-01-01\n\n## Prep\n- [C](https://c.org)\n\nMore.\n"})

    session = Session.objects.get()
    assert (session.title, [each.title for each in tops(session)]) == ("Trees", ["A", "B", "C"])
    assert told["files"][0]["kept"][0] == (
        "The session was imported from week1/README.md before; what it said stays."
    )


def test_audience_is_for_new_notes_unless_it_is_chosen(group):
    bring({"1.md": WEEK}, audience="public")
    assert Notes.objects.get().audience == "public"

    bring({"1.md": WEEK.replace("Text", "New text")})
    assert Notes.objects.get().audience == "public"

    bring({"1.md": WEEK}, audience="organisers")
    assert Notes.objects.get().audience == "organisers"


def test_import_is_all_or_nothing(group, monkeypatch):
    def refuse(**given):
        raise notes.TooLong(1)

    monkeypatch.setattr("sessions_app.archive_import.loading.notes.save", refuse)
    with pytest.raises(notes.TooLong):
        bring({"1.md": WEEK, "2.md": WEEK.replace("Week 1", "Week 2")})

    assert (Session.objects.count(), Reading.objects.count()) == (0, 0)


def test_talk_that_was_taken_away_here_stays_away(group):
    given_files = {"1.md": WEEK + "\nPresenter: Ana Souza\n"}
    bring(given_files)
    Presentation.objects.all().delete()

    told = bring(given_files)

    assert Presentation.objects.count() == 0
    assert told["files"][0]["kept"] == ["The talk “Trees” was taken away here; it stays away."]


# --- Wild input ------------------------------------------------------------------------------------------
BLOCKS = [
    "# ",
    "## Prep\n",
    "- ",
    "  * ",
    "1. ",
    "> ",
    "---\n",
    "<!--",
    "-->",
    "|",
    "## Up next\n",
    "\n",
    "\n\n",
    "\t",
]
WORDS = [
    "[a](",
    "https://a.org",
    ")",
    "[",
    "]",
    "`",
    "**",
    "![",
    ":",
    "(",
    "[r]: https://b.org\n",
    "[x][r]",
    "é",
]
FACTS = [
    "date: ",
    "2021-03-04",
    "03/04/2021",
    "Week ",
    "Session V",
    "Presenter: ",
    "Ana Souza",
    "optional",
    "\u2028",
]
MARKS = st.sampled_from([*BLOCKS, *WORDS, *FACTS])


@settings(max_examples=300, deadline=None)
@given(st.lists(MARKS | st.text(max_size=8), max_size=40).map("".join))
def test_wild_markdown_never_raises(text):
    found = survey(files({"week1/README.md": text, "2021-03-04-a.md": text}))

    assert len(found.files) == 2
    for said in found.files:
        assert all(len(item.title) <= 250 and len(item.note) <= 300 for item in said.all_items())
        assert all(len(title) <= 200 for title in (said.title, *(talk.title for talk in said.talks)))


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(st.lists(MARKS | st.text(max_size=8), max_size=30).map("".join))
def test_wild_markdown_is_imported_twice_as_once(text):
    Group.objects.all().delete()
    Session.objects.all().delete()
    Group.objects.create(
        name="G",
        tagline="T",
        lead="L",
        city="C",
        time_zone="Europe/Tallinn",
        usual_start="18:00",
        usual_end="20:00",
        capacity=9,
    )
    given_files = {"week1/2021-03-04.md": decode(text.encode("utf-8", errors="replace"))[0]}
    bring(given_files, order=Order.DAY_FIRST)
    before = everything()
    told = bring(given_files, order=Order.DAY_FIRST)

    assert (told["new"], told["changed"], everything()) == (0, 0, before)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda data: b"PK\x03\x04" + data))
def test_wild_zip_never_raises(data):
    with pytest.raises(Unreadable):
        read_zip(data)
