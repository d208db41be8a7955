"""The group's settings: which belong together, how they are changed, and what is kept of each change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time

from django.db import models, transaction

from members import keeping, settings_lists
from members.errors import Refused
from members.models import Group, SettingChange, User


@dataclass(frozen=True)
class Section:
    """Settings that are shown and saved together.

    fields: fields of the group; or the one list that the section is about, as `settings_lists` names it.
    """

    name: str
    title: str
    sentence: str
    fields: tuple[str, ...]

    @property
    def is_list(self) -> bool:
        """Whether it is a list of rows and no fields of the group."""
        return self.fields[0] in settings_lists.LISTS


def _section(name: str, title: str, sentence: str, fields: str) -> Section:
    return Section(name, title, sentence, tuple(fields.split()))


SECTIONS = {
    section.name: section
    for section in [
        _section(
            "texts",
            "Name and texts",
            "What the public pages say of the group.",
            "name tagline lead about city area cadence organiser_name organiser_url repository_url",
        ),
        _section(
            "thanks",
            "Hosts and thanks",
            "Whom the pages thank: who lends the room, who gives something.",
            "thanks",
        ),
        _section(
            "sessions",
            "Sessions",
            "The usual hours, the time zone, and what presenters are asked for.",
            "usual_start usual_end time_zone materials_days show_who_has_read",
        ),
        _section(
            "waiting-list",
            "Waiting list",
            "Whether people may apply, how long things wait, and how long applications are kept.",
            "waiting_list_open apply_note apply_intro interest_label reviews_needed invitation_days "
            "reminder_days automatic_offers ask_after_days answer_days keep_months",
        ),
        _section("criteria", "Criteria", "What reviewers score, and how much each counts.", "criteria"),
        _section("strengths", "Strengths", "What people bring, as they choose it.", "strengths"),
        _section(
            "mail",
            "Mail hours",
            "When mail may go out, and when the weekly digest does.",
            "quiet_from quiet_until digest_weekday",
        ),
        _section("look", "Look", "The accent colour of the pages.", "accent accent_dark"),
        _section("safety", "Safety", "How organisers prove who they are.", "second_factor"),
    ]
}


class ChangedMeanwhile(Refused):
    """Another organiser saved the section since the page was made. `standing`: how it is told now."""

    def __init__(self, standing: Mapping[str, str]):
        super().__init__("Somebody else saved these settings meanwhile. Nothing was changed.")
        self.standing = standing


class WouldErase(Refused):
    """A shorter time of keeping erases applications, and nobody has said that this is meant."""

    def __init__(self, count: int):
        one = count == 1
        super().__init__(
            f"{count} application{'' if one else 's'} would be kept no longer, and {'is' if one else 'are'} "
            "erased within a day; this cannot be undone. Tick the box if you mean it. Nothing was changed."
        )


def told(field: str, value: object) -> str:
    """The value of a setting as text, for people and for comparing. A list comes as its rows."""
    if field in settings_lists.LISTS:
        return settings_lists.told(field, value)
    choices = dict(Group._meta.get_field(field).flatchoices)
    if value in choices and not isinstance(value, bool):
        return choices[value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)


def standing(section: Section, group: Group) -> dict[str, str]:
    """How the settings of the section are now, each as it is told. One query for a list, none for fields."""
    if section.is_list:
        return {name: told(name, settings_lists.rows(name)) for name in section.fields}
    return {name: told(name, getattr(group, name)) for name in section.fields}


def fingerprint(standing: Mapping[str, str]) -> str:
    """A short word that differs when anything in a section does; a page carries it as what it has seen."""
    return hashlib.sha256(json.dumps(dict(standing)).encode()).hexdigest()[:32]


@transaction.atomic
def change(
    section: Section, values: Mapping[str, object], *, seen: str, by: User, now: datetime, sure: bool = False
) -> list[SettingChange]:
    """Save a section, and write what changed into the history. Returns the lines of the history.

    values: for each field its value, for a list its rows as `settings_lists.save` takes them; checked by the
    form. seen: the fingerprint of the page. Nothing is written where nothing differs, even by a late page.
    Raises ChangedMeanwhile, WouldErase unless `sure`, and Refused where a row that goes is in use.
    """
    group = Group.objects.locked()
    if section.is_list:
        settings_lists.lock(section.fields[0])
    before = standing(section, group)
    after = {name: told(name, values[name]) for name in section.fields}
    changed = [name for name in section.fields if before[name] != after[name]]
    if not changed:
        return []
    if seen != fingerprint(before):
        raise ChangedMeanwhile(before)
    if section.is_list:
        settings_lists.save(section.fields[0], values[section.fields[0]])
    else:
        _save(group, {name: values[name] for name in changed}, sure=sure, now=now)
    return [write(name, before[name], after[name], by=by, now=now) for name in changed]


def _save(group: Group, values: Mapping[str, object], *, sure: bool, now: datetime) -> None:
    shortens = values.get("keep_months", group.keep_months) < group.keep_months
    before = keeping.outlived(group, now=now) if shortens else 0
    for name, value in values.items():
        setattr(group, name, value)
    if shortens and not sure:
        more = keeping.outlived(group, now=now) - before
        if more > 0:
            raise WouldErase(more)
    group.save(update_fields=[*values])


def write(field: str, before: str, after: str, *, by: User | None, now: datetime) -> SettingChange:
    """Write one line of the history; for verbs that change a setting under the group's lock themselves."""
    return SettingChange.objects.create(field=field, before=before, after=after, actor=by, at=now)


def history() -> models.QuerySet[SettingChange]:
    """Every change, the newest first, with who made it."""
    return SettingChange.objects.select_related("actor").order_by("-at", "-pk")
