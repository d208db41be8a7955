"""Whom a line of names means: those who present already stay; members find whom they may know."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.models import Appearance, Presentation, Presenter
from sessions_app.speakers import Unclear, read_line, split_names
from tests.factories import (
    HeldSessionFactory,
    MemberFactory,
    PresentationFactory,
    PresenterFactory,
    SessionFactory,
)
from tests.sessions_app.filled import form_of, url_of
from tests.sessions_app.test_public_pages import text_of

NOW = timezone.now()
PROPOSE = "/presentations/propose/"


def presented_by(*members, session=None, **values) -> Presentation:
    """A talk that these members present, in this order; in a session, or proposed by the first."""
    if not session:
        values = {"state": "proposed", "proposed_by": members[0], "proposed_at": NOW} | values
    talk = PresentationFactory(session=session, **{"title": "T", "abstract": "A"} | values)
    for position, member in enumerate(members, start=1):
        presenter = Presenter.objects.filter(member=member).first()
        presenter = presenter or PresenterFactory(guest_name="", member=member)
        Appearance.objects.create(presentation=talk, presenter=presenter, position=position)
    return talk


def edit_of(talk: Presentation) -> str:
    return f"/presentations/{talk.pk}/edit/"


def sent(client, talk: Presentation, **changes) -> dict:
    """What a browser sends of the form of a talk, with some changes."""
    form = client.get(edit_of(talk)).context["form"]
    return {name: form[name].value() or "" for name in form.fields} | changes


def keys_of(talk: Presentation) -> list:
    return list(talk.appearances.values_list("presenter__member", "presenter__guest_name"))


def awkward(first=None) -> list:
    """People whose names are the same, or hold a comma, or are not there; not in the order of keys."""
    names = ["Martin King, Jr.", "Bo Li", "Bo Li", "", ""]
    people = [MemberFactory(user__name=name) for name in names]
    return [*([first] if first else []), *reversed(people)]


# --- Those who present already -------------------------------------------------------------------------
def test_talk_saved_unchanged_keeps_its_presenters(as_member):
    people = awkward(as_member.person)
    talk = presented_by(*people)

    answer = as_member.post(edit_of(talk), sent(as_member, talk, title="New"))

    talk.refresh_from_db()
    assert (answer.status_code, talk.title) == (302, "New")
    assert keys_of(talk) == [(person.pk, "") for person in people]
    assert Presenter.objects.count() == len(people)


def test_session_saved_unchanged_keeps_the_presenters_of_its_talks(as_organiser):
    session, people = SessionFactory(), awkward()
    talk = presented_by(*people, session=session)
    data = form_of(as_organiser.get(url_of(session)))

    answer = as_organiser.post(url_of(session), data | {"talks-0-title": "New"})

    talk.refresh_from_db()
    assert (answer.status_code, talk.title) == (302, "New")
    assert keys_of(talk) == [(person.pk, "") for person in people]


def test_name_with_a_comma_stays_whole_in_a_changed_line(as_member):
    king = MemberFactory(user__name="Martin King, Jr.")
    talk = presented_by(as_member.person, king)

    answer = as_member.post(
        edit_of(talk), sent(as_member, talk, presenters="martin king , JR., Ana, Mira Tamm")
    )

    assert answer.status_code == 302
    assert keys_of(talk) == [(king.pk, ""), (None, "Ana"), (as_member.person.pk, "")]


def test_two_of_one_name_both_stay_in_a_changed_line(as_organiser):
    session = SessionFactory()
    people = [MemberFactory(user__name="Bo Li") for _ in range(2)]
    talk = presented_by(*people, session=session)
    data = form_of(as_organiser.get(url_of(session)))

    as_organiser.post(url_of(session), data | {"talks-0-presenters": "Ana, Bo Li, Bo Li"})

    assert keys_of(talk) == [(None, "Ana"), *((person.pk, "") for person in people)]


def test_which_of_two_of_one_name_goes_has_to_be_said(as_organiser):
    session = SessionFactory()
    people = [MemberFactory(user__name="Bo Li") for _ in range(2)]
    talk = presented_by(*people, session=session)
    data = form_of(as_organiser.get(url_of(session)))

    page = as_organiser.post(url_of(session), data | {"talks-0-presenters": "Bo Li, Ana"})
    assert [problem.sentence for problem in page.context["problems"]] == [
        "Write “Bo Li” 2 times to keep all who have this name, or take it out and write again whom you mean."
    ]

    as_organiser.post(url_of(session), data | {"talks-0-presenters": f"{people[1].user.email}, Ana"})
    assert keys_of(talk) == [(people[1].pk, ""), (None, "Ana")]


def test_presenter_renamed_while_the_form_is_open_stays(as_member):
    other = MemberFactory(user__name="Bo Li")
    talk = presented_by(as_member.person, other)
    data = sent(as_member, talk, title="New")
    type(other.user).objects.filter(pk=other.user.pk).update(name="Bo Lee")

    answer = as_member.post(edit_of(talk), data)

    assert answer.status_code == 302
    assert keys_of(talk) == [(as_member.person.pk, ""), (other.pk, "")]


def test_saving_over_a_colleague_puts_ones_own_line_in_place(as_member):
    talk = presented_by(as_member.person)
    data = sent(as_member, talk)
    Appearance.objects.create(presentation=talk, presenter=PresenterFactory(guest_name="Bo"), position=2)

    form = as_member.post(edit_of(talk), data).context["form"]
    assert form["presenters"].value() == "Mira Tamm"
    as_member.post(edit_of(talk), {name: form[name].value() or "" for name in form.fields})

    assert keys_of(talk) == [(as_member.person.pk, "")]


@pytest.mark.parametrize(
    ("text", "known", "names"),
    [
        ("Bo, bo, Ana", [], ["Bo", "Ana"]),
        ("Bo, bo, BO", ["Bo", "Bo"], ["Bo", "bo"]),
        ("A, B, C", ["A, B", "A, B, C"], ["A, B, C"]),
        ("A, B, a , b,D", ["A, B", "A, B"], ["A, B", "A, B", "D"]),
        ("King,, Jr", ["King,,Jr"], ["King,,Jr"]),
        ("King", ["King, Jr."], ["King"]),
        (" , ,", ["King, Jr."], []),
    ],
)
def test_names_of_those_who_present_already_stay_whole_and_as_many(text, known, names):
    assert split_names(text, known) == names


def test_line_that_is_as_it_was_is_not_read():
    people = [Presenter(guest_name=f"Guest {n}") for n in range(13)]
    line = ", ".join(person.name for person in people)

    assert read_line(line.upper(), people) == [person.name for person in people]
    assert read_line("Old, line", people, shown="Old, line") == [person.name for person in people]
    with pytest.raises(Unclear, match="there are 14"):
        read_line(f"{line}, More", people)


# --- Accounts without a name ---------------------------------------------------------------------------
def test_presenter_without_a_name_is_a_member_everywhere_and_never_an_address(visitor, as_member):
    nameless = MemberFactory(user__name="", user__email="secret@example.org")
    talk = presented_by(nameless, session=HeldSessionFactory(number=4), state="given")
    presenter = nameless.presenter

    assert str(presenter) == "A member"
    for client in (visitor, as_member):
        for address in (
            f"/presenters/{presenter.pk}/", f"/presentations/{talk.pk}/", "/presentations/", "/sessions/4/",
        ):  # fmt: skip
            words = text_of(client.get(address))
            assert ("A member" in words, "secret@" in words, "former" in words) == (True, False, False)


def test_member_without_a_name_changes_the_own_talk(client_of, group):
    nameless = MemberFactory(user__name="", user__email="secret@example.org")
    client, talk = client_of(nameless.user), presented_by(nameless)

    for number, names in enumerate(["A member", "a member, Ana"]):
        answer = client.post(edit_of(talk), sent(client, talk, title=f"New {number}", presenters=names))
        assert answer.status_code == 302
    talk.refresh_from_db()
    assert (talk.title, keys_of(talk)) == ("New 1", [(nameless.pk, ""), (None, "Ana")])


def test_own_talks_show_no_address_of_whoever_answered(as_member):
    talk = presented_by(as_member.person)
    by = MemberFactory(user__name="", user__email="secret@example.org").user
    talk.steps.create(before="proposed", after="accepted", by=by, at=NOW)

    words = text_of(as_member.get("/presentations/mine/"))

    assert ("Accepted by <bdi>a member</bdi>" in words, "secret@" in words) == (True, False)


# --- Addresses -----------------------------------------------------------------------------------------
SHARED = {"profile_audience": "members", "address_audience": "members"}


@pytest.mark.parametrize(
    ("someone", "is_found"),
    [
        (None, False),
        ({}, False),
        ({"address_audience": "members", "profile_audience": "organisers"}, False),
        (SHARED | {"state": "alumni", "left_at": NOW}, False),
        (SHARED, True),
        (SHARED | {"state": "on_leave"}, True),
    ],
)
def test_member_finds_by_address_only_who_shows_it(as_member, someone, is_found):
    if someone is not None:
        MemberFactory(user__name="Bo Li", user__email="who@example.net", **someone)
    own = presented_by(as_member.person, title="Own")
    new = {"title": "T", "abstract": "A", "presenters": "Who@example.net"}
    line = sent(as_member, own, presenters="Mira Tamm, Who@example.net")

    pages = [as_member.post(PROPOSE, new | {"title": "Another"}), as_member.post(edit_of(own), line)]

    if is_found:
        assert [page.status_code for page in pages] == [302, 302]
        assert [talk.presenters.count() for talk in Presentation.objects.all()] == [2, 2]
    else:
        sentence = "Write a name instead of “Who@example.net”; no member shows you this address."
        assert [page.context["form"].errors for page in pages] == [{"presenters": [sentence]}] * 2
        assert ["Bo Li" in text_of(page) for page in pages] == [False, False]


def test_member_finds_themselves_by_address_and_organisers_everybody(as_member, as_organiser):
    closed = MemberFactory(user__email="who@example.net")
    talk = presented_by(as_member.person)

    own = as_member.person.user.email
    assert as_member.post(edit_of(talk), sent(as_member, talk, presenters=own)).status_code == 302
    assert keys_of(talk) == [(as_member.person.pk, "")]

    line = {"presenters": "Mira Tamm, who@example.net"}
    assert as_organiser.post(edit_of(talk), sent(as_organiser, talk, **line)).status_code == 302
    assert keys_of(talk) == [(as_member.person.pk, ""), (closed.pk, "")]


def test_member_who_sees_no_address_is_led_to_an_organiser(as_member):
    MemberFactory.create_batch(2, user__name="Bo Li")

    page = as_member.post(PROPOSE, {"title": "T", "abstract": "A", "presenters": "Bo Li"})

    sentence = "Write the e-mail address of Bo Li if you see it, or ask an organiser; several have this name."
    assert page.context["form"].errors == {"presenters": [sentence]}


def test_member_finds_nobody_who_has_left(as_member):
    MemberFactory(user__name="Old Hand", state="alumni", left_at=NOW)

    as_member.post(PROPOSE, {"title": "T", "abstract": "A", "presenters": "old hand"})

    assert keys_of(Presentation.objects.get()) == [(as_member.person.pk, ""), (None, "old hand")]


# --- Proposing, wishing, withdrawing -------------------------------------------------------------------
def test_proposal_sent_twice_is_one_talk_with_one_mail(as_member, organiser, outbox):
    data = {"title": "T", "abstract": "One\r\ntwo", "presenters": "Ana"}

    answers = [as_member.post(PROPOSE, data) for _ in range(2)]

    assert [answer["Location"] for answer in answers] == ["/presentations/mine/"] * 2
    talk = Presentation.objects.get()
    assert keys_of(talk) == [(as_member.person.pk, ""), (None, "Ana")]
    assert (talk.steps.count(), outbox.kinds()) == (1, ["talk_proposed"])

    Presentation.objects.update(state="declined")
    as_member.post(PROPOSE, data)
    as_member.post(PROPOSE, data | {"abstract": "Another"})
    assert Presentation.objects.count() == 3


def test_second_of_ten_sent_twice_is_not_too_many(as_member):
    for number in [*range(10), 9]:
        answer = as_member.post(PROPOSE, {"title": f"T {number}", "abstract": "A"})

    assert (answer.status_code, Presentation.objects.count()) == (302, 10)


@pytest.mark.parametrize(
    ("state", "was_announced", "is_named"),
    [("draft", True, False), ("cancelled", False, False), ("cancelled", True, True), ("held", True, True)],
)
def test_form_names_the_wished_session_only_to_those_who_may_see_it(
    as_member, as_organiser, state, was_announced, is_named
):
    session = SessionFactory(
        number=4711,
        state=state,
        announced_at=NOW if was_announced else None,
        starts_at=NOW + timedelta(days=9),
    )
    talk = presented_by(as_member.person, wished_session=session)
    named = f"Session 4711, {session.local_start:%-d %B %Y}"

    def label(client) -> str:
        return dict(client.get(edit_of(talk)).context["form"].fields["wished_session"].choices)[session.pk]

    assert label(as_member) == (named if is_named else "The session you wished for")
    assert label(as_organiser) == named
    assert as_member.post(edit_of(talk), sent(as_member, talk)).status_code == 302
    talk.refresh_from_db()
    assert talk.wished_session == session


def test_withdrawal_that_is_refused_keeps_its_message_at_the_field(as_member):
    talks = [presented_by(as_member.person) for _ in range(42)]
    last = talks[0]  # on the second page
    address = f"/presentations/{last.pk}/withdraw/"

    page = as_member.post(address, {"message": f"Sorry {'x' * 2000}"})
    assert page.status_code == 422
    assert refusals(page) == {last.pk: "Shorten it; at most 2,000 characters are kept."}
    assert f">Sorry {'x' * 2000}</textarea>" in text_of(page)
    assert 'href="?' not in text_of(page)  # this address is not for reading

    Presentation.objects.filter(pk=last.pk).update(state="declined")
    page = as_member.post(address, {"message": "Sorry"})
    assert page.status_code == 422
    assert refusals(page) == {last.pk: "This talk is declined by now. Nothing was changed."}
    words = text_of(page)
    assert (">Sorry</textarea>" in words, words.count("Nothing was changed.")) == (True, 1)


def refusals(page) -> dict:
    return {talk.pk: talk.refusal.errors["message"][0] for talk in page.context["page"] if talk.refusal}
