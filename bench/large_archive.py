"""A group as large as docs/design.md promises to bear, and a hundredth of it, for `bench.archive`."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench.search import Words

ORGANISER, MEMBER = "organiser@bench.example", "member@bench.example"
READ_BEFORE_THE_NEXT = 12


@dataclass(frozen=True)
class Size:
    """How much there is of everything, and the number of a session that has some of everything."""

    sessions: int
    readings: int
    members: int
    talks: int
    tracks: int
    presenters: int
    answers_to_the_next: int
    held: int


LARGE = Size(5_000, 20_000, 2_000, 3_000, 150, 600, 1_500, held=2_500)
# A hundredth of it, with more presenters than their page shows.
HUNDREDTH = Size(50, 200, 20, 45, 2, 16, 15, held=28)


def fill(size: Size = LARGE) -> None:
    """Make the group in an empty database."""
    from django.db import connection
    from django.utils import timezone

    from sessions_app import tasks

    chance = random.Random(11)
    words, now = Words(chance), timezone.now()
    members = _people(size, words, now)
    sessions = _sessions(size, words, now)
    _talks(size, words, sessions, members)
    readings = _readings(size, words, sessions)
    _evenings(size, chance, now, sessions, members)
    _questions(words, now, readings, members)
    tasks.fold_archive_tally()  # as the worker does within a minute
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _people(size: Size, words: Words, now: datetime) -> list:
    from members import models as people

    people.Group.objects.create(
        name="Bench", tagline="Reading much", lead="l", city="Tallinn", time_zone="Europe/Tallinn",
        usual_start="18:30", usual_end="21:00", capacity=size.members, reviews_needed=2,
    )  # fmt: skip
    users = people.User.objects.bulk_create(
        people.User(
            email={0: ORGANISER, 1: MEMBER}.get(n, f"m{n}@bench.example"),
            name=" ".join(word.title() for word in words.chance.choices(words.words, k=2)),
        )
        for n in range(size.members)
    )
    return people.Member.objects.bulk_create(
        people.Member(
            user=user, joined_at=now - timedelta(days=n), slug=f"m{n}", role="member" if n else "organiser",
            bio=words.text(400), profile_audience="members",
        )
        for n, user in enumerate(users)
    )  # fmt: skip


def _sessions(size: Size, words: Words, now: datetime) -> list:
    from sessions_app import models as m

    # The newest is the next one, after it come two drafts; one of fifty was cancelled.
    starts = [now - timedelta(days=7 * (size.sessions - 3 - n), hours=-5) for n in range(size.sessions)]

    def state(n: int) -> str:
        if n >= size.sessions - 2:
            return "draft"
        if n == size.sessions - 3:
            return "announced"
        return "cancelled" if n % 50 == 7 else "held"

    sessions = m.Session.objects.bulk_create(
        (
            m.Session(
                number=n + 1, title=" ".join(words.some(3)).capitalize(), state=state(n), starts_at=start,
                ends_at=start + timedelta(hours=2), time_zone="Europe/Tallinn", place="The library",
                summary=words.text(words.chance.randint(200, 1200)), agenda=words.text(300),
                up_next=words.text(200), announced_at=None if state(n) == "draft" else start,
                cancelled_at=start if state(n) == "cancelled" else None, warm_up="What puzzled you?",
            )
            for n, start in enumerate(starts)
        ),
        batch_size=500,
    )  # fmt: skip
    through = m.Session.prerequisites.through
    through.objects.bulk_create(
        through(from_session=sessions[n], to_session=sessions[n - back])
        for n in range(20, size.sessions)
        for back in (1, 7, 20)[: n % 4]
    )
    tracks = m.Track.objects.bulk_create(m.Track(name=f"Track {n}", position=n) for n in range(size.tracks))
    through = m.Track.sessions.through
    through.objects.bulk_create(
        through(track=tracks[n * size.tracks // size.sessions], session=each)
        for n, each in enumerate(sessions)
    )
    held = [each for each in sessions if each.state == "held"]
    notes = m.Notes.objects.bulk_create(
        (
            m.Notes(
                session=each, text=words.text(words.chance.randint(2000, 10_000)), updated_at=each.ends_at,
                audience="public" if each.number % 3 else "members", revision=2,
            )
            for each in held
        ),
        batch_size=500,
    )  # fmt: skip
    m.NotesRevision.objects.bulk_create(
        (
            m.NotesRevision(notes=each, number=number, text=each.text, saved_at=each.updated_at)
            for each in notes
            for number in (1, 2)
        ),
        batch_size=500,
    )
    m.Photo.objects.bulk_create(
        m.Photo(
            session=each, picture="photos/a.jpg", small="photos/b.jpg", width=2000, height=1500,
            alternative="The room", audience="public" if n else "members", position=n,
            uploaded_at=each.ends_at,
        )
        for each in held[::2] + [each for each in held if each.number == size.held]
        for n in range(4)
    )  # fmt: skip
    return sessions


def _talks(size: Size, words: Words, sessions: list, members: list) -> None:
    from sessions_app import models as m

    half = size.presenters // 2
    presenters = m.Presenter.objects.bulk_create(
        [m.Presenter(member=member) for member in members[:half]]
        + [m.Presenter(guest_name=" ".join(words.some(2)).title()) for _ in range(half)]
    )
    talks = m.Presentation.objects.bulk_create(
        m.Presentation(title=" ".join(words.some(4)), abstract=words.text(600), state="given")
        for _ in range(size.talks)
    )
    m.Appearance.objects.bulk_create(
        m.Appearance(presentation=talk, presenter=presenters[(n + extra) % size.presenters], position=extra)
        for n, talk in enumerate(talks)
        for extra in range(1 + n % 2)
    )
    m.Slot.objects.bulk_create(
        m.Slot(presentation=talk, session=sessions[size.sessions - 3 - n]) for n, talk in enumerate(talks)
    )
    m.Material.objects.bulk_create(
        m.Material(
            presentation=talk, kind=kind, url="https://example.org", position=n,
            audience="public" if n else "members",
        )
        for talk in talks
        for n, kind in enumerate(["slides", "code"])
    )  # fmt: skip


def _readings(size: Size, words: Words, sessions: list) -> list:
    from sessions_app import models as m

    coming = sessions[size.sessions - 3]
    each_has = (size.readings - READ_BEFORE_THE_NEXT) // (size.sessions - 1)
    plan = [session for session in sessions if session is not coming for _ in range(each_has)]
    plan += [coming] * READ_BEFORE_THE_NEXT
    plan += sessions[: size.readings - len(plan)]
    readings = m.Reading.objects.bulk_create(
        (
            m.Reading(
                session=session, position=n % 50, url=f"https://example.org/{n}", minutes=30,
                title=" ".join(words.some(5)), part=f"chapter {n % 30}", note=" ".join(words.some(8)),
                importance=1 + n % 3,
            )
            for n, session in enumerate(plan)
        ),
        batch_size=2000,
    )  # fmt: skip
    m.ReadingLink.objects.bulk_create(
        m.ReadingLink(reading=each, url="https://example.org/more") for each in readings[::4]
    )
    return readings


def _evenings(size: Size, chance: random.Random, now: datetime, sessions: list, members: list) -> None:
    """Who meant to come, and who came: to most sessions some, to the next nearly everybody."""
    from sessions_app import models as m

    answers = ["yes", "yes", "maybe", "no"]
    past = sessions[: size.sessions - 3]
    m.Rsvp.objects.bulk_create(
        (
            m.Rsvp(session=each, member=member, answer=answers[n % 4], answered_at=each.starts_at)
            for each in past
            for n, member in enumerate(chance.sample(members, 12))
        ),
        batch_size=5000,
    )
    coming = sessions[size.sessions - 3]
    m.Rsvp.objects.bulk_create(
        m.Rsvp(session=coming, member=member, answer=answers[n % 4], answered_at=now, warm_up="This.")
        for n, member in enumerate(members[: size.answers_to_the_next])
    )
    m.Attendance.objects.bulk_create(
        (
            m.Attendance(session=each, member=member, noted_at=each.ends_at)
            for each in past
            if each.state == "held"
            for member in [*chance.sample(members[2:], 10), *members[1 : 1 + each.number % 2]]
        ),
        batch_size=5000,
    )


def _questions(words: Words, now: datetime, readings: list, members: list) -> None:
    """Ticks, stuck points with those who say “me too”, and private notes."""
    from sessions_app import models as m

    half = len(members) // 2
    me, last = members[1], readings[-READ_BEFORE_THE_NEXT * 2 :]
    m.Progress.objects.bulk_create(
        (
            m.Progress(reading=each, member=member, read_at=now)
            for n, each in enumerate(readings)
            for member in [*members[2 + n % half : 5 + n % half], *([me] if n % 2 else [])]
        ),
        batch_size=5000,
    )
    m.PrivateNote.objects.bulk_create(
        m.PrivateNote(reading=each, member=me, text="Mine.", saved_at=now) for each in readings[::3]
    )
    points = m.StuckPoint.objects.bulk_create(
        m.StuckPoint(
            reading=each, author=members[n % len(members)], where="p. 4", question=words.text(200),
            asked_at=now, answer="Because $a$." if n % 2 else "", resolved_at=now if n % 2 else None,
        )
        for n, each in enumerate([*readings[::2], *last])
    )  # fmt: skip
    m.MeToo.objects.bulk_create(
        (
            m.MeToo(point=point, member=members[(n * 7 + k) % len(members)], said_at=now)
            for n, point in enumerate(points)
            for k in range(2)
        ),
        batch_size=5000,
    )
