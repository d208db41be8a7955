"""An invitation after it was sent: taken back, extended, mentioned again, lapsed; the verbs and the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from members import admissions, invitations, keeping, seats
from members.errors import InvitationClosed, Refused
from members.models import Application, Invitation, Member, SeatChange
from members.models.application import State
from outbox.models import Message
from tests.factories import ApplicationFactory, GroupFactory, MemberFactory, OrganiserFactory
from tests.mails import release_all
from tests.members.test_keeping import at_once, log_of
from tests.studygroup.test_pages import queries_of

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def invited(organiser, now: datetime = NOW, **fields) -> tuple[Application, Invitation, str]:
    """An application with an open invitation whose mail was released, and the token of that mail."""
    application = ApplicationFactory(
        state=State.SHORTLISTED, name="Zoë", email="zoe@example.org", applied_at=now - 3 * DAY, **fields
    )
    invitation = admissions.invite(application_id=application.pk, by=organiser, now=now)
    release_all()
    return application, invitation, token_in("invitation")


def token_in(kind: str) -> str:
    return Message.objects.filter(kind=kind).latest("pk").secrets[1]


def ledger() -> list[tuple]:
    return list(SeatChange.objects.order_by("pk").values_list("kind", "actor__name", "note", "taken", "held"))


# --- Taken back


def test_revoke_frees_the_seat_and_returns_to_the_place(group, organiser, outbox):
    application, invitation, token = invited(organiser, place=3)

    invitations.revoke(invitation_id=invitation.pk, by=organiser, now=NOW + DAY, reason="We counted wrong.")

    application.refresh_from_db()
    invitation.refresh_from_db()
    assert (application.state, application.place, application.lapses) == (State.SHORTLISTED, 3, 0)
    assert (invitation.state, invitation.answered_at) == (Invitation.State.REVOKED, NOW + DAY)
    assert log_of(application)[-1] == ("invited", "shortlisted", "organiser", "Revoked: We counted wrong.")
    assert ledger() == [
        ("held", "Orla Quinn", "", 1, 1),
        ("released", "Orla Quinn", "Taken back", 1, 0),
    ]
    assert "We counted wrong." in outbox.last("revoked").text
    with pytest.raises(InvitationClosed, match="taken back by the organisers"):
        invitations.accept(token=token, now=NOW + DAY)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_revoke_without_a_reason_is_refused(group, organiser, reason):
    _, invitation, _ = invited(organiser)
    with pytest.raises(Refused) as refusal:
        invitations.revoke(invitation_id=invitation.pk, by=organiser, now=NOW, reason=reason)
    assert str(refusal.value) == "Give a reason; the invitee reads it."
    assert Invitation.objects.open().count() == 1


def answered(organiser) -> tuple[Invitation, str]:
    _, invitation, token = invited(organiser)
    invitations.accept(token=token, now=NOW)
    return invitation, "This invitation has been accepted. Sign in to open the next session."


def expired(organiser) -> tuple[Invitation, str]:
    _, invitation, _ = invited(organiser, now=NOW - 14 * DAY)
    return invitation, "This invitation has lapsed, and the seat went back to the group."


def erased(organiser) -> tuple[Invitation, str]:
    application, invitation, _ = invited(organiser)
    keeping.erase(application_id=application.pk, now=NOW)
    return invitation, "This invitation was erased, with its application. Nothing was changed."


@pytest.mark.parametrize("closed", [answered, expired, erased])
def test_revoke_and_answer_come_too_late(group, organiser, closed):
    invitation, sentence = closed(organiser)
    Invitation.objects.update(asked_more_at=NOW)
    before = list(Invitation.objects.values()), ledger()
    for verb in (
        lambda: invitations.revoke(invitation_id=invitation.pk, by=organiser, now=NOW, reason="No"),
        lambda: invitations.answer_more(invitation_id=invitation.pk, grant=True, by=organiser, now=NOW),
    ):
        with pytest.raises(InvitationClosed) as refusal:
            verb()
        assert str(refusal.value) == sentence
    assert (list(Invitation.objects.values()), ledger()) == before


# --- Another month


def ask(token: str, now: datetime = NOW, note: str = "") -> Invitation:
    return invitations.ask_more(token=token, note=note, now=now)


def test_ask_more_is_kept_once_and_moves_no_date(group, organiser):
    application, invitation, token = invited(organiser)

    ask(token, note="I am at sea until April.")
    with pytest.raises(Refused) as refusal:
        ask(token, now=NOW + DAY, note="Still at sea.")

    before, invitation = invitation, Invitation.objects.get()
    assert str(refusal.value) == "You have asked for more time already. Nothing was changed."
    assert (invitation.asked_more_at, invitation.asked_more_note) == (NOW, "I am at sea until April.")
    assert (invitation.more_granted, invitation.expires_at) == (None, before.expires_at)
    assert log_of(application)[-1] == ("invited", "invited", "applicant", "Asked for another month")


def test_ask_more_after_the_expiry_is_refused(group, organiser):
    _, invitation, token = invited(organiser)
    with pytest.raises(InvitationClosed):
        ask(token, now=invitation.expires_at)


def test_granted_month_is_added_to_the_expiry_and_told(group, organiser, outbox):
    application, invitation, token = invited(organiser)
    ask(token)

    answer = invitations.answer_more(invitation_id=invitation.pk, grant=True, by=organiser, now=NOW + DAY)
    with pytest.raises(Refused) as refusal:
        invitations.answer_more(invitation_id=invitation.pk, grant=False, by=organiser, now=NOW + DAY)

    assert (answer.more_granted, answer.expires_at) == (True, NOW + 44 * DAY)
    assert str(refusal.value) == "There is no request for more time to answer. Nothing was changed."
    assert log_of(application)[-1] == ("invited", "invited", "organiser", "Granted another month")
    mail = outbox.last("more_time")
    assert mail.subject == "Your seat in Tuesday Readers is held until Wednesday 15 April"
    assert "until Wednesday 15 April 2026, 21:00 (Tallinn time)" in mail.text  # summer time has begun
    assert invitations.lapse_overdue(now=NOW + 43 * DAY) == 0
    invitations.accept(token=token, now=NOW + 43 * DAY)


@pytest.mark.parametrize(
    ("lapses", "follows"),
    [(0, "returns to the shortlist and keeps its place."), (1, "rests until you wake it.")],
)
def test_refused_month_leaves_the_date_and_says_what_follows(group, organiser, outbox, lapses, follows):
    application, invitation, token = invited(organiser, lapses=lapses)
    ask(token)

    answer = invitations.answer_more(invitation_id=invitation.pk, grant=False, by=organiser, now=NOW + DAY)

    assert (answer.more_granted, answer.expires_at) == (False, invitation.expires_at)
    assert log_of(application)[-1] == ("invited", "invited", "organiser", "Did not grant another month")
    assert outbox.last("more_time").subject == "Your seat in Tuesday Readers: no more time"
    assert f"If we do not hear from you, your application {follows}" in outbox.last("more_time").text


def test_answer_without_a_question_is_refused(group, organiser):
    _, invitation, _ = invited(organiser)
    with pytest.raises(Refused, match="There is no request"):
        invitations.answer_more(invitation_id=invitation.pk, grant=True, by=organiser, now=NOW)


# --- The reminder


def test_reminds_once_within_the_groups_days(group, organiser, outbox):
    _, invitation, token = invited(organiser)
    due = invitation.expires_at - 3 * DAY

    counts = [invitations.remind_due(now=when) for when in (due - timedelta(seconds=1), due, due + DAY)]

    assert counts == [0, 1, 0]
    assert outbox.kinds() == ["invitation", "invitation_reminder"]
    mail = outbox.last("invitation_reminder")
    assert mail.subject == "Your seat in Tuesday Readers is held until Monday 16 March, 20:00"
    assert "lets you take it, decline it, or ask for another month:" in mail.text
    assert token_in("invitation_reminder") != token


def test_reminder_offers_no_second_request_for_time(group, organiser, outbox):
    _, invitation, token = invited(organiser)
    ask(token)
    invitations.remind_due(now=invitation.expires_at - DAY)
    assert "lets you take it or decline it:" in outbox.last("invitation_reminder").text


def test_reminds_again_after_the_time_was_extended(group, organiser, outbox):
    _, invitation, token = invited(organiser)
    ask(token)
    invitations.remind_due(now=invitation.expires_at - 3 * DAY)
    asked = invitation.expires_at - 2 * DAY
    extended = invitations.answer_more(invitation_id=invitation.pk, grant=True, by=organiser, now=asked)

    due = extended.expires_at - 3 * DAY
    assert [invitations.remind_due(now=when) for when in (asked, due, due)] == [0, 1, 0]
    assert outbox.kinds().count("invitation_reminder") == 2


@pytest.mark.parametrize(("reminder_days", "invitation_days"), [(0, 14), (3, 3), (14, 14)])
def test_no_reminder_when_switched_off_or_at_once(group, organiser, reminder_days, invitation_days):
    group.reminder_days, group.invitation_days = reminder_days, invitation_days
    group.save()
    _, invitation, _ = invited(organiser)
    assert [invitations.remind_due(now=when) for when in (NOW, invitation.expires_at - DAY)] == [0, 0]


def test_no_reminder_of_what_is_closed_or_over(group, organiser):
    _, invitation, token = invited(organiser)
    assert invitations.remind_due(now=invitation.expires_at) == 0
    invitations.decline(token=token, now=NOW)
    assert invitations.remind_due(now=invitation.expires_at - DAY) == 0


def test_link_of_the_reminder_works_too(group, organiser, client):
    invited(organiser, now=timezone.now() - 12 * DAY)
    invitations.remind_due(now=timezone.now())
    token = token_in("invitation_reminder")
    assert "A seat in Tuesday Readers is yours" in client.get(f"/invitation/{token}/").text
    assert client.post(f"/invitation/{token}/accept/").headers["Location"] == "/next/"
    assert Member.objects.active().filter(user__email="zoe@example.org").exists()


# --- Lapses


def test_first_lapse_keeps_the_place_and_the_second_lets_it_rest(group, organiser, outbox):
    application, invitation, _ = invited(organiser, place=2)
    invitations.lapse_overdue(now=invitation.expires_at)
    application.refresh_from_db()
    assert (application.state, application.place, application.lapses) == (State.SHORTLISTED, 2, 1)
    assert "is back on the shortlist and keeps its place" in outbox.last("lapsed").text

    again = admissions.invite(application_id=application.pk, by=organiser, now=NOW + 20 * DAY)
    release_all()
    invitations.lapse_overdue(now=again.expires_at)

    application.refresh_from_db()
    assert (application.state, application.place, application.lapses) == (State.DORMANT, 2, 2)
    assert "Your application now rests" in outbox.last("lapsed").text
    assert log_of(application)[1::2] == [
        ("invited", "shortlisted", "system", "The invitation lapsed"),
        ("invited", "dormant", "system", "A second invitation lapsed"),
    ]
    assert seats.count(group).held == 0


# --- Never sent


def test_lapse_of_an_unreleased_invitation_frees_the_seat_and_is_not_the_applicants(group, organiser, outbox):
    """Who was never asked has let nothing lapse, and is told nothing."""
    application = ApplicationFactory(state=State.SHORTLISTED, place=2)
    invitation = admissions.invite(application_id=application.pk, by=organiser, now=NOW)

    assert invitations.remind_due(now=invitation.expires_at - DAY) == 0
    assert invitations.lapse_overdue(now=invitation.expires_at) == 1

    application.refresh_from_db()
    assert (application.state, application.place, application.lapses) == (State.SHORTLISTED, 2, 0)
    unsent = "The invitation lapsed before its mail was released"
    assert log_of(application)[-1] == ("invited", "shortlisted", "system", unsent)
    assert ledger()[-1] == ("released", None, unsent, 1, 0)
    assert outbox.kinds() == ["invitation"]


def test_lapse_of_a_discarded_invitation_is_not_the_applicants(group, organiser):
    application = ApplicationFactory(state=State.SHORTLISTED)
    invitation = admissions.invite(application_id=application.pk, by=organiser, now=NOW)
    Message.objects.update(state="held", held_because="discarded")
    invitations.lapse_overdue(now=invitation.expires_at)
    application.refresh_from_db()
    assert (application.state, application.lapses) == (State.SHORTLISTED, 0)


# --- At once


@pytest.mark.django_db(transaction=True)
def test_two_workers_remind_and_lapse_each_once():
    GroupFactory()
    organiser = OrganiserFactory().user
    for application in ApplicationFactory.create_batch(6, state=State.SHORTLISTED):
        expiry = admissions.invite(application_id=application.pk, by=organiser, now=NOW).expires_at
    release_all()
    reminded = at_once(*[lambda: invitations.remind_due(now=expiry - DAY)] * 2)
    lapsed = at_once(*[lambda: invitations.lapse_overdue(now=expiry)] * 2)
    assert (sum(reminded), sum(lapsed)) == (6, 6)
    assert Message.objects.filter(kind="invitation_reminder").count() == 6
    assert set(Application.objects.values_list("lapses", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_grant_against_lapse_against_erasure_leaves_no_seat_held_in_vain():
    GroupFactory()
    organiser = OrganiserFactory().user
    application, invitation, token = invited(organiser)
    ask(token)
    expiry = invitation.expires_at
    at_once(
        lambda: invitations.answer_more(
            invitation_id=invitation.pk, grant=True, by=organiser, now=expiry - DAY
        ),
        lambda: invitations.lapse_overdue(now=expiry),
        lambda: keeping.erase(application_id=application.pk, now=expiry),
    )
    assert (Invitation.objects.count(), Application.objects.count(), ledger()[-1][-1]) == (0, 0, 0)


# --- The page


@pytest.fixture
def open_now(group, organiser) -> tuple[Invitation, str]:
    _, invitation, token = invited(organiser, now=timezone.now())
    return invitation, token


def test_page_says_until_when_in_the_groups_zone(group, organiser, client):
    token = invited(organiser, now=timezone.now())[2]
    until = datetime(2126, 7, 9, 15, 30, tzinfo=UTC)
    Invitation.objects.update(expires_at=until)
    page = client.get(f"/invitation/{token}/").text
    assert "Until Tuesday 9 July, 18:30 (Tallinn time). After that we offer it to somebody else." in page


def test_more_on_the_page_is_asked_once(client, open_now):
    _, token = open_now
    address = reverse("invitation_more", args=[token])
    page = client.post(address, {"note": "At sea <b>until</b> April"}, follow=True).text
    assert "The organisers have your request, and answer by mail." in page
    assert "At sea &lt;b&gt;until&lt;/b&gt; April" in page
    assert "The organisers have not answered yet." in page
    assert f'action="{address}"' not in page
    again = client.post(address, {"note": "Again"}, follow=True)
    assert "You have asked for more time already. Nothing was changed." in again.text
    assert Invitation.objects.get().asked_more_note == "At sea <b>until</b> April"


def test_more_needs_no_note(client, open_now):
    _, token = open_now
    client.post(reverse("invitation_more", args=[token]))
    assert Invitation.objects.get().asked_more_at is not None


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        ("x" * 1001, "at most 1000 characters (it has 1001)"),
        ("a\x00b", "Null characters are not allowed."),
    ],
)
def test_more_with_a_mistake_keeps_what_was_typed(client, open_now, note, sentence):
    _, token = open_now
    response = client.post(reverse("invitation_more", args=[token]), {"note": note})
    assert response.status_code == 422
    assert sentence in response.text
    assert note.replace("\x00", "") in response.text.replace("\x00", "")
    assert Invitation.objects.get().asked_more_at is None


@pytest.mark.parametrize(
    ("granted", "sentence"),
    [
        (True, "The organisers have agreed: the date above is the new one."),
        (False, "The organisers cannot hold the seat for so long: the date above stands."),
    ],
)
def test_page_tells_the_organisers_answer(organiser, client, open_now, granted, sentence):
    invitation, token = open_now
    ask(token, now=timezone.now())
    invitations.answer_more(invitation_id=invitation.pk, grant=granted, by=organiser, now=timezone.now())
    assert sentence in client.get(f"/invitation/{token}/").text


def test_closed_pages_give_the_reason_and_what_follows(group, organiser, client):
    _, invitation, token = invited(organiser, now=timezone.now())
    invitations.revoke(invitation_id=invitation.pk, by=organiser, now=timezone.now(), reason="Mistake")
    page = client.get(f"/invitation/{token}/")
    assert page.status_code == 410
    assert "This invitation was taken back by the organisers." in page.text
    assert "Your application is on the shortlist again and keeps its place." in page.text
    late = client.post(reverse("invitation_more", args=[token]), {"note": ""}, follow=True)
    assert (late.status_code, "taken back by the organisers" in late.text) == (410, True)


def test_page_of_an_erased_invitation_is_not_found(group, organiser, client):
    application, _, token = invited(organiser, now=timezone.now())
    keeping.erase(application_id=application.pk, now=timezone.now())
    for action in ("accept", "decline", "more"):
        assert client.post(f"/invitation/{token}/{action}/").status_code == 404
    assert client.get(f"/invitation/{token}/").status_code == 404


def test_accept_with_a_second_factor_does_not_sign_in(client, open_now):
    from allauth.mfa.models import Authenticator

    former = MemberFactory(user__email="zoe@example.org", state="alumni", left_at=timezone.now())
    former.user.set_unusable_password()
    former.user.save()
    Authenticator.objects.create(user=former.user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    response = client.post(f"/invitation/{open_now[1]}/accept/")
    assert response.headers["Location"] == "/accounts/login/"
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_page_costs_a_fixed_number_of_queries(client, open_now, rows):
    ApplicationFactory.create_batch(rows)
    address = f"/invitation/{open_now[1]}/"
    assert queries_of(client, [address]) == {address: 2}
