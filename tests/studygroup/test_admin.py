"""The Django admin: every record can be looked at, and nothing there goes around the verbs."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members import admissions
from members.models import Application, Group, Invitation, Member
from members.models.application import State
from outbox.models import Message
from tests.factories import ApplicationFactory, CriterionFactory, MemberFactory, StrengthFactory

OURS = [
    model for model in admin.site._registry if model._meta.app_label in ("members", "sessions_app", "outbox")
]


@pytest.fixture
def desk(organiser, client_of):
    organiser.is_staff = organiser.is_superuser = True
    organiser.save()
    return client_of(organiser)


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def fill(organiser, count):
    for _ in range(count):
        StrengthFactory()
        MemberFactory()
        application = ApplicationFactory()
        admissions.review(
            application_id=application.pk,
            by=organiser,
            scores={CriterionFactory(): 3},
            note="",
            now=timezone.now(),
        )
        invited = ApplicationFactory(state=State.SHORTLISTED)
        admissions.invite(application_id=invited.pk, by=organiser, now=timezone.now())


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_list_opens_and_can_be_searched(group, desk, model):
    assert (
        desk.get(
            address(model, "changelist"), {"q": "x"} if admin.site._registry[model].search_fields else {}
        ).status_code
        == 200
    )


@pytest.mark.parametrize("model", [Application, Invitation, Member, Message], ids=lambda m: m._meta.label)
def test_lists_cost_the_same_at_any_length(group, organiser, desk, model):
    group.capacity = 100
    group.save()
    costs = []
    for more in (1, 2, 9):
        fill(organiser, more)
        with CaptureQueriesContext(connection) as queries:
            desk.get(address(model, "changelist"))
        costs.append(len(queries))
    assert len(set(costs)) == 1


def test_state_cannot_be_typed(group, organiser, desk):
    application, member = ApplicationFactory(), MemberFactory()
    page = desk.get(address(Application, "change", application.pk)).text
    assert 'name="state"' not in page
    desk.post(address(Application, "change", application.pk), {"state": "joined", "name": "x"})
    desk.post(address(Member, "change", member.pk), {"state": "alumni", "role": "member"})
    application.refresh_from_db()
    member.refresh_from_db()
    assert (application.state, member.state) == (State.WAITING, "active")


@pytest.mark.parametrize("model", [Application, Invitation, Member, Message], ids=lambda m: m._meta.label)
def test_what_the_verbs_make_cannot_be_added_by_hand(group, desk, model):
    assert desk.get(address(model, "add")).status_code == 403


def test_verbs_as_actions_say_each_refusal(group, organiser, desk):
    reviewed, unread = ApplicationFactory(name="Read"), ApplicationFactory(name="Unread")
    admissions.review(application_id=reviewed.pk, by=organiser, scores={}, note="", now=timezone.now())
    page = desk.post(
        address(Application, "changelist"),
        {"action": "shortlist", "_selected_action": [reviewed.pk, unread.pk]},
        follow=True,
    ).text
    assert "Read is on the shortlist." in page
    assert "Unread: Save your review first" in page
    reviewed.refresh_from_db()
    unread.refresh_from_db()
    assert (reviewed.state, unread.state) == (State.SHORTLISTED, State.WAITING)


def test_there_is_one_group_and_it_stays(group, desk):
    assert desk.get(address(Group, "add")).status_code == 403
    assert desk.get(address(Group, "delete", group.pk)).status_code == 403


def test_admin_is_closed_to_those_without_the_right(group, member, client, client_of):
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert client_of(member.user).get("/admin/").headers["Location"].startswith("/admin/login/")
