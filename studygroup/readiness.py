"""How ready the next session is: what it has, what it lacks, who comes and who has prepared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse

from members.models import Member
from sessions_app.durations import duration
from sessions_app.models import Appearance, Material, Presentation, Progress, Reading, Rsvp, Session
from studygroup.when import short_date


@dataclass(frozen=True)
class Check:
    """One thing the next session needs, and whether it has it."""

    label: str
    value: str
    done: bool
    url: str = ""


def next_session(*, now: datetime) -> Session | None:
    """The next announced session, else the next draft, with its numbers counted on it. One query."""

    def counted(rows, value=None):
        grouped = rows.order_by().values(value or "session").annotate(n=Count("pk", distinct=True))
        return Coalesce(Subquery(grouped.values("n"), output_field=IntegerField()), 0)

    readings = Reading.objects.filter(session=OuterRef("pk"))
    required = readings.filter(importance=Reading.Importance.REQUIRED)
    total = required.order_by().values("session").annotate(total=Sum("minutes")).values("total")
    talks = Presentation.objects.filter(sessions=OuterRef("pk"))
    slides = talks.filter(Exists(Material.objects.filter(presentation=OuterRef("pk"), kind="slides")))
    active = Rsvp.objects.filter(session=OuterRef("pk"), member__state=Member.State.ACTIVE)
    is_coming = Q(answer=Rsvp.Answer.YES, in_line_since=None)
    said = active.order_by().values("session")  # counted in one go: everybody may have answered
    said = said.annotate(said=JSONObject(answers=Count("pk"), coming=Count("pk", filter=is_coming)))
    # Whoever has ticked off as many of the required readings as there are; with none, nobody.
    ticks = Progress.objects.filter(
        reading__session=OuterRef(OuterRef("pk")), reading__importance=Reading.Importance.REQUIRED
    )
    have_read = ticks.order_by().values("member").annotate(n=Count("pk"))
    have_read = have_read.filter(n__gte=OuterRef(OuterRef("required_count"))).values("member")
    prepared = active.filter(is_coming, member__in=have_read)
    found = (
        Session.objects.filter(state__in=[Session.State.ANNOUNCED, Session.State.DRAFT], ends_at__gt=now)
        .annotate(
            reading_count=counted(readings),
            required_count=counted(required),
            minutes=Coalesce(Subquery(total, output_field=IntegerField()), 0),
            talk_count=counted(talks, "sessions"),
            presenter_count=counted(
                Appearance.objects.filter(presentation__sessions=OuterRef("pk")), "presentation__sessions"
            ),
            slides_count=counted(slides, "sessions"),
            said=Subquery(said.values("said")),
            prepared=counted(prepared),
        )
        .order_by("state", "starts_at")  # "announced" sorts before "draft"
        .first()
    )
    if found:
        found.answers, found.coming = ((found.said or {}).get(key, 0) for key in ("answers", "coming"))
    return found


def checklist(session: Session, *, active: int) -> list[Check]:
    """What the session has and what it still lacks."""
    edit = reverse("organise:session", args=[session.pk])
    announced = session.announced_at.astimezone(session.zone) if session.announced_at else None
    return [
        Check(
            "Announced to members",
            short_date(announced) if announced else ("yes" if session.state != "draft" else "not yet"),
            session.state != Session.State.DRAFT,
            edit,
        ),
        Check("Place", session.place or "not said", bool(session.place), edit),
        Check("Readings", _readings_in_words(session), session.reading_count > 0, edit),
        Check("Presenters", str(session.presenter_count), session.presenter_count > 0, edit),
        Check(
            "Slides",
            f"{session.slides_count} of {session.talk_count}",
            session.talk_count > 0 and session.slides_count == session.talk_count,
            edit,
        ),
        Check(
            "Answers",
            f"{session.answers} of {active}: {session.coming} come",
            active > 0 and session.answers >= active,
        ),
        Check(
            "Prepared so far",
            f"{session.prepared} of the {session.coming} coming",
            session.coming > 0 and session.prepared == session.coming,
        ),
    ]


def _readings_in_words(session: Session) -> str:
    """4, 1 h 55 min, and 2 if there is time."""
    words = str(session.required_count)
    if session.minutes:
        words += f", {duration(session.minutes)}"
    if extra := session.reading_count - session.required_count:
        words += f", and {extra} if there is time"
    return words
