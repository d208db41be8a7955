"""Writing to many: whom a selection names, what they read, and that nothing goes twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from members import recipients
from members.models import ApplicationChange
from members.models.application import State
from members.models.member import Member
from outbox import choices
from outbox.models import Message
from sessions_app.models import GuestChair, Rsvp
from studygroup import circulars
from studygroup.circulars import Selection
from tests.factories import ApplicationFactory, MemberFactory, SessionFactory
from tests.studygroup.test_pages import queries_of

ADDRESS = "/organise/write/"
WORDS = {"subject": "Another room, {{ name }}", "text": "Dear {{ name }},\n\nwe meet at the *café*."}


def names(selection, *, session=None, query="", by=None):
    found = circulars.addressees(selection, session=session, query=query, by=by)
    return [person.name for person in found.people]


@pytest.fixture
def desk(client_of, organiser):
    client = client_of(organiser)

    def press(then, **typed):
        fields = {"once": "word-of-this-form", **WORDS, **typed}
        if then == "send":
            looked = client.post(ADDRESS, fields | {"then": "look"})
            fields = {"seen": looked.context["seen"]} | fields
        return client.post(ADDRESS, fields | {"then": then})

    return press


def test_selection_of_members_leaves_out_whoever_has_left_or_is_on_leave(organiser):
    MemberFactory(user__name="Ada")
    MemberFactory(user__name="Bo", state=Member.State.ON_LEAVE)
    MemberFactory(user__name="Cy", state=Member.State.ALUMNI, left_at=timezone.now())
    assert names(Selection.MEMBERS) == ["Orla Quinn", "Ada"]
    assert names(Selection.EVERYBODY) == ["Orla Quinn", "Ada", "Bo"]


def test_selection_of_a_session_follows_the_answers(organiser, group):
    session = SessionFactory()
    said = {"Yes": Rsvp.Answer.YES, "Maybe": Rsvp.Answer.MAYBE, "No": Rsvp.Answer.NO}
    for name, answer in said.items():
        Rsvp.objects.create(
            session=session, member=MemberFactory(user__name=name), answer=answer, answered_at=timezone.now()
        )
    MemberFactory(user__name="Silent")
    guest = ApplicationFactory(name="Guest", state=State.SHORTLISTED)
    GuestChair.objects.create(
        session=session,
        application=guest,
        token_hash="x",
        state=GuestChair.State.ACCEPTED,
        offered_at=timezone.now(),
    )
    assert names(Selection.COMING, session=session) == ["Yes", "Guest"]
    assert names(Selection.UNANSWERED, session=session) == ["Orla Quinn", "Silent"]


def test_selection_of_applicants_follows_the_list_and_leaves_out_unconfirmed_addresses(organiser):
    ApplicationFactory(name="Waits", state=State.WAITING)
    ApplicationFactory(name="Listed", state=State.SHORTLISTED)
    ApplicationFactory(name="Unknown", state=State.UNCONFIRMED, confirmed_at=None)
    found = circulars.addressees(
        Selection.APPLICANTS, session=None, query="state=waiting&state=unconfirmed", by=organiser
    )
    assert [person.name for person in found.people] == ["Waits"]


def test_look_writes_nothing_and_says_to_how_many(desk, organiser):
    MemberFactory(user__name="Ada")
    page = desk("look", to=Selection.MEMBERS)
    assert (page.status_code, Message.objects.count()) == (200, 0)
    assert "Write to 2 people" in page.text
    assert "Dear Orla Quinn," in page.text


def test_send_writes_one_mail_to_each_and_repeated_none(desk, organiser):
    MemberFactory(user__name="*Ada*", user__email="ada@example.org")
    answer = desk("send", to=Selection.MEMBERS)
    assert (answer.status_code, answer["Location"]) == (302, "/organise/outbox/?kind=circular")
    mail = Message.objects.get(to="ada@example.org")
    assert (mail.subject, mail.state) == ("Another room, *Ada*", Message.State.QUEUED)
    assert mail.text.startswith("Dear *Ada*,\n\nwe meet at the café.\n\nTuesday Readers\n")
    assert "<p>Dear *Ada*,</p>\n<p>we meet at the <em>café</em>.</p>" in mail.html
    again = desk("send", to=Selection.MEMBERS)
    assert (again.status_code, Message.objects.count()) == (409, 2)
    assert "This mail is in the outbox already. Nothing was sent twice." in again.text


def test_send_of_what_was_not_looked_at_is_refused(desk, organiser):
    seen = desk("look", to=Selection.MEMBERS).context["seen"]
    changed = desk("send", to=Selection.MEMBERS, seen=seen, text="Dear {{ name }}")
    MemberFactory()
    grown = desk("send", to=Selection.MEMBERS, seen=seen)
    unseen = desk("send", to=Selection.MEMBERS, seen="")
    assert [answer.status_code for answer in (changed, grown, unseen)] == [409, 409, 409]
    assert Message.objects.count() == 0
    sentence = "The words or the people are not those that you looked at. Look again; nothing was sent."
    assert sentence in changed.text


def test_send_to_others_than_were_looked_at_is_refused_though_they_are_as_many(desk, organiser):
    ApplicationFactory(state=State.WAITING)
    seen = desk("look", to=Selection.MEMBERS).context["seen"]
    answer = desk("send", to=Selection.APPLICANTS, queue="state=waiting", seen=seen)
    assert (answer.status_code, Message.objects.count()) == (409, 0)


def test_barred_account_gets_none(desk, organiser):
    MemberFactory(user__name="Barred", user__is_active=False)
    assert names(Selection.MEMBERS) == ["Orla Quinn"]


def test_history_of_an_applicant_who_wants_no_such_mail_does_not_tell_of_one(desk, organiser):
    ApplicationFactory(name="Waits", state=State.WAITING)
    quiet = ApplicationFactory(name="Quiet", state=State.WAITING)
    key = recipients.of_application(quiet.pk)
    choices.choose(key, {"circular_applicants": choices.How.NOTHING}, now=timezone.now())
    assert desk("send", to=Selection.APPLICANTS, queue="state=waiting").status_code == 302
    told = ApplicationChange.objects.filter(reason__startswith="Wrote to many")
    assert list(told.values_list("application__name", flat=True)) == ["Waits"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "{% if name %}" * 350 + "x" + "{% endif %}" * 350,
            "Use at most 10 conditions within one another.",
        ),
        ("{% if " + "not " * 2000 + "name %}x{% endif %}", "Shorten the condition"),
    ],
)
def test_conditions_without_end_are_refused(desk, organiser, text, sentence):
    page = desk("look", to=Selection.MEMBERS, text=text)
    assert page.status_code == 422
    assert sentence in page.text


def test_who_wants_no_such_mail_is_not_counted_and_gets_none(desk, organiser):
    ada = MemberFactory(user__name="Ada")
    key = recipients.of_user(ada.user_id)
    choices.choose(key, {"circular": choices.How.NOTHING}, now=timezone.now())
    page = desk("look", to=Selection.MEMBERS)
    assert "It goes to 1 person; 1 more wants no such mail, or only a digest." in page.text
    assert desk("send", to=Selection.MEMBERS).status_code == 302
    assert Message.objects.get(recipient=key).state == Message.State.HELD


def test_mail_to_applicants_carries_their_own_link_and_stands_in_their_history(desk, organiser):
    application = ApplicationFactory(name="Waits", state=State.WAITING)
    page = desk("look", to=Selection.APPLICANTS, queue="state=waiting")
    assert application.token not in page.text
    assert desk("send", to=Selection.APPLICANTS, queue="state=waiting").status_code == 302
    mail = Message.objects.get()
    assert mail.secrets == [application.token]
    assert f"{settings.SITE_URL}{application.get_absolute_url()}" in mail.text
    line = ApplicationChange.objects.filter(application=application).latest("pk")
    assert line.reason == "Wrote to many: Another room, {{ name }}"


def test_test_goes_to_its_writer_alone_and_once(desk, organiser):
    MemberFactory()
    for _ in range(2):
        assert desk("test", to=Selection.MEMBERS).status_code == 200
    mail = Message.objects.get()
    assert (mail.to, mail.subject) == (organiser.email, "Test: Another room, Orla Quinn")
    assert mail.urgent  # its writer waits for it, also at night


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"to": ""}, "Choose whom to write to."),
        ({"to": "coming"}, "Choose the session."),
        ({"to": "coming", "session": "99999999999999999999"}, "Choose one of the sessions listed."),
        ({"to": "members", "subject": ""}, "Write a subject; it is read first."),
        ({"to": "members", "text": "Hi {{ nmae }}"}, "There is no placeholder “nmae” for this mail."),
        ({"to": "members", "text": "Hi {{ name"}, "Close the braces"),
        ({"to": "members", "text": "{% load x %}"}, "Check the braces"),
        ({"to": "members", "once": "!"}, "Press the button once more."),
    ],
)
def test_bad_input_is_told_beside_the_field_and_kept(desk, organiser, typed, sentence):
    page = desk("look", **typed)
    assert page.status_code == 422
    assert sentence in page.text
    kept = typed.get("text", WORDS["text"])
    assert kept.replace("{% load x %}", "{% load x %}").split("\n")[0] in page.text


def test_more_than_most_are_refused(desk, organiser, monkeypatch):
    monkeypatch.setattr(circulars, "MOST", 2)
    MemberFactory.create_batch(3)
    assert "More than 2 people: choose fewer." in desk("look", to=Selection.MEMBERS).text
    answer = desk("send", to=Selection.MEMBERS)
    assert (answer.status_code, Message.objects.count()) == (409, 0)


def test_member_may_not(client_of, member):
    assert client_of(member.user).get(ADDRESS).status_code == 403


@pytest.mark.parametrize("many", [1, 3, 120])
def test_page_costs_a_fixed_number_of_queries(client_of, organiser, many):
    MemberFactory.create_batch(many)
    ApplicationFactory.create_batch(3, state=State.WAITING)
    SessionFactory.create_batch(2, starts_at=timezone.now() + timedelta(days=3))
    client = client_of(organiser)
    assert queries_of(client, [ADDRESS]) == {ADDRESS: 6}
