"""What everybody may read, and what nobody but members or organisers may (rule 7)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sessions_app import schedule
from sessions_app.models import Appearance, Material, Path, Reading, Resource, Session, Slot, Source
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    ReadingFactory,
    SessionFactory,
    TrackFactory,
)

PAGES = ["/curriculum/", "/sessions/", "/presentations/", "/resources/"]


def text_of(response) -> str:
    """The page as one line, without runs of blanks."""
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", ["get", "head"])
def test_public_page_without_any_record_answers(visitor, page, method):
    assert getattr(visitor, method)(page).status_code == 200


@pytest.mark.parametrize("page", [*PAGES, "/sessions/1/"])
def test_public_page_refuses_post(visitor, page):
    SessionFactory(number=1)

    assert visitor.post(page).status_code == 405


def test_curriculum_names_paths_tracks_leaders_sources_and_sessions(visitor):
    path = Path.objects.create(name="Theory", summary="Short.", description="We work through *books*.")
    track = TrackFactory(name="Machine Vision", path=path)
    track.leaders.add(PresenterFactory(guest_name="Ana Lima", url="https://example.org/ana"))
    track.sessions.add(HeldSessionFactory(number=6), SessionFactory(number=7, state="draft"))
    Source.objects.create(
        track=track, title="CS231n", url="https://example.org/cs", authors=["A. Bo", "C. Do"]
    )
    TrackFactory(name="Q-Learning", part_of="Deep Reinforcement Learning", position=8)
    TrackFactory(name="Policies", part_of="Deep Reinforcement Learning", position=9)

    page = text_of(visitor.get("/curriculum/"))

    assert "We work through <em>books</em>." in page
    assert '<a class="quiet" href="https://example.org/ana">Ana Lima</a>' in page
    assert '<a class="quiet" href="https://example.org/cs">CS231n</a>, by A. Bo and C. Do' in page
    assert 'href="/sessions/6/"' in page
    assert 'href="/sessions/7/"' not in page
    assert page.count("Deep Reinforcement Learning") == 1


def test_session_list_is_by_year_and_newest_first_without_drafts_and_cancelled(visitor):
    for number, year, state in [
        (1, 2016, "held"),
        (2, 2018, "held"),
        (3, 2019, "draft"),
        (4, 2019, "cancelled"),
    ]:
        start = datetime(year, 5, 1, 18, tzinfo=UTC)
        SessionFactory(number=number, starts_at=start, state=state, title=f"Topic *{number}*")
    SessionFactory(number=5, title="To come")

    page = visitor.get("/sessions/")

    years = [(year, [session.number for session in rows]) for year, rows in page.context["years"]]
    assert years == [((timezone.now() + timedelta(days=12)).year, [5]), (2018, [2]), (2016, [1])]
    assert "Topic <em>2</em>" in text_of(page)
    assert "Coming" in text_of(page)


def test_session_list_takes_the_year_from_the_sessions_own_clock(visitor):
    SessionFactory(
        starts_at=datetime(2018, 12, 31, 22, 30, tzinfo=UTC), state="held", time_zone="Europe/Tallinn"
    )

    assert [year for year, _ in visitor.get("/sessions/").context["years"]] == [2019]


def test_session_list_beyond_one_page_goes_on(visitor):
    HeldSessionFactory.create_batch(25)

    first, second = visitor.get("/sessions/"), visitor.get("/sessions/?page=2")

    assert len(first.context["page"]) == 20
    assert len(second.context["page"]) == 5
    assert 'href="?page=2"' in text_of(first)
    assert visitor.get("/sessions/?page=nonsense").status_code == 200


@pytest.mark.parametrize(
    ("state", "who", "status"),
    [
        ("draft", "visitor", 404),
        ("draft", "as_member", 404),
        ("draft", "as_organiser", 200),
        ("announced", "visitor", 200),
        ("held", "visitor", 200),
        ("cancelled", "visitor", 200),
    ],
)
def test_session_page_by_state(request, state, who, status):
    client = request.getfixturevalue(who)
    SessionFactory(number=3, state=state)

    assert client.get("/sessions/3/").status_code == status


def test_session_page_of_unknown_or_huge_number_is_not_found(visitor):
    assert visitor.get("/sessions/99/").status_code == 404
    assert visitor.get("/sessions/99999999999999999999/").status_code == 404


def test_cancelled_session_says_so(visitor):
    SessionFactory(number=3, state="cancelled")

    assert "This session was cancelled." in text_of(visitor.get("/sessions/3/"))


def test_session_page_says_all_that_is_on_record(visitor):
    session = HeldSessionFactory(
        number=2,
        title="The _back_ pass",
        host="untapt",
        host_url="https://example.org/host",
        place="Fourth floor",
        summary="About **gradients**.",
        up_next="More of it.",
        notes_url="https://example.org/notes",
    )
    HeldSessionFactory(number=1, title="Before")
    SessionFactory(number=3, state="draft")
    SessionFactory(number=4, title="After")
    track = TrackFactory(name="Networks")
    track.sessions.add(session)
    top = ReadingFactory(session=session, title="Keras", kind="software", minutes=65, position=1)
    ReadingFactory(session=session, title="Its guide", parent=top, part="page 3", minutes=None, position=2)
    ReadingFactory(session=session, title="Extra", importance=Reading.Importance.OPTIONAL, position=0)
    talk = PresentationFactory(
        title="Chain rule", session=session, presenter=PresenterFactory(guest_name="Bo")
    )
    Material.objects.create(presentation=talk, kind="slides", url="https://example.org/slides")
    Material.objects.create(session=session, kind="code", title="network.py", url="https://example.org/code")

    page = visitor.get("/sessions/2/")

    words = text_of(page)
    assert [reading.title for reading in page.context["tops"]] == ["Keras", "Extra"]
    assert [reading.title for reading in page.context["tops"][0].parts] == ["Its guide"]
    assert page.context["minutes"] == 65
    for part in [
        "<title>Session 2: The back pass",
        "The <em>back</em> pass",
        "Fourth floor</p>",
        'With thanks to <a class="quiet" href="https://example.org/host"><bdi>untapt</bdi></a> for the room',
        "<strong>gradients</strong>",
        "Software to install, example.org.",
        "1 h 5 min",
        "If you have time",
        'href="https://example.org/slides">Slides</a>',
        'href="https://example.org/code">network.py</a>',
        'href="https://example.org/notes"',
        "More of it.",
        "Session 1: Before",
        "Session 4: After",
        f"#track-{track.pk}",
        ">Bo</a>",
    ]:
        assert part in words


def test_session_page_shows_directions_to_members_alone(visitor, as_member):
    SessionFactory(number=3, directions="Ring at the *green* door.")

    assert "green" not in text_of(visitor.get("/sessions/3/"))
    assert "<em>green</em> door" in text_of(as_member.get("/sessions/3/"))


def test_session_page_shows_hours_in_its_zone_and_the_readers(group, visitor, as_member):
    SessionFactory(
        number=3,
        starts_at=datetime(2026, 1, 14, 16, 30, tzinfo=UTC),
        time_zone="Europe/Tallinn",
        state="held",
    )
    as_member.person.user.time_zone = "America/New_York"
    as_member.person.user.save()

    public, own = text_of(visitor.get("/sessions/3/")), text_of(as_member.get("/sessions/3/"))

    assert "Wednesday 14 January 2026, 18:30–20:30</time> in Tallinn" in public
    assert 'data-local data-zone="Europe/Tallinn"' in public
    assert "11:30 your time, in New York" in own
    assert "data-zone" not in own


def test_session_page_without_hours_on_record_shows_the_date_alone(visitor):
    HeldSessionFactory(number=3, starts_at=datetime(2016, 8, 17, 22, tzinfo=UTC), hours_known=False)

    page = text_of(visitor.get("/sessions/3/"))

    assert "Thursday 18 August 2016</time>" in page  # 01:00 on the 18th in Tallinn
    assert "data-zone" not in page


def test_typed_text_reaches_the_page_escaped(visitor):
    session = SessionFactory(
        number=3, title="<script>alert(1)</script>", summary="[x](javascript:alert(1)) <img src=x onerror=y>"
    )
    ReadingFactory(session=session, title="<b>bold</b>", note="<script>alert(2)</script>")
    PresentationFactory(title="<i>t</i>", session=session, presenter=PresenterFactory(guest_name="<u>Bo</u>"))

    page = text_of(visitor.get("/sessions/3/"))

    for raw in ["<script>alert", "onerror=y>", 'href="javascript:', "<b>bold", "<i>t", "<u>Bo"]:
        assert raw not in page


def test_presentations_are_chronological_by_presenter_with_their_sessions(visitor):
    early = HeldSessionFactory(number=1, starts_at=datetime(2016, 9, 1, tzinfo=UTC))
    late = HeldSessionFactory(number=2, starts_at=datetime(2017, 9, 1, tzinfo=UTC))
    draft = SessionFactory(number=3, state="draft")
    bo, ana = PresenterFactory(guest_name="Bo"), PresenterFactory(guest_name="Ana")
    PresentationFactory(title="Late by Bo", session=late, presenter=bo)
    both = PresentationFactory(title="Both, twice", session=early, presenter=ana)
    Appearance.objects.create(presentation=both, presenter=bo, position=1)
    Slot.objects.create(presentation=both, session=late, position=5)
    PresentationFactory(title="Secret", session=draft, presenter=ana)
    PresentationFactory(title="Only in a draft", session=draft, presenter=PresenterFactory(guest_name="Cy"))

    page = visitor.get("/presentations/")

    told = [
        (
            presenter.name,
            [
                (talk["title"], [s["number"] for s in talk["sessions"]], [o["name"] for o in talk["others"]])
                for talk in presenter.talks
            ],
        )
        for presenter in page.context["page"]
    ]
    assert told == [
        ("Bo", [("Both, twice", [1, 2], ["Ana"]), ("Late by Bo", [2], [])]),
        ("Ana", [("Both, twice", [1, 2], ["Bo"])]),
    ]
    ids = [piece.split('"')[0] for piece in text_of(page).split(' id="')[1:]]
    assert len(ids) == len(set(ids))


def test_presenters_of_the_same_session_stand_in_its_order(visitor):
    session = HeldSessionFactory(number=3)
    for place, name in [(2, "Second"), (1, "First")]:
        talk = PresentationFactory(presenter=PresenterFactory(guest_name=name))
        Slot.objects.create(presentation=talk, session=session, position=place)

    page = visitor.get("/presentations/")

    assert [presenter.name for presenter in page.context["page"]] == ["First", "Second"]


def test_deleted_members_talk_keeps_standing(visitor):
    presenter = PresenterFactory(guest_name="", member=MemberFactory())
    PresentationFactory(title="Kept", session=HeldSessionFactory(number=3), presenter=presenter)
    presenter.member.user.delete()

    page = text_of(visitor.get("/presentations/"))

    assert "Kept" in page
    assert "A former member" in page


def test_resources_begin_with_the_recommended(visitor):
    for position, (title, recommended) in enumerate([("Later", False), ("First", True), ("Last", False)]):
        Resource.objects.create(
            title=title, url="https://example.org", kind="book", recommended=recommended, position=position
        )

    page = visitor.get("/resources/")

    assert [resource.title for resource in page.context["recommended"]] == ["First"]
    assert [resource.title for resource in page.context["others"]] == ["Later", "Last"]


def test_published_sessions_are_announced_or_held(group):
    for number, state in enumerate(Session.State.values, start=1):
        SessionFactory(number=number, state=state)

    assert set(Session.objects.published().values_list("state", flat=True)) == {"announced", "held"}


def test_a_draft_that_is_cancelled_stays_the_organisers(group, organiser, member, client, client_of):
    session = SessionFactory(state="draft", title="Never told anybody")
    schedule.cancel(session_id=session.pk, now=timezone.now())
    address = session.get_absolute_url()
    assert client.get(address).status_code == 404
    assert client_of(member.user).get(address).status_code == 404
    assert client_of(organiser).get(address).status_code == 200


def test_long_track_names_its_newest_sessions_and_leads_to_all(visitor, group):
    track = TrackFactory()
    track.sessions.set(HeldSessionFactory(number=number) for number in range(1, 13))
    track.sessions.add(SessionFactory(number=13, state="draft"))

    page = text_of(visitor.get("/curriculum/"))

    assert f'href="/sessions/?track={track.pk}">All 12</a>' in page
    assert re.findall(r'aria-label="Session (\d+)"', page) == [str(number) for number in range(3, 13)]
