"""Decide now, send later: preparing, taking back, releasing; each refusal; and two who release at once."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.urls import reverse

from members import admissions, applying, decisions, invitations, moves
from members.admissions import ReviewsMissing
from members.errors import IllegalMove, NotReviewed, OutOfOrder, Refused
from members.models import Application, ApplicationChange, Decision, Invitation, ReplyTemplate, Review
from members.models.application import State
from outbox.models import Message
from tests.factories import ApplicationFactory, GroupFactory, MemberFactory, OrganiserFactory
from tests.studygroup.test_pages import queries_of

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def reviewed(by, **fields) -> Application:
    """A waiting application that `by` has reviewed."""
    application = ApplicationFactory(**fields)
    admissions.review(application_id=application.pk, by=by, scores={}, note="", now=NOW)
    return application


def prepare(application, kind, by, reason="", **more) -> Decision:
    reason = reason or ("Too few seats" if kind == "decline" else "")
    return decisions.prepare(application_id=application.pk, kind=kind, by=by, now=NOW, reason=reason, **more)


def release(*prepared, by):
    return [
        (outcome.application.pk, outcome.kind, outcome.refused)
        for outcome in decisions.release(decision_ids=[one.pk for one in prepared], by=by, now=NOW)
    ]


def state_of(application) -> str:
    return Application.objects.values_list("state", flat=True).get(pk=application.pk)


def log_of(application) -> list:
    return list(application.changes.values_list("before", "after", "actor__name", "reason"))


# --- Preparing


@pytest.mark.parametrize(
    ("kind", "state"),
    [("shortlist", "waiting"), ("invite", "shortlisted"), ("decline", "waiting"), ("decline", "shortlisted"),
     ("decline", "dormant")],
)  # fmt: skip
def test_prepared_decision_tells_and_moves_nothing(group, organiser, outbox, kind, state):
    application = reviewed(organiser)
    Application.objects.filter(pk=application.pk).update(state=state)

    decision = prepare(application, kind, organiser)

    assert (decision.kind, decision.seen, decision.prepared_by) == (kind, state, organiser)
    assert (state_of(application), log_of(application), outbox.kinds()) == (state, [], [])


@pytest.mark.parametrize("kind", Decision.Kind.values)
@pytest.mark.parametrize("state", State.values)
def test_decision_is_prepared_from_its_own_states_alone(group, organiser, kind, state):
    application = ApplicationFactory(state=state)
    Review.objects.create(application=application, reviewer=organiser, saved_at=NOW)
    Application.objects.filter(pk=application.pk).update(review_count=1)
    allowed = {
        "shortlist": {"waiting"},
        "invite": {"shortlisted"},
        "decline": {"waiting", "shortlisted", "invited", "dormant"},
    }
    if state in allowed[kind]:
        prepare(application, kind, organiser)
    else:
        with pytest.raises(IllegalMove):
            prepare(application, kind, organiser)
    assert Decision.objects.count() == (state in allowed[kind])


@pytest.mark.parametrize("kind", ["shortlist", "decline"])
def test_preparing_needs_an_own_review(group, organiser, kind):
    application = reviewed(OrganiserFactory().user)
    with pytest.raises(NotReviewed):
        prepare(application, kind, organiser)
    assert not Decision.objects.exists()


def test_preparing_the_shortlist_needs_the_groups_reviews_or_an_override(group, organiser):
    group.reviews_needed = 2
    group.save()
    application = reviewed(organiser)
    with pytest.raises(
        ReviewsMissing, match=r"^Write why this one review is enough, or wait for more: the group"
    ):
        prepare(application, "shortlist", organiser, " ")
    assert prepare(application, "shortlist", organiser, "Known to all").reason == "Known to all"


def test_preparing_from_a_stale_page_is_refused(group, organiser):
    with pytest.raises(IllegalMove):
        prepare(ApplicationFactory(state=State.SHORTLISTED), "decline", organiser, seen="waiting")


def test_preparing_to_decline_needs_a_reason(group, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    with pytest.raises(Refused, match="Give a reason"):
        decisions.prepare(application_id=application.pk, kind="decline", by=organiser, now=NOW, reason=" \n")


def test_preparing_out_of_order_needs_a_reason_unless_those_before_are_prepared(group, organiser):
    first, second, third = (ApplicationFactory(state=State.SHORTLISTED, place=n) for n in (1, 2, 3))
    with pytest.raises(OutOfOrder):
        prepare(second, "invite", organiser)
    prepare(first, "invite", organiser)
    prepare(second, "invite", organiser)
    prepare(third, "decline", organiser)
    assert prepare(third, "invite", organiser).kind == "invite"


def test_preparing_again_replaces_ones_own_decision_by_a_new_row(group, organiser):
    application = reviewed(organiser)
    first = prepare(application, "shortlist", organiser)
    second = prepare(application, "decline", organiser, "Too early")
    assert Decision.objects.get() == second
    assert release(first, by=organiser) == []
    assert state_of(application) == State.WAITING


def test_preparing_over_somebody_elses_decision_is_refused(group, organiser):
    application = reviewed(organiser)
    other = OrganiserFactory().user
    admissions.abstain(application_id=application.pk, by=other, note="", now=NOW)
    standing = prepare(application, "shortlist", organiser)
    with pytest.raises(Refused, match="Somebody else has prepared a decision"):
        prepare(application, "decline", other)
    assert Decision.objects.get() == standing


# --- Taking back


def test_taken_back_decision_is_gone_without_anybody_told(group, organiser, outbox):
    application = reviewed(organiser)
    decision = prepare(application, "shortlist", organiser)
    decisions.take_back(application_id=application.pk, decision_id=decision.pk)
    with pytest.raises(Refused, match="no such prepared decision"):
        decisions.take_back(application_id=application.pk, decision_id=decision.pk)
    assert release(decision, by=organiser) == []
    assert (state_of(application), outbox.kinds(), log_of(application)) == (State.WAITING, [], [])


def test_taking_back_from_a_stale_page_leaves_the_newer_decision(group, organiser):
    application = reviewed(organiser)
    old = prepare(application, "shortlist", organiser)
    new = prepare(application, "decline", organiser)
    with pytest.raises(Refused):
        decisions.take_back(application_id=application.pk, decision_id=old.pk)
    assert Decision.objects.get() == new


# --- What happens in between


def test_withdrawal_takes_the_prepared_decision_away(group, organiser, outbox):
    application = reviewed(organiser)
    decision = prepare(application, "shortlist", organiser)
    applying.withdraw(application_id=application.pk, now=NOW)
    assert not Decision.objects.exists()
    assert release(decision, by=organiser) == []
    assert outbox.kinds() == ["withdrawn"]


def test_decision_made_at_once_settles_the_prepared_one(group, organiser):
    application = reviewed(organiser)
    prepare(application, "shortlist", organiser)
    admissions.decline(application_id=application.pk, by=organiser, reason="No", now=NOW)
    assert not Decision.objects.exists()


def test_edit_by_the_applicant_keeps_the_prepared_decision(group, organiser):
    application = reviewed(organiser)
    decision = prepare(application, "shortlist", organiser)
    answers = {
        "name": "Zoë",
        "current_role": "r",
        "experience": "e",
        "interest": "i",
        "links": [],
        "talk": "",
    }
    applying.edit(application_id=application.pk, answers=answers, strengths=[], now=NOW)
    assert Decision.objects.get() == decision


# --- Releasing


def test_release_moves_logs_and_mails_each_kind(group, organiser, outbox):
    up, out = reviewed(organiser), reviewed(organiser)
    invited = ApplicationFactory(state=State.SHORTLISTED)
    prepared = [
        prepare(up, "shortlist", organiser),
        prepare(invited, "invite", organiser, "Knows R"),
        prepare(out, "decline", organiser, "Too few seats"),
    ]
    releaser = OrganiserFactory(user__name="Rita Releaser").user  # who has reviewed none of them

    outcomes = release(*prepared, by=releaser)

    assert outcomes == [(up.pk, "shortlist", ""), (out.pk, "decline", ""), (invited.pk, "invite", "")]
    assert log_of(up) == [("waiting", "shortlisted", "Rita Releaser", "")]
    assert log_of(out) == [("waiting", "declined", "Rita Releaser", "Too few seats")]
    assert log_of(invited) == [("shortlisted", "invited", "Rita Releaser", "Knows R")]
    assert outbox.kinds() == ["shortlisted", "declined", "invitation"]
    assert not Decision.objects.exists()


def test_release_with_an_override_logs_it(group, organiser):
    group.reviews_needed = 3
    group.save()
    application = reviewed(organiser)
    release(prepare(application, "shortlist", organiser, "Known to all"), by=organiser)
    assert log_of(application) == [
        ("waiting", "shortlisted", "Orla Quinn", "With 1 of 3 reviews: Known to all")
    ]


def test_release_of_more_invitations_than_seats_refuses_the_last_in_order(group, organiser, outbox):
    group.capacity = 3  # one is the organiser's
    group.save()
    last, first, second = (ApplicationFactory(state=State.SHORTLISTED, place=n) for n in (3, 1, 2))
    prepared = [prepare(each, "invite", organiser) for each in (first, second, last)]

    outcomes = release(*prepared, by=organiser)

    full = "All 3 seats are taken or held. Nothing was changed."
    assert outcomes == [(first.pk, "invite", ""), (second.pk, "invite", ""), (last.pk, "invite", full)]
    assert list(Decision.objects.values_list("application", flat=True)) == [last.pk]
    assert (state_of(last), outbox.kinds()) == (State.SHORTLISTED, ["invitation", "invitation"])


def test_release_offers_the_seat_that_a_decline_of_the_same_release_frees(group, organiser):
    group.capacity = 2
    group.save()
    holder, next_one = (ApplicationFactory(state=State.SHORTLISTED) for _ in range(2))
    admissions.invite(application_id=holder.pk, by=organiser, now=NOW)
    invite, decline = prepare(next_one, "invite", organiser), prepare(holder, "decline", organiser)
    assert [refused for _, _, refused in release(invite, decline, by=organiser)] == ["", ""]
    assert (state_of(holder), state_of(next_one)) == (State.DECLINED, State.INVITED)


def test_release_of_an_invitation_whose_turn_is_not_yet_is_refused(group, organiser):
    first, second = (ApplicationFactory(state=State.SHORTLISTED, place=n) for n in (1, 2))
    before, after = prepare(first, "invite", organiser), prepare(second, "invite", organiser)
    decisions.take_back(application_id=first.pk, decision_id=before.pk)
    [(_, _, refused)] = release(after, by=organiser)
    assert refused == (
        f"Say why {second.name} is asked before {first.name}, who comes first in the agreed order."
    )
    assert Decision.objects.get() == after


def test_release_keeps_one_refusal_apart_from_the_others(group, organiser, outbox):
    good, late = reviewed(organiser), reviewed(organiser)
    prepared = [prepare(each, "shortlist", organiser) for each in (late, good)]
    group.reviews_needed = 2
    group.save()
    admissions.review(application_id=good.pk, by=OrganiserFactory().user, scores={}, note="", now=NOW)
    refused = {pk: why for pk, _, why in release(*prepared, by=organiser)}
    assert refused[good.pk] == ""
    assert refused[late.pk].startswith("Write why this one review is enough")
    assert outbox.kinds() == ["shortlisted"]


def test_release_after_the_preparer_has_left_needs_the_releasers_review(group, organiser):
    gone = OrganiserFactory().user
    application = reviewed(gone)
    decision = prepare(application, "shortlist", gone)
    gone.delete()
    [(_, _, refused)] = release(decision, by=organiser)
    assert refused.startswith("Save your review first, or abstain")
    admissions.abstain(application_id=application.pk, by=organiser, note="", now=NOW)
    assert release(decision, by=organiser) == [(application.pk, "shortlist", "")]


def test_release_twice_sends_nothing_twice(group, organiser, outbox):
    decision = prepare(reviewed(organiser), "shortlist", organiser)
    assert [len(release(decision, by=organiser)) for _ in range(2)] == [1, 0]
    assert outbox.kinds() == ["shortlisted"]


def test_release_of_more_than_a_hundred_at_once_is_refused(group, organiser):
    with pytest.raises(Refused, match="at most 100"):
        decisions.release(decision_ids=range(101), by=organiser, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_eight_who_release_the_same_ten_at_once_write_ten_lines_and_ten_mails():
    GroupFactory(capacity=20)
    organiser = OrganiserFactory().user
    prepared = [prepare(reviewed(organiser), "shortlist", organiser) for _ in range(4)]
    prepared += [prepare(reviewed(organiser), "decline", organiser) for _ in range(3)]
    prepared += [prepare(ApplicationFactory(state=State.SHORTLISTED), "invite", organiser) for _ in range(3)]
    outcomes, barrier = [], threading.Barrier(8)

    def run() -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            outcomes.extend(release(*prepared, by=organiser))
        except Exception as fault:  # shown by the assertion below
            outcomes.append(repr(fault))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == sorted((d.application_id, d.kind, "") for d in prepared)
    assert (ApplicationChange.objects.count(), Message.objects.count()) == (10, 10)
    assert (Invitation.objects.open().count(), Decision.objects.count()) == (3, 0)


@pytest.mark.django_db(transaction=True)
def test_release_and_take_back_at_once_end_in_one_of_the_two():
    """Whoever is told that nobody was told is told the truth."""
    GroupFactory()
    organiser = OrganiserFactory().user
    for _ in range(10):
        application = reviewed(organiser)
        decision, barrier, taken = prepare(application, "shortlist", organiser), threading.Barrier(2), []

        def take(application=application, decision=decision, barrier=barrier, taken=taken) -> None:
            try:
                connection.ensure_connection()
                barrier.wait()
                decisions.take_back(application_id=application.pk, decision_id=decision.pk)
                taken.append(True)
            except Refused:
                taken.append(False)
            finally:
                connection.close()

        thread = threading.Thread(target=take)
        thread.start()
        barrier.wait()
        outcomes = release(decision, by=organiser)
        thread.join()
        assert [taken[0], bool(outcomes), state_of(application)] in (
            [True, False, State.WAITING],
            [False, True, State.SHORTLISTED],
        )


# --- On the desk


@pytest.fixture
def desk(organiser, client_of):
    return client_of(organiser)


def post(client, application, action, **data):
    return client.post(reverse(f"organise:application_{action}", args=[application.pk]), data, follow=True)


def page_of(client, application):
    return client.get(reverse("organise:application", args=[application.pk]))


def test_desk_prepares_shows_and_takes_back(group, organiser, desk, outbox):
    application = reviewed(organiser, name="Zoë")
    page = post(desk, application, "prepare", kind="decline", reason="Dear {name}, no.", seen="waiting")
    assert "The decision on Zoë is prepared. Nobody has been told." in page.text
    decision = Decision.objects.get()
    assert (decision.kind, decision.reason) == ("decline", "Dear Zoë, no.")
    assert "Dear Zoë, no." in page.text
    assert f'name="shown" value="{decision.pk}"' in page.text

    assert "is taken back" in post(desk, application, "take_back", shown=decision.pk).text
    again = post(desk, application, "take_back", shown=decision.pk).text
    assert "There is no such prepared decision any more" in again
    assert "it did not say which decision" in post(desk, application, "take_back").text
    assert (Decision.objects.count(), outbox.kinds()) == (0, [])


def test_desk_asks_for_the_override_only_while_reviews_are_missing(group, organiser, desk):
    application = reviewed(organiser)
    assert 'name="override"' not in page_of(desk, application).text
    group.reviews_needed = 2
    group.save()
    assert "One review is saved; the group asks for two." in page_of(desk, application).text
    for action in ("shortlist", "prepare"):
        refused = post(desk, application, action, kind="shortlist", override=" ")
        assert refused.status_code == 422
        assert 'id="id_override_error"' in refused.text
        assert "Write why this one review is enough" in refused.text
    long = post(desk, application, "shortlist", override="y" * 1001)
    assert (long.status_code, "y" * 1001 in long.text) == (422, True)
    post(desk, application, "shortlist", override="Known to all")
    assert state_of(application) == State.SHORTLISTED


def test_desk_asks_why_only_when_somebody_else_comes_first(group, organiser, desk):
    first = ApplicationFactory(state=State.SHORTLISTED, place=1, name="Ada First")
    second = ApplicationFactory(state=State.SHORTLISTED, place=2)
    assert 'name="why"' not in page_of(desk, first).text
    assert "<bdi>Ada First</bdi> comes first in the agreed order." in page_of(desk, second).text
    for action in ("invite", "prepare"):
        refused = post(desk, second, action, kind="invite")
        assert refused.status_code == 422
        assert 'id="id_why_error"' in refused.text
    post(desk, second, "invite", why="Knows R")
    assert log_of(second) == [("shortlisted", "invited", "Orla Quinn", "Knows R")]


def test_desk_of_a_full_room_says_so_and_keeps_what_was_typed(group, organiser, desk):
    group.capacity = 1
    group.save()
    application = ApplicationFactory(state=State.SHORTLISTED)
    assert "All 1 seats are taken or held, so nobody can be invited now." in page_of(desk, application).text
    refused = post(desk, application, "invite", why="Knows R")
    assert refused.status_code == 409
    assert "All 1 seats are taken or held. Nothing was changed." in refused.text
    assert ">\nKnows R</textarea>" in refused.text
    post(desk, application, "prepare", kind="invite")
    assert Decision.objects.get().kind == "invite"


def test_desk_refuses_a_placeholder_that_stands_for_nothing(group, organiser, desk):
    application = reviewed(organiser)
    refused = post(desk, application, "decline", reason="Dear {nmae} {x y}")
    assert refused.status_code == 422
    assert "Take {nmae} out: only {name} and {group} are filled in." in refused.text
    assert "Dear {nmae} {x y}</textarea>" in refused.text


def test_desk_fills_the_reason_from_a_template(group, organiser, desk):
    template = ReplyTemplate.objects.create(name="Few", use="decline", text="Dear {name}, few seats.")
    application = reviewed(organiser, name="Zoë")
    page = desk.get(reverse("organise:application", args=[application.pk]), {"reason": template.pk}).text
    assert "Dear Zoë, few seats.</textarea>" in page
    assert re.search(r'<details class="mt-4" id="decline" open>', page)
    assert state_of(application) == State.WAITING


@pytest.mark.parametrize("kind", ["", "join", "waiting"])
def test_prepare_of_an_unknown_kind_is_not_found(group, desk, kind):
    assert post(desk, ApplicationFactory(), "prepare", kind=kind).status_code == 404


def test_stale_sentence_names_the_move_and_not_a_later_edit(group, organiser):
    application = reviewed(organiser)
    admissions.shortlist(application_id=application.pk, by=organiser, now=NOW)
    application.refresh_from_db()
    moves.log(application, before="shortlisted", by=moves.By.APPLICANT, now=NOW, reason="Changed the answers")
    assert moves.stale_sentence(application, now=NOW) == (
        "Orla Quinn moved this application to Shortlisted just now. Nothing was changed."
    )


# --- The page of all of them


def ticked(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'name="decision" value="(\d+)" id="[^"]+" checked', page)]


def send(client, *keys):
    return client.post(reverse("organise:decisions_release"), {"decision": keys}, follow=True).text


def test_page_lists_all_ticked_by_kind_with_the_mails(group, organiser, desk):
    out = prepare(reviewed(organiser, name="Ola Out"), "decline", organiser, "Too few seats")
    up = prepare(reviewed(organiser, name="Una Up"), "shortlist", organiser)
    asked = prepare(
        ApplicationFactory(state=State.SHORTLISTED, name="Ines In"), "invite", organiser, "Knows R"
    )
    page = desk.get(reverse("organise:decisions")).text
    assert ticked(page) == [up.pk, asked.pk, out.pk]
    assert "Dear Ola Out," in page
    assert "Too few seats" in page
    assert 'Why: <span dir="auto">Knows R</span>' in page
    assert page.count("[the applicant’s own link]") == 2
    assert "/application/" not in page


def test_page_releases_the_ticked_and_reports_each_outcome(group, organiser, desk, outbox):
    group.capacity = 1
    group.save()
    up, other = (prepare(reviewed(organiser, name=name), "shortlist", organiser) for name in ("Una", "Tom"))
    asked = prepare(ApplicationFactory(state=State.SHORTLISTED, name="Ines"), "invite", organiser)
    page = send(desk, up.pk, asked.pk)
    assert "Released: Una. The mail waits in the outbox until it is released." in page
    assert "Still prepared: Ines. All 1 seats are taken or held. Nothing was changed." in page
    assert ticked(page) == [other.pk, asked.pk]
    assert outbox.kinds() == ["shortlisted"]

    again = send(desk, up.pk, other.pk)
    assert "Released: Tom." in again
    assert (
        "One of these decisions was released, changed or taken back before. Nothing was sent twice." in again
    )
    assert outbox.kinds() == ["shortlisted", "shortlisted"]


@pytest.mark.parametrize("keys", [[], ["x"], ["²"], ["9" * 30]])
def test_release_of_nothing_says_so(group, desk, keys):
    assert "Tick at least one decision. Nothing was sent." in send(desk, *keys)


def test_page_shows_no_decision_before_the_own_review_and_releases_none(group, organiser, client_of, outbox):
    decision = prepare(reviewed(organiser, name="Zoë"), "shortlist", organiser)
    other = OrganiserFactory().user
    client = client_of(other)
    page = client.get(reverse("organise:decisions")).text
    assert ("Zoë" in page, "One more decision is prepared on applications" in page) == (False, True)
    send(client, decision.pk)
    assert (outbox.kinds(), Decision.objects.count()) == ([], 1)
    admissions.abstain(application_id=decision.application_id, by=other, note="", now=NOW)
    assert ticked(client.get(reverse("organise:decisions")).text) == [decision.pk]


def test_page_shows_a_hundred_the_oldest_first(group, organiser, desk):
    applications = ApplicationFactory.create_batch(102, state=State.SHORTLISTED)
    made = Decision.objects.bulk_create(
        Decision(application=each, kind="invite", seen="shortlisted", prepared_by=organiser, prepared_at=NOW)
        for each in applications
    )
    page = desk.get(reverse("organise:decisions")).text
    assert sorted(ticked(page)) == [one.pk for one in made[:100]]
    assert "2 more are prepared and follow once these are released." in page


@pytest.mark.parametrize("rows", [1, 3, 60])
def test_page_costs_a_fixed_number_of_queries(group, organiser, desk, rows):
    for _ in range(rows):
        prepare(ApplicationFactory(state=State.SHORTLISTED), "invite", OrganiserFactory().user)
        prepare(reviewed(organiser), "shortlist", organiser)
    group.capacity = 500
    group.save()
    address = reverse("organise:decisions")
    assert queries_of(desk, [address]) == {address: 8}


def test_release_is_a_post_by_organisers(group, desk, client, client_of):
    address = reverse("organise:decisions_release")
    assert desk.get(address).status_code == 405
    assert client.post(address).headers["Location"].startswith("/accounts/login/")
    assert client_of(MemberFactory(role="reviewer").user).post(address).status_code == 403


def test_lapse_of_an_invitation_takes_a_prepared_decline_away(group, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    invitation = admissions.invite(application_id=application.pk, by=organiser, now=NOW)
    prepare(application, "decline", organiser)
    invitations.lapse_overdue(now=invitation.expires_at)
    assert (state_of(application), Decision.objects.count()) == (State.SHORTLISTED, 0)
