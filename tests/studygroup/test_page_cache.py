"""Public pages from memory: fast, and never older than the last commit."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from members.models import Acknowledgement, Application, Group, Member, User
from outbox.models import Message
from sessions_app.models import (
    Material,
    Path,
    Presentation,
    Presenter,
    Progress,
    Reading,
    Resource,
    Rsvp,
    Session,
    Source,
    Track,
)
from studygroup import page_cache
from tests.factories import (
    ApplicationFactory,
    GroupFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
    StrengthFactory,
    TrackFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _on(settings, monkeypatch):
    settings.PUBLIC_PAGE_CACHE = True
    noon = timezone.now().replace(second=0)  # no minute ends during a test that does not ask for it
    monkeypatch.setattr(page_cache.timezone, "now", lambda: noon)
    page_cache.memory.clear()
    # The flush between tests empties every table of a model; this one is no model's.
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM studygroup_public_version")
        assert cursor.fetchone() == (1,)


@pytest.fixture
def group(transactional_db) -> Group:
    return GroupFactory()


def queries_for(client, address="/", **headers):
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address, headers=headers)
    return len(queries), response


def test_second_visit_costs_one_query_and_is_the_same_page(group, client):
    SessionFactory()
    first_cost, first = queries_for(client)
    second_cost, second = queries_for(client)
    assert (first_cost, second_cost) == (6, 1)
    assert second.content == first.content
    assert second.headers == first.headers
    assert "default-src 'none'" in second.headers["Content-Security-Policy"]


def test_every_public_change_is_seen_on_the_next_request(group, client):
    """One change to each kind of row a public page shows: the version is another after each commit."""
    made = {
        "session": SessionFactory,
        "track": TrackFactory,
        "strength": StrengthFactory,
        "member": MemberFactory,
        "presenter": PresenterFactory,
        "presentation": PresentationFactory,
        "reading": ReadingFactory,
        "path": lambda: Path.objects.create(name="Theory", summary="x"),
        "source": lambda: Source.objects.create(track=Track.objects.first(), title="x"),
        "resource": lambda: Resource.objects.create(title="x", url="https://example.org", kind="book"),
        "material": lambda: Material.objects.create(
            session=Session.objects.first(), kind="code", url="https://example.org"
        ),
        "thanks": lambda: Acknowledgement.objects.create(name="x", reason="y"),
        "leader": lambda: Track.objects.first().leaders.add(Presenter.objects.first()),
        "covered": lambda: Track.objects.first().sessions.add(Session.objects.first()),
        "name": lambda: User.objects.update(name="Somebody Else"),
        "seat": lambda: Member.objects.update(state="on_leave"),
        "group": lambda: Group.objects.update(tagline="Another"),
        "talk": lambda: Presentation.objects.update(title="Another"),
        "read": lambda: Reading.objects.update(title="Another"),
        "gone": lambda: Session.objects.all().delete(),
    }
    versions = [page_cache.public_version()]
    for change in made.values():
        change()
        versions.append(page_cache.public_version())
    assert len(set(versions)) == len(versions)


def test_change_shows_at_once_and_a_rollback_shows_nothing(group, client):
    client.get("/")
    Group.objects.update(tagline="A new headline")
    assert "A new headline" in client.get("/").text
    with pytest.raises(LookupError), transaction.atomic():  # noqa: PT012
        Group.objects.update(tagline="Never committed")
        raise LookupError
    assert "Never committed" not in client.get("/").text


def test_what_members_do_in_private_leaves_the_pages_in_memory(group, client):
    session, member = SessionFactory(), MemberFactory()
    reading = ReadingFactory(session=session)
    before = page_cache.public_version()
    now = timezone.now()
    Progress.objects.create(reading=reading, member=member, read_at=now)
    Rsvp.objects.create(session=session, member=member, answer="yes", answered_at=now)
    User.objects.update(last_login=now)
    ApplicationFactory()
    Application.objects.update(state="declined")
    Message.objects.all().delete()
    assert page_cache.public_version() == before


def test_nobody_else_gets_what_was_kept(group, client, client_of):
    member = MemberFactory(user__name="Mira Tamm")
    signed_in = client_of(member.user)
    client.get("/")
    assert "Mira Tamm" in signed_in.get("/").text
    assert "Mira Tamm" not in client.get("/").text
    cost, _ = queries_for(signed_in)
    assert cost > 1


def test_pages_with_a_form_of_ones_own_are_never_kept(group, client):
    first, second = client.get("/apply/"), client.__class__().get("/apply/")
    tokens = [re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text)[1] for page in (first, second)]
    assert tokens[0] != tokens[1]


def test_minutes_that_pass_end_what_was_kept(group, client, monkeypatch):
    SessionFactory(
        starts_at=timezone.now() - timedelta(hours=1), ends_at=timezone.now() + timedelta(minutes=1)
    )
    client.get("/")
    later = timezone.now() + timedelta(minutes=2)
    monkeypatch.setattr(page_cache.timezone, "now", lambda: later)
    assert "has no date yet" in client.get("/").text


def test_compressed_and_plain_are_kept_apart(group, client):
    _, packed = queries_for(client, **{"Accept-Encoding": "gzip"})
    _, plain = queries_for(client)
    assert (packed.headers.get("Content-Encoding"), plain.headers.get("Content-Encoding")) == ("gzip", None)
    _, again = queries_for(client, **{"Accept-Encoding": "gzip"})
    assert again.content == packed.content


def test_every_table_a_public_page_reads_has_the_trigger(group, client):
    """A page that starts to read another table must not go stale."""
    member = MemberFactory()
    session = SessionFactory()
    presenter = PresenterFactory(guest_name="", member=member)
    talk = PresentationFactory(session=session, presenter=presenter)
    TrackFactory().sessions.add(session)
    ReadingFactory(session=session)
    read = set()
    for address in ("/", "/about/", "/privacy/", "/sessions/", f"/sessions/{session.number}/", "/curriculum/",
                    "/presentations/", "/resources/", f"/presentations/{talk.pk}/",
                    f"/presenters/{presenter.pk}/"):  # fmt: skip
        page_cache.memory.clear()
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        read |= {table for query in queries for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'studygroup_public_version'"
        )
        watched = {row[0] for row in cursor.fetchall()}
    # The tally is written by triggers on tables that are watched.
    assert read - watched == {"sessions_app_archivetally"}


def test_a_connection_that_the_server_has_cut_is_made_anew(group, client):
    client.get("/")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
    other.close()
    assert client.get("/").status_code == 200
