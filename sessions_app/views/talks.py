"""What everybody reads of talks: each talk's own page, and each presenter's."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from members.access import can_meet, group_of, member_of, sees_everything, shares_profile
from sessions_app import programme, proposals, talks
from sessions_app.models import Presenter, Session


@login_not_required
@require_safe
def talk(request: HttpRequest, pk: int) -> HttpResponse:
    """One talk: what it is about, who gives it, when, and its material. Presenters find their tools here."""
    member, organiser = member_of(request.user), sees_everything(request)
    readable = talks.for_reader(member=member, organiser=organiser)
    found = talks.complete(readable.filter(pk=pk).first())
    if found is None:
        raise Http404
    sessions = talks.sessions_of(found, organiser=organiser)
    involved = found.is_mine or organiser
    group = group_of(request)
    return render(
        request,
        "public/talk.html",
        {
            "talk": found,
            "sessions": sessions,
            "is_on_show": any(session.is_public for session in sessions),
            "tools": involved and found.state not in proposals.CLOSED,
            "organiser": organiser,
            "slides": talks.slides(found, sessions, group, now=timezone.now()) if involved else None,
        },
    )


@login_not_required
@require_safe
def presenter(request: HttpRequest, pk: int) -> HttpResponse:
    """Who somebody is, as far as this reader may know, and what they gave."""
    organiser, meets = sees_everything(request), can_meet(request.user)
    sessions = Session.objects.visible_to(organiser=organiser)
    found = programme.presenters_with_talks(member=meets, sessions=sessions).filter(pk=pk).first()
    if found is None:
        if not organiser:
            raise Http404
        found = get_object_or_404(Presenter.objects.with_people(), pk=pk)
        found.talks = []
    programme.address([found])
    in_group = meets and found.member_id is not None
    reads_bio = found.member_id is None or (in_group and (organiser or shares_profile(found.member)))
    return render(
        request,
        "public/presenter.html",
        {
            "presenter": found,
            "bio": (found.member.bio if found.member_id else found.bio) if reads_bio else "",
            "in_group": in_group,
            "organiser": organiser,
            "is_guest": found.member_id is None and bool(found.guest_name),
        },
    )
