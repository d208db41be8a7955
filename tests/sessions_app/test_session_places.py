"""Where a session is, how one gets about there or joins from afar, and what it builds on."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from members.models.application import State
from outbox.models import Message
from sessions_app import guests, planning, prerequisites, schedule
from sessions_app.models import Session
from sessions_app.planning import Plan
from studygroup import outside
from tests.factories import ApplicationFactory, HeldSessionFactory, SessionFactory
from tests.sessions_app.filled import NEW, form_of, posted, sentences, url_of
from tests.sessions_app.test_planning import NOW, values
from tests.sessions_app.test_public_pages import text_of

START = datetime(2027, 1, 20, 16, 30, tzinfo=UTC)  # 18:30 in Tallinn
LINK = "https://meet.example.org/tuesday"
PLACED = {
    "place": "Lantern Hall",
    "address": "1 Pikk, Tallinn",
    "access_notes": "Two *steps* at the door.",
    "online_url": LINK,
    "host": "Kumu",
}


# --- On the form ---------------------------------------------------------------------------------------
def test_new_session_keeps_its_place_and_its_question(as_organiser):
    as_organiser.post(NEW, posted(**PLACED, warm_up="Which figure would you draw anew?"))

    session = Session.objects.get()
    stored = {name: getattr(session, name) for name in [*PLACED, "warm_up"]}
    assert stored == PLACED | {"warm_up": "Which figure would you draw anew?"}


def test_place_is_shown_on_the_form_as_it_is_stored(as_organiser):
    session = SessionFactory(**PLACED, warm_up="Why?")

    typed = form_of(as_organiser.get(url_of(session)))

    assert {name: typed[name] for name in [*PLACED, "warm_up"]} == PLACED | {"warm_up": "Why?"}


@pytest.mark.parametrize("name", ["address", "access_notes", "online_url", "warm_up", "prerequisites"])
def test_new_fields_changed_meanwhile_are_not_overwritten(as_organiser, name):
    session, earlier = SessionFactory(number=9), HeldSessionFactory(number=3)
    data = form_of(as_organiser.get(url_of(session)))
    if name == "prerequisites":
        session.prerequisites.add(earlier)
    else:
        Session.objects.filter(pk=session.pk).update(**{name: "https://theirs.example.org"})

    assert as_organiser.post(url_of(session), data).status_code == 409


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"online_url": "javascript:alert(1)"}, "Write a web address such as https://example.org/page."),
        ({"address": "x" * 301}, "Ensure this value has at most 300 characters (it has 301)."),
        ({"warm_up": "x" * 301}, "Ensure this value has at most 300 characters (it has 301)."),
        ({"access_notes": "x" * 20_001}, "Ensure this value has at most 20000 characters (it has 20001)."),
    ],
)
def test_mistake_in_a_new_field_is_told_and_stays_typed(as_organiser, change, sentence):
    page = as_organiser.post(NEW, posted(**change))

    ((name, typed),) = change.items()
    assert (page.status_code, sentences(page)) == (422, [sentence])
    assert page.context["editor"].form[name].value() == typed
    assert Session.objects.count() == 0


# --- On the session's pages ----------------------------------------------------------------------------
def test_place_address_access_and_thanks_are_everybodys(visitor, as_member):
    session = SessionFactory(**PLACED, host_url="https://kumu.example.org")

    for client in (visitor, as_member):
        page = text_of(client.get(session.get_absolute_url()))
        assert "Lantern Hall, 1 Pikk, Tallinn" in page
        assert "Two <em>steps</em> at the door." in page
        assert (
            'With thanks to <a class="quiet" href="https://kumu.example.org"><bdi>Kumu</bdi></a> for the room'
        ) in page


@pytest.mark.parametrize(
    ("state", "hours", "seen"),
    [
        ("announced", 24, True),
        ("announced", -1, True),  # it has begun and goes on
        ("announced", -3, False),
        ("held", -1, False),
        ("cancelled", 24, False),
    ],
)
def test_link_from_afar_is_the_members_until_the_end(visitor, as_member, state, hours, seen):
    session = SessionFactory(state=state, starts_at=timezone.now() + timedelta(hours=hours), **PLACED)

    assert LINK not in visitor.get(session.get_absolute_url()).text
    assert (LINK in as_member.get(session.get_absolute_url()).text) == seen


def test_next_session_page_has_the_link_from_afar(as_member):
    SessionFactory(**PLACED)

    page = as_member.get("/next/").text

    assert f'href="{LINK}"' in page
    assert "Two <em>steps</em> at the door." in page


def test_link_from_afar_is_nowhere_for_the_public_nor_for_guests(group, organiser, visitor):
    session = SessionFactory(number=7, **PLACED)
    application = ApplicationFactory(state=State.SHORTLISTED)
    guests.offer(session_id=session.pk, application_id=application.pk, by=organiser, now=timezone.now())
    token = Message.objects.get(kind="guest_chair").secrets[0]

    pages = {
        address: visitor.get(address) for address in ("/", "/sessions/", "/feed.atom", f"/guest/{token}/")
    }

    assert {page.status_code for page in pages.values()} == {200}
    assert [address for address, page in pages.items() if LINK in page.text] == []
    assert "Two <em>steps</em> at the door." in pages[f"/guest/{token}/"].text


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("", {"@type": "PostalAddress", "addressLocality": "Tallinn"}),
        (
            "1 Pikk",
            {"@type": "PostalAddress", "streetAddress": "1 Pikk", "addressLocality": "Tallinn"},
        ),
    ],
)
def test_event_for_programs_has_the_street(group, address, told):
    session = SessionFactory(place="Lantern Hall", address=address, online_url=LINK)

    event = outside.event(session, group)

    assert event["location"] == {"@type": "Place", "name": "Lantern Hall", "address": told}
    assert LINK not in str(event)


def test_announcement_says_the_address(group, member):
    session = SessionFactory(number=7, title="Nets", state="draft", starts_at=START, **PLACED)

    schedule.announce(session_id=session.pk, now=NOW)

    first = Message.objects.get(kind="session_announced").text.splitlines()[2]
    assert first == (
        "session 7 is on Wednesday 20 January 2027, 18:30 to 20:30 (Tallinn time), "
        "Lantern Hall, 1 Pikk, Tallinn."
    )


# --- What it builds on: on the form --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "numbers"), [("5, 3", [3, 5]), (" 3;5 3,", [3, 5]), ("5", [5]), ("", []), (" , ", [])]
)
def test_numbers_of_earlier_sessions_are_saved(as_organiser, typed, numbers):
    for number in (3, 5):
        HeldSessionFactory(number=number)

    as_organiser.post(NEW, posted(builds_on=typed))

    session = Session.objects.get(number=18)
    assert list(session.prerequisites.order_by("number").values_list("number", flat=True)) == numbers


def test_numbers_stand_on_the_form_with_their_titles_and_can_be_taken_away(as_organiser):
    session = SessionFactory(number=9)
    session.prerequisites.add(
        HeldSessionFactory(number=3, title="A <b> *c*"), HeldSessionFactory(number=1, title="First")
    )

    page = as_organiser.get(url_of(session))
    as_organiser.post(url_of(session), form_of(page) | {"builds_on": "3"})

    assert form_of(page)["builds_on"] == "1, 3"
    assert "Session 1: First" in text_of(page)
    assert "Session 3: A &lt;b&gt; <em>c</em>" in text_of(page)
    assert list(session.prerequisites.values_list("number", flat=True)) == [3]


def test_titles_are_shown_back_when_something_else_is_wrong(as_organiser):
    HeldSessionFactory(number=3, title="Nets")

    page = as_organiser.post(NEW, posted(title="", builds_on="3"))

    assert sentences(page) == ["Give the session a title."]
    assert "Session 3: Nets" in text_of(page)
    assert form_of(page)["builds_on"] == "3"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("9", "Leave out its own number; a session cannot build on itself."),
        ("99", "Leave out 99; there is no such session."),
        ("3, 77, 99", "Leave out 77, 99; there is no such session."),
        ("0", "Leave out 0; there is no such session."),
        ("999999", "Leave out 999999; there is no such session."),
        (
            "3, nets",
            "Write the numbers of the sessions with commas between them, such as 3, 5; “nets” is no number.",
        ),
        (
            "-3",
            "Write the numbers of the sessions with commas between them, such as 3, 5; “-3” is no number.",
        ),
        (
            "99999999999999999999",
            "Write the numbers of the sessions with commas between them, such as 3, 5; "
            "“99999999999999999999” is no number.",
        ),
        ("12", "Leave out 12; a session builds on earlier ones."),
        (",".join(str(n) for n in range(100, 121)), "Name at most 20 sessions; there are 21."),
    ],
)
def test_what_a_session_cannot_build_on_is_told_at_the_field(as_organiser, typed, sentence):
    session = SessionFactory(number=9)
    HeldSessionFactory(number=3)
    SessionFactory(number=12, starts_at=timezone.now() + timedelta(days=40))
    data = form_of(as_organiser.get(url_of(session))) | {"builds_on": typed}

    page = as_organiser.post(url_of(session), data)

    assert page.status_code == 422
    assert [(p.label, p.sentence) for p in page.context["problems"]] == [("Builds on", sentence)]
    assert page.context["editor"].form["builds_on"].value() == typed
    assert session.prerequisites.count() == 0


def test_new_session_cannot_build_on_the_number_that_it_takes(as_organiser):
    page = as_organiser.post(NEW, posted(builds_on="18"))

    assert sentences(page) == ["Leave out its own number; a session cannot build on itself."]


def test_earlier_by_date_is_enough(as_organiser):
    session = SessionFactory(number=9)
    HeldSessionFactory(number=12)

    as_organiser.post(url_of(session), form_of(as_organiser.get(url_of(session))) | {"builds_on": "12"})

    assert list(session.prerequisites.values_list("number", flat=True)) == [12]


def test_sessions_that_build_on_each_other_are_refused(as_organiser):
    # By number 9 comes first, by date 12: each may count as the earlier one of the two.
    late = SessionFactory(number=9, starts_at=timezone.now() + timedelta(days=40))
    between = SessionFactory(number=11, starts_at=timezone.now() + timedelta(days=30))
    early = SessionFactory(number=12, starts_at=timezone.now() + timedelta(days=20))
    late.prerequisites.add(between)
    between.prerequisites.add(early)

    page = as_organiser.post(url_of(early), form_of(as_organiser.get(url_of(early))) | {"builds_on": "9"})

    assert sentences(page) == ["Leave out 9, which builds on this session."]
    assert early.prerequisites.count() == 0


def test_loop_that_is_stored_already_ends_the_search(group):
    first, second, third = (HeldSessionFactory(number=number) for number in (1, 2, 3))
    first.prerequisites.add(second)
    second.prerequisites.add(first)

    chosen = prerequisites.choose([1], session_id=third.pk, number=3, starts_at=third.starts_at)

    assert chosen == [first]


def test_save_checks_again_what_it_builds_on(group):
    session = SessionFactory(number=7)
    plan = Plan(values=values(), built_on=[7])

    with pytest.raises(prerequisites.CannotBuildOn):
        planning.save_session(
            session_id=session.pk, seen=planning.stored(session).version, plan=plan, now=NOW
        )


def test_save_without_a_word_on_it_leaves_what_it_builds_on(group):
    session = SessionFactory(number=7)
    session.prerequisites.add(HeldSessionFactory(number=3))

    planning.save_session(
        session_id=session.pk,
        seen=planning.stored(session).version,
        plan=Plan(values=values(), built_on=None),
        now=NOW - timedelta(days=999),
    )

    assert session.prerequisites.count() == 1


# --- What it builds on: on the page --------------------------------------------------------------------
def test_page_links_the_published_sessions_that_it_builds_on(visitor, as_member, as_organiser):
    session = SessionFactory(number=9)
    session.prerequisites.add(
        HeldSessionFactory(number=3, title="*Nets*"),
        SessionFactory(number=4, title="Plan", state="draft"),
        SessionFactory(number=5, title="Off", state="cancelled"),
    )
    link = 'Builds on <a href="/sessions/{}/">session {}: {}</a>'
    all_three = [(3, "<em>Nets</em>"), (4, "Plan"), (5, "Off")]

    def links(client) -> list[int]:
        page = text_of(client.get("/sessions/9/"))
        return [number for number, title in all_three if link.format(number, number, title) in page]

    assert (links(visitor), links(as_member), links(as_organiser)) == ([3], [3], [3, 4, 5])
    assert "Plan" not in visitor.get("/sessions/9/").text
