"""The organisers' view of every mail. It stands here because the outbox knows nobody, and its page does."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members.access import organiser_required
from outbox import delivery
from outbox.models import Message

PAGE = 50


@organiser_required
@require_safe
def message_list(request: HttpRequest) -> HttpResponse:
    """All mails, the newest first; `?state=` chooses."""
    chosen = request.GET.get("state", "")
    chosen = chosen if chosen in Message.State.values else ""
    counts = dict(Message.objects.order_by().values_list("state").annotate(Count("pk")))
    found = Message.objects.filter(state=chosen) if chosen else Message.objects.all()
    page = Paginator(found.defer("text", "html", "secrets"), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "organiser/outbox.html",
        {
            "page": page,
            "chosen": chosen,
            "query": f"state={chosen}&" if chosen else "",
            "states": [(value, label, counts.get(value, 0)) for value, label in Message.State.choices],
            "total": sum(counts.values()),
        },
    )


@organiser_required
@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail as the recipient reads it, and what became of it."""
    return render(request, "organiser/message.html", {"mail": get_object_or_404(Message, pk=pk)})


@organiser_required
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a failed mail again."""
    mail = get_object_or_404(Message, pk=pk)
    if delivery.retry(message_id=pk, now=timezone.now()):
        messages.success(request, f"The mail to {mail.to} is queued again.")
    else:
        messages.error(
            request, f"This mail is {mail.get_state_display().lower()}, not failed. Nothing was changed."
        )
    return redirect("organise:message", pk)
