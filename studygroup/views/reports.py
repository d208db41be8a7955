"""Reports: the list of them, each with its drawing and table, its file, and the rows behind a number."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from members.access import group_of, organiser_required
from studygroup.reports import csv_file
from studygroup.reports.catalogue import REPORTS
from studygroup.reports.figure import Asked, Report, table
from studygroup.reports.period import PeriodForm, usual

ROWS = 100  # behind a number, on one page
MOST_PAGES = 10_000


@organiser_required
@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """What reports there are, with a sentence each."""
    if group_of(request) is None:
        return redirect("home")
    return render(request, "organiser/reports.html", {"reports": REPORTS.values()})


@organiser_required
@require_safe
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """One report: its days, its drawing, its table."""
    found, form, asked = _asked(request, slug)
    figure = found.figure(asked)
    page = Paginator(figure.lines, figure.page_size).get_page(request.GET.get("page"))
    lines = list(page)
    context = {
        "report": found,
        "form": form,
        "period": asked.period,
        "figure": figure,
        "table": table(figure.columns, lines),
        "drawing": figure.draw(lines) if lines else None,
        "page": page,
        "query": f"{asked.period.query}&",
    }
    return render(request, "organiser/report.html", context, status=200 if form.is_valid() else 422)


@organiser_required
@require_safe
def report_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """The table of one report as a file. Days that are not understood lead back to the page that says so."""
    found, form, asked = _asked(request, slug)
    if not form.is_valid():
        return report(request, slug)
    response = HttpResponse(
        csv_file.text_of(found.figure(asked)),
        content_type="text/csv; charset=utf-8",
    )
    name = f"{slug}-{asked.period.first}-{asked.period.last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@organiser_required
@require_safe
def report_rows(request: HttpRequest, slug: str) -> HttpResponse:
    """The rows that one number of a report counts."""
    found, form, asked = _asked(request, slug)
    number = _page_number(request.GET.get("page", ""))
    rows = None
    if form.is_valid():
        rows = found.rows(asked, request.GET.get("of", ""), slice((number - 1) * ROWS, number * ROWS))
    if rows is None:
        raise Http404("Nothing is counted under this address.")
    kept = request.GET.copy()
    kept.pop("page", None)
    context = {
        "report": found,
        "period": asked.period,
        "rows": rows,
        "table": table(rows.columns, rows.lines),
        "number": number,
        "query": kept.urlencode(),
    }
    return render(request, "organiser/report_rows.html", context)


def _asked(request: HttpRequest, slug: str) -> tuple[Report, PeriodForm, Asked]:
    found, group = REPORTS.get(slug), group_of(request)
    if found is None or group is None:
        raise Http404("There is no such report.")
    zone, now = ZoneInfo(group.time_zone), timezone.now()
    form = PeriodForm(request.GET, usual=usual(now.astimezone(zone).date(), zone, months=found.months))
    return found, form, Asked(slug, form.period(), now)


def _page_number(typed: str) -> int:
    if typed.isascii() and typed.isdigit() and len(typed) < 9:
        return min(max(int(typed), 1), MOST_PAGES)
    return 1
