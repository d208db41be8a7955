"""The photos of a session: the page that manages them, and the pictures themselves."""

from __future__ import annotations

from pathlib import PurePath

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members.access import can_meet, can_organise
from members.errors import Refused
from sessions_app import photo_forms, photos
from sessions_app.models import Photo, Session
from sessions_app.views.notes import writer_required


def _page(
    request: HttpRequest, session: Session, rows: list, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    found = list(Photo.objects.filter(session=session))
    for photo in found:
        photo.session = session  # whose number is in the address
        photo.markdown = photos.in_markdown(photo)
    return render(
        request,
        "member/photos.html",
        {
            "session": session,
            "photos": found,
            "rows": rows,
            "refusal": refusal,
            "wrong": any(row.errors for row in rows),
        },
        status=status,
    )


@writer_required
@require_http_methods(["GET", "HEAD", "POST"])
def photo_list(request: HttpRequest, session: Session) -> HttpResponse:
    """The photos with their order and what is said of them; a POST adds some, all of them or none."""
    if request.method != "POST":
        return _page(request, session, photo_forms.rows())
    rows = photo_forms.rows(request.POST, request.FILES)
    wrong = [row for row in rows if not row.is_valid()]
    if wrong:
        return _page(request, session, rows, status=422)
    new = [row.new_photo() for row in rows if row.has_changed()]
    try:
        made = photos.add(session_id=session.pk, new=new, by=request.user, now=timezone.now())
    except Refused as refused:
        return _page(request, session, rows, refusal=str(refused), status=422)
    if made:
        said = "The photo was added." if len(made) == 1 else f"{len(made)} photos were added."
        messages.success(request, said)
    else:
        messages.info(request, "You added this a moment ago; it stands here once.")
    return redirect("sessions:photos", session.number)


@writer_required
@require_http_methods(["GET", "HEAD", "POST"])
def photo_change(request: HttpRequest, session: Session, pk: int) -> HttpResponse:
    """Change what is said of a photo, and who sees it."""
    photo = get_object_or_404(Photo, session=session, pk=pk)
    photo.session = session
    said = {name: getattr(photo, name) for name in ("alternative", "caption", "audience")}
    form = photo_forms.PhotoForm(request.POST if request.method == "POST" else None, initial=said)
    if request.method != "POST" or not form.is_valid():
        context = {"session": session, "photo": photo, "form": form}
        return render(
            request, "member/photo_change.html", context, status=422 if request.method == "POST" else 200
        )
    try:
        photos.change(session_id=session.pk, photo_id=pk, **form.cleaned_data)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Saved.")
    return redirect("sessions:photos", session.number)


@writer_required
@require_http_methods(["GET", "HEAD", "POST"])
def photo_remove(request: HttpRequest, session: Session, pk: int) -> HttpResponse:
    """Remove a photo, after a page that asks once more."""
    if request.method != "POST":
        photo = get_object_or_404(Photo, session=session, pk=pk)
        photo.session = session
        return render(request, "member/photo_remove.html", {"session": session, "photo": photo})
    try:
        photos.remove(session_id=session.pk, photo_id=pk)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The photo was removed.")
    return redirect("sessions:photos", session.number)


@writer_required
@require_POST
def photo_move(request: HttpRequest, session: Session, pk: int) -> HttpResponse:
    """Move a photo one place up or down (to=up or down)."""
    try:
        if request.POST.get("to") not in ("up", "down"):
            raise Refused("That said neither up nor down. Nothing was changed.")
        photos.move(session_id=session.pk, photo_id=pk, up=request.POST["to"] == "up")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(f"{reverse('sessions:photos', args=[session.number])}#photo-{pk}")


@login_not_required
@require_safe
def photo(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """The picture, or with `?size=small` the small one; not found for whoever may not see it (rule 7)."""
    found, for_everybody = _visible(request, number, pk)
    file = found.small if request.GET.get("size") == "small" else found.picture
    etag = f'"{PurePath(file.name).stem}"'  # each picture is written once, under a name of its own
    response = get_conditional_response(request, etag=etag)
    if response is None:
        try:
            content = file.open("rb")
        except FileNotFoundError:
            raise Http404 from None
        response = FileResponse(content, content_type="image/jpeg")
    response.headers["ETag"] = etag
    # Not for longer than some minutes unasked: who may see it can change.
    response.headers["Cache-Control"] = "public, max-age=300" if for_everybody else "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _visible(request: HttpRequest, number: int, pk: int) -> tuple[Photo, bool]:
    """The photo, and whether everybody may see it. Raises Http404 for whoever may not."""
    named = Photo.objects.filter(session__number=number, pk=pk)
    anybodys = named.visible_to(member=False).filter(session__in=Session.objects.visible_to(organiser=False))
    if found := anybodys.first():
        return found, True
    sessions = Session.objects.visible_to(organiser=can_organise(request.user))
    photos_seen = named.visible_to(member=can_meet(request.user))
    return get_object_or_404(photos_seen, session__in=sessions), False
