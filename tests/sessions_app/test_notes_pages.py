"""The pages on which notes are written, compared and read, as each kind of person meets them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.utils import timezone

from members.models import Member
from sessions_app import notes, scribe_field
from sessions_app.models import Notes, NotesDraft, NotesRevision, Session
from sessions_app.models.notes import LONGEST_NOTES
from tests.factories import (
    MemberFactory,
    OrganiserFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
)
from tests.sessions_app.filled import form_of, url_of
from tests.sessions_app.test_public_pages import text_of

EDIT = "/sessions/17/notes/edit/"
HTMX = {"HX-Request": "true"}
NOW = datetime(2027, 5, 3, 18, 14, tzinfo=UTC)
GETS = ["/sessions/17/notes/", EDIT, "/sessions/17/notes/1/", "/sessions/17/notes/?old=1&new=2"]
POSTS = [EDIT, "/sessions/17/notes/preview/", "/sessions/17/notes/draft/", "/sessions/17/notes/draft/drop/",
         "/sessions/17/notes/1/restore/"]  # fmt: skip


def write(session: Session, text: str, by, base: int = 0, **more) -> None:
    notes.save(session_id=session.pk, text=text, by=by, base=base, now=NOW, **more)


def typed(text: str, base: int = 0, **more) -> dict:
    return {"text": text, "base": str(base), "audience": "members", "comment": ""} | more


def contents() -> list:
    """Everything about notes, for comparing."""
    return [list(model.objects.order_by("pk").values()) for model in (Notes, NotesRevision, NotesDraft)]


@pytest.fixture
def session(as_member) -> Session:
    """Session 17, whose scribe is the member."""
    return SessionFactory(number=17, title="Capsules", state="held", scribe=as_member.person)


# --- Who may ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("audience", Notes.Audience.values)
@pytest.mark.parametrize("address", GETS)
def test_writing_pages_open_to_writers_alone(
    visitor, as_member, as_organiser, client_of, session, audience, address
):
    write(session, "SECRET one", as_member.person.user, audience=audience, comment="SECRET")
    write(session, "SECRET two", as_member.person.user, base=1)
    other = client_of(MemberFactory().user)

    pages = [client.get(address) for client in (visitor, other, as_member, as_organiser)]

    assert [page.status_code for page in pages] == [302, 403, 200, 200]
    assert ["SECRET" in page.text for page in pages] == [False, False, True, True]


@pytest.mark.parametrize("address", POSTS)
def test_writing_is_for_writers_alone(visitor, as_member, client_of, session, address):
    write(session, "SECRET", as_member.person.user)
    before = contents()

    pages = [
        client.post(address, typed("Mine", base=1), headers=headers)
        for client in (visitor, client_of(MemberFactory().user))
        for headers in ({}, HTMX)
    ]

    assert [page.status_code for page in pages] == [302, 302, 403, 403]
    assert not any("SECRET" in page.text for page in pages)
    assert contents() == before


@pytest.mark.parametrize("address", GETS)
def test_notes_of_drafts_are_the_organisers(as_member, as_organiser, session, address):
    write(session, "SECRET", as_organiser.person.user, audience="public")
    write(session, "SECRET two", as_organiser.person.user, base=1)
    Session.objects.update(state="draft")

    assert [client.get(address).status_code for client in (as_member, as_organiser)] == [404, 200]


@pytest.mark.parametrize("address", POSTS[2:])
def test_steps_are_posts(as_member, session, address):
    assert as_member.get(address).status_code == 405


def test_presenter_who_is_a_member_writes(client_of, session):
    presenter = MemberFactory()
    PresentationFactory(session=session, presenter=PresenterFactory(guest_name="", member=presenter))

    assert client_of(presenter.user).get(EDIT).status_code == 200


def test_organiser_without_the_second_factor_is_led_to_it_and_reads_as_a_member(as_organiser, group, session):
    write(session, "SECRET", as_organiser.person.user, audience="organisers")
    group.second_factor = True
    group.save()

    assert as_organiser.get(EDIT).url.startswith("/accounts/2fa/")
    assert "SECRET" not in as_organiser.get("/sessions/17/").text


@pytest.mark.parametrize(
    ("audience", "seen"),
    [
        ("public", [True, True, True, True]),
        ("members", [False, True, True, True]),
        ("organisers", [False, False, True, True]),
    ],
)
def test_session_page_shows_the_notes_to_their_audience(
    visitor, as_member, as_organiser, client_of, session, audience, seen
):
    write(session, "SECRET", as_organiser.person.user, audience=audience)
    clients = [visitor, client_of(MemberFactory().user), as_member, as_organiser]

    assert ["SECRET" in client.get("/sessions/17/").text for client in clients] == seen


def test_session_page_links_writers_alone(visitor, as_member, client_of, session):
    clients = [visitor, client_of(MemberFactory().user), as_member]

    assert [EDIT in client.get("/sessions/17/").text for client in clients] == [False, False, True]


def test_next_page_links_its_scribe(as_member, client_of, session):
    SessionFactory(number=18, scribe=as_member.person)

    pages = [client.get("/next/").text for client in (as_member, client_of(MemberFactory().user))]

    assert ["/sessions/18/notes/edit/" in page for page in pages] == [True, False]


# --- Reading ------------------------------------------------------------------------------------------
def test_session_page_shows_formulas_contents_and_authors(visitor, session):
    ana = MemberFactory(user__name="Ana").user
    gone = MemberFactory().user
    text = "# One\n\n$a^2$\n\n## Two\n\n# Three\n\n# Four\n"
    write(session, "Begun", gone, audience="public")
    write(session, text, ana, base=1)
    gone.member.delete()
    gone.delete()

    page = visitor.get("/sessions/17/")

    words = text_of(page)
    assert "Written by <bdi>a former member</bdi> and <bdi>Ana</bdi>; last changed on 3 May 2027." in words
    assert "<msup><mi>a</mi><mn>2</mn></msup>" in words
    assert re.findall(r'<li class="(contents-\d)"><a href="#([\w-]+)">', words) == [
        ("contents-1", "notes-one"),
        ("contents-2", "notes-two"),
        ("contents-1", "notes-three"),
        ("contents-1", "notes-four"),
    ]
    assert re.findall(r'<h(\d) id="(notes-\w+)">', words)[1:] == [
        ("3", "notes-one"),
        ("4", "notes-two"),
        ("3", "notes-three"),
        ("3", "notes-four"),
    ]
    assert words.count("<h1") == 1


def test_session_page_of_the_longest_notes_opens(visitor, as_member, session):
    write(session, ("## Head $x^2$\n\nSome *words*.\n\n" * 8000)[:LONGEST_NOTES], as_member.person.user,
          audience="public")  # fmt: skip

    assert visitor.get("/sessions/17/").status_code == 200


def test_name_of_an_author_is_escaped(visitor, session):
    write(session, "x", MemberFactory(user__name="<b>Eve</b>").user, audience="public")

    assert "<bdi>&lt;b&gt;Eve&lt;/b&gt;</bdi>" in visitor.get("/sessions/17/").text


# --- Writing ------------------------------------------------------------------------------------------
def test_save_leads_to_the_notes_and_says_who_reads_them(as_member, session):
    page = as_member.post(EDIT, typed("Text", audience="public", comment="Began"), follow=True)

    assert page.redirect_chain == [("/sessions/17/#notes", 302)]
    assert "The notes are saved, as version 1. Everybody can read them." in text_of(page)
    assert list(NotesRevision.objects.values_list("text", "author", "comment")) == [
        ("Text", as_member.person.user.pk, "Began")
    ]


def test_save_twice_makes_one_version(as_member, session):
    as_member.post(EDIT, typed("Text"))
    page = as_member.post(EDIT, typed("Text"), follow=True)

    assert "Nothing was changed; the notes read like this already." in text_of(page)
    assert NotesRevision.objects.count() == 1


def test_second_to_save_is_shown_both_texts_and_may_save_again(as_member, session, organiser):
    write(session, "Begun", organiser)
    write(session, "Begun <i>by the organiser</i>", organiser, base=1, comment="Names")

    page = as_member.post(EDIT, typed("Begun by the scribe", base=1))

    words = text_of(page)
    assert page.status_code == 409
    assert page.context["form"]["text"].value() == "Begun by the scribe"
    assert "<bdi>Orla Quinn</bdi> saved first" in words
    assert "Begun &lt;i&gt;by the organiser&lt;/i&gt;</textarea>" in words
    assert re.findall(r"<(ins|del)><span[^>]*>[^<]*</span>(.*?)<span", words) == [
        ("del", "&lt;i&gt;"),
        ("del", "organiser&lt;/i&gt;"),
        ("ins", "scribe"),
    ]
    assert Notes.objects.get().text == "Begun <i>by the organiser</i>"

    base = re.search(r'name="base" value="(\d+)"', words)[1]
    saved = as_member.post(EDIT, typed("Begun by both", base=base), follow=True)
    assert "as version 3" in text_of(saved)
    assert Notes.objects.get().text == "Begun by both"
    assert NotesDraft.objects.count() == 0


def test_preview_and_errors_keep_the_other_text_beside(as_member, session, organiser):
    write(session, "Theirs", organiser)
    for address, more in [("/sessions/17/notes/preview/", {}), (EDIT, {"audience": "nobody"})]:
        page = as_member.post(address, typed("Mine", base=1, beside="1", **more))

        assert page.context["beside"].text == "Theirs"
        assert re.search(r'name="base" value="(\d+)"', page.text)[1] == "1"


@pytest.mark.parametrize("beside", ["", "x", "²", "9" * 5000, "-1", "0", "7"])
def test_nonsense_beside_shows_nothing_beside(as_member, session, beside):
    page = as_member.post("/sessions/17/notes/preview/", typed("Mine", beside=beside))

    assert (page.status_code, page.context["beside"]) == (200, None)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": "x" * (LONGEST_NOTES + 1)}, "Shorten the notes; at most 200,000 characters are kept."),
        ({"text": "a\x00b"}, "Take out the null characters; they cannot be kept."),
        ({"text": ""}, "Write something. To hide the notes, choose who reads them."),
        ({"audience": "nobody"}, "Choose one of the three."),
        ({"audience": ""}, "Choose who reads the notes."),
        ({"comment": "x" * 201}, "Say it in at most 200 characters."),
        ({"base": "x"}, "Copy your text and open this page again"),
        ({"base": ""}, "Copy your text and open this page again"),
        ({"base": "9" * 30}, "Copy your text and open this page again"),
    ],
)
def test_bad_input_is_told_and_what_was_typed_stays(as_member, session, changes, sentence):
    page = as_member.post(EDIT, typed("Kept & <safe>") | changes)

    assert page.status_code == 422
    assert sentence in text_of(page)
    if "text" not in changes:
        assert "Kept &amp; &lt;safe&gt;</textarea>" in page.text
    assert contents() == [[], [], []]


def test_longest_text_with_browsers_line_ends_is_saved(as_member, session):
    as_member.post(EDIT, typed("a\r\n" * (LONGEST_NOTES // 2)))

    assert len(Notes.objects.get().text) == LONGEST_NOTES - 1


# --- Preview ------------------------------------------------------------------------------------------
def test_preview_with_htmx_answers_with_the_rendering_alone_and_keeps_nothing(as_member, session):
    page = as_member.post("/sessions/17/notes/preview/", typed("# A $a^2$"), headers=HTMX)

    assert "<html" not in page.text
    assert '<h3 id="preview-a-a2">A' in page.text
    assert "<msup>" in page.text
    assert contents() == [[], [], []]


def test_preview_without_script_is_the_same_page_with_the_rendering(as_member, session):
    page = as_member.post("/sessions/17/notes/preview/", typed("*Text*", audience="public", comment="C"))

    words = text_of(page)
    assert page.status_code == 200
    assert "<p><em>Text</em></p>" in words
    assert "*Text*</textarea>" in words
    assert '<option value="public" selected>' in words
    assert 'value="C"' in words
    assert contents() == [[], [], []]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_preview_of_nothing_says_so(as_member, session, headers):
    page = as_member.post("/sessions/17/notes/preview/", typed(""), headers=headers)

    assert (page.status_code, "There is nothing to show yet." in page.text) == (200, True)


def test_preview_opened_by_its_address_leads_to_the_editor(as_member, session):
    assert as_member.get("/sessions/17/notes/preview/").url == EDIT


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_preview_of_a_text_too_long_says_so(as_member, session, headers):
    page = as_member.post("/sessions/17/notes/preview/", typed("x" * (LONGEST_NOTES + 1)), headers=headers)

    assert "Shorten the notes" in page.text


# --- Drafts -------------------------------------------------------------------------------------------
def test_draft_is_kept_and_says_when(as_member, session, monkeypatch):
    monkeypatch.setattr("sessions_app.views.notes.timezone", SimpleNamespace(now=lambda: NOW))

    answer = as_member.post("/sessions/17/notes/draft/", {"text": "Half a", "base": "0"})

    assert answer.json() == {"sentence": "Kept at 21:14."}  # in Tallinn, where the group is
    assert list(NotesDraft.objects.values_list("author", "text", "saved_at")) == [
        (as_member.person.user.pk, "Half a", NOW)
    ]


@pytest.mark.parametrize("data", [{"text": "x" * (LONGEST_NOTES + 1), "base": "0"}, {"text": "x"}, {}])
def test_draft_that_cannot_be_kept_says_so(as_member, session, data):
    answer = as_member.post("/sessions/17/notes/draft/", data)

    assert answer.status_code == 422
    assert answer.json()["sentence"].startswith("Not kept. ")
    assert NotesDraft.objects.count() == 0


def test_draft_is_offered_and_can_be_gone_on_from(as_member, session, organiser):
    write(session, "Saved", organiser)
    notes.keep_draft(session_id=session.pk, text="Saved, and mine", by=as_member.person.user, base=1, now=NOW)

    offer = text_of(as_member.get(EDIT))
    page = as_member.get(f"{EDIT}?draft=1")

    assert "You were writing on 3 May, 21:14, and did not save. Go on from there?" in offer
    assert "Saved, and mine</textarea>" in page.text
    assert 'name="base" value="1"' in page.text


def test_draft_begun_before_somebody_saved_leads_to_both_texts(as_member, session, organiser):
    notes.keep_draft(session_id=session.pk, text="Mine", by=as_member.person.user, base=0, now=NOW)
    write(session, "Theirs", organiser)

    assert "The notes were saved since you began." in text_of(as_member.get(EDIT))
    page = as_member.get(f"{EDIT}?draft=1")
    base = re.search(r'name="base" value="(\d+)"', page.text)[1]

    assert as_member.post(EDIT, typed("Mine", base=base)).status_code == 409


def test_draft_thrown_away_is_gone_and_nobody_elses(as_member, as_organiser, session):
    for client in (as_member, as_organiser):
        notes.keep_draft(session_id=session.pk, text="x", by=client.person.user, base=0, now=NOW)

    response = as_member.post("/sessions/17/notes/draft/drop/")

    assert response.url == EDIT
    assert list(NotesDraft.objects.values_list("author", flat=True)) == [as_organiser.person.user.pk]
    assert "You were writing" not in as_member.get(EDIT).text


# --- Versions -----------------------------------------------------------------------------------------
def test_history_lists_versions_the_newest_first(as_member, session, organiser):
    write(session, "One", organiser, comment="Began")
    write(session, "Two & three", as_member.person.user, base=1)

    rows = re.findall(r'<th scope="row".*?</tr>', text_of(as_member.get("/sessions/17/notes/")))

    assert [re.sub(r"<[^>]*>", " ", row).split() for row in rows] == [
        ["Version", "2", "3", "May", "2027,", "21:14", "Mira", "Tamm", "11"],
        ["Version", "1", "3", "May", "2027,", "21:14", "Orla", "Quinn", "Began", "3"],
    ]


def test_history_without_versions_says_what_to_do(as_member, session):
    assert "Nobody has written notes yet." in text_of(as_member.get("/sessions/17/notes/"))


@pytest.mark.parametrize("chosen", ["old=1&new=3", "old=3&new=1"])
def test_history_compares_the_older_with_the_newer(as_member, session, chosen):
    for base, text in enumerate(["One", "Two", "One more <b>"]):
        write(session, text, as_member.person.user, base=base)

    words = text_of(as_member.get(f"/sessions/17/notes/?{chosen}"))

    assert "From version 1 to version 3" in words
    assert re.findall(r"<ins><span[^>]*>[^<]*</span>(.*?)<span", words) == [" more &lt;b&gt;"]


@pytest.mark.parametrize(
    "chosen", ["old=1&new=1", "old=1", "old=1&new=9", "old=x&new=²", f"old={'9' * 5000}&new=1"]
)
def test_history_asks_for_two_versions(as_member, session, chosen):
    write(session, "One", as_member.person.user)

    page = as_member.get(f"/sessions/17/notes/?{chosen}")

    assert (page.status_code, "Choose two different versions." in page.text) == (200, True)


def test_version_shows_its_text_and_what_it_changed(as_member, session):
    write(session, "One *word*", as_member.person.user)
    write(session, "Two *words*", as_member.person.user, base=1)

    words = text_of(as_member.get("/sessions/17/notes/1/"))

    assert "<p>One <em>word</em></p>" in words
    assert "The first version" in words
    assert "Restore this version" in words
    assert "Restore this version" not in as_member.get("/sessions/17/notes/2/").text
    assert as_member.get("/sessions/17/notes/3/").status_code == 404
    assert as_member.get("/sessions/99/notes/1/").status_code == 404


def test_restore_is_a_new_version(as_member, session):
    write(session, "One", as_member.person.user)
    write(session, "Two", as_member.person.user, base=1)

    page = as_member.post("/sessions/17/notes/1/restore/", {"base": "2"}, follow=True)
    again = as_member.post("/sessions/17/notes/1/restore/", {"base": "2"}, follow=True)

    assert "Version 1 is back, as version 3." in text_of(page)
    assert "The notes read like version 1 already. Nothing was changed." in text_of(again)
    assert (Notes.objects.get().text, NotesRevision.objects.count()) == ("One", 3)


@pytest.mark.parametrize("base", ["1", "", "x", "9" * 5000])
def test_restore_on_a_stale_page_changes_nothing(as_member, session, organiser, base):
    write(session, "One", as_member.person.user)
    write(session, "Two", organiser, base=1)

    page = as_member.post("/sessions/17/notes/1/restore/", {"base": base}, follow=True)

    assert "Orla Quinn saved version 2 meanwhile. Nothing was changed; look at it first." in text_of(page)
    assert Notes.objects.get().text == "Two"


def test_restore_of_a_version_that_never_was_is_not_found(as_member, session):
    assert as_member.post("/sessions/17/notes/4/restore/", {"base": "0"}).status_code == 404


# --- The scribe ---------------------------------------------------------------------------------------
def test_organisers_choose_the_scribe_among_the_members(as_organiser, member):
    session = SessionFactory(number=17)
    gone = MemberFactory(state="alumni", left_at=timezone.now())
    data = form_of(as_organiser.get(url_of(session)))

    refused = as_organiser.post(url_of(session), data | {"scribe": str(gone.pk)})
    accepted = as_organiser.post(url_of(session), data | {"scribe": str(member.pk)})

    session.refresh_from_db()
    assert (refused.status_code, accepted.status_code, session.scribe) == (422, 302, member)
    assert "no longer in the group" in refused.text


def test_scribe_who_has_left_stays_until_somebody_else_is_chosen(as_organiser):
    gone = MemberFactory(state="alumni", left_at=timezone.now())
    session = SessionFactory(number=17, scribe=gone)
    data = form_of(as_organiser.get(url_of(session)))

    assert as_organiser.post(url_of(session), data).status_code == 302

    session.refresh_from_db()
    assert session.scribe == gone
    as_organiser.post(url_of(session), form_of(as_organiser.get(url_of(session))) | {"scribe": ""})
    session.refresh_from_db()
    assert session.scribe is None


@pytest.fixture
def many(as_organiser, monkeypatch):
    """A group too large for a list of scribes, with two of one name and one who has left."""
    monkeypatch.setattr(scribe_field, "MOST", 2)
    for name, email in (
        ("Eva Must", "eva@x.example"),
        ("Eva Must", "em@x.example"),
        ("Jaan Tamm", "j@x.example"),
    ):
        MemberFactory(user__name=name, user__email=email)
    MemberFactory(user__name="Gone", state="alumni", left_at=timezone.now())
    return as_organiser


@pytest.mark.parametrize(
    ("typed", "email"),
    [("jaan  tamm", "j@x.example"), ("EM@x.example", "em@x.example"), (" ", None)],
)
def test_scribe_of_a_large_group_is_written_by_name_or_address(many, typed, email):
    session = SessionFactory(number=17, scribe=MemberFactory(user__name="Ada"))
    data = form_of(many.get(url_of(session)))
    assert data["scribe"] == "Ada"

    assert many.post(url_of(session), data | {"scribe": typed}).status_code == 302

    session.refresh_from_db()
    assert (session.scribe and session.scribe.user.email) == email


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("Eva Must", "Write the e-mail address of the Eva Must you mean; 2 members have this name."),
        ("Gone", "Write the name or the e-mail address of a member; nobody in the group is called “Gone”."),
        (
            "Nobody",
            "Write the name or the e-mail address of a member; nobody in the group is called “Nobody”.",
        ),
        ("no@x.example", "Write a name instead of “no@x.example”; no member has this address."),
    ],
)
def test_scribe_whom_a_name_does_not_find_is_told_at_the_field(many, typed, sentence):
    session = SessionFactory(number=17)
    page = many.post(url_of(session), form_of(many.get(url_of(session))) | {"scribe": typed})
    assert page.status_code == 422
    assert page.context["editor"].form.errors["scribe"] == [sentence]
    assert form_of(page)["scribe"] == typed


def test_scribe_of_a_large_group_stays_though_others_have_the_name_or_left(many):
    one = Member.objects.filter(user__name="Eva Must").first()
    for scribe in (one, Member.objects.get(user__name="Gone")):
        session = SessionFactory(scribe=scribe)
        assert many.post(url_of(session), form_of(many.get(url_of(session)))).status_code == 302
        session.refresh_from_db()
        assert session.scribe == scribe


def test_scribe_changed_meanwhile_is_not_overwritten(as_organiser, member):
    session = SessionFactory(number=17)
    data = form_of(as_organiser.get(url_of(session)))
    notes.choose_scribe(session_id=session.pk, member_id=member.pk, now=timezone.now())

    page = as_organiser.post(url_of(session), data | {"scribe": str(OrganiserFactory().pk)})

    session.refresh_from_db()
    assert (page.status_code, session.scribe) == (409, member)
