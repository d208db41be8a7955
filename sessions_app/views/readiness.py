"""How ready the members are for a session: the page of its organisers and presenters."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members import second_factor
from members.access import can_organise, group_of, lacks_second_factor
from members.errors import Refused
from sessions_app import programme, stuck_points, thermometer
from sessions_app.models import Session, StuckPoint
from sessions_app.preparation import can_follow
from sessions_app.preparing_forms import AnswerForm
from sessions_app.views.parts import READINESS, is_past, warm_up_part

PAGE = 30  # questions on one page


def follower_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For those who follow the preparation; the view gets the session in place of its number."""

    @wraps(view)
    def guarded(request: HttpRequest, number: int, **parts) -> HttpResponse:
        visible = Session.objects.visible_to(organiser=can_organise(request.user))
        session = get_object_or_404(programme.with_programme(visible, member=True), number=number)
        if not can_follow(request.user, session):
            raise PermissionDenied
        if lacks_second_factor(request):
            return second_factor.lead_to_it(request)
        return view(request, programme.complete(session), **parts)

    return guarded


@follower_required
@require_safe
def readiness(request: HttpRequest, session: Session) -> HttpResponse:
    """The thermometer of the readings, and what members are stuck at."""
    now, group = timezone.now(), group_of(request)
    shows_names = bool(group and group.show_who_has_read)
    page = Paginator(stuck_points.of_session(session), PAGE).get_page(request.GET.get("page"))
    for point in page:
        point.version = stuck_points.version_of(point)
    return render(
        request,
        "member/readiness.html",
        {
            "session": session,
            "heat": thermometer.measure(session, with_names=shows_names),
            "fewest": thermometer.FEWEST,
            "page": page,
            "prepares_for_past": is_past(session, now),
            **warm_up_part(session, now=now, back=READINESS),
        },
    )


def _to_point(session: Session, point: StuckPoint | None = None) -> HttpResponse:
    anchor = f"#point-{point.pk}" if point else "#questions"
    return redirect(f"{reverse('sessions:readiness', args=[session.number])}{anchor}")


def _point(session: Session, pk: int) -> StuckPoint | None:
    return stuck_points.of_session(session).filter(pk=pk).first()


@follower_required
@require_http_methods(["GET", "HEAD", "POST"])
def resolve(request: HttpRequest, session: Session, pk: int) -> HttpResponse:
    """Answer a question and close it; whoever was slower is shown what stands there by now."""
    point = _point(session, pk)
    if point is None:
        messages.error(request, "This question was withdrawn. Nothing was changed.")
        return _to_point(session)
    if request.method != "POST":
        seen = stuck_points.version_of(point)
        return _answer(request, session, point, AnswerForm(initial={"answer": point.answer, "seen": seen}))
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _answer(request, session, point, form, status=422)
    try:
        stuck_points.resolve(point_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data)
    except StuckPoint.DoesNotExist:
        messages.error(request, "This question was withdrawn. Nothing was changed.")
        return _to_point(session)
    except stuck_points.Changed as changed:
        # The next save is made knowing of what stands now, which is on the page.
        form.data = form.data.copy()
        form.data["seen"] = stuck_points.version_of(changed.point)
        return _answer(request, session, _point(session, pk), form, conflict=str(changed), status=409)
    messages.success(request, "The question is resolved. It stands below the session’s notes.")
    return _to_point(session, point)


def _answer(
    request: HttpRequest,
    session: Session,
    point: StuckPoint | None,
    form: AnswerForm,
    *,
    conflict: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {"session": session, "point": point, "form": form, "conflict": conflict}
    return render(request, "member/stuck_resolve.html", context, status=status)


@follower_required
@require_POST
def reopen(request: HttpRequest, session: Session, pk: int) -> HttpResponse:
    """Make a resolved question an open one again."""
    point = _point(session, pk)
    try:
        if point is None:
            raise stuck_points.NotOpen("This question was withdrawn. Nothing was changed.")
        stuck_points.reopen(point_id=pk)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The question is open again, and no longer below the notes.")
    return _to_point(session, point)
