"""Give out what somebody put here."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from members.access import sees_everything
from sessions_app import stored_files
from sessions_app.models import StoredFile


@login_not_required
@require_safe
def stored_file(request: HttpRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    """Download a file; not found for whoever may not open it, so that nobody learns what there is."""
    file = (
        StoredFile.objects.select_related("reading", "material__presentation")
        .filter(pk=pk, name=name)
        .first()
    )
    if file is None or not stored_files.can_open(request.user, file, organiser=sees_everything(request)):
        raise Http404
    etag = f'"{file.sha256}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        try:
            content = file.content.open("rb")
        except FileNotFoundError as missing:
            raise Http404 from missing
        response = FileResponse(
            content, as_attachment=True, filename=file.name, content_type=file.content_type
        )
        response.headers["Content-Length"] = file.size
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    # Should a browser show it all the same, nothing in it may run.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
