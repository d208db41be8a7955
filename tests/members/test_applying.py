"""The applicant's verbs: rule 2 (one live application per address) and the moves an applicant makes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from members import applying
from members.errors import IllegalMove
from members.models import Application, ApplicationChange
from members.models.application import State
from tests.factories import ApplicationFactory, StrengthFactory

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
ANSWERS = {
    "name": "Łukasz Nguyễn",
    "current_role": "Nurse",
    "experience": "Ward statistics.",
    "interest": "Reading with others.",
    "links": ["https://example.org/me"],
    "talk": "",
}


def apply(email="a@example.org", now=NOW, **changes):
    return applying.apply(email=email, answers=ANSWERS | changes, strengths=[], now=now)


def changes_of(application):
    return list(application.changes.values_list("before", "after", "by"))


def test_apply_stores_the_answers_and_mails_the_address(group, outbox):
    strength = StrengthFactory()

    application = applying.apply(email=" A@Example.org ", answers=ANSWERS, strengths=[strength], now=NOW)

    application.refresh_from_db()
    assert {key: getattr(application, key) for key in ANSWERS} == ANSWERS
    assert (application.state, application.email_key) == (State.UNCONFIRMED, "a@example.org")
    assert list(application.strengths.all()) == [strength]
    assert changes_of(application) == [("", "unconfirmed", "applicant")]
    assert outbox.kinds() == ["confirm_address"]


@pytest.mark.parametrize("again", ["A@EXAMPLE.ORG", "  a@example.org", "ａ@example.org"])
def test_apply_again_keeps_the_first_and_mails_its_owner(group, outbox, again):
    first = apply()

    second = apply(email=again, name="Somebody Else")

    assert second.pk == first.pk
    assert Application.objects.get().name == "Łukasz Nguyễn"
    assert outbox.kinds() == ["confirm_address", "applied_again"]
    assert outbox.last("applied_again").to == "a@example.org"


def test_apply_again_on_one_day_mails_once(group, outbox):
    for _ in range(4):
        apply()
    apply(now=NOW + timedelta(days=1))
    assert outbox.kinds() == ["confirm_address", "applied_again", "applied_again"]


def test_apply_after_withdrawing_makes_a_new_application(group):
    first = apply()
    applying.withdraw(application_id=first.pk, now=NOW)
    assert apply().pk != first.pk


def test_apply_to_a_closed_list_changes_nothing(group, outbox):
    group.waiting_list_open = False
    group.save()
    with pytest.raises(applying.ListClosed):
        apply()
    assert (Application.objects.count(), outbox.kinds()) == (0, [])


def test_constraint_one_live_application_per_address(group):
    ApplicationFactory(email="a@example.org")
    with (
        pytest.raises(IntegrityError, match="members_one_live_application_per_address"),
        transaction.atomic(),
    ):
        ApplicationFactory(email="A@example.ORG", state=State.SHORTLISTED)
    ApplicationFactory(email="a@example.org", state=State.DECLINED)  # a closed one may stand beside it


def test_constraint_no_move_before_the_address_is_confirmed(group):
    with (
        pytest.raises(IntegrityError, match="members_application_confirmed_before_it_moves"),
        transaction.atomic(),
    ):
        ApplicationFactory(state=State.WAITING, confirmed_at=None)


def test_confirm_moves_to_waiting_once(group, outbox):
    application = apply()

    for _ in range(2):
        applying.confirm(application_id=application.pk, now=NOW)

    application.refresh_from_db()
    assert (application.state, application.confirmed_at) == (State.WAITING, NOW)
    assert changes_of(application) == [
        ("", "unconfirmed", "applicant"),
        ("unconfirmed", "waiting", "applicant"),
    ]
    assert outbox.kinds() == ["confirm_address", "received"]


def test_confirm_after_withdrawing_is_refused(group):
    application = apply()
    applying.withdraw(application_id=application.pk, now=NOW)
    with pytest.raises(IllegalMove, match=r"^The applicant moved this application to Withdrawn just now"):
        applying.confirm(application_id=application.pk, now=NOW)


def test_edit_changes_the_answers_and_is_logged(group):
    application = apply()
    strength = StrengthFactory()

    applying.edit(
        application_id=application.pk, answers=ANSWERS | {"talk": "Bees"}, strengths=[strength], now=NOW
    )

    application.refresh_from_db()
    assert (application.talk, application.edited_at) == ("Bees", NOW)
    assert list(application.strengths.all()) == [strength]
    assert changes_of(application)[-1] == ("unconfirmed", "unconfirmed", "applicant")


@pytest.mark.parametrize("state", [State.JOINED, State.DECLINED, State.WITHDRAWN])
def test_edit_and_withdraw_of_a_closed_application_are_refused(group, state):
    application = ApplicationFactory(state=state)
    with pytest.raises(IllegalMove):
        applying.edit(application_id=application.pk, answers=ANSWERS, strengths=[], now=NOW)
    with pytest.raises(IllegalMove):
        applying.withdraw(application_id=application.pk, now=NOW)
    application.refresh_from_db()
    assert (application.state, application.name) == (state, application.name)
    assert ApplicationChange.objects.count() == 0
