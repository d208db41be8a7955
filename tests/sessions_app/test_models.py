"""What the database refuses, and the order of readings."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from sessions_app.models import (
    Appearance,
    Attendance,
    GuestChair,
    Material,
    MeToo,
    Path,
    Photo,
    Presentation,
    Presenter,
    PrivateNote,
    Progress,
    Reading,
    Rsvp,
    Session,
    Slot,
    StoredFile,
    StuckPoint,
    Track,
    nest,
)
from tests.factories import (
    ApplicationFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
    TrackFactory,
)

NOW = timezone.now()


def same_number():
    SessionFactory(number=SessionFactory().number)


def ends_first():
    SessionFactory(starts_at=NOW, ends_at=NOW)


def number_nought():
    SessionFactory(number=0)


def unknown_state():
    SessionFactory(state="dreamt")


def no_minutes():
    ReadingFactory(minutes=0)


def unknown_importance():
    ReadingFactory(importance=4)


def read_twice():
    reading, member = ReadingFactory(), MemberFactory()
    for _ in range(2):
        Progress.objects.create(reading=reading, member=member, read_at=NOW)


def answered_twice():
    session, member = SessionFactory(), MemberFactory()
    for answer in ("yes", "no"):
        Rsvp.objects.create(session=session, member=member, answer=answer, answered_at=NOW)


def unknown_answer():
    Rsvp.objects.create(session=SessionFactory(), member=MemberFactory(), answer="hm", answered_at=NOW)


def appears_twice():
    presenter = PresenterFactory()
    talk = PresentationFactory(presenter=presenter)
    Appearance.objects.create(presentation=talk, presenter=presenter)


def twice_in_a_session():
    session = SessionFactory()
    Slot.objects.create(presentation=PresentationFactory(session=session), session=session)


def member_under_another_name():
    PresenterFactory(guest_name="Somebody", member=MemberFactory())


def material_of_nobody():
    Material.objects.create(kind="code", url="https://example.org")


def material_of_two():
    Material.objects.create(
        kind="code", url="https://example.org", session=SessionFactory(), presentation=PresentationFactory()
    )


def in_line_without_coming():
    Rsvp.objects.create(
        session=SessionFactory(), member=MemberFactory(), answer="no", answered_at=NOW, in_line_since=NOW
    )


def material_without_link_and_file():
    Material.objects.create(kind="code", session=SessionFactory())


def material_with_link_and_file():
    file = StoredFile.objects.create(name="a.pdf", size=1, uploaded_at=NOW)
    Material.objects.create(kind="code", session=SessionFactory(), url="https://example.org", file=file)


def material_for_nobody():
    Material.objects.create(
        kind="code", session=SessionFactory(), url="https://example.org", audience="nobody"
    )


def talk_in_unknown_state():
    PresentationFactory(state="dreamt")


def talk_of_no_minutes():
    PresentationFactory(minutes=0)


def came_twice():
    session, member = SessionFactory(), MemberFactory()
    for _ in range(2):
        Attendance.objects.create(session=session, member=member, noted_at=NOW)


def guest_came_twice():
    chair = GuestChair.objects.create(
        session=SessionFactory(), application=ApplicationFactory(), token_hash="a", offered_at=NOW
    )
    for _ in range(2):
        Attendance.objects.create(session=chair.session, guest_chair=chair, noted_at=NOW)


def named_guest_came_twice():
    session = SessionFactory()
    for name in ("Bo", "BO"):
        Attendance.objects.create(session=session, guest_name=name, noted_at=NOW)


def member_came_as_guest():
    Attendance.objects.create(session=SessionFactory(), member=MemberFactory(), guest_name="Bo", noted_at=NOW)


def photo(**values):
    Photo.objects.create(session=SessionFactory(), width=1, height=1, uploaded_at=NOW, **values)


def photo_without_words():
    photo(alternative="")


def photo_for_nobody():
    photo(alternative="A room", audience="nobody")


def two_notes_on_a_reading():
    reading, member = ReadingFactory(), MemberFactory()
    for _ in range(2):
        PrivateNote.objects.create(reading=reading, member=member, text="N", saved_at=NOW)


def asks_nothing():
    StuckPoint.objects.create(reading=ReadingFactory(), question="", asked_at=NOW)


def me_too_twice():
    point = StuckPoint.objects.create(reading=ReadingFactory(), question="Why?", asked_at=NOW)
    member = MemberFactory()
    for _ in range(2):
        MeToo.objects.create(point=point, member=member, said_at=NOW)


def two_tracks_of_one_name():
    TrackFactory(name=TrackFactory().name)


def two_paths_of_one_name():
    for _ in range(2):
        Path.objects.create(name="Theory", summary="x")


REFUSED = {
    same_number: "sessions_app_one_session_per_number",
    ends_first: "sessions_app_session_ends_after_it_starts",
    number_nought: "sessions_app_session_counts_from_one",
    unknown_state: "sessions_app_session_state_known",
    no_minutes: "sessions_app_reading_takes_time",
    unknown_importance: "sessions_app_reading_importance_known",
    read_twice: "sessions_app_read_once",
    answered_twice: "sessions_app_one_answer_a_member",
    unknown_answer: "sessions_app_answer_known",
    appears_twice: "sessions_app_presenter_appears_once",
    twice_in_a_session: "sessions_app_presentation_once_a_session",
    member_under_another_name: "sessions_app_member_presents_under_own_name",
    material_of_nobody: "sessions_app_material_has_one_owner",
    material_of_two: "sessions_app_material_has_one_owner",
    in_line_without_coming: "sessions_app_in_line_who_would_come",
    material_without_link_and_file: "sessions_app_material_is_link_or_file",
    material_with_link_and_file: "sessions_app_material_is_link_or_file",
    material_for_nobody: "sessions_app_material_audience_known",
    talk_in_unknown_state: "sessions_app_presentation_state_known",
    talk_of_no_minutes: "sessions_app_presentation_takes_time",
    came_twice: "sessions_app_came_once",
    guest_came_twice: "sessions_app_guest_came_once",
    named_guest_came_twice: "sessions_app_named_guest_once",
    member_came_as_guest: "sessions_app_member_is_no_guest",
    photo_without_words: "sessions_app_photo_is_described",
    photo_for_nobody: "sessions_app_photo_audience_known",
    two_notes_on_a_reading: "sessions_app_one_note_a_reading",
    asks_nothing: "sessions_app_stuck_point_asks",
    me_too_twice: "sessions_app_me_too_once",
    two_tracks_of_one_name: "sessions_app_one_track_per_name",
    two_paths_of_one_name: "sessions_app_one_path_per_name",
}


@pytest.mark.parametrize("attempt", REFUSED, ids=lambda attempt: attempt.__name__)
def test_database_refuses(db, attempt):
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        attempt()

    assert f'"{REFUSED[attempt]}"' in str(refused.value)


def test_every_constraint_has_a_test():
    models = [
        Appearance, Attendance, Material, MeToo, Path, Photo, Presentation, Presenter, PrivateNote, Progress,
        Reading, Rsvp, Session, Slot, StuckPoint, Track,
    ]  # fmt: skip

    named = {constraint.name for model in models for constraint in model._meta.constraints}

    assert named == set(REFUSED.values())


def test_presenter_with_talks_cannot_be_deleted(db):
    presenter = PresenterFactory()
    PresentationFactory(presenter=presenter)

    with pytest.raises(IntegrityError), transaction.atomic():
        presenter.delete()


def test_nest_puts_parts_after_their_item_and_required_ones_first(db):
    session = SessionFactory()
    extra = ReadingFactory(session=session, title="Extra", importance=2, position=0)
    second = ReadingFactory(session=session, title="Second", position=9)
    ReadingFactory(session=session, title="Second a", parent=second, position=1)
    first = ReadingFactory(session=session, title="First", position=2)
    deep = ReadingFactory(session=session, title="First a", parent=first, position=5)
    ReadingFactory(session=session, title="First a i", parent=deep, position=7)
    ReadingFactory(session=session, title="Extra a", parent=extra, position=3)

    told = [(reading.title, reading.is_part) for reading in nest(session.readings.all())]

    assert told == [
        ("First", False),
        ("First a", True),
        ("First a i", True),
        ("Second", False),
        ("Second a", True),
        ("Extra", False),
        ("Extra a", True),
    ]


def test_nest_survives_a_loop_and_a_parent_elsewhere(db):
    session = SessionFactory()
    one, two = ReadingFactory(session=session, title="One"), ReadingFactory(session=session, title="Two")
    Reading.objects.filter(pk=one.pk).update(parent=two)
    Reading.objects.filter(pk=two.pk).update(parent=one)
    ReadingFactory(session=session, title="Three", parent=ReadingFactory())
    own = ReadingFactory(session=session, title="Four")
    Reading.objects.filter(pk=own.pk).update(parent=own)

    assert [(r.title, r.is_part) for r in nest(session.readings.all())] == [
        ("One", False),
        ("Two", False),
        ("Three", False),
        ("Four", False),
    ]


def test_upcoming_is_announced_and_not_over(db):
    for number, (state, hours) in enumerate(
        [("announced", 5), ("announced", -1), ("announced", -3), ("draft", 4), ("held", -9)], start=1
    ):
        SessionFactory(number=number, state=state, starts_at=NOW + timedelta(hours=hours))

    assert list(Session.objects.upcoming(now=NOW).values_list("number", flat=True)) == [2, 1]
    assert list(Session.objects.past(now=NOW).values_list("number", flat=True)) == [3, 5]
