"""What to read, in the organisers’ form: links, files, the kind, the order, the lists inside."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from sessions_app import planning, stored_files
from sessions_app.models import Progress, Reading, ReadingLink, Session, StoredFile, nest
from sessions_app.planning import Plan, ReadingLine
from sessions_app.reading_rows import MOST_READINGS
from sessions_app.row_forms import MOST_TALKS
from tests.factories import PresentationFactory, ReadingFactory, SessionFactory, TrackFactory
from tests.sessions_app.filled import NEW, form_of, posted, reading, rows, sentences, url_of
from tests.sessions_app.test_public_pages import text_of

PDF = b"%PDF-1.7\nnotes"


def pdf(name: str = "notes.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def kept_file(by=None, name: str = "old.pdf") -> StoredFile:
    return stored_files.accept(pdf(name), by=by, now=timezone.now())


def links_of(reading: Reading) -> list[tuple[str, str]]:
    return list(reading.links.values_list("title", "url"))


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """Does what waits for the commit, such as deleting the content of a file."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


# --- Several links in one item -------------------------------------------------------------------------
def test_further_links_are_saved_in_their_order(as_organiser):
    typed = (
        "https://example.org/8\r\n"
        "  \r\n"
        "Lecture  nine https://example.org/9 \r\n"
        "example.org/10\r\n"
        "10.1000/182\r\n"
        "doi: 10.1000/183\r\n"
        "A paper, doi:10.1000/184\r\n"
        "Another arXiv:1706.03762\r\n"
        "https://example.org/11 Lecture eleven\r\n"
        "[Lecture twelve](https://example.org/12)"
    )

    as_organiser.post(NEW, posted(readings=[reading("Lectures", url="example.org/7", links=typed)]))

    row = Reading.objects.get()
    assert row.url == "https://example.org/7"
    assert links_of(row) == [
        ("", "https://example.org/8"),
        ("Lecture nine", "https://example.org/9"),
        ("", "https://example.org/10"),
        ("", "https://doi.org/10.1000/182"),
        ("", "https://doi.org/10.1000/183"),
        ("A paper,", "https://doi.org/10.1000/184"),
        ("Another", "https://arxiv.org/abs/1706.03762"),
        ("Lecture eleven", "https://example.org/11"),
        ("Lecture twelve", "https://example.org/12"),
    ]


def test_each_wrong_line_is_told_and_all_stays_typed(as_organiser):
    typed = (
        "https://example.org/1\r\nlectures seven\r\nSee notes.md\r\nhttps://a.example https://b.example\r\n"
        "javascript:alert(1)\r\n" + "w" * 251 + " https://example.org/2\r\nhttps://example.org/" + "p" * 800
    )

    page = as_organiser.post(NEW, posted(readings=[reading("Lectures", links=typed)]))

    assert page.status_code == 422
    assert [(problem.label, problem.sentence) for problem in page.context["problems"]] == [
        ("Reading 1, further links", sentence)
        for sentence in (
            "Line 2: End with a web address such as https://example.org/page.",
            "Line 3: End with a web address such as https://example.org/page.",
            "Line 4: Write one link; put the next one on a line of its own.",
            "Line 5: End with a web address such as https://example.org/page.",
            "Line 6: Write a title of at most 250 characters.",
            "Line 7: Write an address of at most 800 characters.",
        )
    ]
    assert "\n".join(typed.split("\r\n")) in page.content.decode().replace("\r\n", "\n")
    assert '<details class="row-more" open>' in text_of(page)
    assert Reading.objects.count() == 0


@pytest.mark.parametrize("typed", ["a\x00b https://example.org", "\x00"])
def test_sign_that_no_text_may_hold_is_refused(as_organiser, typed):
    page = as_organiser.post(NEW, posted(readings=[reading("R", links=typed)]))

    assert page.status_code == 422
    assert Session.objects.count() == 0


def test_more_links_than_a_reading_holds_are_refused(as_organiser):
    typed = "\n".join(f"https://example.org/{n}" for n in range(21))

    page = as_organiser.post(NEW, posted(readings=[reading("R", links=typed)]))

    assert sentences(page) == ["Keep to 20 further links."]


def test_row_of_links_alone_asks_for_a_title(as_organiser):
    page = as_organiser.post(NEW, posted(readings=[reading("", links="https://example.org")]))

    assert sentences(page) == ["Write a title, or empty the row."]


def test_links_that_nobody_could_type_survive_a_save(as_organiser):
    row = ReadingFactory(session=SessionFactory(), title="Imported", position=1)
    stored = [
        ("https://a.example is gone, see", "https://b.example/x"),
        ("Two  blanks,\nand a line", "https://b.example"),
        ("here", "http://localhost/x"),
        ("", "https://c.example"),
    ]
    for place, (title, url) in enumerate(stored):
        ReadingLink.objects.create(reading=row, title=title, url=url, position=place)
    data = form_of(as_organiser.get(url_of(row.session)))
    before = list(ReadingLink.objects.values_list("pk", flat=True))

    as_organiser.post(url_of(row.session), data)
    untouched = list(ReadingLink.objects.values_list("pk", flat=True))
    data = form_of(as_organiser.get(url_of(row.session)))
    data["readings-0-links"] += "\nhttps://d.example"
    as_organiser.post(url_of(row.session), data)

    assert untouched == before
    assert links_of(row) == [*stored, ("", "https://d.example")]


def test_emptied_field_takes_the_links_away(as_organiser):
    row = ReadingFactory(session=SessionFactory())
    ReadingLink.objects.create(reading=row, url="https://example.org/2")
    data = form_of(as_organiser.get(url_of(row.session))) | {"readings-0-links": ""}

    as_organiser.post(url_of(row.session), data)

    assert links_of(row) == []


@pytest.mark.parametrize("what", ["link", "file"])
def test_links_and_files_count_as_changed_meanwhile(as_organiser, what):
    row = ReadingFactory(session=SessionFactory())
    data = form_of(as_organiser.get(url_of(row.session)))
    if what == "link":
        ReadingLink.objects.create(reading=row, url="https://example.org/2")
    else:
        Reading.objects.update(file=kept_file())

    assert as_organiser.post(url_of(row.session), data).status_code == 409


# --- The kind, by the link -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "kind", "sentence"),
    [
        (
            "https://youtu.be/VOKaS5FcHjo?t=57m30s",
            "video",
            "By their links, the new readings are entered as lecture video: “R”.",
        ),
        ("arxiv.org/abs/1706.03762", "paper", "By their links, the new readings are entered as paper: “R”."),
        ("doi:10.1000/182", "paper", "By their links, the new readings are entered as paper: “R”."),
        ("https://example.org/", "article", "Entered as article, since no link tells more: “R”."),
        ("", "article", "Entered as article, since no link tells more: “R”."),
    ],
)
def test_kind_that_nobody_chose_is_told_by_the_link_and_said(as_organiser, url, kind, sentence):
    page = as_organiser.post(NEW, posted(readings=[reading("R", url=url, kind="")]), follow=True)

    assert Reading.objects.get().kind == kind
    assert [str(message) for message in page.context["messages"]][1:] == [sentence]


def test_kind_that_somebody_chose_stays_and_nothing_is_said(as_organiser):
    row = reading("R", url="https://youtu.be/VOKaS5FcHjo", kind="notes")

    page = as_organiser.post(NEW, posted(readings=[row]), follow=True)

    assert Reading.objects.get().kind == "notes"
    assert len(page.context["messages"]) == 1


def test_several_kinds_are_said_in_one_message(as_organiser):
    urls = ["https://youtu.be/VOKaS5FcHjo", "arxiv.org/abs/1706.03762", "example.org/b.pdf", "example.org"]
    new = [reading(f"R{n}", url=url, kind="") for n, url in enumerate(urls)]

    page = as_organiser.post(NEW, posted(readings=new), follow=True)

    assert str(list(page.context["messages"])[1]) == (
        "By their links, the new readings are entered as lecture video: “R0”; paper: “R1”, “R2”. "
        "Entered as article, since no link tells more: “R3”."
    )


def test_stored_reading_has_no_kind_by_its_link(as_organiser):
    row = ReadingFactory(session=SessionFactory(), url="https://youtu.be/VOKaS5FcHjo", kind="notes")
    page = as_organiser.get(url_of(row.session))
    choices = [form.fields["kind"].choices[0] for form in page.context["editor"].readings.forms]
    data = form_of(page) | {"readings-0-kind": ""}

    answer = as_organiser.post(url_of(row.session), data)

    assert choices == [("chapter", "Chapter"), ("", "By its link")]
    assert answer.status_code == 422
    assert Reading.objects.get().kind == "notes"


def test_reading_that_goes_further_is_saved_so(as_organiser):
    as_organiser.post(NEW, posted(readings=[reading("R", importance=3)]))

    assert Reading.objects.get().get_importance_display() == "To go further"


# --- A file --------------------------------------------------------------------------------------------
def test_file_is_kept_and_shown_with_name_and_size(as_organiser):
    data = posted(readings=[reading("R", file=pdf("my notes.pdf"))]) | {
        "readings-0-file": pdf("my notes.pdf")
    }

    as_organiser.post(NEW, data)

    row = Reading.objects.get()
    page = text_of(as_organiser.get(url_of(row.session)))
    assert (row.file.name, row.file.uploaded_by) == ("my notes.pdf", as_organiser.person.user)
    assert f'href="/files/{row.file_id}/my%20notes.pdf">my notes.pdf</a>, 14 bytes' in page
    assert 'enctype="multipart/form-data"' in page
    assert "readings-0-remove_file" in page


def test_file_alone_makes_a_row_count(as_organiser):
    page = as_organiser.post(NEW, posted(readings=[reading("")]) | {"readings-0-file": pdf()})

    assert sentences(page) == ["Write a title, or empty the row."]


def test_untouched_file_stays(as_organiser):
    row = ReadingFactory(session=SessionFactory(), file=kept_file())

    as_organiser.post(url_of(row.session), form_of(as_organiser.get(url_of(row.session))))

    assert Reading.objects.get().file == row.file


def test_other_file_takes_the_place_of_the_first(as_organiser, commits):
    old = kept_file()
    row = ReadingFactory(session=SessionFactory(), file=old)
    data = form_of(as_organiser.get(url_of(row.session))) | {"readings-0-file": pdf("new.pdf")}

    with commits():
        as_organiser.post(url_of(row.session), data)

    assert [file.name for file in StoredFile.objects.all()] == ["new.pdf"]
    assert Reading.objects.get().file.name == "new.pdf"
    assert not old.content.storage.exists(old.content.name)


@pytest.mark.parametrize("how", ["remove_file", "remove"])
def test_removed_file_is_deleted(as_organiser, commits, how):
    old = kept_file()
    row = ReadingFactory(session=SessionFactory(), file=old)
    data = form_of(as_organiser.get(url_of(row.session))) | {f"readings-0-{how}": "on"}

    with commits():
        as_organiser.post(url_of(row.session), data)

    assert StoredFile.objects.count() == 0
    assert not old.content.storage.exists(old.content.name)
    assert Reading.objects.count() == (1 if how == "remove_file" else 0)


def test_chosen_file_wins_over_the_tick(as_organiser):
    row = ReadingFactory(session=SessionFactory(), file=kept_file())
    data = form_of(as_organiser.get(url_of(row.session)))

    as_organiser.post(
        url_of(row.session), data | {"readings-0-remove_file": "on", "readings-0-file": pdf("new.pdf")}
    )

    assert Reading.objects.get().file.name == "new.pdf"


@pytest.mark.parametrize(
    ("upload", "sentence"),
    [
        (pdf("run.exe"), stored_files.UNKNOWN),
        (pdf("a.pdf", b"MZ"), "Choose another file; this one is no .pdf, whatever its name says."),
        (pdf("a.pdf", b""), "Choose another file; this one is empty."),
    ],
)
def test_refused_file_is_told_at_its_row(as_organiser, upload, sentence):
    data = posted(readings=[reading("Good"), reading("Bad")]) | {"readings-1-file": upload}

    page = as_organiser.post(NEW, data)

    assert [(problem.label, problem.sentence) for problem in page.context["problems"]] == [
        ("Reading 2, file", sentence)
    ]
    assert (Session.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_file_waits_when_something_else_is_wrong(as_organiser):
    data = posted(readings=[reading("R")], title="") | {"readings-0-file": pdf()}

    wrong = as_organiser.post(NEW, data)
    again = form_of(wrong) | {"title": "Mended"}
    as_organiser.post(NEW, again)

    assert wrong.status_code == 422
    assert "notes.pdf</a>, 14 bytes. It has come, and waits for you to save." in text_of(wrong)
    assert Reading.objects.get().file.name == "notes.pdf"
    assert StoredFile.objects.count() == 1


def test_file_waits_through_two_mistakes_and_another_row(as_organiser):
    data = posted(readings=[reading("R")], title="", more="readings") | {"readings-0-file": pdf()}

    page = as_organiser.post(NEW, data)
    assert page.context["problems"] == []
    page = as_organiser.post(NEW, form_of(page))
    assert page.status_code == 422
    as_organiser.post(NEW, form_of(page) | {"title": "Mended"})

    assert Reading.objects.get().file.name == "notes.pdf"


def test_file_refused_with_another_row_says_so(as_organiser):
    data = posted(readings=[reading("R")], more="readings") | {"readings-0-file": pdf("run.exe")}

    page = as_organiser.post(NEW, data)

    assert stored_files.UNKNOWN in text_of(page)
    assert StoredFile.objects.count() == 0


def test_waiting_file_survives_two_organisers_at_once(as_organiser):
    row = ReadingFactory(session=SessionFactory(), file=kept_file())
    data = form_of(as_organiser.get(url_of(row.session))) | {"readings-0-file": pdf("mine.pdf")}
    Session.objects.update(title="Theirs")

    warned = as_organiser.post(url_of(row.session), data)
    unchanged = Reading.objects.get().file.name
    as_organiser.post(url_of(row.session), form_of(warned))

    assert (warned.status_code, unchanged) == (409, "old.pdf")
    assert [file.name for file in StoredFile.objects.all()] == ["mine.pdf"]


def test_waiting_file_can_be_removed_again(as_organiser):
    page = as_organiser.post(NEW, posted(readings=[reading("R")], title="") | {"readings-0-file": pdf()})

    as_organiser.post(NEW, form_of(page) | {"title": "T", "readings-0-remove_file": "on"})

    assert Reading.objects.get().file is None


def key_of_nothing(by) -> str:
    return "00000000-0000-4000-8000-000000000000"


def key_of_another_person(by) -> str:
    return str(kept_file().pk)


def key_that_belongs_already(by) -> str:
    file = kept_file(by=by)
    ReadingFactory(session=SessionFactory(number=99), file=file)
    return str(file.pk)


def no_key(by) -> str:
    return "<script>"


@pytest.mark.parametrize("key", [key_of_nothing, key_of_another_person, key_that_belongs_already, no_key])
def test_file_that_no_longer_waits_has_to_be_chosen_again(as_organiser, key):
    data = posted(readings=[reading("R", file_kept=key(as_organiser.person.user))])

    page = as_organiser.post(NEW, data)

    assert sentences(page) == ["Choose the file again; it is no longer kept here."]
    assert not Session.objects.filter(number=18).exists()


def test_one_file_cannot_be_given_to_two_readings(as_organiser):
    key = str(kept_file(by=as_organiser.person.user).pk)
    data = posted(readings=[reading("A", file_kept=key), reading("B", file_kept=key)])

    page = as_organiser.post(NEW, data)

    assert page.status_code == 422
    assert sentences(page) == ["Choose the file again; it is no longer kept here."]
    assert Session.objects.count() == 0


def test_file_that_nobody_saves_goes_after_a_day(as_organiser):
    as_organiser.post(NEW, posted(readings=[reading("R")], title="") | {"readings-0-file": pdf()})

    gone = [stored_files.forget_ownerless(now=timezone.now() + timedelta(hours=hours)) for hours in (23, 25)]

    assert gone == [0, 1]


# --- Lists inside lists --------------------------------------------------------------------------------
def chain(session: Session) -> list[Reading]:
    """A list three deep: Top, Middle, Deep; and Side below Top."""
    top = ReadingFactory(session=session, title="Top", position=1)
    middle = ReadingFactory(session=session, title="Middle", parent=top, position=2)
    deep = ReadingFactory(session=session, title="Deep", parent=middle, position=3)
    return [top, middle, deep, ReadingFactory(session=session, title="Side", parent=top, position=4)]


def parents(session: Session) -> dict[str, str | None]:
    return dict(session.readings.values_list("title", "parent__title"))


AS_IT_IS = {"Top": None, "Middle": "Top", "Deep": "Middle", "Side": "Top"}


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({}, {}),
        ({"readings-2-title": "Deep"}, {}),
        ({"readings-2-order": "2", "readings-1-order": "3"}, {}),
        ({"readings-3-order": "0", "readings-3-is_part": ""}, {"Side": None}),
        ({"readings-1-is_part": ""}, {"Middle": None, "Side": "Middle"}),
        ({"readings-1-remove": "on"}, {"Middle": "gone", "Deep": "Top"}),
        ({"readings-0-order": "9"}, {"Middle": None, "Deep": None, "Side": None}),
        ({"readings-0-remove": "on"}, {"Top": "gone", "Middle": None, "Deep": None, "Side": None}),
    ],
)
def test_deeper_list_stays_as_long_as_its_item_is_the_same(as_organiser, change, after):
    session = SessionFactory()
    chain(session)
    data = form_of(as_organiser.get(url_of(session))) | change

    assert as_organiser.post(url_of(session), data).status_code == 302

    expected = {title: parent for title, parent in (AS_IT_IS | after).items() if parent != "gone"}
    assert parents(session) == expected
    assert len(nest(session.readings.all())) == len(expected)


def test_items_that_hang_in_a_loop_are_set_free(as_organiser):
    session = SessionFactory()
    one, two = (ReadingFactory(session=session, title=title) for title in ("One", "Two"))
    Reading.objects.filter(pk=one.pk).update(parent=two)
    Reading.objects.filter(pk=two.pk).update(parent=one)

    as_organiser.post(url_of(session), form_of(as_organiser.get(url_of(session))))

    assert parents(session) == {"One": None, "Two": None}


def test_row_that_comes_twice_is_saved_once_and_hangs_below_nothing_of_its_own(as_organiser):
    row = ReadingFactory(session=SessionFactory(), title="R")
    twice = rows("readings", reading("R", pk=row.pk), reading("Copy", pk=row.pk, is_part="on"))

    answer = as_organiser.post(url_of(row.session), form_of(as_organiser.get(url_of(row.session))) | twice)

    assert answer.status_code == 302
    assert parents(row.session) == {"R": None, "Copy": "R"}


def test_plan_without_a_word_on_links_and_files_leaves_them(group, member):
    row = ReadingFactory(session=SessionFactory(), file=kept_file())
    ReadingLink.objects.create(reading=row, url="https://example.org/2")
    Progress.objects.create(reading=row, member=member, read_at=timezone.now())
    values = {name: getattr(row, name) for name in ("kind", "url", "part", "note", "minutes", "importance")}
    session = planning.stored(row.session)
    names = planning.SESSION_FIELDS
    plan = Plan(
        values={name: getattr(row.session, name) for name in names},
        readings=[ReadingLine(values=values | {"title": "Renamed"}, pk=row.pk)],
    )

    planning.save_session(session_id=row.session_id, seen=session.version, plan=plan, now=timezone.now())

    row.refresh_from_db()
    assert (row.title, row.file_id is None, links_of(row)) == (
        "Renamed",
        False,
        [("", "https://example.org/2")],
    )
    assert row.progress.count() == 1


# --- The order -----------------------------------------------------------------------------------------
def test_rows_stand_as_their_numbers_say_when_the_form_comes_back(as_organiser):
    written = {"C": "3", "A": "1", "B": "2", "Z": "x"}
    new = [reading(title, order=order) for title, order in written.items()]
    new[2]["minutes"] = 0

    page = as_organiser.post(NEW, posted(readings=new))

    shown = [form["title"].value() for form in page.context["editor"].readings.shown]
    assert shown == ["A", "B", "C", "Z"]
    labels = [problem.label for problem in page.context["problems"]]
    assert labels == ["Reading 2, minutes", "Reading 4, order"]


# --- What one form may hold ----------------------------------------------------------------------------
def test_fullest_form_is_below_the_limit_of_fields(as_organiser):
    """Every row stored, with a file, and every box ticked; what a browser sends then has to be taken."""
    session = SessionFactory()
    TrackFactory.create_batch(20)
    for _ in range(MOST_READINGS):
        ReadingFactory(session=session, file=kept_file())
    for _ in range(MOST_TALKS):
        PresentationFactory(session=session)
    page = as_organiser.get(url_of(session))
    html = page.content.decode()
    form = html[html.index('enctype="multipart/form-data"') : html.index("</form>", html.index('id="talks"'))]

    controls = form.count(' name="') - form.count(' type="file"')

    waiting = MOST_READINGS  # a hidden field more for each file that waits
    assert controls + waiting <= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    assert form.count(' type="file"') == MOST_READINGS < settings.DATA_UPLOAD_MAX_NUMBER_FILES
