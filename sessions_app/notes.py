"""The notes of a session: who may write them, saving without losing anybody's words, drafts, going back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Min, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from members.access import can_organise, member_of
from members.errors import Refused
from members.models import Member, User
from sessions_app import mails_in_time
from sessions_app.models import Appearance, Notes, NotesDraft, NotesRevision, Session
from sessions_app.models.notes import LONGEST_NOTES
from sessions_app.models.presentation import FORGOTTEN

LONGEST_COMMENT = 200


class StaleNotes(Refused):
    """Somebody else saved since the writer began. Carries both texts; nothing was overwritten."""

    def __init__(self, *, yours: str, theirs: str, revision: NotesRevision):
        super().__init__(
            "The notes were saved while you were writing. Nothing was overwritten. "
            "Put both texts together, then save again."
        )
        self.yours, self.theirs, self.revision = yours, theirs, revision


class TooLong(Refused):
    """The text is longer than notes may be."""

    def __init__(self, length: int):
        super().__init__(
            f"Shorten the notes; they have {length:,} characters, and {LONGEST_NOTES:,} are allowed."
        )


class NotAMember(Refused):
    """A scribe has to be in the group."""


# --- Who -----------------------------------------------------------------------------------------------
def can_write_notes(user: User, session: Session) -> bool:
    """Whether this person writes the session's notes: organisers, its scribe, members who present in it.

    Drafts of sessions are the organisers', called off or not (rule 7). One query at most, besides the
    membership.
    """
    if can_organise(user):
        return True
    member = member_of(user)
    if member is None or not session.is_public:
        return False
    if session.scribe_id == member.pk:
        return True
    return Appearance.objects.filter(presenter__member=member, presentation__slots__session=session).exists()


@transaction.atomic
def choose_scribe(*, session_id: int, member_id: int | None, now: datetime) -> None:
    """Say who writes the notes; None for nobody. Whoever is named for an announced session hears of it.

    Raises NotAMember for somebody who has left or is gone.
    """
    session = Session.objects.select_for_update().get(pk=session_id)
    if session.scribe_id == member_id:
        return
    if member_id and not possible_scribes().filter(pk=member_id).exists():
        raise NotAMember("Choose somebody else as the scribe; this person is no longer in the group.")
    session.scribe_id = member_id
    session.save(update_fields=["scribe"])
    if session.state == Session.State.ANNOUNCED:
        mails_in_time.scribe_named(session, now=now)


def possible_scribes(*, besides: int | None = None) -> QuerySet[Member]:
    """Everybody in the group, by name; and one more, by key."""
    return (
        Member.objects.filter(~Q(state=Member.State.ALUMNI) | Q(pk=besides))
        .select_related("user")
        .order_by("user__name", "user__email", "pk")
    )


# --- Saving --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Saved:
    """What a save did: the notes as they stand, and whether it made a version or opened them to others."""

    notes: Notes
    is_new: bool
    audience_changed: bool = False


def as_kept(text: str) -> str:
    """A text as it is stored: lines end alike, whatever the browser sends, and none blank at the end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip()


def save(
    *,
    session_id: int,
    text: str,
    by: User | None,
    base: int,
    now: datetime,
    comment: str = "",
    audience: str | None = None,
    tell: bool = True,
) -> Saved:
    """Make `text` the notes of the session, as a version of its own; the audience too, when one is given.

    base: the number of the version that the writer began from, 0 for none. Saving what is there already makes
    no version. tell: whether members hear of notes of a held session that they can read now and could not
    before. Raises StaleNotes when the notes are another version by now and read differently, TooLong, and
    Session.DoesNotExist. The writer's draft goes when this succeeds, and keeps the text when it is stale.
    """
    try:
        return _save(session_id, as_kept(text), by, base, now, comment, audience, tell=tell)
    except StaleNotes:
        if by:
            keep_draft(session_id=session_id, text=text, by=by, base=base, now=now)
        raise


@transaction.atomic
def _save(
    session_id: int,
    text: str,
    by: User | None,
    base: int,
    now: datetime,
    comment: str,
    audience: str | None = None,
    *,
    tell: bool = True,
) -> Saved:
    if len(text) > LONGEST_NOTES:
        raise TooLong(len(text))
    notes = _locked(session_id, now)
    if text != notes.text and notes.revision and base != notes.revision:
        newest = notes.revisions.select_related("author").first()
        raise StaleNotes(yours=text, theirs=notes.text, revision=newest)
    audience_changed = audience is not None and audience != notes.audience
    is_new = text != notes.text
    before = _open_to(notes)
    if is_new or audience_changed:
        notes.audience = audience or notes.audience
        if is_new:
            notes.text, notes.revision, notes.updated_at = text, notes.revision + 1, now
        notes.save()
    if is_new:
        NotesRevision.objects.create(
            notes=notes,
            number=notes.revision,
            text=text,
            author=by,
            saved_at=now,
            comment=comment.strip()[:LONGEST_COMMENT],
        )
    if by:
        drop_draft(session_id=session_id, by=by)
    if tell:
        _tell(notes, before, by=by, now=now)
    return Saved(notes, is_new, audience_changed)


def _open_to(notes: Notes) -> str:
    """Who else than organisers can read these as the notes of a session that was held; "" for nobody."""
    is_there = notes.text and notes.session.state == Session.State.HELD
    return notes.audience if is_there and notes.audience != Notes.Audience.ORGANISERS else ""


def _tell(notes: Notes, before: str, *, by: User | None, now: datetime) -> None:
    """Tell members of notes that are open to more people than before."""
    after = _open_to(notes)
    if after not in ("", before) and before != Notes.Audience.PUBLIC:
        mails_in_time.notes_published(notes, notes.session, by=by, now=now)


def tell_of_held(session: Session, *, now: datetime) -> None:
    """Tell members of the notes of a session that is held from now on; they may have been open before."""
    notes = Notes.objects.filter(session=session).first()
    if notes:
        notes.session = session
        _tell(notes, "", by=None, now=now)


def _locked(session_id: int, now: datetime) -> Notes:
    """The session's notes, unsaved ones where there are none; its row is locked, so one saves at a time."""
    session = Session.objects.select_for_update().get(pk=session_id)
    notes = Notes.objects.filter(session=session).first() or Notes(updated_at=now)
    notes.session = session
    return notes


def restore(*, session_id: int, number: int, by: User, base: int, now: datetime) -> Saved:
    """Make an old version's text the notes again, as a new version: nothing is taken out of the history.

    base: the newest version that the person has seen. Raises StaleNotes when it is no longer the newest, and
    NotesRevision.DoesNotExist.
    """
    old = NotesRevision.objects.get(notes__session=session_id, number=number)
    return _save(session_id, old.text, by, base, now, f"Restored version {number}")


@transaction.atomic
def set_audience(
    *, session_id: int, audience: str, now: datetime, by: User | None = None, tell: bool = True
) -> Notes:
    """Say who reads the notes; begins empty ones where there are none. tell: as in `save`."""
    notes = _locked(session_id, now)
    before = _open_to(notes)
    if notes.pk is None or notes.audience != audience:
        notes.audience = Notes.Audience(audience)
        notes.save()
    if tell:
        _tell(notes, before, by=by, now=now)
    return notes


# --- Drafts --------------------------------------------------------------------------------------------
def keep_draft(*, session_id: int, text: str, by: User, base: int, now: datetime) -> bool:
    """Keep what somebody has typed and not saved, in place of the draft before it.

    Returns whether there was anything to keep: a text that reads like the notes is no draft. Raises TooLong.
    """
    text = as_kept(text)
    if len(text) > LONGEST_NOTES:
        raise TooLong(len(text))
    current = Notes.objects.filter(session=session_id).values_list("text", flat=True).first() or ""
    if text == current:
        drop_draft(session_id=session_id, by=by)
        return False
    NotesDraft.objects.update_or_create(
        session_id=session_id, author=by, defaults={"text": text, "base": base, "saved_at": now}
    )
    return True


def drop_draft(*, session_id: int, by: User) -> None:
    """Let go of what somebody has typed and not saved."""
    NotesDraft.objects.filter(session=session_id, author=by).delete()


def draft_of(session: Session, *, by: User, current: str) -> NotesDraft | None:
    """What this person was writing and has not saved, unless the notes read so by now. One query."""
    return NotesDraft.objects.filter(session=session, author=by).exclude(text=current).first()


# --- Reading -------------------------------------------------------------------------------------------
def of_session(session: Session, *, member: bool, everything: bool) -> Notes | None:
    """The notes that this reader may see, with `author_list`; None without a text. One query.

    everything: for organisers, and for those who write them.
    """
    authors = (
        NotesRevision.objects.filter(notes=OuterRef("pk"))
        .order_by()
        .values("author_id", "author__name")
        .annotate(first=Min("number"))
        .order_by("first")
    )
    return (
        Notes.objects.visible_to(member=member, organiser=everything)
        .filter(session=session)
        .exclude(text="")
        .annotate(author_list=ArraySubquery(authors.values_list(JSONObject(name="author__name"))))
        .first()
    )


def author_names(people: Iterable[dict]) -> list[str]:
    """Who wrote, in the order of their first versions; one whose account is erased is a former member."""
    names = [person["name"] or "" for person in people]
    return list(dict.fromkeys(name or f"{FORGOTTEN[0].lower()}{FORGOTTEN[1:]}" for name in names))
