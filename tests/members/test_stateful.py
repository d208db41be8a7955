"""Random lives of a waiting list: applicants, organisers, members, the clock and the worker take turns.

After every step the rules hold: seats (1), one live application per address (2), the allowed moves and
their log (3), invitations (4), one mail per event (6). A refusal must say why and change nothing.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from members import (
    admissions,
    applying,
    decisions,
    invitations,
    keeping,
    membership,
    offers,
    seats,
    tasks,
)
from members.errors import Refused
from members.models import (
    Application,
    ApplicationChange,
    Criterion,
    Decision,
    Group,
    Invitation,
    Member,
    Review,
    SeatChange,
    User,
)
from members.models.application import ALLOWED_MOVES, IN_LINE, OPEN_STATES, State
from outbox.models import Message
from tests.factories import CriterionFactory, GroupFactory
from tests.members.test_applying import ANSWERS

SPELLINGS = ("{}@example.org", "{}@EXAMPLE.org", " {}@Example.Org ")
WHO = ("ana", "BO", "Chi", "dov", "Eva")
ANY = st.integers(0, 7)  # which of the rows that exist, counted round
BY = st.integers(0, 1)  # which organiser
WORDS = st.sampled_from(["", "Because it fits"])
DONE = Counter()  # how often each verb was carried out, so that the test can tell that it tests


# What may happen, the common things more often.
ACTS = (
    ["time_passes"] * 5 + ["invite"] * 4 + ["accept"] * 4 + ["read"] * 3 + ["apply"] * 3 + ["keep"] * 2
    + ["ask_more", "prepare", "release", "change_the_seats", "agree_on_a_place"] * 2
    + ["edit", "withdraw", "erase", "decline_invitation", "review", "abstain", "shortlist", "decline"]
    + ["take_back", "revoke", "go_on_leave", "come_back", "seat_again", "leave_group", "remove", "set_role"]
)  # fmt: skip


class WaitingList(RuleBasedStateMachine):
    """`which` is a number that stands for one of the rows that an act is about."""

    @initialize()
    def begin(self) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.now = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
        GroupFactory(capacity=4, reviews_needed=2, ask_after_days=60, answer_days=14)
        self.organisers = [
            seats.add_member(
                user=User.objects.create_user(f"organiser{n}@example.org", f"Organiser {n}"),
                now=self.now,
                role="organiser",
            ).user
            for n in range(2)
        ]
        self.criteria = CriterionFactory.create_batch(2)
        self.used = 2
        for which in range(4):
            self.apply(which=which, number=0)
        for _ in range(3):
            self.read(which=0)

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    # --- helpers

    def do(self, verb, **details) -> None:
        """Do it, or be refused with a sentence and without a trace. Nothing happens to a row that is not."""
        if None in details.values():
            return
        before, refusal = self.traces(), None
        try:
            verb(now=self.now, **details)
        except Refused as refused:
            refusal = refused
        except Invitation.DoesNotExist:  # erased with its application
            refusal = "There is no such invitation."
        if refusal:
            assert str(refusal).endswith((".", "?")), str(refusal)
            assert self.traces() == before
        DONE[verb.__name__] += not refusal

    def traces(self) -> tuple:
        return (
            sorted(Application.objects.values_list("pk", "state", "place", "lapses", "kept_at")),
            sorted(Member.objects.values_list("pk", "state", "role")),
            sorted(Invitation.objects.values_list("pk", "state", "expires_at")),
            Group.objects.get().capacity,
            *(model.objects.count() for model in (ApplicationChange, SeatChange, Message, Decision, Review)),
        )

    def any(self, model, which: int, **conditions) -> int | None:
        """The key of one of the rows that fulfil the conditions, or of any, or None."""
        rows = model.objects.filter(**conditions).order_by("pk").values_list("pk", flat=True)
        found = list(rows) or list(model.objects.order_by("pk").values_list("pk", flat=True))
        return found[which % len(found)] if found else None

    def token(self, which: int) -> str | None:
        """The token of an invitation, from its mail: the newest first, sometimes an old one."""
        mails = Message.objects.filter(kind__in=["invitation", "invitation_reminder"]).order_by("-pk")[:4]
        return mails[which % len(mails)].secrets[-1] if mails else None

    # --- who may act

    @rule(act=st.sampled_from(ACTS), which=ANY, by=BY, number=st.integers(0, 7), reason=WORDS)
    def step(self, act, which, by, number, reason):
        """One thing happens. One rule for all: of several, Hypothesis leaves some out of each walk."""
        getattr(self, act)(which=which, by=self.organisers[by], number=number, reason=reason)

    def apply(self, which, number, **_):
        email = SPELLINGS[number % 3].format(WHO[which % len(WHO)])
        self.do(applying.apply, email=email, answers=ANSWERS, strengths=[])
        self.do(applying.confirm, application_id=self.any(Application, 0, state=State.UNCONFIRMED))

    def edit(self, which, **_):
        pk = self.any(Application, which)
        answers = ANSWERS | {"talk": f"Talk {which}"}
        self.do(applying.edit, application_id=pk, answers=answers, strengths=[])

    def keep(self, which, **_):
        self.do(keeping.keep, application_id=self.any(Application, which, state=State.DORMANT))

    def withdraw(self, which, **_):
        self.do(applying.withdraw, application_id=self.any(Application, which))

    def erase(self, which, **_):
        self.do(keeping.erase, application_id=self.any(Application, which))

    def accept(self, which, **_):
        self.do(invitations.accept, token=self.token(which))

    def decline_invitation(self, which, **_):
        self.do(invitations.decline, token=self.token(which))

    def ask_more(self, which, by, number, **_):
        self.do(invitations.ask_more, token=self.token(which), note="I am away")
        asked = self.any(Invitation, which, asked_more_at__isnull=False, more_granted=None)
        self.do(invitations.answer_more, invitation_id=asked, grant=number > 2, by=by)

    def read(self, which, **_):
        """Two reviews and the shortlist, as most applications go."""
        pk = self.any(Application, which, state=State.WAITING)
        for who, value in zip(self.organisers, (3, 5), strict=True):
            scores = dict.fromkeys(self.criteria, value)
            self.do(admissions.review, application_id=pk, by=who, scores=scores, note="")
        self.do(admissions.shortlist, application_id=pk, by=self.organisers[0])

    def review(self, which, by, number, **_):
        scores = dict(zip(self.criteria, (number % 5 + 1, which % 5 + 1), strict=True))
        pk = self.any(Application, which)
        self.do(admissions.review, application_id=pk, by=by, scores=scores, note="")

    def abstain(self, which, by, **_):
        self.do(admissions.abstain, application_id=self.any(Application, which), by=by, note="")

    def shortlist(self, which, by, reason, **_):
        self.do(admissions.shortlist, application_id=self.any(Application, which), by=by, override=reason)

    def invite(self, which, by, reason, **_):
        pk = self.any(Application, which, state=State.SHORTLISTED)
        self.do(admissions.invite, application_id=pk, by=by, reason=reason)

    def decline(self, which, by, **_):
        pk = self.any(Application, which)
        self.do(admissions.decline, application_id=pk, by=by, reason="Too few seats")

    def prepare(self, which, by, number, reason):
        mails = Message.objects.count()
        kind, state = (("shortlist", State.WAITING), ("invite", State.SHORTLISTED), ("decline", None))[
            number % 3
        ]
        pk = self.any(Application, which, **({"state": state} if state else {}))
        self.do(decisions.prepare, application_id=pk, kind=kind, by=by, reason=reason)
        assert Message.objects.count() == mails

    def take_back(self, which, by, **_):
        self.prepare(which=which, by=by, number=0, reason="Because it fits")
        if found := Decision.objects.first():
            decisions.take_back(application_id=found.application_id)
            DONE["take_back"] += 1

    def release(self, which, by, number, **_):
        self.prepare(which=which, by=by, number=number, reason="Because it fits")
        chosen = list(Decision.objects.values_list("pk", flat=True))
        outcomes = decisions.release(decision_ids=chosen, by=by, now=self.now)
        refused = {outcome.application.pk for outcome in outcomes if outcome.refused}
        assert len(outcomes) == len(chosen)
        assert set(Decision.objects.values_list("application_id", flat=True)) == refused
        DONE["release"] += len(outcomes) - len(refused)

    def revoke(self, which, by, **_):
        pk = self.any(Invitation, which, state="open")
        self.do(invitations.revoke, invitation_id=pk, by=by, reason="A mistake")

    def agree_on_a_place(self, which, number, **_):
        pk = self.any(Application, which, state=State.SHORTLISTED)
        Application.objects.filter(pk=pk).update(place=number or None)

    def change_the_seats(self, by, number, **_):
        self.do(seats.set_capacity, capacity=number + 1, by=by)

    def go_on_leave(self, which, by, number, **_):
        pk = self.any(Member, which, state="active")
        until = (self.now + timedelta(days=number * 6)).date()
        self.do(membership.go_on_leave, member_id=pk, by=by, until=until)

    def come_back(self, which, by, **_):
        self.go_on_leave(which=which, by=by, number=7)
        self.do(membership.come_back, member_id=self.any(Member, which, state="on_leave"), by=by)

    def seat_again(self, which, by, **_):
        self.do(membership.seat_again, member_id=self.any(Member, which, state="alumni"), by=by)

    def leave_group(self, which, by, **_):
        self.do(membership.leave_group, member_id=self.any(Member, which, state="active"), by=by)

    def remove(self, which, by, **_):
        pk = self.any(Member, which, state="active")
        self.do(membership.remove, member_id=pk, by=by, reason="It was time")

    def set_role(self, which, by, number, **_):
        role = ("member", "reviewer", "organiser", "emperor")[number % 4]
        self.do(membership.set_role, member_id=self.any(Member, which, state="active"), by=by, role=role)

    def time_passes(self, number, reason, **_):
        """Hours, days or months; the worker looks afterwards, with automatic offers or without."""
        self.now += timedelta(days=(0, 1, 5, 12, 12, 15, 31, 61)[number], minutes=1)
        Group.objects.update(automatic_offers=bool(reason))
        for task in (
            invitations.remind_due,
            invitations.lapse_overdue,
            membership.seat_returners,
            offers.offer_free_seats,
            keeping.ask_due,
            keeping.put_to_sleep,
            keeping.erase_old,
        ):
            DONE[task.__name__] += task(now=self.now)
        assert not Invitation.objects.overdue(now=self.now).exists()
        tasks.fold_state_tally()

    # --- what holds after every step

    @invariant()
    def no_more_seats_than_there_are(self):
        if not hasattr(self, "used"):  # not begun
            return
        count = seats.count(Group.objects.get())
        used = count.taken + count.held
        # A lowered capacity frees nobody; but then nobody is let in either.
        assert used <= max(count.capacity, self.used)
        self.used = used
        last = SeatChange.objects.order_by("pk").last()
        assert (last.capacity, last.taken, last.held) == (count.capacity, count.taken, count.held)

    @invariant()
    def somebody_can_run_the_group(self):
        if hasattr(self, "used"):
            assert Member.objects.organisers().exists()

    @invariant()
    def one_live_application_per_address(self):
        live = Application.objects.filter(state__in=OPEN_STATES).values_list("email_key", flat=True)
        assert [key for key, count in Counter(live).items() if count > 1] == []

    @invariant()
    def history_is_a_walk_through_the_table(self):
        for application in Application.objects.prefetch_related("changes"):
            state, at = "", None
            for change in application.changes.all():
                assert change.before == state
                if change.before and change.after != change.before:
                    assert change.after in ALLOWED_MOVES[change.before]
                assert at is None or change.at >= at
                state, at = change.after, change.at
            assert application.state == state

    @invariant()
    def invitations_agree_with_applications(self):
        invited = Application.objects.filter(state=State.INVITED).values_list("pk", flat=True)
        assert sorted(Invitation.objects.open().values_list("application", flat=True)) == sorted(invited)
        assert not Decision.objects.exclude(application__state__in=[*IN_LINE, State.DORMANT]).exists()
        mails = Counter(Message.objects.filter(kind="invitation").values_list("about", flat=True))
        assert set(mails.values()) <= {1}
        assert len(mails) == Invitation.objects.count()

    @invariant()
    def sums_are_what_they_sum(self):
        counted = Counter(Application.objects.values_list("state", flat=True))
        assert {state: n for state, n in Application.objects.count_by_state().items() if n} == counted
        weights = dict(Criterion.objects.values_list("pk", "weight"))
        for application in Application.objects.prefetch_related("reviews__scores"):
            means = [
                sum(s.value * weights[s.criterion_id] for s in review.scores.all())
                / sum(weights[s.criterion_id] for s in review.scores.all())
                for review in application.reviews.all()
                if not review.abstained
            ]
            assert application.review_count == len(means)
            assert application.score == (pytest.approx(sum(means) / len(means)) if means else None)
            assert application.spread == (pytest.approx(max(means) - min(means)) if means else None)


EXPECTED = {  # what must have happened at least once, or the walks have become too narrow to tell anything
    "abstain", "accept", "answer_more", "apply", "ask_due", "ask_more", "come_back", "confirm", "decline",
    "edit", "erase", "go_on_leave", "invite", "keep", "lapse_overdue", "leave_group", "offer_free_seats",
    "prepare", "put_to_sleep", "release", "remind_due", "remove", "review", "revoke", "seat_again",
    "seat_returners", "set_capacity", "set_role", "shortlist", "take_back", "withdraw",
}  # fmt: skip


@pytest.mark.django_db
def test_whatever_happens_the_rules_hold():
    DONE.clear()
    run_state_machine_as_test(
        WaitingList,
        settings=settings(
            max_examples=int(os.environ.get("STATEFUL_EXAMPLES", "12")),
            stateful_step_count=50,
            deadline=None,
            # The same walks each time, so that the list above is fulfilled; STATEFUL_EXAMPLES walks further.
            derandomize="STATEFUL_EXAMPLES" not in os.environ,
            database=None,
            # Without shrinking, which would take minutes; STATEFUL_SHRINK=1 asks for it.
            phases=[Phase.generate] + ([Phase.shrink] if os.environ.get("STATEFUL_SHRINK") else []),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert {verb for verb in EXPECTED if not DONE[verb]} == set()
