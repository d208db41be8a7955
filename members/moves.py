"""The one writer of an application's state (rule 3)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from members.errors import IllegalMove
from members.models import Application, ApplicationChange, Decision, User
from members.models.application import ALLOWED_MOVES

By = ApplicationChange.By


def lock(application_id: int) -> Application:
    """The application's row, locked. Where the group is needed too, lock the group first."""
    return Application.objects.select_for_update().get(pk=application_id)


def move(
    application: Application,
    *,
    to: str,
    by: str,
    now: datetime,
    actor: User | None = None,
    reason: str = "",
    seen: str | None = None,
) -> None:
    """Change the state of a locked application and log it.

    to: the new state. by: who acts (ApplicationChange.By); actor: the account, for organisers.
    seen: the state on the page from which this was asked; when it has changed since, the move is stale.
    Raises IllegalMove, with a sentence that says who moved it last, when the table does not allow the move
    or the page was stale.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An application is moved inside a transaction that has locked it.")
    if to not in ALLOWED_MOVES[application.state] or (seen and seen != application.state):
        raise IllegalMove(stale_sentence(application, now=now))
    before, application.state, application.moved_at = application.state, to, now
    application.save(update_fields=["state", "moved_at"])
    Decision.objects.filter(application=application).delete()  # a move settles what was prepared
    log(application, before=before, by=by, now=now, actor=actor, reason=reason)


def log(
    application: Application,
    *,
    before: str,
    by: str,
    now: datetime,
    actor: User | None = None,
    reason: str = "",
) -> None:
    """Write one line of the application's history; `before` equals the state now for an edit."""
    ApplicationChange.objects.create(
        application=application,
        before=before,
        after=application.state,
        by=by,
        actor=actor,
        reason=reason,
        at=now,
    )


def stale_sentence(application: Application, *, now: datetime) -> str:
    """Say what the application is now, who made it so and how long ago, and that nothing was changed."""
    moved = application.changes.exclude(before=F("after"))  # edits and letters move nothing
    last = moved.select_related("actor").order_by("at", "pk").last()
    label = application.get_state_display()
    if last is None:
        return f"This application is {label}. Nothing was changed."
    who = str(last.actor) if last.actor else last.get_by_display().capitalize()
    return f"{who} moved this application to {label} {_ago(now, last.at)}. Nothing was changed."


def _ago(now: datetime, then: datetime) -> str:
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"
    if minutes < 48 * 60:
        return "an hour ago" if minutes < 120 else f"{minutes // 60} hours ago"
    return f"{minutes // (24 * 60)} days ago"
