"""What the wordings of mails say of the group's own sessions and talks, for a preview."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from members.models import Group, Member
from outbox.wording import Value
from sessions_app import concerned, mails, mails_coming, mails_talks
from sessions_app.changes import arrangement, between
from sessions_app.models import Presentation, Session

Values = dict[str, Value] | None
READER = "Ada Lovelace"  # while the group has no member yet
# In previews: the real one opens somebody's own page.
GUEST_LINK = "[the guest’s own link]"
APPLICANT_LINK = "[the applicant’s own link]"


def _session() -> Session | None:
    """The next session; without one to come, the latest."""
    coming = Session.objects.upcoming(now=timezone.now()).first()
    return coming or Session.objects.order_by("-starts_at", "-pk").first()


def _talk() -> Presentation | None:
    return Presentation.objects.select_related("wished_session").order_by("-pk").first()


def _reader() -> Member | None:
    return Member.objects.organisers().select_related("user").order_by("pk").first()


def _name() -> str:
    reader = _reader()
    return reader.name if reader else READER


def _of_session(make: Callable[[Session, str, Group], dict[str, Value]]) -> Values:
    group, session = Group.objects.current(), _session()
    return make(session, _name(), group) if group and session else None


def session_announced() -> Values:
    """As to a member, of the next or the latest session; so are all that follow."""
    return _of_session(
        lambda session, name, group: mails.announced_words(session, name, group, signs_in=True)
    )


def session_changed() -> Values:
    """As if it had been a week earlier, somewhere else."""

    def moved(session: Session, name: str, group: Group) -> dict[str, Value]:
        after = arrangement(session)
        session.starts_at -= timedelta(days=7)
        session.ends_at -= timedelta(days=7)
        session.place = session.place and "The old library"
        changes = between(arrangement(session), after)
        session.starts_at, session.ends_at, session.place = after.starts_at, after.ends_at, after.place
        return mails.changed_words(session, changes, name, group, signs_in=True)

    return _of_session(moved)


def session_cancelled() -> Values:
    return _of_session(mails.cancelled_words)


def guest_chair() -> Values:
    return _of_session(
        lambda session, name, group: mails.chair_words(session, name, group, chair_url=GUEST_LINK)
    )


def guest_chair_revoked() -> Values:
    return _of_session(
        lambda session, name, group: mails.chair_words(session, name, group, status_url=APPLICANT_LINK)
    )


def chair() -> Values:
    """Of a chair that a member gets or loses."""
    return _of_session(mails_coming.chair_words)


# --- Talks ---------------------------------------------------------------------------------------------
def to_organisers() -> Values:
    """Of the newest talk; so are all that follow."""
    group, talk = Group.objects.current(), _talk()
    if not (group and talk):
        return None
    by = talk.proposed_by.name if talk.proposed_by else _name()
    sessions = talk.sessions.order_by("starts_at")
    return mails_talks.to_organisers_words(talk, _name(), group, by=by, sessions=sessions)


def to_presenters() -> Values:
    group, talk = Group.objects.current(), _talk()
    if not (group and talk):
        return None
    reader = _reader()
    recipient = (
        concerned.recipient_of(reader) if reader else concerned.Recipient("", READER, signs_in=True, key="")
    )
    return mails_talks.to_presenters_words(talk, recipient, group, session=_place_of(talk))


def slides_due() -> Values:
    group, talk = Group.objects.current(), _talk()
    session = _place_of(talk) if talk else None
    if not (group and session):
        return None
    return mails_talks.slides_due_words(
        talk, _name(), session, group, materials_url=GUEST_LINK, is_guest=True
    )


def _place_of(talk: Presentation) -> Session | None:
    return talk.sessions.order_by("-starts_at").first() or _session()


def presenter_link() -> Values:
    group = Group.objects.current()
    return mails_talks.presenter_link_words(_name(), group, page_url=GUEST_LINK) if group else None
