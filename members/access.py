"""Who may do what: tiny predicates, and the decorators that put them on views."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from members.models import Group, Member, User
from members.seats import current_group


def member_of(user) -> Member | None:
    """The user's membership, unless it has ended; None for visitors and outsiders. One query a request."""
    if not user.is_authenticated:
        return None
    member = getattr(user, "member", None)
    return member if member and member.state != Member.State.ALUMNI else None


def can_prepare(user: User) -> bool:
    """Whether this person sees the members' pages."""
    return member_of(user) is not None


def can_organise(user: User) -> bool:
    """Whether this person runs the group: an organiser who has not left, or a superuser."""
    if not user.is_authenticated:
        return False
    member = member_of(user)
    return user.is_superuser or (member is not None and member.role == Member.Role.ORGANISER)


def group_of(request: HttpRequest) -> Group | None:
    """The group of this request, with its seats and thanks; one query, however often it is asked for."""
    if not hasattr(request, "study_group"):
        request.study_group = current_group()
    return request.study_group


def _required(predicate: Callable[[User], bool]) -> Callable:
    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not predicate(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


# Visitors never get as far: LoginRequiredMiddleware sends them to sign in first.
member_required = _required(can_prepare)
organiser_required = _required(can_organise)
