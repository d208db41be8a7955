"""Many applications at once: the preview changes nothing, the confirmation does what it showed, once."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from members import admissions, decisions
from members.models import Application, ApplicationChange, Decision, Member, ReplyTemplate
from members.models.application import State
from outbox.models import Message
from tests.factories import ApplicationFactory, MemberFactory, OrganiserFactory

NOW = timezone.now()
PREVIEW, CONFIRM = "/organise/applications/bulk/", "/organise/applications/bulk/confirm/"


@pytest.fixture
def desk(organiser, client_of):
    return client_of(organiser)


def reviewed(by, **more) -> Application:
    """A waiting application that this person has reviewed."""
    application = ApplicationFactory(**more)
    admissions.review(application_id=application.pk, by=by, scores={}, note="", now=NOW)
    return application


def picks(*applications) -> list[str]:
    return [f"{application.pk}:{application.state}" for application in applications]


def prepared() -> list[tuple]:
    """What is prepared: (name, kind, reason), by name."""
    found = Decision.objects.order_by("application__name")
    return list(found.values_list("application__name", "kind", "reason"))


def follow(desk, page):
    """Press the one button of a preview, with what its form carries."""
    form = page.text.partition("bulk/confirm/")[2]
    return {
        "pick": re.findall(r'name="pick" value="([^"]+)"', form),
        "action": re.search(r'name="action" value="([^"]+)"', form)[1],
        "query": re.search(r'name="query" value="([^"]*)"', form)[1].replace("&amp;", "&"),
    }


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_preview_says_what_would_happen_and_changes_nothing(group, organiser, desk):
    group.reviews_needed = 2
    group.save()
    ready, unread = reviewed(organiser, name="Ready"), ApplicationFactory(name="Unread")
    closed = ApplicationFactory(name="Closed", state=State.DECLINED)

    page = desk.post(PREVIEW, {"action": "shortlist", "pick": picks(ready, unread, closed)})

    going = page.text.partition("To leave as they are")[0]
    assert [name in going for name in ("Ready", "Unread", "Closed")] == [True, False, False]
    assert "Prepare one decision" in page.text
    assert "this one review is enough" in page.text
    assert "You have neither reviewed it nor abstained." in page.text
    assert "It is Declined, not Waiting." in page.text
    assert follow(desk, page)["pick"] == picks(ready)
    assert (prepared(), Message.objects.count()) == ([], 0)


def test_confirmation_prepares_what_the_preview_showed_and_nothing_twice(group, organiser, desk):
    one, two = reviewed(organiser, name="One"), reviewed(organiser, name="Two")
    form = follow(
        desk,
        desk.post(PREVIEW, {"action": "shortlist", "pick": picks(one, two), "query": "state=waiting"}),
    )

    first = desk.post(CONFIRM, form, follow=True)
    at = list(Decision.objects.values_list("pk", "prepared_at"))
    second = desk.post(CONFIRM, form, follow=True)

    assert first.redirect_chain == [("/organise/applications/?state=waiting", 302)]
    assert said(first) == ["Prepared: 2 decisions. Nobody outside has been told of them."]
    assert said(second) == ["One: You have prepared this already.", "Two: You have prepared this already."]
    assert prepared() == [("One", "shortlist", ""), ("Two", "shortlist", "")]
    assert list(Decision.objects.values_list("pk", "prepared_at")) == at
    assert Message.objects.count() == 0


def test_confirmation_of_an_application_that_moved_on_leaves_it(group, organiser, desk):
    one, two = reviewed(organiser, name="One"), reviewed(organiser, name="Two")
    form = follow(desk, desk.post(PREVIEW, {"action": "shortlist", "pick": picks(one, two)}))
    admissions.shortlist(application_id=one.pk, by=organiser, now=timezone.now())
    response = desk.post(CONFIRM, form, follow=True)
    assert said(response) == [
        "Prepared: 1 decision. Nobody outside has been told of it.",
        "One: Orla Quinn moved this application to Shortlisted just now. Nothing was changed.",
    ]
    assert prepared() == [("Two", "shortlist", "")]


def test_declining_many_needs_one_reason_and_keeps_what_was_typed(group, organiser, desk):
    applications = [ApplicationFactory(name=name, state=State.SHORTLISTED) for name in ("Amara", "Bo")]
    form = follow(desk, desk.post(PREVIEW, {"action": "decline", "pick": picks(*applications)}))

    missing = desk.post(CONFIRM, form)
    unknown = desk.post(CONFIRM, form | {"reason": "Dear {nam}"})
    desk.post(CONFIRM, form | {"reason": "Dear {name}, {group} is full."})

    assert (missing.status_code, "Give a reason; the applicants have earned one." in missing.text) == (
        422,
        True,
    )
    assert (unknown.status_code, "Dear {nam}" in unknown.text) == (422, True)
    assert prepared() == [
        ("Amara", "decline", "Dear Amara, Tuesday Readers is full."),
        ("Bo", "decline", "Dear Bo, Tuesday Readers is full."),
    ]
    assert set(Application.objects.values_list("state", flat=True)) == {State.SHORTLISTED}


def test_declining_many_takes_kept_words(group, organiser, desk):
    application = ApplicationFactory(name="Amara", state=State.DORMANT)
    kept = ReplyTemplate.objects.create(name="Full", use="decline", text="{name}, the room is full.")
    letter = ReplyTemplate.objects.create(name="Letter", use="message", text="Hello")
    page = desk.post(PREVIEW, {"action": "decline", "pick": picks(application)})
    form = follow(desk, page)
    assert desk.post(CONFIRM, form | {"template": letter.pk}).status_code == 422
    assert desk.post(CONFIRM, form | {"template": kept.pk, "reason": "and this"}).status_code == 422
    desk.post(CONFIRM, form | {"template": kept.pk})
    assert prepared() == [("Amara", "decline", "Amara, the room is full.")]


def test_inviting_many_goes_by_the_agreed_order(group, organiser, desk):
    """Who comes first is asked first, so the first two in line need no reason, and one out of line does."""
    third, second, first = (
        ApplicationFactory(name=name, state=State.SHORTLISTED, place=place)
        for place, name in ((3, "Third"), (2, "Second"), (1, "First"))
    )
    in_line = desk.post(PREVIEW, {"action": "invite", "pick": picks(second, first)})
    out_of_line = desk.post(PREVIEW, {"action": "invite", "pick": picks(third)})
    assert ("comes first" in in_line.text, "comes first" in out_of_line.text) == (False, True)

    desk.post(CONFIRM, follow(desk, in_line))
    assert [row[0] for row in prepared()] == ["First", "Second"]


def test_what_somebody_else_has_prepared_stays(group, organiser, desk):
    other = OrganiserFactory().user
    application = ApplicationFactory(state=State.SHORTLISTED, name="Amara")
    decisions.prepare(application_id=application.pk, kind="decline", by=other, now=NOW, reason="Full")
    page = desk.post(PREVIEW, {"action": "invite", "pick": picks(application)})
    assert "Somebody else has prepared a decision. Take it back first." in page.text
    assert "bulk/confirm/" not in page.text


def test_taking_back_many_forgets_them_and_tells_nobody(group, organiser, desk):
    one, two = (ApplicationFactory(name=name, state=State.SHORTLISTED) for name in ("One", "Two"))
    decisions.prepare(application_id=one.pk, kind="decline", by=organiser, now=NOW, reason="Full")
    page = desk.post(PREVIEW, {"action": "take_back", "pick": picks(one, two)})
    assert "No decision is prepared." in page.text
    assert prepared() == [("One", "decline", "Full")]
    changes = ApplicationChange.objects.count()

    first = desk.post(CONFIRM, follow(desk, page), follow=True)
    second = desk.post(CONFIRM, follow(desk, page), follow=True)

    assert said(first) == ["Taken back: 1 decision. Nobody outside has been told of it."]
    assert said(second)[0].startswith("One: There is no such prepared decision any more")
    assert (prepared(), ApplicationChange.objects.count(), Message.objects.count()) == ([], changes, 0)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"action": "shortlist"}, "Tick at least one application first."),
        ({"pick": ["1:waiting"]}, "Choose what to do with the ticked applications."),
        ({"action": "erase", "pick": ["1:waiting"]}, "Choose what to do with the ticked applications."),
        ({"action": "shortlist", "pick": ["x", "1", "1:gone", "9" * 30 + ":waiting"]}, "Tick at least one"),
        (
            {"action": "shortlist", "pick": [f"{n}:waiting" for n in range(101)]},
            "Tick 100 applications at most.",
        ),
    ],
)
def test_bulk_without_what_it_needs_shows_the_list_again(group, desk, data, sentence):
    application = ApplicationFactory(name="Amara", state=State.DORMANT)
    ApplicationFactory(name="Elsewhere")
    data = data | {"query": "state=dormant"}
    data["pick"] = [*data.get("pick", []), *(picks(application) if "action" not in data else [])]
    response = desk.post(PREVIEW, data)
    assert (response.status_code, sentence in response.text) == (422, True)
    assert ("Amara" in response.text, "Elsewhere" in response.text) == (True, False)
    box = re.search(rf'<input[^>]+value="{application.pk}:dormant"[^>]*>', response.text)[0]
    assert ("checked" in box) == ("action" not in data)


@pytest.mark.parametrize(
    "data", [{}, {"action": "x"}, {"action": "shortlist"}, {"action": "shortlist", "pick": ["77:waiting"]}]
)
def test_forged_confirmation_changes_nothing(group, desk, data):
    response = desk.post(CONFIRM, data | {"query": "order=newest&x=http://evil.example"}, follow=True)
    assert said(response)[0].endswith("Nothing was changed.")
    assert response.redirect_chain[0][0] == "/organise/applications/?order=newest"


def test_bulk_is_for_organisers_and_by_post(group, desk, member, client, client_of):
    reviewer = MemberFactory(role=Member.Role.REVIEWER).user
    for address in (PREVIEW, CONFIRM):
        assert desk.get(address).status_code == 405
        assert client.post(address).headers["Location"].startswith("/accounts/login/")
        assert [client_of(user).post(address).status_code for user in (reviewer, member.user)] == [403, 403]
    assert reverse("organise:applications_bulk") == PREVIEW


@pytest.mark.parametrize("rows", [1, 3, 100])
@pytest.mark.parametrize(("action", "cost"), [("shortlist", 6), ("decline", 8), ("take_back", 5)])
def test_preview_costs_a_fixed_number_of_queries(
    group, organiser, desk, rows, action, cost, django_assert_num_queries
):
    ReplyTemplate.objects.create(name="Full", use="decline", text="Full.")
    found = [ApplicationFactory() for _ in range(rows)]
    admissions.abstain(application_id=found[0].pk, by=organiser, note="", now=NOW)
    if action != "shortlist":
        decisions.prepare(application_id=found[0].pk, kind="decline", by=organiser, now=NOW, reason="Full")
    with django_assert_num_queries(cost):
        assert desk.post(PREVIEW, {"action": action, "pick": picks(*found)}).status_code == 200
