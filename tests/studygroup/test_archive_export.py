"""The whole group as a folder of Markdown, and back: nothing is lost, nothing is added."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
import yaml
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.models import Group, User
from outbox.models import Message
from sessions_app.models import Material, Notes, NotesRevision, Photo
from studygroup.archive_export import addresses, emitting, importing, naming, tables
from studygroup.archive_export.problems import ArchiveError
from studygroup.archive_export.reading import FENCED
from studygroup.group_file.reading import compose_text
from tests.factories import (
    ApplicationFactory,
    GroupFactory,
    HeldSessionFactory,
    MemberFactory,
    OrganiserFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
    TrackFactory,
)
from tests.studygroup.full_house import NOW, exported, full_house, rows, stored, wipe, written

PAGE = "/organise/archive/export/"
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
YAML_PIECES = [
    "\n",
    "\n\n",
    "\r\n",
    " ",
    "---",
    "- ",
    ": ",
    ":",
    " #",
    "#",
    '"',
    "'",
    "word",
    "yes",
    "\t",
    "~",
    "12",
]
TRICKY = st.lists(st.sampled_from(YAML_PIECES) | ANY_TEXT, max_size=8).map("".join)


@pytest.fixture(autouse=True)
def _media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


# --- Which fields ----------------------------------------------------------------------------------------
def test_every_model_is_exported_or_left_out_with_a_reason():
    models_of_ours = {
        model._meta.label
        for app in ("members", "sessions_app", "outbox", "studygroup")
        for model in apps.get_app_config(app).get_models()
    }
    exported_models = {table.model._meta.label for table in tables.TABLES}

    assert exported_models & tables.LEFT_OUT.keys() == set()
    assert exported_models | tables.LEFT_OUT.keys() == models_of_ours
    assert all(tables.LEFT_OUT.values())


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table.model.__name__)
def test_every_field_is_exported_or_left_out_with_a_reason(table):
    told = [*table.names.split(), *table.beside, *table.told, *table.left_out]
    told += [table.body] if table.body else []
    fields = [*table.model._meta.concrete_fields, *table.model._meta.many_to_many]
    keys = {field.name for field in fields if isinstance(field, models.AutoField)}

    assert sorted(told) == sorted({field.name for field in fields} - keys)
    assert all([*table.told.values(), *table.left_out.values()])


# --- There and back --------------------------------------------------------------------------------------
def test_full_house_says_something_in_every_exported_field(db):
    full_house()

    silent = [
        f"{table.model.__name__}.{field.name}"
        for table in tables.TABLES
        for field in _told(table)
        if not any(_says(field, row) for row in table.model.objects.all())
    ]
    assert silent == []


def _told(table: tables.Table) -> list[models.Field]:
    """The fields that hold something of the row's own; what it belongs to it always says."""
    names = [*table.beside, *([table.body] if table.body else [])]
    return [*table.fields, *map(table.model._meta.get_field, names)]


def _says(field: models.Field, row: models.Model) -> bool:
    if field.many_to_many:
        return getattr(row, field.name).exists()
    value = getattr(row, field.attname)
    return value != field.get_default() and value not in (None, [])


def test_full_house_comes_back_in_every_file_and_every_row(db, tmp_path):
    full_house()
    files, before = exported(), rows()
    folder = written(tmp_path / "out")
    wipe()

    importing.load(folder)

    assert rows() == before
    assert exported() == files


def test_export_of_the_same_group_is_the_same_on_disk_and_in_memory(db, tmp_path):
    full_house()

    folder = written(tmp_path / "out")

    assert on_disk(folder) == exported()


def on_disk(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*.*")}


def test_demonstration_comes_back(db, tmp_path):
    call_command("load_demo")
    files, before = exported(), rows()
    folder = written(tmp_path / "out")
    wipe()

    importing.load(folder)

    assert exported() == files
    assert rows() == before


def test_applicants_stay_behind(db):
    GroupFactory()
    MemberFactory()
    ApplicationFactory(name="Secret Applicant", email="secret@example.org")

    assert b"ecret" not in b"".join(exported().values())


def test_import_mails_nobody_and_members_sign_in_by_code(db, tmp_path):
    full_house()
    folder = written(tmp_path / "out")
    wipe()

    importing.load(folder)

    assert Message.objects.count() == 0
    assert [user.has_usable_password() for user in User.objects.all()] == [False] * 4
    assert set(EmailAddress.objects.values_list("email", "verified", "primary")) == {
        (user.email, True, True) for user in User.objects.all()
    }


def test_links_to_photos_are_links_to_files(db):
    full_house()

    notes = exported()["sessions/007-deep-nets-a-title/notes.md"].decode()

    assert "![board](./photos/02-the-board-blue.jpg?size=small)" in notes
    assert "[talk](./../../talks/same-title.md) <./photos/01-the-board-green.jpg>" in notes
    assert "././photos/01-the-board-green.jpg\n" in notes


def test_links_to_photos_lead_to_the_photos_of_the_new_site(db, tmp_path):
    full_house()
    folder = written(tmp_path / "out")
    wipe()

    importing.load(folder)

    blue = Photo.objects.get(alternative="The board, blue")
    for notes in Notes.objects.all():
        assert notes.text.startswith(f"![board](/sessions/7/photos/{blue.pk}/?size=small)")


def test_leaders_stand_in_the_order_in_which_they_were_named(db):
    GroupFactory()
    track = TrackFactory()
    for name in ("Zoe", "Ada", "Mia"):
        track.leaders.add(PresenterFactory(guest_name=name))

    assert b"  leaders:\n  - zoe\n  - ada\n  - mia\n" in exported()["curriculum.md"]


def test_front_matter_is_yaml_for_others(db):
    full_house()

    for path, data in exported().items():
        if path.endswith(".md") and data.startswith(b"---\n") and "access" not in path:
            assert isinstance(yaml.safe_load(FENCED.match(data.decode())["matter"]) or {}, dict)


# --- Wild texts ------------------------------------------------------------------------------------------
@given(TRICKY, TRICKY, TRICKY)
@settings(max_examples=500, deadline=None)
def test_file_gives_every_text_back(title, item, body):
    text = emitting.file_with({"title": title, "list": [item, {"name": item, "more": title}]}, body)

    match = FENCED.match(text)
    root = compose_text(match["matter"])
    (_, first), (_, items) = root.value
    plain, record = items.value
    assert (first.value, plain.value, record.value[0][1].value) == (title, item, item)
    assert record.value[1][1].value == title
    assert text[match.end() :] == (f"\n{body}" if body else "")


PIECES = st.sampled_from(
    [
        "/sessions/3/photos/12/",
        "/presentations/5/",
        "./",
        "../",
        "photos/02-b.jpg",
        "x",
        " ",
        "(",
        "/",
        ".",
        "-",
    ]
)
FILES = {
    "/sessions/3/photos/12/": "sessions/003-x/photos/02-b.jpg",
    "/presentations/5/": "talks/a.md",
}


@given(
    st.lists(PIECES | ANY_TEXT, max_size=12).map("".join), st.sampled_from(["sessions/003-x", "", "a/b/c"])
)
@settings(max_examples=1000, deadline=None)
def test_links_leave_and_come_back(text, folder):
    there = addresses.leaving(text, folder, FILES)

    assert addresses.coming(there, folder, {path: address for address, path in FILES.items()}) == text


@given(title=TRICKY, text=TRICKY, name=ANY_TEXT, file=ANY_TEXT)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_wild_texts_and_names_come_back(db, tmp_path_factory, title, text, name, file):
    wipe()
    GroupFactory(name=name[:120], about=text)
    session = SessionFactory(number=3, title=title[:200], summary=text, agenda=text)
    notes = Notes.objects.create(session=session, text=text, revision=1, updated_at=NOW)
    NotesRevision.objects.create(notes=notes, number=1, text=text, saved_at=NOW, comment=title[:200])
    for _ in range(2):
        PresentationFactory(
            title=title[:200], abstract=text, presenter=PresenterFactory(guest_name=name[:120])
        )
    kept = stored(f"{file}x.txt", b"words", None)
    Material.objects.create(session=session, kind="slides", title=title[:200], file=kept)
    MemberFactory(user__name=name[:120], user__email="m@example.org", bio=text)
    files, before = exported(), rows()
    folder = written(tmp_path_factory.mktemp("wild") / "out")
    wipe()

    importing.load(folder)

    assert exported() == files
    assert rows() == before


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello, *World*!", "hello-world"),
        ("../../etc/passwd", "etcpasswd"),
        ("CON", "con-"),
        ("🎉", "otherwise"),
        ("Анна Каренина", "анна-каренина"),
        ("a word " * 20, "a-word-a-word-a-word-a-word-a-word-a-word-a-word"),
    ],
)
def test_names_are_fit_for_files(text, name):
    assert naming.word(text, "otherwise") == name


# --- The download ----------------------------------------------------------------------------------------
def test_download_is_the_archive_and_can_be_imported(db, client_of, tmp_path):
    full_house()
    Group.objects.update(second_factor=False)
    organiser = OrganiserFactory(user__email="orla@example.org").user
    files = exported()

    response = client_of(organiser).post(PAGE)
    data = b"".join(response.streaming_content)

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {
            name.removeprefix("tuesday-readers-friends-1/"): archive.read(name) for name in archive.namelist()
        } == files
    (tmp_path / "a.zip").write_bytes(data)
    wipe()
    importing.load(tmp_path / "a.zip")
    assert exported() == files


def test_download_has_a_name_and_is_kept_nowhere(group, organiser, client_of):
    response = client_of(organiser).post(PAGE)

    assert re.fullmatch(
        r'attachment; filename="tuesday-readers-\d{4}-\d\d-\d\d.zip"', response["Content-Disposition"]
    )
    assert {name: response[name] for name in ("Content-Type", "Cache-Control", "X-Content-Type-Options")} == {
        "Content-Type": "application/zip",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    assert response.streaming


def test_download_of_the_same_group_is_the_same_bytes(group, organiser, client_of):
    client = client_of(organiser)

    assert b"".join(client.post(PAGE).streaming_content) == b"".join(client.post(PAGE).streaming_content)


def test_page_is_for_organisers(group, member, client_of, client):
    assert client.get(PAGE).status_code == 302
    assert client_of(member.user).get(PAGE).status_code == 403
    assert client_of(member.user).post(PAGE).status_code == 403


def test_page_without_group_leads_home(db, client_of):
    admin = User.objects.create_superuser("root@example.org")

    assert client_of(admin).post(PAGE)["Location"] == "/"


def test_get_downloads_nothing(group, organiser, client_of):
    response = client_of(organiser).get(PAGE)

    assert (response.status_code, response.streaming) == (200, False)


def test_queries_do_not_grow_with_the_group(group, organiser, client_of):
    client, costs = client_of(organiser), []
    for more in (1, 2, 20):
        for _ in range(more):
            session = HeldSessionFactory()
            ReadingFactory(session=session)
            PresentationFactory(session=session, presenter=PresenterFactory())
            MemberFactory()
            Notes.objects.create(session=session, updated_at=NOW)
        with CaptureQueriesContext(connection) as page:
            client.get(PAGE)
        with CaptureQueriesContext(connection) as download:
            b"".join(client.post(PAGE).streaming_content)
        costs.append((len(page), len(download)))

    assert costs == [(9, 45)] * 3


# --- What is unusual -------------------------------------------------------------------------------------
def test_lost_file_is_named_and_the_rest_is_there(db, tmp_path, capsys):
    full_house()
    photo = Photo.objects.get(alternative="The board, blue")
    photo.small.storage.delete(photo.small.name)
    path = "sessions/007-deep-nets-a-title/photos/small/02-the-board-blue.jpg"

    call_command("export_archive", tmp_path / "out")

    assert capsys.readouterr().err == "Some files of this site are lost; MISSING.md names them.\n"
    assert (tmp_path / "out/MISSING.md").read_text().endswith(f"out.\n\n- {path}\n")
    wipe()
    with pytest.raises(ArchiveError) as refused:
        importing.load(tmp_path / "out")
    assert [str(problem).partition(": ")[2] for problem in refused.value.problems] == [
        f"there is no file “{path}” in the archive"
    ]


def test_readings_that_go_in_a_circle_are_told(db):
    GroupFactory()
    session = SessionFactory(number=1, title="One")
    first, second = ReadingFactory(session=session, title="A"), ReadingFactory(session=session, title="B")
    first.parent, second.parent = second, first
    first.save()
    second.save()

    text = exported()["sessions/001-one/session.md"].decode()

    assert (text.count("title: A"), text.count("title: B")) == (1, 1)
