"""What the placeholders of the mails stand for: plain words and addresses, ready to be put in."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.dateformat import format as in_words

from members.models import Application, Group, Member
from outbox.wording import Value
from outbox.writing import absolute

OWN_LINK = "[the applicant’s own link]"  # in previews: the real one opens the applicant's page


def to_applicant(application: Application, group: Group, *, status_url: str = "") -> dict[str, Value]:
    """What every mail to an applicant may say. status_url: a stand-in for the private link."""
    return {
        "name": application.name,
        "group": group.name,
        "status_url": status_url or absolute(application.get_absolute_url()),
    }


def held_until(moment: datetime, group: Group) -> dict[str, Value]:
    """Until when a seat is held, on the group's clock."""
    local = moment.astimezone(ZoneInfo(group.time_zone))
    city = group.time_zone.rpartition("/")[2].replace("_", " ")
    return {
        "expires_day": in_words(local, "l j F"),
        "expires_time": in_words(local, "H:i"),
        "expires_at": f"{in_words(local, 'l j F Y, H:i')} ({city} time)",
    }


def offer(invitation_url: str, moment: datetime, group: Group) -> dict[str, Value]:
    """What the invitation says besides: where it is answered, and until when."""
    return {"invitation_url": invitation_url, **held_until(moment, group)}


def reminder(invitation_url: str, moment: datetime, group: Group, *, can_ask_more: bool) -> dict[str, Value]:
    """What the reminder of an invitation says besides."""
    return {**offer(invitation_url, moment, group), "can_ask_more": can_ask_more}


def more_time(moment: datetime, group: Group, *, granted: bool, lapsed_before: bool) -> dict[str, Value]:
    """What the answer to a request for more time says besides."""
    return {**held_until(moment, group), "granted": granted, "lapsed_before": lapsed_before}


def counted(number: int, word: str) -> str:
    """Such as “1 month” or “12 months”."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def to_member(member: Member, group: Group) -> dict[str, Value]:
    """What every mail about a membership may say."""
    return {
        "name": member.name,
        "group": group.name,
        "next_url": absolute(reverse("next")),
        "home_url": absolute(reverse("home")),
    }


def sign_in() -> dict[str, Value]:
    """Where a newcomer signs in another time."""
    return {"sign_in_url": absolute(reverse("account_login"))}


def to_nobody(group: Group | None) -> dict[str, Value]:
    """What a mail may say whose reader the site does not name."""
    return {"group": group.name if group else "Study Group"}


def capacity(group: Group) -> dict[str, Value]:
    """How many seats the group has, in words."""
    return {"capacity": counted(group.capacity, "seat")}


def kept_for(group: Group) -> dict[str, Value]:
    """For how long an application that rests is kept, in words."""
    return {"kept_for": counted(group.keep_months, "month")}


def answer_within(group: Group) -> dict[str, Value]:
    """How long an applicant has to answer “still interested?”, in words."""
    return {"answer_within": counted(group.answer_days, "day")}
