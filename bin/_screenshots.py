"""Photograph the pages that the README shows. Called by bin/screenshots with an address and a folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
PASSWORD = "study-group-demo"  # noqa: S105 (the demonstration's, printed by bin/serve)
WIDE, PHONE = 1280, 360


def open_page(
    browser: Browser, site: str, who: str = "", *, width: int = WIDE, scheme: str = "light"
) -> Page:
    """A page of the site in a browser of its own, signed in as `who`@example.org when named."""
    viewport = {"width": width, "height": 900}
    context = browser.new_context(viewport=viewport, color_scheme=scheme, timezone_id="Europe/London")
    page = context.new_page()
    if who:
        page.goto(f"{site}/accounts/login/")
        page.get_by_label("E-mail").fill(f"{who}@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/accounts/login" not in url)
    return page


def first_unreviewed(page: Page, site: str) -> str:
    """The address of the application that the organiser would read next."""
    page.goto(f"{site}/organise/applications/?state=unreviewed")
    return page.locator("table.lines tbody a").first.get_attribute("href") or ""


def main(site: str, folder: Path) -> None:
    """Write home, next, dashboard, outbox and review, and two of them on a phone."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium")
        own = path if Path(path).exists() else None
        browser = playwright.chromium.launch(executable_path=own, args=FLAGS)
        organiser = open_page(browser, site, "organiser")
        shots = [
            ("home", open_page(browser, site), "/"),
            ("next", open_page(browser, site, "member"), "/next/"),
            ("dashboard", organiser, "/organise/"),
            ("outbox", organiser, "/organise/outbox/"),
            ("review", organiser, first_unreviewed(organiser, site)),
            ("next-phone", open_page(browser, site, "member", width=PHONE, scheme="dark"), "/next/"),
            ("home-phone", open_page(browser, site, width=PHONE), "/"),
        ]
        for name, page, address in shots:
            page.goto(site + address, wait_until="networkidle")
            page.screenshot(path=folder / f"{name}.png", full_page=not name.endswith("phone"))
            print(f"{folder}/{name}.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), Path(sys.argv[2]))
