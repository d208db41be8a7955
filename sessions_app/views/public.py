"""What everybody may read: the curriculum, the sessions, the talks, the resources."""

from __future__ import annotations

from itertools import groupby

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from members.access import can_meet, can_organise, lacks_second_factor, member_of
from sessions_app import narrowing as narrowings
from sessions_app import notes as notes_of
from sessions_app import overview, photos, preparation, programme, shelf
from sessions_app.models import Path, Presenter, Resource, Session
from sessions_app.models.curriculum import Track
from sessions_app.views.parts import SESSION, readings_part, rsvp_part

# Rows on one page, so that its time and weight stay the same however long the archive becomes.
SESSIONS, TRACKS, PRESENTERS, RESOURCES = 20, 8, 15, 40
SPINES = 20  # the shelf shows the latest; the list has them all
TALKS = 2  # of one presenter; the presenter's own page has them all
NUMBERS = 10  # sessions of one track; the list, narrowed to the track, has them all


class CountedPaginator(Paginator):
    """A paginator that is told how many rows there are: they are counted elsewhere."""

    def __init__(self, *args, count: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.count = count


def _subjects(tracks: list[Track]) -> list[tuple[str, list[Track]]]:
    """Neighbouring tracks by the subject that they are part of; the others under no subject."""
    named = groupby(tracks, key=lambda track: track.part_of or track.pk)
    return [("" if isinstance(name, int) else name, list(group)) for name, group in named]


@login_not_required
@require_safe
def curriculum(request: HttpRequest) -> HttpResponse:
    """The paths, the shelf, and the tracks with their leaders, sources and sessions."""
    newest = (
        overview.with_tracks(Session.objects.published()).only(*overview.ROW).order_by("-number")[:SPINES]
    )
    found = overview.with_sessions(overview.with_sources(Track.objects.all()), NUMBERS)
    page = Paginator(found, TRACKS).get_page(request.GET.get("page"))
    tracks = list(page)
    for track in tracks:
        track.numbers = track.newest[::-1]
        track.earlier_count = track.session_count - len(track.newest)
    parts = [
        (path, _subjects([track for track in tracks if track.path_id == path.pk]))
        for path in Path.objects.all()
    ]
    if page.has_previous():  # the paths are described once
        parts = [(path, subjects) for path, subjects in parts if subjects]
    rest = _subjects([track for track in tracks if track.path_id is None])
    return render(
        request,
        "public/curriculum.html",
        {
            "parts": parts,
            "rest": rest,
            "tracks": tracks,
            "page": page,
            "shelf": shelf.build(reversed(newest), now=timezone.now()),
        },
    )


@login_not_required
@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    """All sessions, past and coming, the newest first; narrowed by year and track as the address says."""
    now = timezone.now()
    narrowing = narrowings.chosen(request.GET)
    newest_first = ("-starts_at", "-pk")
    choices = narrowings.choices(narrowing)
    found = narrowings.narrowed(Session.objects.published(), narrowing).order_by(*newest_first)
    page = CountedPaginator(found, SESSIONS, count=choices.count).get_page(request.GET.get("page"))
    # Talks and tracks for these alone: the database would gather them for all that it skips, too.
    shown = Session.objects.filter(pk__in=page.object_list.values("pk")).order_by(*newest_first)
    page.object_list = list(overview.with_tracks(overview.with_talks(shown)).only(*overview.ROW))
    for session in page:
        session.is_coming = session.state == Session.State.ANNOUNCED and session.ends_at > now
        session.names = overview.names_of(session)
    years = [
        (year, list(group)) for year, group in groupby(page.object_list, key=lambda s: s.local_start.year)
    ]
    return render(
        request,
        "public/session_list.html",
        {
            "page": page,
            "years": years,
            "choices": choices,
            "query": narrowing.query,
        },
    )


@login_not_required
@require_safe
def session(request: HttpRequest, number: int) -> HttpResponse:
    """One session: when and where, what was prepared and presented. Members tick and answer here too."""
    now = timezone.now()
    member = member_of(request.user)
    visible = Session.objects.visible_to(organiser=can_organise(request.user)).filter(number=number)
    meets = can_meet(request.user)
    visible = photos.with_photos(programme.with_programme(visible, member=meets), member=meets)
    found = photos.placed(programme.complete(visible.first()))
    if found is None:
        raise Http404
    is_announced, ends_later = found.state == Session.State.ANNOUNCED, found.ends_at > now
    writes = notes_of.can_write_notes(request.user, found)
    everything = writes and not lacks_second_factor(request)
    notes = notes_of.of_session(found, member=member is not None, everything=everything)
    context = {
        "notes": notes,
        "note_authors": notes_of.author_names(notes.author_list) if notes else [],
        "writes_notes": writes,
        "session": found,
        "is_coming": is_announced and ends_later,
        "is_over": found.state == Session.State.HELD or (is_announced and not ends_later),
        "reader_zone": getattr(request.user, "time_zone", ""),
    }
    context |= readings_part(found, member=member, everything=everything, back=SESSION, now=now)
    if member and found.state == Session.State.ANNOUNCED:
        context |= rsvp_part(found, member=member, now=now, back=SESSION)
    # Whoever writes the notes presents or organises, but for the scribe, of whom it has to be asked.
    is_scribe = member is not None and found.scribe_id == member.pk
    context["can_follow"] = writes and (not is_scribe or preparation.can_follow(request.user, found))
    return render(request, "public/session.html", context)


@login_not_required
@require_safe
def presentations(request: HttpRequest) -> HttpResponse:
    """Who has presented what, in the order of their first talks."""
    page = Paginator(programme.presenters_in_order(), PRESENTERS).get_page(request.GET.get("page"))
    keys = page.object_list
    shown = Presenter.objects.with_people().filter(pk__in=keys)
    found = programme.with_given(shown, member=can_meet(request.user), most=TALKS + 1)
    page.object_list = sorted(found.order_by(), key=lambda presenter: keys.index(presenter.pk))
    for presenter in page:
        presenter.has_more, presenter.talks = len(presenter.talks) > TALKS, presenter.talks[:TALKS]
    programme.address(page)
    return render(request, "public/presentations.html", {"page": page})


@login_not_required
@require_safe
def resources(request: HttpRequest) -> HttpResponse:
    """Things worth having, those to begin with first."""
    found = Resource.objects.order_by("-recommended", "position", "pk")
    page = Paginator(found, RESOURCES).get_page(request.GET.get("page"))
    return render(
        request,
        "public/resources.html",
        {
            "page": page,
            "recommended": [resource for resource in page if resource.recommended],
            "others": [resource for resource in page if not resource.recommended],
        },
    )
