"""Who is in the group: the directory, each member's page, and the photos."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Count, F, Q, prefetch_related_objects
from django.db.models.functions import ExtractYear
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from members.access import can_meet, meeting_required, sees_everything, shares_address, shares_profile
from members.models import Member, Strength
from members.models.member import MemberQuerySet

LONGEST_SEARCH = 100
LEFT = Member.State.ALUMNI
PEOPLE = 30  # on one page


@dataclass(frozen=True)
class Search:
    """What the directory is narrowed to, as the address bar says it."""

    text: str
    strength: int | None

    @classmethod
    def of(cls, request: HttpRequest) -> Search:
        """What was asked for; what makes no sense is left out."""
        strength = request.GET.get("strength", "")
        return cls(
            text=request.GET.get("text", "").replace("\0", "").strip()[:LONGEST_SEARCH],
            strength=int(strength)
            if strength.isascii() and strength.isdigit() and len(strength) < 10
            else None,
        )

    @property
    def query(self) -> str:
        """What the links to other pages keep of it."""
        asked = {"text": self.text, "strength": self.strength}
        return "".join(f"{urlencode({name: value})}&" for name, value in asked.items() if value)

    def found(self, members: MemberQuerySet, *, everything: bool) -> MemberQuerySet:
        """The members that fit. What a member keeps to the organisers finds nobody, unless `everything`."""
        readable = Q() if everything else Q(profile_audience=Member.Audience.MEMBERS)
        if self.text:
            members = members.filter(
                Q(user__name__icontains=self.text) | (Q(bio__icontains=self.text) & readable)
            )
        if self.strength:
            members = members.filter(readable, strengths=self.strength)
        return members


def _shows_everything(request: HttpRequest) -> bool:
    """Organisers see everything, unless `?as=members` asks for the page as the others see it."""
    return sees_everything(request) and request.GET.get("as") != "members"


def _one(members: MemberQuerySet, slug: str) -> Member:
    """The member with this address, or 404; no address holds the byte that PostgreSQL refuses."""
    return get_object_or_404(members, slug=slug.replace("\0", "/"))


def _members(found: MemberQuerySet, places: range, *, present: int) -> list[Member]:
    """Those at these places of the directory, of which the first `present` have not left. Two queries.

    Each list is asked by itself, so that the one of the present follows the index of names.
    """
    here, gone = places[: max(present - places.start, 0)], places[max(present - places.start, 0) :]
    members: list[Member] = []
    if here:
        members += found.present()[here.start : here.stop]
    if gone:
        left = found.filter(state=LEFT).annotate(left_in=ExtractYear("left_at"))
        left = left.order_by(F("left_in").desc(nulls_last=True), "user__name", "pk")
        members += left[gone.start - present : gone.stop - present]
    prefetch_related_objects(members, "strengths")
    return members


@meeting_required
@require_safe
def member_list(request: HttpRequest) -> HttpResponse:
    """The directory: who has a seat or is on leave, then who has left, by year."""
    search, everything = Search.of(request), _shows_everything(request)
    found = search.found(Member.objects.by_name(), everything=everything)
    by_state = dict(found.order_by().values_list("state").annotate(n=Count("*")))
    page = Paginator(range(sum(by_state.values())), PEOPLE).get_page(request.GET.get("page"))
    members = _members(found, page.object_list, present=sum(by_state.values()) - by_state.get(LEFT, 0))
    for member in members:
        member.is_readable = everything or shares_profile(member)
    left = [member for member in members if member.state == LEFT]
    return render(
        request,
        "member/members.html",
        {
            "present": [member for member in members if member.state != LEFT],
            "years": [(year, list(those)) for year, those in groupby(left, key=lambda m: m.left_in)],
            "page": page,
            "query": search.query,
            "search": search,
            "strengths": Strength.objects.all(),
        },
    )


@meeting_required
@require_safe
def member_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One member, as far as they let this reader see."""
    member = _one(Member.objects.select_related("user").prefetch_related("strengths"), slug)
    everything = _shows_everything(request)
    return render(
        request,
        "member/member.html",
        {
            "person": member,
            "everything": everything,
            "is_readable": everything or shares_profile(member),
            "shows_address": everything or shares_address(member),
        },
    )


@require_safe
def photo(request: HttpRequest, slug: str) -> FileResponse:
    """A member's photo, for whoever may read the member's page; one's own always. 404 for everybody else."""
    member = _one(Member.objects.exclude(photo=""), slug)
    if member.user_id != request.user.pk and not (
        can_meet(request.user) and (shares_profile(member) or sees_everything(request))
    ):
        raise Http404
    try:
        file = member.photo.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(file, content_type="image/jpeg")
    # Its address changes with the photo; an hour, since who may see it can change too.
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
