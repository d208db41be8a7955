"""Applicants from CSV: what is read, what is wrong, what is odd, and what comes onto the list."""

from __future__ import annotations

import csv
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from members import applying, tasks
from members.errors import Refused
from members.importing import columns, dates, loading, reading, uploads
from members.models import ApplicantImport, Application, ApplicationChange, Group, StateTally
from members.models.application import LONGEST_ANSWER, State
from outbox.models import Message
from tests.factories import ApplicationFactory, GroupFactory, MemberFactory, OrganiserFactory, StrengthFactory
from tests.members.test_applying import ANSWERS
from tests.members.test_races import at_once

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parent.parent.parent
ARCHIVE = Path(os.environ.get("STUDYGROUP_SHARED", ROOT.parent / "shared")) / "archive"
SHARED_FILE = ARCHIVE / "applicants.csv"
needs_archive = pytest.mark.skipif(
    not SHARED_FILE.is_file(),
    reason=f"the archive's applicants are not in {ARCHIVE}; STUDYGROUP_SHARED may name another folder",
)
HEADINGS = ("name", "email", "affiliation", "role", "links", "experience", "interest", "applied_at")


def file_of(*rows: dict, headings=HEADINGS, delimiter=",") -> str:
    """A CSV file; what a row does not name has a plain value."""
    written = io.StringIO()
    # All quoted, since the writer would leave a lone carriage return bare.
    writer = csv.DictWriter(
        written, headings, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL
    )
    writer.writeheader()
    for number, row in enumerate(rows):
        usual = {
            "name": f"Person {number}",
            "email": f"person{number}@example.org",
            "affiliation": "Library",
            "role": "Nurse",
            "experience": "Some.",
            "interest": "Much.",
            "applied_at": "2019-10-21T08:15:00Z",
        }
        writer.writerow({heading: row.get(heading, usual.get(heading, "")) for heading in headings})
    return written.getvalue()


def compare(text: str, *wishes: str) -> loading.Comparison:
    table = reading.read(text)
    return loading.compare(table, columns.chosen(table.headings, wishes), now=NOW)


def load(text: str, *, by=None, mail: bool = False, now: datetime = NOW, source: str = "list.csv"):
    table = reading.read(text)
    return loading.load(table, columns.recognise(table.headings), source=source, by=by, mail=mail, now=now)


def told(findings) -> list[str]:
    return [str(finding) for finding in findings]


# --- Bytes to a table -------------------------------------------------------------------------------------
def test_file_with_a_byte_order_mark_reads_as_without():
    assert reading.decode("name\nZoë".encode("utf-8-sig")) == reading.decode("name\nZoë".encode())


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", reading.EMPTY),
        (b" \r\n\n", reading.EMPTY),
        (b"\xef\xbb\xbf", reading.EMPTY),
        (b"PK\x03\x04rest", f"This is a spreadsheet or another zipped file. {reading.SAVE_AS}"),
        (b"\x89PNG\r\n\x1a\n", "This is an image. Take the CSV file with the applicants."),
        (b"%PDF-1.7", "This is a PDF. Take the CSV file that its table was made from."),
        (
            "name\n".encode("utf-16"),
            "The file is UTF-16. Say so (encoding utf-16), or save it as “CSV UTF-8”.",
        ),
        (
            b"name\r\nAna\r\nZo\xeb\r\n",
            "Line 3, byte 14 of the file (0xEB) is not UTF-8. Save the file as “CSV UTF-8”, or say which "
            "encoding it has; old spreadsheets write windows-1252.",
        ),
    ],
)
def test_file_that_cannot_be_read_says_why_and_what_to_do(data, sentence):
    with pytest.raises(reading.Unreadable) as refusal:
        reading.decode(data)
    assert str(refusal.value) == sentence


def test_encoding_that_is_named_is_used():
    assert reading.decode("Zoë".encode("windows-1252"), "windows-1252") == "Zoë"
    assert reading.decode("name\nZoë".encode("utf-16"), "utf-16") == "name\nZoë"
    with pytest.raises(reading.Unreadable, match="“klingon” is no text encoding we know"):
        reading.decode(b"name", "klingon")


@pytest.mark.parametrize(("delimiter", "word"), [(",", "comma"), (";", "semicolon"), ("\t", "tab")])
def test_delimiter_is_the_one_that_makes_the_headings(delimiter, word):
    table = reading.read(file_of({"role": "a,b;c\td"}, delimiter=delimiter))
    assert (table.delimiter_name, table.headings) == (word, list(HEADINGS))
    assert table.rows[0].fields[3] == "a,b;c\td"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_where_records_begin(end):
    text = end.join(["name,email", '"A', 'long one",a@x.org', "", "B,b@x.org"])
    rows = reading.read(text).rows
    assert [(row.line, row.fields) for row in rows] == [
        (2, [f"A{end}long one", "a@x.org"]),
        (5, ["B", "b@x.org"]),
    ]


def test_quotation_marks_are_read_as_written():
    table = reading.read('name,email\n"Renée ""Ren"" Côté",a@x\nDavid "Dave" O,b@x\n')
    assert [row.fields[0] for row in table.rows] == ['Renée "Ren" Côté', 'David "Dave" O']


def test_broken_quotation_marks_are_faults_of_their_line(group):
    made = compare('name,email\n"A" B,a@x.org\nC,c@x.org\n"D,d@x.org\nE,e@x.org\n')
    assert told(made.problems) == [
        f"Line 2: There is text after a closing quotation mark. {reading.DOUBLE}",
        f"Line 4: A quotation mark is opened and never closed. {reading.DOUBLE}",
    ]


def test_empty_lines_are_left_out_and_counted():
    table = reading.read("\nname,email\n\nA,a@x.org\n , \n")
    assert (len(table.rows), table.empty) == (1, 2)


# --- Columns ----------------------------------------------------------------------------------------------
def test_headings_are_recognised_without_case_and_punctuation():
    headings = ["Full Name", "E-Mail", "JOB TITLE", "Organisation", "URLs", "Why?", "Timestamp", "Shoe size"]
    assert columns.recognise(headings) == {
        "name": 0,
        "email": 1,
        "role": 2,
        "affiliation": 3,
        "links": 4,
        "interest": 5,
        "applied_at": 6,
    }
    assert columns.left_out(headings, columns.recognise(headings)) == ["Shoe size"]


def test_first_of_two_columns_with_one_meaning_fills_the_field():
    headings = ["mail", "name", "e-mail"]
    assert columns.recognise(headings) == {"email": 0, "name": 1}
    assert columns.chosen(headings, ["email=e-mail"]) == {"email": 2, "name": 1}


def test_column_that_is_named_gives_up_what_it_was_recognised_as():
    headings = ["name", "email", "why", "interest"]
    assert columns.chosen(headings, ["talk=why", "experience="]) == {"name": 0, "email": 1, "talk": 2}


@pytest.mark.parametrize("wish", ["shoe=name", "name", "email=address of the person"])
def test_wish_that_names_nothing_is_refused(wish):
    with pytest.raises(columns.UnknownColumns):
        columns.chosen(["name", "email"], [wish])


def test_missing_column_is_refused_with_what_there_is(group):
    with pytest.raises(columns.UnknownColumns) as refusal:
        compare("who,when,\nA,2019-10-21,\n")
    assert str(refusal.value) == (
        "No column is known to hold the e-mail address or the name. "
        "The file has “who”, “when”, “column 3, without a heading”."
    )


# --- Dates ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2019-10-21T08:15:00Z", (2019, 10, 21, 8, 15)),
        ("2019-10-21T08:15:00-04:00", (2019, 10, 21, 12, 15)),
        ("2019-10-21 08:15", (2019, 10, 21, 5, 15)),  # on the clock of Tallinn
        ("2019-10-21 8:15:00 UTC", (2019, 10, 21, 8, 15)),
        ("2019-12-21", (2019, 12, 20, 22, 0)),
        ("2019/10/21", (2019, 10, 20, 21, 0)),
        ("21 October 2019", (2019, 10, 20, 21, 0)),
        ("Mon, 21 Oct 2019 8:15", (2019, 10, 21, 5, 15)),
        ("October 21st, 2019 at 8:15 pm", (2019, 10, 21, 17, 15)),
        ("Oct 21 2019, 12:05 am", (2019, 10, 20, 21, 5)),
        ("25/12/2019", (2019, 12, 24, 22, 0)),
        ("12/25/2019 10:00:00", (2019, 12, 25, 8, 0)),
        ("04.04.2019", (2019, 4, 3, 21, 0)),
    ],
)
def test_date_that_can_be_read_in_one_way_is_read(typed, moment):
    assert dates.moment(typed, zone="Europe/Tallinn", now=NOW) == datetime(*moment, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("03/04/2019", f"“03/04/2019” may be day or month first. {dates.ISO}"),
        ("3.4.2019 10:00", f"“3.4.2019 10:00” may be day or month first. {dates.ISO}"),
        ("soon", f"“soon” is no date we can read. {dates.ISO}"),
        ("43759.34", f"“43759.34” is no date we can read. {dates.ISO}"),
        ("2019-02-30", f"“2019-02-30” is no date we can read. {dates.ISO}"),
        ("30/30/2019", f"“30/30/2019” is no date we can read. {dates.ISO}"),
        ("21 Ju 2019", f"“21 Ju 2019” is no date we can read. {dates.ISO}"),
        ("13 May 2019 13:00 pm", f"“13 May 2019 13:00 pm” is no date we can read. {dates.ISO}"),
        ("2026-03-03", "“2026-03-03” lies ahead. Write when the application came in."),
        (
            "9999-12-31T23:59:59-12:00",
            "“9999-12-31T23:59:59-12:00” lies ahead. Write when the application came in.",
        ),
        (
            "0001-01-01T00:00:00+12:00",
            "“0001-01-01T00:00:00+12:00” is before 1970. Write when the application came in.",
        ),
    ],
)
def test_date_that_cannot_be_read_says_why(typed, sentence):
    with pytest.raises(ValueError) as refusal:
        dates.moment(typed, zone="Europe/Tallinn", now=NOW)
    assert str(refusal.value) == sentence


# --- Rows -------------------------------------------------------------------------------------------------
def test_row_becomes_an_application_in_its_old_place(group, organiser, outbox):
    statistics, _ = StrengthFactory(name="Statistics"), StrengthFactory(name="Mathematics")
    ApplicationFactory(email="later@example.org", applied_at=NOW - timedelta(days=9))
    headings = (*HEADINGS, "strengths", "talk")
    row = {
        "name": " Zoë Lindqvist ",
        "email": " Zoe@Example.ORG\t",
        "role": "Backend engineer",
        "affiliation": "Northwind Payments",
        "links": "https://example.org/a;example.com/b\nhttp://c.example.org",
        "strengths": "statistics; Juggling",
        "talk": "On nets",
    }

    done = load(file_of(row, headings=headings), by=organiser)

    made = Application.objects.get(name="Zoë Lindqvist")
    applied = datetime(2019, 10, 21, 8, 15, tzinfo=UTC)
    assert (made.email, made.email_key) == ("Zoe@Example.ORG", "zoe@example.org")
    assert made.current_role == "Backend engineer, Northwind Payments"
    assert (made.experience, made.interest, made.talk) == ("Some.", "Much.", "On nets")
    assert made.links == ["https://example.org/a", "https://example.com/b", "http://c.example.org"]
    assert list(made.strengths.all()) == [statistics]
    assert (made.state, made.applied_at, made.confirmed_at, made.since) == (
        State.WAITING,
        applied,
        applied,
        applied,
    )
    assert list(made.changes.values_list("before", "after", "by", "actor", "reason", "at")) == [
        ("", "waiting", "organiser", organiser.pk, "Imported from list.csv by Orla Quinn", NOW)
    ]
    assert Application.objects.in_line().first() == made
    assert Application.objects.count_by_state()[State.WAITING] == 2
    assert told(done.oddities) == ["Line 2: “Juggling” is no strength of this group; left out."]
    assert outbox.kinds() == []


def test_import_without_a_date_column_comes_last(group):
    earlier = ApplicationFactory(applied_at=NOW - timedelta(days=1))
    load(file_of({}, {}, headings=("name", "email")))
    assert list(Application.objects.in_line().values_list("name", flat=True)) == [
        earlier.name,
        "Person 0",
        "Person 1",
    ]


def test_imported_is_not_asked_at_once_whether_still_interested(group, outbox):
    load(file_of({}), now=datetime.now(UTC))
    tasks.ask_whether_still_interested()
    assert (outbox.kinds(), Application.objects.get().state) == ([], State.WAITING)


def test_import_with_mail_sends_each_the_link(group, outbox):
    load(file_of({}, {}), mail=True)
    assert outbox.kinds() == ["imported", "imported"]
    made = Application.objects.get(email="person1@example.org")
    assert outbox.link("imported", made.email) == made.get_absolute_url()
    assert outbox.last("imported").secrets == [made.token]


def test_every_bad_row_is_reported_at_once_and_nothing_is_imported(group):
    text = file_of(
        {},
        {"email": "nobody", "name": ""},
        {"email": ""},
        {"applied_at": "03/04/2019"},
        {"applied_at": ""},
        {"experience": "x" * (LONGEST_ANSWER + 1), "links": "see my page"},
        {"name": "x" * 121, "role": "r" * 100, "affiliation": "a" * 100},
        {"interest": "nu\0l"},
        {"links": " ".join(f"https://example.org/{n}" for n in range(9))},
    )
    text += "too,few\n" + "one,m@x.org,,,,,,2019-10-21,too many\n"

    with pytest.raises(loading.BadRows) as refusal:
        load(text)

    assert str(refusal.value) == "13 things are wrong in the file. Nothing was imported."
    assert told(refusal.value.problems) == [
        "Line 3, e-mail address: “nobody” is no address. Write it like name@example.org.",
        "Line 3, name: It is empty. Write the name, or take the row out.",
        "Line 4, e-mail address: It is empty. Write the address, or take the row out.",
        f"Line 5, applied on: “03/04/2019” may be day or month first. {dates.ISO}",
        f"Line 6, applied on: It is empty. {dates.ISO}",
        "Line 7, links: Write each link like https://example.org/page. This one is none: see",
        "Line 7, experience: It has 12,001 characters; at most 12,000 fit. Shorten it.",
        "Line 8, name: It has 121 characters; at most 120 fit. Shorten it.",
        "Line 8, role: Role and affiliation have 202 characters; at most 160 fit. Shorten it.",
        "Line 9, interest: There is a NUL character, which no text has. Take it out.",
        "Line 10, links: Keep to 8 links; there are 9.",
        "Line 11: There are 2 fields, not 8. "
        "Look for a missing comma, or a line break without quotation marks.",
        "Line 12: There are 9 fields, not 8. Put quotation marks around a field that has a comma in it.",
    ]
    assert (Application.objects.count(), ApplicationChange.objects.count()) == (0, 0)


def test_second_row_of_an_address_is_reported_and_replaces_nothing(group):
    done = load(
        file_of(
            {"email": "ana@example.org", "interest": "First."},
            {},
            {"email": " ANA@Example.org", "interest": "Second."},
        )
    )
    assert told(done.repeats) == [
        "Line 4: Repeats the address of line 2, which stands; this row is left out."
    ]
    assert Application.objects.get(email_key="ana@example.org").interest == "First."
    assert Application.objects.count() == 2


def test_who_is_there_already_is_reported_and_left_out(group):
    MemberFactory(user__email="member@example.org")
    MemberFactory(user__email="former@example.org", state="alumni", left_at=NOW)
    ApplicationFactory(email="Sleeper@example.org", state=State.DORMANT)
    ApplicationFactory(email="again@example.org", state=State.DECLINED)
    done = load(
        file_of(
            {"email": "MEMBER@example.org"},
            {"email": "sleeper@example.org"},
            {"email": "former@example.org"},
            {"email": "again@example.org"},
        )
    )
    assert told(done.already) == [
        "Line 2: A member already; left out.",
        "Line 3: On the list already (dormant); left out.",
    ]
    assert [each.line for each in done.new] == [4, 5]
    assert told(done.oddities) == ["Line 5: An earlier application of this address is declined."]


def test_who_withdrew_does_not_come_back_with_the_same_file(group):
    text = file_of({})
    load(text)
    applying.withdraw(application_id=Application.objects.get().pk, now=NOW)
    done = load(text)
    assert told(done.already) == ["Line 2: Imported before, and withdrawn since; left out."]
    assert Application.objects.count() == 1


def test_oddities_are_reported_and_imported_as_typed(group):
    rows = [
        {"name": "Tyler <b>Marsh</b>", "interest": "1 < 2 & <a href='x'>y</a>"},
        {"name": "李", "role": "", "affiliation": ""},
        {"experience": "long " * 2000},
        {"name": "Kwame  Asante"},
        {"name": "Аnna Smith"},  # its first letter is Cyrillic
        {"name": "Non\u00a0Breaking", "role": "Zero\u200bwidth"},
        {"name": "Lucía 🌻", "affiliation": "School 🏫"},
        {"interest": "ZoÃ« was garbled"},
        {"name": "Leila Hosseini لیلا حسینی"},  # two scripts and two directions are nothing odd
        {"name": 'Renée "Ren" Côté'},
    ]
    done = load(file_of(*rows))
    assert told(done.oddities) == [
        "Line 2: Markup in name and interest: kept as typed and shown as text.",
        "Line 3: Empty: role and affiliation.",
        "Line 3: The name is one character long.",
        "Line 4: Unusually long: experience, 9,999 characters.",
        "Line 5: The name has doubled spaces; kept.",
        "Line 6: One word of the name mixes letters of two scripts that look alike.",
        "Line 7: Invisible or non-breaking characters in name and role: kept.",
        "Line 8: Emoji in name and affiliation: kept.",
        "Line 9: Text that looks garbled in interest: perhaps the wrong encoding.",
    ]
    stored = Application.objects.in_line()
    assert [each.name for each in stored] == [
        row.get("name", f"Person {number}") for number, row in enumerate(rows)
    ]
    assert stored[0].interest == rows[0]["interest"]
    assert stored[1].current_role == ""


def test_file_of_too_many_rows_is_refused(group, monkeypatch):
    monkeypatch.setattr("members.importing.checking.MOST_ROWS", 2)
    assert told(compare(file_of({}, {}, {})).problems) == [
        "Line 4: The file goes on, but at most 2 rows go in at once. Split it here."
    ]


def test_import_costs_the_same_queries_for_three_and_for_300_rows(group, django_assert_num_queries):
    for start, count in ((0, 3), (1000, 300)):
        text = file_of(*[{"email": f"p{start + n}@example.org"} for n in range(count)])
        with django_assert_num_queries(10):
            load(text)
    assert Application.objects.count() == 303
    assert sum(StateTally.objects.values_list("change", flat=True)) == 303


# --- The file that comes with the archive -----------------------------------------------------------------
@needs_archive
def test_shared_file_brings_58_people_and_the_second_time_nobody(group):
    text = reading.decode(SHARED_FILE.read_bytes())

    done = load(text)

    assert (len(reading.read(text).rows), len(done.new), Application.objects.count()) == (60, 58, 58)
    assert told(done.repeats) == [
        "Line 115: Repeats the address of line 6, which stands; this row is left out.",
        "Line 127: Repeats the address of line 15, which stands; this row is left out.",
    ]
    assert told(done.oddities) == [
        "Line 8: Markup in name, experience and interest: kept as typed and shown as text.",
        "Line 16: Emoji in name and affiliation: kept.",
        "Line 24: Unusually long: experience, 11,317 characters.",
        "Line 108: Empty: role and affiliation.",
        "Line 108: The name is one character long.",
    ]
    typed = list(csv.DictReader(io.StringIO(text, newline="")))
    rows = {row["email"]: row for row in typed if row["email"] == row["email"].strip().lower()}
    for made in Application.objects.all():
        row = rows[made.email]
        assert (made.name, made.experience, made.interest) == (
            row["name"],
            row["experience"],
            row["interest"],
        )
        assert made.links == [link for link in row["links"].split(";") if link]
        assert made.applied_at == datetime.fromisoformat(row["applied_at"])
    assert [each.email for each in Application.objects.in_line()] == list(rows)

    again = load(text)
    assert (len(again.new), len(again.already), len(again.repeats)) == (0, 58, 2)
    assert Application.objects.count() == 58


# --- Anything at all --------------------------------------------------------------------------------------
WILD = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(
        st.sampled_from(
            ["name", "email", "links", "date", ",", ";", "\t", '"', "\n", "\r", "a@x.org", "2019-10-21", "\0"]
        )
        | st.text(max_size=4),
        max_size=40,
    ).map(lambda parts: ("name,email,date,links\n" + "".join(parts)).encode("utf-8", "replace")),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=WILD, encoding=st.sampled_from(["utf-8", "utf-16", "utf-7", "idna", "x\0y", "windows-1252"]))
@example(data=b'name,email\n"', encoding="utf-8")
@example(data=b"name,email,links\nA,a@x.org,http://[1", encoding="utf-8")
@example(data="name,email\nA,a@\ufdfa\ufdfa\ufdfa.org".encode(), encoding="utf-8")
def test_wild_bytes_are_rows_or_a_report_and_never_a_fault(group, data, encoding):
    try:
        table = reading.read(reading.decode(data, encoding))
        made = loading.compare(table, columns.recognise(table.headings), now=NOW)
    except Refused:
        return
    said = len({each.line for each in made.problems}) + len(made.repeats) + len(made.already)
    assert len(made.new) + said == len(table.rows)


TYPED = st.text(
    st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from('",;\t\r\n<>&\u202eא🌻'),
    max_size=60,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.tuples(TYPED, TYPED), delimiter=st.sampled_from(",;\t"))
@example(texts=("<script>alert('x')</script>\r\n\"quoted\", and; more", "\u202eשלום 👩🏽‍🔬"), delimiter=",")
def test_answers_come_through_exactly_as_typed(group, texts, delimiter):
    Application.objects.all().delete()
    row = {"experience": texts[0], "interest": texts[1]}
    load(file_of(row, headings=("name", "email", "experience", "interest"), delimiter=delimiter))
    made = Application.objects.get()
    assert (made.experience, made.interest) == (texts[0].strip(), texts[1].strip())


# --- At once ----------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_eight_imports_of_one_file_put_everybody_on_the_list_once():
    GroupFactory()
    text = file_of(*[{} for _ in range(40)])
    counts = []

    outcomes = at_once([lambda: counts.append(len(load(text, mail=True).new))] * 8)

    assert outcomes == {"done": 8}
    assert sorted(counts) == [0] * 7 + [40]
    assert Application.objects.count() == ApplicationChange.objects.count() == 40
    assert Message.objects.count() == 40
    assert Application.objects.count_by_state()[State.WAITING] == 40


@pytest.mark.django_db(transaction=True)
def test_imports_of_one_list_in_opposite_orders_wait_for_one_another():
    """Without the lock each would hold addresses that the other wants: a deadlock."""
    GroupFactory()
    people = [{"email": f"p{number}@example.org"} for number in range(1500)]
    texts = [file_of(*people), file_of(*reversed(people))]
    counts = []

    outcomes = at_once([lambda text=text: counts.append(len(load(text).new)) for text in texts])

    assert outcomes == {"done": 2}
    assert sorted(counts) == [0, 1500]


@pytest.mark.django_db(transaction=True)
def test_who_applies_during_an_import_is_on_the_list_once():
    GroupFactory()
    text = file_of(*[{} for _ in range(30)])
    jobs = [
        lambda number=number: applying.apply(
            email=f"PERSON{number}@example.org", answers=ANSWERS, strengths=[], now=NOW
        )
        for number in range(0, 30, 3)
    ]

    outcomes = at_once([*jobs, lambda: load(text)])

    assert outcomes == {"done": 11}
    assert Application.objects.count() == ApplicationChange.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_one_upload_confirmed_by_six_is_imported_once():
    GroupFactory()
    organisers = [member.user for member in OrganiserFactory.create_batch(6)]
    upload = uploads.take(
        data=file_of({}, {}).encode(), name="x.csv", encoding="utf-8", by=organisers[0], now=NOW
    )

    outcomes = at_once(
        [
            lambda who=who: uploads.confirm(
                import_id=upload.pk, by=who, mail=False, now=NOW, seen_columns=uploads.seen(upload)
            )
            for who in organisers
        ]
    )

    assert outcomes == {"done": 1, "ImportDone": 5}
    assert Application.objects.count() == 2


# --- Uploads ----------------------------------------------------------------------------------------------
def test_worker_empties_uploads_older_than_a_day(group, organiser):
    for age in (23, 25):
        uploads.take(
            data=file_of({}).encode(),
            name=f"{age}.csv",
            encoding="utf-8",
            by=organiser,
            now=datetime.now(UTC) - timedelta(hours=age),
        )
    assert tasks.empty_old_uploads() == 1
    assert tasks.empty_old_uploads in tasks.TIDYING
    assert {each.name: bool(each.text) for each in ApplicantImport.objects.all()} == {
        "23.csv": True,
        "25.csv": False,
    }


# --- The command ------------------------------------------------------------------------------------------
def run(path: Path, *arguments: str) -> str:
    said = io.StringIO()
    call_command("import_applicants", str(path), *arguments, stdout=said)
    return said.getvalue()


def test_command_reports_what_it_did(group, organiser, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("E-mail;Full name;Shoe size\na@x.org;Ana;38\nb@x.org;B;40\nA@x.org;Ana;38\n")
    assert run(path, "--dry-run") == (
        f"{path}: 3 rows, separated by semicolons\n"
        "  Columns: email from “E-mail”, name from “Full name”\n"
        "  Left out: “Shoe size”\n"
        "  No column says when somebody applied: everybody comes at the end of the line.\n"
        "  Repeats: 1\n"
        "    Line 4: Repeats the address of line 2, which stands; this row is left out.\n"
        "  Worth a look: 1\n"
        "    Line 3: The name is one character long.\n"
        "2 applications would be imported.\n"
    )
    assert Application.objects.count() == 0
    assert run(path, "--by", "ORLA@example.org", "--mail").endswith(
        "2 applications imported.\nEach gets the link to the private page by mail.\n"
    )
    assert {change.actor for change in ApplicationChange.objects.all()} == {organiser}
    assert run(path).endswith("Nothing to import: all 2 are there already.\n")


def test_command_with_columns_named(group, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes("who,where,mail\nZoë,z@x.org,home\n".encode("windows-1252"))
    run(path, "--encoding", "windows-1252", "--column", "name=WHO", "--column", "email=where")
    made = Application.objects.get()
    assert (made.name, made.email) == ("Zoë", "z@x.org")
    assert made.changes.get().reason == "Imported from list.csv by the command"


def test_command_fails_with_every_problem_and_imports_nothing(group, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("name,email\n,a\nB,b@x.org\n")
    for arguments in ([], ["--dry-run"]):
        with pytest.raises(CommandError) as refusal:
            run(path, *arguments)
        assert str(refusal.value) == (
            "2 things are wrong in the file. Nothing was imported.\n"
            "  Line 2, e-mail address: “a” is no address. Write it like name@example.org.\n"
            "  Line 2, name: It is empty. Write the name, or take the row out."
        )
    assert Application.objects.count() == 0


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        (None, [], "cannot be read: No such file or directory."),
        (b"", [], reading.EMPTY),
        (b"name,email\n", ["--column", "shoe=name"], "not “shoe=name”."),
        (
            b"name,email\n",
            ["--by", "nobody@x.org"],
            "nobody@x.org has no account here. Nothing was imported.",
        ),
    ],
)
def test_command_that_cannot_start_says_why(group, tmp_path, content, arguments, sentence):
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError) as refusal:
        run(path, *arguments)
    assert str(refusal.value).endswith(sentence)


def test_import_before_the_group_is_set_up_says_so(db):
    assert not Group.objects.exists()
    with pytest.raises(loading.NoGroup):
        compare(file_of({}))
