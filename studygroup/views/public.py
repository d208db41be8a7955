"""The pages about the group itself."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from members import colours
from members.access import can_organise, can_prepare, group_of
from members.keeping import UNCONFIRMED_DAYS
from members.models import Strength
from sessions_app.models import Path
from studygroup import home as front


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What the group is, its next session, how it studies, what it has read."""
    if group_of(request) is None:
        return render(request, "public/no_group.html")
    return render(request, "public/home.html", {"home": front.gather(now=timezone.now())})


@login_not_required
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Who meets, where, how often, how many seats there are and how one gets one."""
    return render(
        request, "public/about.html", {"paths": Path.objects.all(), "strengths": Strength.objects.all()}
    )


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept of whom, and why; from the settings in force."""
    return render(request, "public/privacy.html", {"unconfirmed_days": UNCONFIRMED_DAYS})


@login_not_required
@cache_control(max_age=300, public=True)
@require_safe
def group_css(request: HttpRequest) -> HttpResponse:
    """The group's own accent, as custom properties for light and dark pages; empty when it has none."""
    group = group_of(request)
    css = ""
    if group and group.accent:
        light, dark = colours.palette(group.accent, dark=False), colours.palette(group.accent_dark, dark=True)
        css = (
            f":root{{{_properties(light)}}}@media(prefers-color-scheme:dark){{:root{{{_properties(dark)}}}}}"
        )
    return HttpResponse(css, content_type="text/css")


def _properties(values: dict[str, str]) -> str:
    return ";".join(f"{name}:{value}" for name, value in values.items())


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


@require_safe
def arrive(request: HttpRequest) -> HttpResponse:
    """Where one lands after signing in: organisers at the desk, members at the next session."""
    if can_organise(request.user):
        return redirect("organise:dashboard")
    return redirect("next" if can_prepare(request.user) else "home")
