"""A group that uses every field that an archive holds, and ways to compare what stands in the database."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path

from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection, models
from PIL import Image

from members.models import (
    Acknowledgement,
    Criterion,
    Group,
    Member,
    ReplyTemplate,
    SeatChange,
    Strength,
    User,
)
from sessions_app import models as meetings
from sessions_app import stored_files
from studygroup.archive_export import placing, tables
from studygroup.archive_export.writing_sessions import entries

FOLLOWS = {"content_type", "size", "sha256", "width", "height"}  # left out, and found again in the file
NOW = datetime(2026, 11, 23, 18, 41, 50, 123456, tzinfo=UTC)
WILD = "---\nnot: a field\n---\r\n\r\n  trailing  \n\t\u202eright\u200f to left 🧑🏽‍🔬 e\u0301 \x85\u2028\n\n"


def jpeg(colour: str, size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture."""
    made = BytesIO()
    Image.new("RGB", size, colour).save(made, "JPEG")
    return made.getvalue()


def full_house() -> None:
    """Fill the database: every field of every exported model says something somewhere."""
    _group()
    ada, noor, past = _people()
    guest = meetings.Presenter.objects.create(
        guest_name="Zoë Ångström",
        url="https://example.org/zoe",
        email="zoe@example.org",
        bio=f"Guest. {WILD}",
    )
    meetings.Presenter.objects.create(guest_name="Zoë Ångström")  # another one of this name
    nobody = meetings.Presenter.objects.create()
    member = meetings.Presenter.objects.create(member=ada)
    first, second = _sessions(ada)
    _curriculum([member, guest], [first, second])
    talks = _talks([guest, member, nobody], ada, first, second)
    _readings(first, ada, noor)
    _materials(first, talks[0], ada)
    _answers(first, ada, noor, past)
    _photos_and_notes(first, second, ada, talks[0], guest)


def _group() -> None:
    Group.objects.create(
        name="Tuesday Readers: & 'friends' #1",
        tagline="yes",
        lead="One.\n\nTwo.",
        about=f"About us.\n{WILD}",
        city="Tallinn",
        area="Old town",
        cadence="Monthly",
        time_zone="Europe/Tallinn",
        usual_start=time(18, 30),
        usual_end=time(21, 0, 5),
        capacity=7,
        organiser_name="Orla",
        organiser_url="https://example.org/o",
        repository_url="https://example.org/r",
        waiting_list_open=False,
        apply_note="Come",
        apply_intro="Intro",
        interest_label="",
        invitation_days=11,
        reminder_days=4,
        reviews_needed=3,
        automatic_offers=True,
        ask_after_days=99,
        answer_days=31,
        keep_months=13,
        materials_days=8,
        quiet_from=time(21, 30),
        quiet_until=time(7, 15),
        digest_weekday=4,
        show_who_has_read=True,
        second_factor=True,
        accent="#1c5746",
        accent_dark="#9fd5c2",
    )
    for position, name in ((0, "Mathematics"), (5, "Statistics"), (5, "No: thing")):
        Strength.objects.create(name=name, position=position)
    Criterion.objects.create(name="Gives", hint="What?", low="Bit", high="Lot", weight=2, position=3)
    Criterion.objects.create(name="Takes", position=1)
    Acknowledgement.objects.create(
        name="Host", url="https://example.org/h", role="founder", reason="the room", position=2
    )
    ReplyTemplate.objects.create(
        name="Thanks", use="decline", subject="Re: you", text="Dear {name},\n\nno.\n", position=1
    )


def _people() -> tuple[Member, Member, Member]:
    ada = User.objects.create_user(
        "ada@example.org", "Ada Lovelace", "secret", time_zone="Europe/London", date_joined=NOW
    )
    noor = User.objects.create_user("noor@example.org", "نور", date_joined=NOW, is_active=False)
    past = User.objects.create_user("past@example.org", "Past Member", date_joined=NOW)
    User.objects.create_user("server@example.org", "Server Person", "secret", date_joined=NOW)
    first = Member.objects.create(
        user=ada,
        role="organiser",
        state="on_leave",
        joined_at=NOW - timedelta(days=500),
        leave_until=date(2027, 1, 2),
        leave_reason="A child.\nAnd a house.",
        slug="ada-lovelace",
        bio=f"I count. {WILD}",
        links=["https://example.org/a", "https://example.org/a"],
        profile_audience="organisers",
        address_audience="members",
    )
    first.strengths.add(*Strength.objects.order_by("-pk")[:2])
    first.photo.save("x.jpg", ContentFile(jpeg("red")))
    second = Member.objects.create(user=noor, joined_at=NOW, slug="نور")
    third = Member.objects.create(user=past, state="alumni", joined_at=NOW, left_at=NOW, slug="con")
    SeatChange.objects.create(
        kind="taken", at=NOW, member=first, actor=ada, note="Why\nnot", capacity=7, taken=1, held=2
    )
    SeatChange.objects.create(kind="capacity", at=NOW, capacity=7, taken=1, held=0)
    return first, second, third


def _sessions(scribe: Member) -> tuple[meetings.Session, meetings.Session]:
    first = meetings.Session.objects.create(
        number=7,
        title="*Deep* nets: a “title”? ",
        state="cancelled",
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=2),
        time_zone="America/New_York",
        hours_known=False,
        place="Lantern Hall",
        address="1 Street, Town",
        access_notes="---\nSteps.\r\n",
        online_url="https://example.org/join",
        chairs=9,
        directions="\ufeffUp.\n\n",
        host="Host",
        host_url="https://example.org/host",
        summary=WILD,
        agenda=" ",
        up_next="next\n",
        notes_url="https://example.org/notes",
        scribe=scribe,
        warm_up="Why?",
        announced_at=NOW,
        cancelled_at=NOW,
        changed_at=NOW,
        sequence=3,
    )
    second = meetings.Session.objects.create(
        number=12,
        title="",
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        time_zone="Europe/Tallinn",
        directions=f"Look: /sessions/7/photos/{0}/ and ./photos/x.jpg, ././../y.md",
    )
    second.prerequisites.add(first)
    return first, second


def _curriculum(leaders: list, sessions: list) -> None:
    theory = meetings.Path.objects.create(name="Theory", summary="Sum", description="Des\n\nc", position=4)
    for position, name in enumerate(["Nets", "Words"]):
        track = meetings.Track.objects.create(name=name, part_of="All", path=theory, position=position)
        for leader in leaders:
            track.leaders.add(leader)
        track.sessions.set(sessions)
        meetings.Source.objects.create(
            track=track, title="Book", url="https://example.org/b", authors=["A", "A"], position=2
        )
        meetings.Source.objects.create(track=track, title="Short")
    meetings.Resource.objects.create(
        title="Course",
        url="https://example.org/c",
        kind="course",
        author="Author",
        hours=3,
        note="Note",
        recommended=True,
        position=2,
    )


def _talks(presenters: list, ada: Member, *sessions) -> list[meetings.Presentation]:
    talks = []
    for state in ("proposed", "scheduled"):
        talk = meetings.Presentation.objects.create(
            title="Same title",
            abstract=WILD,
            url="https://example.org/t",
            state=state,
            minutes=20,
            proposed_by=ada,
            proposed_at=NOW,
            wished_session=sessions[0],
        )
        for position, presenter in enumerate(presenters):
            meetings.Appearance.objects.create(presentation=talk, presenter=presenter, position=position * 2)
        talks.append(talk)
    for message in ("Yes", "And yes"):
        meetings.PresentationStep.objects.create(
            presentation=talks[1], before="proposed", after="scheduled", by=ada.user, at=NOW, message=message
        )
    # The second talk comes first, and spans both sessions.
    for position, session in enumerate(sessions):
        meetings.Slot.objects.create(presentation=talks[1], session=session, position=position)
    meetings.Slot.objects.create(presentation=talks[0], session=sessions[1], position=5)
    return [talks[1], talks[0]]


def stored(name: str, content: bytes, by: User | None) -> meetings.StoredFile:
    """A file as it is uploaded."""
    return stored_files.keep(name, content, by=by, now=NOW)


def _readings(session, ada: Member, noor: Member) -> None:
    top = meetings.Reading.objects.create(
        session=session,
        kind="paper",
        title="A paper: on things",
        url="https://example.org/p?a=1#x",
        file=stored("Ünïted paper.PDF", b"%PDF-1 paper", ada.user),
        part="p. 4",
        note="Why",
        minutes=40,
        importance=3,
        position=4,
    )
    part = meetings.Reading.objects.create(session=session, parent=top, title="Part", position=1)
    meetings.Reading.objects.create(session=session, parent=part, title="Part of it", position=1)
    meetings.Reading.objects.create(session=session, title="Optional", importance=2, position=4)
    for position in (1, 1):
        meetings.ReadingLink.objects.create(
            reading=top, title="Link", url="https://example.org/l", position=position
        )
    point = meetings.StuckPoint.objects.create(
        reading=part,
        author=noor,
        where="eq. 2",
        question=f"Why $x$? {WILD}",
        asked_at=NOW,
        answer="So.\n",
        resolved_at=NOW,
        resolved_by=ada.user,
    )
    meetings.StuckPoint.objects.create(reading=part, question="Open", asked_at=NOW)
    meetings.MeToo.objects.create(point=point, member=ada, said_at=NOW)


def _materials(session, talk, ada: Member) -> None:
    owner = User.objects.get(email="server@example.org")
    for more in ({"session": session}, {"presentation": talk}):
        for content in (b"%PDF-1 one", b"%PDF-1 two"):
            meetings.Material.objects.create(
                kind="slides",
                title="Slides",
                audience="members",
                file=stored("slides.pdf", content, owner),
                position=3,
                **more,
            )
        meetings.Material.objects.create(kind="code", url="https://example.org/code", **more)


def _answers(session, ada: Member, noor: Member, past: Member) -> None:
    meetings.Rsvp.objects.create(
        session=session,
        member=ada,
        answer="yes",
        note="late",
        warm_up="Because",
        answered_at=NOW,
        in_line_since=NOW,
    )
    meetings.Rsvp.objects.create(session=session, member=noor, answer="no", answered_at=NOW)
    for more in ({"member": past}, {"guest_name": "A guest"}, {}):
        meetings.Attendance.objects.create(session=session, noted_by=ada.user, noted_at=NOW, **more)


def _photos_and_notes(first, second, ada: Member, talk, presenter) -> None:
    photos = []
    for position, colour in ((1, "green"), (9, "blue")):
        photo = meetings.Photo(
            session=first,
            width=40,
            height=30,
            alternative=f"The board, {colour}",
            caption="Evening",
            audience="public",
            position=position,
            uploaded_by=ada.user,
            uploaded_at=NOW,
        )
        photo.picture.save("p.jpg", ContentFile(jpeg(colour)), save=False)
        photo.small.save("s.jpg", ContentFile(jpeg(colour, (8, 6))), save=False)
        photo.save()
        photos.append(photo.get_absolute_url())
    text = (
        f"![board]({photos[1]}?size=small) [talk](/presentations/{talk.pk}/) "
        f"<{photos[0]}> /presenters/{presenter.pk}/ /presenters/999999/ ./photos/01-the-board-green.jpg\n"
        f"{WILD}"
    )
    for session, versions in ((first, [text, WILD, ""]), (second, [text])):
        notes = meetings.Notes.objects.create(
            session=session, text=text, audience="public", revision=len(versions), updated_at=NOW
        )
        for number, version in enumerate(versions, start=1):
            meetings.NotesRevision.objects.create(
                notes=notes, number=number, text=version, author=ada.user, saved_at=NOW, comment="First: one"
            )


# --- Looking and wiping ----------------------------------------------------------------------------------
def exported() -> dict[str, bytes]:
    """The archive as it would be written now."""
    found = {}
    for entry in entries():
        assert entry.path not in found
        if isinstance(entry.content, str):
            found[entry.path] = entry.content.encode()
        else:
            with entry.content.storage.open(entry.content.name) as file:
                found[entry.path] = file.read()
    return found


def written(folder: Path) -> Path:
    """The archive in a folder."""
    placing.place(entries(), folder)
    return folder


def wipe() -> None:
    """Empty the database, but for its sequences: what comes next has other keys."""
    names = [
        model._meta.db_table
        for app in ("members", "sessions_app", "outbox", "account")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    ]
    with connection.cursor() as cursor:
        for name in names:  # in any order: foreign keys are looked at when the transaction ends
            cursor.execute(f"DELETE FROM {name}")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def rows() -> dict[str, list]:
    """Every row of every exported model, field by field, without keys, in an order that keys do not make."""
    addresses = {
        photo.get_absolute_url(): str(photo.picture.read()) for photo in meetings.Photo.objects.all()
    }
    addresses |= {f"/presentations/{talk.pk}/": talk.state for talk in meetings.Presentation.objects.all()}
    addresses |= {
        f"/presenters/{each.pk}/": f"{each.name} {each.url}" for each in meetings.Presenter.objects.all()
    }
    found = {}
    for table in tables.TABLES:
        fields = [*table.model._meta.concrete_fields, *table.model._meta.many_to_many]
        fields = [field for field in fields if field.name not in table.left_out or field.name in FOLLOWS]
        found[table.model.__name__] = sorted(
            repr([(field.name, _value(field, row, addresses)) for field in fields if _speaks(field)])
            for row in table.model.objects.all()
        )
    return found


def _speaks(field: models.Field) -> bool:
    return not field.primary_key or isinstance(field, models.UUIDField)


def _value(field: models.Field, row: models.Model, addresses: dict[str, str]):
    if field.many_to_many:
        return [_name(each) for each in getattr(row, field.name).all()]
    value = getattr(row, field.name)
    if isinstance(value, models.Model):
        return _name(value)
    if isinstance(field, models.FileField):
        return value.read() if value else None
    if isinstance(field, models.TextField):
        # Where a link led to something that was gone, it leads nowhere still.
        text = re.sub(r"/presenters/(999999|0)/", "gone", value)
        return re.sub("|".join(map(re.escape, addresses)) or "$^", lambda m: addresses[m[0]], text)
    return value


def _name(row: models.Model) -> str:
    if isinstance(row, meetings.Presenter):
        return f"{row.name} {row.url}"
    if isinstance(row, meetings.Presentation):
        return f"{row} {row.state}"
    if isinstance(row, (meetings.Reading, meetings.StuckPoint, meetings.Notes)):
        return str(row)
    return str(getattr(row, "slug", None) or getattr(row, "email", None) or row)
