"""What an import decided, written: all of it or nothing."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from members.errors import Refused
from members.models import Group, User
from sessions_app import notes, proposals
from sessions_app.archive_import.comparing import Change, Plan, compare
from sessions_app.archive_import.survey import Survey
from sessions_app.models import (
    Appearance,
    ImportedFile,
    Material,
    Notes,
    Presentation,
    Presenter,
    Reading,
    ReadingLink,
    Session,
    Slot,
)
from sessions_app.speakers import Directory

LOCK = 7_305_117_226  # any number, as long as every import takes the same


class OpenQuestion(Refused):
    """A date can be read in two ways, and nobody has said which."""


class NoGroup(Refused):
    """There is no group whose sessions they could be."""

    def __init__(self):
        super().__init__("There is no group yet. Set one up first, with load_group.")


@transaction.atomic
def load(
    survey: Survey,
    *,
    by: User | None,
    now: datetime,
    audience: str | None = None,
    overwrite: bool = False,
    dry_run: bool = False,
) -> Plan:
    """Write what the files say; returns what was done, or with dry_run what would be.

    audience: who reads the imported notes; None is members for new notes, and leaves older ones to whom they
    were open. Raises OpenQuestion, NoGroup, and Refused of `notes.save`; then nothing was changed.
    """
    with connection.cursor() as cursor:  # two imports at once would each create what the other creates
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    group = Group.objects.current()
    if group is None:
        raise NoGroup
    plan = compare(survey, group, now=now, overwrite=overwrite)
    if dry_run:
        return plan
    if survey.open_dates:
        first = survey.open_dates[0]
        raise OpenQuestion(
            f"Say first whether the month or the day comes first: {first.path} says "
            f"“{first.day.text if first.day else ''}”. Nothing was imported."
        )
    directory = Directory()
    for change in plan.changes:
        _write(change, directory, by=by, now=now, audience=audience)
    return plan


def _write(
    change: Change, directory: Directory, *, by: User | None, now: datetime, audience: str | None
) -> None:
    session = _session(change)
    _readings(change, session)
    _talks(change, session, directory, now=now)
    begun = change.session is not None and hasattr(change.session, "notes")
    if change.notes is not None:
        notes.save(
            session_id=session.pk,
            text=change.notes,
            by=by,
            base=change.base,
            now=now,
            comment=f"Imported from {change.said.path}",
            audience=audience or (None if begun else Notes.Audience.MEMBERS),
            tell=False,  # years of notes that come from elsewhere at once are no news
        )
    elif audience and begun:
        notes.set_audience(session_id=session.pk, audience=audience, now=now, tell=False)
    ImportedFile.objects.update_or_create(
        session=session, defaults={"path": change.said.path, "said": change.record, "imported_at": now}
    )


def _session(change: Change) -> Session:
    if change.session is None:
        return Session.objects.create(**change.values)
    session = Session.objects.select_for_update(of=("self",)).get(pk=change.session.pk)
    for name, value in change.values.items():
        setattr(session, name, value)
    if change.values:
        session.save(update_fields=list(change.values))
    return session


def _readings(change: Change, session: Session) -> None:
    """Write the rows one after the other: a part needs its parent's key."""
    rows: list[Reading] = []
    for each in change.readings:
        row, values = each.row, dict(each.values)
        above = rows[each.above] if each.above is not None else None
        if row is None:
            row = Reading.objects.create(session=session, parent=above, **values)
        elif values:
            if "position" in values and row.parent_id != (above.pk if above else None):
                values["parent_id"] = above.pk if above else None
            for name, value in values.items():
                setattr(row, name, value)
            row.save(update_fields=list(values))
        if each.links is not None:
            row.links.all().delete()
            ReadingLink.objects.bulk_create(
                ReadingLink(reading=row, title=title, url=url, position=place)
                for place, (title, url) in enumerate(each.links)
            )
        rows.append(row)
    gone = [row.pk for row in change.gone]
    Reading.objects.filter(parent__in=gone).exclude(pk__in=gone).update(parent=None)
    Reading.objects.filter(pk__in=gone).delete()


def _talks(change: Change, session: Session, directory: Directory, *, now: datetime) -> None:
    place = len(change.session.slot_rows) if change.session else 0
    for each in change.talks:
        if each.presentation_id is None:
            talk = Presentation.objects.create(title=each.talk.title)
            for position, (name, url) in enumerate(each.talk.people):
                presenter = directory.presenter(name)
                Presenter.objects.filter(pk=presenter, member=None, url="").update(url=url)
                Appearance.objects.create(presentation=talk, presenter_id=presenter, position=position)
            Slot.objects.create(presentation=talk, session=session, position=place)
            place += 1
            proposals.follow([talk.pk], now=now, is_new=True)
        else:
            talk = Presentation.objects.get(pk=each.presentation_id)
            if each.title:
                talk.title = each.title
                talk.save(update_fields=["title"])
        _materials(each.links, presentation=talk)
    _materials(change.slides, session=session)


def _materials(links: list[tuple[str, str]], **owner) -> None:
    place = Material.objects.filter(**owner).count() if links else 0
    for position, (kind, url) in enumerate(links, start=place):
        Material.objects.create(kind=kind, url=url, position=position, **owner)
