"""The organisers' form for a session with all its parts: one form, a list of readings, a list of talks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from members.models import User
from sessions_app import pending_files, stored_files
from sessions_app.models import StoredFile
from sessions_app.planning import Plan, ReadingLine, TalkLine
from sessions_app.reading_rows import MOST_READINGS, ReadingForm, ReadingRows, shown_link
from sessions_app.row_forms import MOST_TALKS, RowFormSet, TalkRows
from sessions_app.session_form import SessionForm
from sessions_app.speakers import Directory, line_of
from sessions_app.stored import READING_FIELDS, TALK_FIELDS, Stored
from sessions_app.suggestions import PLACE

BLANK_READINGS, BLANK_TALKS = 3, 2
LISTS = {"readings": ReadingRows, "talks": TalkRows}
# The fields that the form shows and the plan takes as they stand.
AS_THEY_ARE = (
    "number", "title", "time_zone", "summary", "agenda", "warm_up", "up_next", "notes_url", *PLACE,
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One line of the summary above the form: what to do, and the field it is about."""

    label: str
    anchor: str
    sentence: str


def as_typed(stored: Stored) -> dict:
    """A stored session as the form shows it."""
    session = stored.session
    start, end = session.local_start, session.local_end
    return {name: getattr(session, name) for name in AS_THEY_ARE} | {
        "date": start.date(),
        "starts": start.time(),
        "ends": end.time(),
        "hours_unknown": not session.hours_known,
        "tracks": stored.tracks,
        "builds_on": ", ".join(str(earlier["number"]) for earlier in stored.built_on),
        "scribe": session.scribe_id,
    }


def reading_rows(stored: Stored) -> list[dict]:
    """The stored readings as rows, numbered in their order."""
    return [
        {name: getattr(reading, name) for name in READING_FIELDS}
        | {
            "pk": reading.pk,
            "order": order,
            "is_part": reading.is_part,
            "links": "\n".join(shown_link(link) for link in reading.link_list),
        }
        for order, reading in enumerate(stored.readings, start=1)
    ]


def talk_rows(stored: Stored) -> list[dict]:
    """The stored talks as rows, numbered in their order."""
    return [
        {name: getattr(talk.presentation, name) for name in TALK_FIELDS}
        | {
            "pk": talk.presentation.pk,
            "order": order,
            "presenters": line_of(talk.presenters),
        }
        for order, talk in enumerate(stored.talks, start=1)
    ]


def _typed(form: forms.BaseForm) -> dict:
    """What was posted for a form, unchecked, so that it can be shown again as it was."""
    return {
        name: field.widget.value_from_datadict(form.data, {}, form.add_prefix(name))
        for name, field in form.fields.items()
    }


class Editor:
    """The whole form. Without data it shows what is stored or suggested, else what was typed.

    A list that is longer than its page allows is left out of the form, and untouched by it.
    """

    def __init__(
        self,
        *,
        stored: Stored | None = None,
        suggested: dict | None = None,
        data: QueryDict | None = None,
        files: MultiValueDict | None = None,
        by: User | None = None,
    ) -> None:
        self.stored, self.by = stored, by
        self.session = stored.session if stored else None
        self.seen = stored.version if stored else ""
        self.conflict = False  # whether the page has to say that somebody else saved meanwhile
        self.pending: dict[str, StoredFile] = {}  # files that wait for the form to be saved
        self.too_long = {
            "readings": bool(stored and len(stored.readings) > MOST_READINGS),
            "talks": bool(stored and len(stored.talks) > MOST_TALKS),
        }
        if data is None:
            initial = as_typed(stored) if stored else suggested or {}
            self.form = self._form(initial=initial)
            self.readings = self._list("readings", rows=reading_rows(stored) if stored else [])
            self.talks = self._list("talks", rows=talk_rows(stored) if stored else [])
            self.readings.extra = 1 if self.readings.initial else BLANK_READINGS
            self.talks.extra = 1 if self.talks.initial else BLANK_TALKS
        else:
            self.seen = data.get("seen", "")
            self.form = self._form(data)
            self.readings = self._list("readings", data=data, files=files)
            self.talks = self._list("talks", data=data)

    def _form(self, *args, **kwargs) -> SessionForm:
        if self.stored:
            kwargs |= {"tracks": self.stored.every_track, "built_on": self.stored.built_on}
        return SessionForm(*args, session=self.session, **kwargs)

    def _list(
        self,
        name: str,
        *,
        rows: list[dict] | None = None,
        data: QueryDict | None = None,
        files: MultiValueDict | None = None,
    ) -> RowFormSet:
        kwargs: dict = {"prefix": name}
        if name == "readings":
            readings = self.stored.readings if self.stored else []
            kwargs["form_kwargs"] = {
                "stored": {str(reading.pk): reading for reading in readings},
                "pending": self.pending,
            }
        if name == "talks":
            known = (
                {talk.presentation.pk: talk.presenters for talk in self.stored.talks} if self.stored else {}
            )
            kwargs["form_kwargs"] = {"directory": Directory() if data else None, "stored": known}
        if data is not None:
            return LISTS[name](data, files, **kwargs)
        return LISTS[name](initial=rows, **kwargs)

    @property
    def lists(self) -> Iterator[RowFormSet]:
        """The lists that are part of the form."""
        return (getattr(self, name) for name in LISTS if not self.too_long[name])

    def more(self, name: str) -> None:
        """Show everything as it was typed, unchecked, with another empty row in one list."""
        self._bring_files_back()
        self._keep_files()
        refused = [form.refused_file for form in self.readings.forms]
        typed = _typed(self.form)
        rows = {key: [_typed(form) for form in getattr(self, key).forms] for key in LISTS}
        self.form = self._form(initial=typed)
        for key, values in rows.items():
            fresh = self._list(key, rows=values)
            fresh.extra = int(key == name)
            setattr(self, key, fresh)
            if key == name and len(fresh.forms) > len(values):
                fresh.forms[-1].fields["title"].widget.attrs["autofocus"] = True
        for form, sentence in zip(self.readings.forms, refused, strict=False):
            form.refuse_file(sentence)

    def is_valid(self) -> bool:
        """Check everything, so that all problems are told at once. Files that have come are kept."""
        self._bring_files_back()
        checked = [self.form.is_valid(), *(rows.is_valid() for rows in self.lists)]
        return self._keep_files() and all(checked)

    def _bring_files_back(self) -> None:
        """Find the files again that came with the form before and still wait for it to be saved."""
        if not self.too_long["readings"]:
            keys = [form["file_kept"].value() for form in self.readings.forms]
            self.pending |= pending_files.brought_back(keys, by=self.by)

    def _keep_files(self) -> bool:
        """Take the files that have come, whatever else is wrong: no browser sends them again by itself.

        Returns whether all could be taken; the row of one that could not says why.
        """
        rows = [] if self.too_long["readings"] else self.readings.forms
        kept = [self._keep_file(form) for form in rows if form.upload_to_keep]
        return all(kept)

    def _keep_file(self, form: ReadingForm) -> bool:
        try:
            form.keep_file(stored_files.accept(form.upload, by=self.by, now=timezone.now()))
        except stored_files.FileRefused as refused:
            form.refuse_file(str(refused))
            return False
        return True

    def plan(self) -> Plan:
        """What the valid form asks for."""
        data = self.form.cleaned_data
        values = {name: data[name] for name in (*AS_THEY_ARE, "scribe", "starts_at", "ends_at")}
        values["hours_known"] = not data.get("hours_unknown")
        plan = {"values": values, "tracks": data["tracks"], "built_on": data["builds_on"]}
        if not self.too_long["readings"]:
            plan["readings"] = [self._reading(form) for form in self.readings.rows()]
            plan["removed_readings"] = self.readings.removed()
        if not self.too_long["talks"]:
            plan["talks"] = [self._talk(form.cleaned_data) for form in self.talks.rows()]
            plan["removed_talks"] = self.talks.removed()
        return Plan(**plan)

    @staticmethod
    def _reading(form: ReadingForm) -> ReadingLine:
        row = form.cleaned_data
        removed = row["remove_file"] and not form.upload
        return ReadingLine(
            values={name: row[name] for name in READING_FIELDS},
            pk=row["pk"],
            is_part=row["is_part"],
            links=row["links"],
            file=None if removed else form.pending_file,
            without_file=removed,
        )

    @staticmethod
    def _talk(row: dict) -> TalkLine:
        return TalkLine(
            values={name: row[name] for name in TALK_FIELDS}, names=row["presenters"], pk=row["pk"]
        )

    def told_kinds(self) -> str:
        """Which kinds the links of new readings have told, in sentences."""
        return "" if self.too_long["readings"] else self.readings.told_kinds()

    def refuse(self, sentence: str, field: str | None = None) -> None:
        """Say why a valid form was not saved."""
        self.form.add_error(field, sentence)

    def problems(self) -> list[Problem]:
        """Everything that is wrong, in the order of the page."""
        found = list(_problems(self.form))
        for name, word in (("readings", "Reading"), ("talks", "Presentation")):
            rows: RowFormSet = getattr(self, name)
            if self.too_long[name] or not rows.is_bound:
                continue
            found += [Problem("", "", sentence) for sentence in rows.non_form_errors()]
            for count, form in enumerate(rows.shown, start=1):
                found += _problems(form, f"{word} {count}, ")
        return found

    def mark_shared(self) -> None:
        """Note on each talk's row (`elsewhere`) the numbers of the other sessions that it is in."""
        shared = (
            {str(talk.presentation.pk): talk.elsewhere for talk in self.stored.talks} if self.stored else {}
        )
        for form in self.talks.forms:
            form.elsewhere = shared.get(str(form["pk"].value()), [])


def _problems(form: forms.BaseForm, where: str = "") -> Iterator[Problem]:
    for sentence in form.non_field_errors() if form.is_bound else ():
        yield Problem("", "", sentence)
    for field in form if form.is_bound else ():
        for sentence in field.errors:
            label = f"{where}{field.label.lower()}" if where else field.label
            yield Problem(label, f"{field.auto_id}_0" if field.use_fieldset else field.auto_id, sentence)
