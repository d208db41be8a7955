"""The two parts of a session's page that change without it being loaded anew: what to read, and who comes."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse

from members.models import Member
from sessions_app import catching_up, preparation, private_notes, rsvps, stuck_points
from sessions_app.coming_forms import ComingForm, WarmUpForm
from sessions_app.models import Reading, Rsvp, Session, nest

# Where a plain form goes back to, by the `back` in the address of its action.
SESSION, NEXT, CATCH_UP, READINESS = "session", "next", "catch-up", "readiness"


def page_of(session: Session, back: str) -> str:
    """The address of the page that a form came from; "next session" where it does not say."""
    if back == SESSION:
        return session.get_absolute_url()
    if back == READINESS:
        return reverse("sessions:readiness", args=[session.number])
    return reverse("catch_up" if back == CATCH_UP else "next")


def is_past(session: Session, now: datetime) -> bool:
    """Whether it was held, or is over and not closed yet."""
    return session.state == Session.State.HELD or (
        session.state == Session.State.ANNOUNCED and session.ends_at <= now
    )


def for_member(readings: QuerySet[Reading], *, member: Member) -> QuerySet[Reading]:
    """The readings as a member sees them: with links, tick, own note and questions. No further query."""
    readings = preparation.with_ticks(readings.with_links(), member=member)
    return stuck_points.with_points(private_notes.with_own_note(readings, member=member), member=member)


def count_points(reading: Reading) -> Reading:
    """Add `open_count` and `answered_count`, of the questions that came `with_points`."""
    reading.answered_count = sum(point["is_resolved"] for point in reading.point_list)
    reading.open_count = len(reading.point_list) - reading.answered_count
    return reading


def prep_part(session: Session, *, member: Member, back: str, now: datetime) -> dict:
    """Context of member/_prep.html: the readings in their order as this member sees them. One query."""
    readings = nest(for_member(session.readings.all(), member=member))
    prep = preparation.prep_of(count_points(reading) for reading in readings)
    return {
        "session": session,
        "prep": prep,
        "tops": [reading for reading in prep.readings if not reading.is_part],
        "unread": len(prep.required) - prep.read,
        "some_unknown": any(not reading.minutes for reading in prep.required if not reading.is_read),
        "can_tick": preparation.can_tick(session),
        "prepares_for_past": is_past(session, now),
        "back": back,
    }


def readings_part(
    session: Session, *, member: Member | None, everything: bool, back: str, now: datetime
) -> dict:
    """What a session's own page says of its readings and of the questions they raised. One query.

    Members get `prep_part`, where there is something to tick; others `tops` and `minutes`. For all of them
    `resolved_readings` is the context of public/_resolved_points.html, with `names_askers` for members.
    everything: for organisers, and for those who write the notes.
    """
    if member and preparation.can_tick(session):
        context = prep_part(session, member=member, back=back, now=now)
        readings = context["prep"].readings
    else:
        readings = nest(stuck_points.with_points(session.readings.with_links(), member=member))
        context = {
            "tops": [reading for reading in readings if not reading.is_part],
            "minutes": sum(reading.minutes or 0 for reading in readings if reading.is_required),
        }
    context["resolved_readings"] = stuck_points.resolved_of(
        readings, member=member is not None, everything=everything
    )
    context["names_askers"] = member is not None
    return context


def catch_up_part(session: Session, *, member: Member, everything: bool, now: datetime) -> dict:
    """Context of member/_catch_up.html: what this member has missed before the next session. Two queries."""
    found = catching_up.path_to(session, member=member, everything=everything, now=now)
    catching_up.add_readings(found)
    return {"session": session, "catch_up": found, "back": CATCH_UP, "can_tick": True}


def rsvp_part(
    session: Session,
    *,
    member: Member,
    now: datetime,
    back: str,
    refusal: str = "",
    typed: ComingForm | None = None,
    saved: str = "",
) -> dict:
    """Context of member/_rsvp.html: the member's answer, the place in the line, and who comes. One query.

    typed: what was refused, to be shown again; saved: what to say of a note that was saved by itself.
    """
    tally = Rsvp.objects.tally(session=session, member=member)
    return {
        "session": session,
        "tally": tally,
        "can_answer": session.state == Session.State.ANNOUNCED and session.starts_at > now,
        "asks_warm_up": (session.warm_up and tally.mine == Rsvp.Answer.YES)
        or (typed and typed.data.get("warm_up")),
        "rsvp_form": typed or ComingForm(initial={"note": tally.note, "warm_up": tally.warm_up}),
        "unsaved": [text for text in map(typed.data.get, typed.fields) if text] if typed else [],
        "rsvp_url": f"{reverse('sessions:rsvp', args=[session.number])}?back={back}",
        "refusal": refusal,
        "saved": saved,
        "back": back,
    }


def warm_up_part(session: Session, *, now: datetime, form: WarmUpForm | None = None, back: str = "") -> dict:
    """Context of member/_warm_up_answers.html and member/_warm_up_form.html, for presenters and organisers.

    One query. back: READINESS where the form stands on that page.
    """
    written = list(rsvps.written(session))
    answers = [rsvp for rsvp in written if rsvp.warm_up and rsvp.answer == Rsvp.Answer.YES]
    url = reverse("sessions:warm_up", args=[session.number])
    return {
        "session": session,
        "warm_up_form": form or WarmUpForm(initial={"question": session.warm_up}),
        "warm_up_seen": session.warm_up,
        "warm_up_url": f"{url}?back={back}" if back else url,
        "warm_up_answers": answers,
        "warm_up_answered": len(answers),
        "notes_on_coming": [rsvp for rsvp in written if rsvp.note],
        "can_ask": rsvps.can_still_ask(session, now=now),
    }
