"""The pages of talks: who may open them, what they say, proposing and answering in the browser's way."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sessions_app import proposals
from sessions_app.models import Appearance, Material, Presentation, PresentationStep, Slot
from studygroup import outside
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
)
from tests.sessions_app.test_proposals import proposal
from tests.sessions_app.test_public_pages import text_of
from tests.studygroup.test_pages import queries_of

NOW = timezone.now()


def page_of(talk: Presentation) -> str:
    return f"/presentations/{talk.pk}/"


# --- A talk's page -------------------------------------------------------------------------------------
def test_talk_page_says_all_that_is_on_record(visitor):
    held = HeldSessionFactory(number=3, title="Nets")
    ana = PresenterFactory(guest_name="Ana")
    talk = PresentationFactory(
        title="A *deep* look", abstract="On **depth**.", minutes=40, session=held, presenter=ana
    )
    Slot.objects.create(presentation=talk, session=SessionFactory(number=5, title="More"))
    Slot.objects.create(presentation=talk, session=SessionFactory(number=6, title="Secret", state="draft"))
    Material.objects.create(presentation=talk, kind="slides", url="https://example.org/slides")
    Material.objects.create(
        presentation=talk, kind="code", url="https://example.org/code", audience="members"
    )

    words = text_of(visitor.get(page_of(talk)))

    for part in [
        "<title>A deep look",
        "A <em>deep</em> look",
        "<strong>depth</strong>",
        "40 min",
        f'<a href="/presenters/{ana.pk}/"><bdi>Ana</bdi></a>',
        "Session 3: Nets",
        "Session 5: More",
        'href="https://example.org/slides"',
        '<meta property="og:description" content="On depth.">',
        f'<link rel="canonical" href="{outside.absolute(page_of(talk))}">',
    ]:
        assert part in words
    assert [part for part in ("Secret", "example.org/code", "Slides are due", "edit/") if part in words] == []


@pytest.mark.parametrize("session_state", [None, "draft", "cancelled"])
def test_talk_on_no_show_is_its_presenters_and_organisers_alone(
    visitor, as_member, as_organiser, client_of, session_state
):
    talk = proposal(as_member.person)
    if session_state:
        session = SessionFactory(state=session_state, announced_at=None)
        Slot.objects.create(presentation=talk, session=session)
    other, presenter = MemberFactory(), MemberFactory()
    Appearance.objects.create(
        presentation=talk, presenter=PresenterFactory(guest_name="", member=presenter), position=2
    )

    clients = [visitor, client_of(other.user), as_member, client_of(presenter.user), as_organiser]
    assert [client.get(page_of(talk)).status_code for client in clients] == [404, 404, 200, 200, 200]
    words = text_of(as_member.get(page_of(talk)))
    assert '<meta name="robots" content="noindex">' in words
    assert 'rel="canonical"' not in words


def test_presenter_is_told_when_slides_are_due_and_others_are_not(visitor, as_member, as_organiser, group):
    day = NOW + timedelta(days=30)
    talk = proposal(as_member.person, "scheduled")
    session = talk.sessions.get()
    session.starts_at, session.ends_at = day, day + timedelta(hours=2)
    session.save()

    due = (day - timedelta(days=7)).astimezone(session.zone)
    line = f"Slides are due by {due:%A} {due.day} {due:%B %Y}."
    shown = [line in text_of(each.get(page_of(talk))) for each in (visitor, as_member, as_organiser)]
    assert shown == [False, True, True]

    session.starts_at = NOW + timedelta(days=3)
    session.save()
    assert "Slides are overdue" in text_of(as_member.get(page_of(talk)))

    Material.objects.create(presentation=talk, kind="slides", url="https://example.org")
    assert "The slides are there." in text_of(as_member.get(page_of(talk)))

    Material.objects.all().delete()
    group.materials_days = 0
    group.save()
    assert "Slides are" not in text_of(as_member.get(page_of(talk)))


# --- A presenter's page --------------------------------------------------------------------------------
def test_presenter_page_lists_what_is_on_show_with_those_who_gave_it_too(visitor):
    ana, bo = PresenterFactory(guest_name="Ana", bio="I like *nets*."), PresenterFactory(guest_name="Bo")
    late, early = HeldSessionFactory(number=9), HeldSessionFactory(number=2)
    PresentationFactory(title="Later", session=late, presenter=ana)
    both = PresentationFactory(title="Both", session=early, presenter=ana)
    Appearance.objects.create(presentation=both, presenter=bo, position=2)
    Slot.objects.create(presentation=both, session=late, position=1)
    Material.objects.create(presentation=both, kind="code", url="https://example.org/c", audience="members")
    PresentationFactory(title="Hidden", session=SessionFactory(state="draft"), presenter=ana)

    page = visitor.get(f"/presenters/{ana.pk}/")

    assert [
        (t["title"], [s["number"] for s in t["sessions"]], [o["name"] for o in t["others"]], t["links"])
        for t in page.context["presenter"].talks
    ] == [("Both", [2, 9], ["Bo"], []), ("Later", [9], [], [])]
    assert "I like <em>nets</em>." in text_of(page)


def test_presenter_without_a_talk_on_show_is_the_organisers_alone(visitor, as_member, as_organiser):
    ana = PresenterFactory(guest_name="Ana")
    PresentationFactory(session=SessionFactory(state="draft"), presenter=ana)
    address = f"/presenters/{ana.pk}/"

    assert [c.get(address).status_code for c in (visitor, as_member, as_organiser)] == [404, 404, 200]
    assert visitor.get("/presenters/999999/").status_code == 404


@pytest.mark.parametrize(
    ("audience", "shown"), [("members", [False, True, True]), ("organisers", [False, False, True])]
)
def test_members_bio_follows_the_members_own_choice(visitor, as_member, as_organiser, audience, shown):
    person = MemberFactory(bio="I keep bees.", profile_audience=audience)
    presenter = PresenterFactory(guest_name="", member=person, bio="")
    PresentationFactory(session=HeldSessionFactory(), presenter=presenter)

    pages = [c.get(f"/presenters/{presenter.pk}/") for c in (visitor, as_member, as_organiser)]

    assert ["I keep bees." in text_of(page) for page in pages] == shown


def test_session_page_and_list_lead_to_talks_and_presenters(visitor):
    ana = PresenterFactory(guest_name="Ana")
    talk = PresentationFactory(title="Nets", session=HeldSessionFactory(number=2), presenter=ana)

    for address in ("/sessions/2/", "/presentations/"):
        words = text_of(visitor.get(address))
        assert f'href="{page_of(talk)}"' in words
        assert f'href="/presenters/{ana.pk}/"' in words
    parts = re.findall(r"/sitemap-\w+-\d+\.xml", visitor.get("/sitemap.xml").text)
    sitemap = "".join(visitor.get(part).text for part in parts)
    assert f"{page_of(talk)}</loc>" in sitemap
    assert f"/presenters/{ana.pk}/</loc>" in sitemap


def test_list_of_presenters_shows_two_talks_of_each_and_leads_to_more(visitor):
    ana, ben = PresenterFactory(guest_name="Ana"), PresenterFactory(guest_name="Ben")
    for number in (1, 2, 3):
        talk = PresentationFactory(title=f"T{number}", presenter=ana, session=HeldSessionFactory(
            number=number, starts_at=datetime(2024, 6, number, tzinfo=UTC)))  # fmt: skip
    Appearance.objects.create(presentation=talk, presenter=ben, position=2)

    page = visitor.get("/presentations/")

    shown = [(who.name, [talk["title"] for talk in who.talks], who.has_more) for who in page.context["page"]]
    assert shown == [("Ana", ["T1", "T2"], True), ("Ben", ["T3"], False)]
    assert text_of(page).count("More talks") == 1
    assert "T3" in text_of(visitor.get(f"/presenters/{ana.pk}/"))


# --- Proposing -----------------------------------------------------------------------------------------
def test_member_proposes_follows_changes_and_withdraws(as_member, outbox):
    session = SessionFactory(number=17)
    answer = as_member.post(
        "/presentations/propose/",
        {
            "title": "Nets",
            "abstract": "On nets.",
            "minutes": "30",
            "wished_session": session.pk,
            "presenters": "Bo",
        },
    )
    assert (answer.status_code, answer["Location"]) == (302, "/presentations/mine/")
    talk = Presentation.objects.get()
    assert (talk.minutes, talk.wished_session, talk.presenters.count()) == (30, session, 2)
    assert "The organisers read it, and answer by mail." in text_of(as_member.get("/presentations/mine/"))

    address = f"{page_of(talk)}edit/"
    form = as_member.get(address).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    assert data["presenters"] == "Mira Tamm, Bo"
    answer = as_member.post(address, data | {"title": "Deep nets", "presenters": "Mira Tamm"})
    assert answer.status_code == 302
    talk.refresh_from_db()
    assert (talk.title, talk.presenters.count(), talk.state) == ("Deep nets", 1, "proposed")

    as_member.post(f"{page_of(talk)}withdraw/", {"message": "No time."})
    again = as_member.post(f"{page_of(talk)}withdraw/", follow=True)
    assert "This talk is withdrawn by Mira Tamm by now. Nothing was changed." in text_of(again)
    assert list(PresentationStep.objects.values_list("after", "message")) == [
        ("proposed", ""),
        ("withdrawn", "No time."),
    ]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"title": ""}, "title", "Give the talk a title."),
        ({"title": "x" * 201}, "title", "Shorten the title; at most 200 characters fit."),
        ({"abstract": ""}, "abstract", "Say what the talk is about."),
        ({"abstract": "x" * 6001}, "abstract", "Shorten it; at most 6,000 characters are kept."),
        ({"minutes": "half"}, "minutes", "Write whole minutes, such as 30."),
        ({"minutes": "0"}, "minutes", "Write 1 to 600 minutes."),
        ({"wished_session": "99"}, "wished_session", "Choose another session; this one is no longer coming."),
        (
            {"presenters": "who@example.net"},
            "presenters",
            "Write a name instead of “who@example.net”; no member shows you this address.",
        ),
    ],
)
def test_mistake_is_told_at_its_field_and_nothing_typed_is_lost(as_member, changes, field, sentence):
    data = {"title": "Kept title", "abstract": "Kept words", "minutes": "25"} | changes

    page = as_member.post("/presentations/propose/", data)

    assert page.status_code == 422
    assert page.context["form"].errors == {field: [sentence]}
    assert [data[name] in text_of(page) for name in ("title", "abstract", "minutes")] == [True] * 3
    assert Presentation.objects.count() == 0


def test_two_who_change_a_talk_at_once_lose_nothing(as_member):
    talk = proposal(as_member.person)
    address = f"{page_of(talk)}edit/"
    form = as_member.get(address).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    Presentation.objects.update(title="Theirs")

    page = as_member.post(address, data | {"title": "Mine"})

    assert page.status_code == 409
    assert "Somebody else changed this talk while you were typing." in text_of(page)
    assert (page.context["form"]["title"].value(), Presentation.objects.get().title) == ("Mine", "Theirs")

    form = page.context["form"]
    again = as_member.post(address, data | {"title": "Mine", "seen": form["seen"].value()})
    assert (again.status_code, Presentation.objects.get().title) == (302, "Mine")


def test_presenter_changes_only_the_abstract_of_what_has_its_place(as_member):
    talk = proposal(as_member.person, "scheduled")
    form = as_member.get(f"{page_of(talk)}edit/").context["form"]
    assert list(form.fields) == ["abstract", "seen"]

    as_member.post(f"{page_of(talk)}edit/", {"abstract": "New", "title": "No", "seen": form["seen"].value()})

    talk.refresh_from_db()
    assert (talk.abstract, talk.title) == ("New", "T")


def test_somebody_elses_talk_is_not_found(as_member, client_of):
    talk = proposal(MemberFactory(), "scheduled")

    for part in ("edit/", "materials/"):
        assert as_member.get(f"{page_of(talk)}{part}").status_code == 404
        assert as_member.post(f"{page_of(talk)}{part}", {"abstract": "x"}).status_code == 404
    assert as_member.post(f"{page_of(talk)}withdraw/").status_code == 404
    talk.refresh_from_db()
    assert (talk.abstract, talk.state) == ("A", "scheduled")


def test_own_page_does_not_name_a_draft(as_member):
    talk = proposal(as_member.person, "accepted")
    Slot.objects.create(presentation=talk, session=SessionFactory(state="draft", number=4711))
    Presentation.objects.update(state="scheduled")

    words = text_of(as_member.get("/presentations/mine/"))

    assert ("4711" in words, "A session that is still being planned has it." in words) == (False, True)


def test_visitors_and_outsiders_propose_nothing(visitor, client_of):
    outsider = MemberFactory(state="alumni", left_at=NOW)
    for address in ("/presentations/propose/", "/presentations/mine/"):
        assert visitor.get(address).status_code == 302
        assert client_of(outsider.user).get(address).status_code == 403


# --- The organisers ------------------------------------------------------------------------------------
def test_organiser_accepts_and_schedules_by_the_page(as_organiser, member, outbox):
    talk, session = proposal(member), SessionFactory(number=18)
    desk = f"/organise/talks/{talk.pk}/"
    assert "T" in text_of(as_organiser.get("/organise/talks/"))

    as_organiser.post(f"{desk}accept/", {"message": "Good."})
    as_organiser.post(f"{desk}schedule/", {"session": session.pk, "message": ""})

    talk.refresh_from_db()
    assert (talk.state, list(talk.sessions.all())) == ("scheduled", [session])
    assert outbox.kinds(member.user.email) == ["talk_accepted", "talk_scheduled"]
    page = text_of(as_organiser.get(desk))
    assert "Accepted by <bdi>Orla Quinn</bdi>" in page

    as_organiser.post(f"{desk}unschedule/{session.pk}/", {"message": ""})
    talk.refresh_from_db()
    assert (talk.state, talk.slots.count()) == ("accepted", 0)


def test_stale_answer_shows_the_page_with_what_was_typed(as_organiser, member):
    talk = proposal(member, "declined")

    page = as_organiser.post(f"/organise/talks/{talk.pk}/accept/", {"message": "Yes, gladly."})

    assert page.status_code == 409
    assert "This talk is declined by now. Nothing was changed." in text_of(page)
    talk.refresh_from_db()
    assert talk.state == "declined"


def test_too_long_a_message_is_told_and_kept(as_organiser, member):
    talk = proposal(member)

    page = as_organiser.post(f"/organise/talks/{talk.pk}/accept/", {"message": "y" * 2001})

    assert page.status_code == 422
    assert "Shorten it; at most 2,000 characters are kept." in text_of(page)
    assert "y" * 2001 in text_of(page)


def test_scheduling_into_nothing_is_told_at_the_field(as_organiser, member):
    talk = proposal(member, "accepted")

    for session in ("", "9999"):
        page = as_organiser.post(f"/organise/talks/{talk.pk}/schedule/", {"session": session})
        assert (page.status_code, list(page.context["schedule"].errors)) == (422, ["session"])


def test_get_changes_nothing_and_members_have_no_desk(as_organiser, as_member):
    talk = proposal(as_member.person)
    for verb in ("accept/", "decline/", "schedule/"):
        assert as_organiser.get(f"/organise/talks/{talk.pk}/{verb}").status_code == 405
        assert as_member.post(f"/organise/talks/{talk.pk}/{verb}").status_code == 403
    assert as_member.get(f"{page_of(talk)}withdraw/").status_code == 405
    assert as_member.get("/organise/talks/").status_code == 403
    assert as_organiser.post("/organise/talks/999999/accept/").status_code == 404
    talk.refresh_from_db()
    assert talk.state == "proposed"


def test_dashboard_says_how_many_talks_wait(as_organiser, member):
    proposal(member)
    assert "One talk is proposed" in text_of(as_organiser.get("/organise/"))

    proposal(member, title="Another")
    assert "Two talks are proposed" in text_of(as_organiser.get("/organise/"))

    Presentation.objects.update(state="accepted")
    assert "proposed" not in text_of(as_organiser.get("/organise/"))


def test_list_shows_one_state_when_asked(as_organiser, member):
    for state in proposals.State.values:
        proposal(member, state, title=f"Talk {state}")

    def titles(query: str) -> list[str]:
        return [talk.title for talk in as_organiser.get(f"/organise/talks/{query}").context["page"]]

    assert titles("") == ["Talk proposed", "Talk accepted", "Talk scheduled"]
    assert titles("?state=given") == ["Talk given"]
    assert titles("?state=nonsense") == titles("")


# --- Budgets -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rows", [1, 3, 120])
def test_pages_ask_so_many_questions(visitor, as_member, as_organiser, rows):
    member, held, coming = as_member.person, HeldSessionFactory(), SessionFactory()
    own = PresenterFactory(guest_name="", member=member)
    guest = PresenterFactory(guest_name="Ana")
    talk = PresentationFactory(session=coming, presenter=own, proposed_by=member, proposed_at=NOW)
    for n in range(rows):
        each = PresentationFactory(session=held, presenter=own, state="given", proposed_by=member)
        Appearance.objects.create(presentation=each, presenter=PresenterFactory())
        Appearance.objects.create(presentation=each, presenter=guest)
        Material.objects.create(presentation=each, kind="slides", url="https://example.org")
        PresentationFactory(state="proposed", proposed_at=NOW, wished_session=coming, presenter=own)
        PresentationStep.objects.create(
            presentation=talk, before="", after="proposed", by=MemberFactory().user, at=NOW
        )
        if n < 30:
            Material.objects.create(presentation=talk, kind="code", url="https://example.org")
            Material.objects.create(session=coming, kind="code", url="https://example.org")
            Slot.objects.create(presentation=talk, session=HeldSessionFactory())
            Appearance.objects.create(presentation=talk, presenter=PresenterFactory())

    public = {page_of(talk): 3, f"/presenters/{guest.pk}/": 2, f"/presenters/{own.pk}/": 2}
    members = {
        page_of(talk): 6,
        f"/presenters/{own.pk}/": 5,
        "/presentations/mine/": 8,
        "/presentations/propose/": 5,
        f"{page_of(talk)}edit/": 5,
        f"{page_of(talk)}materials/": 6,
    }
    desk = {
        "/organise/talks/": 7,
        f"/organise/talks/{talk.pk}/": 8,
        f"/organise/sessions/{coming.pk}/materials/": 6,
        f"/organise/presenters/{guest.pk}/": 7,
    }
    assert queries_of(visitor, public) == public
    assert queries_of(as_member, members) == members
    assert queries_of(as_organiser, desk) == desk
