"""What organisers may type into the settings. The words beside each field are in `settings_words`."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from members.forms.fields import LongSelect, LongTextField
from members.models import Group
from members.settings_desk import Section
from members.settings_lists import LISTS
from sessions_app.forms import WebField, zones
from sessions_app.row_forms import RowForm, rows_of
from studygroup.settings_words import HELP, label

LONGEST_TEXT = 20_000
MOST_ROWS = 40  # of a list; more would pass settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
EMPTY_ROWS = 2
NARROW = ("low", "high", "weight")  # columns of a list that stand three in a line
NULLS = {"null_characters_not_allowed": "Take out the null characters; they cannot be kept."}


def field_of(name: str, model: type[models.Model] = Group) -> forms.Field:
    """The form's field for a setting, with sentences that say what to do."""
    stored = model._meta.get_field(name)
    words = {"label": label(name), "help_text": HELP.get(name, ""), "required": not stored.blank}
    if name == "time_zone":
        again = "Choose a time zone such as Europe/London."
        return forms.ChoiceField(
            **words, widget=LongSelect, error_messages=dict.fromkeys(("required", "invalid_choice"), again)
        )
    if stored.choices:
        again = "Choose one of the list."
        return forms.TypedChoiceField(
            **words,
            coerce=int,
            choices=stored.choices,
            error_messages=dict.fromkeys(("required", "invalid_choice"), again),
        )
    match stored:
        case models.BooleanField():
            return forms.BooleanField(**(words | {"required": False}))
        case models.TimeField():
            again = "Write the time like 18:30."
            return forms.TimeField(
                **words,
                widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
                error_messages=dict.fromkeys(("required", "invalid"), again),
            )
        case models.IntegerField():
            return _number(stored, words)
        case models.URLField():
            return WebField(
                **words,
                max_length=stored.max_length,
                error_messages={"max_length": f"Use an address of at most {stored.max_length} characters."},
            )
    errors = {"required": "Write something here; the pages show it.", **NULLS}
    if isinstance(stored, models.TextField):
        return LongTextField(
            **words,
            rows=10 if name == "about" else 4,
            max_length=LONGEST_TEXT,
            error_messages=errors | {"max_length": f"Shorten the text to {LONGEST_TEXT:,} characters."},
        )
    return forms.CharField(
        **words,
        max_length=stored.max_length,
        error_messages=errors | {"max_length": f"Shorten this to {stored.max_length} characters."},
    )


def _number(stored: models.Field, words: dict) -> forms.IntegerField:
    limits = {type(each): each.limit_value for each in stored.validators}
    least, most = limits.get(MinValueValidator, 0), limits[MaxValueValidator]
    again = f"Write a whole number from {least} to {most}."
    return forms.IntegerField(
        **words,
        min_value=least,
        max_value=most,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), again),
    )


class SettingsForm(forms.Form):
    """The settings of one section of fields. seen: what the page has shown, `settings_desk.fingerprint`."""

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    sure = forms.BooleanField(required=False, label="Erase them")

    def __init__(self, *args, section: Section, group: Group, **kwargs):
        kwargs["initial"] = {name: getattr(group, name) for name in section.fields} | kwargs["initial"]
        super().__init__(*args, **kwargs)
        self.section = section
        for name in section.fields:
            self.fields[name] = field_of(name)
        if "time_zone" in self.fields:
            known = zones()
            own = [] if group.time_zone in dict(known) else [(group.time_zone, group.time_zone)]
            self.fields["time_zone"].choices = own + known

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields in their order, without the hidden one and the box that is only sometimes there."""
        return [self[name] for name in self.section.fields]

    def values(self) -> dict:
        """What was typed, by fields of the group, once the form is valid."""
        return {name: self.cleaned_data[name] for name in self.section.fields}

    def clean(self) -> dict:
        """What the group's own rules say of the fields and of how they go together."""
        cleaned = super().clean()
        for name in self.section.fields:
            try:
                if name in cleaned:
                    Group._meta.get_field(name).run_validators(cleaned[name])
            except ValidationError as error:
                self.add_error(name, error)
        if {"accent", "accent_dark"} <= cleaned.keys():
            try:
                Group(accent=cleaned["accent"], accent_dark=cleaned["accent_dark"]).clean()
            except ValidationError as error:
                self.add_error(None, error)
        return cleaned


class ListRow(RowForm):
    """One row of a list; its name is called the title, as in every list that has an order."""

    def __init__(self, *args, columns: dict[str, forms.Field], **kwargs):
        self.columns = tuple(columns)
        super().__init__(*args, **kwargs)

    def values(self) -> dict:
        """The row as `settings_lists.save` takes it, once it is valid."""
        found = {name: self.cleaned_data[name] for name in self.columns if name != "title"}
        return found | {"pk": self.cleaned_data["pk"], "name": self.cleaned_data["title"]}

    @property
    def shown(self) -> list[tuple[forms.BoundField, int]]:
        """The fields in their order, without those that every list has, each with its width of twelve."""
        return [(self[name], 4 if name in NARROW else 6) for name in self.columns]


def _row_form(name: str) -> type[ListRow]:
    listed = LISTS[name]
    columns = {
        "title" if column == "name" else column: field_of(column, listed.model) for column in listed.columns
    }

    class Row(ListRow):
        # What is filled in beforehand makes no row.
        written = tuple(column for column in columns if column in ("title", "hint", "role", "url", "reason"))

        def __init__(self, *args, **kwargs):
            super().__init__(*args, columns=columns, **kwargs)

    Row.base_fields = ListRow.base_fields | columns
    return Row


FORMS = {name: _row_form(name) for name in LISTS}


def list_form(name: str, rows: list[dict], data=None):
    """The formset of a list, with two empty rows below what there is."""
    most = max(MOST_ROWS, len(rows) + EMPTY_ROWS)
    made = rows_of(FORMS[name], most, "rows")
    if data is not None:
        return made(data, prefix="rows", initial=[])
    shown = [row | {"title": row["name"], "order": order} for order, row in enumerate(rows, start=1)]
    fresh = {"weight": 1, "low": "Hardly", "high": "Very much"} if name == "criteria" else {}
    empty = [dict(fresh) for _ in range(min(EMPTY_ROWS, most - len(rows)))]
    return made(initial=shown + empty, prefix="rows")
