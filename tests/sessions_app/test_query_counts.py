"""How many questions each page asks of the database: the same, whatever the amount of data.

Budgets: 6 for a visitor's public page, 12 for a member's or organiser's.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from members.models import Member
from members.models.application import State
from sessions_app.models import (
    Appearance,
    ArchiveUpload,
    Attendance,
    CalendarLink,
    GuestChair,
    ImportedFile,
    Material,
    MeToo,
    Notes,
    NotesDraft,
    NotesRevision,
    Path,
    Photo,
    PresentationStep,
    PresenterLink,
    PrivateNote,
    Progress,
    ReadingLink,
    Resource,
    Rsvp,
    Session,
    Slot,
    Source,
    StoredFile,
    StuckPoint,
)
from tests.factories import (
    ApplicationFactory,
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
    TrackFactory,
)

MAIN = 30_000  # the number of the session that everything hangs on


def fill(rows: int, member: Member) -> Session:
    """So many of everything, all of it on one session as well as on others."""
    main = Session.objects.filter(number=MAIN).first()
    main = main or SessionFactory(number=MAIN, starts_at=timezone.now() + timedelta(days=3), agenda="A")
    now = timezone.now()
    for n in range(rows):
        held = HeldSessionFactory()
        path, _ = Path.objects.get_or_create(name=f"Path {held.number % 7}", defaults={"summary": "S"})
        track = TrackFactory(path=path if n % 2 else None, part_of="Subject" if n % 3 else "")
        track.sessions.add(held, main)
        main.prerequisites.add(held)
        person = PresenterFactory(guest_name="", member=MemberFactory()) if n % 2 else PresenterFactory()
        track.leaders.add(person)
        Source.objects.create(track=track, title="Source", authors=["A"])
        for session in (main, held):
            reading = ReadingFactory(session=session)
            ReadingFactory(session=session, parent=reading)
        Progress.objects.create(reading=reading, member=member, read_at=now)
        talk = PresentationFactory(session=held, presenter=person)
        Slot.objects.create(presentation=talk, session=main)
        Appearance.objects.create(presentation=talk, presenter=PresenterFactory())
        Material.objects.create(presentation=talk, kind="slides", url="https://example.org")
        Material.objects.create(session=main, kind="code", url="https://example.org")
        Rsvp.objects.create(session=main, member=MemberFactory(), answer="yes", answered_at=now)
        SessionFactory(state="draft")
        ReadingLink.objects.create(reading=reading, url="https://example.org/more")
        for session in (main, held):
            notes, _ = Notes.objects.get_or_create(
                session=session, defaults={"text": "# N", "audience": "public", "updated_at": now}
            )
            NotesRevision.objects.create(
                notes=notes, number=held.number, author=MemberFactory().user, saved_at=now
            )
        for session in (main, held):
            Photo.objects.create(
                session=session, picture="photos/a.jpg", small="photos/b.jpg", width=9, height=9,
                alternative="A room", audience="public", uploaded_at=now,
            )  # fmt: skip
        NotesDraft.objects.create(session=main, author=MemberFactory().user, text="D", saved_at=now)
        ArchiveUpload.objects.create(name="notes.zip", uploaded_by=MemberFactory().user, uploaded_at=now)
        ImportedFile.objects.create(session=held, path="week/README.md", imported_at=now)
        guest = ApplicationFactory(state=State.SHORTLISTED)
        GuestChair.objects.create(session=main, application=guest, token_hash=guest.link_key, offered_at=now)
        Resource.objects.create(title="R", url="https://example.org", kind="book")
        _fill_more(main, held, reading, talk, person, member, now)
    return main


def _fill_more(main, held, reading, talk, person, member, now) -> None:
    """A row of what hangs on a session, a reading or a talk."""
    main.prerequisites.add(held)
    Attendance.objects.create(session=held, member=MemberFactory(), noted_at=now)
    CalendarLink.objects.create(member=MemberFactory(), made_at=now)
    kept = {"content": "files/a.pdf", "content_type": "application/pdf", "size": 9, "uploaded_at": now}
    reading.file = StoredFile.objects.create(name="a.pdf", **kept)
    reading.save()
    slides = StoredFile.objects.create(name="b.pdf", **kept)
    Material.objects.create(presentation=talk, kind="slides", file=slides, audience="members")
    for session in (main, held):
        Photo.objects.create(
            session=session,
            picture="photos/a.jpg",
            small="photos/b.jpg",
            width=8,
            height=6,
            alternative="A room",
            audience="public",
            uploaded_at=now,
        )
    for asked in (reading, main.readings.first()):
        point = StuckPoint.objects.create(
            reading=asked, author=MemberFactory(), question="Why?", asked_at=now
        )
        MeToo.objects.create(point=point, member=MemberFactory(), said_at=now)
        PrivateNote.objects.update_or_create(
            reading=asked, member=member, defaults={"text": "N", "saved_at": now}
        )
    PresentationStep.objects.create(presentation=talk, after="accepted", at=now)
    PresenterLink.objects.create(presenter=person, token_hash=f"{person.pk:064}", made_at=now)


PAGES = {
    ("visitor", "/curriculum/"): 5,
    ("visitor", "/sessions/"): 3,
    ("visitor", "/sessions/{number}/"): 4,
    ("visitor", "/presentations/"): 3,
    ("visitor", "/resources/"): 3,
    ("as_member", "/next/"): 9,
    ("as_member", "/next/catch-up/"): 7,
    ("as_member", "/sessions/{number}/"): 9,
    ("as_member", "/sessions/"): 6,
    ("as_member", "/curriculum/"): 8,
    ("as_member", "/presentations/"): 6,
    ("as_member", "/resources/"): 6,
    ("as_organiser", "/sessions/{number}/"): 8,
    ("as_organiser", "/sessions/{number}/photos/"): 6,
    ("as_organiser", "/sessions/{number}/readiness/"): 9,
    ("as_organiser", "/organise/sessions/"): 6,
    ("as_organiser", "/sessions/{number}/notes/"): 7,
    ("as_organiser", "/sessions/{number}/notes/edit/"): 7,
    ("as_organiser", "/sessions/{number}/notes/{revision}/"): 7,
    ("as_organiser", "/organise/sessions/new/"): 7,
    ("as_organiser", "/organise/sessions/new/?like={number}"): 9,
    ("as_organiser", "/organise/sessions/{pk}/"): 9,
}


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_pages_ask_so_many_questions(request, member, rows):
    session = fill(rows, member)
    revision = session.notes.revisions.first().number

    asked = {}
    for who, page in PAGES:
        client = request.getfixturevalue(who)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(page.format(number=session.number, pk=session.pk, revision=revision))
        assert response.status_code == 200
        asked[who, page] = len(queries)

    assert asked == PAGES


@pytest.mark.parametrize("rows", [1, 3, 30])
@pytest.mark.parametrize(
    ("address", "data", "count"),
    [("/readings/{reading}/read/", {"read": "1"}, 8), ("/sessions/{number}/rsvp/", {"answer": "no"}, 11)],
)
def test_answer_asks_so_many_questions(
    as_member, member, address, data, count, rows, django_assert_num_queries
):
    session = fill(rows, member)
    url = address.format(number=session.number, reading=session.readings.first().pk)

    with django_assert_num_queries(count):
        response = as_member.post(url, data, headers={"HX-Request": "true"})

    assert response.status_code == 200
