"""Values for a preview of each kind of mail, from the group's real records; private links are left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from members import mail_values
from members.mail_values import OWN_LINK
from members.models import Application, Group, Invitation, Member
from outbox.wording import Value

Sample = Callable[[], dict[str, Value] | None]
INVITEES_LINK = "[the invitee’s own link]"
READERS_LINK = "[the reader’s own link]"
REASON = "[the reason that you give]"


def to_applicant(more: Callable[[Group], dict[str, Value]] = lambda group: {}, **values: Value) -> Sample:
    """A mail to the newest applicant. more: what else it says, by the group's rules."""

    def sample() -> dict[str, Value] | None:
        group, application = (
            Group.objects.current(),
            Application.objects.order_by("-applied_at", "-pk").first(),
        )
        if group is None or application is None:
            return None
        return mail_values.to_applicant(application, group, status_url=OWN_LINK) | more(group) | values

    return sample


def until(group: Group) -> dict[str, Value]:
    """The dates of the newest invitation, or of one that would go out now."""
    newest = Invitation.objects.order_by("-issued_at", "-pk").first()
    moment = newest.expires_at if newest else timezone.now() + timedelta(days=group.invitation_days)
    return mail_values.held_until(moment, group)


def to_member(**values: Value) -> Sample:
    """A mail to the newest member."""

    def sample() -> dict[str, Value] | None:
        group = Group.objects.current()
        member = Member.objects.select_related("user").order_by("-joined_at", "-pk").first()
        if group is None or member is None:
            return None
        return mail_values.to_member(member, group) | values

    return sample


def to_newcomer() -> dict[str, Value] | None:
    """The welcome of the newest member."""
    values = to_member()()
    return values and values | mail_values.sign_in()


def to_nobody(**values: Value) -> Sample:
    """A mail about signing in."""

    def sample() -> dict[str, Value] | None:
        group = Group.objects.current()
        return group and mail_values.to_nobody(group) | values

    return sample
