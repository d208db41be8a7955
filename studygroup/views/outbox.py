"""The organisers' list of every mail, and what is done with several at once.

It stands here because the outbox knows nobody, and its pages do.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from members import quiet, recipients
from members.access import group_of, organiser_required
from members.quiet import AT_ONCE
from outbox import desk
from outbox.errors import Refused
from outbox.history import BODIES, for_list
from outbox.models import Message
from studygroup import outbox_list
from studygroup.mail_people import event_of, people_of
from studygroup.outbox_forms import FilterForm
from studygroup.outbox_list import MOST, STATES, Filters, Outbox

SHOWN = 60  # mails that the page before a release names one by one
VERBS: dict[str, Callable] = {"release": desk.release, "discard": desk.discard}


@organiser_required
@require_safe
def message_list(request: HttpRequest) -> HttpResponse:
    """Drafts first, by what caused them; then all mails, the newest first. The address has the filters."""
    form = FilterForm(request.GET)
    filters = form.filters()
    outbox = Outbox(filters, group_of(request).time_zone if group_of(request) else "UTC")
    page, counts = outbox.page(request.GET), outbox.counts()
    first = not (filters.narrows or request.GET.get("after") or request.GET.get("before"))
    groups, more = outbox_list.drafts() if first and filters.state in ("", "draft") else ([], False)
    return render(
        request,
        "organiser/outbox.html",
        {
            "filters": filters,
            "not_understood": form.not_understood(),
            "person": outbox.person,
            "event": event_of(filters.thread) if filters.thread else None,
            "states": [
                {
                    "label": label,
                    "count": counts[word],
                    "query": filters.query(state=word),
                    "is_chosen": word == filters.state,
                }
                for word, (label, _) in STATES.items()
            ],
            "every": filters.query(state=""),
            "most": MOST,
            "kinds": outbox_list.kind_choices(filters.kind),
            "query": filters.query(),
            "page": page,
            "mails": outbox_list.with_people(page.mails),
            "groups": groups,
            "more_drafts": more,
            "most_together": desk.MOST,
            "picks": filters.state == "draft" and page.mails,
        },
    )


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def together(request: HttpRequest) -> HttpResponse:
    """What would become of several mails; `pick` names them, `do` says what. Nothing happens yet."""
    if request.method != "POST":  # after signing in again, say
        return redirect("organise:outbox")
    do = request.POST.get("do", "")
    ids = _keys(",".join(request.POST.getlist("pick")))
    if do not in VERBS or not ids:
        messages.error(request, "Tick the mails first, then choose what becomes of them.")
        return _back(request)
    found = list(Message.objects.filter(pk__in=ids).order_by("-created_at", "-pk").defer(*BODIES))
    fitting = (desk.State.DRAFT,) if do == "release" else desk.DISCARDABLE
    going = [mail for mail in found if mail.state in fitting]
    staying = [mail for mail in found if mail.state not in fitting]
    names = people_of(mail.recipient for mail in found)
    return render(
        request,
        "organiser/outbox_together.html",
        {
            "do": do,
            "going": [for_list(mail, names) for mail in going[:SHOWN]],
            "count": len(going),
            "when": _when(request, going),
            "people": len({mail.to for mail in going}),
            "others": max(0, len(going) - SHOWN),
            "staying": [for_list(mail, names) for mail in staying[:SHOWN]],
            "seen": ",".join(f"{mail.pk}:{mail.version}" for mail in going),
            "query": _filters(request).query(),
        },
    )


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def together_confirm(request: HttpRequest) -> HttpResponse:
    """Release or discard what the page before has shown."""
    if request.method != "POST":
        return redirect("organise:outbox")
    verb, seen = VERBS.get(request.POST.get("do", "")), _seen(request.POST.get("seen", ""))
    if verb is None or not seen:
        messages.error(request, "Nothing was chosen, so nothing was changed.")
        return _back(request)
    by = recipients.of_user(request.user.pk)
    try:
        outcome = verb(seen, by=by, now=timezone.now(), seen=seen)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if verb is desk.release:
            go = "goes" if len(outcome.done) == 1 else "go"
            _tell(request, outcome, f"released and {go} out {_when(request, outcome.done)}")
        else:
            _tell(request, outcome, "discarded")
    return _back(request)


def _tell(request: HttpRequest, outcome: desk.Outcome, done: str) -> None:
    """What became of several mails, a sentence for each sort."""
    if outcome.done:
        messages.success(request, f"{_mails(len(outcome.done))} {done}.")
    for reason in dict.fromkeys(mail.note for mail in outcome.held):
        count = sum(mail.note == reason for mail in outcome.held)
        messages.warning(request, f"{_mails(count)} held back: {reason}")
    for why in dict.fromkeys(why for _, why in outcome.left):
        count = sum(why == other for _, other in outcome.left)
        messages.warning(request, f"{_mails(count)} left as {'it' if count == 1 else 'they'} stood: {why}")


def _when(request: HttpRequest, mails: list[Message]) -> str:
    """When these go, if they are released now. What somebody is waiting for goes during quiet hours, too."""
    later = quiet.when(group_of(request), timezone.now())
    if later == AT_ONCE or all(mail.urgent for mail in mails):
        return AT_ONCE
    return f"{AT_ONCE}, or {later}" if any(mail.urgent for mail in mails) else later


def _mails(count: int) -> str:
    return "One mail is" if count == 1 else f"{count} mails are"


def _keys(typed: str) -> list[int]:
    """The keys of a list such as “3,5”; what is none is left out."""
    found = (key for key in typed.split(",") if key.isascii() and key.isdigit() and len(key) < 19)
    return [int(key) for key in found][: desk.MOST]


def _seen(typed: str) -> dict[int, int]:
    """The keys and versions of a list such as “3:0,5:1”."""
    pairs = (pair.partition(":")[::2] for pair in typed.split(","))
    return {
        int(key): int(version)
        for key, version in pairs
        if all(part.isascii() and part.isdigit() and len(part) < 19 for part in (key, version))
    }


def _filters(request: HttpRequest) -> Filters:
    """The filters of the list from which a form was sent."""
    return FilterForm(QueryDict(request.POST.get("query", ""))).filters()


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(outbox_list.url_of(_filters(request)))
