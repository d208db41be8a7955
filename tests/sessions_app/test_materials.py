"""Slides, code and other material: who puts it there, who opens it, and what is refused."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from sessions_app import materials, stored_files
from sessions_app.models import Material, Session, StoredFile
from tests.factories import HeldSessionFactory, MemberFactory, PresentationFactory, PresenterFactory
from tests.sessions_app.test_proposals import proposal
from tests.sessions_app.test_public_pages import text_of

NOW = timezone.now()
PDF = b"%PDF-1.4 slides"


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def talk(as_member):
    """A talk of the member's in a held session that everybody sees."""
    talk = proposal(as_member.person, "given")
    Session.objects.update(number=7)
    return talk


def upload(name: str = "nets.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def values(**changes) -> dict:
    return {"kind": "slides", "title": "", "url": "", "audience": "public"} | changes


def address_of(talk) -> str:
    return f"/presentations/{talk.pk}/materials/"


def rows() -> list[tuple]:
    return list(Material.objects.order_by("pk").values_list("kind", "url", "file__name", "audience"))


def test_presenter_puts_a_link_and_a_file(as_member, talk):
    for data in (values(url="example.org/slides"), values(file=upload(), kind="code", audience="members")):
        answer = as_member.post(address_of(talk), data)
        assert (answer.status_code, answer["Location"]) == (302, address_of(talk))

    assert rows() == [
        ("slides", "https://example.org/slides", None, "public"),
        ("code", "", "nets.pdf", "members"),
    ]
    assert StoredFile.objects.get().uploaded_by == as_member.person.user


@pytest.mark.parametrize("who", ["visitor", "as_member", "as_organiser", "stranger"])
def test_material_is_seen_and_opened_by_its_audience_everywhere(request, talk, client_of, who):
    for audience in ("public", "members"):
        Material.objects.create(
            presentation=talk,
            kind="slides",
            audience=audience,
            file=stored_files.keep(f"{audience}.pdf", PDF, by=None, now=NOW),
        )
    Material.objects.create(
        session=Session.objects.get(number=7),
        kind="code",
        audience="members",
        file=stored_files.keep("own.pdf", PDF, by=None, now=NOW),
    )
    client = client_of(MemberFactory().user) if who == "stranger" else request.getfixturevalue(who)
    opens = {"public.pdf"} if who == "visitor" else {"public.pdf", "members.pdf", "own.pdf"}

    presenter = talk.presenters.get()
    pages = ["/sessions/7/", "/presentations/", f"/presentations/{talk.pk}/", f"/presenters/{presenter.pk}/"]
    for page in pages:
        words = text_of(client.get(page))
        for name in ("public.pdf", "members.pdf"):
            assert (name in words) == (name in opens), page
    assert ("own.pdf" in text_of(client.get("/sessions/7/"))) == ("own.pdf" in opens)
    for file in StoredFile.objects.all():
        status = client.get(stored_files.address(file)).status_code
        assert (status == 200) == (file.name in opens)


def test_file_is_shown_with_its_name_and_size(visitor, talk):
    file = stored_files.keep("big.pdf", PDF + b" " * 2_000_000, by=None, now=NOW)
    Material.objects.create(presentation=talk, kind="slides", file=file)

    words = text_of(visitor.get("/sessions/7/")).replace("\xa0", " ")

    assert f'href="{stored_files.address(file)}">Slides</a>' in words
    assert 'big.pdf</bdi>, <span class="nowrap">1.9 MB</span>' in words


@pytest.mark.parametrize(
    ("data", "field", "sentence"),
    [
        ({}, "url", "Give a link, or choose a file."),
        ({"url": "javascript:alert(1)"}, "url", "Write a web address such as https://example.org/page."),
        ({"kind": "poem", "url": "https://example.org"}, "kind", "Choose what it is."),
        ({"audience": "x", "url": "https://example.org"}, "audience", "Choose who may open it."),
        (
            {"file": ("x.exe", b"MZ")},
            "file",
            stored_files.UNKNOWN,
        ),
        (
            {"file": ("x.pdf", b"MZ")},
            "file",
            "Choose another file; this one is no .pdf, whatever its name says.",
        ),
        ({"file": ("x.pdf", b"")}, "file", "Choose another file; this one is empty."),
        (
            {"url": "https://example.org", "file": ("x.pdf", PDF)},
            "file",
            "Give a link or a file: one of the two.",
        ),
    ],
)
def test_mistake_is_told_at_its_field_and_nothing_is_kept(as_member, talk, data, field, sentence):
    if "file" in data:
        data = data | {"file": upload(*data["file"])}

    page = as_member.post(
        address_of(talk), values(title="Kept title", **data) | {"kind": data.get("kind", "slides")}
    )

    assert page.status_code == 422
    assert page.context["form"].errors == {field: [sentence]}
    assert "Kept title" in text_of(page)
    assert (rows(), StoredFile.objects.count()) == ([], 0)


def test_file_takes_the_place_of_a_link_and_another_file_of_the_first(
    as_member, talk, django_capture_on_commit_callbacks
):
    row = Material.objects.create(presentation=talk, kind="slides", url="https://example.org/old")
    address = f"{address_of(talk)}{row.pk}/"

    as_member.post(address, values(url="https://example.org/old", file=upload("one.pdf")))
    assert rows() == [("slides", "", "one.pdf", "public")]

    content = StoredFile.objects.get().content
    with django_capture_on_commit_callbacks(execute=True):
        as_member.post(address, values(file=upload("two.pdf"), audience="members"))
    assert rows() == [("slides", "", "two.pdf", "members")]
    assert (StoredFile.objects.count(), content.storage.exists(content.name)) == (1, False)

    as_member.post(address, values(kind="article", title="Same file"))
    assert rows() == [("article", "", "two.pdf", "public")]

    as_member.post(address, values(url="https://example.org/new"))
    assert rows() == [("slides", "https://example.org/new", None, "public")]
    assert StoredFile.objects.count() == 0


def test_taking_away_deletes_the_file_and_twice_changes_nothing(
    as_member, talk, django_capture_on_commit_callbacks
):
    as_member.post(address_of(talk), values(file=upload()))
    row, content = Material.objects.get(), StoredFile.objects.get().content

    with django_capture_on_commit_callbacks(execute=True):
        as_member.post(f"{address_of(talk)}{row.pk}/remove/")
    again = as_member.post(f"{address_of(talk)}{row.pk}/remove/", follow=True)

    assert "It is gone already. Nothing was changed." in text_of(again)
    assert (rows(), StoredFile.objects.count(), content.storage.exists(content.name)) == ([], 0, False)


def test_thirty_one_materials_are_one_too_many(as_member, talk):
    for _ in range(materials.MOST):
        Material.objects.create(presentation=talk, kind="code", url="https://example.org")

    page = as_member.post(address_of(talk), values(file=upload()))

    assert page.context["form"].errors == {
        "file": ["Take something away first; 30 links and files are the most."]
    }
    assert (Material.objects.count(), StoredFile.objects.count()) == (30, 0)


def test_material_of_another_talk_is_not_found(as_member, talk):
    other = PresentationFactory(presenter=PresenterFactory())
    row = Material.objects.create(presentation=other, kind="slides", url="https://example.org")

    assert as_member.get(f"{address_of(talk)}{row.pk}/").status_code == 404
    assert (
        as_member.post(f"{address_of(talk)}{row.pk}/", values(url="https://evil.example")).status_code == 404
    )
    as_member.post(f"{address_of(talk)}{row.pk}/remove/")
    assert rows() == [("slides", "https://example.org", None, "public")]


def test_declined_talk_takes_no_material(as_member):
    talk = proposal(as_member.person, "declined")

    assert as_member.post(address_of(talk), values(url="https://example.org")).status_code == 404
    assert rows() == []


def test_organisers_put_material_to_sessions_and_to_every_talk(as_organiser, as_member, talk):
    session = HeldSessionFactory(number=8)
    address = f"/organise/sessions/{session.pk}/materials/"

    assert as_member.get(address).status_code == 403
    as_organiser.post(address, values(url="https://example.org/recording", kind="recording"))
    as_organiser.post(address_of(talk), values(url="https://example.org/slides"))

    assert rows() == [
        ("recording", "https://example.org/recording", None, "public"),
        ("slides", "https://example.org/slides", None, "public"),
    ]
    assert "https://example.org/recording" in text_of(as_organiser.get("/sessions/8/"))
    assert address in text_of(as_organiser.get(f"/organise/sessions/{session.pk}/"))


def test_second_click_puts_nothing_twice(as_member, talk):
    for data in (values(url="https://example.org/slides"), values(file=upload())):
        for _ in range(2):
            if "file" in data:
                data["file"] = upload()
            assert as_member.post(address_of(talk), data).status_code == 302
    as_member.post(address_of(talk), values(file=upload(content=PDF + b"2")))

    assert rows() == [
        ("slides", "https://example.org/slides", None, "public"),
        ("slides", "", "nets.pdf", "public"),
        ("slides", "", "nets.pdf", "public"),
    ]
    assert StoredFile.objects.count() == 2
