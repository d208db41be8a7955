"""A site without a group is set up in a browser: the code, one page with three parts, and the desk."""

from __future__ import annotations

import pytest
from django.utils import timezone

from members import setup_codes
from members.models import Criterion, Group
from sessions_app.models import Session
from tests.factories import CriterionFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_site_is_set_up(visitor):
    code = setup_codes.make(now=timezone.now())
    boss = visitor(1280)
    if not boss.scripted:
        boss.page.set_viewport_size({"width": 360, "height": 900})
    boss.expected = {404, 422}

    page = boss.open("/sessions/")
    assert page.get_by_role("heading", level=1).inner_text() == "This site is not set up yet"
    boss.check_page()
    page.get_by_role("link", name="Set it up").click()
    page.get_by_label("Set-up code").fill("AAAA-BBBB-CCCC")
    boss.press("Go on")
    page.get_by_text("this is not it").first.wait_for()
    boss.check_page()
    page.get_by_label("Set-up code").fill(code)
    boss.press("Go on")

    page.get_by_label("Name of the group").fill("Tuesday Readers")
    boss.check_page()
    page.get_by_label("City").fill("Tallinn")
    page.get_by_label("What it does, in one sentence").fill("We read one paper a month.")
    zone = page.get_by_label("Time zone")
    guessed = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    known = zone.locator(f'option[value="{guessed}"]').count()
    assert zone.input_value() == (guessed if boss.scripted and known else "")
    zone.select_option("Europe/Tallinn")
    page.get_by_label("Your name").fill("Orla Quinn")
    page.get_by_label("Your e-mail address").fill("orla")
    page.get_by_label("Password").fill("a long passphrase")
    page.get_by_label("What it is about").fill("The beginning")
    page.get_by_label("Date").fill("2026-04-07")
    boss.press("Make the group")

    page.get_by_text("Write an address such as you@example.org.").first.wait_for()
    assert page.get_by_label("Password").input_value() == "a long passphrase"
    assert zone.input_value() == "Europe/Tallinn"
    boss.check_page()
    page.get_by_label("Your e-mail address").fill("orla@example.org")
    boss.press("Make the group")

    page.get_by_text("The group is made, and you are its first organiser.").wait_for()
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_role("link", name="Mail hours").click()
    boss.check_page()
    page.get_by_label("Quiet from").fill("21:30")
    boss.press("Save")
    page.get_by_text("“Mail hours” is saved.").wait_for()
    boss.check_page()
    assert Group.objects.values_list("name", "quiet_from__hour").get() == ("Tuesday Readers", 21)
    assert Session.objects.values_list("title", "state").get() == ("The beginning", "draft")
    boss.expected = {404}
    boss.open("/setup/")
    assert page.get_by_label("Set-up code").count() == 0


def test_criteria_are_put_in_another_order(visitor, organiser):
    for position, name in enumerate(["Drive", "Fit"]):
        CriterionFactory(name=name, position=position)
    desk = visitor(1280)
    desk.sign_in(organiser)
    page = desk.open("/organise/settings/criteria/")
    desk.check_page()
    if desk.scripted:
        page.get_by_role("button", name="Move down").first.click()
    else:
        page.get_by_label("Order").nth(0).fill("3")
    page.get_by_label("Name").nth(2).fill("Heart")
    desk.press("Save")
    page.get_by_text("“Criteria” is saved.").wait_for()
    assert list(Criterion.objects.values_list("name", flat=True)) == ["Fit", "Drive", "Heart"]
    desk.check_page()
