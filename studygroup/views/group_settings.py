"""The group's settings, section by section, and their history."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods, require_safe

from members import settings_desk, settings_lists
from members.access import group_of, organiser_required
from members.errors import Refused
from members.models import Group, SettingChange
from members.settings_desk import SECTIONS, ChangedMeanwhile, Section, WouldErase
from sessions_app import difference
from studygroup.settings_forms import SettingsForm, list_form
from studygroup.settings_words import label

LINES = 30  # of the history, on one page
OWN_LINES = 10  # of the history of a section, below its form
SHOWN = 200  # characters of a value in the history; a page of its own shows the whole


# --- All sections, and the history -------------------------------------------------------------------
@organiser_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every section with what it holds, and below them the history, the newest first."""
    page = Paginator(settings_desk.history(), LINES).get_page(request.GET.get("page"))
    lines = [_line(change) for change in page]
    context = {"sections": SECTIONS.values(), "page": page, "lines": lines, "group": group_of(request)}
    return render(request, "organiser/settings.html", context)


@organiser_required
@require_safe
def past_change(request: HttpRequest, pk: int) -> HttpResponse:
    """One change in whole: the value before, the one after, and what is different."""
    change = get_object_or_404(settings_desk.history(), pk=pk)
    context = {
        "line": _line(change),
        "changes": difference.between(change.before, change.after),
        "group": group_of(request),
    }
    return render(request, "organiser/settings_change.html", context)


def _line(change: SettingChange) -> dict:
    """A change as the history shows it: its label, both values shortened, and whether that hides anything."""
    before, after = (Truncator(text).chars(SHOWN) for text in (change.before, change.after))
    is_short = (before, after) == (change.before, change.after)
    found = {"change": change, "label": label(change.field), "before": before, "after": after}
    return found | {"is_short": is_short, "section": _section_of(change.field)}


def _section_of(field: str) -> Section | None:
    return next((section for section in SECTIONS.values() if field in section.fields), None)


# --- One section -------------------------------------------------------------------------------------
@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def section(request: HttpRequest, name: str) -> HttpResponse:
    """A section to be changed; what somebody else has saved meanwhile comes first."""
    found = SECTIONS.get(name)
    group = group_of(request)
    if found is None or group is None:
        raise Http404
    change = _change_list if found.is_list else _change_fields
    return change(request, found, group)


def _change_fields(request: HttpRequest, section: Section, group: Group) -> HttpResponse:
    seen = settings_desk.fingerprint(settings_desk.standing(section, group))
    if request.method != "POST":
        form = SettingsForm(section=section, group=group, initial={"seen": seen})
        return _page(request, section, form=form)
    form = SettingsForm(request.POST, section=section, group=group, initial={})
    if not form.is_valid():
        return _page(request, section, form=form, status=422)
    values = form.values()
    try:
        changes = settings_desk.change(
            section,
            values,
            seen=form.cleaned_data["seen"],
            by=request.user,
            now=timezone.now(),
            sure=form.cleaned_data["sure"],
        )
    except ChangedMeanwhile as stale:
        # The next save is made knowing of theirs, which is on the page.
        form.data = form.data.copy()
        form.data["seen"] = settings_desk.fingerprint(stale.standing)
        return _conflict(request, section, stale, values, form=form)
    except WouldErase as warning:
        form.add_error(None, str(warning))
        return _page(request, section, form=form, asks=True, status=409)
    return _done(request, section, changes)


def _change_list(request: HttpRequest, section: Section, group: Group) -> HttpResponse:
    name = section.fields[0]
    stored = settings_lists.rows(name)
    seen = settings_desk.fingerprint({name: settings_desk.told(name, stored)})
    if request.method != "POST":
        return _list_page(request, section, list_form(name, stored), seen)
    seen = request.POST.get("seen", "")
    rows = list_form(name, stored, request.POST)
    if not rows.is_valid():
        return _list_page(request, section, rows, seen, status=422)
    values = {name: [form.values() for form in rows.rows()]}
    try:
        changes = settings_desk.change(section, values, seen=seen, by=request.user, now=timezone.now())
    except ChangedMeanwhile as stale:
        # Rows that have gone or come meanwhile cannot be told from one's own: the page begins anew.
        fresh = settings_lists.rows(name)
        seen = settings_desk.fingerprint({name: settings_desk.told(name, fresh)})
        return _conflict(request, section, stale, values, rows=list_form(name, fresh), seen=seen)
    except Refused as refusal:
        return _list_page(request, section, rows, seen, refusal=str(refusal), status=409)
    return _done(request, section, changes)


def _done(request: HttpRequest, section: Section, changes: list[SettingChange]) -> HttpResponse:
    if changes:
        messages.success(request, f"“{section.title}” is saved.")
    else:
        messages.info(request, f"“{section.title}” stands as you have it. Nothing was changed.")
    return redirect("organise:settings_section", section.name)


def _list_page(
    request: HttpRequest, section: Section, rows, seen: str, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    return _page(request, section, rows=rows, seen=seen, refusal=refusal, status=status)


def _conflict(
    request: HttpRequest, section: Section, stale: ChangedMeanwhile, values: dict, **context
) -> HttpResponse:
    """The form again, with both values of each setting that stands otherwise than it was typed."""
    typed = {name: settings_desk.told(name, values[name]) for name in section.fields}
    both = [
        {"label": label(name), "theirs": theirs, "mine": typed[name]}
        for name, theirs in stale.standing.items()
        if theirs != typed[name]
    ]
    return _page(request, section, both=both, conflict=str(stale), status=409, **context)


def _page(request: HttpRequest, section: Section, *, status: int = 200, **context) -> HttpResponse:
    lines = settings_desk.history().filter(field__in=section.fields)[:OWN_LINES]
    if "rows" in context:
        used = settings_lists.in_use(section.fields[0])
        for form in context["rows"].forms:
            pk = str(form["pk"].value() or "")
            form.used = used.get(int(pk), "") if pk.isascii() and pk.isdecimal() and len(pk) < 19 else ""
    context |= {
        "section": section,
        "lines": [_line(change) for change in lines],
        "group": group_of(request),
    }
    return render(request, "organiser/settings_section.html", context, status=status)
