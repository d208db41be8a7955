"""The queue: what each filter finds, in which order, page by page, who sees which score, and the file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from itertools import chain
from urllib.parse import quote

import pytest
from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members import admissions, decisions
from members.forms.queue import QueueForm
from members.models import Application, Member
from members.models.application import State
from members.queue import MOST, PAGE, neighbours, queue_of
from members.scoring import DISAGREEMENT
from tests.factories import (
    ApplicationFactory,
    CriterionFactory,
    MemberFactory,
    OrganiserFactory,
    StrengthFactory,
)
from tests.studygroup.test_pages import queries_of

LIST = "/organise/applications/"
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def names(query: str, user) -> list[str]:
    """The names on the first page of what an address asks for."""
    return [application.name for application in queue_of(query, user).page(QueryDict(query)).applications]


def since(days: int, **more) -> Application:
    """An application that is on the list since a day."""
    return ApplicationFactory(applied_at=DAY + timedelta(days=days), **more)


def review(application, by, value, criterion) -> None:
    admissions.review(application_id=application.pk, by=by, scores={criterion: value}, note="", now=DAY)


@pytest.fixture
def others(organiser):
    """Two who review beside the organiser."""
    return [OrganiserFactory().user, MemberFactory(role=Member.Role.REVIEWER).user]


# --- Filters and orders ---------------------------------------------------------------------------------
def test_queue_without_filters_has_the_open_ones_the_longest_waiting_first(organiser):
    since(2, name="second")
    since(1, name="first", state=State.UNCONFIRMED)
    since(0, name="closed", state=State.DECLINED)
    assert names("", organiser) == ["first", "second"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=open", ["waiting", "shortlisted", "dormant"]),
        ("state=all", ["declined", "waiting", "shortlisted", "dormant"]),
        ("state=dormant", ["dormant"]),
        ("state=dormant&state=declined", ["declined", "dormant"]),
        ("state=declined&state=open&order=newest", ["dormant", "shortlisted", "waiting", "declined"]),
        ("state=nonsense", ["waiting", "shortlisted", "dormant"]),
    ],
)
def test_queue_by_state_has_those_states(organiser, query, found):
    for days, state in enumerate(["declined", "waiting", "shortlisted", "dormant"]):
        since(days, name=state, state=state)
    assert names(query, organiser) == found


def test_queue_by_strength_has_those_who_ticked_it(organiser):
    strength = StrengthFactory()
    ApplicationFactory(name="brings it").strengths.set([strength, StrengthFactory()])
    ApplicationFactory(name="brings nothing")
    assert names(f"strength={strength.pk}", organiser) == ["brings it"]
    assert names(f"strength={strength.pk + 5000}", organiser) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("oko", ["Amara"]),
        ("eze oko", ["Amara"]),
        ("OKONKWO", ["Amara"]),
        ("oko nobody", []),
        ("amara@example.org", ["Amara"]),
        ("o", []),
        ("'); drop table", []),
        ("ward", ["Amara", "Bo"]),
    ],
)
def test_queue_by_text_takes_words_as_beginnings_and_wants_all_of_them(organiser, text, found):
    since(0, name="Amara", current_role="Okonkwo & Ezenwa", email="amara@example.org")
    since(1, name="Bo")
    assert names(f"q={quote(text)}", organiser) == found


def test_queue_by_own_review_knows_reviews_and_abstentions(organiser, others):
    reviewed, abstained = since(0, name="reviewed"), since(1, name="abstained")
    elsewhere = since(2, name="by another", state=State.SHORTLISTED)
    since(3, name="dormant", state=State.DORMANT)
    since(4, name="unconfirmed", state=State.UNCONFIRMED)
    review(reviewed, organiser, 3, CriterionFactory())
    admissions.abstain(application_id=abstained.pk, by=organiser, note="", now=DAY)
    admissions.abstain(application_id=elsewhere.pk, by=others[0], note="", now=DAY)
    assert names("mine=yes", organiser) == ["reviewed", "abstained"]
    assert names("mine=no", organiser) == ["by another"]
    assert names("state=unreviewed", organiser) == ["by another"]
    assert names("mine=no&state=open", organiser) == ["by another", "dormant", "unconfirmed"]


def test_queue_by_prepared_decision_is_for_organisers(organiser, others):
    application = since(0, name="prepared", state=State.SHORTLISTED)
    since(1, name="not")
    decisions.prepare(application_id=application.pk, kind="decline", by=organiser, now=DAY, reason="Full")
    assert names("prepared=1", organiser) == ["prepared"]
    assert names("prepared=1", others[1]) == ["prepared", "not"]


def test_prepared_decision_is_hidden_from_an_organiser_who_has_not_reviewed(organiser, client_of):
    application = since(0, name="prepared", state=State.SHORTLISTED)
    decisions.prepare(application_id=application.pk, kind="decline", by=organiser, now=DAY, reason="Full")
    colleague = OrganiserFactory().user
    assert names("prepared=1", colleague) == []
    assert "Prepared: decline" not in client_of(colleague).get(LIST).text
    admissions.abstain(application_id=application.pk, by=colleague, note="", now=DAY)
    assert names("prepared=1", colleague) == ["prepared"]
    assert "Prepared: decline" in client_of(colleague).get(LIST).text


def test_queue_by_last_move_has_the_newest_move_first(organiser):
    since(0, name="moved late", moved_at=DAY + timedelta(days=9))
    since(1, name="moved early", moved_at=DAY, state=State.DORMANT)
    assert names("order=moved", organiser) == ["moved late", "moved early"]


# --- Blind first ----------------------------------------------------------------------------------------
@pytest.fixture
def scored(organiser, others):
    """Three applications with scores: one the organiser has reviewed, one not, and one that is closed."""
    criterion = CriterionFactory()
    for name, values in {"mine": (5, 2), "theirs": (5, 3), "closed": (4, 4)}.items():
        application = since(0, name=name)
        review(application, others[0], values[0], criterion)
        review(application, others[1] if name != "mine" else organiser, values[1], criterion)
    Application.objects.filter(name="closed").update(state=State.DECLINED)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("least=1", ["mine"]),
        ("least=1&state=all", ["mine", "closed"]),
        ("least=1&state=all&q=nurse", ["mine", "closed"]),
        ("least=3.5&most=3.5", ["mine"]),
        ("least=4", []),
        ("disagree=1", ["mine"]),
        ("order=highest", ["mine"]),
        ("order=highest&state=all", ["closed", "mine"]),
        ("order=lowest&state=all", ["mine", "closed"]),
        ("state=declined&least=4", ["closed"]),
    ],
)
def test_questions_about_scores_are_answered_from_those_one_may_see(organiser, scored, query, found):
    assert names(query, organiser) == found


def test_score_stands_in_the_list_only_where_one_has_reviewed_or_it_is_closed(organiser, scored, client_of):
    page = client_of(organiser).get(LIST + "?state=all").text
    assert ("3.5 from 2" in page, "4.0 from 2" in page) == (True, True)
    assert page.count("they disagree") == 1
    theirs = Application.objects.get(name="theirs")
    admissions.abstain(application_id=theirs.pk, by=organiser, note="", now=DAY)
    assert client_of(organiser).get(LIST + "?state=all").text.count("4.0 from 2") == 2


def test_index_of_disputed_applications_has_those_whose_reviewers_disagree():
    index = next(each for each in Application._meta.indexes if each.name == "members_application_disputed")
    assert index.condition == Q(spread__gte=DISAGREEMENT)


def test_page_says_that_scores_leave_the_others_out(organiser, scored, client_of):
    client = client_of(organiser)
    assert "what others think stays hidden" in client.get(LIST + "?order=highest").text
    assert "what others think stays hidden" not in client.get(LIST).text


def test_neighbours_by_score_of_an_application_one_has_not_reviewed_are_none(organiser, scored):
    theirs, mine = (Application.objects.get(name=name) for name in ("theirs", "mine"))
    closed = Application.objects.get(name="closed")
    assert neighbours(theirs, "order=highest&state=all", organiser) == (None, None)
    assert neighbours(mine, "order=highest&state=all", organiser) == (closed.pk, None)


# --- Pages ----------------------------------------------------------------------------------------------
def walk(client, query: str, rel: str) -> list[list[str]]:
    """The names on each page, from one page to the next as the links lead."""
    found, query = [], f"?{query}"
    while query:
        response = client.get(LIST + query)
        page = response.context["page"]
        found.append([application.name for application in page.applications])
        cursor = page.following if rel == "next" else page.previous
        kept = response.context["query"]
        query = f"?{kept}&{cursor}" if cursor else ""
    return found


@pytest.mark.parametrize(
    "query", ["", "order=newest", "order=moved", "state=waiting", "q=nurse", "state=all"]
)
def test_pages_forwards_and_backwards_have_everybody_once(organiser, client_of, query):
    total, client = 2 * PAGE + 5, client_of(organiser)
    for number in range(total):  # many of the same moment: the key settles what is equal
        since(number // 20, name=f"{number}", state=["waiting", "dormant"][number % 2])
    expected = [a.name for a in queue_of(query, organiser).ordered()]

    forwards = walk(client, query, "next")
    backwards = walk(client, f"{query}&last=1", "previous")

    assert list(chain(*forwards)) == expected
    assert [len(names) for names in forwards[:-1]] == [PAGE] * (len(forwards) - 1)
    assert backwards[0] == expected[-PAGE:]
    assert backwards[-1] == expected[:PAGE]
    assert set(chain(*backwards)) == set(expected)


def test_pages_by_score_have_everybody_once(organiser, client_of):
    for number in range(PAGE + 3):
        ApplicationFactory(
            name=f"{number}", state=["joined", "declined"][number % 2], score=1 + number // 10, review_count=1
        )
    pages = walk(client_of(organiser), "order=highest&state=all", "next")
    scores = [Application.objects.get(name=name).score for name in chain(*pages)]
    assert (len(set(chain(*pages))), scores) == (PAGE + 3, sorted(scores, reverse=True))


@pytest.mark.parametrize(
    "cursor",
    [
        "after=x",
        "after=~",
        "after=2026-01-01~1",
        "after=2026-01-01T00:00~1",
        "after=9999-12-31T23:59:59-14:00~x",
        "after=nan~1",
        "after=4.5~1",
        "after=2026-01-01T00:00:00%2B00:00~99999999999999999999",
        "after=%00~1",
        "before=0001-01-01T00:00:00%2B00:00~1",
        "before=2000-01-01T00:00:00%2B00:00~1",
        "page=7",
    ],
)
@pytest.mark.parametrize("order", ["waiting", "highest"])
def test_forged_cursor_shows_the_first_page(organiser, client_of, cursor, order):
    since(0, name="one", state=State.JOINED, score=2.0)
    page = client_of(organiser).get(f"{LIST}?state=all&order={order}&{cursor}").context["page"]
    assert [application.name for application in page.applications] == ["one"]


def test_cursor_behind_everybody_shows_the_last_page(organiser, client_of):
    since(0, name="one")
    page = client_of(organiser).get(LIST + "?after=2999-01-01T00:00:00%2B00:00~1").context["page"]
    assert [application.name for application in page.applications] == ["one"]


def test_neighbours_follow_the_filters_and_the_order(organiser, django_assert_num_queries):
    first, second, third = (since(days, state=State.WAITING) for days in range(3))
    between = since(1, state=State.DECLINED)
    organiser.member  # as the request has it already  # noqa: B018
    with django_assert_num_queries(2):
        assert neighbours(second, "state=waiting", organiser) == (first.pk, third.pk)
    assert neighbours(second, "state=waiting&order=newest", organiser) == (third.pk, first.pk)
    assert neighbours(first, "", organiser) == (None, second.pk)
    assert neighbours(between, "q=nurse", organiser) == (second.pk, third.pk)
    assert neighbours(second, "nonsense&&=%00&after=x", organiser) == (first.pk, third.pk)


# --- Counts ---------------------------------------------------------------------------------------------
def test_counts_by_state_and_of_the_filtered_list_stand_on_the_page(organiser, client_of):
    since(0, name="Amara")
    since(1, name="Bo", state=State.DECLINED)
    page = client_of(organiser).get(LIST + "?q=amara").text
    assert [label in page for label in ("Open, 1", "Declined, 1", "All, 2", "1 application, ")] == [True] * 4


def test_count_of_a_filtered_list_is_capped(organiser, client_of):
    Application.objects.bulk_create(
        ApplicationFactory.build(email_key=f"{n}", email=f"{n}@example.org") for n in range(MOST + 1)
    )
    client = client_of(organiser)
    assert "More than 100 applications" in client.get(LIST + "?q=nurse").text
    assert "101 applications" in client.get(LIST).text
    assert client.get(LIST + "?q=nurse&last=1").context["page"].previous


# --- What comes in --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("state=nonsense", "There is no state “nonsense”; it is left out."),
        ("least=9", "Choose “Score at least” anew; what the address says is left out."),
        ("least=x", "Choose “Score at least” anew; what the address says is left out."),
        ("strength=x", "Choose “Would bring” anew; what the address says is left out."),
        ("least=4&most=2", "“At least” is above “at most”; no score is both."),
        ("q=" + "x" * 201, "Search for fewer words: 200 characters at most."),
    ],
)
def test_what_is_not_understood_is_said_and_left_out(organiser, client_of, query, sentence):
    ApplicationFactory(name="Amara")
    page = client_of(organiser).get(f"{LIST}?{query}")
    assert (page.status_code, sentence in page.text.replace("&#x27;", "'")) == (200, True)
    assert QueueForm(QueryDict(query), organiser=True).not_understood() == [sentence]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40), other=st.sampled_from(["", "&mine=no", "&state=all&order=highest"]))
def test_queue_takes_any_text(organiser, client_of, text, other):
    if not Application.objects.exists():
        ApplicationFactory()
    response = client_of(organiser).get(f"{LIST}?q={quote(text)}{other}")
    assert response.status_code == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(
        ["state", "strength", "least", "most", "mine", "order", "after", "before", "disagree"]
    ),
    value=st.one_of(
        st.text(max_size=30), st.integers().map(str), st.floats().map(str), st.datetimes().map(str)
    ),
)
def test_queue_takes_any_parameter(organiser, client_of, name, value):
    response = client_of(organiser).get(f"{LIST}?{name}={quote(value)}")
    assert response.status_code == 200


def test_address_keeps_what_was_asked_and_leaves_the_usual_out(organiser):
    asked = "state=waiting&state=invited&q=a+b&least=2.5&mine=yes&disagree=1&order=newest"
    assert QueueForm(QueryDict(asked), organiser=True).filters().query() == asked
    assert QueueForm(QueryDict("order=waiting&q=&mine=&least="), organiser=True).filters().query() == ""


# --- The page -------------------------------------------------------------------------------------------
def test_rows_lead_to_the_application_and_keep_the_list(organiser, client_of):
    application = ApplicationFactory(name="Amara")
    page = client_of(organiser).get(LIST + "?q=amara&order=newest").text
    assert f'href="{LIST}{application.pk}/?queue=q%3Damara%26order%3Dnewest"' in page


def test_htmx_gets_the_part_that_changes_and_history_the_whole_page(organiser, client_of):
    client = client_of(organiser)
    part = client.get(LIST + "?q=&order=newest&least=", headers={"HX-Request": "true"})
    whole = client.get(LIST, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert ("<html" in part.text, 'id="queue"' in part.text, "<html" in whole.text) == (False, True, True)
    assert "HX-Request" in part.headers["Vary"]
    assert part.headers["HX-Push-Url"] == LIST + "?order=newest"


def test_reviewers_see_the_queue_without_what_is_for_organisers(organiser, others, client_of, member, client):
    ApplicationFactory()
    page = client_of(others[1]).get(LIST)
    assert (page.status_code, "pick" in page.text, "export.csv" in page.text) == (200, False, False)
    assert client_of(member.user).get(LIST).status_code == 403
    assert client.get(LIST).headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_queue_costs_a_fixed_number_of_queries(organiser, client_of, rows):
    criterion, strength = CriterionFactory(), StrengthFactory()
    for number in range(rows):
        application = since(number)
        application.strengths.set([strength])
        if number < 30:
            review(application, organiser, 1 + number % 5, criterion)
    last = quote(str(DAY))
    costs = {
        LIST: 9,
        LIST + "?state=all": 9,
        f"{LIST}?after={last}~0": 9,
        LIST + f"?q=nurse&strength={strength.pk}": 9,
        LIST + "?mine=yes&order=highest&least=1": 9,
    }
    assert queries_of(client_of(organiser), costs) == costs


# --- The file -------------------------------------------------------------------------------------------
def rows_of(response) -> list[dict]:
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_export_has_what_the_filters_find_and_no_secrets(organiser, client_of, others):
    strengths = [StrengthFactory(name="Law"), StrengthFactory(name="Art")]
    application = since(0, name="Zoë Łukasz", experience="One\ntwo", links=["https://example.org/a"])
    application.strengths.set(strengths)
    admissions.review(application_id=application.pk, by=others[0], scores={}, note="A secret", now=DAY)
    since(1, state=State.DECLINED)

    response = client_of(organiser).get("/organise/applications/export.csv?state=waiting")

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="applications-')
    assert rows_of(response) == [
        {
            "number": str(application.pk),
            "name": "Zoë Łukasz",
            "email": application.email,
            "current_role": "Nurse",
            "experience": "One\ntwo",
            "interest": "I want to read with others.",
            "strengths": "Law; Art",
            "talk": "",
            "links": "https://example.org/a",
            "state": "Waiting",
            "applied": "2026-03-01 14:00",
            "confirmed": "2026-03-01 14:00",
            "last_moved": "2026-03-01 14:00",
        }
    ]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1", " =1+1", "|cmd", "%0A", "＝1+1", "－1"],
)
def test_export_disarms_what_a_spreadsheet_would_run(organiser, client_of, cell):
    ApplicationFactory(name="A", experience=cell, current_role=f"x,{cell}", interest=f'"{cell}')
    row = rows_of(client_of(organiser).get("/organise/applications/export.csv"))[0]
    assert row["experience"] == "'" + cell.replace("|", "\\|")
    assert [row[column][:1] for column in ("current_role", "interest")] == ["x", '"']


def test_export_comes_in_pieces_and_has_everybody(organiser, client_of):
    Application.objects.bulk_create(
        ApplicationFactory.build(email_key=f"{n}", email=f"{n}@example.org") for n in range(1100)
    )
    response = client_of(organiser).get("/organise/applications/export.csv")
    pieces = list(response.streaming_content)
    assert (response.streaming, len(pieces)) == (True, 3)
    assert b"".join(pieces).count(b"@example.org") == 1100


def test_export_is_for_organisers(organiser, others, member, client, client_of):
    address = reverse("organise:applications_export")
    assert [client_of(user).get(address).status_code for user in (others[1], member.user)] == [403, 403]
    assert client.get(address).headers["Location"].startswith("/accounts/login/")
