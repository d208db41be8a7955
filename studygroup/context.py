"""What every page knows: the group, whom it thanks, and who is looking."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from members.access import can_organise, can_review, group_of, lacks_second_factor, member_of
from members.models import Member


@dataclass(frozen=True)
class Viewer:
    """Who is looking at the page, as templates ask it."""

    member: Member | None
    is_organiser: bool = False
    is_reviewer: bool = False  # sees and reviews applications; every organiser does
    lacks_second_factor: bool = False  # which the group asks for, and this session has not shown

    @property
    def is_member(self) -> bool:
        """Whether the members' pages are open to this person."""
        return self.member is not None


def viewer_of(request: HttpRequest) -> Viewer:
    """The viewer of a request; for visitors without any query."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Viewer(member=None)
    return Viewer(
        member=member_of(user),
        is_organiser=can_organise(user),
        is_reviewer=can_review(user),
        lacks_second_factor=lacks_second_factor(request),
    )


def site(request: HttpRequest) -> dict:
    """Context processor: one query for the group with its seats and thanks, made where a template asks."""
    group = SimpleLazyObject(lambda: group_of(request))
    return {
        "group": group,
        "acknowledgements": SimpleLazyObject(lambda: group.thanks if group else []),
        "viewer": SimpleLazyObject(lambda: viewer_of(request)),
        "group_css_url": SimpleLazyObject(lambda: reverse("group_css") if group and group.accent else ""),
    }
