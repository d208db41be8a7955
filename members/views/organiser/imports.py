"""Importing applicants from a file: upload, look, confirm."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from members.access import group_of, organiser_required
from members.errors import Refused
from members.forms.importing import ColumnsForm, UploadForm
from members.importing import columns as known
from members.importing import loading, uploads
from members.importing.reading import Unreadable, read
from members.models import ApplicantImport

LATEST = 5  # imports listed under the form
MOST_LINES = 100  # of each kind on one page
FIRST_ROWS = 3


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file in; the preview comes next."""
    form = UploadForm(request.POST or None, request.FILES or None, initial={"encoding": "utf-8"})
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                # One byte too many is enough to know; the rest of a huge file is never read into memory.
                taken = uploads.take(
                    data=file.read(uploads.LARGEST + 1),
                    name=file.name,
                    encoding=form.cleaned_data["encoding"],
                    by=request.user,
                    now=timezone.now(),
                )
            except Unreadable as refusal:
                form.add_error("file", str(refusal))
            else:
                return redirect("organise:import_preview", taken.pk)
    latest = ApplicantImport.objects.select_related("uploaded_by").defer("text")
    return render(
        request,
        "organiser/import.html",
        {"form": form, "latest": latest.exclude(text="", imported_at=None)[:LATEST]},
        status=422 if form.errors else 200,
    )


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What a file would bring, and which column fills which field; afterwards, what it has brought."""
    found = get_object_or_404(ApplicantImport.objects.select_related("uploaded_by"), pk=pk)
    if request.method == "POST":
        return _choose(request, found)
    if not found.text:
        return _render_report(request, found)
    return _render_preview(request, found)


def _choose(request: HttpRequest, found: ApplicantImport) -> HttpResponse:
    if found.text:
        form = ColumnsForm(request.POST, headings=read(found.text).headings, fields=uploads.fields_of(found))
        if not form.is_valid():
            return _render_preview(request, found, form=form, status=422)
        fields = form.chosen()
    else:
        fields = {}  # `choose` says that it is too late
    try:
        uploads.choose(import_id=found.pk, fields=fields)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("organise:import_preview", found.pk)


@organiser_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Import what the preview showed; a second time says so and does nothing."""
    get_object_or_404(ApplicantImport.objects.only("pk"), pk=pk)
    try:
        uploads.confirm(
            import_id=pk,
            by=request.user,
            mail="mail" in request.POST,
            now=timezone.now(),
            seen_columns=request.POST.get("columns", ""),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("organise:import_preview", pk)


def _render_preview(
    request: HttpRequest, found: ApplicantImport, *, form: ColumnsForm | None = None, status: int = 200
) -> HttpResponse:
    table, fields = read(found.text), uploads.fields_of(found)
    try:
        made, absent = loading.compare(table, fields, now=timezone.now()), ""
    except Refused as refusal:
        made, absent = loading.Comparison(), str(refusal)
    strengths = {candidate.line: [str(each) for each in candidate.strengths] for candidate in made.new}
    return render(
        request,
        "organiser/import_preview.html",
        {
            "upload": found,
            "table": table,
            "made": made,
            "absent": absent,
            "counts": _counts(made),
            "findings": [
                _findings("wrong", "To mend in the file", made.problems),
                _findings("look", "Worth a look", made.oddities),
                _findings("repeats", "Repeats in the file", made.repeats),
                _findings("there", "There already", made.already),
            ],
            "left_out": known.left_out(table.headings, fields),
            "undated": "applied_at" not in fields,
            "first": [(each, strengths[each.line]) for each in made.new[:FIRST_ROWS]],
            "form": form or ColumnsForm(headings=table.headings, fields=fields),
            "seen": uploads.seen(found),
            "can_mail": len(table.rows) <= uploads.MOST_MAILS,
            "can_import": bool(made.new and not made.problems and not absent),
        },
        status=status,
    )


def _counts(made: loading.Comparison) -> list[dict]:
    return [
        {"number": len(made.new), "label": "New"},
        {"number": len(made.repeats), "label": "Repeats", "note": "in the file"},
        {"number": len(made.already), "label": "There already"},
        {"number": len(made.problems), "label": "To mend"},
    ]


def _findings(anchor: str, title: str, findings: list) -> dict:
    """One list of the page: at most MOST_LINES of it, and how many more there are."""
    return {
        "anchor": anchor,
        "title": title,
        "lines": [(each.line, each.label, each.text) for each in findings[:MOST_LINES]],
        "more": max(0, len(findings) - MOST_LINES),
    }


def _render_report(request: HttpRequest, found: ApplicantImport) -> HttpResponse:
    """What was done with a file that is gone; the group comes first, so that it is read but once."""
    group_of(request)
    report = found.columns.get("report", {})
    counts = report.get("counts", {})
    titles = (("look", "Worth a look", "oddities"), ("repeats", "Repeats in the file", "repeats"))
    return render(
        request,
        "organiser/import_report.html",
        {
            "upload": found,
            "mailed": report.get("mail", False),
            "already": counts.get("already", 0),
            "repeats": counts.get("repeats", 0),
            "findings": [
                {
                    "anchor": anchor,
                    "title": title,
                    "lines": [(line, "", text) for line, text in report.get(kind, [])],
                    "more": max(0, counts.get(kind, 0) - len(report.get(kind, []))),
                }
                for anchor, title, kind in (*titles, ("there", "There already", "already"))
            ],
        },
    )
