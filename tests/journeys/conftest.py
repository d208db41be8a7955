"""A real Chromium against the live site. Every journey fails on a console error or an answer ≥ 400."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from allauth.account.models import EmailAddress
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from members.models import User

# as root there is no sandbox, and nothing may call out of a closed network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PASSWORD = "a long passphrase"
WIDTHS = (1280, 360)
WIDE = 1000  # pixels

# Nothing is under way any more: not the page, no request of htmx's, no font.
SETTLED = """() => document.readyState === "complete" && document.fonts.status === "loaded"
  && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")"""
# All that axe goes by: each element, its attributes and whether it has words. Which words, numbers and
# addresses these are makes no difference to it.
STRUCTURE = """() => [...document.querySelectorAll("*")].map(element => {
  const free = ["href", "src", "srcset", "value", "content", "action", "formaction", "datetime", "hx-get"];
  const attributes = [...element.attributes].map(({name, value}) =>
    free.includes(name) ? `${name}:${value.trim() !== ""}` : `${name}=${value}`);
  const worded = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  const shown = element.checkVisibility({opacityProperty: true, visibilityProperty: true});
  return [element.localName, ...attributes, worded, shown].join(" ");
}).join("\\n").replace(/[0-9]+/g, "0")"""
AXE = """looks => axe.run({runOnly: looks, resultTypes: ["violations"]})
  .then(found => ({violations: found.violations}))"""


def pytest_collection_modifyitems(config, items) -> None:
    """A journey at both widths needs no second run without scripts: `check_page` looks at both there."""
    without = {"visitor": "no script", "width": max(WIDTHS)}

    def is_needless(item) -> bool:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        return {name: params.get(name) for name in without} == without

    needless = [item for item in items if is_needless(item)]
    if needless:
        items[:] = [item for item in items if item not in needless]
        config.hook.pytest_deselected(items=needless)


def chromium() -> str | None:
    """The browser that bin/test found, or Debian's; None for Playwright's own download."""
    path = os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium")
    return path if path and Path(path).exists() else None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """Somebody at a browser: opens pages of the site, and notes whatever goes wrong."""

    checked: ClassVar[set[tuple[int, str]]] = set()  # the pages that axe has found in order, by width

    def __init__(self, context: BrowserContext, site: str, *, scripted: bool):
        self.context, self.site, self.faults, self.scripted = context, site, [], scripted
        self.expected: set[int] = set()
        context.set_default_timeout(8000)
        self.page: Page = context.new_page()
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("response", self._note_response)

    def _note_console(self, message) -> None:
        # Chromium repeats every answer ≥ 400 on the console; those are judged by their status below.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"console: {message.text}")

    def _note_response(self, response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"{response.status} {response.url}")

    def open(self, address: str) -> Page:
        self.page.goto(self.site + address)
        return self.page

    def sign_in(self, user: User) -> None:
        """Signed in without the form."""
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        self.context.add_cookies([{"name": name, "value": value, "url": self.site}])

    def sign_in_by_password(self, user: User) -> None:
        """Through the form, as a person does."""
        user.set_password(PASSWORD)
        user.save()
        EmailAddress.objects.update_or_create(user=user, email=user.email, verified=True, primary=True)
        page = self.open("/accounts/login/")
        page.get_by_label("E-mail").fill(user.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/accounts/login" not in url)

    def press(self, name: str) -> None:
        """Click a button and wait for what it brings."""
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state()

    def heading(self) -> str:
        return self.page.locator("h1").inner_text().replace("\n", " ")

    def check_page(self) -> None:
        """No accessibility violation in either scheme, and nothing wider than the window.

        Without JavaScript the page is the same page, so axe need not look at it a second time; and between
        the schemes only colours differ. A page made like one that this process has checked at this width is
        not checked again.
        """
        self.page.wait_for_load_state()  # a page that is still being replaced has no document
        if not self.scripted:
            self._check_widths()
            return
        self.page.wait_for_function(SETTLED)
        self._check_width()
        width = self.page.viewport_size["width"]
        made = (width, self.page.evaluate(STRUCTURE))
        if made in self.checked:
            return
        self.page.evaluate(f"() => {{ if (!window.axe) {{ {AXE_SCRIPT} }} }}")
        looks = {"light": WCAG}
        if width >= WIDE:  # the dark colours do not depend on the width
            looks["dark"] = {"type": "rule", "values": ["color-contrast"]}
        for scheme, run in looks.items():
            self.page.emulate_media(color_scheme=scheme)
            found = AxeResults(self.page.evaluate(AXE, run))
            assert found.violations_count == 0, f"{self.page.url} {scheme}\n{found.generate_report()}"
        self.page.emulate_media(color_scheme="light")
        self.checked.add(made)

    def _check_width(self) -> None:
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{self.page.url} is {wide}px wider than its window"

    def _check_widths(self) -> None:
        size = self.page.viewport_size
        for width in WIDTHS:
            self.page.set_viewport_size({**size, "width": width})
            self._check_width()
        self.page.set_viewport_size(size)


@pytest.fixture(params=["script", "no script"])
def visitor(request, browser, live_server) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, each with cookies of their own; every journey runs with JavaScript on and off."""
    contexts: list[Visitor] = []

    def make(width: int = 1280) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=request.param == "script",
            locale="en-GB",
            timezone_id="Europe/London",
            # Without motion, or axe would measure colours half-way.
            reduced_motion="reduce",
        )
        contexts.append(Visitor(context, live_server.url, scripted=request.param == "script"))
        return contexts[-1]

    yield make
    faults = [fault for made in contexts for fault in made.faults]
    for made in contexts:
        made.context.close()
    assert faults == []
