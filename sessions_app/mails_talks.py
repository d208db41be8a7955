"""Which message goes to whom in the life of a talk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from members.models import Group, Member
from outbox.models import Message
from outbox.writing import absolute, write
from sessions_app import concerned
from sessions_app.concerned import Recipient
from sessions_app.models import Presentation, PresentationStep, Presenter, Session


def _of_step(step: PresentationStep) -> str:
    return f"talk:{step.presentation_id}:step:{step.pk}"


def to_organisers(
    kind: str,
    talk: Presentation,
    step: PresentationStep,
    group: Group,
    *,
    now: datetime,
    sessions: Iterable[Session] = (),
) -> None:
    """To every organiser: a talk was proposed, or withdrawn after they had accepted it."""
    for organiser in Member.objects.organisers().select_related("user"):
        if organiser.user_id == step.by_id:
            continue  # who did it knows of it
        write(
            kind=kind,
            about=_of_step(step),
            to=organiser.user.email,
            context={
                "name": organiser.name,
                "group": group,
                "talk": talk,
                "by": step.by.get_full_name() if step.by else "",
                "message": step.message,
                "sessions": list(sessions),
                "talk_url": absolute(reverse("organise:talk", args=[talk.pk])),
            },
            now=now,
        )


def to_presenters(
    kind: str,
    talk: Presentation,
    step: PresentationStep,
    group: Group,
    *,
    now: datetime,
    session: Session | None = None,
) -> None:
    """To those who present it: what the organisers did, with what they say.

    A session that was never announced is the organisers' (rule 7), so the mail does not name it.
    """
    shown = session if session and session.is_public else None
    for recipient in concerned.of_talk(talk):
        write(
            kind=kind,
            about=_of_step(step),
            to=recipient.address,
            context={
                "name": recipient.name,
                "group": group,
                "talk": talk,
                "message": step.message,
                "session": shown,
                "talk_url": absolute(reverse("talk", args=[talk.pk])) if recipient.signs_in else "",
            },
            now=now,
        )


def slides_of(talk_id: int, presenter_id: int) -> str:
    """The event of a presenter's slides being due, whatever address they have by then."""
    return f"talk:{talk_id}:presenter:{presenter_id}"


def slides_due(
    talk: Presentation,
    presenter: Presenter,
    recipient: Recipient,
    session: Session,
    group: Group,
    *,
    now: datetime,
    token: str = "",
) -> Message:
    """To somebody who presents soon: the slides are not there yet. Once a talk and presenter.

    token: of a guest's private page, where they put them without signing in.
    """
    where = reverse("presenting", args=[token]) if token else reverse("talk_materials", args=[talk.pk])
    return write(
        kind="slides_due",
        about=slides_of(talk.pk, presenter.pk),
        to=recipient.address,
        context={
            "name": recipient.name,
            "group": group,
            "talk": talk,
            "session": session,
            "is_guest": bool(token),
            "materials_url": absolute(where),
        },
        secrets=[token] if token else (),
        now=now,
    )


def presenter_link(presenter: Presenter, link_id: int, token: str, group: Group, *, now: datetime) -> Message:
    """To a guest presenter: the private page where they fill in who they are and what they bring."""
    return write(
        kind="presenter_link",
        about=f"presenter:{presenter.pk}:link:{link_id}",
        to=presenter.email,
        context={
            "name": presenter.name,
            "group": group,
            "page_url": absolute(reverse("presenting", args=[token])),
        },
        secrets=[token],
        now=now,
    )
