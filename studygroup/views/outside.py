"""What programs ask for: the feed, the sitemap, robots.txt, the pictures beside links to us."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from members.access import group_of
from sessions_app.models import Session
from studygroup import feeds, outside, sitemaps, social

# Nothing there is for search engines: private, or the same few forms.
NOT_TO_BE_READ = [
    "/organise/",
    "/me/",
    "/application/",
    "/invitation/",
    "/guest/",
    "/presenting/",
    "/mail/",
    "/accounts/",
    "/admin/",
    "/search/",
]


@login_not_required
@conditional_page
@cache_control(max_age=300, public=True)
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """Sessions and public notes as an Atom feed. Not changed since: 304."""
    return HttpResponse(feeds.atom(group_of(request)), content_type="application/atom+xml; charset=utf-8")


@login_not_required
@conditional_page
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Where the public addresses are listed, for search engines."""
    return _map(sitemaps.index())


@login_not_required
@conditional_page
@require_safe
def sitemap_part(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """Some of the public addresses. Raises Http404 where there are none."""
    part = sitemaps.part(kind, number)
    if part is None:
        raise Http404
    return _map(part)


def _map(xml: str) -> HttpResponse:
    response = HttpResponse(xml, content_type="application/xml")
    response.headers["X-Robots-Tag"] = "noindex"  # it is read, not found
    return response


@login_not_required
@cache_control(max_age=3600, public=True)
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Which addresses programs should leave alone, and where the others are listed."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in NOT_TO_BE_READ),
        "",
        f"Sitemap: {outside.absolute(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _png(content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="image/png")
    # These are drawn to be shown on other sites; everything else of ours is not.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@login_not_required
@conditional_page
@cache_control(max_age=3600, public=True)
@require_safe
def picture(request: HttpRequest) -> HttpResponse:
    """The picture of the group, for links to its pages on other sites."""
    group = group_of(request)
    return _png(social.group_picture(social.poster_of(group)))


@login_not_required
@conditional_page
@cache_control(max_age=3600, public=True)
@require_safe
def session_picture(request: HttpRequest, number: int) -> HttpResponse:
    """The picture of a session, for links to it on other sites. Raises Http404 for drafts."""
    session = Session.objects.visible_to(organiser=False).filter(number=number).first()
    if session is None:
        raise Http404
    return _png(social.session_picture(social.card_of(session, group_of(request))))
