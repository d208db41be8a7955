"""The shortlist's order: the suggestion, the agreement, and invitations along it."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from members import applying, invitations, ordering
from members.errors import GroupFull, OutOfOrder, Refused
from members.models import Application, Member
from members.models.application import State
from tests.factories import ApplicationFactory, MemberFactory, SessionFactory, StrengthFactory
from tests.mails import release_all
from tests.members.test_races import at_once
from tests.studygroup.test_pages import queries_of

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
PAGE = "/organise/shortlist/"


def shortlisted(name: str, *, days: int = 10, **more) -> Application:
    since = NOW - timedelta(days=days)
    return ApplicationFactory(
        name=name, state=State.SHORTLISTED, applied_at=since, confirmed_at=since, **more
    )


def candidates(active: int = 1) -> list[ordering.Candidate]:
    return ordering.shortlist(active=active, now=NOW)


def seen() -> str:
    return ordering.fingerprint(Application.objects.agreed())


def order() -> list[tuple[str, int | None]]:
    return [(one.name, one.place) for one in Application.objects.agreed()]


def names(found) -> list[str]:
    return [one.application.name for one in found]


@pytest.fixture
def three(organiser) -> list[Application]:
    """Ada, Bo and Cy, on the list for 30, 20 and 10 days; they bring nothing and have no review."""
    return [shortlisted(name, days=days) for name, days in (("Ada", 30), ("Bo", 20), ("Cy", 10))]


# --- The suggestion ------------------------------------------------------------------------------------
def test_suggestion_counts_gain_score_and_waiting_in_points(organiser):
    common, rare = StrengthFactory(name="Common"), StrengthFactory(name="Rare")
    for member in (organiser.member, *MemberFactory.create_batch(3)):
        member.strengths.add(common)
    organiser.member.strengths.add(rare)
    away = MemberFactory(state=Member.State.ON_LEAVE)
    away.strengths.add(rare)
    both = shortlisted("Both", days=10, score=4.0)
    both.strengths.set([common, rare])
    one = shortlisted("One", days=40, score=1.0)
    one.strengths.set([common])
    shortlisted("Unknown", days=20)

    found = {c.application.name: c for c in candidates(active=4)}

    assert found["Both"].brings == [("Rare", 1), ("Common", 4)]
    # (1 − 1/4) of 40, (4 − 1)/4 of 30 rounded, 10/40 of 30 rounded
    assert (found["Both"].gain, found["Both"].score, found["Both"].waiting) == (30, 22, 8)
    assert (found["One"].gain, found["One"].score, found["One"].waiting) == (0, 0, 30)
    assert (found["Unknown"].gain, found["Unknown"].score, found["Unknown"].waiting) == (20, 15, 15)
    assert [(c.application.name, c.points) for c in ordering.suggestion(found.values())] == [
        ("Both", 60),
        ("Unknown", 50),
        ("One", 30),
    ]
    assert {name: c.suggested for name, c in found.items()} == {"Both": 1, "Unknown": 2, "One": 3}


def test_suggestion_of_equals_puts_the_longest_waiting_first(organiser):
    shortlisted("Later", days=30)
    first = shortlisted("Earlier", days=30)
    Application.objects.filter(pk=first.pk).update(confirmed_at=NOW - timedelta(days=30, minutes=1))
    assert [(c.application.name, c.points) for c in ordering.suggestion(candidates())] == [
        ("Earlier", 65),
        ("Later", 65),
    ]


def test_suggestion_in_a_group_without_members_counts_the_middle(group):
    application = shortlisted("Ada")
    application.strengths.add(StrengthFactory())
    assert [(c.gain, c.score, c.waiting) for c in candidates(active=0)] == [(20, 15, 30)]


# --- The agreement -------------------------------------------------------------------------------------
def test_agree_writes_places_and_logs_each(three, organiser):
    ada, bo, cy = three

    changed = ordering.agree(order=[cy.pk, ada.pk, bo.pk], seen=seen(), by=organiser, now=NOW)

    assert changed == 3
    assert order() == [("Cy", 1), ("Ada", 2), ("Bo", 3)]
    assert list(cy.changes.values_list("before", "after", "actor", "reason")) == [
        ("shortlisted", "shortlisted", organiser.pk, "Place 1 in the agreed order")
    ]
    assert ordering.agree(order=[cy.pk, ada.pk, bo.pk], seen=seen(), by=organiser, now=NOW) == 0


def test_agree_on_a_stale_page_changes_nothing(three, organiser):
    ada, bo, cy = three
    old = seen()
    ordering.agree(order=[ada.pk, bo.pk, cy.pk], seen=old, by=organiser, now=NOW)
    with pytest.raises(ordering.StaleOrder):
        ordering.agree(order=[cy.pk, bo.pk, ada.pk], seen=old, by=organiser, now=NOW)
    assert order() == [("Ada", 1), ("Bo", 2), ("Cy", 3)]


@pytest.mark.parametrize("wrong", ["too few", "twice", "foreign"])
def test_agree_on_another_set_of_people_is_refused(three, organiser, wrong):
    ada, bo, _ = three
    lists = {
        "too few": [ada.pk, bo.pk],
        "twice": [ada.pk, bo.pk, bo.pk],
        "foreign": [ada.pk, bo.pk, ApplicationFactory().pk],
    }
    with pytest.raises(ordering.StaleOrder):
        ordering.agree(order=lists[wrong], seen=seen(), by=organiser, now=NOW)
    assert order() == [("Ada", None), ("Bo", None), ("Cy", None)]


@pytest.mark.django_db(transaction=True)
def test_two_organisers_agree_at_once_and_one_is_told(three, organiser):
    ada, bo, cy = three
    old = seen()
    orders = [[ada.pk, bo.pk, cy.pk], [cy.pk, bo.pk, ada.pk]]

    outcomes = at_once([lambda o=o: ordering.agree(order=o, seen=old, by=organiser, now=NOW) for o in orders])

    assert outcomes == {"done": 1, "StaleOrder": 1}
    assert [name for name, _ in order()] in (["Ada", "Bo", "Cy"], ["Cy", "Bo", "Ada"])
    assert [place for _, place in order()] == [1, 2, 3]


def test_move_one_swaps_with_the_neighbour_and_logs_the_moved_one(three, organiser):
    ada, bo, cy = three
    ordering.agree(order=[ada.pk, bo.pk, cy.pk], seen=seen(), by=organiser, now=NOW)

    ordering.move_one(application_id=cy.pk, up=True, seen=seen(), by=organiser, now=NOW)
    assert order() == [("Ada", 1), ("Cy", 2), ("Bo", 3)]
    ordering.move_one(application_id=ada.pk, up=False, seen=seen(), by=organiser, now=NOW)
    assert order() == [("Cy", 1), ("Ada", 2), ("Bo", 3)]

    assert [change.reason for change in cy.changes.all()] == [
        "Place 3 in the agreed order",
        "Place 2 in the agreed order",
    ]
    assert bo.changes.count() == 1
    with pytest.raises(Refused, match="Cy is first already"):
        ordering.move_one(application_id=cy.pk, up=True, seen=seen(), by=organiser, now=NOW)
    with pytest.raises(Refused, match="Bo is last already"):
        ordering.move_one(application_id=bo.pk, up=False, seen=seen(), by=organiser, now=NOW)


def test_newcomer_has_no_place_until_put_at_the_end(three, organiser):
    ada, bo, cy = three
    ordering.agree(order=[ada.pk, bo.pk, cy.pk], seen=seen(), by=organiser, now=NOW)
    dee = shortlisted("Dee", days=300)
    assert order()[-1] == ("Dee", None)
    with pytest.raises(Refused, match="no place in the order yet"):
        ordering.move_one(application_id=dee.pk, up=True, seen=seen(), by=organiser, now=NOW)

    ordering.place_last(application_id=dee.pk, seen=seen(), by=organiser, now=NOW)

    assert order() == [("Ada", 1), ("Bo", 2), ("Cy", 3), ("Dee", 4)]
    with pytest.raises(Refused, match="has a place already"):
        ordering.place_last(application_id=dee.pk, seen=seen(), by=organiser, now=NOW)


def test_returning_one_keeps_the_place_though_the_order_was_agreed_anew(three, organiser):
    ada, bo, cy = three
    ordering.agree(order=[ada.pk, bo.pk, cy.pk], seen=seen(), by=organiser, now=NOW)
    invitation = ordering.invite(application_id=ada.pk, by=organiser, now=NOW)
    assert order() == [("Bo", 2), ("Cy", 3)]  # a gap does no harm
    ordering.agree(order=[cy.pk, bo.pk], seen=seen(), by=organiser, now=NOW)
    invitations.revoke(invitation_id=invitation.pk, by=organiser, now=NOW, reason="A mistake")

    assert order() == [("Ada", 1), ("Cy", 1), ("Bo", 2)]  # the longer waiting of two firsts comes first
    assert [one.position for one in candidates()] == [1, 2, 3]
    ordering.move_one(application_id=ada.pk, up=False, seen=seen(), by=organiser, now=NOW)
    assert order() == [("Cy", 1), ("Ada", 2), ("Bo", 3)]


# --- Inviting ------------------------------------------------------------------------------------------
def test_first_of_the_agreed_order_is_invited_without_a_reason(three, organiser):
    ada, bo, cy = three
    ordering.agree(order=[bo.pk, ada.pk, cy.pk], seen=seen(), by=organiser, now=NOW)
    with pytest.raises(OutOfOrder) as refusal:
        ordering.invite(application_id=ada.pk, by=organiser, now=NOW, reason="  ")
    assert str(refusal.value) == "Bo comes first in the agreed order. Say why Ada is asked before."
    ordering.invite(application_id=bo.pk, by=organiser, now=NOW)
    bo.refresh_from_db()
    assert bo.state == State.INVITED


def test_without_an_order_the_suggestion_says_who_is_first(three, organiser):
    ada, bo, _ = three
    with pytest.raises(OutOfOrder) as refusal:
        ordering.invite(application_id=bo.pk, by=organiser, now=NOW)
    assert str(refusal.value) == "Ada comes first in the suggestion. Say why Bo is asked before."
    ordering.invite(application_id=ada.pk, by=organiser, now=NOW)

    ordering.invite(application_id=three[2].pk, by=organiser, now=NOW, reason=" Has to move soon. ")
    assert three[2].changes.last().reason == "Has to move soon."


def test_whoever_let_an_invitation_lapse_is_asked_again_with_a_reason_only(three, organiser):
    ada, bo, cy = three
    ordering.agree(order=[ada.pk, bo.pk, cy.pk], seen=seen(), by=organiser, now=NOW)
    invitation = ordering.invite(application_id=ada.pk, by=organiser, now=NOW)
    release_all()
    later = invitation.expires_at
    invitations.lapse_overdue(now=later)

    assert order()[0] == ("Ada", 1)
    assert ordering.first(candidates()).application == bo
    with pytest.raises(OutOfOrder, match=r"Ada let an invitation lapse\. Say why you ask again\."):
        ordering.invite(application_id=ada.pk, by=organiser, now=later)
    ordering.invite(application_id=ada.pk, by=organiser, now=later, reason="The mail was lost")
    ada.refresh_from_db()
    assert (ada.state, ada.changes.last().reason) == (State.INVITED, "The mail was lost")


def test_invite_into_a_full_group_says_so_before_it_asks_for_a_reason(three, organiser, group):
    group.capacity = 1
    group.save()
    with pytest.raises(GroupFull):
        ordering.invite(application_id=three[1].pk, by=organiser, now=NOW)


# --- The page ------------------------------------------------------------------------------------------
def test_page_shows_the_suggestion_beside_the_order(three, organiser, client_of):
    page = client_of(organiser).get(PAGE)
    assert names(page.context["candidates"]) == names(page.context["suggested"]) == ["Ada", "Bo", "Cy"]
    assert "Three people are on the shortlist" in page.text
    assert page.text.count("Invite to a seat</button>") == 1
    assert page.text.count("Invite out of order") == 2


def test_page_keeps_scores_from_whoever_has_not_reviewed(three, organiser, client_of):
    ada = three[0]
    Application.objects.filter(pk=ada.pk).update(score=4.5, review_count=2)
    client = client_of(organiser)
    assert "4.5 of 5" not in client.get(PAGE).text
    ada.reviews.create(reviewer=organiser, abstained=True, saved_at=NOW)
    page = client.get(PAGE).text
    assert "4.5 of 5, from two reviews" in page
    assert page.count("Review first") == 2


def test_page_agrees_and_moves_and_tells_of_a_stale_form(three, organiser, client_of):
    client = client_of(organiser)
    page = client.get(PAGE)
    form = {"seen": page.context["seen"], "order": page.context["suggested_order"]}
    done = client.post(f"{PAGE}agree/", form, follow=True)
    assert [str(m) for m in done.context["messages"]] == ["The order is agreed."]
    cy = three[2]

    moved = client.post(f"{PAGE}{cy.pk}/move/", {"seen": done.context["seen"], "step": "up"})
    assert moved.headers["Location"] == f"{PAGE}#candidate-{cy.pk}"
    assert order() == [("Ada", 1), ("Cy", 2), ("Bo", 3)]

    for address, data in ((f"{PAGE}{cy.pk}/move/", {"step": "up"}), (f"{PAGE}agree/", form)):
        stale = client.post(address, {**data, "seen": done.context["seen"]}, follow=True)
        assert [str(m) for m in stale.context["messages"]][-1] == str(ordering.StaleOrder())
    assert order() == [("Ada", 1), ("Cy", 2), ("Bo", 3)]


@pytest.mark.parametrize("data", [{}, {"order": "1,x", "seen": "y"}, {"order": "", "seen": ""}])
def test_agree_with_a_malformed_form_changes_nothing(three, organiser, client_of, data):
    assert client_of(organiser).post(f"{PAGE}agree/", data).status_code == 302
    assert order() == [("Ada", None), ("Bo", None), ("Cy", None)]


def test_page_asks_for_the_reason_and_keeps_what_was_typed(three, organiser, client_of):
    client = client_of(organiser)
    bo = three[1]
    page = client.post(f"{PAGE}{bo.pk}/invite/", {"seen": "shortlisted", "reason": ""})
    assert page.status_code == 422
    assert "Ada comes first in the suggestion. Say why Bo is asked before." in page.text
    page = client.post(f"{PAGE}{bo.pk}/invite/", {"seen": "shortlisted", "reason": "x" * 1001})
    assert (page.status_code, "x" * 1001 in page.text) == (422, True)
    client.post(f"{PAGE}{bo.pk}/invite/", {"seen": "shortlisted", "reason": "Speaks in May"})
    bo.refresh_from_db()
    assert (bo.state, bo.changes.last().reason) == (State.INVITED, "Speaks in May")
    again = client.post(f"{PAGE}{bo.pk}/invite/", {"seen": "shortlisted", "reason": "Again"}, follow=True)
    assert "moved this application to Invited" in [str(m) for m in again.context["messages"]][-1]


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_page_costs_a_fixed_number_of_queries(group, organiser, client_of, rows):
    strength = StrengthFactory()
    for n in range(rows):
        shortlisted(f"Person {n}", place=n + 1).strengths.add(strength)
    SessionFactory()
    assert queries_of(client_of(organiser), {PAGE: 11}) == {PAGE: 11}


def test_pages_of_the_order_are_closed_to_members(group, member, client_of):
    client = client_of(member.user)
    assert client.get(PAGE).status_code == 403
    for address in ("agree/", "1/move/", "1/invite/"):
        assert client.post(f"{PAGE}{address}").status_code == 403


def test_leaving_the_shortlist_makes_a_page_stale(three, organiser):
    ada, bo, cy = three
    old = seen()
    applying.withdraw(application_id=bo.pk, now=NOW)
    with pytest.raises(ordering.StaleOrder):
        ordering.agree(order=[ada.pk, bo.pk, cy.pk], seen=old, by=organiser, now=NOW)
    assert order() == [("Ada", None), ("Cy", None)]


@pytest.mark.parametrize("page", ["applications", "decisions", "shortlist", "letters"])
def test_pages_about_applications_are_under_applications_in_the_masthead(group, organiser, client_of, page):
    text = client_of(organiser).get(f"/organise/{page}/").text
    assert re.findall(r'<li><a href="([^"]+)" aria-current="page">', text) == ["/organise/applications/"]
