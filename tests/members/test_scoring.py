"""Scores kept beside applications: weighed means, spread, abstentions, and a weight that changes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.urls import reverse

from members import admissions, scoring
from members.models import Application, Criterion, User
from studygroup import group_file
from tests.factories import ApplicationFactory, CriterionFactory, GroupFactory, OrganiserFactory

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@pytest.fixture
def two(group) -> tuple[Criterion, Criterion]:
    return CriterionFactory(name="Heavy", weight=3), CriterionFactory(name="Light", weight=1)


def review(application, scores=None, by=None):
    by = by or OrganiserFactory().user
    return admissions.review(application_id=application.pk, by=by, scores=scores or {}, note="", now=NOW)


def kept(application) -> tuple:
    application.refresh_from_db()
    return application.review_count, application.score, application.spread


def test_score_is_the_mean_of_the_weighed_reviews_and_spread_their_distance(two):
    heavy, light = two
    application = ApplicationFactory()
    assert kept(application) == (0, None, None)
    assert review(application, {heavy: 5, light: 1}).score == 4.0
    review(application, {heavy: 2, light: 2})
    assert kept(application) == (2, 3.0, 2.0)


def test_abstention_adds_no_score_and_is_no_review(two, organiser):
    heavy, light = two
    application = ApplicationFactory()
    review(application, {heavy: 4, light: 4})
    review(application, {heavy: 1, light: 1}, by=organiser)
    assert kept(application) == (2, 2.5, 3.0)

    saved = admissions.abstain(application_id=application.pk, by=organiser, note="A friend", now=NOW)

    assert (saved.abstained, saved.score, saved.scores.count(), saved.note) == (True, None, 0, "A friend")
    assert kept(application) == (1, 4.0, 0.0)
    review(application, {heavy: 2, light: 2}, by=organiser)
    assert kept(application) == (2, 3.0, 2.0)


def test_score_for_a_criterion_that_is_gone_is_left_out(two):
    heavy, light = two
    application = ApplicationFactory()
    gone = Criterion(pk=light.pk, name="Light", weight=1)
    light.delete()
    assert review(application, {heavy: 4, gone: 1}).score == 4.0


@pytest.mark.parametrize(("spread", "expected"), [(None, False), (1.4, False), (1.5, True), (4.0, True)])
def test_disagreement_begins_at_a_point_and_a_half(spread, expected):
    assert scoring.disagree(spread) is expected


# --- Weights that change


@pytest.fixture
def scored(two) -> Application:
    """One application at 4.0: 5 for what weighs three, 1 for what weighs one."""
    heavy, light = two
    application = ApplicationFactory()
    review(application, {heavy: 5, light: 1})
    assert kept(application) == (1, 4.0, 0.0)
    return application


@pytest.fixture
def admin(group, client_of):
    return client_of(User.objects.create_superuser("admin@example.org", "Admin"))


def test_weight_changed_in_the_admin_rescores_everybody(scored, two, admin):
    heavy, _ = two
    fields = {"name": "Heavy", "hint": "", "low": "a", "high": "b", "weight": 1, "position": 0}
    address = reverse("admin:members_criterion_change", args=[heavy.pk])
    assert admin.post(address, fields).status_code == 302
    assert kept(scored) == (1, 3.0, 0.0)


def test_weights_changed_in_the_admins_list_rescore_everybody(scored, admin):
    data = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    for index, criterion in enumerate(Criterion.objects.order_by("position", "pk")):
        data |= {f"form-{index}-id": criterion.pk, f"form-{index}-weight": 1, f"form-{index}-position": index}
    assert admin.post(reverse("admin:members_criterion_changelist"), data).status_code == 302
    assert kept(scored) == (1, 3.0, 0.0)


def test_criterion_deleted_in_the_admin_counts_no_more(scored, two, admin):
    heavy, _ = two
    admin.post(reverse("admin:members_criterion_delete", args=[heavy.pk]), {"post": "yes"})
    assert kept(scored) == (1, 1.0, 0.0)


def test_criteria_deleted_in_the_admins_list_count_no_more(scored, two, admin):
    heavy, light = two
    data = {"action": "delete_selected", "_selected_action": [heavy.pk, light.pk], "post": "yes"}
    admin.post(reverse("admin:members_criterion_changelist"), data)
    assert kept(scored) == (1, None, None)


def test_group_file_with_another_weight_rescores_everybody(scored, tmp_path):
    text = """
group:
  name: Tuesday Readers
  tagline: Reading hard things together
  lead: We read one paper a month.
  city: Tallinn
  time_zone: Europe/Tallinn
  usual_start: "18:30"
  usual_end: "21:00"
  capacity: 20
criteria:
  - name: Heavy
    weight: 1
  - name: Light
"""
    path = tmp_path / "group.yaml"
    path.write_text(text)
    group_file.load(path, now=NOW)
    assert kept(scored) == (1, 3.0, 0.0)


@pytest.mark.django_db(transaction=True)
def test_review_during_a_change_of_weights_gets_the_new_weight():
    """The review waits for the change; without `hold_weights` it would be left at the old weight."""
    GroupFactory()
    heavy, light = CriterionFactory(weight=3), CriterionFactory(weight=1)
    application, by = ApplicationFactory(), OrganiserFactory().user
    started = threading.Event()

    def write() -> None:
        try:
            connection.ensure_connection()
            started.set()
            review(application, {heavy: 5, light: 1}, by=by)
        finally:
            connection.close()

    reviewing = threading.Thread(target=write)
    with transaction.atomic():
        Criterion.objects.filter(pk=heavy.pk).update(weight=1)
        reviewing.start()
        started.wait()
        reviewing.join(timeout=1)  # it has had the time to go wrong
        assert reviewing.is_alive()
        scoring.rescore_all()
    reviewing.join()
    assert kept(application) == (1, 3.0, 0.0)
