"""Bringing notes along in the browser: who may, what a wrong zip is told, preview, import once, report."""

from __future__ import annotations

import contextlib
import html
import io
import re
import stat
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app import tasks
from sessions_app.archive_import import folder
from sessions_app.archive_import.folder import Unreadable, read_zip
from sessions_app.models import ArchiveUpload, Notes, Reading, ReadingLink, Session
from tests.factories import HeldSessionFactory, ReadingFactory, SessionFactory
from tests.studygroup.test_pages import queries_of

PAGE = "/organise/archive/import/"
WEEK = (
    "# Week {}: Trees\n\n*03-04-2021*\n\n## Prep\n- [A](https://a.org) and [B](https://b.org)\n\n"
    "## Notes\nText.\n"
)


def week(number: int, day: str = "03-04-2021") -> str:
    return WEEK.format(number).replace("03-04-2021", day)


def zip_of(files: dict[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return made.getvalue()


@pytest.fixture
def desk(organiser, client_of):
    return client_of(organiser)


def upload(client, data: bytes, name: str = "notes.zip"):
    return client.post(PAGE, {"file": SimpleUploadedFile(name, data)})


def preview_of(client, files: dict[str, str | bytes]) -> str:
    answer = upload(client, zip_of(files))
    assert answer.status_code == 302, text_of(answer)
    return answer.headers["Location"]


def text_of(answer) -> str:
    """The words of a page's main part, as a person reads them."""
    main = answer.text.partition("<main")[2].partition("</main>")[0].partition(">")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


def confirm(client, preview: str):
    seen = re.search(r'name="choices" value="([^"]*)"', client.get(preview).text)
    return client.post(f"{preview}confirm/", {"choices": seen[1] if seen else ""}, follow=True)


def test_pages_are_closed_to_visitors_and_members(desk, member, client, client_of):
    preview = preview_of(desk, {"1.md": week(1, "03-14-2021")})
    for address in (PAGE, preview):
        assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"
        assert client_of(member.user).get(address).status_code == 403
        assert client_of(member.user).post(address).status_code == 403
    assert client_of(member.user).post(f"{preview}confirm/").status_code == 403
    assert Session.objects.count() == 0


def test_zip_is_looked_at_answered_and_imported_once(desk):
    preview = preview_of(
        desk,
        {
            "group-main/week1/README.md": week(1),
            "group-main/week2/README.md": week(2, "May 4, 2021"),
            "group-main/README.md": "# Our group\n",
            "group-main/photo.jpg": b"x",
        },
    )
    page = desk.get(preview)
    assert "One date can be read in two ways, and no other file settles it." in text_of(page)
    assert "“03-04-2021” is 4 March 2021 or 3 April 2021" in text_of(page)
    assert "1 picture is not taken." in text_of(page)
    assert f'action="{preview}confirm/"' not in page.text

    assert desk.post(preview, {"dates": "day-first", "audience": "public"}).headers["Location"] == preview
    page = desk.get(preview)
    assert "Import 2 sessions" in text_of(page)
    assert "README.md Neither a session’s number nor a date" in text_of(page)
    assert Session.objects.count() == 0

    done = confirm(desk, preview)
    assert "The notes are imported" in text_of(done)
    assert [session.local_start.date().isoformat() for session in Session.objects.order_by("number")] == [
        "2021-04-03",
        "2021-05-04",
    ]
    assert set(Notes.objects.values_list("audience", flat=True)) == {"public"}
    assert (Reading.objects.count(), ReadingLink.objects.count()) == (2, 2)
    assert ArchiveUpload.objects.get().files == {}

    again = desk.post(f"{preview}confirm/", {"choices": ""}, follow=True)
    assert "These notes were imported before. Nothing was imported twice." in again.text
    assert Session.objects.count() == 2


def test_confirm_with_an_open_date_imports_nothing(desk):
    preview = preview_of(desk, {"week1.md": week(1)})
    done = desk.post(f"{preview}confirm/", {"choices": "dates:,audience:,overwrite:"}, follow=True)

    assert "Nothing was imported." in done.text
    assert (Session.objects.count(), ArchiveUpload.objects.get().imported_at) == (0, None)


def test_confirm_of_other_choices_than_shown_imports_nothing(desk):
    preview = preview_of(desk, {"week1.md": week(1)})
    desk.post(preview, {"dates": "day-first"})
    done = desk.post(f"{preview}confirm/", {"choices": "dates:month-first,audience:,overwrite:"}, follow=True)

    assert "Somebody chose otherwise meanwhile." in done.text
    assert Session.objects.count() == 0


def test_choice_that_is_none_says_so_and_stays(desk):
    preview = preview_of(desk, {"week1.md": week(1)})
    answer = desk.post(preview, {"dates": "year-first", "audience": "public"})

    assert (answer.status_code, "Choose one of the orders." in answer.text) == (422, True)
    assert 'value="public" selected' in answer.text


def test_same_zip_later_has_nothing_to_import(desk):
    files = {"week1.md": week(1, "2021-03-04")}
    confirm(desk, preview_of(desk, files))
    page = desk.get(preview_of(desk, files))

    assert "Everything in these files is here already." in text_of(page)
    assert "confirm/" not in page.text


def test_old_upload_is_emptied_and_says_so(desk):
    preview = preview_of(desk, {"week1.md": week(1, "2021-03-04")})
    assert tasks.empty_old_archive_uploads() == 0
    ArchiveUpload.objects.update(uploaded_at=timezone.now() - timedelta(days=2))

    assert tasks.empty_old_archive_uploads() == 1
    assert "This upload is gone" in text_of(desk.get(preview))
    answer = desk.post(f"{preview}confirm/", follow=True)
    assert "The upload was emptied after a day." in answer.text
    assert tasks.empty_old_archive_uploads in tasks.TIDYING


def test_markup_in_files_is_shown_as_text(desk):
    nasty = "<script>alert(1)</script>"
    preview = preview_of(
        desk,
        {
            f"{nasty.replace('/', '')}.md": f"# Week 1: {nasty}\n2021-03-04\n\n## Prep\n- {nasty} [x](https://a.org)\n",
            "2.md": "# Week 2\n2021-03-05\n\n## Prep\n- [y](javascript:alert(1))\n- [z](data:text/html,1)\n",
        },
    )
    assert nasty not in desk.get(preview).text
    assert nasty not in confirm(desk, preview).text
    for number in (1, 2):
        page = desk.get(f"/sessions/{number}/").text
        assert nasty not in page
        assert 'href="javascript' not in page
        assert '<a href="data:' not in page


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "This is no zip file, or it is damaged."),
        (b"PK\x03\x04rest", "This is no zip file, or it is damaged."),
        (b"x" * (folder.LARGEST_ZIP + 1), "The file is larger than 20 MB."),
        (zip_of({"a.jpg": b"x"}), "The zip holds no .md, .markdown or .txt file"),
        (
            zip_of({f"{n}.md": b"" for n in range(2001)}),
            "The zip holds 2,001 files; at most 2,000 are taken.",
        ),
        (zip_of({"a.bin": b"\0" * 101_000_000}), "The zip holds more than 100 MB."),
        (zip_of({f"{n}.md": b" " * 900_000 for n in range(3)}), "The texts are more than 2 MB."),
        (zip_of({"../a.md": b"x"}), "“../a.md” points outside the folder, so it is not taken."),
    ],
    ids=["empty", "damaged", "large", "pictures", "many", "bomb", "long", "outside"],
)
def test_wrong_zip_says_what_to_do_and_stores_nothing(desk, data, sentence):
    answer = upload(desk, data)

    assert (answer.status_code, sentence in text_of(answer)) == (422, True)
    assert ArchiveUpload.objects.count() == 0


def test_upload_without_a_file_asks_for_one(desk):
    answer = desk.post(PAGE, {})
    assert (answer.status_code, "Choose a zip file." in answer.text) == (422, True)


def entry(name: str, *, mode: int = stat.S_IFREG | 0o644, flags: int = 0) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr, made.flag_bits, made.create_system = mode << 16, flags, 3
    return made


def test_tricks_in_a_zip_are_left_out_with_a_sentence():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in (
            "/abs.md",
            "a/../../up.md",
            "C:\\win.md",
            "in\\side.md",
            "ok.md",
            "inner.zip",
            ".git/x.md",
        ):
            archive.writestr(entry(name), b"text")
        archive.writestr(entry("link.md", mode=stat.S_IFLNK | 0o777), b"/etc/passwd")
        archive.writestr(entry("control\x07.md"), b"text")
    found = read_zip(made.getvalue())

    assert list(found.texts) == ["in/side.md", "ok.md"]
    assert found.all_left_out() == [
        "“/abs.md” points outside the folder, so it is not taken.",
        "“a/../../up.md” points outside the folder, so it is not taken.",
        "“C:/win.md” points outside the folder, so it is not taken.",
        "“inner.zip” is packed once more; unpack it first. It is not taken.",
        "“link.md” is a link to elsewhere, so it is not taken.",
        "“control?.md” has control characters in its name, so it is not taken.",
    ]


def test_names_in_other_encodings_and_locked_files_are_left_out():
    plain = zip_of({"caf\xe9.md": b"text", "locked.md": b"text", "ok.md": b"text"})
    data = plain.replace("caf\xe9.md".encode(), b"caf\xff\xfe.md")  # bytes that are no UTF-8
    for name, flags in ((b"caf\xff\xfe.md", 0), (b"locked.md", 1)):
        at = data.index(name) - 30
        central = data.rindex(name) - 46
        data = data[: at + 6] + bytes([flags, 0]) + data[at + 8 :]
        data = data[: central + 8] + bytes([flags, 0]) + data[central + 10 :]
    found = read_zip(data)

    assert list(found.texts) == ["ok.md"]
    assert found.all_left_out() == [
        "A file whose name is not written in UTF-8 is not taken.",
        "“locked.md” is locked with a password, so it is not taken.",
    ]


def test_file_that_lies_about_its_size_is_not_unpacked_beyond_the_limit():
    data = zip_of({"a.md": b"x" * 3_000_000, "b.md": b"# Week 1"})
    size = (3_000_000).to_bytes(4, "little")
    found = read_zip(data.replace(size, (10).to_bytes(4, "little")))

    assert found.texts.get("b.md") == "# Week 1"
    assert len(found.texts.get("a.md", "")) <= 10


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_zip_with_any_bytes_changed_never_raises(data):
    whole = bytearray(zip_of({"week1/README.md": week(1), "b/c.txt": "x" * 300}))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Unreadable):
        assert isinstance(read_zip(bytes(whole)).texts, dict)


@pytest.mark.parametrize("rows", [1, 3, 60])
def test_pages_cost_a_fixed_number_of_queries(desk, rows):
    for number in range(1, rows + 1):
        session = HeldSessionFactory(number=number)
        ReadingLink.objects.create(reading=ReadingFactory(session=session), url="https://l.org")
    files = {f"week{number}/README.md": week(number, "2021-03-04") for number in range(1, rows * 2 + 1)}
    preview = preview_of(desk, files)
    imported = preview_of(desk, files)
    confirm(desk, imported)

    costs = {PAGE: 5, preview: 11, imported: 5}
    assert queries_of(desk, costs) == costs


def test_further_links_of_a_reading_stand_below_it(group, member, client, client_of):
    for session in (HeldSessionFactory(number=1), SessionFactory(number=2)):
        reading = ReadingFactory(session=session, title="Lectures", url="https://a.org/7")
        ReadingLink.objects.create(reading=reading, title="twelve", url="https://a.org/12")

    for who, address in ((client, "/sessions/1/"), (client_of(member.user), "/sessions/2/")):
        page = who.get(address).text
        assert '<a class="typed" href="https://a.org/12" rel="noopener">twelve</a>' in page
