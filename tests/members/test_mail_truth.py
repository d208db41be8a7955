"""Mails that are held back because what they say is no longer so, and what pages say of those that wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from members import admissions, applying, invitations, keeping, mails, membership
from members.models import Application, Group, Invitation, Member
from members.models.application import State
from members.views.organiser import told
from outbox.kinds import kind_of
from outbox.models import KindSetting, Message
from tests.factories import ApplicationFactory, MemberFactory
from tests.mails import release_all

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def outdated(kind: str, now: datetime = NOW) -> str:
    """What the kind says of its newest mail."""
    return kind_of(kind).outdated(Message.objects.filter(kind=kind).latest("pk"), now)


@transaction.atomic
def write(kind: str, application: Application, **more) -> Message:
    return getattr(mails, kind)(application, Group.objects.current(), now=NOW, **more)


@pytest.fixture
def invited(group, organiser) -> Invitation:
    application = ApplicationFactory(state=State.SHORTLISTED, applied_at=NOW - 9 * DAY)
    return admissions.invite(application_id=application.pk, by=organiser, now=NOW)


# --- Applications
@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("confirm_address", {"unconfirmed"}),
        ("shortlisted", {"shortlisted"}),
        ("dormant", {"dormant"}),
        ("imported", {"unconfirmed", "waiting", "shortlisted", "invited", "dormant"}),
    ],
)
@pytest.mark.parametrize("state", State.values)
def test_mail_about_an_application_is_true_in_its_own_states(group, kind, states, state):
    application = ApplicationFactory(state=state)
    write(kind, application)
    assert outdated(kind) == ("" if state in states else f"The application is {state} by now.")


@pytest.mark.parametrize("kind", ["shortlisted", "still_interested", "declined"])
def test_mail_about_an_erased_application_is_untrue(group, kind):
    application = ApplicationFactory()
    more = {"reason": "R"} if kind == "declined" else {}
    message = write(kind, application, **more)
    application.delete()
    assert kind_of(kind).outdated(message, NOW) == "The application was erased."


def test_question_is_outdated_once_it_is_answered_or_moot(group):
    application = ApplicationFactory(applied_at=NOW - 200 * DAY)
    keeping.ask_due(now=NOW)
    assert outdated("still_interested") == ""
    keeping.keep(application_id=application.pk, now=NOW + DAY)
    assert outdated("still_interested") == "The applicant has been heard of since."
    applying.withdraw(application_id=application.pk, now=NOW + DAY)
    assert outdated("still_interested") == "The application is withdrawn by now."


def test_decline_is_untrue_for_who_has_applied_again_and_confirmed(group):
    declined = ApplicationFactory(state=State.DECLINED, email="zoe@example.org", applied_at=NOW - 9 * DAY)
    write("declined", declined, reason="R")
    assert outdated("declined") == ""
    again = ApplicationFactory(state=State.UNCONFIRMED, email="zoe@example.org", applied_at=NOW)
    assert outdated("declined") == ""
    again.state = State.WAITING
    again.confirmed_at = NOW
    again.save()
    assert outdated("declined") == "The same person has applied again since."


# --- Invitations
def test_invitation_is_true_while_it_is_open(invited):
    assert outdated("invitation") == ""
    assert outdated("invitation", invited.expires_at) == "The time to answer the invitation is over."
    invitations.lapse_overdue(now=invited.expires_at)
    assert outdated("invitation") == "The invitation is lapsed by now."


def test_invitation_that_was_taken_back_is_outdated_and_so_is_the_word_of_it_while_unsent(invited, organiser):
    """Who never heard of the seat hears nothing of its loss."""
    invitations.revoke(invitation_id=invited.pk, by=organiser, now=NOW, reason="We counted wrong.")
    assert outdated("invitation") == "The invitation is revoked by now."
    assert outdated("revoked") == "The invitation was never sent, so there is nothing to take back."
    release_all()
    assert outdated("revoked") == ""
    admissions.invite(application_id=invited.application_id, by=organiser, now=NOW)
    assert outdated("revoked") == "The application is invited by now."


def test_reminder_is_outdated_by_an_extension(invited, organiser):
    release_all()
    token = Message.objects.get(kind="invitation").secrets[1]
    invitations.ask_more(token=token, note="", now=NOW)
    invitations.remind_due(now=invited.expires_at - DAY)
    assert outdated("invitation_reminder") == ""
    invitations.answer_more(invitation_id=invited.pk, grant=True, by=organiser, now=NOW)
    assert outdated("invitation_reminder") == "The time to answer was extended."
    assert outdated("more_time") == ""
    invitations.decline(token=token, now=NOW)
    assert outdated("invitation_reminder") == "The invitation is declined by now."
    assert outdated("more_time") == "The invitation is declined by now."


def test_erased_invitation_is_outdated(invited):
    message = Message.objects.get(kind="invitation")
    Invitation.objects.all().delete()
    assert kind_of("invitation").outdated(message, NOW) == "The invitation was erased, with its application."


def test_automatic_offer_goes_at_once_and_an_organisers_waits(group, organiser):
    first, second = (ApplicationFactory(state=State.SHORTLISTED) for _ in range(2))
    admissions.invite(application_id=first.pk, by=None, now=NOW)
    admissions.invite(application_id=second.pk, by=organiser, now=NOW)
    assert list(Message.objects.order_by("pk").values_list("state", flat=True)) == ["queued", "draft"]


# --- Members and accounts
def test_mail_about_a_leave_is_outdated_by_the_next_step(group, organiser, member):
    membership.go_on_leave(member_id=member.pk, until=(NOW + 9 * DAY).date(), by=organiser, now=NOW)
    membership.come_back(member_id=member.pk, by=organiser, now=NOW)
    assert outdated("back_from_leave") == ""
    membership.remove(member_id=member.pk, by=organiser, now=NOW, reason="R")
    assert (outdated("back_from_leave"), outdated("left")) == ("The member has left the group by now.", "")
    membership.seat_again(member_id=member.pk, by=organiser, now=NOW)
    assert (outdated("left"), outdated("welcome")) == ("The member has a seat by now.", "")
    Member.objects.filter(pk=member.pk).delete()
    assert outdated("welcome") == "The membership was erased."


@pytest.mark.parametrize(
    ("kind", "what", "age"),
    [
        ("login_code", "code", timedelta(minutes=3)),
        ("password_reset_key", "link", 3 * DAY),
        ("email_confirmation", "link", 3 * DAY),
    ],
)
def test_code_or_link_is_outdated_when_it_opens_nothing_any_more(group, kind, what, age):
    mails.signing_in(kind, to="a@example.org", user_id=None, values={}, about="sign-in:1", now=NOW)
    assert outdated(kind, NOW + age) == ""
    assert outdated(kind, NOW + age + timedelta(seconds=1)) == f"The {what} has expired."


# --- What pages say
@pytest.mark.parametrize(
    ("waiting", "going", "sentence"),
    [
        (1, 0, "The mail waits in the outbox until it is released."),
        (0, 1, "The mail is on its way."),
        (3, 0, "The mails wait in the outbox until they are released."),
        (0, 3, "The mails are on their way."),
        (1, 2, "The mails are written; 1 of them waits in the outbox until it is released."),
        (2, 1, "The mails are written; 2 of them wait in the outbox until they are released."),
    ],
)
def test_page_says_of_mails_whether_they_wait(group, waiting, going, sentence):
    names = []
    for waits, count in ((True, waiting), (False, going)):
        KindSetting.objects.update_or_create(kind="shortlisted", defaults={"waits": waits})
        names += [write("shortlisted", ApplicationFactory()).recipient for _ in range(count)]
    assert told.about_mails(names, now=NOW) == sentence
    assert told.about_written(now=NOW) == sentence


def test_page_says_when_a_change_wrote_to_nobody(group):
    assert told.about_written(now=NOW) == "Nobody gets a mail."


def test_page_says_of_one_mail_whether_it_waits(group):
    name = write("shortlisted", ApplicationFactory()).recipient
    assert told.about_mail(name, now=NOW) == "The mail waits in the outbox until it is released."
    release_all()
    assert told.about_mail(name, now=NOW) == "The mail is on its way."


def test_mail_of_another_moment_is_not_spoken_of(group):
    name = write("shortlisted", ApplicationFactory()).recipient
    assert told.about_mail(name, now=NOW + DAY) == "The mail is on its way."


def test_kind_that_organisers_let_wait_is_told_on_the_members_page(group, organiser, client_of):
    KindSetting.objects.create(kind="left", waits=True)
    gone = MemberFactory(user__name="Toomas")
    page = client_of(organiser).post(
        f"/organise/members/{gone.pk}/remove/", {"reason": "R", "seen": "active"}, follow=True
    )
    assert "Toomas is removed. The mail waits in the outbox until it is released." in page.text
