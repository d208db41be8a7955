"""Which message goes to whom in the life of a talk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from members.models import Group, Member
from outbox.models import Message
from outbox.writing import absolute, write
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


def people_of(talk: Presentation) -> dict[str, tuple[str, bool]]:
    """Whom to write to about a talk: address → (name, whether they sign in here)."""
    found: dict[str, tuple[str, bool]] = {}
    if talk.proposed_by_id:
        found[talk.proposed_by.user.email] = (talk.proposed_by.name, True)
    for presenter in Presenter.objects.with_people().filter(presentations=talk).order_by("pk"):
        if presenter.member_id and presenter.member.user.is_active:
            found[presenter.member.user.email] = (presenter.name, True)
        elif presenter.email:
            found.setdefault(presenter.email, (presenter.name, False))
    return found


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

    A session that is still a draft is the organisers' (rule 7), so the mail does not name it.
    """
    shown = session if session and session.state != Session.State.DRAFT else None
    for address, (name, signs_in) in people_of(talk).items():
        write(
            kind=kind,
            about=_of_step(step),
            to=address,
            context={
                "name": name,
                "group": group,
                "talk": talk,
                "message": step.message,
                "session": shown,
                "talk_url": absolute(reverse("talk", args=[talk.pk])) if signs_in else "",
            },
            now=now,
        )


def slides_due(
    talk: Presentation,
    presenter: Presenter,
    address: str,
    session: Session,
    group: Group,
    *,
    now: datetime,
    token: str = "",
) -> Message:
    """To somebody who presents soon: the slides are not there yet. Once a talk and person.

    token: of a guest's private page, where they put them without signing in.
    """
    where = reverse("presenting", args=[token]) if token else reverse("talk_materials", args=[talk.pk])
    return write(
        kind="slides_due",
        about=f"talk:{talk.pk}",
        to=address,
        context={
            "name": presenter.name,
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
