"""The review desk over HTTP: blind first, decisions, stale pages, and what a member page shows."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from members import admissions
from members.models import Application, Member, Review, Score, User
from members.models.application import State
from members.names import isolated
from sessions_app.models import Presenter
from tests.factories import (
    ApplicationFactory,
    CriterionFactory,
    MemberFactory,
    OrganiserFactory,
    PresentationFactory,
)


@pytest.fixture
def desk(organiser, client_of):
    return client_of(organiser)


def post(client, application, action, **data):
    return client.post(reverse(f"organise:application_{action}", args=[application.pk]), data, follow=True)


def test_others_reviews_are_hidden_until_ones_own_is_saved(group, desk):
    application, criterion = ApplicationFactory(), CriterionFactory()
    other = OrganiserFactory(user__name="Second Reader").user
    admissions.review(
        application_id=application.pk, by=other, scores={criterion: 2}, note="Too early", now=timezone.now()
    )
    address = reverse("organise:application", args=[application.pk])

    before = desk.get(address).text
    after = post(desk, application, "review", **{f"score_{criterion.pk}": 5, "note": "Yes"}).text

    assert "One person has reviewed" in before
    assert "Too early" not in before
    assert "Second Reader" not in before
    assert "Too early" in after


def test_review_without_a_score_keeps_the_note_and_points_to_the_field(group, desk):
    application = ApplicationFactory()
    CriterionFactory(name="Puts something in")
    response = post(desk, application, "review", note="A long thought")
    assert response.status_code == 422
    assert "Choose a score from 1 to 5 for “Puts something in”, or abstain." in response.text
    assert "A long thought" in response.text
    assert Review.objects.count() == 0


@pytest.mark.parametrize("value", ["0", "6", "x", "1.5", ""])
def test_review_with_a_wrong_score_is_refused(group, desk, value):
    application, criterion = ApplicationFactory(), CriterionFactory()
    assert post(desk, application, "review", **{f"score_{criterion.pk}": value}).status_code == 422
    assert Score.objects.count() == 0


def test_from_review_to_invitation(group, desk, outbox):
    application, criterion = ApplicationFactory(name="Zoë"), CriterionFactory()
    assert (
        "open once you have saved your review or abstained"
        in desk.get(reverse("organise:application", args=[application.pk])).text
    )

    post(desk, application, "review", **{f"score_{criterion.pk}": 4})
    assert (
        "Zoë is on the shortlist. The mail waits in the outbox until it is released."
        in post(desk, application, "shortlist", seen="waiting").text
    )
    assert "A seat is held for Zoë" in post(desk, application, "invite", seen="shortlisted").text
    again = post(desk, application, "invite", seen="shortlisted").text

    assert "Orla Quinn moved this application to Invited just now. Nothing was changed." in again
    assert outbox.kinds() == ["shortlisted", "invitation"]


def test_invite_button_is_there_only_while_a_seat_is_free(group, desk):
    application = ApplicationFactory(state=State.SHORTLISTED)
    address = reverse("organise:application", args=[application.pk])
    assert "Invite now" in desk.get(address).text
    group.capacity = 1
    group.save()
    assert "Invite now" not in desk.get(address).text
    assert "All 1 seats are taken or held" in post(desk, application, "invite").text


def test_decline_needs_a_reason(group, desk):
    application = ApplicationFactory(state=State.SHORTLISTED)
    response = post(desk, application, "decline", reason=" ", seen="shortlisted")
    assert (response.status_code, "Give a reason" in response.text) == (422, True)
    application.refresh_from_db()
    assert application.state == State.SHORTLISTED
    assert "is declined" in post(desk, application, "decline", reason="Full", seen="shortlisted").text


def test_forged_states_in_a_post_change_nothing(group, desk):
    application = ApplicationFactory()
    post(desk, application, "shortlist", seen="joined", state="joined", to="joined")
    application.refresh_from_db()
    assert application.state == State.WAITING


@pytest.mark.parametrize("action", ["review", "shortlist", "invite", "decline"])
def test_decisions_are_posts_by_organisers(group, desk, member, client, client_of, action):
    application = ApplicationFactory()
    address = reverse(f"organise:application_{action}", args=[application.pk])
    assert desk.get(address).status_code == 405
    assert client.post(address).headers["Location"].startswith("/accounts/login/")
    assert client_of(member.user).post(address).status_code == 403
    assert desk.post(reverse(f"organise:application_{action}", args=[0])).status_code == 404


@pytest.mark.parametrize(
    "query", ["?state=waiting", "?state=unreviewed", "?state=nonsense", "?page=abc", "?page=99"]
)
def test_queue_takes_any_filter(group, desk, query):
    ApplicationFactory()
    assert desk.get(reverse("organise:applications") + query).status_code == 200


def test_script_in_an_application_is_shown_as_typed(group, desk):
    application = ApplicationFactory(
        name="<script>alert(1)</script>",
        experience="<img src=x onerror=alert(1)>",
        links=['https://example.org/"x'],
    )
    page = desk.get(reverse("organise:application", args=[application.pk])).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_me_saves_name_and_zone_and_refuses_others(group, member, client_of):
    client = client_of(member.user)
    audiences = {"profile_audience": "members", "address_audience": "organisers"}
    client.post(
        "/me/",
        audiences
        | {"name": "Mira T.", "time_zone": "Europe/London", "is_staff": "on", "email": "x@example.org"},
    )
    user = User.objects.get(pk=member.user.pk)
    assert (user.name, user.time_zone, user.is_staff, user.email) == (
        "Mira T.",
        "Europe/London",
        False,
        "mira@example.org",
    )
    assert "Write your name" in client.post("/me/", audiences | {"name": ""}).text
    assert client.post("/me/", audiences | {"name": "x", "time_zone": "Mars/Base"}).status_code == 422
    assert User.objects.get(pk=member.user.pk).time_zone == "Europe/London"


def test_erasing_a_person_keeps_the_groups_history(group, organiser):
    """Rule 9."""
    member = MemberFactory(user__name="Gone Soon")
    presenter = Presenter.objects.create(member=member)
    talk = PresentationFactory(presenter=presenter)
    application = ApplicationFactory()
    admissions.review(application_id=application.pk, by=member.user, scores={}, note="n", now=timezone.now())
    admissions.shortlist(application_id=application.pk, by=member.user, now=timezone.now())

    member.user.delete()

    presenter.refresh_from_db()
    assert not Member.objects.filter(pk=member.pk).exists()
    assert (presenter.name, list(talk.presenters.all())) == ("A former member", [presenter])
    assert [review.reviewer for review in application.reviews.all()] == [None]
    assert [change.actor for change in application.changes.all()] == [None]
    assert Application.objects.get().state == State.SHORTLISTED


def test_stale_decline_keeps_the_reason_that_was_typed(group, organiser, desk):
    application = ApplicationFactory(state=State.SHORTLISTED)
    admissions.invite(application_id=application.pk, by=organiser, now=timezone.now())
    response = post(desk, application, "decline", reason="A long and kind reason", seen="shortlisted")
    assert response.status_code == 409
    assert "Orla Quinn moved this application to Invited just now. Nothing was changed." in response.text
    assert "A long and kind reason" in response.text
    application.refresh_from_db()
    assert application.state == State.INVITED


def test_name_written_from_right_to_left_is_fenced_off_in_sentences():
    assert isolated("Zoë Lindqvist") == "Zoë Lindqvist"
    assert isolated("حميد") == "\u2068حميد\u2069"
    assert isolated("a\u202eb") == "\u2068a\u202eb\u2069"


@pytest.mark.parametrize("accent", ["zzz", "red; } body {", "#12345", "#faf8f0"])
def test_accent_that_is_none_or_illegible_is_refused_with_a_sentence(group, accent):
    group.accent = group.accent_dark = accent
    with pytest.raises(ValidationError) as refusal:
        group.full_clean()
    assert "accent" in refusal.value.message_dict
