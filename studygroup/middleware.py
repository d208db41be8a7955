"""Headers that neither Django nor django-csp sets."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class PermissionsPolicyMiddleware:
    """Tell the browser which devices no page of ours ever asks for, and that no other site may embed us."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers to every answer, errors included."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class NotSetUpMiddleware:
    """Before there is a group, every page says so. It costs no query: the page has looked for the group."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Put the page that says it in the place of one that has looked for the group in vain."""
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        leads_on = 300 <= response.status_code < 400
        if is_page and not leads_on and self._lacks_group(request):
            return self._instead(request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The same where a page could not be made without the group."""
        return self._instead(request) if self._lacks_group(request) else None

    def _lacks_group(self, request: HttpRequest) -> bool:
        own = request.path.startswith(("/setup/", "/accounts/", "/admin/", "/mail/provider/"))
        return not own and getattr(request, "study_group", request) is None

    def _instead(self, request: HttpRequest) -> HttpResponse:
        # What was asked for is not there yet; the home page is, and is this one.
        return render(request, "public/no_group.html", status=200 if request.path == "/" else 404)
