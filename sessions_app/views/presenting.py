"""A guest presenter's private page, opened by the token in its address; where organisers make the link."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members.access import organiser_required
from members.errors import Refused
from outbox.history import newest_to
from outbox.writing import absolute
from sessions_app import presenting
from sessions_app.concerned import key_of
from sessions_app.models import Presentation, Presenter, PresenterLink
from sessions_app.talk_forms import AbstractForm, GuestForm, LinkForm


# --- The guest -----------------------------------------------------------------------------------------
def guest_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view the guest whom the token stands for; who has another token reads why nothing opens."""

    @wraps(view)
    def guarded(request: HttpRequest, token: str, **kwargs) -> HttpResponse:
        try:
            presenter = presenting.open_with(token)
        except PresenterLink.DoesNotExist as unknown:
            raise Http404 from unknown
        except presenting.LinkClosed as closed:
            return render(request, "public/presenting_closed.html", {"why": str(closed)}, status=410)
        return view(request, token=token, presenter=presenter, **kwargs)

    return guarded


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@guest_page
def guest(request: HttpRequest, token: str, presenter: Presenter) -> HttpResponse:
    """Who the guest is, and each talk with what is still missing."""
    form = GuestForm(
        request.POST if request.method == "POST" else None,
        initial={"bio": presenter.bio, "url": presenter.url},
    )
    if form.is_bound and form.is_valid():
        presenting.introduce(token=token, about=presenting.AboutGuest(**form.cleaned_data))
        messages.success(request, "What you say about yourself is saved.")
        return redirect("presenting", token)
    found = presenting.talks_of(presenter).prefetch_related("sessions", "materials__file")
    for talk in found:
        talk.shown = [s for s in talk.sessions.all() if s.is_public]
    context = {"presenter": presenter, "token": token, "form": form, "talks": found}
    return render(request, "public/presenting.html", context, status=422 if form.is_bound else 200)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@guest_page
def guest_talk(request: HttpRequest, token: str, presenter: Presenter, pk: int) -> HttpResponse:
    """Write the abstract of one's talk."""
    talk = get_object_or_404(presenting.talks_of(presenter), pk=pk)
    initial = {"abstract": talk.abstract, "seen": presenting.fingerprint(talk)}
    form, status = AbstractForm(request.POST if request.method == "POST" else None, initial=initial), 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                presenting.describe(token=token, talk_id=pk, seen=data["seen"], abstract=data["abstract"])
            except Presentation.DoesNotExist as missing:
                raise Http404 from missing
            except presenting.Changed as changed:
                form.add_error(None, str(changed))
                # The next save is made knowing of this one: what is stored now counts as seen.
                form.data = form.data.copy()
                form.data["seen"] = form.initial["seen"]
                status = 409
            else:
                messages.success(request, "The abstract is saved.")
                return redirect("presenting", token)
    context = {"talk": talk, "token": token, "form": form}
    return render(request, "public/presenting_talk.html", context, status=status)


# --- The organisers ------------------------------------------------------------------------------------
def _desk(request: HttpRequest, presenter: Presenter, form: LinkForm, *, token: str = "", status: int = 200):
    url = absolute(reverse("presenting", args=[token])) if token else ""
    links = presenter.links.select_related("made_by").order_by("-made_at", "-pk")
    key = key_of(presenter)
    context = {
        "presenter": presenter,
        "form": form,
        "links": links,
        "link_url": url,
        "person_key": key,
        "mails": newest_to([key], [presenter.email]),
    }
    return render(request, "organiser/presenter.html", context, status=status)


def _guest(pk: int) -> Presenter:
    return get_object_or_404(Presenter.objects.filter(member=None).exclude(guest_name=""), pk=pk)


@organiser_required
@never_cache
@require_safe
def presenter(request: HttpRequest, pk: int) -> HttpResponse:
    """A guest's links: who made them, and which still work."""
    found = _guest(pk)
    return _desk(request, found, LinkForm(initial={"email": found.email}))


@organiser_required
@never_cache
@require_POST
def presenter_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a private link. It is shown in this answer and never again, so nothing redirects."""
    found, form = _guest(pk), LinkForm(request.POST)
    if not form.is_valid():
        return _desk(request, found, form, status=422)
    try:
        token = presenting.make_link(
            presenter_id=pk, email=form.cleaned_data["email"], by=request.user, now=timezone.now()
        )
    except Presenter.DoesNotExist as missing:
        raise Http404 from missing
    except Refused as refused:
        form.add_error(None, str(refused))
        return _desk(request, found, form, status=409)
    return _desk(request, found, form, token=token)


@organiser_required
@require_POST
def presenter_link_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a private link back."""
    link = get_object_or_404(PresenterLink, pk=pk)
    try:
        presenting.revoke(link_id=pk, now=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The link no longer opens anything.")
    return redirect("organise:presenter", link.presenter_id)
