"""What the page of one session says, and what each presenter has given: gathered in one query a page.

As in `sessions_app.overview`, the database hands over talks, people and links as one JSON value a row.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Extract, JSONObject
from django.urls import reverse

from members.models import Member
from sessions_app.attendance import head_count
from sessions_app.models import Appearance, Material, Presenter, Reading, Rsvp, Session, Slot
from sessions_app.overview import presenter_name, with_tracks
from sessions_app.prerequisites import earlier_sessions


def links(*, member: bool, **owner) -> ArraySubquery:
    """The materials of a talk or a session that this reader may open; word each with `label`.

    {"id", "kind", "title", "url", "audience"}; of a file instead of "url" {"file", "name", "size"}.
    """
    rows = Material.objects.visible_to(member=member).filter(**owner).order_by("position", "pk")
    values = {name: name for name in ("id", "kind", "title", "url", "audience")}
    return ArraySubquery(
        rows.values_list(JSONObject(**values, file="file_id", name="file__name", size="file__size"))
    )


def people(**talk) -> ArraySubquery:
    """The presenters of a talk, in their order: {"id", "name", "url"}."""
    rows = Appearance.objects.filter(**talk).order_by("position", "pk")
    return ArraySubquery(
        rows.values_list(JSONObject(id="presenter_id", name=presenter_name(), url="presenter__url"))
    )


def _neighbour(**number) -> Subquery:
    """The next published session on one side: {"number", "title"}."""
    order = "number" if "number__gt" in number else "-number"
    rows = Session.objects.published().filter(**number).order_by(order)
    return Subquery(rows.values_list(JSONObject(number="number", title="title"))[:1])


def label(link: dict) -> dict:
    """Give a link the words to click on, its own title or what kind it is, and a file its address."""
    link["label"] = link["title"] or Material.Kind(link["kind"]).label
    if link["file"]:
        link["url"] = reverse("stored_file", args=[link["file"], link["name"]])
    return link


def with_programme(sessions: QuerySet[Session], *, member: bool = False) -> QuerySet[Session]:
    """Add all that a session's page needs of others' rows; pass each row through `complete`.

    member: whether the reader opens what is for members.

    talk_list: {"id", "title", "abstract", "url", "people", "links"} in the session's order; link_list;
    track_list; built_on: {"id", "number", "title", "state"} of the sessions that it builds on, drafts too;
    head_count: how many came, None when nobody noted it; before and after: the neighbours that everybody may
    see.
    """
    talks = Slot.objects.filter(session=OuterRef("pk")).order_by("position", "pk")
    talk = JSONObject(
        id="presentation_id",
        title="presentation__title",
        abstract="presentation__abstract",
        url="presentation__url",
        people=people(presentation=OuterRef("presentation")),
        links=links(member=member, presentation=OuterRef("presentation")),
    )
    return with_tracks(sessions).annotate(
        talk_list=ArraySubquery(talks.values_list(talk)),
        link_list=links(member=member, session=OuterRef("pk")),
        built_on=earlier_sessions(),
        head_count=head_count(),
        before=_neighbour(number__lt=OuterRef("number")),
        after=_neighbour(number__gt=OuterRef("number")),
    )


def complete(session: Session | None) -> Session | None:
    """Word the links of a session that came from `with_programme`."""
    if session:
        for link in (*session.link_list, *(link for talk in session.talk_list for link in talk["links"])):
            label(link)
    return session


def presenters_in_order() -> QuerySet[dict]:
    """{"presenter"}: everybody who has presented in a session that all may see, in the order of first talks.

    The keys alone, so that a page's worth of them is found before anything else is gathered.
    """
    slot = "presentation__slots"
    # The first session, and the place in it: one number, so that both belong to the same talk.
    moment = Extract(f"{slot}__session__starts_at", "epoch", output_field=FloatField())
    place = ExpressionWrapper(moment * 100_000 + F(f"{slot}__position"), output_field=FloatField())
    return (
        Appearance.objects.filter(presentation__slots__session__in=Session.objects.published())
        .order_by()
        .values("presenter")
        .annotate(first=Min(place))
        .order_by("first", "presenter")
    )


def presenters_with_talks(
    *, member: bool = False, sessions: QuerySet[Session] | None = None
) -> QuerySet[Presenter]:
    """Everybody who has presented in a session that all may see, in the order of their first talks.

    member: whether the reader opens what is for members. sessions: other ones that count.

    Adds `talks`: {"id", "title", "url", "sessions", "people", "links"}, the earliest first; sessions are
    {"number", "title"}, and people are all who gave it.
    """
    counted = Session.objects.published() if sessions is None else sessions
    open_slots = Slot.objects.filter(session__in=counted)
    of_talk = open_slots.filter(presentation=OuterRef("presentation")).order_by(
        "session__starts_at", "position"
    )
    of_person = open_slots.filter(presentation__appearances__presenter=OuterRef("pk")).order_by(
        "session__starts_at", "position", "pk"
    )
    on_show = open_slots.values("presentation")
    given = (
        Appearance.objects.filter(Exists(of_talk), presenter=OuterRef("pk"))
        .annotate(
            first=Subquery(of_talk.values("session__starts_at")[:1]),
            place=Subquery(of_talk.values("position")[:1]),
        )
        .order_by("first", "place", "pk")
    )
    talk = JSONObject(
        id="presentation_id",
        title="presentation__title",
        url="presentation__url",
        sessions=ArraySubquery(
            of_talk.values_list(JSONObject(number="session__number", title="session__title"))
        ),
        people=people(presentation=OuterRef("presentation")),
        links=links(member=member, presentation=OuterRef("presentation")),
    )
    return (
        Presenter.objects.with_people()
        # Not by the presenter's own slots, one by one: without fresh statistics that is a product of tables.
        .filter(pk__in=Appearance.objects.filter(presentation__in=on_show).values("presenter"))
        .annotate(
            first=Subquery(of_person.values("session__starts_at")[:1]),
            place=Subquery(of_person.values("position")[:1]),
            talks=ArraySubquery(given.values_list(talk)),
        )
        .order_by("first", "place", "pk")
    )


def for_desk(*, now: datetime) -> QuerySet[Session]:
    """Every session as the organisers' list shows it: what is over and still open, what is ahead, the rest.

    Adds `stage` (a state, or "over" for an announced session that has ended), `reading_count`, `talk_count`
    and `coming_count`. What is ahead stands soonest first, the rest latest first.
    """
    state = Session.State
    ahead = Q(state__in=[state.DRAFT, state.ANNOUNCED])
    over = Q(state=state.ANNOUNCED, ends_at__lte=now)
    coming = Rsvp.objects.filter(
        answer=Rsvp.Answer.YES, in_line_since=None, member__state=Member.State.ACTIVE
    )
    order = {"over": 0, state.ANNOUNCED: 1, state.DRAFT: 2, state.HELD: 3, state.CANCELLED: 4}
    return (
        Session.objects.annotate(
            stage=Case(When(over, then=Value("over")), default=F("state"), output_field=CharField()),
            reading_count=_count(Reading.objects.all()),
            talk_count=_count(Slot.objects.all()),
            coming_count=_count(coming),
        )
        .annotate(
            rank=Case(*(When(stage=stage, then=Value(rank)) for stage, rank in order.items())),
            ahead_at=Case(When(ahead, then=F("starts_at"))),
        )
        .order_by("rank", F("ahead_at").asc(nulls_last=True), "-starts_at", "-pk")
    )


def _count(rows: QuerySet) -> Coalesce:
    counted = rows.filter(session=OuterRef("pk")).order_by().values("session").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)
