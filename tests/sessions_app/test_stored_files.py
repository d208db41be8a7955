"""Files: what is taken and under which name, who may open them, how they are given out, when they go."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from members.models import User
from sessions_app import stored_files, tasks
from sessions_app.models import Appearance, Material, StoredFile
from sessions_app.stored_files import FileRefused, accept, clean_name, ending, forget, forget_ownerless
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
)

NOW = timezone.now()
PDF = b"%PDF-1.7\nslides"


def zipped(*names: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/html")


def kept(name: str = "slides.pdf", content: bytes = PDF, by=None) -> StoredFile:
    return accept(upload(name, content), by=by, now=NOW)


# --- What is taken -------------------------------------------------------------------------------------
TAKEN = {
    "slides.pdf": (PDF, "application/pdf"),
    "Slides.PDF": (PDF, "application/pdf"),
    "a.zip": (zipped("a.py"), "application/zip"),
    "a.odp": (zipped("mimetype"), "application/vnd.oasis.opendocument.presentation"),
    "a.pptx": (
        zipped("[Content_Types].xml"),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    "a.ppt": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "application/vnd.ms-powerpoint"),
    "a.ipynb": (b'{"cells": []}', "application/x-ipynb+json"),
    "ridge.py": ("print('ä')".encode(), "text/plain; charset=utf-8"),
    "data.tar.gz": (b"\x1f\x8b\x08rest", "application/gzip"),
    "a.png": (b"\x89PNG\r\n\x1a\nrest", "image/png"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_file_of_a_known_kind_is_kept_as_it_is(db, name):
    content, content_type = TAKEN[name]

    file = kept(name, content)

    assert (file.name, file.content_type, file.size) == (name, content_type, len(content))
    assert file.content.read() == content
    assert file.content.name.startswith(f"files/{file.pk}")


KIND = stored_files.UNKNOWN
REFUSED = {
    "page.html": (b"<script>", KIND),
    "drawing.svg": (b"<svg/>", KIND),
    "run.exe": (b"MZ", KIND),
    "pdf": (PDF, KIND),
    ".pdf": (PDF, KIND),
    "": (PDF, KIND),
    "slides.pdf": (
        b"<html>%PDF-1.7",
        "Choose another file; this one is no .pdf, whatever its name says.",
    ),
    "a.pptx": (zipped("a.html"), "Choose another file; this one is no .pptx, whatever its name says."),
    "b.zip": (b"PK\x03\x04broken", "Choose another file; this one is no .zip, whatever its name says."),
    "a.ipynb": (b"[" * 100_000, "Choose another file; this one is no .ipynb, whatever its name says."),
    "a.txt": (b"\xff\xfe", "Choose another file; this one is no .txt, whatever its name says."),
    "b.txt": (b"a\0b", "Choose another file; this one is no .txt, whatever its name says."),
    "empty.pdf": (b"", "Choose another file; this one is empty."),
    "large.txt": (b"a" * (20 * 1024 * 1024 + 1), "Choose a smaller file; at most 20 MB fit."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_file_is_refused_with_a_sentence_and_nothing_is_kept(db, media, name):
    content, sentence = REFUSED[name]

    with pytest.raises(FileRefused) as refused:
        stored_files.keep(name, content, by=None, now=NOW)

    assert str(refused.value) == sentence
    assert not StoredFile.objects.exists()
    assert not media.exists()


def test_member_fills_a_share_and_no_more(member, organiser, monkeypatch):
    monkeypatch.setattr(stored_files, "MOST_OF_ONE_PERSON", 2 * len(PDF))
    for _ in range(2):
        kept(by=member.user)

    with pytest.raises(FileRefused) as refused:
        kept(by=member.user)

    assert str(refused.value) == (
        "Remove a file of yours first; you have filled the 500 MB that one person has."
    )
    assert [kept(by=organiser).uploaded_by for _ in range(3)] == [organiser] * 3


NAMES = {
    "../../etc/passwd.pdf": "passwd.pdf",
    "C:\\Users\\Bo\\Slides (2).pdf": "Slides (2).pdf",
    "talk\u202efdp.exe": "talk fdp.exe",
    " a \n b .pdf": "a b.pdf",
    '<img src=x onerror="x">.pdf': "img src=x onerror= x.pdf",
    "x" * 300 + ".pdf": "x" * 116 + ".pdf",
    "cafe\u0301.pdf": "café.pdf",
    "...": "",
    "講演.pdf": "講演.pdf",
}


@pytest.mark.parametrize("name", NAMES)
def test_name_is_cleaned(name):
    assert clean_name(name) == NAMES[name]


@given(st.text(max_size=400))
def test_any_name_becomes_a_safe_one(name):
    clean = clean_name(name)

    assert len(clean) <= stored_files.LONGEST_NAME
    assert not set(clean) & set('/\\<>"\n\r\0\u202e')
    assert clean_name(clean) == clean
    assert ending(clean) == ending(clean).strip()


# --- Who may open it -----------------------------------------------------------------------------------
@pytest.fixture
def clients(client, client_of, member, organiser):
    return {"visitor": client, "member": client_of(member.user), "organiser": client_of(organiser)}


def opened(clients, file: StoredFile) -> dict[str, int]:
    return {who: one.get(stored_files.address(file)).status_code for who, one in clients.items()}


EVERYBODY = {"visitor": 200, "member": 200, "organiser": 200}
MEMBERS = {"visitor": 404, "member": 200, "organiser": 200}
ORGANISERS = {"visitor": 404, "member": 404, "organiser": 200}
NOBODY = {"visitor": 404, "member": 404, "organiser": 404}


@pytest.mark.parametrize(("audience", "may"), [("public", EVERYBODY), ("members", MEMBERS)])
@pytest.mark.parametrize("owner", ["session", "talk"])
def test_material_opens_for_its_audience(clients, audience, may, owner):
    session, file = HeldSessionFactory(), kept()
    owned = {"session": session} if owner == "session" else {}
    owned = owned or {"presentation": PresentationFactory(session=session)}
    Material.objects.create(kind="slides", file=file, audience=audience, **owned)

    assert opened(clients, file) == may


@pytest.mark.parametrize("owner", ["session", "talk", "nowhere"])
def test_material_of_a_draft_opens_for_organisers_alone(clients, owner):
    session, file = SessionFactory(state="draft"), kept()
    owned = {"session": session} if owner == "session" else {}
    owned = owned or {"presentation": PresentationFactory(session=session if owner == "talk" else None)}
    Material.objects.create(kind="slides", file=file, **owned)

    assert opened(clients, file) == ORGANISERS


def test_material_of_a_draft_opens_for_who_presents_it(clients, member):
    talk, file = PresentationFactory(session=SessionFactory(state="draft")), kept()
    Material.objects.create(kind="slides", file=file, presentation=talk, audience="members")
    Appearance.objects.create(presentation=talk, presenter=PresenterFactory(guest_name="", member=member))

    assert opened(clients, file) == MEMBERS


@pytest.mark.parametrize(("state", "may"), [("announced", MEMBERS), ("draft", ORGANISERS)])
def test_file_to_read_opens_for_members(clients, state, may):
    file = kept("chapter.pdf")
    ReadingFactory(session=SessionFactory(state=state), file=file)

    assert opened(clients, file) == may


def test_file_without_owner_opens_for_who_uploaded_it(clients, member, client_of):
    file = kept(by=member.user)

    assert opened(clients, file) == {**NOBODY, "member": 200}


def test_former_member_opens_what_everybody_may(group, client_of):
    alumna, file = MemberFactory(state="alumni", left_at=NOW), kept()
    Material.objects.create(kind="slides", file=file, session=HeldSessionFactory(), audience="members")

    assert client_of(alumna.user).get(stored_files.address(file)).status_code == 404


# --- How it is given out -------------------------------------------------------------------------------
def test_file_leaves_as_a_download_in_which_nothing_runs(group, client, django_assert_num_queries):
    file = kept("Vortrag für alle.pdf")
    Material.objects.create(kind="slides", file=file, session=HeldSessionFactory())

    with django_assert_num_queries(2):
        answer = client.get(stored_files.address(file))

    assert b"".join(answer.streaming_content) == PDF
    wanted = {
        "Content-Type": "application/pdf",
        "Content-Disposition": "attachment; filename*=utf-8''Vortrag%20f%C3%BCr%20alle.pdf",
        "Content-Length": str(len(PDF)),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
    assert {name: answer.headers[name] for name in wanted} == wanted


def test_unchanged_file_is_not_sent_again(group, client):
    file = kept()
    Material.objects.create(kind="slides", file=file, session=HeldSessionFactory())
    etag = client.get(stored_files.address(file)).headers["ETag"]

    again = client.get(stored_files.address(file), headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


def test_file_under_another_name_or_gone_from_the_disk_is_not_found(group, client):
    file = kept()
    Material.objects.create(kind="slides", file=file, session=HeldSessionFactory())
    other = client.get(f"/files/{file.pk}/other.pdf").status_code
    file.content.storage.delete(file.content.name)

    assert [other, client.get(stored_files.address(file)).status_code] == [404, 404]


# --- When it goes --------------------------------------------------------------------------------------
def test_forgotten_file_leaves_the_disk_at_the_commit(db, django_capture_on_commit_callbacks):
    file = kept()
    storage, name = file.content.storage, file.content.name
    with django_capture_on_commit_callbacks(execute=True):
        forget(file)
        before = storage.exists(name)

    assert (before, storage.exists(name)) == (True, False)


def test_files_of_nothing_go_after_a_day(db):
    owned, read, lost = kept(), kept(), kept()
    Material.objects.create(kind="slides", file=owned, session=HeldSessionFactory())
    ReadingFactory(file=read)

    early = forget_ownerless(now=NOW + timedelta(hours=23))
    late = forget_ownerless(now=NOW + timedelta(hours=25))

    assert (early, late) == (0, 1)
    assert set(StoredFile.objects.all()) == {owned, read}
    assert not StoredFile.objects.filter(pk=lost.pk).exists()
    assert tasks.forget_ownerless_files in tasks.TIDYING


def test_organiser_without_the_asked_second_factor_opens_what_a_visitor_opens(group, client_of, member):
    group.second_factor = True
    group.save()
    outsider = client_of(User.objects.create_superuser("root@example.org", "Root", "irrelevant"))
    public, members = kept(), kept()
    held = HeldSessionFactory()
    Material.objects.create(kind="slides", file=public, session=held)
    Material.objects.create(kind="slides", file=members, session=held, audience="members")
    proposed = kept()
    Material.objects.create(kind="slides", file=proposed, presentation=PresentationFactory(state="proposed"))

    answers = [outsider.get(stored_files.address(file)).status_code for file in (public, members, proposed)]

    assert answers == [200, 404, 404]
