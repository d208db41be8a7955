"""What organisers do with members: leave, return, departure, role."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members import membership, recipients
from members.access import can_organise, group_of, organiser_required
from members.errors import Refused
from members.forms.profile import LeaveForm, RemovalForm, RoleForm
from members.models import Member
from members.names import isolated
from members.views.member.me import today_of
from members.views.organiser import told
from outbox.history import newest_to

LONGEST_LEDGER = 50  # lines on a member's page


@organiser_required
@require_safe
def member_list(request: HttpRequest) -> HttpResponse:
    """Everybody who has or had a seat, narrowed by state or role."""
    states, roles = dict(Member.State.choices), dict(Member.Role.choices)
    state, role = request.GET.get("state", ""), request.GET.get("role", "")
    members = Member.objects.by_name().prefetch_related("strengths")
    if state in states:
        members = members.filter(state=state)
    if role in roles:
        members = members.present().filter(role=role)
    counted = Member.objects.order_by().values_list("state", "role").annotate(Count("pk"))
    by_state, by_role = dict.fromkeys(states, 0), dict.fromkeys(roles, 0)
    for its_state, its_role, count in counted:
        by_state[its_state] += count
        by_role[its_role] += count if its_state != Member.State.ALUMNI else 0
    return render(
        request,
        "organiser/members.html",
        {
            "members": members,
            "count": sum(by_state.values()),
            "states": [(value, states[value], count) for value, count in by_state.items()],
            "roles": [(value, roles[value], count) for value, count in by_role.items()],
            "state": state if state in states else "",
            "role": role if role in roles else "",
        },
    )


def _render(request: HttpRequest, member: Member, *, status: int = 200, **forms) -> HttpResponse:
    context = {
        "person": member,
        "leave_form": LeaveForm(today=today_of(request)),
        "removal_form": RemovalForm(),
        "role_form": RoleForm(initial={"role": member.role}),
        "changes": member.seat_changes.select_related("actor")[:LONGEST_LEDGER],
        "seats": group_of(request).seats,
        "person_key": recipients.of_user(member.user_id),
        "mails": newest_to([recipients.of_user(member.user_id)], [member.user.email]),
    }
    return render(request, "organiser/member.html", context | forms, status=status)


def _member(pk: int) -> Member:
    return get_object_or_404(Member.objects.select_related("user"), pk=pk)


@organiser_required
@require_safe
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """One member's seat, role and history, and what can be done about them."""
    return _render(request, _member(pk))


def _do(
    request: HttpRequest, pk: int, verb: Callable, done: str, *, mailed: bool = False, **details
) -> HttpResponse:
    """Carry one change out and say what happened; a stale or refused one changes nothing.

    mailed: whether the change writes a mail to the person.
    """
    found, now = _member(pk), timezone.now()
    try:
        verb(
            member_id=pk,
            by=request.user,
            now=now,
            seen=request.POST.get("seen") or None,
            **details,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        mail = told.about_mail(recipients.of_user(found.user_id), now=now) if mailed else ""
        messages.success(request, f"{done.format(name=isolated(found.name))} {mail}".strip())
    found.refresh_from_db(fields=["state", "role"])
    gave_it_away = found.user_id == request.user.pk and not can_organise(found.user)
    return redirect("arrive") if gave_it_away else redirect("organise:member", pk)


@organiser_required
@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Send somebody on leave until a day."""
    found, form = _member(pk), LeaveForm(request.POST, today=today_of(request))
    if not form.is_valid():
        return _render(request, found, leave_form=form, status=422)
    return _do(request, pk, membership.go_on_leave, "{name} is on leave.", **form.cleaned_data)


@organiser_required
@require_POST
def come_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the seat again to somebody on leave."""
    return _do(request, pk, membership.come_back, "{name} has a seat again.", mailed=True)


@organiser_required
@require_POST
def make_alumni(request: HttpRequest, pk: int) -> HttpResponse:
    """End a membership by the member's own wish, told outside this site."""
    return _do(request, pk, membership.leave_group, "{name} has left the group.", mailed=True)


@organiser_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """End a membership with a reason, which is mailed."""
    found, form = _member(pk), RemovalForm(request.POST)
    if not form.is_valid():
        return _render(request, found, removal_form=form, status=422)
    return _do(
        request,
        pk,
        membership.remove,
        "{name} is removed.",
        mailed=True,
        **form.cleaned_data,
    )


@organiser_required
@require_POST
def seat_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a seat to somebody who had left."""
    return _do(request, pk, membership.seat_again, "{name} has a seat again.", mailed=True)


@organiser_required
@require_POST
def set_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Make somebody a member, a reviewer or an organiser."""
    found, form = _member(pk), RoleForm(request.POST)
    if not form.is_valid():
        return _render(request, found, role_form=form, status=422)
    role = form.cleaned_data["role"]
    word = membership.article(Member.Role(role).label)
    return _do(request, pk, membership.set_role, f"{{name}} is {word} now.", role=role)
