"""The kinds of mail that time brings about, or the notes: what each is for, and what its wording may say."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from members.models import Group, Member
from outbox.kinds import Kind, register
from outbox.wording import Value
from sessions_app import concerned, digests, mails_in_time, reminded, reminders, thanks
from sessions_app.mail_words import PERSON, SESSION
from sessions_app.models import Notes, Session, Slot
from sessions_app.preparing_words import PREPARATION

SESSIONS, GROUP = "Sessions", "The group"
COMES = "You get this because you may come to this session, or present in it."
MEMBER = "You get this because you are a member of the group."
Values = dict[str, Value] | None


# --- Previews ------------------------------------------------------------------------------------------
def _of(make: Callable[[Group, Session, Member], Values]) -> Callable[[], Values]:
    """Values from the next session, or without one to come the latest, as an organiser would read them."""

    def sample() -> Values:
        group = Group.objects.current()
        coming = Session.objects.upcoming(now=timezone.now()).first()
        session = coming or Session.objects.order_by("-starts_at", "-pk").first()
        member = Member.objects.organisers().select_related("user").order_by("pk").first()
        return make(group, session, member) if group and session and member else None

    return sample


def _notes(group: Group, session: Session, member: Member) -> Values:
    notes = (
        Notes.objects.visible_to(member=True, organiser=False)
        .exclude(text="")
        .select_related("session")
        .order_by("-updated_at")
        .first()
    )
    return notes and mails_in_time.notes_words(notes, notes.session, member, group)


def _thanks(group: Group, session: Session, member: Member) -> Values:
    held = Slot.objects.filter(session__state=Session.State.HELD).select_related("session", "presentation")
    slot = held.order_by("-session__starts_at", "pk").first()
    titles = [slot.presentation.title] if slot else []
    session = slot.session if slot else session
    return thanks.words(session, concerned.recipient_of(member), group, titles=titles, hosts=not titles)


# --- Kinds ---------------------------------------------------------------------------------------------
KINDS = [
    Kind(
        reminders.WEEK,
        "A session is in a week",
        SESSIONS,
        COMES,
        placeholders=reminded.PLACEHOLDERS,
        optional=True,
        outdated=reminders.outdated,
        sample=_of(lambda group, session, member: reminded.words_for(session, member, group)),
    ),
    Kind(
        reminders.DAY,
        "A session is on the next day",
        SESSIONS,
        COMES,
        placeholders=reminded.PLACEHOLDERS,
        optional=True,
        outdated=reminders.outdated,
        sample=_of(lambda group, session, member: reminded.words_for(session, member, group)),
    ),
    Kind(
        "scribe_named",
        "Somebody is the scribe of a session",
        SESSIONS,
        "You get this because the organisers have chosen you as the scribe of this session.",
        placeholders=PERSON | SESSION | {"notes_url": "where the notes are written"},
        outdated=mails_in_time.scribe_outdated,
        sample=_of(lambda group, session, member: mails_in_time.scribe_words(session, member, group)),
    ),
    Kind(
        "notes_published",
        "The notes of a session can be read",
        SESSIONS,
        MEMBER,
        placeholders=PERSON
        | SESSION
        | {
            "begins": "the first headings of the notes, or their first words",
            "is_public": "yes where everybody may read them",
            "notes_url": "where the notes stand",
        },
        waits=True,
        optional=True,
        outdated=mails_in_time.notes_outdated,
        sample=_of(_notes),
    ),
    Kind(
        "thank_you",
        "Thanks to presenters and host",
        SESSIONS,
        "You get this because you presented in this session, or lent the room for it.",
        placeholders=PERSON
        | SESSION
        | {
            "talks": "the titles of what they presented; nothing for a host who did not",
            "hosts": "yes for the host",
            "is_member": "yes for members",
            "propose_url": "where members propose a talk; nothing for anybody else",
        },
        optional=True,
        outdated=thanks.outdated,
        sample=_of(_thanks),
    ),
    Kind(
        digests.KIND,
        "The weekly digest",
        GROUP,
        "You get this because you have chosen a weekly digest.",
        placeholders=PERSON
        | SESSION
        | PREPARATION
        | {"kept": "the list of the mails that were kept for the digest, each with its page"},
        may_wait=False,
        optional=True,
        is_digest=True,
        by_choice=True,
        sample=_of(digests.sample),
    ),
]


def listen() -> None:
    """Make these kinds known to the outbox."""
    register(KINDS)
