"""Which message goes to whom in the life of a talk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from members import recipients as keys
from members.models import Group, Member
from members.names import isolated
from outbox.models import Message
from outbox.wording import Value
from outbox.writing import Mail, absolute, write, write_all
from sessions_app import concerned
from sessions_app.concerned import Recipient
from sessions_app.mail_words import person_words, session_words, talk_words
from sessions_app.models import Presentation, PresentationStep, Presenter, Session


def thread_of(talk_id: int) -> str:
    """What all mails about a talk share."""
    return f"talk:{talk_id}"


def _of_step(step: PresentationStep) -> str:
    return f"talk:{step.presentation_id}:step:{step.pk}"


def to_organisers_words(
    talk: Presentation,
    name: str,
    group: Group,
    *,
    by: str,
    message: str = "",
    sessions: Iterable[Session] = (),
) -> dict[str, Value]:
    """What organisers may be told of a talk. by: who did it; sessions: those that have lost it."""
    wished = talk.wished_session
    return {
        **person_words(name, group),
        **talk_words(talk),
        "by": isolated(by),
        "message": message,
        "wished_session": wished.number if wished else "",
        "lost": " ".join(f"Session {session.number} no longer has it." for session in sessions),
        "talk_url": absolute(reverse("organise:talk", args=[talk.pk])),
    }


def to_organisers(
    kind: str,
    talk: Presentation,
    step: PresentationStep,
    group: Group,
    *,
    now: datetime,
    sessions: Iterable[Session] = (),
) -> int:
    """To every organiser: a talk was proposed, or withdrawn after they had accepted it. How many are new."""
    by, sessions = step.by.get_full_name() if step.by else "", list(sessions)
    mails = [
        Mail(
            about=_of_step(step),
            to=organiser.user.email,
            recipient=keys.of_user(organiser.user_id),
            thread=thread_of(talk.pk),
            values=to_organisers_words(
                talk, organiser.name, group, by=by, message=step.message, sessions=sessions
            ),
        )
        for organiser in Member.objects.organisers().select_related("user")
        if organiser.user_id != step.by_id  # who did it knows of it
    ]
    return write_all(kind, mails, now=now)


def to_presenters_words(
    talk: Presentation,
    recipient: Recipient,
    group: Group,
    *,
    message: str = "",
    session: Session | None = None,
) -> dict[str, Value]:
    """What those who present a talk may be told of it.

    A session that was never announced is the organisers' (rule 7), so the mail does not name it.
    """
    shown = session if session and session.is_public else None
    days = group.materials_days
    return {
        **person_words(recipient.name, group),
        **talk_words(talk),
        **session_words(shown),
        "message": message,
        "is_accepted": talk.state == Presentation.State.ACCEPTED,
        "slides_before": f"{days} day{'' if days == 1 else 's'}" if days else "",
        "talk_url": absolute(reverse("talk", args=[talk.pk])) if recipient.signs_in else "",
    }


def to_presenters(
    kind: str,
    talk: Presentation,
    step: PresentationStep,
    group: Group,
    *,
    now: datetime,
    session: Session | None = None,
) -> int:
    """To those who present it: what the organisers did, with what they say. How many are new."""
    mails = [
        Mail(
            about=_of_step(step),
            to=recipient.address,
            recipient=recipient.key,
            thread=thread_of(talk.pk),
            values=to_presenters_words(talk, recipient, group, message=step.message, session=session),
        )
        for recipient in concerned.of_talk(talk)
    ]
    return write_all(kind, mails, now=now)


def slides_of(talk_id: int, presenter_id: int | str) -> str:
    """The event of a presenter's slides being due, whatever address they have by then."""
    return f"talk:{talk_id}:presenter:{presenter_id}"


def slides_due_words(
    talk: Presentation, name: str, session: Session, group: Group, *, materials_url: str, is_guest: bool
) -> dict[str, Value]:
    """What the mail that asks for slides may say."""
    return {
        **person_words(name, group),
        **talk_words(talk),
        **session_words(session),
        "materials_url": materials_url,
        "is_guest": is_guest,
    }


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
        recipient=recipient.key,
        thread=thread_of(talk.pk),
        context=slides_due_words(
            talk, recipient.name, session, group, materials_url=absolute(where), is_guest=bool(token)
        ),
        secrets=[token] if token else (),
        now=now,
    )


def presenter_link_words(name: str, group: Group, *, page_url: str) -> dict[str, Value]:
    """What the mail with a guest's private link may say."""
    return {**person_words(name, group), "page_url": page_url}


def presenter_link(presenter: Presenter, link_id: int, token: str, group: Group, *, now: datetime) -> Message:
    """To a guest presenter: the private page where they fill in who they are and what they bring."""
    return write(
        kind="presenter_link",
        about=f"presenter:{presenter.pk}:link:{link_id}",
        to=presenter.email,
        recipient=concerned.key_of(presenter),
        context=presenter_link_words(
            presenter.name, group, page_url=absolute(reverse("presenting", args=[token]))
        ),
        secrets=[token],
        now=now,
    )
