"""The review desk over HTTP: blind first, going on to the next one, reviewers, history, and what it costs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from members import admissions, applying, decisions, letters
from members.models import Application, Criterion, Member, Review
from members.models.application import State
from tests.factories import (
    ApplicationFactory,
    CriterionFactory,
    MemberFactory,
    OrganiserFactory,
    StrengthFactory,
)
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()


@pytest.fixture
def desk(organiser, client_of):
    return client_of(organiser)


@pytest.fixture
def second(group) -> Member:
    return OrganiserFactory(user__name="Second Reader")


def address(application, action="", query=""):
    name = f"application_{action}" if action else "application"
    return reverse(f"organise:{name}", args=[application.pk]) + query


def words(response) -> str:
    """The page's text as a person reads it: no tags, one space between words."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.text.partition("<main")[2]).split())


def review(application, by, value=3, note=""):
    scores = dict.fromkeys(Criterion.objects.all(), value)
    return admissions.review(application_id=application.pk, by=by, scores=scores, note=note, now=NOW)


def letter(application, by, once="once00000"):
    return letters.send(application_id=application.pk, subject="Hello", text="t", once=once, by=by, now=NOW)


def waiting(count: int) -> list[Application]:
    """As many waiting applications, the first of them waiting longest."""
    begin = NOW - timedelta(days=10)
    return [ApplicationFactory(applied_at=begin + timedelta(hours=n)) for n in range(count)]


# --- Blind first


def test_nothing_of_the_others_reviews_shows_before_ones_own(group, desk, second, organiser):
    CriterionFactory()
    application = ApplicationFactory(name="Zoë")
    third = OrganiserFactory(user__name="Third Reader").user
    review(application, second.user, 1, "Too early")
    review(application, third, 5, "At once")
    group.reviews_needed = 3
    group.save()
    admissions.shortlist(
        application_id=application.pk, by=second.user, now=NOW, override="We know enough of Zoë"
    )
    decisions.prepare(
        application_id=application.pk, kind="invite", by=third, now=NOW, reason="Brings what we lack"
    )
    hidden = [
        "Second Reader", "Third Reader", "Too early", "At once", "on average", "apart", "differ widely",
        "We know enough", "Brings what we lack", "Prepared: Invite",
    ]  # fmt: skip

    before = words(desk.get(address(application)))
    assert [each for each in hidden if each in before] == []
    assert "2 people have reviewed" in before.replace("Two", "2")
    assert "A decision is prepared. You see it once you have reviewed or abstained." in before

    desk.post(address(application, "abstain"))
    after = words(desk.get(address(application)))
    assert [each for each in hidden if each not in after] == []
    assert "3.0 on average, from two reviews, 4.0 apart" in after


def test_prepared_decision_is_shown_to_the_one_who_prepared_it_without_a_review(group, desk, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    decisions.prepare(application_id=application.pk, kind="invite", by=organiser, now=NOW)
    assert "Prepared: Invite to a seat. By Orla Quinn" in words(desk.get(address(application)))


def test_agreeing_reviews_raise_no_flag(group, desk, organiser, second):
    CriterionFactory()
    application = ApplicationFactory()
    review(application, organiser, 3)
    review(application, second.user, 4)
    assert "differ widely" not in desk.get(address(application)).text


# --- Reviewing


def test_abstaining_keeps_the_note_and_asks_for_no_score(group, desk, organiser):
    CriterionFactory()
    application = ApplicationFactory()
    desk.post(address(application, "abstain"), {"note": "My cousin"})
    saved = Review.objects.get()
    assert (saved.reviewer, saved.abstained, saved.note) == (organiser, True, "My cousin")
    assert "You abstain. Scores that you save take the place of this." in words(
        desk.get(address(application))
    )


@pytest.mark.parametrize("action", ["review", "abstain"])
def test_review_of_what_has_moved_on_keeps_the_note_that_was_typed(group, desk, organiser, action):
    application = ApplicationFactory()
    applying.withdraw(application_id=application.pk, now=NOW)
    response = desk.post(address(application, action), {"note": "A long thought"})
    assert response.status_code == 409
    assert "The applicant moved this application to Withdrawn" in words(response)
    assert "Your note was not saved: A long thought" in words(response)
    assert Review.objects.count() == 0


def test_note_that_is_too_long_is_refused_and_kept(group, desk):
    application = ApplicationFactory()
    for action in ("review", "abstain"):
        response = desk.post(address(application, action), {"note": "x" * 4001})
        assert (response.status_code, "x" * 4001 in response.text) == (422, True)
    assert Review.objects.count() == 0


def test_save_and_next_goes_along_the_line_and_begins_anew_behind_the_last(group, desk, organiser):
    first, second, third, fourth = waiting(4)
    review(third, organiser)

    def save(application) -> str:
        return desk.post(address(application, "review"), {"then": "next"}).headers["Location"]

    assert save(second) == address(fourth)
    assert save(fourth) == address(first)
    assert save(first) == address(first)  # nothing is left
    assert "You have reviewed all that wait." in words(desk.get(address(first)))


def test_links_lead_to_the_unreviewed_before_and_behind(group, desk, organiser):
    first, second, third, fourth = waiting(4)
    review(second, organiser)
    page = desk.get(address(third)).text
    assert re.findall(r'href="([^"]+)" rel="(prev|next)"', page) == [
        (address(first), "prev"),
        (address(fourth), "next"),
    ]
    assert "3 not reviewed by you" in words(desk.get(address(third)))


def test_unreviewed_are_counted_no_further_than_a_thousand(group, desk, monkeypatch):
    monkeypatch.setattr("members.views.organiser.desk.MOST_COUNTED", 2)
    waiting(2)
    application = Application.objects.first()
    assert "2 not reviewed by you" in words(desk.get(address(application)))
    waiting(5)
    assert "More than two not reviewed by you" in words(desk.get(address(application)))


def test_desk_opened_from_a_list_stays_within_it(group, desk):
    first, second, third = waiting(3)
    Application.objects.filter(pk=second.pk).update(state=State.SHORTLISTED)
    query = "?queue=state%3Dwaiting"
    page = desk.get(address(first, query=query))
    assert re.findall(r'href="([^"]+)" rel="next"', page.text) == [address(third, query=query)]
    assert 'name="queue" value="state=waiting"' in page.text
    saved = desk.post(address(first, "review"), {"then": "next", "queue": "state=waiting"})
    assert saved.headers["Location"] == address(third, query=query)
    last = desk.post(address(third, "review"), {"then": "next", "queue": "state=waiting"}, follow=True)
    assert "This is the last of the list." in words(last)


@pytest.mark.parametrize(
    "query", ["?queue=", "?queue=%00%26sort%3D%FF", "?queue=nonsense&reason=x", "?reason=9"]
)
def test_desk_takes_any_address(group, desk, query):
    assert desk.get(address(ApplicationFactory(), query=query)).status_code == 200


# --- Reviewers


def test_reviewer_reviews_and_is_offered_no_decision(group, client_of, organiser):
    CriterionFactory()
    application = ApplicationFactory(email="zoe@example.org")
    reviewer = client_of(MemberFactory(role="reviewer").user)
    assert reviewer.post(address(application, "review"), {"note": ""}).status_code == 422
    reviewer.post(address(application, "abstain"))
    page = reviewer.get(address(application))
    assert Review.objects.count() == 1
    assert "The organisers decide." in words(page)
    assert re.findall(r"/(shortlist|invite|decline|prepare|take-back|write)/\"", page.text) == []
    assert "zoe@example.org" not in page.text


@pytest.mark.parametrize("action", ["shortlist", "invite", "decline", "prepare", "take_back", "write"])
def test_reviewer_who_posts_a_decision_is_refused(group, client_of, organiser, action):
    application = ApplicationFactory(state=State.SHORTLISTED)
    reviewer = client_of(MemberFactory(role="reviewer").user)
    data = {"kind": "invite", "reason": "x", "subject": "s", "text": "t", "once": "o" * 12}
    assert reviewer.post(address(application, action), data).status_code == 403
    assert not application.changes.exists()


@pytest.mark.parametrize("name", ["decisions", "letters", "letter_new"])
def test_pages_of_organisers_are_closed_to_reviewers(group, client_of, name):
    reviewer = client_of(MemberFactory(role="reviewer").user)
    assert reviewer.get(reverse(f"organise:{name}")).status_code == 403


def test_desk_is_closed_to_members_and_visitors(group, member, client, client_of):
    application = ApplicationFactory()
    assert client_of(member.user).get(address(application)).status_code == 403
    assert client.get(address(application)).headers["Location"].startswith("/accounts/login/")


# --- History and balance


def test_history_tells_who_when_and_why(group, desk, organiser, second):
    application = ApplicationFactory()
    review(application, organiser)
    group.reviews_needed = 2
    group.save()
    admissions.shortlist(application_id=application.pk, by=organiser, now=NOW, override="Everybody agrees")
    letter(application, second.user)
    page = words(desk.get(address(application)))
    assert "Shortlisted, by Orla Quinn With 1 of 2 reviews: Everybody agrees" in page
    assert "Wrote: Hello , by Second Reader" in page


def test_balance_shows_what_the_group_has_and_what_one_would_add(group, desk):
    held, gained = StrengthFactory(name="Statistics"), StrengthFactory(name="Poetry")
    for _ in range(2):
        MemberFactory().strengths.add(held)
    MemberFactory(state="alumni", left_at=NOW).strengths.add(gained)
    application = ApplicationFactory()
    application.strengths.add(gained)
    page = words(desk.get(address(application)))
    assert "Statistics 2 Poetry 0 + 1" in page


# --- What it costs


@pytest.mark.parametrize("rows", [1, 3, 120])
@pytest.mark.parametrize(
    ("state", "query", "cost"),
    [
        (State.WAITING, "", 10),
        (State.SHORTLISTED, "", 10),
        (State.SHORTLISTED, "?queue=state%3Dshortlisted", 12),
        (State.WAITING, "?queue=text%3Dward", 12),
    ],
)
def test_desk_costs_a_fixed_number_of_queries(group, organiser, client_of, rows, state, query, cost):
    application = ApplicationFactory(state=state)
    ApplicationFactory.create_batch(rows, state=state)
    CriterionFactory.create_batch(min(rows, 9))
    for by in [organiser, *(MemberFactory().user for _ in range(min(rows, 30)))]:
        review(application, by)
    for number in range(min(rows, 30)):
        StrengthFactory()
        letter(application, organiser, once=f"once{number:05}")
    kind = "shortlist" if state == State.WAITING else "invite"
    decisions.prepare(application_id=application.pk, kind=kind, by=organiser, now=NOW)
    place = address(application, query=query)
    assert queries_of(client_of(organiser), [place]) == {place: cost}
