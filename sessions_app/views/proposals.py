"""A member's own talks: propose one, follow it, change it, withdraw it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members.access import can_meet, group_of, member_of, member_required, sees_everything
from members.errors import Refused
from members.models import Member
from sessions_app import proposals, talks
from sessions_app.models import Presentation, Presenter, Session
from sessions_app.talk_forms import AbstractForm, MessageForm, ProposalForm

TALKS = 40  # on one page of one's own
WISHES = 30  # sessions to choose from


def _reader(request: HttpRequest) -> Member | None:
    """The member as whom this request finds people by their names; None for those who find everybody."""
    return None if sees_everything(request) else member_of(request.user)


def _wishes(besides: Session | None = None) -> list[Session]:
    """The sessions that may be wished for, and the one that is."""
    found = list(Session.objects.upcoming(now=timezone.now())[:WISHES])
    if besides and besides.pk not in [session.pk for session in found]:
        found.insert(0, besides)
    return found


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a talk."""
    data = request.POST if request.method == "POST" else None
    form = ProposalForm(data, sessions=_wishes(), reader=_reader(request))
    if form.is_bound and form.is_valid():
        try:
            proposals.propose(by=member_of(request.user), details=form.details(), now=timezone.now())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "The talk is proposed, and the organisers hear of it.")
            return redirect("my_talks")
    status = 422 if form.is_bound else 200
    return render(request, "member/propose.html", {"form": form, "talk": None}, status=status)


@member_required
@require_safe
def my_talks(request: HttpRequest) -> HttpResponse:
    """What one has proposed and presents: how each stands, and what comes next."""
    return _own_page(request, request.GET.get("page"))


def _own_page(
    request: HttpRequest,
    number: str | int | None,
    *,
    refused: int | None = None,
    form: MessageForm | None = None,
) -> HttpResponse:
    """One page of one's talks. refused: the key of one that was not withdrawn, as `form` says."""
    member, group, now = member_of(request.user), group_of(request), timezone.now()
    page = Paginator(talks.own(member), TALKS).get_page(number)
    for talk in page:
        talk.refusal = form if talk.pk == refused else None
        talks.complete(talk)
        every = sorted(talk.sessions.all(), key=lambda session: session.starts_at)
        talk.shown = [session for session in every if session.announced_at or session.state == "held"]
        talk.is_planned = any(session.state == Session.State.DRAFT for session in every)
        talk.slides = talks.slides(talk, talk.shown, group, now=now)
        talk.is_open = talk.state not in proposals.CLOSED
        talk.may_withdraw = talk.state in {*proposals.IN_PREPARATION, proposals.State.SCHEDULED} and (
            talk.proposed_by_id == member.pk or (talk.proposed_by_id is None and talk.proposed_at is not None)
        )
    return render(
        request, "member/my_talks.html", {"page": page, "refused": refused}, status=422 if refused else 200
    )


def involved(request: HttpRequest, pk: int) -> Presentation:
    """A talk that this person may change: organisers, and whose it is. Raises Http404."""
    if not can_meet(request.user):
        raise Http404
    member, organiser = member_of(request.user), sees_everything(request)
    readable = talks.for_reader(member=member, organiser=organiser).select_related("wished_session")
    found = talks.complete(readable.filter(pk=pk).first())
    if found is None or not (found.is_mine or organiser):
        raise Http404
    return found


def _edit_form(request: HttpRequest, talk: Presentation) -> forms.Form:
    """The whole talk while it is prepared, afterwards the abstract."""
    data = request.POST if request.method == "POST" else None
    version = talks.version(talk, [person["id"] for person in talk.people])
    initial = {"abstract": talk.abstract, "seen": version}
    if talk.state not in proposals.IN_PREPARATION:
        return AbstractForm(data, initial=initial)
    initial |= {"title": talk.title, "minutes": talk.minutes, "wished_session": talk.wished_session_id}
    wish, reader = talk.wished_session, _reader(request)
    return ProposalForm(
        data,
        initial=initial,
        sessions=_wishes(besides=wish),
        unseen=wish.pk if wish and reader and not wish.is_public else None,
        among=Presenter.objects.with_people()
        .filter(presentations=talk)
        .order_by("appearances__position", "appearances__pk"),
        reader=reader,
    )


def _save(form: forms.Form, talk: Presentation) -> None:
    seen = form.cleaned_data["seen"]
    if isinstance(form, ProposalForm):
        details, now = form.details(), timezone.now()
        talks.edit(talk_id=talk.pk, seen=seen, details=details, now=now, reader=form.reader)
    else:
        talks.describe(talk_id=talk.pk, seen=seen, abstract=form.cleaned_data["abstract"])


@require_http_methods(["GET", "HEAD", "POST"])
def talk_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a talk says of itself."""
    talk = involved(request, pk)
    if talk.state in proposals.CLOSED:
        messages.error(request, proposals.stale_sentence(talk))
        return redirect("talk", pk)
    form, status = _edit_form(request, talk), 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                _save(form, talk)
            except talks.Changed as changed:
                form.add_error(None, str(changed))
                # The next save is made knowing of this one: what is stored now counts as seen.
                form.data = form.data.copy()
                form.data["seen"], form.data["shown"] = form.initial["seen"], form.initial.get("shown", "")
                status = 409
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, "The talk is saved.")
                return redirect("talk", pk)
    return render(request, "member/propose.html", {"form": form, "talk": talk}, status=status)


@member_required
@require_POST
def talk_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own proposal back."""
    talk = involved(request, pk)
    form, member = MessageForm(request.POST), member_of(request.user)
    if form.is_valid():
        message = form.cleaned_data["message"]
        try:
            proposals.withdraw(talk_id=talk.pk, by=member, now=timezone.now(), message=message)
        except Refused as refused:
            form.add_error("message", str(refused))
        else:
            messages.success(request, "The talk is withdrawn.")
            return redirect("my_talks")
    if not talk.is_mine:  # an organiser, whose own page does not have it
        messages.error(request, form.errors["message"][0])
        return redirect("my_talks")
    number = talks.own(member).filter(pk__gt=talk.pk).count() // TALKS + 1
    return _own_page(request, number, refused=talk.pk, form=form)
