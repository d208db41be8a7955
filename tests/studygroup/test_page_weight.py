"""docs/design.md, Budgets: a first visit weighs at most 120 kB, all assets compressed."""

from __future__ import annotations

import gzip
import re

import brotli
import pytest
from django.contrib.staticfiles import finders

from tests.factories import (
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
)

LIMIT = 120_000  # bytes
# The four that every page of Latin text shows; other subsets load only where their letters occur.
FONTS = [
    "brygada-1918/brygada-1918-latin-400-normal.woff2",
    "brygada-1918/brygada-1918-latin-400-italic.woff2",
    "source-sans-3/source-sans-3-latin-400-normal.woff2",
    "source-sans-3/source-sans-3-latin-600-normal.woff2",
]


def weigh(html: str) -> int:
    """The bytes a browser fetches for a page with an empty cache: as WhiteNoise and GZip send them."""
    assets = set(re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js))"', html))
    assert assets
    packed = sum(len(brotli.compress(read(asset))) for asset in assets)
    return len(gzip.compress(html.encode())) + packed + sum(len(read(f"vendor/{font}")) for font in FONTS)


def read(asset: str) -> bytes:
    path = finders.find(asset)
    assert path, asset
    with open(path, "rb") as file:
        return file.read()


@pytest.fixture
def full(group):
    """A home page and a next session with everything on them."""
    for _ in range(40):
        SessionFactory(state="held")
    session = SessionFactory()
    for _ in range(8):
        ReadingFactory(session=session)
        PresentationFactory(session=session, presenter=PresenterFactory())


@pytest.mark.parametrize("address", ["/", "/sessions/", "/apply/", "/accounts/login/"])
def test_first_visit_of_a_visitor_weighs_little(full, client, address):
    assert weigh(client.get(address).text) <= LIMIT


@pytest.mark.parametrize("address", ["/next/", "/organise/"])
def test_first_visit_of_a_member_weighs_little(full, client_of, address):
    organiser = MemberFactory(role="organiser").user
    assert weigh(client_of(organiser).get(address).text) <= LIMIT
