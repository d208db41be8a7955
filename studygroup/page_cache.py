"""Public pages answered from memory, exactly: a change is seen on the next request.

The database keeps one random word, the public version, and changes it in every transaction that touches
something a public page shows (triggers of migration 0002, which fire at the commit). A page is kept under the
version that was read before it was rendered, so a page made from older rows is never given out under a newer
version. What else a page depends on is the time, by whole minutes: a day begins, a session starts or ends. So
the minute belongs to the key.

The memory is the process's own and may be lost at any moment; nothing has to be cleared anywhere.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response

MOST_PAGES = 500  # pages in one process's memory; at some 20 kB each, 10 MB
LARGEST = 200_000  # bytes of one page
# Pages that are the same for everybody who is not signed in, by the names of their addresses.
SAME_FOR_EVERYBODY = {
    "home",
    "about",
    "privacy",
    "curriculum",
    "sessions:list",
    "sessions:detail",
    "presentations",
    "talk",
    "presenter",
    "resources",
    "feed",
    "calendar",
    "session_calendar",
    "sitemap",
    "sitemap_part",
    "picture",
    "session_picture",
}


def public_version() -> str:
    """The word that changes with everything public. One query.

    It is a request's first, and so shows by itself whether the kept connection still works: Django's own
    check, which would ask the server once more, is told that it is done.
    """
    connection.health_check_done = True
    try:
        return _read_version()
    except (InterfaceError, OperationalError):  # the server has closed the connection since the last request
        connection.close()
        return _read_version()


def _read_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM studygroup_public_version")
        return cursor.fetchone()[0]


class Memory:
    """The pages last asked for, at most MOST_PAGES of them."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple, tuple[bytes, list[tuple[str, str]]]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple) -> HttpResponse | None:
        """A new response like the one that was kept, or None."""
        with self._lock:
            kept = self._pages.get(key)
            if kept is None:
                return None
            self._pages.move_to_end(key)
        content, headers = kept
        response = HttpResponse(content)
        for name, value in headers:
            response.headers[name] = value
        return response

    def keep(self, key: tuple, response: HttpResponse) -> None:
        """Keep a finished response; the page asked for longest ago makes room."""
        with self._lock:
            self._pages[key] = (response.content, list(response.headers.items()))
            while len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._pages.clear()


memory = Memory()


class PublicPageMiddleware:
    """Stands outside sessions, sign-in and compression, so that a page from memory costs none of them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer from memory, or let the site answer and keep what is the same for every visitor."""
        if not settings.PUBLIC_PAGE_CACHE or not self._anybody(request):
            return self.get_response(request)
        try:
            host = request.get_host()
        except DisallowedHost:
            return self.get_response(request)  # which says so
        minute = int(timezone.now().timestamp() // 60)
        gzip = "gzip" in request.headers.get("Accept-Encoding", "")
        key = (public_version(), minute, host, request.get_full_path(), request.method, gzip)
        response = memory.get(key)
        if response is None:
            response = self.get_response(request)
            if self._may_keep(request, response):
                memory.keep(key, response)
            return response
        # Who asks whether anything has changed gets the answer that the view would give.
        return get_conditional_response(request, etag=response.headers.get("ETag"), response=response)

    def _anybody(self, request: HttpRequest) -> bool:
        """Whether the visitor carries nothing that could change the page."""
        return (
            request.method in ("GET", "HEAD")
            and not request.COOKIES
            and not request.headers.get("HX-Request")
        )

    def _may_keep(self, request: HttpRequest, response: HttpResponse) -> bool:
        return (
            response.status_code == 200
            and request.resolver_match.view_name in SAME_FOR_EVERYBODY
            and not response.cookies
            and not response.streaming
            and len(response.content) <= LARGEST
        )
