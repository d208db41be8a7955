"""The organisers' first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from members.access import group_of, organiser_required
from studygroup import dashboard as desk


@organiser_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """What needs doing today, and how things stand."""
    group = group_of(request)
    if group is None:
        return redirect("home")
    return render(request, "organiser/dashboard.html", desk.gather(group, now=timezone.now()))
