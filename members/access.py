"""Who may do what: tiny predicates, and the decorators that put them on views."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from members import second_factor
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


def can_review(user: User) -> bool:
    """Whether this person reads and scores applications: a reviewer, or whoever runs the group."""
    member = member_of(user)
    return can_organise(user) or (member is not None and member.role == Member.Role.REVIEWER)


def group_of(request: HttpRequest) -> Group | None:
    """The group of this request, with its seats and thanks; one query, however often it is asked for."""
    if not hasattr(request, "study_group"):
        request.study_group = current_group()
    return request.study_group


def can_meet(user: User) -> bool:
    """Whether this person sees who is in the group: its members, and whoever runs it."""
    return can_prepare(user) or can_organise(user)


def shares_profile(member: Member) -> bool:
    """Whether other members read more of this member than the name. Organisers read everything."""
    return member.profile_audience == Member.Audience.MEMBERS


def shares_address(member: Member) -> bool:
    """Whether other members read this member's e-mail address."""
    return shares_profile(member) and member.address_audience == Member.Audience.MEMBERS


def sees_everything(request: HttpRequest) -> bool:
    """Whether this request may show what members keep to the organisers."""
    return can_organise(request.user) and not lacks_second_factor(request)


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether the group asks this person for a second factor that the session has not shown.

    It asks organisers, superusers and whoever may open the admin. Besides the group, no query.
    """
    user = request.user
    if not (can_organise(user) or (user.is_authenticated and user.is_staff)):
        return False
    group = group_of(request)
    return bool(group and group.second_factor) and not second_factor.used(request)


def _required(predicate: Callable[[User], bool]) -> Callable:
    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not predicate(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def _at_the_desk(predicate: Callable[[User], bool]) -> Callable:
    """As `_required`, and whom the group asks for a second factor is led to it first."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if lacks_second_factor(request):
                return second_factor.lead_to_it(request)
            return view(request, *args, **kwargs)

        return _required(predicate)(guarded)

    return decorate


# Visitors never get as far: LoginRequiredMiddleware sends them to sign in first.
member_required = _required(can_prepare)
meeting_required = _required(can_meet)
reviewer_required = _at_the_desk(can_review)
organiser_required = _at_the_desk(can_organise)
