"""The applicant's own page: where it stands, staying, the file of what is held, erasing."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from members import admissions, applying, decisions, export, invitations, keeping
from members.models import Application, Decision, Invitation, Member
from members.models.application import State
from members.waiting_time import UNKNOWN
from outbox import choices
from outbox.models import Choice, Message
from sessions_app.models import GuestChair
from tests.factories import (
    ApplicationFactory,
    CriterionFactory,
    MemberFactory,
    OrganiserFactory,
    SessionFactory,
    StrengthFactory,
)
from tests.mails import release_all
from tests.members.test_applying import ANSWERS
from tests.studygroup.test_pages import queries_of

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def address(application: Application, name: str = "application") -> str:
    return reverse(name, args=[application.token])


def words_of(page: str) -> str:
    """The text of a page's main part, without marks and with single spaces."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main.partition(">")[2])).split())


def text(client, application: Application, name: str = "application") -> str:
    response = client.get(address(application, name))
    assert response.status_code == 200
    return words_of(response.text)


def snapshot() -> dict[str, list]:
    """Every row of every table of ours."""
    return {
        model._meta.label: list(model.objects.order_by("pk").values())
        for app in ("members", "sessions_app", "outbox")
        for model in apps.get_app_config(app).get_models()
    }


def asked(**fields) -> Application:
    """Somebody who was asked "still interested?" and has not answered."""
    since = timezone.now() - timedelta(days=200)
    return ApplicationFactory(applied_at=since, asked_at=timezone.now() - 5 * DAY, **fields)


# --- Where it stands


@pytest.mark.parametrize(
    ("state", "title", "following"),
    [
        ("unconfirmed", "Is this your address?", "Confirm it, and the application joins the waiting list."),
        (
            "waiting",
            "You are on the waiting list",
            "You need not do anything; we write when something changes.",
        ),
        (
            "shortlisted",
            "You are on the shortlist",
            "When they offer you a seat, we write to zoe@example.org",
        ),
        ("invited", "A seat is held for you", "the seat goes back to the group"),
        ("dormant", "Your application rests", "Press the button if you would still like a seat"),
        ("joined", "You have a seat", "Open the next session to see what to prepare."),
        ("declined", "We could not offer you a seat", "You may apply again , and our notes stay open"),
        ("withdrawn", "Your application is withdrawn", "You may apply again whenever you like."),
    ],
)
def test_page_says_in_words_where_it_stands_and_what_follows(group, client, state, title, following):
    application = ApplicationFactory(state=state, email="zoe@example.org")
    page = client.get(address(application)).text
    assert re.search(r"<h1[^>]*>(.*?)</h1>", page)[1] == title
    assert following in words_of(page)


def test_every_state_has_its_title(group, client):
    titles = {
        state: re.search(r"<h1[^>]*>(.*?)</h1>", client.get(address(ApplicationFactory(state=state))).text)[1]
        for state in State.values
    }
    assert len(set(titles.values())) == len(State.values)


def test_page_says_since_when_and_when_it_last_moved(group, client):
    application = ApplicationFactory(
        applied_at=datetime(2026, 1, 3, 23, 0, tzinfo=UTC), moved_at=datetime(2026, 2, 5, 9, 0, tzinfo=UTC)
    )
    page = text(client, application)
    assert "Waiting On the list since Sunday 4 January 2026 Last moved Thursday 5 February 2026" in page


def test_page_of_an_open_invitation_says_until_when(group, organiser, client):
    application = ApplicationFactory(state=State.SHORTLISTED)
    invitation = admissions.invite(application_id=application.pk, by=organiser, now=timezone.now())
    invitation.expires_at = datetime(2126, 7, 9, 15, 30, tzinfo=UTC)
    invitation.save()
    assert "The seat is yours until Tuesday 9 July, 18:30 (Tallinn time)." in text(client, application)


@pytest.mark.parametrize("state", ["dormant", "declined", "withdrawn"])
def test_page_says_until_when_it_is_kept(group, client, state):
    application = ApplicationFactory(state=state, moved_at=NOW)
    assert "Unless something changes, we erase all of it after 3 March 2027." in text(client, application)


# --- What has happened


def test_history_is_told_without_names_notes_and_reasons(group, organiser, client):
    """Through the real verbs, so that a reason worded otherwise would be missed here."""
    application = applying.apply(email="zoe@example.org", answers=ANSWERS, strengths=[], now=NOW)
    pk = application.pk
    applying.confirm(application_id=pk, now=NOW)
    applying.edit(application_id=pk, answers=ANSWERS, strengths=[], now=NOW)
    admissions.abstain(application_id=pk, by=organiser, note="secret note", now=NOW)
    admissions.shortlist(application_id=pk, by=organiser, now=NOW, override="secret override")
    keeping.ask_due(now=NOW + 180 * DAY)
    keeping.keep(application_id=pk, now=NOW + 181 * DAY)
    keeping.ask_due(now=NOW + 361 * DAY)
    keeping.put_to_sleep(now=NOW + 391 * DAY)
    keeping.keep(application_id=pk, now=NOW + 392 * DAY)
    when = NOW + 393 * DAY
    for grant in (True, False):
        invitation = admissions.invite(
            application_id=pk, by=organiser, now=when, reason="secret reason of order"
        )
        token = Message.objects.get(kind="invitation", about=f"invitation:{invitation.pk}").secrets[1]
        invitations.ask_more(token=token, note="secret to others", now=when)
        when = invitations.answer_more(
            invitation_id=invitation.pk, grant=grant, by=organiser, now=when
        ).expires_at
        release_all()
        invitations.lapse_overdue(now=when)
    keeping.keep(application_id=pk, now=when)
    decisions.prepare(
        application_id=pk, kind=Decision.Kind.DECLINE, by=organiser, now=when, reason="secret draft"
    )

    response = client.get(address(application))

    assert [told.what for told in response.context["history"]] == [
        "You applied",
        "You confirmed your address",
        "You changed your answers",
        "Your application came onto the shortlist",
        "You said that you are still interested",
        "You did not answer our question, and your application rests",
        "You asked to stay on the list",
        "A seat was offered to you",
        "You asked for another month",
        "You have another month to answer the invitation",
        "The invitation lapsed, and your application is back on the shortlist",
        "A seat was offered to you",
        "You asked for another month",
        "We could not hold the seat for another month",
        "A second invitation lapsed, and your application rests",
        "You asked to stay on the list",
    ]
    assert (response.text.count("secret"), response.text.count("Orla")) == (0, 0)


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("decline", "You declined the seat"),
        ("withdraw", "You withdrew the application"),
        ("revoke", "We took the invitation back; your application is on the shortlist again"),
        ("accept", "You took the seat"),
    ],
)
def test_history_tells_how_an_invitation_ended(group, organiser, end, told):
    application = ApplicationFactory(state=State.SHORTLISTED)
    invitation = admissions.invite(application_id=application.pk, by=organiser, now=NOW)
    token = Message.objects.get(kind="invitation").secrets[1]
    {
        "decline": lambda: invitations.decline(token=token, now=NOW),
        "withdraw": lambda: applying.withdraw(application_id=application.pk, now=NOW),
        "revoke": lambda: invitations.revoke(
            invitation_id=invitation.pk, by=organiser, now=NOW, reason="secret"
        ),
        "accept": lambda: invitations.accept(token=token, now=NOW),
    }[end]()
    assert export.history(application.changes.all())[-1] == export.Told(NOW, told)


def test_declined_page_tells_the_reason_and_no_note(group, organiser, client):
    application = ApplicationFactory()
    admissions.review(application_id=application.pk, by=organiser, scores={}, note="secret", now=NOW)
    admissions.decline(application_id=application.pk, by=organiser, reason="We lean <to> R.", now=NOW)
    page = client.get(address(application)).text
    assert "We lean &lt;to&gt; R." in page
    assert ("secret" in page, "Orla" in page) == (False, False)


def test_refusals_name_nobody(group, organiser, client):
    application = ApplicationFactory()
    admissions.review(application_id=application.pk, by=organiser, scores={}, note="", now=NOW)
    admissions.decline(application_id=application.pk, by=organiser, reason="No", now=NOW)
    for name, sentence in (
        ("application_withdraw", "Your application is declined now. Nothing was changed."),
        ("application_keep", "Your application is declined now. Nothing was changed."),
        ("application_edit", "Your application is declined; it cannot be changed."),
    ):
        page = client.post(address(application, name), follow=True).text
        assert sentence in words_of(page)
        assert "Orla" not in page


# --- How long it may take


def test_wait_is_said_in_the_line_alone(group, client):
    said = {
        state: UNKNOWN in text(client, ApplicationFactory(state=state, applied_at=NOW))
        for state in State.values
    }
    assert {state for state, is_said in said.items() if is_said} == {"waiting", "shortlisted"}


def test_wait_is_a_range_with_its_condition(group, client):
    group.capacity = 1
    group.save()
    MemberFactory()
    for _ in range(12):
        MemberFactory(state="alumni", left_at=timezone.now() - timedelta(days=200))
    ApplicationFactory.create_batch(3, applied_at=timezone.now() - timedelta(days=9))
    # The fourth, one departure in two months: chi-squared (8) / 2 × 2 is 3.5 to 13.4 months.
    assert "between three months and a year, if everybody before you is invited." in text(
        client, ApplicationFactory()
    )


# --- Keeping


def test_keep_is_offered_when_asked_or_asleep_and_then_no_more(group, client):
    for application, after in (
        (asked(), State.WAITING),
        (asked(state=State.SHORTLISTED), State.SHORTLISTED),
        (ApplicationFactory(state=State.DORMANT), State.WAITING),
    ):
        button = f'action="{address(application, "application_keep")}"'
        assert button in client.get(address(application)).text

        page = client.post(address(application, "application_keep"), follow=True).text

        assert "Thank you. You are on the list, with the place that you had." in words_of(page)
        assert button not in page
        again = client.post(address(application, "application_keep"), follow=True)
        assert again.status_code == 200
        application.refresh_from_db()
        assert (application.state, application.changes.count()) == (after, 1)


def test_keep_is_not_offered_unasked(group, client):
    for state in set(State.values) - {State.DORMANT}:
        assert "Keep me on the list" not in client.get(address(ApplicationFactory(state=state))).text


def test_one_primary_button(group, client):
    for application in (asked(), ApplicationFactory(), ApplicationFactory(state=State.DORMANT)):
        assert client.get(address(application)).text.count("btn-primary") == 1


# --- What is held


@pytest.fixture
def much(group, organiser) -> Application:
    """An application of which everything is held that can be."""
    other = OrganiserFactory(user__name="Rhea Lindqvist").user
    application = ApplicationFactory(
        email="Zoe@Example.org",
        name="Zoë",
        links=["https://example.org/z"],
        talk="Bees",
        applied_at=NOW - 9 * DAY,
        asked_at=NOW - 4 * DAY,
        kept_at=NOW - 3 * DAY,
        place=1,
    )
    application.strengths.set([StrengthFactory(name="Statistics"), StrengthFactory(name="Writing")])
    depth, width = CriterionFactory(name="Depth"), CriterionFactory(name="Width")
    admissions.review(
        application_id=application.pk, by=organiser, scores={depth: 4, width: 2}, note="Clear", now=NOW
    )
    admissions.abstain(application_id=application.pk, by=other, note="A friend", now=NOW + DAY)
    admissions.shortlist(application_id=application.pk, by=organiser, now=NOW)
    GuestChair.objects.create(
        session=SessionFactory(number=7, title="Bees", starts_at=NOW + 5 * DAY),
        application=application,
        token_hash="h",
        offered_at=NOW,
    )
    invitation = admissions.invite(application_id=application.pk, by=organiser, now=NOW)
    release_all()
    token = Message.objects.get(kind="invitation").secrets[1]
    invitations.ask_more(token=token, note="At sea", now=NOW + DAY)
    Message.objects.create(
        kind="note",
        about=f"application:{application.pk}",
        to="rhea@example.org",
        subject="To somebody else",
        text="",
        html="",
        message_id="<1@example.org>",
        created_at=NOW,
        due_at=NOW,
    )
    decisions.prepare(
        application_id=application.pk, kind=Decision.Kind.DECLINE, by=organiser, now=NOW, reason="Draft"
    )
    assert invitation.application == application
    return application


def test_export_is_complete_and_names_no_reviewer(much, client):
    response = client.get(address(much, "application_export"))

    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"] == 'attachment; filename="application.json"'
    held = response.json()
    assert held.pop("note") == export.NOTE
    assert "not named" in export.NOTE
    assert datetime.fromisoformat(held.pop("written_at")) <= timezone.now()
    mails = held.pop("mails")
    assert held == {
        "group": "Tuesday Readers",
        "application": {
            "state": "Invited",
            "address": "Zoe@Example.org",
            "name": "Zoë",
            "what_you_do_now": "Nurse",
            "relevant_experience": "I kept the statistics of a ward for six years.",
            "interest": "I want to read with others.",
            "strengths": ["Statistics", "Writing"],
            "links": ["https://example.org/z"],
            "talk": "Bees",
            "applied_at": "2026-02-21T18:00:00Z",
            "confirmed_at": "2026-02-21T18:00:00Z",
            "on_the_list_since": "2026-02-21T18:00:00Z",
            "edited_at": None,
            "last_moved_at": "2026-03-02T18:00:00Z",
            "asked_whether_still_interested_at": "2026-02-26T18:00:00Z",
            "said_still_interested_at": "2026-02-27T18:00:00Z",
            "place_on_the_shortlist": 1,
            "invitations_not_answered": 0,
            "mean_score": 3.0,
        },
        "history": [
            {"at": "2026-03-02T18:00:00Z", "what": "Your application came onto the shortlist"},
            {"at": "2026-03-02T18:00:00Z", "what": "A seat was offered to you"},
            {"at": "2026-03-03T18:00:00Z", "what": "You asked for another month"},
        ],
        "reviews": [
            {
                "saved_at": "2026-03-02T18:00:00Z",
                "abstained": False,
                "scores": {"Depth": 4, "Width": 2},
                "note": "Clear",
            },
            {"saved_at": "2026-03-03T18:00:00Z", "abstained": True, "scores": {}, "note": "A friend"},
        ],
        "invitations": [
            {
                "address": "Zoe@Example.org",
                "state": "open",
                "issued_at": "2026-03-02T18:00:00+00:00",
                "expires_at": "2026-03-16T18:00:00+00:00",
                "reminded_at": None,
                "answered_at": None,
                "asked_for_another_month_at": "2026-03-03T18:00:00+00:00",
                "your_note": "At sea",
                "another_month_granted": None,
            }
        ],
        "guest_chairs": [
            {
                "session": 7,
                "title": "Bees",
                "starts_at": "2026-03-07T18:00:00+00:00",
                "state": "offered",
                "offered_at": "2026-03-02T18:00:00+00:00",
                "answered_at": None,
            }
        ],
        "how_you_want_your_mail": {},
    }
    assert [(mail["subject"], mail["to"], mail["written_at"], mail["sent_at"]) for mail in mails] == [
        (
            "Your application to Tuesday Readers is on the shortlist",
            "Zoe@Example.org",
            "2026-03-02T18:00:00Z",
            None,
        ),
        (
            "A seat in Tuesday Readers is yours until Monday 16 March, 20:00",
            "Zoe@Example.org",
            "2026-03-02T18:00:00Z",
            None,
        ),
    ]
    assert "Zoë" in response.text  # not escaped: a person reads the file


def test_export_carries_no_live_link_and_no_name_of_the_organisers(much, client):
    file = client.get(address(much, "application_export")).text
    secrets = {secret for message in Message.objects.all() for secret in message.secrets}
    assert len(secrets) == 2
    assert [word for word in [*secrets, "Orla", "Rhea", "Draft"] if word in file] == []
    assert "/invitation/[taken out]/" in file


def test_export_holds_mails_about_other_things_and_how_mail_is_wanted_but_nothing_unsent(much, client):
    name = f"application:{much.pk}"
    for number, (state, why) in enumerate(
        [("sent", ""), ("draft", ""), ("held", "stopped"), ("held", "discarded"), ("held", "outdated")]
    ):
        Message.objects.create(
            kind="circular_applicants",
            about=f"circular:{number}",
            to="former@example.org",
            recipient=name,
            subject=f"Circular {state} {why}".strip(),
            text="T",
            html="T",
            state=state,
            held_because=why,
            sent_at=NOW if state == "sent" else None,
            message_id=f"<c{number}@example.org>",
            created_at=NOW + DAY,
            due_at=NOW,
        )
    Choice.objects.create(recipient=name, kind="circular_applicants", how="nothing", changed_at=NOW)
    stop = choices.stop_token(name, "circular_applicants")
    Message.objects.filter(kind="circular_applicants").update(text=f"Stop: /mail/stop/{stop}/")

    held = client.get(address(much, "application_export")).json()

    subjects = [mail["subject"] for mail in held["mails"]]
    assert subjects[-2:] == ["Circular sent", "Circular held stopped"]
    assert held["mails"][-1]["text"] == "Stop: /mail/stop/[taken out]/"
    assert len(subjects) == 4
    assert held["how_you_want_your_mail"] == {"The organisers write to applicants": "Not at all"}


def test_export_of_every_state_is_a_file(group, client):
    for state in State.values:
        held = json.loads(client.get(address(ApplicationFactory(state=state), "application_export")).text)
        assert held["application"]["state"] == State(state).label


def test_export_tells_the_reason_of_a_decline(group, organiser, client):
    application = ApplicationFactory()
    admissions.review(application_id=application.pk, by=organiser, scores={}, note="", now=NOW)
    admissions.decline(application_id=application.pk, by=organiser, reason="We lean to R.", now=NOW)
    assert client.get(address(application, "application_export")).json()["history"] == [
        {"at": "2026-03-02T18:00:00Z", "what": "We could not offer you a seat", "reason": "We lean to R."}
    ]


# --- Erasing


@pytest.mark.parametrize(
    ("state", "follows"),
    [
        ("unconfirmed", "The application has not been reviewed, and will not be."),
        ("waiting", "You lose your place on the list, and no seat is offered to you."),
        ("shortlisted", "You lose your place on the list, and no seat is offered to you."),
        ("dormant", "You lose your place on the list, and no seat is offered to you."),
        ("invited", "The seat that is held for you goes to somebody else"),
        ("joined", "You have joined: your seat, your account and what you did in the group stay."),
        ("declined", "The application is closed already; nothing else changes."),
        ("withdrawn", "The application is closed already; nothing else changes."),
    ],
)
def test_erase_says_what_follows_and_then_the_link_is_gone(group, client, state, follows):
    application = ApplicationFactory(state=state)
    assert follows in text(client, application, "application_erase")
    assert Application.objects.count() == 1

    done = client.post(address(application, "application_erase"), follow=True)

    assert done.redirect_chain == [("/application/erased/", 302)]
    assert words_of(done.text).startswith("The application is erased")
    assert Application.objects.count() == 0
    for name in ("application", "application_edit", "application_export", "application_erase"):
        assert client.get(address(application, name)).status_code == 404
    again = client.post(address(application, "application_erase"), follow=True)
    assert again.redirect_chain == [("/application/erased/", 302)]


def test_erase_of_somebody_who_joined_keeps_the_member(group, organiser, client):
    application = ApplicationFactory(state=State.SHORTLISTED)
    admissions.invite(application_id=application.pk, by=organiser, now=NOW)
    member = invitations.accept(token=Message.objects.get(kind="invitation").secrets[1], now=NOW)
    client.post(address(application, "application_erase"))
    assert (Application.objects.count(), Member.objects.active().filter(pk=member.pk).count()) == (0, 1)


@pytest.mark.parametrize(
    "name", ["application_keep", "application_export", "application_erase", "application_withdraw"]
)
def test_forged_link_opens_nothing(group, client, name):
    ApplicationFactory()
    for token in ("x", "0" * 32 + ":forged", "%00"):
        link = reverse(name, args=[token])
        assert {client.get(link).status_code, client.post(link).status_code} <= {404, 405}
        assert client.post(link).status_code in (404, 405)
    assert Application.objects.count() == 1


# --- Reading changes nothing


def test_get_and_head_of_every_address_change_nothing(much, client):
    """Rule 4: mail scanners open every link."""
    Invitation.objects.update(expires_at=timezone.now() + DAY)
    token = Message.objects.get(kind="invitation").secrets[1]
    private = [
        "application",
        "application_confirm",
        "application_edit",
        "application_withdraw",
        "application_keep",
        "application_export",
        "application_erase",
    ]
    fresh, dormant = ApplicationFactory(state="unconfirmed"), ApplicationFactory(state="dormant")
    links = [address(each, name) for each in (much, fresh, dormant, asked()) for name in private]
    links += [
        reverse(name, args=[token])
        for name in ("invitation", "invitation_accept", "invitation_decline", "invitation_more")
    ]
    before = snapshot()
    answers = [method(link).status_code for link in links for method in (client.get, client.head)]
    assert set(answers) == {200, 302, 405}
    assert snapshot() == before


# --- What it costs

COSTS = {
    "unconfirmed": 2,
    "waiting": 6,
    "shortlisted": 6,
    "invited": 5,
    "dormant": 4,
    "joined": 4,
    "declined": 4,
    "withdrawn": 4,
}


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_page_costs_a_fixed_number_of_queries(group, client, rows):
    for _ in range(min(rows, 30)):
        MemberFactory(state="alumni", left_at=timezone.now() - DAY)
    for _ in range(5):
        MemberFactory(state="alumni", left_at=timezone.now() - DAY)
    ApplicationFactory.create_batch(rows, applied_at=timezone.now() - 20 * DAY)
    mine = {state: ApplicationFactory(state=state) for state in State.values}
    for application in mine.values():
        application.strengths.set(StrengthFactory.create_batch(min(rows, 9)))
        for _ in range(rows):
            application.changes.create(before="", after=application.state, by="system", at=NOW)
    found = queries_of(client, [address(application) for application in mine.values()])
    assert dict(zip(mine, found.values(), strict=True)) == COSTS


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_file_and_questions_cost_a_fixed_number_of_queries(much, client, rows):
    criteria = CriterionFactory.create_batch(min(rows, 9))
    for reviewer in [MemberFactory().user for _ in range(min(rows, 9))]:
        admissions.review(
            application_id=much.pk, by=reviewer, scores=dict.fromkeys(criteria, 3), note="x", now=NOW
        )
    for _ in range(rows):
        much.changes.create(before="", after="waiting", by="system", at=NOW)
    costs = {
        address(much, "application_export"): 6,
        address(much, "application_erase"): 2,
        reverse("application_erased"): 1,
    }
    assert queries_of(client, costs) == costs


@pytest.mark.parametrize("state", ["joined", "declined", "withdrawn"])
def test_page_of_a_closed_application_does_not_say_that_it_is_on_the_list(group, client, state):
    application = ApplicationFactory(state=state, applied_at=NOW, moved_at=NOW)
    page = text(client, application)
    assert ("On the list since" in page, "Applied on" in page) == (False, True)
    assert "it lets its reader download or erase the application." in page


def test_privacy_page_says_that_the_applicant_sees_scores_and_notes(group, client):
    page = words_of(client.get("/privacy/").text)
    assert "only you can see these, without the names of who wrote them" in page
