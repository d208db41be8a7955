"""Which message goes to whom when a session is announced, changed or cancelled; guests hear, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse

from members import recipients as keys
from members.models import Group
from outbox.kinds import kind_of
from outbox.models import Message
from outbox.wording import Value
from outbox.writing import Mail, absolute, setting_of, waits_of, write_all
from sessions_app import calendar_invitations as invitations
from sessions_app.concerned import Recipient
from sessions_app.mail_words import before_and_after, person_words, session_words
from sessions_app.models import GuestChair, Session

if TYPE_CHECKING:
    from sessions_app.changes import Change

# What has changed, as the subject of a mail says it; another date says itself.
CHANGED = {"when": "", "place": "place", "address": "address", "online_url": "link to join from afar"}


def thread_of(session: Session) -> str:
    """What all mails about a session share."""
    return f"session:{session.pk}"


def announced_words(session: Session, name: str, group: Group, *, signs_in: bool) -> dict[str, Value]:
    """What the mail that announces a session may say."""
    return {**person_words(name, group), **session_words(session), "signs_in": signs_in}


def announced(
    session: Session,
    recipients: Iterable[Recipient],
    group: Group,
    *,
    now: datetime,
    waits: bool | None = None,
) -> int:
    """To members and presenters: when and where the session is, its page, an invitation. How many are new.

    Once for each time that it is announced, and again with each change. waits: as `outbox.writing.Mail` says.
    """
    answers = invitations.answers_to(session)
    mails = [
        Mail(
            about=f"session:{session.pk}:{session.announced_at:%Y-%m-%dT%H:%M:%S.%f}:{session.sequence}",
            to=recipient.address,
            recipient=recipient.key,
            thread=thread_of(session),
            values=announced_words(session, recipient.name, group, signs_in=recipient.signs_in),
            calendar=invitations.request(
                session, invitations.member_or_presenter(recipient, answers), group, now=now
            ),
            waits=waits,
        )
        for recipient in recipients
    ]
    return write_all("session_announced", mails, now=now)


def announcements_wait() -> bool:
    """Whether the mails that announce a session wait until an organiser releases them. One query."""
    return waits_of(kind_of("session_announced"), setting_of("session_announced"))


def waiting_announcements(session: Session) -> set[str]:
    """Whose mail that announces the session waits to be released, by their keys. One query."""
    found = Message.objects.filter(kind="session_announced", thread=thread_of(session))
    return set(found.filter(state=Message.State.DRAFT).values_list("recipient", flat=True))


def cancelled_words(session: Session, name: str, group: Group) -> dict[str, Value]:
    """What the mail about a cancelled session may say."""
    return {**person_words(name, group), **session_words(session)}


def cancelled(session: Session, recipients: Iterable[Recipient], group: Group, *, now: datetime) -> int:
    """To members and presenters: the session does not take place. How many are new."""
    answers = invitations.answers_to(session)
    mails = [
        Mail(
            # A session that is announced again after having been cancelled is another event.
            about=f"session:{session.pk}:{session.announced_at:%Y-%m-%dT%H:%M:%S.%f}",
            to=recipient.address,
            recipient=recipient.key,
            thread=thread_of(session),
            values=cancelled_words(session, recipient.name, group),
            calendar=invitations.cancellation(
                session, invitations.member_or_presenter(recipient, answers), group, now=now
            ),
        )
        for recipient in recipients
    ]
    return write_all("session_cancelled", mails, now=now)


def changed_words(
    session: Session,
    changes: Sequence[Change],
    name: str,
    group: Group,
    *,
    signs_in: bool = False,
    is_guest: bool = False,
) -> dict[str, Value]:
    """What the mail about a changed session may say; the link to join from afar to who signs in alone."""
    return {
        **person_words(name, group),
        **session_words(session),
        "changes": before_and_after(changes),
        "moved": changes[0].name == "when",
        "what_changed": CHANGED[changes[0].name],
        "online_url": session.online_url if signs_in else "",
        "signs_in": signs_in,
        "is_guest": is_guest,
    }


def changed(
    session: Session,
    news: Iterable[tuple[Recipient, Sequence[Change]]],
    group: Group,
    *,
    now: datetime,
) -> int:
    """To members and presenters: another date or place. Once for each `sequence`. How many are new.

    news: who hears of which changes, without the link to join from afar for somebody who does not sign in.
    """
    answers = invitations.answers_to(session)
    mails = [
        Mail(
            about=f"session:{session.pk}:{session.sequence}",
            to=recipient.address,
            recipient=recipient.key,
            thread=thread_of(session),
            values=changed_words(session, changes, recipient.name, group, signs_in=recipient.signs_in),
            calendar=invitations.request(
                session, invitations.member_or_presenter(recipient, answers), group, now=now
            ),
        )
        for recipient, changes in news
    ]
    return write_all("session_changed", mails, now=now)


# --- Guests --------------------------------------------------------------------------------------------
def _to_guest(
    chair: GuestChair,
    session: Session,
    values: dict[str, Value],
    *,
    event: object = "",
    secrets: Sequence[str] = (),
    calendar: str = "",
) -> Mail:
    return Mail(
        # Begins with the application: when that is erased, its mails go too.
        about=f"application:{chair.application_id}:guest_chair:{chair.pk}{event}",
        to=chair.application.email,
        recipient=keys.of_application(chair.application_id),
        thread=thread_of(session),
        values=values,
        secrets=secrets,
        calendar=calendar,
    )


def chair_words(session: Session, name: str, group: Group, **urls: str) -> dict[str, Value]:
    """What the mails about a guest chair may say. urls: chair_url or status_url."""
    return {**person_words(name, group), **session_words(session), **urls}


def guest_chair(chair: GuestChair, token: str, group: Group, *, now: datetime) -> None:
    """To somebody on the shortlist: come to this one session as a guest."""
    url = absolute(reverse("guest_chair", args=[token]))
    words = chair_words(chair.session, chair.application.name, group, chair_url=url)
    write_all("guest_chair", [_to_guest(chair, chair.session, words, secrets=[token])], now=now)


def guest_chair_revoked(chair: GuestChair, group: Group, *, now: datetime) -> None:
    """To a guest: the chair was taken back."""
    application = chair.application
    words = chair_words(
        chair.session, application.name, group, status_url=absolute(application.get_absolute_url())
    )
    mail = _to_guest(chair, chair.session, words, secrets=[application.token])
    write_all("guest_chair_revoked", [mail], now=now)


def cancelled_for_guests(
    session: Session, chairs: Iterable[GuestChair], group: Group, *, now: datetime
) -> int:
    """To guests with a chair: the session does not take place. Reads their applications."""
    mails = [
        _to_guest(
            chair,
            session,
            cancelled_words(session, chair.application.name, group),
            calendar=invitations.cancellation(session, invitations.guest(chair), group, now=now),
        )
        for chair in chairs
    ]
    return write_all("session_cancelled", mails, now=now)


def changed_for_guests(
    session: Session, changes: Sequence[Change], chairs: Iterable[GuestChair], group: Group, *, now: datetime
) -> int:
    """To guests with a chair: another date or place. Nothing about joining from afar."""
    mails = [
        _to_guest(
            chair,
            session,
            changed_words(session, changes, chair.application.name, group, is_guest=True),
            event=f":{session.sequence}",
            calendar=invitations.request(session, invitations.guest(chair), group, now=now),
        )
        for chair in chairs
    ]
    return write_all("session_changed", mails, now=now)
