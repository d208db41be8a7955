"""The pages that set a site up; once it has a group, there are none."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from members import limits, setup_codes
from members.access import group_of
from members.errors import Refused
from members.setup_codes import AlreadySetUp
from studygroup import first_run
from studygroup.first_run_forms import CodeForm, FirstRunForm

PROOF = "setup_code_digest"  # in the session: the hash of the code that was entered


def before_set_up(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that is there only while there is no group."""

    @login_not_required
    @never_cache
    @sensitive_post_parameters()
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if group_of(request) is not None:
            raise Http404
        return view(request)

    return guarded


@before_set_up
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the code that the server printed."""
    if request.method != "POST":
        return render(request, "public/setup_code.html", {"form": CodeForm()})
    form, status = CodeForm(request.POST), 422
    if form.is_valid():
        digest = setup_codes.digest_of(form.cleaned_data["code"])
        try:
            limits.count_code(request)
            setup_codes.check(digest, now=timezone.now())
        except AlreadySetUp as refusal:
            return _too_late(request, refusal)
        except Refused as refusal:
            form.add_error("code", str(refusal))
            status = 429 if isinstance(refusal, limits.TooOften) else 422
        else:
            request.session.cycle_key()
            request.session[PROOF] = digest
            return redirect("setup_group")
    return render(request, "public/setup_code.html", {"form": form}, status=status)


@before_set_up
def group(request: HttpRequest) -> HttpResponse:
    """The group, its first organiser and the first session, for whoever has entered the code."""
    if not (digest := request.session.get(PROOF)):
        return redirect("setup")
    if request.method != "POST":
        return render(request, "public/setup.html", {"form": FirstRunForm()})
    form = FirstRunForm(request.POST)
    if not form.is_valid():
        return render(request, "public/setup.html", {"form": form}, status=422)
    try:
        user, is_new = first_run.set_up(form.wanted(), digest=digest, now=timezone.now())
    except AlreadySetUp as refusal:
        return _too_late(request, refusal)
    except Refused as refusal:
        # Another code can be entered in another tab; what was typed stays here.
        context = {"form": form, "refusal": str(refusal)}
        return render(request, "public/setup.html", context, status=409)
    del request.session[PROOF]
    if not is_new:
        # An account that was there before has its own lock.
        messages.success(request, "The group is made. Sign in with your account.")
        return redirect("account_login")
    login(request, user)
    messages.success(request, "The group is made, and you are its first organiser.")
    return redirect("organise:dashboard")


def _too_late(request: HttpRequest, refusal: AlreadySetUp) -> HttpResponse:
    messages.error(request, f"{refusal} Somebody else was faster.")
    return redirect("home")
