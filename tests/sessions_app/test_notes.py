"""Saving the notes of a session: every version kept, nothing overwritten, who may write and who may read."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from members.models import Member, User
from sessions_app import difference, notes
from sessions_app.models import Notes, NotesDraft, NotesRevision, Session
from sessions_app.models.notes import LONGEST_NOTES
from studygroup import page_cache
from tests.factories import (
    GroupFactory,
    MemberFactory,
    OrganiserFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
    UserFactory,
)

NOW = datetime(2027, 5, 3, 18, 14, tzinfo=UTC)


def write(session: Session, text: str, by: User | None = None, base: int = 0, **more) -> notes.Saved:
    return notes.save(session_id=session.pk, text=text, by=by, base=base, **({"now": NOW} | more))


def versions(session: Session) -> list[tuple]:
    found = NotesRevision.objects.filter(notes__session=session).order_by("number")
    return list(found.values_list("number", "text", "author__name", "comment"))


@pytest.fixture
def session(group) -> Session:
    return SessionFactory(number=17)


@pytest.fixture
def ana(group) -> User:
    return MemberFactory(user__name="Ana").user


@pytest.fixture
def bo(group) -> User:
    return MemberFactory(user__name="Bo").user


# --- Saving --------------------------------------------------------------------------------------------
def test_save_makes_a_version_and_the_current_text(session, ana, bo):
    first = write(session, "One", ana, comment=" Began ")
    second = write(session, "One\r\nTwo\n\n", bo, base=1, now=NOW + timedelta(hours=1))

    assert (first.is_new, second.is_new) == (True, True)
    assert versions(session) == [(1, "One", "Ana", "Began"), (2, "One\nTwo", "Bo", "")]
    assert list(Notes.objects.values_list("text", "audience", "revision", "updated_at")) == [
        ("One\nTwo", "members", 2, NOW + timedelta(hours=1))
    ]


@pytest.mark.parametrize("base", [0, 1])
def test_save_of_the_same_text_makes_no_version(session, ana, bo, base):
    write(session, "One", ana)

    again = write(session, "One\n", bo, base=base, now=NOW + timedelta(hours=1))

    assert (again.is_new, versions(session)) == (False, [(1, "One", "Ana", "")])
    assert Notes.objects.get().updated_at == NOW


def test_save_on_an_older_version_shows_both_texts_and_changes_nothing(session, ana, bo):
    write(session, "Begun", ana)
    write(session, "Bo was first", bo, base=1)

    with pytest.raises(notes.StaleNotes) as stale:
        write(session, "Ana came later", ana, base=1, audience="public")

    assert (stale.value.yours, stale.value.theirs) == ("Ana came later", "Bo was first")
    assert (stale.value.revision.number, stale.value.revision.author) == (2, bo)
    assert list(Notes.objects.values_list("text", "audience")) == [("Bo was first", "members")]
    assert [number for number, *_ in versions(session)] == [1, 2]
    assert list(NotesDraft.objects.values_list("author__name", "text", "base")) == [
        ("Ana", "Ana came later", 1)
    ]


def test_save_on_top_of_the_other_text_succeeds_and_drops_the_draft(session, ana, bo):
    write(session, "Bo was first", bo)
    with pytest.raises(notes.StaleNotes):
        write(session, "Ana came later", ana, base=0)

    write(session, "Bo was first\nAna came later", ana, base=1)

    assert [text for _, text, *_ in versions(session)] == ["Bo was first", "Bo was first\nAna came later"]
    assert NotesDraft.objects.count() == 0


def test_save_beyond_the_limit_is_refused(session, ana):
    write(session, "x" * LONGEST_NOTES, ana)

    with pytest.raises(notes.TooLong, match="200,001 characters"):
        write(session, "x" * (LONGEST_NOTES + 1), ana, base=1)

    assert len(versions(session)) == 1


def test_save_can_change_the_audience_alone(session, ana):
    write(session, "One", ana)

    saved = write(session, "One", ana, base=1, audience="public")

    assert (saved.is_new, saved.audience_changed) == (False, True)
    assert (Notes.objects.get().audience, len(versions(session))) == ("public", 1)


def test_save_with_a_base_that_never_was_loses_nothing(session, ana):
    write(session, "One", ana, base=7)

    with pytest.raises(notes.StaleNotes):
        write(session, "Two", ana, base=7)

    assert [text for _, text, *_ in versions(session)] == ["One"]


@pytest.mark.django_db(transaction=True)
def test_of_many_saves_at_once_one_wins_and_all_texts_are_kept():
    GroupFactory()
    session, people = SessionFactory(number=17), [MemberFactory().user for _ in range(6)]
    outcomes, barrier = [], threading.Barrier(len(people))

    def save(user: User) -> None:
        barrier.wait()
        try:
            write(session, f"Text of {user.email}", user)
            outcomes.append("saved")
        except notes.StaleNotes:
            outcomes.append("stale")
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["saved"] + ["stale"] * 5
    kept = {text for _, text, *_ in versions(session)} | set(
        NotesDraft.objects.values_list("text", flat=True)
    )
    assert kept == {f"Text of {user.email}" for user in people}


def test_set_audience_changes_it_and_begins_empty_notes(session, ana):
    notes.set_audience(session_id=session.pk, audience="public", now=NOW)
    assert list(Notes.objects.values_list("text", "audience", "revision")) == [("", "public", 0)]

    write(session, "One", ana)
    notes.set_audience(session_id=session.pk, audience="organisers", now=NOW)
    assert list(Notes.objects.values_list("text", "audience", "revision")) == [("One", "organisers", 1)]

    with pytest.raises(ValueError, match="nobody"):
        notes.set_audience(session_id=session.pk, audience="nobody", now=NOW)


# --- Going back ----------------------------------------------------------------------------------------
def test_restore_makes_a_new_version_with_the_old_text(session, ana, bo):
    write(session, "One", ana)
    write(session, "Two", ana, base=1)

    notes.restore(session_id=session.pk, number=1, by=bo, base=2, now=NOW)

    assert versions(session)[-1] == (3, "One", "Bo", "Restored version 1")
    assert len(versions(session)) == 3
    assert Notes.objects.get().text == "One"


def test_restore_of_what_somebody_changed_meanwhile_changes_nothing(session, ana, bo):
    write(session, "One", ana)
    write(session, "Two", ana, base=1)
    write(session, "Three", ana, base=2)

    with pytest.raises(notes.StaleNotes):
        notes.restore(session_id=session.pk, number=1, by=bo, base=2, now=NOW)

    assert (Notes.objects.get().text, len(versions(session))) == ("Three", 3)
    assert NotesDraft.objects.count() == 0


def test_restore_twice_is_once(session, ana):
    write(session, "One", ana)
    write(session, "Two", ana, base=1)

    made = [notes.restore(session_id=session.pk, number=1, by=ana, base=2, now=NOW).is_new for _ in range(2)]

    assert (made, len(versions(session))) == ([True, False], 3)


def test_restore_of_another_sessions_version_finds_none(session, ana):
    write(SessionFactory(), "Elsewhere", ana)

    with pytest.raises(NotesRevision.DoesNotExist):
        notes.restore(session_id=session.pk, number=1, by=ana, base=0, now=NOW)


# --- Drafts --------------------------------------------------------------------------------------------
def test_draft_is_one_a_person_and_session(session, ana, bo):
    for user, text in [(ana, "a"), (bo, "b"), (ana, "c")]:
        assert notes.keep_draft(session_id=session.pk, text=text, by=user, base=0, now=NOW)

    assert set(NotesDraft.objects.values_list("author__name", "text")) == {("Ana", "c"), ("Bo", "b")}
    assert notes.draft_of(session, by=ana, current="").text == "c"
    notes.drop_draft(session_id=session.pk, by=ana)
    assert list(NotesDraft.objects.values_list("author__name", flat=True)) == ["Bo"]


def test_draft_that_reads_like_the_notes_is_none(session, ana):
    write(session, "One", ana)
    notes.keep_draft(session_id=session.pk, text="Two", by=ana, base=1, now=NOW)

    assert not notes.keep_draft(session_id=session.pk, text="One\r\n", by=ana, base=1, now=NOW)

    assert NotesDraft.objects.count() == 0


def test_draft_beyond_the_limit_is_refused(session, ana):
    with pytest.raises(notes.TooLong):
        notes.keep_draft(session_id=session.pk, text="x" * (LONGEST_NOTES + 1), by=ana, base=0, now=NOW)


# --- Who -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("state", "writers"),
    [
        ("draft", {"organiser", "superuser"}),
        ("announced", {"organiser", "superuser", "scribe", "presenter"}),
        ("held", {"organiser", "superuser", "scribe", "presenter"}),
        ("cancelled", {"organiser", "superuser", "scribe", "presenter"}),
    ],
)
def test_can_write_notes_for_each_kind_of_person(group, state, writers):
    scribe, presenter = MemberFactory(), MemberFactory()
    session = SessionFactory(state=state, scribe=scribe)
    PresentationFactory(session=session, presenter=PresenterFactory(guest_name="", member=presenter))
    elsewhere = MemberFactory()
    PresentationFactory(session=SessionFactory(), presenter=PresenterFactory(guest_name="", member=elsewhere))
    people = {
        "visitor": AnonymousUser(),
        "outsider": UserFactory(),
        "member": MemberFactory().user,
        "presenter elsewhere": elsewhere.user,
        "scribe": scribe.user,
        "presenter": presenter.user,
        "organiser": OrganiserFactory().user,
        "superuser": User.objects.create_superuser("root@example.org", "Root", "irrelevant"),
    }

    assert {name for name, user in people.items() if notes.can_write_notes(user, session)} == writers


def test_scribe_who_has_left_writes_no_more(group):
    gone = MemberFactory(state=Member.State.ALUMNI, left_at=timezone.now())
    session = SessionFactory(scribe=gone)

    assert not notes.can_write_notes(User.objects.get(pk=gone.user_id), session)


def test_choose_scribe_takes_members_only(session, ana):
    gone = MemberFactory(state=Member.State.ALUMNI, left_at=timezone.now())
    notes.choose_scribe(session_id=session.pk, member_id=ana.member.pk, now=NOW)

    with pytest.raises(notes.NotAMember):
        notes.choose_scribe(session_id=session.pk, member_id=gone.pk, now=NOW)

    session.refresh_from_db()
    assert session.scribe == ana.member
    notes.choose_scribe(session_id=session.pk, member_id=None, now=NOW)
    session.refresh_from_db()
    assert session.scribe is None


@pytest.mark.parametrize(
    ("audience", "state", "readers"),
    [
        ("public", "held", {"visitor", "member", "organiser"}),
        ("members", "held", {"member", "organiser"}),
        ("organisers", "held", {"organiser"}),
        ("public", "draft", {"organiser"}),
        ("members", "draft", {"organiser"}),
        ("organisers", "draft", {"organiser"}),
    ],
)
def test_of_session_tells_each_reader_what_they_may_see(group, ana, audience, state, readers):
    session = SessionFactory(state=state)
    write(session, "Secret", ana, audience=audience)
    people = {"visitor": (False, False), "member": (True, False), "organiser": (True, True)}

    seen = {
        name
        for name, (member, everything) in people.items()
        if notes.of_session(session, member=member, everything=everything)
    }

    assert seen == readers


def test_authors_stand_in_the_order_of_their_first_versions_and_erased_ones_as_former(session, ana, bo):
    zoe = MemberFactory(user__name="Zoë").user
    for base, user in enumerate([zoe, ana, bo, ana, zoe]):
        write(session, f"Text {base}", user, base=base)
    ana.member.delete()
    ana.delete()

    found = notes.of_session(session, member=True, everything=False)

    assert notes.author_names(found.author_list) == ["Zoë", "a former member", "Bo"]


# --- Differences ---------------------------------------------------------------------------------------
def spelled(changes: difference.Difference, without: str) -> str:
    return "".join(piece.text for part in changes.parts for piece in part.pieces if piece.kind != without)


def kinds(changes: difference.Difference) -> list[tuple[str, str]]:
    return [(piece.kind, piece.text) for part in changes.parts for piece in part.pieces if piece.kind]


def test_difference_is_by_words_within_a_line():
    changes = difference.between("The old cat sat.\n", "The new cat sat down.\n")

    assert kinds(changes) == [("del", "old"), ("ins", "new"), ("ins", " down")]


def test_difference_of_lines_that_share_little_shows_them_apart():
    old, new = "The cat sat on a mat.\n", "Nobody has ever seen it.\n"

    assert kinds(difference.between(old, new)) == [("del", old), ("ins", new)]


def test_difference_of_a_line_that_grew_shows_what_was_added():
    assert kinds(difference.between("One", "One more thing")) == [("ins", " more thing")]


def test_difference_leaves_out_what_is_far_from_changes():
    lines = [f"Line {number}" for number in range(1, 31)]
    other = [*lines]
    other[3], other[20] = "Another one", "And one more"

    changes = difference.between("\n".join(lines), "\n".join(other))

    assert [part.skipped for part in changes.parts] == [1, 12]
    assert changes.left == 7
    assert "Line 12" not in spelled(changes, "ins")


def test_difference_of_the_same_texts_has_no_parts():
    changes = difference.between("a\nb", "a\nb")

    assert (changes.parts, changes.left) == ([], 2)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "x"),
        ("x", ""),
        ("a\n\nb\nc", "a\nc\n"),
        ("word " * 3000, "other " * 3000),
        ("a\n" * 4000, "b\n" * 4000 + "a\n"),
        ("one two\nthree four\n", "one 2\nthree 4\n"),
    ],
)
def test_difference_spells_both_texts(old, new):
    changes = difference.between(f"{old}", f"{new}")

    assert (spelled(changes, "ins"), spelled(changes, "del")) == (old, new)


def test_difference_of_the_longest_texts_falls_back_to_lines():
    old = "".join(f"alpha {number} beta gamma\n" for number in range(8_000))
    new = "".join(f"alpha {number} beta delta\n" for number in range(8_000))

    changes = difference.between(old, new)

    # By words until the budget is spent, then whole lines; all of it is told.
    assert kinds(changes)[:2] == [("del", "gamma"), ("ins", "delta")]
    assert kinds(changes)[-1] == ("ins", "alpha 7999 beta delta\n")
    assert spelled(changes, "del") == new


# --- The public page -----------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_public_notes_are_seen_on_the_next_request(settings, client, monkeypatch):
    settings.PUBLIC_PAGE_CACHE = True
    noon = timezone.now().replace(second=0)
    monkeypatch.setattr(page_cache.timezone, "now", lambda: noon)
    page_cache.memory.clear()
    GroupFactory()
    session, user = SessionFactory(number=17, state="held"), MemberFactory(user__name="Ana").user
    seen = [client.get("/sessions/17/").text]

    write(session, "Capsules vote", user, audience="public")
    seen.append(client.get("/sessions/17/").text)
    write(session, "Capsules agree", user, base=1)
    seen.append(client.get("/sessions/17/").text)
    notes.set_audience(session_id=session.pk, audience="members", now=NOW)
    seen.append(client.get("/sessions/17/").text)

    told = [("vote" in page, "agree" in page) for page in seen]
    assert told == [(False, False), (True, False), (False, True), (False, False)]
