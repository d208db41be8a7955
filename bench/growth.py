"""How much slower pages become with 100 times the data (docs/design.md, Budgets; the aim is 1.2 times).

    .venv/bin/python -m bench.growth

Loads the demonstration group into an embedded database of its own, times each page in this process, adds
TIMES as many sessions, tracks, talks, presenters, readings, applications, reviews and mails, and times again.
Members stay as many as there are seats: a group that grows a hundredfold is another group. Prints the medians
of ROUNDS requests, in milliseconds, the two and their ratio.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

TIMES, ROUNDS = 100, 40
PUBLIC = ["/", "/about/", "/sessions/", "/sessions/17/", "/curriculum/", "/presentations/", "/resources/"]
MEMBER = ["/next/", "/sessions/17/"]
ORGANISER = [
    "/organise/",
    "/organise/applications/",
    "/organise/applications/?state=unreviewed",
    "/organise/applications/{application}/",
    "/organise/seats/",
    "/organise/sessions/",
    "/organise/outbox/",
]


def medians(clients: dict, application: int) -> dict[str, float]:
    """Milliseconds of each page for each kind of reader."""
    found = {}
    for who, addresses in (("visitor", PUBLIC), ("member", MEMBER), ("organiser", ORGANISER)):
        for address in addresses:
            path = address.format(application=application)
            times = []
            for _ in range(ROUNDS + 3):
                begun = time.perf_counter()
                answer = clients[who].get(path)
                times.append((time.perf_counter() - begun) * 1000)
                assert answer.status_code == 200, path
            found[f"{who} {address}"] = statistics.median(times[3:])
    return found


def grow() -> None:
    """TIMES as much of what a group gathers over the years."""
    from django.utils import timezone

    from members.models import Application, ApplicationChange, Review
    from members.models.application import State
    from outbox.models import Message
    from sessions_app import models as m

    now = timezone.now()
    count = 17 * TIMES
    long_ago = [now - timedelta(days=8000 - n * 4, hours=3) for n in range(count)]
    sessions = m.Session.objects.bulk_create(
        m.Session(
            number=100 + n, title=f"Session *{n}*", state="held", starts_at=start,
            ends_at=start + timedelta(hours=2), time_zone="America/New_York", summary="What we did. " * 20,
        )
        for n, start in enumerate(long_ago)
    )  # fmt: skip
    # The coming session keeps being the newest.
    m.Session.objects.filter(number=18).update(number=9000)
    tracks = m.Track.objects.bulk_create(
        m.Track(name=f"Track {n}", position=100 + n, path=m.Path.objects.first()) for n in range(6 * TIMES)
    )
    m.Track.sessions.through.objects.bulk_create(
        m.Track.sessions.through(track=tracks[n % len(tracks)], session=each)
        for n, each in enumerate(sessions)
    )
    m.Source.objects.bulk_create(
        m.Source(track=track, title="A book", authors=["A", "B"]) for track in tracks
    )
    m.Reading.objects.bulk_create(
        m.Reading(session=each, title=f"Reading {n}", url="https://example.org", minutes=30, position=n)
        for each in sessions
        for n in range(3)
    )
    presenters = m.Presenter.objects.bulk_create(
        m.Presenter(guest_name=f"Guest {n}") for n in range(14 * TIMES)
    )
    talks = m.Presentation.objects.bulk_create(m.Presentation(title=f"Talk {n}") for n in range(20 * TIMES))
    m.Appearance.objects.bulk_create(
        m.Appearance(presentation=talk, presenter=presenters[n % len(presenters)])
        for n, talk in enumerate(talks)
    )
    m.Slot.objects.bulk_create(
        m.Slot(presentation=talk, session=sessions[n % len(sessions)]) for n, talk in enumerate(talks)
    )
    m.Resource.objects.bulk_create(
        m.Resource(title=f"Resource {n}", url="https://example.org", kind="book", position=100 + n)
        for n in range(7 * TIMES)
    )
    states = [State.WAITING, State.SHORTLISTED, State.DECLINED, State.JOINED, State.WITHDRAWN]
    applications = Application.objects.bulk_create(
        Application(
            email=f"a{n}@example.org", email_key=f"a{n}@example.org", name=f"Applicant {n}",
            current_role="Nurse", experience="x " * 200, interest="y " * 100,
            state=states[n % 5], applied_at=now, moved_at=now, confirmed_at=now,
        )
        for n in range(23 * TIMES)
    )  # fmt: skip
    ApplicationChange.objects.bulk_create(
        ApplicationChange(application=each, after=each.state, by="applicant", at=now) for each in applications
    )
    Review.objects.bulk_create(Review(application=each, saved_at=now) for each in applications[::2])
    Message.objects.bulk_create(
        Message(
            kind="received", about=f"bench:{n}", to="a@example.org", subject="S", text="t " * 200,
            html="h " * 300,
            state="sent", sent_at=now, message_id=f"<{n}@bench>", created_at=now, due_at=now,
        )
        for n in range(52 * TIMES)
    )  # fmt: skip


def main() -> None:
    """Measure before and after, and print."""
    data = Path(tempfile.mkdtemp(prefix="bench-growth-"))
    os.environ |= {
        "SECRET_KEY": "bench", "SITE_URL": "http://testserver", "STUDYGROUP_DATA": str(data),
        "STUDYGROUP_STATIC_ROOT": str(data / "static"), "DATABASE_URL": "", "LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "bench.rendered_settings",
    }  # fmt: skip
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from members.models import Application, User

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("load_demo")
    clients = {"visitor": Client(), "member": Client(), "organiser": Client()}
    for who in ("member", "organiser"):
        clients[who].force_login(User.objects.get(email=f"{who}@example.org"))
    application = Application.objects.filter(state="waiting").first().pk
    before = medians(clients, application)
    grow()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    after = medians(clients, application)
    for page in before:
        print(f"{page:52} {before[page]:7.1f} {after[page]:7.1f} {after[page] / before[page]:6.2f}")


if __name__ == "__main__":
    main()
