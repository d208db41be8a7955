"""By which word one row speaks of another, and where everything lies. Made before anything is written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import F

from members.models import Member, Strength, User
from sessions_app.models import Path, Photo, Presentation, Presenter, Session, Slot
from sessions_app.models.presentation import FORGOTTEN
from studygroup.archive_export import naming


@dataclass
class Index:
    """`called[model][key]` is the word for a row; `files` are those with an address, by their address."""

    called: dict[type[models.Model], dict[Any, Any]] = field(default_factory=dict)
    folders: dict[int, str] = field(default_factory=dict)  # of sessions, by key
    member_files: dict[int, str] = field(default_factory=dict)  # of members, by key, without ending
    photo_names: dict[int, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    talks: list[int] = field(default_factory=list)  # keys, in the order of the archive

    def call(self, model: type[models.Model], key: Any) -> Any:
        """The word for one row, None for none."""
        return None if key is None else self.called[model][key]


def make_index() -> Index:
    """Look at everything that others speak of. Eight queries, whatever the amount of data."""
    index = Index()
    _people(index)
    index.called[Strength] = dict(Strength.objects.values_list("pk", "name"))
    index.called[Path] = dict(Path.objects.values_list("pk", "name"))
    _presenters(index)
    _sessions(index)
    _talks(index)
    return index


def _people(index: Index) -> None:
    names = naming.Names()
    slugs, by_user = {}, {}
    for key, user, slug in Member.objects.order_by("pk").values_list("pk", "user_id", "slug"):
        slugs[key] = by_user[user] = slug
        index.member_files[key] = f"members/{names.give(slug, 'member')}"
    index.called[Member] = slugs
    addresses = User.objects.values_list("pk", "email")
    index.called[User] = {key: by_user.get(key, address) for key, address in addresses}


def _presenters(index: Index) -> None:
    names = naming.Names()
    rows = Presenter.objects.order_by("pk").values_list("pk", "guest_name", "member__user__name")
    index.called[Presenter] = {
        key: names.give(guest or name or FORGOTTEN, "presenter") for key, guest, name in rows
    }
    for key, stem in index.called[Presenter].items():
        index.files[f"/presenters/{key}/"] = f"presenters/{stem}.md"


def _sessions(index: Index) -> None:
    numbers: dict[int, int] = {}
    for key, number, title in Session.objects.values_list("pk", "number", "title"):
        numbers[key] = number
        index.folders[key] = naming.session_folder(number, title)
    index.called[Session] = numbers
    places: dict[int, int] = defaultdict(int)
    photos = Photo.objects.order_by("session_id", "position", "pk")
    for key, session, alternative in photos.values_list("pk", "session_id", "alternative"):
        places[session] += 1
        name = index.photo_names[key] = naming.photo_name(places[session], alternative)
        index.files[f"/sessions/{numbers[session]}/photos/{key}/"] = f"{index.folders[session]}/photos/{name}"


def _talks(index: Index) -> None:
    """Talks as they came: by their first session and their place in it, then by when they were proposed."""
    first: dict[int, tuple[int, int]] = {}
    slots = Slot.objects.order_by("session__number", "position", "pk")
    for place, (talk, number) in enumerate(slots.values_list("presentation_id", "session__number")):
        first.setdefault(talk, (number, place))
    talks = Presentation.objects.order_by(F("proposed_at").asc(nulls_first=True), "pk")
    rows = sorted(talks.values_list("pk", "title"), key=lambda row: first.get(row[0], (1_000_000, 0)))
    names = naming.Names()
    index.called[Presentation] = {key: names.give(title, "talk") for key, title in rows}
    index.talks = [key for key, _ in rows]
    for key, stem in index.called[Presentation].items():
        index.files[f"/presentations/{key}/"] = f"talks/{stem}.md"
