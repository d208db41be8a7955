"""The second factor in front of the admin, whose views are not ours to decorate."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from members import second_factor
from members.access import lacks_second_factor


class AdminSecondFactorMiddleware:
    """Lead whom the group asks for a second factor to it before any page of the admin."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; what is asked for is known once the address is resolved."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        """Stop in front of the admin; everything else passes."""
        if request.resolver_match.app_name == "admin" and lacks_second_factor(request):
            return second_factor.lead_to_it(request)
        return None
