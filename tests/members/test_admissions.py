"""The organisers' verbs, the invitation, and rules 1, 3 and 4 one step at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from members import admissions, applying, invitations, moves, seats
from members.errors import GroupFull, IllegalMove, InvitationClosed, NotReviewed
from members.models import Application, Invitation, Member, Score, User
from members.models.application import ALLOWED_MOVES, State
from tests.factories import (
    ApplicationFactory,
    CriterionFactory,
    MemberFactory,
    OrganiserFactory,
    StrengthFactory,
)
from tests.mails import release_all

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def review(application, organiser, scores=None, note="", now=NOW):
    return admissions.review(
        application_id=application.pk, by=organiser, scores=scores or {}, note=note, now=now
    )


def invite(application, organiser, now=NOW):
    """An open invitation and its token, which the mail carries."""
    from outbox.models import Message

    invitation = admissions.invite(application_id=application.pk, by=organiser, now=now)
    return invitation, Message.objects.get(about=f"invitation:{invitation.pk}").secrets[1]


def log_of(application):
    return list(application.changes.values_list("before", "after", "by", "actor__name", "reason"))


# --- Reviews


def test_review_saved_twice_is_one_review_with_the_last_scores(group, organiser):
    application, criterion = ApplicationFactory(), CriterionFactory()

    review(application, organiser, {criterion: 2}, "First thought")
    saved = review(application, organiser, {criterion: 5}, "Second thought")

    assert application.reviews.get() == saved
    assert (saved.note, Score.objects.get().value) == ("Second thought", 5)


def test_review_mean_is_weighed_by_the_criteria(group, organiser):
    heavy, light = CriterionFactory(weight=3), CriterionFactory(weight=1)
    saved = review(ApplicationFactory(), organiser, {heavy: 5, light: 1})
    assert saved.score == 4.0


@pytest.mark.parametrize("value", [0, 6])
def test_constraint_scores_run_from_1_to_5(group, organiser, value):
    saved, criterion = review(ApplicationFactory(), organiser), CriterionFactory()
    with pytest.raises(IntegrityError, match="members_score_from_1_to_5"), transaction.atomic():
        Score.objects.create(review=saved, criterion=criterion, value=value)


@pytest.mark.parametrize("state", [State.UNCONFIRMED, State.JOINED, State.DECLINED, State.WITHDRAWN])
def test_review_of_what_is_not_under_review_is_refused(group, organiser, state):
    application = ApplicationFactory(state=state)
    with pytest.raises(IllegalMove):
        review(application, organiser)
    assert application.reviews.count() == 0


# --- Shortlist, invite, decline


def test_shortlist_needs_an_own_review(group, organiser):
    application = ApplicationFactory()
    review(application, OrganiserFactory().user)
    with pytest.raises(NotReviewed):
        admissions.shortlist(application_id=application.pk, by=organiser, now=NOW)
    application.refresh_from_db()
    assert application.state == State.WAITING


def test_shortlist_is_logged_and_refused_the_second_time(group, organiser):
    application = ApplicationFactory()
    review(application, organiser)

    admissions.shortlist(application_id=application.pk, by=organiser, now=NOW)
    with pytest.raises(IllegalMove) as refusal:
        admissions.shortlist(application_id=application.pk, by=organiser, now=NOW + timedelta(minutes=1))

    assert str(refusal.value) == (
        "Orla Quinn moved this application to Shortlisted a minute ago. Nothing was changed."
    )
    assert log_of(application) == [("waiting", "shortlisted", "organiser", "Orla Quinn", "")]


def test_decision_on_a_stale_page_is_refused(group, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    with pytest.raises(IllegalMove):
        admissions.decline(
            application_id=application.pk, by=organiser, reason="Full", now=NOW, seen=State.WAITING
        )
    application.refresh_from_db()
    assert application.state == State.SHORTLISTED


def test_invite_holds_a_seat_and_writes_the_mail(group, organiser, outbox):
    application = ApplicationFactory(state=State.SHORTLISTED)

    invitation, token = invite(application, organiser)

    application.refresh_from_db()
    assert application.state == State.INVITED
    assert invitation.expires_at == NOW + timedelta(days=14)
    assert seats.count(group) == seats.Seats(capacity=20, taken=1, held=1)
    assert outbox.kinds() == ["invitation"]
    mail = outbox.last("invitation")
    assert mail.subject == "A seat in Tuesday Readers is yours until Monday 16 March, 20:00"
    assert f"/invitation/{token}/" in mail.text


def test_invitation_token_is_stored_hashed(group, organiser):
    invitation, token = invite(ApplicationFactory(state=State.SHORTLISTED), organiser)
    assert token not in str(Invitation.objects.values_list().get(pk=invitation.pk))
    assert Invitation.objects.with_token(token).get() == invitation
    assert not Invitation.objects.with_token(invitation.token_hash).exists()


def test_invite_in_full_group_changes_nothing(group, organiser, outbox):
    group.capacity = 1  # the organiser's own seat
    group.save()
    application = ApplicationFactory(state=State.SHORTLISTED)

    with pytest.raises(GroupFull, match="All 1 seats are taken or held"):
        admissions.invite(application_id=application.pk, by=organiser, now=NOW)

    application.refresh_from_db()
    assert application.state == State.SHORTLISTED
    assert (log_of(application), outbox.kinds(), Invitation.objects.count()) == ([], [], 0)


def test_capacity_below_the_seats_in_use_frees_nobody_and_blocks_invitations(group, organiser):
    MemberFactory.create_batch(3)
    group.capacity = 2
    group.save()
    assert seats.count(group).free == 0
    with pytest.raises(GroupFull):
        invite(ApplicationFactory(state=State.SHORTLISTED), organiser)
    assert Member.objects.active().count() == 4


def test_decline_tells_the_reason_and_is_final(group, organiser, outbox):
    application = ApplicationFactory()
    review(application, organiser)

    admissions.decline(application_id=application.pk, by=organiser, reason="We lean to R.", now=NOW)
    with pytest.raises(IllegalMove):
        admissions.decline(application_id=application.pk, by=organiser, reason="Again", now=NOW)

    assert log_of(application) == [("waiting", "declined", "organiser", "Orla Quinn", "We lean to R.")]
    assert outbox.kinds() == ["declined"]
    assert "We lean to R." in outbox.last("declined").text


def test_decline_of_an_invited_one_revokes_and_frees_the_seat(group, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    invitation, token = invite(application, organiser)

    admissions.decline(application_id=application.pk, by=organiser, reason="A mistake", now=NOW)

    invitation.refresh_from_db()
    assert (invitation.state, seats.count(group).held) == (Invitation.State.REVOKED, 0)
    with pytest.raises(InvitationClosed, match="taken back"):
        invitations.accept(token=token, now=NOW)


# --- The invitation


def test_accept_makes_account_member_and_seat_once(group, organiser, outbox):
    strength = StrengthFactory()
    application = ApplicationFactory(state=State.SHORTLISTED, email="Zoe@Example.org", name="Zoë")
    application.strengths.add(strength)
    _, token = invite(application, organiser)

    member = invitations.accept(token=token, now=NOW)
    with pytest.raises(InvitationClosed, match=r"^This invitation has been accepted"):
        invitations.accept(token=token, now=NOW)

    application.refresh_from_db()
    assert application.state == State.JOINED
    assert (member.state, member.user.email, member.user.name) == ("active", "zoe@example.org", "Zoë")
    assert not member.user.has_usable_password()
    assert list(member.strengths.all()) == [strength]
    assert User.objects.filter(email="zoe@example.org").count() == 1
    assert seats.count(group) == seats.Seats(capacity=20, taken=2, held=0)
    assert outbox.kinds("zoe@example.org") == ["welcome"]


def test_accept_by_a_former_member_takes_the_old_record_up(group, organiser):
    former = MemberFactory(user__email="zoe@example.org", state=Member.State.ALUMNI, left_at=NOW)
    _, token = invite(ApplicationFactory(state=State.SHORTLISTED, email="zoe@example.org"), organiser)
    assert invitations.accept(token=token, now=NOW) == former
    former.refresh_from_db()
    assert (former.state, former.left_at) == ("active", None)


def test_accept_after_expiry_is_refused_even_before_the_worker_has_lapsed_it(group, organiser):
    invitation, token = invite(ApplicationFactory(state=State.SHORTLISTED), organiser)
    with pytest.raises(InvitationClosed, match="lapsed"):
        invitations.accept(token=token, now=invitation.expires_at)
    assert Member.objects.count() == 1


def test_decline_by_the_invitee_frees_the_seat(group, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    _, token = invite(application, organiser)
    invitations.decline(token=token, now=NOW)
    application.refresh_from_db()
    assert (application.state, seats.count(group).held) == (State.WITHDRAWN, 0)
    with pytest.raises(InvitationClosed):
        invitations.accept(token=token, now=NOW)


def test_withdrawing_while_invited_frees_the_seat(group, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    _, token = invite(application, organiser)
    applying.withdraw(application_id=application.pk, now=NOW)
    assert seats.count(group).held == 0
    with pytest.raises(InvitationClosed):
        invitations.accept(token=token, now=NOW)


def test_lapse_returns_to_the_shortlist_once(group, organiser, outbox):
    application = ApplicationFactory(state=State.SHORTLISTED)
    invitation, _ = invite(application, organiser)
    release_all()
    late = invitation.expires_at

    assert invitations.lapse_overdue(now=late - timedelta(seconds=1)) == 0
    assert [invitations.lapse_overdue(now=late), invitations.lapse_overdue(now=late)] == [1, 0]

    application.refresh_from_db()
    assert (application.state, seats.count(group).held) == (State.SHORTLISTED, 0)
    assert log_of(application)[-1] == ("invited", "shortlisted", "system", None, "The invitation lapsed")
    assert outbox.kinds() == ["invitation", "lapsed"]


def test_invited_again_after_a_lapse_gets_a_new_mail(group, organiser, outbox):
    application = ApplicationFactory(state=State.SHORTLISTED)
    first, token = invite(application, organiser)
    release_all()
    invitations.lapse_overdue(now=first.expires_at)
    second, new_token = invite(application, organiser, now=first.expires_at)
    assert (outbox.kinds(), token != new_token) == (["invitation", "lapsed", "invitation"], True)
    invitations.accept(token=new_token, now=second.issued_at)


def test_constraint_one_open_invitation_per_application(group, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    invite(application, organiser)
    with (
        pytest.raises(IntegrityError, match="members_one_open_invitation_per_application"),
        transaction.atomic(),
    ):
        Invitation.issue(application=application, by=organiser, now=NOW, days=1)


# --- The table of moves


@pytest.mark.parametrize("before", State.values)
@pytest.mark.parametrize("after", State.values)
def test_move_follows_the_table_and_nothing_else(group, before, after):
    application = ApplicationFactory(state=before)
    with transaction.atomic():
        if after in ALLOWED_MOVES[before]:
            if application.confirmed_at is None:
                Application.objects.filter(pk=application.pk).update(confirmed_at=NOW)
            moves.move(application, to=after, by=moves.By.SYSTEM, now=NOW, reason="test")
            assert [row[:3] for row in log_of(application)] == [(before, after, "system")]
        else:
            with pytest.raises(IllegalMove):
                moves.move(application, to=after, by=moves.By.SYSTEM, now=NOW)
            assert log_of(application) == []


def test_table_is_the_design():
    """docs/design.md, rule 3, written out by hand."""
    assert {before: set(after) for before, after in ALLOWED_MOVES.items()} == {
        "unconfirmed": {"waiting", "declined", "withdrawn"},
        "waiting": {"shortlisted", "dormant", "declined", "withdrawn"},
        "shortlisted": {"invited", "dormant", "declined", "withdrawn"},
        "invited": {"joined", "shortlisted", "dormant", "declined", "withdrawn"},
        "dormant": {"waiting", "shortlisted", "declined", "withdrawn"},
        "joined": set(),
        "declined": set(),
        "withdrawn": set(),
    }


@pytest.mark.django_db(transaction=True)
def test_move_outside_a_transaction_is_an_error(transactional_db):
    from tests.factories import GroupFactory

    GroupFactory()
    with pytest.raises(RuntimeError):
        moves.move(ApplicationFactory(), to=State.DECLINED, by=moves.By.SYSTEM, now=NOW)


# --- Seats


def test_add_member_respects_the_capacity(group):
    group.capacity = 1
    group.save()
    first = seats.add_member(user=User.objects.create_user("a@example.org", "A"), now=NOW, role="organiser")
    with pytest.raises(GroupFull):
        seats.add_member(user=User.objects.create_user("b@example.org", "B"), now=NOW)
    again = seats.add_member(user=first.user, now=NOW, role="organiser")
    assert (again, Member.objects.count()) == (first, 1)
