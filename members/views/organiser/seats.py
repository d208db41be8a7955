"""The seat ledger, and what organisers do with seats and invitations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members import invitations, offers, recipients, seats
from members.access import group_of, organiser_required
from members.errors import Refused
from members.forms.seats import RevokeForm, SeatsForm
from members.models import Application, Group, Invitation, Member, SeatChange
from members.models.application import State
from members.names import isolated
from members.views.organiser import told

PAGE = 40  # lines of the ledger on one page


def _how(member: Member) -> str:
    """How a member came by the seat, from the ledger's line."""
    line = member.seat_line
    if line is None:
        return "Member"
    if line["kind"] == SeatChange.Kind.RETURNED:
        return "Back from leave"
    return line["note"] or "By invitation"


def _coming(group: Group, held: list[Invitation], on_leave: list[Member]) -> list[dict]:
    """What frees a seat or takes one next, the soonest first.

    Each with at, frees, is_due (a return that waits for a seat), and the invitation or the member.
    """
    zone = ZoneInfo(group.time_zone)
    rows = [
        {"at": one.expires_at.astimezone(zone), "frees": True, "invitation": one, "is_due": False}
        for one in held
    ]
    today = timezone.now().astimezone(zone).date()
    for one in on_leave:
        if one.leave_until:
            day = datetime.combine(one.leave_until, datetime.min.time(), tzinfo=zone)
            rows.append({"at": day, "frees": False, "member": one, "is_due": one.leave_until <= today})
    return sorted(rows, key=lambda row: row["at"])


def _page(
    request: HttpRequest,
    *,
    seats_form: SeatsForm | None = None,
    typed: RevokeForm | None = None,
    pk: int = 0,
    status: int = 200,
) -> HttpResponse:
    """The page. typed: the form of the invitation `pk` as it was sent, where it was not in order."""
    group = group_of(request)
    members = list(seats.holders())
    active = [member for member in members if member.state == Member.State.ACTIVE]
    on_leave = [member for member in members if member.state == Member.State.ON_LEAVE]
    for member in active:
        member.how = _how(member)
    held = list(Invitation.objects.open().select_related("application").order_by("expires_at", "pk"))
    for one in held:
        one.form = typed if typed and one.pk == pk else RevokeForm(invitation_id=one.pk)
        one.wants_more = one.asked_more_at is not None and one.more_granted is None
        one.with_more = max(one.expires_at, timezone.now()) + invitations.MORE
    kind = request.GET.get("kind", "")
    kind = kind if kind in SeatChange.Kind.values else ""
    lines = SeatChange.objects.select_related("member__user", "application", "actor")
    return render(
        request,
        "organiser/seats.html",
        {
            "seats": group.seats,
            "active": active,
            "on_leave": on_leave,
            "invitations": held,
            "coming": _coming(group, held, on_leave),
            "shortlisted": Application.objects.filter(state=State.SHORTLISTED).count(),
            "following": offers.following(),
            "seats_form": seats_form
            or SeatsForm(initial={"capacity": group.capacity, "seen": group.capacity}),
            "kinds": SeatChange.Kind.choices,
            "kind": kind,
            "query": f"kind={kind}&" if kind else "",
            "page": Paginator(lines.filter(kind=kind) if kind else lines.all(), PAGE).get_page(
                request.GET.get("page")
            ),
        },
        status=status,
    )


@organiser_required
@require_safe
def seats_page(request: HttpRequest) -> HttpResponse:
    """Who holds each seat and since when, what frees next, and every change; `?kind=` narrows the changes."""
    return _page(request)


def _carry_out(request: HttpRequest, verb: Callable[[], str]) -> HttpResponse:
    """Do it, say what happened, and show the page again."""
    try:
        done = verb()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("organise:seats")


@organiser_required
@require_POST
def seats_number(request: HttpRequest) -> HttpResponse:
    """Change how many seats the group has."""
    form = SeatsForm(request.POST)
    if not form.is_valid():
        return _page(request, seats_form=form, status=422)

    def verb() -> str:
        group = seats.set_capacity(
            capacity=form.cleaned_data["capacity"],
            by=request.user,
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"],
        )
        return f"The group has {group.capacity} seat{'' if group.capacity == 1 else 's'} now."

    return _carry_out(request, verb)


@organiser_required
@require_POST
def seats_automatic(request: HttpRequest) -> HttpResponse:
    """Switch automatic offers on or off."""
    on = request.POST.get("on") == "1"

    def verb() -> str:
        offers.set_automatic(on=on, by=request.user, now=timezone.now())
        return f"Automatic offers are {'on' if on else 'off'} now."

    return _carry_out(request, verb)


@organiser_required
@require_POST
def invitation_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an open invitation back, with a reason that the invitee reads."""
    get_object_or_404(Invitation, pk=pk)
    form = RevokeForm(request.POST, invitation_id=pk)
    if not form.is_valid():
        return _page(request, typed=form, pk=pk, status=422)

    def verb() -> str:
        now = timezone.now()
        application = invitations.revoke(
            invitation_id=pk, by=request.user, now=now, reason=form.cleaned_data["reason"]
        )
        mail = told.about_mail(recipients.of_application(application.pk), now=now)
        return f"The invitation of {isolated(application.name)} is taken back. {mail}"

    return _carry_out(request, verb)


@organiser_required
@require_POST
def invitation_more(request: HttpRequest, pk: int) -> HttpResponse:
    """Grant another month, or not."""
    invitation = get_object_or_404(Invitation.objects.select_related("application"), pk=pk)
    answer = request.POST.get("grant", "")

    def verb() -> str:
        if answer not in ("yes", "no"):
            raise Refused("Choose one of the two buttons. Nothing was changed.")
        now = timezone.now()
        invitations.answer_more(invitation_id=pk, grant=answer == "yes", by=request.user, now=now)
        name = isolated(invitation.application.name)
        mail = told.about_mail(recipients.of_application(invitation.application_id), now=now)
        return (
            f"{name} has another month. {mail}" if answer == "yes" else f"The date of {name} stands. {mail}"
        )

    return _carry_out(request, verb)
