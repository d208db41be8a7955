"""What the applicant reads first: the subject of every mail about an application."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import transaction

from members import mails
from members.models import Invitation
from members.models.application import State
from tests.factories import ApplicationFactory

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "more", "subject"),
    [
        ("received", {}, "Your application to Tuesday Readers is on the waiting list"),
        ("shortlisted", {}, "Your application to Tuesday Readers is on the shortlist"),
        ("still_interested", {}, "Would you still like a seat in Tuesday Readers?"),
        ("dormant", {}, "Your application to Tuesday Readers rests"),
        ("withdrawn", {}, "Your application to Tuesday Readers is withdrawn"),
        ("declined", {"reason": "No"}, "Your application to Tuesday Readers"),
    ],
)
def test_subject_of_a_mail_about_the_application(group, kind, more, subject):
    with transaction.atomic():
        mail = getattr(mails, kind)(ApplicationFactory(), group, now=NOW, **more)
    assert mail.subject == subject


@pytest.mark.parametrize(
    ("kind", "more", "subject"),
    [
        ("lapsed", {}, "Your invitation to Tuesday Readers has lapsed"),
        ("revoked", {"reason": "No"}, "Your invitation to Tuesday Readers was taken back"),
        ("more_time", {"granted": True}, "Your seat in Tuesday Readers is held until Monday 16 March"),
        ("more_time", {"granted": False}, "Your seat in Tuesday Readers: no more time"),
    ],
)
def test_subject_of_a_mail_about_the_invitation(group, kind, more, subject):
    application = ApplicationFactory(state=State.INVITED)
    invitation, _ = Invitation.issue(application=application, by=None, now=NOW, days=14)
    with transaction.atomic():
        mail = getattr(mails, kind)(invitation, application, group, now=NOW, **more)
    assert mail.subject == subject


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("invitation", "A seat in Tuesday Readers is yours until Monday 16 March, 20:00"),
        ("invitation_reminder", "Your seat in Tuesday Readers is held until Monday 16 March, 20:00"),
    ],
)
def test_subject_of_a_mail_with_the_invitations_link(group, kind, subject):
    application = ApplicationFactory(state=State.INVITED)
    invitation, token = Invitation.issue(application=application, by=None, now=NOW, days=14)
    with transaction.atomic():
        mail = getattr(mails, kind)(invitation, token, group, now=NOW)
    assert (mail.subject, token in mail.text, token in mail.secrets) == (subject, True, True)


@pytest.mark.parametrize(("months", "words"), [(1, "after 1 month."), (12, "after 12 months.")])
def test_months_are_counted_in_words_that_fit(group, months, words):
    group.keep_months = months
    with transaction.atomic():
        mail = mails.dormant(ApplicationFactory(), group, now=NOW)
    assert f"we erase it {words}" in mail.text
