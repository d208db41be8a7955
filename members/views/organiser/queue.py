"""The queue of applications: the list, what is done to many at once, and the file."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from members import bulk, queue_csv
from members.access import can_organise, group_of, organiser_required, reviewer_required
from members.forms.queue import ALL, OPEN, TAKE_BACK, BulkForm, BulkReasonForm, Filters, QueueForm
from members.models import Application, Decision, Strength, User
from members.models.application import OPEN_STATES, State
from members.names import isolated
from members.queue import LARGEST_KEY, MOST, Queue, queue_of, sees_scores
from members.scoring import disagree

MOST_AT_ONCE = 100  # applications that one bulk action takes
MOST_NAMED = 5  # refusals told one by one after a bulk action


# --- The list ------------------------------------------------------------------------------------------
@reviewer_required
@require_safe
def application_list(request: HttpRequest) -> HttpResponse:
    """The queue as the address asks for it; htmx gets the part of the page that changes."""
    is_part = bool(request.htmx) and not request.htmx.history_restore_request
    template = "organiser/_queue.html" if is_part else "organiser/application_list.html"
    context = _list_context(request, request.GET)
    response = render(request, template, context)
    if is_part and not {"after", "before", "last"} & set(request.GET):
        # The form sends its empty fields too; the address to share is the short one.
        response["HX-Push-Url"] = _address(context["query"])
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request"])
    return response


def _list_context(
    request: HttpRequest,
    asked: QueryDict,
    *,
    bulk_form: BulkForm | None = None,
    ticked: frozenset = frozenset(),
) -> dict:
    organises = can_organise(request.user)
    form = QueueForm(asked, organiser=organises, strengths=list(Strength.objects.values_list("pk", "name")))
    filters = form.filters()
    counts = Application.objects.count_by_state()
    queue = Queue(filters, request.user, counts)
    page = queue.page(asked)
    for application in page.applications:
        application.shows_score = sees_scores(application) and application.score is not None
        application.reviewers_disagree = application.shows_score and disagree(application.spread)
        application.is_ticked = application.pk in ticked
        application.prepared = _prepared(application, request.user) if organises else None
    query = filters.query()
    return {
        "page": page,
        "most": MOST,
        "form": form,
        "filters": filters,
        "query": query,
        # The same with something in it, so that an application's page knows that it was reached from a list.
        "list_query": query or f"state={OPEN}",
        "states": _state_links(filters, counts),
        "order_label": dict(form.fields["order"].choices)[filters.order],
        "narrowed": filters.narrowed,
        "ticked_states": State.choices,
        "organises": organises,
        "bulk_form": bulk_form or BulkForm(auto_id="bulk_%s"),
        "columns": [(heading, what) for heading, what, _ in queue_csv.COLUMNS],
        "nobody": not any(counts.values()),
    }


def _prepared(application: Application, user: User) -> Decision | None:
    """The prepared decision, if this person may see it, as `members.decisions.shown_to` has it."""
    decision = getattr(application, "decision", None)
    return decision if decision and (sees_scores(application) or decision.prepared_by_id == user.pk) else None


def _state_links(filters: Filters, counts: dict[str, int]) -> list[dict]:
    """The states as links that keep the other filters; `counts`: of each state, whatever the filters."""
    total = {OPEN: sum(counts[state] for state in OPEN_STATES), ALL: sum(counts.values()), **counts}
    named = filters.named or (() if filters.mine else (OPEN,))
    return [
        {
            "label": label,
            "count": total[word],
            "query": filters.query(state=() if word == OPEN and not filters.mine else (word,)),
            "is_chosen": named == (word,),
        }
        for word, label in ((OPEN, "Open"), *State.choices, (ALL, "All"))
    ]


@organiser_required
@require_safe
def applications_export(request: HttpRequest) -> StreamingHttpResponse:
    """The applications that the address asks for as a CSV file, sent as it is read."""
    lines = queue_csv.lines(queue_of(request.GET, request.user), time_zone=group_of(request).time_zone)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="applications-{timezone.localdate()}.csv"'
    response["Cache-Control"] = "no-store"
    return response


# --- Many at once --------------------------------------------------------------------------------------
@organiser_required
@require_POST
def applications_bulk(request: HttpRequest) -> HttpResponse:
    """Show what would happen to each of the ticked applications; nothing happens yet."""
    form, picked = BulkForm(request.POST, auto_id="bulk_%s"), _picked(request)
    if form.is_valid() and not picked:
        form.add_error("action", "Tick at least one application first.")
    elif form.is_valid() and len(picked) > MOST_AT_ONCE:
        form.add_error("action", f"Tick {MOST_AT_ONCE} applications at most.")
    if not form.is_valid():
        context = _list_context(
            request, QueryDict(request.POST.get("query", "")), bulk_form=form, ticked=frozenset(picked)
        )
        return render(request, "organiser/application_list.html", context, status=422)
    return _preview(request, action=form.cleaned_data["action"], picked=picked)


@organiser_required
@require_POST
def applications_bulk_confirm(request: HttpRequest) -> HttpResponse:
    """Do what the preview showed, and say for how many; what has moved on in the meantime stays as it is."""
    action, picked = request.POST.get("action"), _picked(request)
    if action not in dict(BulkForm.base_fields["action"].choices) or not picked or len(picked) > MOST_AT_ONCE:
        messages.error(request, "Choose the applications and the action anew. Nothing was changed.")
        return _back_to_list(request)
    if action == TAKE_BACK:
        outcomes = bulk.take_back(application_ids=picked)
        done = "Taken back"
    else:
        form = BulkReasonForm(request.POST, kind=action)
        if not form.is_valid():
            return _preview(request, action=action, picked=picked, form=form, status=422)
        outcomes = bulk.prepare(
            seen=picked,
            kind=action,
            by=request.user,
            now=timezone.now(),
            reason=form.words(),
            group=group_of(request),
        )
        done = "Prepared"
    refused = [outcome for outcome in outcomes if outcome.refused]
    carried = len(outcomes) - len(refused)
    if carried:
        messages.success(
            request,
            f"{done}: {carried} decision{'' if carried == 1 else 's'}. Nobody outside has been told of "
            f"{'it' if carried == 1 else 'them'}.",
        )
    for outcome in refused[:MOST_NAMED]:
        messages.error(request, f"{isolated(outcome.application.name)}: {outcome.refused}")
    if (more := len(refused) - MOST_NAMED) > 0:
        messages.error(request, f"{more} more {'is' if more == 1 else 'are'} left as they were.")
    if not outcomes:
        messages.error(request, "None of these applications is there any more. Nothing was changed.")
    return _back_to_list(request)


def _picked(request: HttpRequest) -> dict[int, str]:
    """The ticked applications and the state that each had on the page (“12:waiting”); others are left out."""
    picked = {}
    for typed in request.POST.getlist("pick"):
        key, _, state = typed.partition(":")
        if (
            key.isascii()
            and key.isdigit()
            and len(key) < 20
            and int(key) <= LARGEST_KEY
            and state in State.values
        ):
            picked[int(key)] = state
    return picked


def _preview(
    request: HttpRequest,
    *,
    action: str,
    picked: dict[int, str],
    form: BulkReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    if action == TAKE_BACK:
        met = bulk.prospects_of_taking_back(application_ids=picked)
    else:
        met = bulk.prospects(application_ids=picked, kind=action, by=request.user, group=group_of(request))
    if form is None and action != TAKE_BACK:
        form = BulkReasonForm(kind=action)
    return render(
        request,
        "organiser/applications_bulk.html",
        {
            "action": action,
            "takes_back": action == TAKE_BACK,
            "going": [prospect for prospect in met if not prospect.obstacle],
            "staying": [prospect for prospect in met if prospect.obstacle],
            "form": form,
            "query": request.POST.get("query", ""),
        },
        status=status,
    )


def _back_to_list(request: HttpRequest) -> HttpResponse:
    """The list as it was; what comes back with the form is read and written anew, never trusted."""
    asked = QueryDict(request.POST.get("query", ""))
    return redirect(_address(QueueForm(asked, organiser=True).filters().query()))


def _address(query: str) -> str:
    return reverse("organise:applications") + (f"?{query}" if query else "")
