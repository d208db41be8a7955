"""What the page of one session says, and what each presenter has given: gathered in one query a page.

As in `sessions_app.overview`, the database hands over talks, people and links as one JSON value a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse

from members.models import Member
from sessions_app.attendance import head_count
from sessions_app.models import Appearance, ArchiveTally, Material, Presenter, Reading, Rsvp, Session, Slot
from sessions_app.models.archive_tally import WITHOUT_TRACK
from sessions_app.overview import ROW, presenter_name, with_tracks
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


def presenters_in_order() -> list[int]:
    """The keys of all who have presented in a published session, in the order of first talks. One query.

    Triggers keep who first presented when, and an index has it in order (migration 0009): nothing is sorted.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM sessions_app_presenter WHERE first_talk IS NOT NULL ORDER BY first_talk, id"
        )
        return [key for (key,) in cursor.fetchall()]


def with_given(
    presenters: QuerySet[Presenter],
    *,
    member: bool = False,
    sessions: QuerySet[Session] | None = None,
    most: int | None = None,
) -> QuerySet[Presenter]:
    """Add `talks`: {"id", "title", "url", "sessions", "people", "links"}, the earliest first.

    Sessions are {"number", "title"}, and people are all who gave it; pass each presenter through `address`.
    member: whether the reader opens what is for members. sessions: those that count, the published ones
    unless told. most: how many talks at most.
    """
    counted = Session.objects.published() if sessions is None else sessions
    of_talk = Slot.objects.filter(session__in=counted, presentation=OuterRef("presentation")).order_by(
        "session__starts_at", "position"
    )
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
    return presenters.annotate(talks=ArraySubquery(given.values_list(talk)[:most]))


def presenters_with_talks(
    *, member: bool = False, sessions: QuerySet[Session] | None = None
) -> QuerySet[Presenter]:
    """Everybody who has presented in a session that all may see, `with_given`; in no order.

    member, sessions: as there.
    """
    counted = Session.objects.published() if sessions is None else sessions
    on_show = Slot.objects.filter(session__in=counted).values("presentation")
    # Not by the presenter's own slots, one by one: without fresh statistics that is a product of tables.
    shown = Presenter.objects.with_people().filter(
        pk__in=Appearance.objects.filter(presentation__in=on_show).values("presenter")
    )
    return with_given(shown, member=member, sessions=sessions)


def address(presenters: Iterable[Presenter]) -> None:
    """Give the talks of presenters that came `with_given` their addresses, worded links, and `others`."""
    talk_at, person_at, session_at = (
        reverse(name, args=[0]).replace("0", "{}") for name in ("talk", "presenter", "sessions:detail")
    )
    for presenter in presenters:
        for talk in presenter.talks:
            talk["address"] = talk_at.format(talk["id"])
            talk["others"] = [person for person in talk["people"] if person["id"] != presenter.pk]
            for person in talk["others"]:
                person["address"] = person_at.format(person["id"])
            for session in talk["sessions"]:
                session["address"] = session_at.format(session["number"])
            for link in talk["links"]:
                label(link)


def count_by_state() -> dict[str, int]:
    """How many sessions are in each state, as the archive's tally knows. One query."""
    counts = dict.fromkeys(Session.State.values, 0)
    tally = ArchiveTally.objects.filter(track=WITHOUT_TRACK).order_by().values_list("state")
    return counts | dict(tally.annotate(Sum("change")))


def for_desk(places: range, counts: dict[str, int], *, now: datetime) -> QuerySet[Session]:
    """The sessions at these places of the organisers' list. counts: from `count_by_state`. One query.

    In the list stands first what is over and still open, then what is ahead, soonest first, then what was
    held and what was cancelled, latest first. These two follow an index: none are read but those shown.

    Adds `stage` (a state, or "over" for an announced session that has ended), `reading_count`, `talk_count`
    and `coming_count`.
    """
    state = Session.State
    is_open = [state.ANNOUNCED, state.DRAFT]
    latest_first = Session.objects.order_by("-starts_at", "-pk")
    lists = [
        (_in_desk_order(now).filter(state__in=is_open), sum(counts[each] for each in is_open)),
        (latest_first.filter(state=state.HELD), counts[state.HELD]),
        (latest_first.filter(state=state.CANCELLED), counts[state.CANCELLED]),
    ]
    keys, begin = [], 0
    for rows, count in lists:
        first, last = max(places.start - begin, 0), min(places.stop - begin, count)
        if first < last:
            keys.append(rows.values("pk")[first:last])
        begin += count
    if not keys:
        return Session.objects.none()
    coming = Rsvp.objects.filter(
        answer=Rsvp.Answer.YES, in_line_since=None, member__state=Member.State.ACTIVE
    )
    shown = keys[0].union(*keys[1:], all=True) if len(keys) > 1 else keys[0]
    return (
        _in_desk_order(now)
        .filter(pk__in=shown)
        .only(*ROW)
        .annotate(
            reading_count=_count(Reading.objects.all()),
            talk_count=_count(Slot.objects.all()),
            coming_count=_count(coming),
        )
    )


def _in_desk_order(now: datetime) -> QuerySet[Session]:
    """Every session, with `stage`: what is over and still open, what is ahead, the rest."""
    state = Session.State
    ahead = Q(state__in=[state.DRAFT, state.ANNOUNCED])
    over = Q(state=state.ANNOUNCED, ends_at__lte=now)
    order = {"over": 0, state.ANNOUNCED: 1, state.DRAFT: 2, state.HELD: 3, state.CANCELLED: 4}
    return (
        Session.objects.annotate(
            stage=Case(When(over, then=Value("over")), default=F("state"), output_field=CharField()),
        )
        .alias(
            rank=Case(*(When(stage=stage, then=Value(rank)) for stage, rank in order.items())),
            ahead_at=Case(When(ahead, then=F("starts_at"))),
        )
        .order_by("rank", F("ahead_at").asc(nulls_last=True), "-starts_at", "-pk")
    )


def _count(rows: QuerySet) -> Coalesce:
    counted = rows.filter(session=OuterRef("pk")).order_by().values("session").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)
