"""The search: what it finds and in which order, who may find what, and what it costs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from members.models import User
from sessions_app.models import Notes, ReadingLink, Session, Slot
from studygroup import page_cache, search
from studygroup.search import Asked, Reader, extracts, statement, words
from studygroup.search.words import Lexemes, Term
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
    StrengthFactory,
)
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()
VISITOR, MEMBER, ORGANISER = Reader(), Reader(is_member=True), Reader(is_member=True, sees_everything=True)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def notes_of(session: Session, text: str, audience: str = "public") -> Notes:
    return Notes.objects.create(session=session, text=text, audience=audience, updated_at=NOW)


def titles(text: str, reader: Reader = ORGANISER, **asked) -> list[str]:
    """The titles of what is found, in their order."""
    return [hit.title for hit in search.find(Asked(text, **asked), reader).hits]


# --- What is typed -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("deep nets ", [[Term("deep"), Term("nets")]]),
        ("deep nets", [[Term("deep"), Term("nets", is_begun=True)]]),
        ('"deep nets" ', [[Term("deep nets")]]),
        ('"deep nets"', [[Term("deep nets")]]),
        ('"deep nets', [[Term("deep nets", is_begun=True)]]),
        ("deep -nets", [[Term("deep"), Term("nets", is_excluded=True)]]),
        ('deep -"neural nets"', [[Term("deep"), Term("neural nets", is_excluded=True)]]),
        ("deep or nets ", [[Term("deep")], [Term("nets")]]),
        ("OR deep or OR or ", [[Term("deep")]]),
        ("deep ai", [[Term("deep"), Term("ai")]]),
        ("学", [[Term("学", is_begun=True)]]),
        ("- & | ! ( ) : * '' \\ \"\" -", []),
        ("", []),
    ],
)
def test_line_is_read_as_words_phrases_exclusions_and_alternatives(typed, terms):
    assert [list(each) for each in words.parse(typed).alternatives] == terms


def test_line_with_too_many_words_is_cut_and_says_so():
    terms = words.parse(" ".join(f"w{number}" for number in range(30)))
    assert (len(terms.texts()), terms.is_cut) == (words.MOST_TERMS, True)
    assert words.parse("same " * 30) == words.Terms(((Term("same"),),))


def test_query_for_phrase_is_loose_for_the_index_and_exact_for_the_check():
    terms = words.parse('"deep nets" -"big data" -cats ')
    made = [Lexemes("'deep' <-> 'net'", "'deep' <-> 'nets'"), Lexemes("'big' <-> 'data'", "'big' <-> 'data'")]
    query = words.compose(terms, [*made, Lexemes("'cat'", "'cats'")])
    assert query.exact == (
        "( ( 'deep' <-> 'net' ) | ( 'deep' <-> 'nets' ) ) & !( ( 'big' <-> 'data' ) ) & !( 'cat' | 'cats' )"
    )
    assert query.loose == "( ( 'deep' & 'net' ) | ( 'deep' & 'nets' ) ) & !( 'cat' | 'cats' )"
    assert (query.needs_check, query.beginnings) == (True, ("deep", "net", "nets"))


def test_query_of_exclusions_alone_looks_for_nothing():
    assert words.compose(words.parse("-cats"), [Lexemes("'cat'", "'cats'")]) is None


# --- What is found -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("network ", ["Neural networks", "Trees"]),
        ("networks ", ["Neural networks", "Trees"]),
        ("netw", ["Neural networks", "Trees"]),
        ("netw ", []),
        ("NEURAL", ["Neural networks"]),
        ("neural trees ", []),
        ("neural or forests ", ["Neural networks", "Trees"]),
        ("network -neural", ["Trees"]),
        ("-neural network ", ["Trees"]),
        ('"random forests"', ["Trees"]),
        ('"forests random"', []),
        ('network -"random forests"', ["Neural networks"]),
        ("the forest ", ["Trees"]),
        ("library ", ["Neural networks"]),
        ("zebra ", []),
    ],
)
def test_words_are_found_as_they_were_meant(db, typed, found):
    HeldSessionFactory(number=1, title="Neural networks", place="The library")
    HeldSessionFactory(number=2, title="Trees", summary="On random *forests*, and why no network is needed.")
    assert sorted(titles(typed)) == found


def test_each_text_of_a_session_is_found_but_the_directions(db):
    SessionFactory(
        title="Alpha", summary="beta", agenda="gamma", up_next="delta", place="epsilon", directions="zeta"
    )
    assert [titles(word) for word in ("alpha", "beta", "gamma", "delta", "epsilon")] == [["Alpha"]] * 5
    assert titles("zeta") == []


def test_reading_is_found_by_title_part_note_link_and_further_links(db):
    reading = ReadingFactory(
        title="Attention", part="sections 3", note="Mind the softmax", url="https://arxiv.org/abs/1706.03762"
    )
    link = ReadingLink.objects.create(
        reading=reading, title="Lecture seven", url="https://video.example/kavli"
    )
    typed = ["attention", "sections", "softmax", "1706.03762", "arxiv", "lecture seven", "kavli"]
    assert [titles(word) for word in typed] == [["Attention"]] * len(typed)
    link.title = "Lecture eight"
    link.save()
    assert (titles("seven"), titles("eight")) == ([], ["Attention"])
    link.delete()
    assert titles("eight") == []


def test_notes_talk_and_people_are_found_by_their_words(db):
    session = HeldSessionFactory(title="First")
    notes_of(session, "About **quokkas**.")
    guest = PresenterFactory(guest_name="Łukasz Żółć")
    PresentationFactory(title="A talk", abstract="On wombats", session=session, presenter=guest)
    member = MemberFactory(user__name="José Will", bio="Grows orchids")
    member.strengths.add(StrengthFactory(name="Statistics"))
    assert (titles("quokkas"), titles("wombats")) == (["First"], ["A talk"])
    for typed in ("łukasz", "Lukasz", "zolc", "Żółć"):
        assert titles(typed) == ["Łukasz Żółć"]
    for typed in ("jose", "José", "will", "orchid ", "statistics", "jose orchids statistics"):
        assert titles(typed) == ["José Will"]
    assert titles("jose -orchids") == []


def test_changed_words_are_found_at_once_and_old_ones_no_more(db):
    session = HeldSessionFactory(title="Wombat")
    notes, member = notes_of(session, "Wombat"), MemberFactory(user__name="Wombat")
    assert len(titles("wombat")) == 3
    session.title = notes.text = member.user.name = "Quokka"
    for row in (session, notes, member.user):
        row.save()
    assert (titles("wombat"), len(titles("quokka"))) == ([], 3)
    Session.objects.update(title="Numbat")
    assert titles("numbat", kind="sessions") == ["Numbat"]


def test_title_comes_before_text_and_newer_before_older(db):
    for number, (title, summary) in enumerate(
        [("Old fungi", ""), ("Else", "fungi " * 5), ("New fungi", "")], start=1
    ):
        start = NOW - timedelta(days=2000 - number)
        if title == "New fungi":
            start = NOW - timedelta(days=2)
        HeldSessionFactory(number=number, title=title, summary=summary, starts_at=start)
    assert titles("fungi") == ["New fungi", "Old fungi", "Else"]


def test_notes_of_more_different_words_than_the_index_takes_are_kept(db):
    letters = [chr(0x20000 + number) for number in range(40_000)]
    text = "tapir " + " ".join(f"{one}-{two}" for one, two in pairwise(letters))
    notes_of(HeldSessionFactory(title="Long"), text)
    assert titles("tapir") == ["Long"]


# --- Who finds what ------------------------------------------------------------------------------------
@pytest.fixture
def everything(group) -> None:
    """One row of each kind and audience, each with the word “kraken” and a word of its own."""
    public = HeldSessionFactory(number=1, title="Kraken public")
    draft = SessionFactory(number=2, title="Kraken draft", state="draft")
    dropped = SessionFactory(number=3, title="Kraken dropped", state="cancelled", announced_at=None)
    SessionFactory(number=4, title="Kraken cancelled", state="cancelled")
    for number, audience in ((5, "public"), (6, "members"), (7, "organisers")):
        notes_of(HeldSessionFactory(number=number, title=f"Session {number}"), f"Kraken {audience}", audience)
    notes_of(draft, "Kraken draftnotes")
    notes_of(dropped, "Kraken droppednotes")
    ReadingFactory(session=public, title="Kraken reading")
    ReadingFactory(session=draft, title="Kraken draftreading")
    PresentationFactory(
        title="Kraken talk", session=public, presenter=PresenterFactory(guest_name="Kraken Guest")
    )
    PresentationFactory(
        title="Kraken drafttalk", session=draft, presenter=PresenterFactory(guest_name="Kraken Draftguest")
    )
    PresentationFactory(title="Kraken idea", presenter=PresenterFactory(guest_name="Kraken Idealist"))
    speaker = MemberFactory(user__name="Kraken Speaker", bio="Kraken biography")
    PresentationFactory(
        title="Another", session=public, presenter=PresenterFactory(guest_name="", member=speaker)
    )
    MemberFactory(user__name="Kraken Quiet")
    MemberFactory(user__name="Ann Open", bio="Kraken openbio")
    hidden = MemberFactory(user__name="Kraken Hidden", bio="Kraken hiddenbio", profile_audience="organisers")
    hidden.strengths.add(StrengthFactory(name="Krakenology"))


PUBLIC = {
    ("session", "Kraken public"),
    ("session", "Kraken cancelled"),
    ("notes", "Session 5"),
    ("reading", "Kraken reading"),
    ("talk", "Kraken talk"),
    ("presenter", "Kraken Guest"),
}
MEMBERS = PUBLIC | {
    ("notes", "Session 6"),
    ("member", "Kraken Speaker"),
    ("member", "Kraken Quiet"),
    ("member", "Ann Open"),
    ("member", "Kraken Hidden"),
}
ORGANISERS = MEMBERS | {
    ("notes", "Session 7"),
    ("session", "Kraken draft"),
    ("session", "Kraken dropped"),
    ("notes", "Kraken draft"),
    ("notes", "Kraken dropped"),
    ("reading", "Kraken draftreading"),
    ("talk", "Kraken drafttalk"),
    ("talk", "Kraken idea"),
    ("presenter", "Kraken Draftguest"),
}


@pytest.mark.parametrize(
    ("reader", "expected"),
    [(VISITOR, PUBLIC | {("presenter", "Kraken Speaker")}), (MEMBER, MEMBERS), (ORGANISER, ORGANISERS)],
)
def test_each_reader_finds_exactly_what_they_may_open(everything, reader, expected):
    pages = [search.find(Asked("kraken ", page=page), reader) for page in (1, 2)]
    hits = [hit for found in pages for hit in found.hits]
    assert sum(pages[0].counts.values()) == len(expected)
    assert {(hit.source, hit.title) for hit in hits} == expected


SECRETS = {
    "draft": ORGANISER,
    "dropped": ORGANISER,
    "draftnotes": ORGANISER,
    "droppednotes": ORGANISER,
    "draftreading": ORGANISER,
    "drafttalk": ORGANISER,
    "draftguest": ORGANISER,
    "idea": ORGANISER,
    "organisers": ORGANISER,
    "hiddenbio": ORGANISER,
    "krakenology": ORGANISER,
    "members": MEMBER,
    "openbio": MEMBER,
    "biography": MEMBER,
    "quiet": MEMBER,
}


@pytest.mark.parametrize("word", SECRETS)
def test_hidden_words_are_found_by_their_readers_alone(everything, word):
    """Nor do they show in counts, in what is said of too many hits, or by leaving something out."""
    for reader in (VISITOR, MEMBER, ORGANISER):
        may_know = reader in (ORGANISER, SECRETS[word])
        for typed in (f"{word} ", word, f"zebra or {word} "):
            found = search.find(Asked(typed), reader)
            assert (bool(found.hits), bool(found.counts)) == (may_know, may_know)
            assert found.capped == frozenset()
    for reader in (VISITOR, MEMBER) if SECRETS[word] == ORGANISER else (VISITOR,):
        assert set(titles(f"kraken -{word}", reader)) == set(titles("kraken ", reader))


def test_hidden_profile_is_found_by_name_without_an_extract_or_strengths(everything):
    (hit,) = search.find(Asked("kraken hidden "), MEMBER).hits
    assert (hit.title, hit.extract, hit.about) == ("Kraken Hidden", "", "")
    assert titles("hidden hiddenbio ", MEMBER) == titles("hidden krakenology ", MEMBER) == []
    assert titles("hidden -hiddenbio", MEMBER) == ["Kraken Hidden"]
    (hit,) = search.find(Asked("kraken hidden "), ORGANISER).hits
    assert (hit.extract, hit.about) == ("<mark>Kraken</mark> hiddenbio", "Krakenology")


def test_member_without_a_name_is_not_found_by_the_address(group):
    MemberFactory(user__name="", user__email="secret@example.org", bio="Sings")
    assert (titles("secret"), titles("example.org")) == ([], [])
    assert titles("sings") == ["A member"]


def test_draft_is_no_year_to_choose(group):
    HeldSessionFactory(number=1, title="Past", starts_at=datetime(2019, 5, 1, 18, tzinfo=UTC))
    SessionFactory(number=2, title="Plan", state="draft", starts_at=datetime(2044, 5, 1, 18, tzinfo=UTC))
    assert list(search.find(Asked("past"), VISITOR).years) == [2019]
    assert list(search.find(Asked("past"), ORGANISER).years) == list(range(2044, 2018, -1))


@pytest.mark.parametrize(
    ("who", "expected"), [("visitor", 1), ("former", 1), ("member", 2), ("organiser", 3), ("superuser", 3)]
)
def test_page_finds_for_each_reader_what_is_theirs(
    group, client, client_of, organiser, member, who, expected
):
    for number, audience in enumerate(["public", "members", "organisers"], start=1):
        notes_of(HeldSessionFactory(number=number, title=audience), "kraken", audience)
    former = MemberFactory(state="alumni", left_at=NOW).user
    boss = User.objects.create_superuser("boss@example.org")
    clients = {"visitor": client, "former": client_of(former), "member": client_of(member.user)}
    clients |= {"organiser": client_of(organiser), "superuser": client_of(boss)}
    page = clients[who].get("/search/?q=kraken").text
    assert page.count("<mark>kraken</mark>") == expected


def test_organiser_without_the_second_factor_that_is_asked_for_finds_what_members_find(
    group, organiser, client_of
):
    SessionFactory(title="Kraken", state="draft")
    client = client_of(organiser)
    assert "Kraken" in client.get("/search/?q=kraken").text.partition("<main")[2]
    group.second_factor = True
    group.save()
    assert "Nothing has these words" in client.get("/search/?q=kraken").text


# --- Filters, pages, caps ------------------------------------------------------------------------------
def test_kind_and_year_narrow_and_counts_stay(db):
    for number, year in ((1, 2019), (2, 2020)):
        start = datetime(year, 12, 31, 23, 30, tzinfo=UTC)  # in New York still the same day
        session = HeldSessionFactory(
            number=number, title=f"Moss {year}", starts_at=start, time_zone="America/New_York"
        )
        notes_of(session, "moss")
    MemberFactory(user__name="Moss")
    found = search.find(Asked("moss", kind="notes"), ORGANISER)
    assert (len(found.hits), found.counts) == (2, {"sessions": 2, "notes": 2, "people": 1})
    found = search.find(Asked("moss", year=2019), ORGANISER)
    assert (found.counts, list(found.years)) == ({"sessions": 1, "notes": 1}, [2020, 2019])
    assert titles("moss", year=2021) == []


def test_pages_hold_twenty_and_the_last_stands_for_those_behind(db):
    for number in range(1, 46):
        HeldSessionFactory(number=number, title=f"Moss {number}")
    pages = [search.find(Asked("moss", page=page), ORGANISER) for page in (1, 2, 3, 99)]
    assert [(found.page, found.pages, len(found.hits)) for found in pages] == [
        (1, 3, 20),
        (2, 3, 20),
        (3, 3, 5),
        (3, 3, 5),
    ]
    assert len({hit.number for found in pages for hit in found.hits}) == 45


def test_common_word_is_looked_at_in_the_newest_only_and_says_so(db, monkeypatch, client, group):
    monkeypatch.setattr(statement, "MOST", 3)
    monkeypatch.setattr("studygroup.views.search.MOST", 3)
    for number in range(1, 6):
        HeldSessionFactory(
            number=number, title=f"Moss {number}", starts_at=NOW - timedelta(days=900 - number)
        )
    found = search.find(Asked("moss"), VISITOR)
    assert (found.capped, {hit.number for hit in found.hits} & {1}) == ({"sessions"}, set())
    page = client.get("/search/?q=moss").text
    assert "At least 3 hits" in page
    assert 'Sessions <span class="soft">3+</span>' in page
    Session.objects.filter(number__gt=3).delete()
    assert search.find(Asked("moss"), VISITOR).capped == frozenset()


@pytest.mark.parametrize("sample", [1, 4, 1000])  # the newest is walked through, half of four, never
@pytest.mark.parametrize("typed", ["moss", "moss -fern", '"moss fern"', "rare"])
def test_common_word_finds_the_same_by_walking_as_by_the_index(db, monkeypatch, typed, sample):
    monkeypatch.setattr(statement, "MOST", 3)
    MemberFactory(bio="Rare.")
    mosses = StrengthFactory(name="Moss")
    for number in range(1, 15):
        session = HeldSessionFactory(
            number=number,
            title="Rare" if number == 2 else f"Moss {'fern' * (number % 2)}",
            starts_at=NOW - timedelta(days=900 - number),
        )
        notes_of(session, f"On moss {'fern' * (number % 3)}", ["public", "members", "organisers"][number % 3])
        for _ in range(number % 4):
            ReadingFactory(session=session, title="Moss")
        if number % 3:
            PresentationFactory(title="Moss fern", session=session)
            other = MemberFactory(
                bio="Moss" if number % 2 else "", profile_audience=["members", "organisers"][number % 2]
            )
            if number % 4 != 1:
                other.strengths.add(mosses)
    again = PresentationFactory(title="Moss again", session=session)
    Slot.objects.create(presentation=again, session=Session.objects.get(number=12))

    def found() -> list:
        answers = [
            search.find(Asked(typed, year=year), reader)
            for reader in (VISITOR, MEMBER, ORGANISER)
            for year in (None, session.starts_at.year)
        ]
        return [(each.hits, each.counts, each.capped) for each in answers]

    monkeypatch.setattr(statement, "SAMPLE", 10_000)
    by_index = found()
    monkeypatch.setattr(statement, "SAMPLE", sample)
    assert found() == by_index
    assert any(hits for hits, *_ in by_index)


@pytest.mark.parametrize("old", ["Moss", "Notes", "Reading", "Talk"])
def test_rare_word_is_found_beyond_the_recent_sessions(db, monkeypatch, old):
    monkeypatch.setattr(statement, "MOST", 2)
    long_ago = HeldSessionFactory(number=1, title="Old", starts_at=NOW - timedelta(days=900))
    for number in range(2, 12):
        HeldSessionFactory(
            number=number, title=f"Other {number}", starts_at=NOW - timedelta(days=900 - number)
        )
    if old == "Moss":
        Session.objects.filter(pk=long_ago.pk).update(title="Moss")
    elif old == "Notes":
        notes_of(long_ago, "On moss.")
    elif old == "Reading":
        ReadingFactory(session=long_ago, title="Moss")
    else:
        PresentationFactory(session=long_ago, title="Moss")
    found = search.find(Asked("moss"), VISITOR)
    assert ([hit.number for hit in found.hits], found.capped) == ([1], frozenset())


# --- Extracts ------------------------------------------------------------------------------------------
def extract_of(text: str, typed: str) -> str:
    notes_of(HeldSessionFactory(title="Notes"), text)
    (hit,) = search.find(Asked(typed, kind="notes"), VISITOR).hits
    return hit.extract


def test_extract_shows_the_words_marked_and_no_marks_of_markdown(db):
    text = "# Plan\n\n- See [the **paper** on moss](https://example.org/a_(b)) by _Ann_.\n"
    assert extract_of(text, "papers ann") == "Plan See the <mark>paper</mark> on moss by <mark>Ann</mark>."


def test_extract_is_of_the_place_where_the_word_stands(db):
    text = "begin " + "filler " * 20_000 + "the quokka sleeps " + "filler " * 5_000
    extract = extract_of(text, "quokka")
    assert "the <mark>quokka</mark> sleeps" in extract
    assert (extract[:2], extract[-2:]) == ("… ", " …")


def test_extract_escapes_whatever_was_typed(db):
    text = (
        'moss <script>alert(1)</script> <mark onclick="x"> &lt;b&gt; \ue000forged\ue001 <img src=x onerror=y>'
    )
    extract = extract_of(text, "moss")
    assert re.findall(r"<[^>]*>", extract) == ["<mark>", "</mark>"]
    assert "forged" in extract
    assert "&amp;lt;b" in extract


@MANY
@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=200))
def test_extract_of_anything_has_no_tags_but_marks(db, text):
    with connection.cursor() as cursor:
        (extract,) = extracts.mark(cursor, [f"{text} moss <b>{text}</b>"], "'moss' | 'b'")
    assert set(re.findall(r"<[^>]*>?", extract)) <= {"<mark>", "</mark>"}
    assert '"' not in extract


# --- The page ------------------------------------------------------------------------------------------
WILD = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8"), st.sampled_from(list("\"'-|&!():*<> \\\0%_{}\t\n\u202e\u0301"))
    ),
    max_size=300,
)


@MANY
@given(
    typed=st.one_of(
        WILD, st.lists(st.sampled_from(['"', "-", "or", "<->", ":*", "a", "moss", "'"])).map(" ".join)
    )
)
@example(typed="mo\0ss")
@example(typed="x" * 10_000)
@example(typed="😀 ﷽ \ud7ff İ ß -İ “moss” مرحبا")
def test_wild_query_is_answered(group, typed):
    answer = Client().get("/search/", {"q": typed, "kind": typed[:9], "year": typed[:4], "page": typed[-3:]})
    assert answer.status_code == 200


def test_long_query_is_cut_with_a_sentence(group, client):
    page = client.get(
        "/search/", {"q": "a b c d e f g h i j k l m n o p q r s t u v w x y z ".ljust(10_000, "-")}
    ).text
    assert "Only the first 200 characters are looked for." in page
    assert "Only the first 20 words are looked for." in page
    assert 'value="a b c d e f' in page
    assert "-" * 149 not in page


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "The search looks through the sessions"),
        ("?q=", "The search looks through the sessions"),
        ("?q=-moss", "Say what to look for."),
        ("?q=%21%21", "Say what to look for."),
        ("?q=moss", "Nothing has these words."),
        ("?q=moss&kind=talks", "Nothing like that has these words."),
        ("?q=moss&year=2019", "Nothing like that has these words."),
    ],
)
def test_page_without_hits_says_what_to_do(group, client, query, says):
    page = client.get(f"/search/{query}").text
    assert says in page
    assert "rows-ruled" not in page


def test_page_shows_where_each_hit_stands(group, client):
    session = HeldSessionFactory(
        number=17, title="On *moss*", starts_at=datetime(2019, 10, 16, 22, 30, tzinfo=UTC),
        time_zone="America/New_York",
    )  # fmt: skip
    notes_of(session, "moss grows")
    ReadingFactory(session=session, title="Moss and lichen", note="")
    presenter = PresenterFactory(guest_name="Ada Moss")
    talk = PresentationFactory(title="Moss talk", session=session, presenter=presenter)
    page = client.get("/search/?q=moss").text
    where = re.findall(r'<p class="row-meta">(.*?)</p>', page)
    date = ', <span class="nowrap">16 Oct 2019</span>'
    assert sorted(where) == sorted(
        [
            f"Session 17{date}",
            f"Notes of session 17{date}",
            f"Reading for session 17, On moss{date}",
            f"Talk in session 17, by <bdi>Ada Moss</bdi>{date}",
            f"Presenter in session 17{date}",
        ]
    )
    assert page.count('href="/sessions/17/"') == 2
    assert f'href="/presentations/{talk.pk}/"' in page
    assert f'href="/presenters/{presenter.pk}/"' in page
    assert 'href="/sessions/17/#notes"' in page
    assert '<a href="/sessions/17/" dir="auto">On <em>moss</em></a>' in page
    assert "Five hits" in page


def test_page_is_for_nobodys_index_and_in_no_cache(group, client):
    answer = client.get("/search/?q=moss")
    assert '<meta name="robots" content="noindex">' in answer.text
    assert answer.headers["Cache-Control"] == "private"
    assert answer.cookies == {}
    assert "search" not in page_cache.SAME_FOR_EVERYBODY


def test_htmx_gets_the_hits_alone_and_the_short_address(group, client):
    HeldSessionFactory(title="Moss")
    headers = {"HX-Request": "true"}
    answer = client.get("/search/?q=moss&kind=&year=", headers=headers)
    assert answer.text.strip().startswith('<div id="hits">')
    assert answer.headers["HX-Replace-Url"] == "/search/?q=moss"
    whole = client.get("/search/?q=moss", headers=headers | {"HX-History-Restore-Request": "true"})
    assert "<html" in whole.text
    assert client.post("/search/").status_code == 405


def test_links_of_pages_and_kinds_keep_what_is_asked(group, client):
    for number in range(1, 46):
        HeldSessionFactory(number=number, title="Moss", starts_at=datetime(2019, 5, 1, tzinfo=UTC))
    page = client.get("/search/?q=%22moss%22&year=2019&page=2").text
    assert 'href="/search/?q=%22moss%22&amp;year=2019" rel="prev"' in page
    assert 'href="/search/?q=%22moss%22&amp;year=2019&amp;page=3" rel="next"' in page
    assert 'href="/search/?q=%22moss%22&amp;kind=sessions&amp;year=2019"' in page


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_search_costs_a_fixed_number_of_queries(group, organiser, member, client, client_of, rows):
    strength = StrengthFactory()
    for number in range(1, rows + 1):
        session = HeldSessionFactory(number=number, title="Moss", summary="Of moss.")
        notes_of(session, "moss")
        ReadingFactory(session=session, title="Moss", note="Of moss")
        PresentationFactory(title="Moss", abstract="Moss", session=session, presenter=PresenterFactory())
    for _ in range(min(rows, 30)):
        MemberFactory(user__name="Moss", bio="Moss").strengths.add(strength)
    pages = {
        "/search/": 1,
        "/search/?q=moss": 4,
        "/search/?q=zebra": 3,
        "/search/?q=moss&kind=notes&page=2": 4,
    }
    assert queries_of(client, pages) == pages
    pages = {"/search/": 4, "/search/?q=moss": 7, "/search/?q=moss&kind=people": 7}
    assert queries_of(client_of(member.user), pages) == pages
    assert queries_of(client_of(organiser), pages) == pages
