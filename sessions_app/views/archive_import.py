"""Bringing notes along in the browser: upload a zip, look at what it says, import it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from members.access import group_of, organiser_required
from members.errors import Refused
from sessions_app.archive_forms import ArchiveChoicesForm, ArchiveUploadForm
from sessions_app.archive_import import folder, uploads
from sessions_app.archive_import.report import TITLES
from sessions_app.models import ArchiveUpload

LATEST = 5  # uploads listed under the form
PAGE = 30  # files on one page of a preview
MOST_LINES = 100  # files that are no session, and sentences on what was not taken


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a zip in; the preview comes next."""
    form = ArchiveUploadForm()
    if request.method == "POST":
        form = ArchiveUploadForm(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                # One byte too many is enough to know; the rest of a huge file is never read into memory.
                data = file.read(folder.LARGEST_ZIP + 1)
                taken = uploads.take(data=data, name=file.name, by=request.user, now=timezone.now())
            except folder.Unreadable as refusal:
                form.add_error("file", str(refusal))
            else:
                return redirect("organise:archive_import_preview", taken.pk)
    latest = ArchiveUpload.objects.select_related("uploaded_by").defer("files", "left_out", "report")
    return render(
        request,
        "organiser/archive_import.html",
        {"form": form, "latest": latest.exclude(files={}, imported_at=None)[:LATEST]},
        status=422 if form.errors else 200,
    )


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What a zip would bring, and what it leaves open; afterwards, what it has brought."""
    found = get_object_or_404(ArchiveUpload.objects.select_related("uploaded_by"), pk=pk)
    if request.method == "POST":
        return _choose(request, found)
    if not found.files:
        return _render(request, "organiser/archive_import_report.html", found, found.report)
    return _preview(request, found, ArchiveChoicesForm(initial=found.choices))


def _choose(request: HttpRequest, found: ArchiveUpload) -> HttpResponse:
    form = ArchiveChoicesForm(request.POST)
    if found.files and not form.is_valid():
        return _preview(request, found, form, status=422)
    form.is_valid()
    try:
        uploads.choose(
            upload_id=found.pk,
            dates=form.cleaned_data.get("dates", ""),
            audience=form.cleaned_data.get("audience", ""),
            overwrite=form.cleaned_data.get("overwrite", False),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("organise:archive_import_preview", found.pk)


@organiser_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Import what the preview showed; a second time says so and does nothing."""
    get_object_or_404(ArchiveUpload.objects.only("pk"), pk=pk)
    try:
        uploads.confirm(
            upload_id=pk, by=request.user, now=timezone.now(), seen_choices=request.POST.get("choices", "")
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("organise:archive_import_preview", pk)


def _preview(
    request: HttpRequest, found: ArchiveUpload, form: ArchiveChoicesForm, *, status: int = 200
) -> HttpResponse:
    try:
        told = uploads.look(found, group_of(request), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("organise:archive_import")
    more = {
        "form": form,
        "seen": uploads.seen(found),
        "can_import": bool(told["new"] + told["changed"]) and not told["open"],
        "sessions": told["new"] + told["changed"],
    }
    return _render(request, "organiser/archive_import_preview.html", found, told, status=status, **more)


def _render(
    request: HttpRequest,
    template: str,
    found: ArchiveUpload,
    told: dict[str, Any],
    *,
    status: int = 200,
    **more,
) -> HttpResponse:
    """A page with a report: the files of sessions in pages, the others in lines."""
    group_of(request)  # first, so that the group is read but once
    files = told.get("files", [])
    sessions = [_shown(file) for file in files if not file["why_not"]]
    others = [file for file in files if file["why_not"]]
    left_out = told.get("left_out", [])
    return render(
        request,
        template,
        {
            "upload": found,
            "told": told,
            "page": Paginator(sessions, PAGE).get_page(request.GET.get("page")),
            "others": others[:MOST_LINES],
            "more_others": max(0, len(others) - MOST_LINES),
            "left_out": left_out,
            "counts": [
                {"number": told.get("new", 0), "label": "New sessions"},
                {"number": told.get("changed", 0), "label": "Changed"},
                {"number": told.get("same", 0), "label": "As before"},
                {"number": told.get("links", 0), "label": "Links to prepare"},
            ],
            **more,
        },
        status=status,
    )


def _shown(file: dict[str, Any]) -> dict[str, Any]:
    """One file for the page: its sentences in groups, what happens first."""
    order = ("done", "kept", "doubtful", "missing", "recognised")
    return {**file, "groups": [(TITLES[name], file[name]) for name in order if file[name]]}
