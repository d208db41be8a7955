"""The search page: what the address asks for, and what each hit leads to."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from members.access import can_meet, sees_everything
from studygroup import search as searching
from studygroup.search import KINDS, LONGEST, MOST, Asked, Found, Hit, Reader
from studygroup.search.words import MOST_TERMS


@login_not_required
@require_safe
@cache_control(private=True)
def search(request: HttpRequest) -> HttpResponse:
    """What has the words that are asked for, as far as the reader may see; htmx gets the hits alone."""
    asked = _asked(request.GET)
    reader = Reader(is_member=can_meet(request.user), sees_everything=sees_everything(request))
    found = searching.find(asked, reader)
    is_part = bool(request.htmx) and not request.htmx.history_restore_request
    response = render(
        request,
        "public/_search_hits.html" if is_part else "public/search.html",
        {
            "asked": asked,
            "found": found,
            "rows": [(hit, _address(hit)) for hit in found.hits],
            "total": sum(
                min(count, MOST) for kind, count in found.counts.items() if asked.kind in ("", kind)
            ),
            "is_capped": bool(found.capped & ({asked.kind} if asked.kind else set(KINDS))),
            "kinds": _kinds(asked, found),
            "pages": {
                "previous": _query(asked, page=found.page - 1) if found.page > 1 else "",
                "following": _query(asked, page=found.page + 1) if found.page < found.pages else "",
            },
            "everything": _query(asked, kind="", year=None),
            "is_too_long": len(request.GET.get("q", "")) > LONGEST,
            "longest": LONGEST,
            "most": MOST,
            "most_terms": MOST_TERMS,
        },
    )
    if is_part:
        # The form sends its empty fields, too; the address to share is the short one.
        response["HX-Replace-Url"] = reverse("search") + _query(asked, page=asked.page)
    patch_vary_headers(response, ["Cookie", "HX-Request", "HX-History-Restore-Request"])
    return response


def _asked(address: QueryDict) -> Asked:
    """What is asked for; what makes no sense in the address is left out.

    A space at the end is kept: it says that the last word is finished.
    """
    kind = address.get("kind", "")
    return Asked(
        text=address.get("q", "").replace("\0", " ")[:LONGEST],
        kind=kind if kind in KINDS else "",
        year=_number(address.get("year", ""), most=9999),
        page=_number(address.get("page", ""), most=9999) or 1,
    )


def _number(typed: str, *, most: int) -> int | None:
    is_number = typed.isascii() and typed.isdigit() and len(typed) <= len(str(most))
    return int(typed) or None if is_number else None


def _query(asked: Asked, **changed) -> str:
    """The query of an address that asks the same but for what is `changed`; its first page unless told."""
    wanted = {"q": asked.text, "kind": asked.kind, "year": asked.year, "page": 1} | changed
    if wanted["page"] == 1:
        del wanted["page"]
    return "?" + urlencode({name: value for name, value in wanted.items() if value})


def _kinds(asked: Asked, found: Found) -> list[dict]:
    """The kinds as links with their counts; kinds without a hit only where they are chosen."""
    links = [{"label": "All", "query": _query(asked, kind=""), "is_chosen": not asked.kind}]
    for kind, label in KINDS.items():
        count = found.counts.get(kind, 0)
        if count or kind == asked.kind:
            links.append(
                {
                    "label": label,
                    "count": f"{min(count, MOST)}{'+' if kind in found.capped else ''}",
                    "query": _query(asked, kind=kind),
                    "is_chosen": kind == asked.kind,
                }
            )
    return links


def _address(hit: Hit) -> str:
    """The page where a hit stands."""
    if hit.source in ("member", "talk", "presenter"):
        return reverse(hit.source, args=[hit.slug])
    page = reverse("sessions:detail", args=[hit.number])
    return f"{page}#notes" if hit.source == "notes" else page
