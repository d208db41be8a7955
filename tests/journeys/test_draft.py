"""What is typed into the application form survives a reload and a failed submit, and goes when it is sent."""

from __future__ import annotations

import pytest

from tests.factories import GroupFactory, StrengthFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _typing_fast(monkeypatch):
    monkeypatch.setattr("members.forms.fields.FEWEST_SECONDS", 0)


@pytest.fixture
def applicant(visitor):
    """Somebody at the application form, with the first things typed."""
    GroupFactory()
    for name in ("Statistics", "Mathematics"):
        StrengthFactory(name=name)
    made = visitor()
    made.expected = {422}
    page = made.open("/apply/")
    page.get_by_label("Your name").fill("Zoë")
    page.get_by_label("Relevant experience").fill("Survival analysis.")
    page.get_by_label("Mathematics").check()
    return made


def typed(page) -> tuple:
    return (
        page.get_by_label("Your name").input_value(),
        page.get_by_label("Relevant experience").input_value(),
        page.get_by_label("Statistics").is_checked(),
        page.get_by_label("Mathematics").is_checked(),
    )


def test_draft_survives_a_reload_and_can_be_cleared(applicant):
    if not applicant.scripted:
        pytest.skip("without JavaScript the browser keeps what it likes")
    page = applicant.open("/apply/")
    assert typed(page) == ("Zoë", "Survival analysis.", False, True)
    assert page.locator(".counter").first.inner_text() == "18 of 12,000 characters"
    assert "We kept what you typed." in page.locator("p.note").inner_text()
    applicant.check_page()
    applicant.press("Clear it")
    assert typed(page) == ("", "", False, False)
    assert typed(applicant.open("/apply/")) == ("", "", False, False)
    assert page.locator("p.note").count() == 0


def test_failed_submit_shows_what_was_sent_and_not_an_older_draft(applicant):
    page = applicant.page
    page.get_by_label("Your name").evaluate(
        "one => { one.value = 'Another' }"
    )  # no event: the draft is older
    applicant.press("Send the application")
    assert typed(page) == ("Another", "Survival analysis.", False, True)
    if applicant.scripted:
        assert typed(applicant.open("/apply/")) == ("Another", "Survival analysis.", False, True)


def test_draft_goes_when_it_is_sent_and_holds_no_token(applicant):
    page = applicant.page
    if applicant.scripted:
        kept = page.evaluate("JSON.stringify(sessionStorage)")
        assert [name in kept for name in ("Zoë", "csrf", "opened", "website")] == [True, False, False, False]
    page.get_by_label("E-mail address").fill("zoe@example.org")
    page.get_by_label("What you do now").fill("Biostatistician")
    page.get_by_label("Your interest").fill("Regularisation.")
    applicant.press("Send the application")
    assert applicant.heading() == "Look into your mail"
    assert page.evaluate("sessionStorage.length") == 0
    assert typed(applicant.open("/apply/")) == ("", "", False, False)
