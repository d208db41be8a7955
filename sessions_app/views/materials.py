"""Links and files of a talk or a session: one page for each list, one for each change.

Members who present, organisers, and guests with a private link use the same two pages; `Table` says whose.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from members.access import organiser_required
from members.errors import Refused
from members.models import User
from sessions_app import materials, presenting, proposals
from sessions_app.models import Material, Presentation, Presenter, Session
from sessions_app.talk_forms import MaterialForm
from sessions_app.views.presenting import guest_page
from sessions_app.views.proposals import involved

EVERY_METHOD = ["GET", "HEAD", "POST"]


@dataclass(frozen=True)
class Table:
    """Where somebody lays materials out. base: the address of the list; each one's own address lies below."""

    owner: Presentation | Session
    base: str
    back: str
    back_words: str
    by: User | None
    guest: Presenter | None = None

    @property
    def is_session(self) -> bool:
        """Whether the materials are a session's own."""
        return isinstance(self.owner, Session)

    def row(self, pk: int) -> Material:
        """One of its materials. Raises Http404."""
        rows = Material.objects.filter(**materials.of(self.owner)).select_related("file")
        return get_object_or_404(rows, pk=pk)


def _of_talk(request: HttpRequest, pk: int) -> Table:
    talk = involved(request, pk)
    if talk.state in proposals.CLOSED:
        raise Http404
    base = reverse("talk_materials", args=[pk])
    return Table(talk, base, reverse("talk", args=[pk]), "The page of the talk", request.user)


def _of_session(request: HttpRequest, pk: int) -> Table:
    session = get_object_or_404(Session, pk=pk)
    base, back = reverse("organise:materials", args=[pk]), reverse("organise:session", args=[pk])
    return Table(session, base, back, f"Session {session.number}", request.user)


def _of_guest(token: str, presenter: Presenter, pk: int) -> Table:
    talk = get_object_or_404(presenting.talks_of(presenter), pk=pk)
    base = reverse("presenting_materials", args=[token, pk])
    return Table(talk, base, reverse("presenting", args=[token]), "Your page", None, guest=presenter)


# --- The pages, whoever opens them ---------------------------------------------------------------------
def _list(request: HttpRequest, table: Table) -> HttpResponse:
    posted = request.method == "POST"
    form = MaterialForm(request.POST or None, request.FILES or None) if posted else MaterialForm()
    if posted and form.is_valid():
        try:
            materials.add(
                owner=table.owner, values=form.values(), by=table.by, now=timezone.now(), guest=table.guest
            )
        except Refused as refused:
            form.add_error("file" if form.cleaned_data["file"] else None, str(refused))
        else:
            messages.success(request, "It stands with the others now.")
            return redirect(table.base)
    rows = Material.objects.filter(**materials.of(table.owner)).select_related("file")
    context = {"table": table, "rows": rows, "form": form}
    return render(request, "member/materials.html", context, status=422 if posted else 200)


def _change(request: HttpRequest, table: Table, pk: int) -> HttpResponse:
    row = table.row(pk)
    initial = {name: getattr(row, name) for name in ("kind", "title", "url", "audience")}
    posted = request.method == "POST"
    form = MaterialForm(
        request.POST if posted else None, request.FILES if posted else None, material=row, initial=initial
    )
    if posted and form.is_valid():
        try:
            materials.change(
                owner=table.owner,
                material_id=pk,
                values=form.values(),
                by=table.by,
                now=timezone.now(),
                guest=table.guest,
            )
        except Material.DoesNotExist as missing:
            raise Http404 from missing
        except Refused as refused:
            form.add_error("file" if form.cleaned_data["file"] else None, str(refused))
        else:
            messages.success(request, "It is saved.")
            return redirect(table.base)
    context = {"table": table, "row": row, "form": form}
    return render(request, "member/material_change.html", context, status=422 if posted else 200)


def _remove(request: HttpRequest, table: Table, pk: int) -> HttpResponse:
    try:
        materials.remove(owner=table.owner, material_id=pk)
    except Material.DoesNotExist:
        messages.error(request, "It is gone already. Nothing was changed.")
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "It is taken away.")
    return redirect(table.base)


# --- Of a talk, for its presenters and organisers ------------------------------------------------------
@require_http_methods(EVERY_METHOD)
def talk_materials(request: HttpRequest, pk: int) -> HttpResponse:
    """The material of a talk, and a form for more."""
    return _list(request, _of_talk(request, pk))


@require_http_methods(EVERY_METHOD)
def talk_material(request: HttpRequest, pk: int, material_pk: int) -> HttpResponse:
    """Change one."""
    return _change(request, _of_talk(request, pk), material_pk)


@require_POST
def talk_material_remove(request: HttpRequest, pk: int, material_pk: int) -> HttpResponse:
    """Take one away."""
    return _remove(request, _of_talk(request, pk), material_pk)


# --- Of a session, for organisers ----------------------------------------------------------------------
@organiser_required
@require_http_methods(EVERY_METHOD)
def session_materials(request: HttpRequest, pk: int) -> HttpResponse:
    """The material of a session itself, and a form for more."""
    return _list(request, _of_session(request, pk))


@organiser_required
@require_http_methods(EVERY_METHOD)
def session_material(request: HttpRequest, pk: int, material_pk: int) -> HttpResponse:
    """Change one."""
    return _change(request, _of_session(request, pk), material_pk)


@organiser_required
@require_POST
def session_material_remove(request: HttpRequest, pk: int, material_pk: int) -> HttpResponse:
    """Take one away."""
    return _remove(request, _of_session(request, pk), material_pk)


# --- Of a talk, for a guest with a private link --------------------------------------------------------
@login_not_required
@never_cache
@require_http_methods(EVERY_METHOD)
@guest_page
def guest_materials(request: HttpRequest, token: str, presenter: Presenter, pk: int) -> HttpResponse:
    """The material of a guest's talk, and a form for more."""
    return _list(request, _of_guest(token, presenter, pk))


@login_not_required
@never_cache
@require_http_methods(EVERY_METHOD)
@guest_page
def guest_material(
    request: HttpRequest, token: str, presenter: Presenter, pk: int, material_pk: int
) -> HttpResponse:
    """Change one."""
    return _change(request, _of_guest(token, presenter, pk), material_pk)


@login_not_required
@never_cache
@require_POST
@guest_page
def guest_material_remove(
    request: HttpRequest, token: str, presenter: Presenter, pk: int, material_pk: int
) -> HttpResponse:
    """Take one away."""
    return _remove(request, _of_guest(token, presenter, pk), material_pk)
