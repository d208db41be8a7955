"""Importing in the browser: who may, what a wrong upload is told, preview, confirmation, report."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from members.importing import reading, uploads
from members.models import ApplicantImport, Application
from tests.factories import ApplicationFactory, OrganiserFactory
from tests.members.test_importing import SHARED_FILE, file_of, needs_archive
from tests.studygroup.test_pages import queries_of

PAGE = "/organise/applications/import/"


@pytest.fixture
def desk(organiser, client_of):
    return client_of(organiser)


def upload(client, content: str | bytes, *, encoding: str = "utf-8", name: str = "list.csv"):
    data = content.encode() if isinstance(content, str) else content
    return client.post(PAGE, {"file": SimpleUploadedFile(name, data), "encoding": encoding})


def preview_of(client, content: str | bytes, **details) -> str:
    """Upload a file and give the address of its preview."""
    answer = upload(client, content, **details)
    assert answer.status_code == 302, text_of(answer)
    return answer.headers["Location"]


def text_of(answer) -> str:
    """The words of a page's main part, as a person reads them."""
    main = answer.text.partition("<main")[2].partition("</main>")[0].partition(">")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


def confirm(client, preview: str, **details):
    found = ApplicantImport.objects.get(pk=int(preview.strip("/").rpartition("/")[2]))
    return client.post(f"{preview}confirm/", {"columns": uploads.seen(found)} | details, follow=True)


def test_pages_are_closed_to_visitors_and_members(organiser, desk, member, client, client_of):
    preview = preview_of(desk, file_of({}))
    for address in (PAGE, preview):
        assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"
        assert client_of(member.user).get(address).status_code == 403
        assert client_of(member.user).post(address).status_code == 403
    assert client_of(member.user).post(f"{preview}confirm/").status_code == 403
    assert Application.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", reading.EMPTY),
        (b"\x89PNG\r\n\x1a\nrest", "This is an image. Take the CSV file with the applicants."),
        (b"PK\x03\x04rest", f"This is a spreadsheet or another zipped file. {reading.SAVE_AS}"),
        (b"name,email\nZo\xeb,z@x.org\n", "Line 2, byte 14 of the file (0xEB) is not UTF-8."),
        (b"name,email\nA\0,a@x.org\n", "Line 2 has a NUL character, which no text has."),
        (b"x" * (uploads.LARGEST + 1), "The file is larger than 5 MB."),
        (b"a," * 300, "Line 1 has 301 columns. Is it a CSV file?"),
    ],
    ids=["empty", "image", "spreadsheet", "encoding", "nul", "large", "columns"],
)
def test_wrong_upload_says_what_to_do_and_stores_nothing(desk, data, sentence):
    answer = upload(desk, data)
    assert (answer.status_code, sentence in text_of(answer)) == (422, True)
    assert ApplicantImport.objects.count() == 0


def test_upload_without_a_file_asks_for_one(desk):
    answer = desk.post(PAGE, {"encoding": "utf-8"})
    assert (answer.status_code, "Choose a CSV file." in text_of(answer)) == (422, True)


def test_upload_in_another_encoding_is_read_when_it_is_named(desk):
    data = "name,email\nZoë,z@x.org\n".encode("windows-1252")
    page = text_of(desk.get(preview_of(desk, data, encoding="windows-1252")))
    assert "The first as they will be Zoë z@x.org" in page


def test_preview_shows_what_would_come_and_changes_nothing(desk, group):
    ApplicationFactory(email="there@example.org")
    rows = [
        {"name": "Tyler <b>Marsh</b>"},
        {"email": "PERSON0@example.org"},
        {"email": "there@example.org"},
    ]
    answer = desk.get(preview_of(desk, file_of(*rows)))
    page = text_of(answer)
    assert "1 New 1 Repeats in the file 1 There already 0 To mend" in page
    assert "Line 2 Markup in name: kept as typed and shown as text." in page
    assert "Line 3 Repeats the address of line 2, which stands; this row is left out." in page
    assert "Line 4 On the list already (waiting); left out." in page
    assert "Tyler <b>Marsh</b> Nurse, Library , person0@example.org, applied 21 October 2019, 11:15" in page
    assert "<b>Marsh" not in answer.text
    assert "Import 1 application" in page
    assert Application.objects.count() == 1


def test_bad_rows_are_shown_by_line_and_nothing_can_be_imported(desk, group):
    preview = preview_of(desk, file_of({}, {"email": "nobody"}, {"applied_at": "03/04/2019"}))
    page = desk.get(preview)
    assert "Line 3 E-mail address. “nobody” is no address." in text_of(page)
    assert "Line 4 Applied on. “03/04/2019” may be day or month first." in text_of(page)
    assert f"{preview}confirm/" not in page.text
    answer = confirm(desk, preview)
    assert "2 things are wrong in the file. Nothing was imported." in text_of(answer)
    assert Application.objects.count() == 0


def test_columns_can_be_chosen(desk, group):
    preview = preview_of(desk, "who,where,why\nAna,a@x.org,Because\n")
    assert "No column is known to hold the e-mail address or the name." in text_of(desk.get(preview))

    answer = desk.post(preview, {"name": "0", "email": "1", "interest": "0"})
    assert answer.status_code == 422
    assert "Choose another column; “who” fills Name." in text_of(answer)
    assert '<option value="1" selected>where</option>' in answer.text

    answer = desk.post(preview, {"name": "0", "talk": "7"})
    assert answer.status_code == 422
    assert "Choose the column that holds the e-mail address." in text_of(answer)
    assert "Choose one of the file’s columns." in text_of(answer)

    answer = desk.post(preview, {"name": "0", "email": "1", "talk": "2"}, follow=True)
    assert "Import 1 application" in text_of(answer)
    confirm(desk, preview)
    made = Application.objects.get()
    assert (made.name, made.email, made.talk, made.interest) == ("Ana", "a@x.org", "Because", "")


def test_confirming_imports_keeps_the_report_and_not_the_file(desk, group, outbox):
    preview = preview_of(desk, file_of({}, {"name": "B"}, {"email": "PERSON0@example.org"}))
    answer = confirm(desk, preview)
    page = text_of(answer)
    assert answer.redirect_chain == [(preview, 302)]
    assert "2 applications imported From list.csv" in page
    assert "No mail went out. 1 row repeated an address of the file." in page
    assert "Line 3 The name is one character long." in page
    assert "Line 4 Repeats the address of line 2" in page
    found = ApplicantImport.objects.get()
    assert (found.text, found.imported, bool(found.imported_at)) == ("", 2, True)
    assert (Application.objects.count(), outbox.kinds()) == (2, [])


def test_confirming_with_mail_writes_to_each(desk, group, outbox):
    page = text_of(confirm(desk, preview_of(desk, file_of({}, {})), mail="on"))
    assert "Each gets a mail with the link to their application." in page
    assert outbox.kinds() == ["imported", "imported"]


def test_mail_to_very_many_is_left_to_the_command(desk, group, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_MAILS", 2)
    preview = preview_of(desk, file_of({}, {}, {}))
    assert "Mail each of them" not in text_of(desk.get(preview))
    assert "Mail goes to at most 2 people from this page. Nothing was imported." in text_of(
        confirm(desk, preview, mail="on")
    )
    assert Application.objects.count() == 0
    confirm(desk, preview)
    assert Application.objects.count() == 3


def test_second_confirmation_says_it_was_done(desk, group, client_of):
    preview = preview_of(desk, file_of({}))
    confirm(desk, preview)
    other = client_of(OrganiserFactory().user)
    for again in (confirm(other, preview), other.post(preview, {"name": "0", "email": "1"}, follow=True)):
        assert "This file was imported before. Nothing was imported twice." in text_of(again)
    assert Application.objects.count() == 1


def test_confirmation_of_other_columns_than_shown_is_refused(desk, group):
    preview = preview_of(desk, file_of({}))
    shown = uploads.seen(ApplicantImport.objects.get())
    desk.post(preview, {"name": "0", "email": "1"})
    answer = desk.post(f"{preview}confirm/", {"columns": shown}, follow=True)
    assert "Somebody chose other columns meanwhile. Nothing was imported; look at it again." in text_of(
        answer
    )
    assert Application.objects.count() == 0


def test_same_file_again_has_nothing_to_import(desk, group):
    confirm(desk, preview_of(desk, file_of({}, {})))
    again = preview_of(desk, file_of({}, {}))
    page = desk.get(again)
    assert "All 2 people in this file are there already. There is nothing to import." in text_of(page)
    assert f"{again}confirm/" not in page.text


def test_headings_without_rows_have_nothing_to_import(desk, group):
    page = text_of(desk.get(preview_of(desk, "name,email\n")))
    assert "The file has headings and no rows, so there is nothing to import." in page


def test_emptied_upload_says_so(desk, group):
    preview = preview_of(desk, file_of({}))
    uploads.empty_old(now=timezone.now() + timedelta(days=2))
    assert "Nobody imported it for a day, so it was emptied." in text_of(desk.get(preview))
    for answer in (confirm(desk, preview), desk.post(preview, {"name": "0"}, follow=True)):
        assert "The upload was emptied after a day. Nothing was imported" in text_of(answer)


def test_unknown_upload_is_not_found(desk):
    assert desk.get(f"{PAGE}77/").status_code == 404
    assert desk.post(f"{PAGE}77/confirm/").status_code == 404
    assert desk.get(f"{PAGE}77/confirm/").status_code == 405


def test_long_lists_of_lines_are_cut_on_the_page(desk, group):
    preview = preview_of(desk, file_of(*[{"email": "nobody"}] * 130))
    page = text_of(desk.get(preview))
    assert "Line 101 E-mail address" in page
    assert "Line 102 E-mail address" not in page
    assert "And 30 more." in page


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_import_pages_cost_a_fixed_number_of_queries(desk, organiser, group, rows):
    text = file_of(*[{"email": f"p{number}@example.org"} for number in range(rows)])
    preview, report = preview_of(desk, text), preview_of(desk, text)
    confirm(desk, report)
    for number in range(min(rows, 20)):
        uploads.take(
            data=text.encode(), name=f"{number}.csv", encoding="utf-8", by=organiser, now=datetime.now(UTC)
        )
    costs = {PAGE: 5, preview: 9, report: 5}
    assert queries_of(desk, costs) == costs


def test_admin_shows_imports_without_their_text(desk, organiser, group):
    organiser.is_staff = organiser.is_superuser = True
    organiser.save()
    preview_of(desk, file_of({"name": "Secret Person"}))
    address = reverse("admin:members_applicantimport_change", args=[ApplicantImport.objects.get().pk])
    page = desk.get(address)
    assert (page.status_code, "list.csv" in page.text, "Secret Person" in page.text) == (200, True, False)


@needs_archive
def test_shared_file_is_imported_through_the_pages(desk, group):
    preview = preview_of(desk, SHARED_FILE.read_bytes(), name="applicants.csv")
    page = text_of(desk.get(preview))
    assert "58 New 2 Repeats in the file 0 There already 0 To mend" in page
    assert "Import 58 applications" in page
    assert "58 applications imported From applicants.csv" in text_of(confirm(desk, preview))
    assert Application.objects.count() == 58
