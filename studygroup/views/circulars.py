"""The page from which organisers write to many: whom, what, a look at it, a test, and off it goes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from members import quiet
from members.access import group_of, organiser_required
from members.forms.queue import Mine, QueueForm
from members.models import Strength
from members.models.application import State
from outbox.errors import Refused
from studygroup import circulars
from studygroup.circular_forms import CircularForm, initial_of


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest) -> HttpResponse:
    """Compose, look, send. `?to=` and `?session=` choose people, a list's filters choose applicants."""
    if request.method != "POST":
        return _page(request, CircularForm(initial=initial_of(request.GET)))
    form = CircularForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    typed, then = form.cleaned_data, request.POST.get("then", "")
    words = {"subject": typed["subject"], "text": typed["text"]}
    if then == "test":
        message = circulars.send_test(
            circulars.kind_for(typed["to"]),
            **words,
            by=request.user,
            group=group_of(request),
            now=timezone.now(),
        )
        messages.success(request, f"A test is on its way to {message.to} alone.")
    elif then == "send":
        try:
            count = circulars.send(
                typed["to"],
                **form.chosen(),
                **words,
                once=typed["once"],
                seen=request.POST.get("seen", ""),
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
            return _page(request, form, looks=True, status=409)
        written = "One mail is written and goes" if count == 1 else f"{count} mails are written and go"
        messages.success(request, f"{written} out {quiet.when(group_of(request), timezone.now())}.")
        return redirect(f"{reverse('organise:outbox')}?kind={circulars.kind_for(typed['to'])}")
    return _page(request, form, looks=True)


def _page(
    request: HttpRequest, form: CircularForm, *, looks: bool = False, status: int = 200
) -> HttpResponse:
    context = {"form": form, "most": circulars.MOST, "filters": _filters(form)}
    if looks:
        typed = form.cleaned_data
        found = circulars.addressees(typed["to"], **form.chosen(), by=request.user)
        seen = circulars.mark(found, typed["subject"], typed["text"])
        context |= {"found": found, "names": circulars.summary(found), "seen": seen}
        if found.people:
            names = ("subject", "preview_text", "preview_html")
            mail = circulars.mail_to(
                found.people[0],
                kind=circulars.kind_for(typed["to"]),
                subject=typed["subject"],
                text=typed["text"],
                group=group_of(request),
            )
            context |= dict(zip(names, mail, strict=True))
    return render(request, "organiser/circular.html", context, status=status)


def _filters(form: CircularForm) -> dict:
    """What the list of applications is narrowed to, in words, and the address of that list."""
    strengths = dict(Strength.objects.values_list("pk", "name"))
    asked = QueryDict(form["queue"].value() or "")
    filters = QueueForm(asked, organiser=True, strengths=list(strengths.items())).filters()
    every = len(filters.states) == len(State)
    words = [] if every else [State(state).label.lower() for state in filters.states]
    if filters.strength:
        words.append(f"would bring {strengths.get(filters.strength, 'what nobody brings any more')}")
    if filters.text:
        words.append(f"with “{filters.text}”")
    if filters.asks_for_scores:
        words.append("by score")
    if filters.mine:
        words.append(Mine(filters.mine).label.lower())
    if filters.prepared:
        words.append("a decision is prepared")
    return {"words": ", ".join(words) or "all", "query": filters.query()}
