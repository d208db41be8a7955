"""Reviewing by keyboard alone, and ten decisions that are prepared and released together."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from members import admissions
from members.models import Application, ApplicationChange, Decision, Review, User
from members.models.application import State
from outbox.models import Message
from tests.factories import ApplicationFactory, CriterionFactory, GroupFactory, OrganiserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST_TABS = 60


@pytest.fixture
def organiser() -> User:
    GroupFactory(capacity=20)
    for name in ("Gets something out of it", "Puts something in"):
        CriterionFactory(name=name)
    return OrganiserFactory(user__name="Orla Quinn").user


def waiting(count: int) -> list[Application]:
    """As many waiting applications, the first of them waiting longest."""
    begin = timezone.now() - timedelta(days=30)
    return [
        ApplicationFactory(name=f"Applicant {number}", applied_at=begin + timedelta(days=number))
        for number in range(1, count + 1)
    ]


def come_in(person, user: User) -> None:
    """Signed in without the form: this journey uses no mouse at all."""
    person.sign_in(user)


def tab_to(page, selector: str) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(MOST_TABS):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector} on {page.url}")


def given() -> list[tuple]:
    """Each review as it stands: whose application, whether abstained, the scores, the note."""
    return [
        (
            review.application.name,
            review.abstained,
            list(review.scores.order_by("criterion__position").values_list("value", flat=True)),
            review.note,
        )
        for review in Review.objects.order_by("application__since")
    ]


def by_tab(page) -> None:
    """Three reviews with Tab, Space, the arrows and Enter."""
    for right, note in ((1, "Reads a lot."), (3, "")):
        tab_to(page, "fieldset.score:nth-of-type(1) input")
        page.keyboard.press("Space")  # 1
        for _ in range(right):
            page.keyboard.press("ArrowRight")
        tab_to(page, "fieldset.score:nth-of-type(2) input")
        page.keyboard.press("Space")
        tab_to(page, "#id_note")
        page.keyboard.type(note)
        tab_to(page, "button[name=then]")
        with page.expect_navigation():
            page.keyboard.press("Enter")
    tab_to(page, "button[formaction$='/abstain/']")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def by_keys(page) -> None:
    """The same with the keys of the desk."""
    page.keyboard.press("2")
    page.keyboard.press("1")
    tab_to(page, "#id_note")  # forwards from the button: round the page
    page.keyboard.type("Reads a lot.")
    page.keyboard.press("n")  # goes into the text
    page.keyboard.press("Backspace")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("n")
    page.keyboard.press("4")
    page.keyboard.press("1")
    with page.expect_navigation():
        page.keyboard.press("n")
    page.keyboard.press("?")
    assert page.locator("details.keys").get_attribute("open") is not None
    for key, name in (("j", "Applicant 4"), ("k", "Applicant 3")):
        with page.expect_navigation():
            page.keyboard.press(key)
        assert page.locator("h1").inner_text() == name
    page.keyboard.press("a")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_three_applications_are_reviewed_by_keyboard_only(visitor, organiser):
    first, *_ = waiting(4)
    desk = visitor()
    come_in(desk, organiser)
    page = desk.open(f"/organise/applications/{first.pk}/")
    desk.check_page()
    (by_keys if desk.scripted else by_tab)(page)

    assert given() == [
        ("Applicant 1", False, [2, 1], "Reads a lot."),
        ("Applicant 2", False, [4, 1], ""),
        ("Applicant 3", True, [], ""),
    ]
    assert desk.heading() == "Applicant 3"
    desk.check_page()
    if desk.scripted:
        page.keyboard.press("d")
        assert page.evaluate("document.activeElement.textContent") == "Next step"


def test_ten_decisions_are_prepared_and_released_together(visitor, organiser):
    group_of_four, group_of_three = waiting(7)[:4], list(Application.objects.order_by("-since")[:3])
    for application in (*group_of_four, *group_of_three):
        admissions.abstain(application_id=application.pk, by=organiser, note="", now=timezone.now())
        second = OrganiserFactory().user
        admissions.review(application_id=application.pk, by=second, scores={}, note="", now=timezone.now())
    invited = ApplicationFactory.create_batch(3, state=State.SHORTLISTED)

    desk = visitor(360)
    come_in(desk, organiser)

    def prepare(application: Application, button: str) -> None:
        desk.open(f"/organise/applications/{application.pk}/")
        if button == "Prepare the decline":
            desk.page.get_by_text("Decline with a reason").click()
            desk.page.get_by_label("Reason", exact=True).fill("Dear {name}, we have too few seats.")
        desk.press(button)
        assert "Nobody has been told." in desk.page.locator("main").inner_text()

    for application in group_of_four:
        prepare(application, "Prepare the shortlisting")
    for application in invited:
        prepare(application, "Prepare the invitation")
    for application in group_of_three:
        prepare(application, "Prepare the decline")
    desk.check_page()
    assert (Decision.objects.count(), ApplicationChange.objects.count(), Message.objects.count()) == (
        10,
        0,
        0,
    )

    page = desk.open("/organise/decisions/")
    desk.check_page()
    page.locator("summary", has_text="The mail").last.click()
    assert ", we have too few seats." in page.locator("details[open]").inner_text()
    assert page.locator("input[name=decision]:checked").count() == 10
    desk.press("Release")

    assert "No decision is prepared." in page.locator("main").inner_text()
    assert (Decision.objects.count(), ApplicationChange.objects.count()) == (0, 10)
    assert Counter(Message.objects.values_list("kind", flat=True)) == {
        "shortlisted": 4, "invitation": 3, "declined": 3,
    }  # fmt: skip
    states = dict(Application.objects.values_list("pk", "state"))
    assert {states[one.pk] for one in group_of_four} == {State.SHORTLISTED}
    assert {states[one.pk] for one in invited} == {State.INVITED}
    assert {states[one.pk] for one in group_of_three} == {State.DECLINED}
    desk.check_page()
