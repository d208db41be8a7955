"""What is held about one application, as its applicant reads it: on the page, and whole in a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject

from members import mails, recipients
from members.models import Application, ApplicationChange, Group, Invitation, Score, Strength
from members.models.application import State
from outbox.forgetting import about_any
from outbox.kinds import title_of
from outbox.masking import private_parts
from outbox.models import Choice, Message

By = ApplicationChange.By
NOTE = (
    "This is what we hold about your application. Who of the group read it, wrote a note or took a step is "
    "not named. Left out are decisions that are still being prepared, mails that were never sent, and what "
    "the organisers noted about their own procedure. Links that let their reader act for you are taken out "
    "of the mails."
)
BLOT = "[taken out]"
# The organisers' drafts, and what they or the moment have stopped; what its reader has stopped is theirs.
NEVER_SENT = Q(state=Message.State.DRAFT) | Q(held_because__in=[Message.Why.DISCARDED, Message.Why.OUTDATED])

# Moves from one state to another. "*" stands for every state that is not named beside it.
MOVES = {
    ("", State.UNCONFIRMED): "You applied",
    ("", "*"): "Your application was put on the list",
    (State.UNCONFIRMED, State.WAITING): "You confirmed your address",
    ("*", State.SHORTLISTED): "Your application came onto the shortlist",
    ("*", State.INVITED): "A seat was offered to you",
    (State.INVITED, State.DORMANT): "A second invitation lapsed, and your application rests",
    ("*", State.DORMANT): "You did not answer our question, and your application rests",
    ("*", State.JOINED): "You took the seat",
    ("*", State.DECLINED): "We could not offer you a seat",
    ("*", State.WITHDRAWN): "You withdrew the application",
}
# The same move may have two causes; then it matters who made it, or what was noted.
INVITATION_LAPSED = "The invitation lapsed, and your application is back on the shortlist"
INVITATION_REVOKED = "We took the invitation back; your application is on the shortlist again"
SEAT_DECLINED = "You declined the seat"
WOKEN = "You asked to stay on the list"
# What happens within a state is told when the one who reads it did it or was told of it.
WITHIN = {
    "Changed the answers": "You changed your answers",
    "Still interested": "You said that you are still interested",
    "Asked for another month": "You asked for another month",
    "Granted another month": "You have another month to answer the invitation",
    "Did not grant another month": "We could not hold the seat for another month",
}


@dataclass(frozen=True)
class Told:
    """One line of the history: when, what, and for a decline its reason."""

    at: datetime
    what: str
    reason: str = ""


def history(changes: Iterable[ApplicationChange]) -> list[Told]:
    """What happened, the oldest first, in the applicant's terms: no names, no notes, a decline's reason."""
    return [Told(change.at, what, _reason(change)) for change in changes if (what := _what(change))]


def _reason(change: ApplicationChange) -> str:
    return change.reason if change.after == State.DECLINED and change.before != State.DECLINED else ""


def _what(change: ApplicationChange) -> str:
    before, after = change.before, change.after
    if before == after:
        return WITHIN.get(change.reason, "")
    if before == State.INVITED and after == State.SHORTLISTED:
        return INVITATION_LAPSED if change.by == By.SYSTEM else INVITATION_REVOKED
    if before == State.INVITED and after == State.WITHDRAWN and change.reason == "Declined the invitation":
        return SEAT_DECLINED
    if before == State.DORMANT and after in (State.WAITING, State.SHORTLISTED):
        return WOKEN
    for key in ((before, after), (before, "*"), ("*", after)):
        if key in MOVES:
            return MOVES[key]
    return change.get_after_display()


def held(application: Application, group: Group, *, now: datetime) -> dict:
    """Everything about one application, ready for JSON, without the names of those who judged it.

    Four queries, whatever there is.
    """
    parts = _parts(application)
    return {
        "note": NOTE,
        "group": group.name,
        "written_at": now,
        "application": {
            "state": application.get_state_display(),
            "address": application.email,
            "name": application.name,
            "what_you_do_now": application.current_role,
            "relevant_experience": application.experience,
            "interest": application.interest,
            "strengths": parts["named"],
            "links": application.links,
            "talk": application.talk,
            "applied_at": application.applied_at,
            "confirmed_at": application.confirmed_at,
            "on_the_list_since": application.since,
            "edited_at": application.edited_at,
            "last_moved_at": application.moved_at,
            "asked_whether_still_interested_at": application.asked_at,
            "said_still_interested_at": application.kept_at,
            "place_on_the_shortlist": application.place,
            "invitations_not_answered": application.lapses,
            "mean_score": application.score,
        },
        "history": [
            {"at": told.at, "what": told.what} | ({"reason": told.reason} if told.reason else {})
            for told in history(application.changes.all())
        ],
        "reviews": _reviews(application),
        "invitations": parts["offers"],
        "guest_chairs": parts["chairs"],
        "mails": _mails(application, parts["keys"]),
        "how_you_want_your_mail": parts["wishes"],
    }


def _parts(application: Application) -> dict:
    """Strengths, invitations with their keys apart, guest chairs, and how mail is wanted: one query."""
    of_this_one = {"application": OuterRef("pk")}
    chairs = application.guest_chairs.model.objects  # the sessions' model, which this package cannot import
    found = (
        Application.objects.filter(pk=application.pk)
        .values(
            named=ArraySubquery(
                Strength.objects.filter(applications=OuterRef("pk"))
                .order_by("position", "pk")
                .values_list("name")
            ),
            offers=ArraySubquery(
                Invitation.objects.filter(**of_this_one)
                .order_by("issued_at", "pk")
                .values_list(
                    JSONObject(
                        pk="pk",
                        address="email",
                        state="state",
                        issued_at="issued_at",
                        expires_at="expires_at",
                        reminded_at="reminded_at",
                        answered_at="answered_at",
                        asked_for_another_month_at="asked_more_at",
                        your_note="asked_more_note",
                        another_month_granted="more_granted",
                    )
                )
            ),
            chairs=ArraySubquery(
                chairs.filter(**of_this_one)
                .order_by("offered_at", "pk")
                .values_list(
                    JSONObject(
                        session="session__number",
                        title="session__title",
                        starts_at="session__starts_at",
                        state="state",
                        offered_at="offered_at",
                        answered_at="answered_at",
                    )
                )
            ),
            wishes=ArraySubquery(
                Choice.objects.filter(recipient=recipients.of_application(application.pk))
                .order_by("kind")
                .values_list(JSONObject(kind="kind", how="how"))
            ),
        )
        .get()
    )
    found["wishes"] = {title_of(one["kind"]): Choice.How(one["how"]).label for one in found["wishes"]}
    found["keys"] = [invitation.pop("pk") for invitation in found["offers"]]
    return found


def _reviews(application: Application) -> list[dict]:
    scores = (
        Score.objects.filter(review=OuterRef("pk"))
        .order_by("criterion__position", "criterion")
        .values_list(JSONObject(criterion="criterion__name", score="value"))
    )
    return [
        {
            "saved_at": review.saved_at,
            "abstained": review.abstained,
            "scores": {each["criterion"]: each["score"] for each in review.each_score},
            "note": review.note,
        }
        for review in application.reviews.annotate(each_score=ArraySubquery(scores))
    ]


def _mails(application: Application, invitations: list[int]) -> list[dict]:
    """What was written to the applicant; a mail to somebody else about the application is not theirs."""
    by_address = about_any(mails.events_of(application, invitations)) & Q(
        to__in=[application.email, application.email_key]
    )
    theirs = by_address | Q(recipient=recipients.of_application(application.pk))
    sent = Message.objects.filter(theirs).exclude(NEVER_SENT).order_by("created_at", "pk")
    return [
        {
            "written_at": message.created_at,
            "sent_at": message.sent_at,
            "to": message.to,
            "subject": _without(private_parts(message), message.subject),
            "text": _without(private_parts(message), message.text),
        }
        for message in sent
    ]


def _without(secrets: list[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, BLOT)
    return text
