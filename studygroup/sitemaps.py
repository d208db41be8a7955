"""What search engines are told to read: the public pages and the sessions with their notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import Case, F, When
from django.urls import reverse

from sessions_app.models import Notes, Session
from studygroup import outside

PAGES = ["home", "about", "sessions:list", "curriculum", "presentations", "resources", "apply", "privacy"]


@dataclass(frozen=True)
class Place:
    """One address, and when what stands there last changed."""

    path: str
    changed: datetime | None = None


class _OurSitemap(Sitemap):
    """Addresses begin with SITE_URL, whichever host was asked."""

    limit = 20_000  # more than all sessions of a lifetime; the protocol allows 50,000

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site=None) -> str:
        return settings.SITE_URL.partition("://")[2]

    def location(self, place: Place) -> str:
        return place.path

    def lastmod(self, place: Place) -> datetime | None:
        return place.changed


class Pages(_OurSitemap):
    """The pages that every group has. When they changed is on no record."""

    def items(self) -> list[Place]:
        return [Place(reverse(name)) for name in PAGES]


class Sessions(_OurSitemap):
    """Every session that a visitor may open, as new as it or its public notes. One query."""

    def items(self) -> list[Place]:
        public = Case(When(notes__audience=Notes.Audience.PUBLIC, then=F("notes__updated_at")))
        sessions = (
            Session.objects.visible_to(organiser=False)
            .annotate(notes_changed=public)
            .only("number", "state", "announced_at", "ends_at")
            .order_by("-number")
        )
        return [Place(session.get_absolute_url(), _changed(session)) for session in sessions]


def _changed(session: Session) -> datetime:
    changed = outside.changed_at(session)
    return max(changed, session.notes_changed or changed)


SITEMAPS = {"pages": Pages, "sessions": Sessions}
