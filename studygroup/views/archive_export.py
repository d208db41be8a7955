"""Taking the group along in the browser: a page that says what is in the archive, and the zip."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods

from members.access import group_of, organiser_required
from members.models import Group, Member
from sessions_app.models import Photo, Presentation, Session, StoredFile
from studygroup.archive_export import zipping
from studygroup.archive_export.writing_sessions import entries


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def archive_export(request: HttpRequest) -> HttpResponse:
    """Say what the archive holds; a POST downloads it, written while it is sent."""
    group = group_of(request)
    if group is None:
        return redirect("home")
    if request.method == "POST":
        return _download(group, now=timezone.now())
    counts = [
        {"number": Session.objects.count(), "label": "Sessions"},
        {"number": Presentation.objects.count(), "label": "Talks"},
        {"number": Member.objects.count(), "label": "Members, past ones too"},
        {"number": Photo.objects.count() + StoredFile.objects.count(), "label": "Photos and files"},
    ]
    return render(request, "organiser/archive_export.html", {"counts": counts})


def _download(group: Group, *, now: datetime) -> StreamingHttpResponse:
    name = slugify(group.name)[:80].strip("-") or "study-group"
    today = now.astimezone(ZoneInfo(group.time_zone)).date()
    return StreamingHttpResponse(
        zipping.stream(entries(), name),
        content_type="application/zip",
        headers={
            "Content-Disposition": content_disposition_header(True, f"{name}-{today.isoformat()}.zip"),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
