"""What an archive is not written over, and what is refused of one that is brought, all told at once."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from members.models import Group, User
from sessions_app.models import Session
from studygroup.archive_export import importing, placing
from studygroup.archive_export.problems import ArchiveError
from studygroup.archive_export.writing import Entry
from studygroup.archive_export.writing_sessions import entries
from tests.factories import GroupFactory, MemberFactory, SessionFactory, UserFactory
from tests.studygroup.full_house import exported, full_house, jpeg, rows, wipe, written

FOLDER = "sessions/007-deep-nets-a-title"
SESSION = f"{FOLDER}/session.md"


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def archive(db, tmp_path, media) -> Path:
    """The full house in a folder, beside an empty database."""
    full_house()
    folder = written(tmp_path / "archive")
    wipe()
    shutil.rmtree(media)
    return folder


def change(archive: Path, path: str, before: str, after: str) -> None:
    """Edit one file of an archive, once."""
    text = (archive / path).read_bytes().decode()
    assert before in text
    (archive / path).write_bytes(text.replace(before, after, 1).encode())


def problems(archive: Path) -> list[str]:
    """What is told of an archive; nothing may have come of it."""
    with pytest.raises(ArchiveError) as refused:
        importing.load(archive)
    assert {name: found for name, found in rows().items() if found} == {}
    assert not list(Path(settings.MEDIA_ROOT).glob("**/*.*"))
    return str(refused.value).splitlines()


# --- Writing ---------------------------------------------------------------------------------------------
def test_export_replaces_an_archive_and_leaves_nothing_beside_it(db, tmp_path):
    GroupFactory()
    SessionFactory(number=1, title="Before")
    folder = written(tmp_path / "deep/out")
    Session.objects.update(title="After")

    call_command("export_archive", folder)

    assert [path.name for path in (folder / "sessions").iterdir()] == ["001-after"]
    assert [path.name for path in folder.parent.iterdir()] == ["out"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_export_takes_an_empty_folder(db, tmp_path):
    GroupFactory()
    (tmp_path / "out").mkdir()

    call_command("export_archive", tmp_path / "out")

    assert placing.is_archive(tmp_path / "out")


@pytest.mark.parametrize("name", ["diary.txt", ".git", "group.md"])
def test_export_leaves_a_folder_with_something_else_alone(db, tmp_path, name):
    GroupFactory()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")

    with pytest.raises(CommandError, match="is not empty and holds no archive"):
        call_command("export_archive", tmp_path / "out")

    assert [(path.name, path.read_text()) for path in (tmp_path / "out").iterdir()] == [(name, "mine")]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_export_leaves_an_archive_with_something_besides_alone(db, tmp_path):
    GroupFactory()
    folder = written(tmp_path / "out")
    (folder / ".git").mkdir()

    with pytest.raises(CommandError, match=r"something besides an archive, which would be lost: \.git\."):
        call_command("export_archive", folder)

    assert (folder / ".git").exists()


def test_export_to_a_file_or_a_link_is_refused(db, tmp_path):
    GroupFactory()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path)

    for name in ("file", "link"):
        with pytest.raises(CommandError, match="is no folder"):
            call_command("export_archive", tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"


def test_export_that_breaks_leaves_the_older_archive_whole(db, tmp_path):
    GroupFactory()
    folder = written(tmp_path / "out")
    before = (folder / "group.md").read_bytes()

    def breaking():
        yield Entry("group.md", "half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        placing.place(breaking(), folder)

    assert (folder / "group.md").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_export_that_cannot_change_places_leaves_the_older_archive(db, tmp_path):
    GroupFactory()
    folder = written(tmp_path / "out")

    with pytest.raises(OSError, match="new"):
        placing.place([], folder)  # of nothing there is no folder that could move

    assert placing.is_archive(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_export_without_a_group_writes_nothing(db, tmp_path):
    with pytest.raises(CommandError, match="There is no group on this site yet"):
        call_command("export_archive", tmp_path / "out")

    assert list(tmp_path.iterdir()) == []


# --- Where it goes ---------------------------------------------------------------------------------------
def test_import_into_a_group_is_refused(archive):
    GroupFactory(name="Monday Readers")

    with pytest.raises(CommandError, match=r"is the home of “Monday Readers”.*; nothing was changed"):
        call_command("import_archive", archive)

    assert (Group.objects.get().name, User.objects.count()) == ("Monday Readers", 0)


def test_import_beside_accounts_is_refused(archive):
    UserFactory()

    with pytest.raises(CommandError, match="holds users already"):
        call_command("import_archive", archive)

    assert (Group.objects.count(), User.objects.count()) == (0, 1)


def test_import_says_what_it_made(archive, capsys):
    call_command("import_archive", archive)

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{archive}: imported"
    assert {"  sessions: 2", "  photos: 2", "  notes: 2", "  stored files: 5"} <= set(lines)


# --- What is no archive ----------------------------------------------------------------------------------
def test_folder_without_group_is_no_archive(db, tmp_path):
    assert problems(tmp_path) == ["There is no group.md here, so this is no archive of a group."]


def test_missing_folder_is_told(db, tmp_path):
    assert problems(tmp_path / "none") == [f"{tmp_path}/none does not exist."]


def test_other_file_is_no_archive(db, tmp_path):
    (tmp_path / "a.zip").write_text("PK, but not really")

    assert problems(tmp_path / "a.zip") == [f"{tmp_path}/a.zip is neither a folder nor a zip file."]


def test_other_format_is_told(archive):
    change(archive, "group.md", "study group archive 1", "study group archive 2")

    assert problems(archive) == [
        "group.md, line 2: “format: study group archive 1” does not stand in it; this is another format"
    ]


# --- What is wrong in it ---------------------------------------------------------------------------------
def test_all_problems_of_values_are_told_at_once(archive):
    change(archive, "group.md", "capacity: 7", "capacity: many")
    change(archive, SESSION, "number: 7", "nummer: 7")
    change(archive, SESSION, "time_zone: America/New_York", "time_zone: Mars")
    change(archive, SESSION, "url: https://example.org/l", "url: javascript:alert(1)")
    change(archive, "members/ada-lovelace.md", "role: organiser", "role: queen")
    (archive / "sessions/007-deep-nets-a-title/agenda.md").write_bytes(b"a\n\xff")
    (archive / "sessions/007-deep-nets-a-title/Notes.md").write_text("mine")
    (archive / "resources.md").write_text("no fields")
    (archive / "seats.md").write_text("---\nchanges: [&a 1, *a]\n---\n")

    assert [problem.partition("; known here are")[0] for problem in problems(archive)] == [
        'group.md, line 15, capacity: write a whole number from 1 to 500, not "many"',
        'members/ada-lovelace.md, line 8, role: write one of member, reviewer, organiser, not "queen"',
        "resources.md, line 1: begin with fields between two lines of three dashes",
        "seats.md, line 2: a group file repeats no part of itself by an alias (*name); put quotes around a "
        'text that holds ": " or " #" or begins with one of * & @ ! % [ { or a quote',
        f"{FOLDER}/Notes.md, line 1: nothing in the archive speaks of this file; take it out",
        f"{FOLDER}/agenda.md, line 2: the file is not UTF-8 from here on; save it as UTF-8",
        f"{SESSION}, line 2, number: missing; write a whole number from 1 to 32767",
        f'{SESSION}, line 2, nummer: there is no such field; did you mean "number"?',
        f'{SESSION}, line 7, time_zone: write a time zone such as Europe/London, not "Mars"',
        f"{SESSION}, line 41, readings[1].links[1].url: write an address such as https://example.org/page, "
        'not "javascript:alert(1)"',
    ]


def test_all_contradictions_are_told_at_once(archive):
    change(archive, SESSION, "ends_at: 2026-11-23T15", "ends_at: 2026-11-23T12")
    change(archive, SESSION, "scribe: ada-lovelace", "scribe: nobody")
    change(archive, SESSION, "- same-title\n", "- other-title\n")
    change(archive, SESSION, "guest_name: A guest", "guest_name: A guest\n  member: ada-lovelace")
    change(archive, SESSION, 'answer: "yes"', 'answer: "no"')
    change(archive, "sessions/012-session/session.md", "number: 12", "number: 7")
    change(archive, "curriculum.md", "path: Theory", "path: Practice")
    change(archive, "members/con-.md", "state: alumni\n", "")
    change(archive, "members/نور.md", "email: noor@", "email: ADA@")

    assert problems(archive) == [
        "curriculum.md, line 13, tracks[1].path: there is no path “Practice” in the archive",
        "curriculum.md, line 19, tracks[1].sessions[2]: there is no session “12” in the archive",
        "curriculum.md, line 36, tracks[2].sessions[2]: there is no session “12” in the archive",
        "members/con-.md, line 9, left_at: who has left has a moment of leaving, and nobody else",
        "members/نور.md, line 3, email: another account has this address: members/ada-lovelace.md",
        *(f"{SESSION}, {each}" for each in CONTRADICTIONS),
        "sessions/012-session/session.md, line 2, number: another session has this number: " + SESSION,
    ]


CONTRADICTIONS = [
    "line 6, ends_at: a session ends after it starts",
    "line 16, scribe: there is no member with the slug “nobody” in the archive",
    "line 23, talks[1].presentation: there is no file in talks for “other-title” in the archive",
    "line 102, rsvps[1].in_line_since: only somebody who would come is in the line",
    "line 110, attendance[2].guest_name: this is a member or a guest, not both",
]


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("../../group.md", "this path points out of the folder"),
        ("/etc/passwd", "this path points out of the folder"),
        ("photos/../../../group.md", "this path points out of the folder"),
        ("files/none.jpg", "there is no file “sessions/007-deep-nets-a-title/files/none.jpg” in the archive"),
        ("session.md", "“sessions/007-deep-nets-a-title/session.md” stands somewhere else already"),
    ],
)
def test_path_that_leads_elsewhere_is_refused(archive, path, what):
    change(archive, SESSION, "small: photos/small/01-the-board-green.jpg", f"small: {path}")

    found = problems(archive)

    assert [each.partition("photos[1].small: ")[2] for each in found if "photos[1].small" in each] == [what]
    assert len(found) == 2  # and the picture of which nothing speaks any more


def test_links_to_elsewhere_are_refused(archive, tmp_path):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(jpeg("black"))
    small = archive / "sessions/007-deep-nets-a-title/photos/small/01-the-board-green.jpg"
    small.unlink()
    small.symlink_to(secret)
    (archive / "talks/more").symlink_to(tmp_path)

    assert [each for each in problems(archive) if "link" in each] == [
        "sessions/007-deep-nets-a-title/photos/small/01-the-board-green.jpg, line 1: this is a link to "
        "elsewhere; put the file itself here",
        "talks/more, line 1: this is a link to elsewhere; put the file itself here",
    ]


def test_zip_with_tricks_is_refused(archive, tmp_path):
    link = zipfile.ZipInfo("members/ada-lovelace.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.write(archive / "group.md", "group.md")
        for name in ("../out.md", "/etc/out.md", "C:/out.md", "a\\out.md", "sessions/x/../../out.md"):
            made.writestr(name, "x")
        made.writestr(link, "/etc/passwd")

    assert [each for each in problems(tmp_path / "a.zip") if "group.md" not in each] == [
        "../out.md, line 1: its path points out of the archive",
        "/etc/out.md, line 1: its path points out of the archive",
        "C:/out.md, line 1: its path points out of the archive",
        *(["a\\out.md, line 1: its path points out of the archive"] if os.sep == "/" else []),
        "members/ada-lovelace.jpg, line 1: this is a link to elsewhere; put the file itself here",
        "sessions/x/../../out.md, line 1: its path points out of the archive",
    ]


@pytest.mark.parametrize(
    ("path", "content", "what"),
    [
        ("photos/01-the-board-green.jpg", b"GIF89a", "this is no JPEG picture, or a damaged one"),
        (
            "photos/small/01-the-board-green.jpg",
            jpeg("red")[:-50],
            "this is no JPEG picture, or a damaged one",
        ),
        ("files/ünïted-paper.pdf", b"MZ", "this file is no .pdf, whatever its name says"),
        ("files/ünïted-paper.pdf", b"", "this file is empty"),
        ("files/slides.pdf", b"%PDF-" + b"0" * 20 * 1024 * 1024, "this file is larger than 20 MB"),
    ],
)
def test_file_that_is_not_what_it_should_be_is_refused(archive, path, content, what):
    file = archive / "sessions/007-deep-nets-a-title" / path
    assert file.exists()
    file.write_bytes(content)

    assert [each.rpartition(": ")[2] for each in problems(archive)] == [what]


def test_file_of_a_kind_that_is_not_taken_is_refused(archive):
    change(archive, SESSION, "name: slides.pdf", "name: slides.exe")

    assert [each.partition("file.path: ")[2] for each in problems(archive)] == [
        "files of this kind are not taken: “slides.exe”"
    ]


def test_what_only_the_database_refuses_changes_nothing(archive):
    """Two guests of one name: no file of the import may stay either."""
    change(
        archive,
        SESSION,
        "guest_name: A guest",
        "guest_name: A guest\n  noted_at: 2026-01-01T00:00:00Z\n- guest_name: a GUEST",
    )

    (said,) = problems(archive)

    assert said.startswith("The database refuses something in the archive: duplicate key value violates")


def test_command_counts_the_problems(archive):
    change(archive, "group.md", "capacity: 7", "capacity: 0")

    with pytest.raises(CommandError) as refused:
        call_command("import_archive", archive)

    assert str(refused.value).splitlines() == [
        f"{archive} has one problem; nothing was changed.",
        'group.md, line 15, capacity: write a whole number from 1 to 500, not "0"',
    ]


def test_archive_that_somebody_edited_comes_in(archive):
    """On Windows, by hand, with a hidden file beside it."""
    change(archive, "talks/same-title.md", "title: Same title", "title: Another title   # the right one")
    text = (archive / "seats.md").read_bytes()
    (archive / "seats.md").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    (archive / ".DS_Store").write_bytes(b"\0")

    importing.load(archive)

    assert "talks/another-title.md" in exported()
    assert exported()["seats.md"] == text


def test_entries_of_a_group_alone_can_be_imported(db, tmp_path):
    GroupFactory()
    MemberFactory(user__email="m@example.org")
    files = [entry.path for entry in entries()]
    folder = written(tmp_path / "out")
    wipe()

    importing.load(folder)

    assert [entry.path for entry in entries()] == files
