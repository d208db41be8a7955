"""The kinds of mail about applications, seats and signing in: what each is for and may say, and how it goes.

Decisions wait to be read by an organiser. What a clock runs on, or somebody is waiting for, never does.
"""

from __future__ import annotations

from datetime import timedelta

from allauth.account import app_settings
from django.conf import settings

from members import mail_samples as samples
from members import mail_truth as truth
from members import mail_values
from members.models import Member
from members.models.application import OPEN_STATES, State
from outbox.kinds import TO_OTHERS, Kind, register

APPLICATIONS, SEATS, SIGNING_IN = "The waiting list", "Seats and members", "Signing in"
APPLIED = "You get this because you have applied for a seat."
TYPED = "You get this because somebody, probably you, has typed this address into our sign-in page."
SEATED = "You get this because you have a seat in the group."

GROUP = {"group": "the group’s name"}
APPLICANT = {
    "name": "the applicant’s name",
    **GROUP,
    "status_url": "the applicant’s own page, where the application is read, changed and withdrawn",
}
DATES = {
    "expires_day": "the day until which the seat is held, such as “Monday 16 March”",
    "expires_time": "the time of that day, such as “20:00”",
    "expires_at": "both with year and place, such as “Monday 16 March 2026, 20:00 (Tallinn time)”",
}
OFFER = {**APPLICANT, "invitation_url": "the page on which the invitation is answered", **DATES}
MEMBER = {
    "name": "the member’s name",
    **GROUP,
    "next_url": "the page of the next session",
    "home_url": "the group’s home page",
}
RECEIPT = {"may_wait": False, "urgent": True}  # the answer to what somebody has just done
CLOCK = {"may_wait": False}  # its days count from the moment at which it is written

_of_applications = [
    Kind(
        "confirm_address",
        "Please confirm your address",
        APPLICATIONS,
        "You get this because somebody, probably you, has typed this address into our application form.",
        placeholders={**APPLICANT, "confirm_url": "the page on which the address is confirmed"},
        outdated=truth.unless_in(State.UNCONFIRMED),
        sample=samples.to_applicant(confirm_url=samples.OWN_LINK),
        to=TO_OTHERS,
        **RECEIPT,
    ),
    Kind(
        "received",
        "The application is on the list",
        APPLICATIONS,
        APPLIED,
        placeholders={**APPLICANT, "capacity": "how many seats the group has, such as “20 seats”"},
        sample=samples.to_applicant(mail_values.capacity),
        to=TO_OTHERS,
        **RECEIPT,
    ),
    Kind(
        "applied_again",
        "Somebody has applied again",
        APPLICATIONS,
        APPLIED,
        placeholders=APPLICANT,
        sample=samples.to_applicant(),
        to=TO_OTHERS,
        **RECEIPT,
    ),
    Kind(
        "your_link",
        "The lost link",
        APPLICATIONS,
        APPLIED,
        placeholders=APPLICANT,
        sample=samples.to_applicant(),
        to=TO_OTHERS,
        **RECEIPT,
    ),
    Kind(
        "withdrawn",
        "The application is withdrawn",
        APPLICATIONS,
        APPLIED,
        placeholders=APPLICANT,
        sample=samples.to_applicant(),
        to=TO_OTHERS,
        **RECEIPT,
    ),
    Kind(
        "imported",
        "The application has moved to this site",
        APPLICATIONS,
        APPLIED,
        placeholders=APPLICANT,
        outdated=truth.unless_in(*OPEN_STATES),
        sample=samples.to_applicant(),
        to=TO_OTHERS,
    ),
    Kind(
        "shortlisted",
        "The application is on the shortlist",
        APPLICATIONS,
        APPLIED,
        placeholders=APPLICANT,
        waits=True,
        outdated=truth.unless_in(State.SHORTLISTED),
        sample=samples.to_applicant(),
        to=TO_OTHERS,
    ),
    Kind(
        "declined",
        "The application is declined",
        APPLICATIONS,
        APPLIED,
        placeholders={**APPLICANT, "reason": "the reason that the organisers have written"},
        waits=True,
        outdated=truth.of_decline,
        sample=samples.to_applicant(reason=samples.REASON),
        to=TO_OTHERS,
    ),
    Kind(
        "still_interested",
        "Still interested?",
        APPLICATIONS,
        APPLIED,
        placeholders={**APPLICANT, "answer_within": "how long there is to answer, such as “30 days”"},
        outdated=truth.of_question,
        sample=samples.to_applicant(mail_values.answer_within),
        to=TO_OTHERS,
        **CLOCK,
    ),
    Kind(
        "dormant",
        "The application rests",
        APPLICATIONS,
        APPLIED,
        placeholders={**APPLICANT, "kept_for": "how long it is kept, such as “12 months”"},
        outdated=truth.unless_in(State.DORMANT),
        sample=samples.to_applicant(mail_values.kept_for),
        to=TO_OTHERS,
        **CLOCK,
    ),
    Kind(
        "letter",
        "An organiser writes to an applicant",
        APPLICATIONS,
        APPLIED,
        placeholders={
            **APPLICANT,
            "subject": "what the organiser has written above the letter",
            "text": "what the organiser has written",
        },
        may_wait=False,
        own_words=True,
        sample=samples.to_applicant(subject="[what you write above it]", text="[what you write]"),
        to=TO_OTHERS,
    ),
]

_of_seats = [
    Kind(
        "invitation",
        "A seat is offered",
        SEATS,
        APPLIED,
        placeholders=OFFER,
        waits=True,
        outdated=truth.of_invitation,
        sample=samples.to_applicant(samples.until, invitation_url=samples.INVITEES_LINK),
        to=TO_OTHERS,
    ),
    Kind(
        "invitation_reminder",
        "The invitation lapses soon",
        SEATS,
        "You get this because we have offered you a seat.",
        placeholders={**OFFER, "can_ask_more": "whether the invitee may still ask for another month"},
        outdated=truth.of_reminder,
        sample=samples.to_applicant(samples.until, invitation_url=samples.INVITEES_LINK, can_ask_more=True),
        to=TO_OTHERS,
        **CLOCK,
    ),
    Kind(
        "more_time",
        "Another month to answer, or not",
        SEATS,
        "You get this because we have offered you a seat.",
        placeholders={
            **APPLICANT,
            **DATES,
            "granted": "whether there is another month",
            "lapsed_before": "whether the applicant has let an invitation lapse before",
        },
        outdated=truth.of_invitation,
        sample=samples.to_applicant(samples.until, granted=True, lapsed_before=False),
        to=TO_OTHERS,
    ),
    Kind(
        "lapsed",
        "The invitation has lapsed",
        SEATS,
        "You get this because we had offered you a seat.",
        placeholders={**APPLICANT, "rests": "whether the application rests now, after a second lapse"},
        outdated=truth.unless_in(State.SHORTLISTED, State.DORMANT),
        sample=samples.to_applicant(rests=False),
        to=TO_OTHERS,
        **CLOCK,
    ),
    Kind(
        "revoked",
        "The invitation is taken back",
        SEATS,
        "You get this because we had offered you a seat.",
        placeholders={**APPLICANT, "reason": "the reason that the organisers have written"},
        waits=True,
        outdated=truth.of_revocation,
        sample=samples.to_applicant(reason=samples.REASON),
        to=TO_OTHERS,
    ),
    Kind(
        "welcome",
        "Welcome",
        SEATS,
        SEATED,
        placeholders={**MEMBER, "sign_in_url": "the sign-in page"},
        outdated=truth.of_membership(Member.State.ACTIVE),
        sample=samples.to_newcomer,
        **RECEIPT,
    ),
    Kind(
        "back_from_leave",
        "The leave is over",
        SEATS,
        SEATED,
        placeholders=MEMBER,
        outdated=truth.of_membership(Member.State.ACTIVE),
        sample=samples.to_member(),
    ),
    Kind(
        "left",
        "A membership has ended",
        SEATS,
        "You get this because you had a seat in the group.",
        placeholders={
            **MEMBER,
            "removed": "whether the organisers have ended the membership",
            "reason": "why, as the organisers or the member have written",
        },
        outdated=truth.of_membership(Member.State.ALUMNI),
        sample=samples.to_member(removed=True, reason=samples.REASON),
    ),
]

_of_signing_in = [
    Kind(
        "login_code",
        "A code to sign in",
        SIGNING_IN,
        TYPED,
        placeholders={**GROUP, "code": "the code, which works once and for a short time"},
        outdated=truth.older_than(timedelta(seconds=app_settings.LOGIN_BY_CODE_TIMEOUT), "code"),
        sample=samples.to_nobody(code="[the code]"),
        **RECEIPT,
    ),
    Kind(
        "password_reset_key",
        "A link to a new password",
        SIGNING_IN,
        TYPED,
        placeholders={**GROUP, "password_url": "the page on which the new password is set"},
        outdated=truth.older_than(timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT), "link"),
        sample=samples.to_nobody(password_url=samples.READERS_LINK),
        **RECEIPT,
    ),
    Kind(
        "email_confirmation",
        "A new address",
        SIGNING_IN,
        "You get this because somebody, probably you, wants to use this address to sign in.",
        placeholders={**GROUP, "confirm_url": "the page on which the new address is confirmed"},
        outdated=truth.older_than(timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS), "link"),
        sample=samples.to_nobody(confirm_url=samples.READERS_LINK),
        **RECEIPT,
    ),
]

KINDS = [*_of_applications, *_of_seats, *_of_signing_in]


def listen() -> None:
    """Make these kinds known to the outbox."""
    register(KINDS)
