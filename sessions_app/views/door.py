"""Who comes, as organisers read it before a session; and the list at the door."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from members.access import organiser_required
from members.errors import Refused
from members.models import Member
from sessions_app import attendance, room
from sessions_app.attendance import AWAY, COMING, IN_LINE, LEFT, SILENT, UNSURE
from sessions_app.models import Rsvp, Session

PAGE = 100  # people on one page of who comes
HEADINGS = {
    COMING: "Coming",
    IN_LINE: "In line for a chair",
    UNSURE: "Not sure",
    SILENT: "No answer",
    AWAY: "Cannot come",
    LEFT: "Left the group",
}
MEMBER, GUEST, NAME = "member", "chair", "name"  # the kinds of people at the door


def _groups(people: Iterable[Member]) -> list[tuple[str, list[Member]]]:
    return [(HEADINGS[rank], list(rows)) for rank, rows in groupby(people, key=lambda person: person.rank)]


@organiser_required
@require_safe
def who_comes(request: HttpRequest, pk: int) -> HttpResponse:
    """Names, answers, notes and the line: what organisers read before a session."""
    session = get_object_or_404(Session, pk=pk)
    present = attendance.people(session).filter(state__in=room.PRESENT)
    page = Paginator(present, PAGE).get_page(request.GET.get("page"))
    places = {pk: place for place, pk in enumerate(room.line(session).values_list("member", flat=True), 1)}
    for person in page:
        person.place = places.get(person.pk)
    return render(
        request,
        "organiser/who_comes.html",
        {
            "session": session,
            "page": page,
            "groups": _groups(page.object_list),
            "tally": Rsvp.objects.tally(session=session, member=None),
            "chairs": list(attendance.guests_with_chairs(session)),
            "door_is_closed": attendance.closed_sentence(session, now=timezone.now()),
        },
    )


# --- The door ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """One button of the list. whom: a key, or the name of a guest without a chair."""

    kind: str
    whom: str
    name: str
    came: bool
    note: str = ""

    @property
    def anchor(self) -> str:
        """The button's id: the same before and after it is pressed."""
        key = zlib.crc32(self.whom.casefold().encode()) if self.kind == NAME else self.whom
        return f"door-{self.kind}-{key}"

    @property
    def wish(self) -> str:
        """What pressing the button asks for: the other of the two, so that asking twice is harmless."""
        return f"{self.kind}:{0 if self.came else 1}:{self.whom}"


def _rows(people: list[Member]) -> list[Row]:
    return [Row(MEMBER, str(p.pk), p.name, p.came, p.reply_note or "") for p in people]


def _named(request: HttpRequest) -> str:
    """The part of a name that the list is narrowed to."""
    return " ".join(request.GET.get("q", "").replace("\x00", "").split())[:100]


def _address(name: str, session: Session, named: str) -> str:
    return reverse(name, args=[session.pk]) + (f"?{urlencode({'q': named})}" if named else "")


def _page(
    request: HttpRequest, session: Session, *, typed: str = "", wrong: str = "", status: int = 200
) -> HttpResponse:
    """The list. typed, wrong: a guest's name that was refused, and why."""
    named = _named(request)
    found = attendance.door(session, named=named)
    lists = [(heading, _rows(people)) for heading, people in _groups(found.members)]
    guests = [Row(GUEST, str(c.pk), c.application.name, c.came) for c in found.chairs]
    guests += [Row(NAME, noted.guest_name, noted.guest_name, True) for noted in found.names]
    context = {
        "session": session,
        "closed": attendance.closed_sentence(session, now=timezone.now()),
        "opens_at": attendance.opens_at(session),
        "lists": [*lists, *([("Guests", guests)] if guests else [])],
        "hidden": found.hidden,
        "count": attendance.head_count_of(session),
        "named": named,
        "typed": typed,
        "wrong": wrong,
        "mark_url": _address("organise:door_mark", session, named),
    }
    return render(request, "organiser/door.html", context, status=status)


@organiser_required
@require_safe
def door(request: HttpRequest, pk: int) -> HttpResponse:
    """All who may come, to be ticked off; `q` narrows the list to a name."""
    return _page(request, get_object_or_404(Session, pk=pk))


@organiser_required
@require_POST
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that somebody came, or take it back (wish=kind:1 or 0:whom), or add a guest (guest=name)."""
    session = get_object_or_404(Session, pk=pk)
    named = _named(request)
    try:
        row = _carry_out(request, session)
    except attendance.NoName as refused:
        return _page(request, session, typed=request.POST.get("guest", ""), wrong=str(refused), status=422)
    except Refused as refused:
        messages.error(request, str(refused))
        here = _address("organise:door", session, named)
        return HttpResponseClientRedirect(here) if request.htmx else redirect(here)
    if request.htmx:
        context = {"row": row, "count": attendance.head_count_of(session), "swapped": True}
        context["mark_url"] = _address("organise:door_mark", session, named)
        return render(request, "organiser/_door_button.html", context)
    # A guest who was added is not in a list that is narrowed to another name.
    shown = "" if "guest" in request.POST else named
    return redirect(f"{_address('organise:door', session, shown)}#{row.anchor}")


def _carry_out(request: HttpRequest, session: Session) -> Row:
    """Do what was asked, and return the row as it is then. Raises Refused."""
    given = {"session_id": session.pk, "by": request.user, "now": timezone.now()}
    if "guest" in request.POST:
        name = " ".join(request.POST["guest"].replace("\x00", "").split())
        attendance.note_name(name=name, came=True, **given)
        return Row(NAME, name, name, True)
    wish = request.POST.get("wish", "").replace("\x00", "")
    kind, wanted, whom = [*wish.split(":", 2), "", "", ""][:3]
    came = wanted == "1"
    if wanted in ("0", "1") and kind == NAME:
        attendance.note_name(name=whom, came=came, **given)
        return Row(NAME, whom, whom, came)
    if wanted not in ("0", "1") or kind not in (MEMBER, GUEST) or not _is_key(whom):
        raise Refused("That button is not on the list any more. Nothing was changed.")
    if kind == MEMBER:
        name = attendance.note_member(member_id=int(whom), came=came, **given)
    else:
        name = attendance.note_guest(chair_id=int(whom), came=came, **given)
    return Row(kind, whom, name, came)


def _is_key(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) < 19
