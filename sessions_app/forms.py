"""What an organiser may type about a session. Its lists are in `row_forms`; `editor` puts them together."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time
from functools import lru_cache

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Fieldset, Layout
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator

from sessions_app import notes
from sessions_app.models import Session, Track
from sessions_app.models.session import LONGEST_TEXT
from sessions_app.planning import NoSuchTime, moment

HIGHEST_NUMBER = 9999
MOST_CHAIRS = 5000
EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)  # every zone can show these


class WebField(forms.URLField):
    """A web address, http or https only. One typed without its scheme gets https."""

    default_validators = [URLValidator(schemes=["http", "https"])]
    default_error_messages = {"invalid": "Write a web address such as https://example.org/page."}

    def __init__(self, **kwargs):
        super().__init__(assume_scheme="https", **kwargs)
        self.validators = [
            URLValidator(schemes=["http", "https"], message=self.error_messages["invalid"])
            if isinstance(validator, URLValidator)
            else validator
            for validator in self.validators
        ]
        self.widget.input_type = "text"  # the browser's own check would refuse “example.org”
        self.widget.attrs |= {"inputmode": "url", "spellcheck": "false"}


class UploadField(forms.FileField):
    """One file. `sessions_app.stored_files` says which ones are taken."""

    default_error_messages = {
        "required": "Choose a file.",
        "invalid": "Choose the file again; it did not reach us.",
        "missing": "Choose the file again; it did not reach us.",
        "empty": "Choose another file; this one is empty.",
        "max_length": "Choose a file with a shorter name.",
    }


def text_area(rows: int) -> forms.Textarea:
    """A field of several lines."""
    return forms.Textarea(attrs={"rows": rows})


def helper(*layout) -> FormHelper:
    """Fields only: the page has one form element around them all, and shows all errors in one place."""
    made = FormHelper()
    made.form_tag = False
    made.disable_csrf = True
    made.template = "organiser/_fields.html"
    made.layout = Layout(*layout)
    return made


def row(*fields) -> Div:
    """Fields side by side; each is a name or (name, columns of twelve)."""
    pairs = [field if isinstance(field, tuple) else (field, 12) for field in fields]
    return Div(*(Field(name, wrapper_class=f"col-md-{width}") for name, width in pairs), css_class="row")


@lru_cache(maxsize=1)
def zones() -> list[tuple[str, str]]:
    """The IANA zones that are named after a place, and UTC. Read from the disk once."""
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC")
    return [(name, name.replace("_", " ")) for name in names if not name.startswith(("Etc/", "SystemV/"))]


class SessionForm(forms.Form):
    """The session itself. `session` is the one being changed, None for a new one."""

    number = forms.IntegerField(
        min_value=1,
        max_value=HIGHEST_NUMBER,
        error_messages={
            "required": "Give the session a number.",
            "invalid": "Write the number in figures.",
            "min_value": "Number the sessions from 1.",
            "max_value": f"Choose a number up to {HIGHEST_NUMBER}.",
        },
    )
    title = forms.CharField(
        max_length=200,
        help_text="*Stars* around a word emphasise it.",
        error_messages={"required": "Give the session a title."},
    )
    date = forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={
            "required": "Choose a date.",
            "invalid": "Write the date as 2026-10-16 or 16/10/2026.",
        },
        validators=[
            MinValueValidator(EARLIEST, f"Choose a date from {EARLIEST.year} on."),
            MaxValueValidator(LATEST, f"Choose a date up to {LATEST.year}."),
        ],
    )
    starts = forms.TimeField(
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"required": "Say when it starts.", "invalid": "Write the time as 18:30."},
    )
    ends = forms.TimeField(
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"required": "Say when it ends.", "invalid": "Write the time as 21:00."},
    )
    time_zone = forms.ChoiceField(
        error_messages={
            "required": "Choose a time zone such as Europe/London.",
            "invalid_choice": "Choose a time zone such as Europe/London.",
        },
    )
    hours_unknown = forms.BooleanField(
        required=False, label="Only the date is on record; show no start and no end"
    )
    place = forms.CharField(
        required=False, max_length=200, help_text="Where, in one line. Everybody sees it."
    )
    chairs = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_CHAIRS,
        label="How many people the room holds",
        help_text="Empty: as many as the group has seats. What members leave free can go to guests.",
        error_messages={
            "invalid": "Write the number in figures.",
            "min_value": "Write a number from 1 on, or leave it empty.",
            "max_value": f"Write a number up to {MOST_CHAIRS}.",
        },
    )
    directions = forms.CharField(
        required=False,
        max_length=LONGEST_TEXT,
        widget=text_area(3),
        help_text="How to get in. Members only. Markdown.",
    )
    host = forms.CharField(required=False, max_length=120, label="Host, who lends the room")
    host_url = WebField(required=False, max_length=500, label="The host’s web page")
    summary = forms.CharField(
        required=False, max_length=LONGEST_TEXT, widget=text_area(4), help_text="What it is about. Markdown."
    )
    agenda = forms.CharField(
        required=False, max_length=LONGEST_TEXT, widget=text_area(3), help_text="On the day. Markdown."
    )
    tracks = forms.TypedMultipleChoiceField(
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Tick again; a track that you had ticked is gone."},
    )
    scribe = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label="Scribe, who writes the notes",
        help_text="Organisers and the members who present may write them, too.",
        error_messages={"invalid_choice": "Choose somebody else; this person is no longer in the group."},
    )
    notes_url = WebField(
        required=False, max_length=500, label="Notes kept elsewhere", help_text="The address of the notes."
    )
    up_next = forms.CharField(
        required=False,
        max_length=LONGEST_TEXT,
        widget=text_area(3),
        label="Up next",
        help_text="What the group thought of doing afterwards. Markdown.",
    )

    def __init__(self, *args, session: Session | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.session = session
        self.fields["tracks"].choices = list(Track.objects.values_list("pk", "name"))
        self.fields["time_zone"].choices = self._zones()
        self.fields["scribe"].choices = [("", "Nobody yet"), *self._scribes()]
        if session is None or session.hours_known:
            del self.fields["hours_unknown"]
        when = row(("number", 2), ("date", 4), ("starts", 3), ("ends", 3)), Field("time_zone")
        unknown = [Field("hours_unknown")] if "hours_unknown" in self.fields else []
        tracks = [Field("tracks")] if self.fields["tracks"].choices else []
        self.helper = helper(
            Fieldset("The session", Field("title"), *when, *unknown, Field("summary"), *tracks),
            Fieldset(
                "The place",
                Field("place"),
                Field("chairs"),
                row(("host", 6), ("host_url", 6)),
                Field("directions"),
                Field("agenda"),
            ),
        )
        self.afterwards = helper(
            Fieldset("Afterwards", Field("scribe"), Field("notes_url"), Field("up_next"))
        )

    def _zones(self) -> list[tuple[str, str]]:
        """The zones to choose from; one that is in use already stays, though it has an old name."""
        used = self.session.time_zone if self.session else self.initial.get("time_zone")
        return zones() if not used or (used, used.replace("_", " ")) in zones() else [(used, used), *zones()]

    def _scribes(self) -> list[tuple[int, str]]:
        """The members, and who is the scribe already though no longer one of them."""
        return [(member.pk, member.name) for member in notes.possible_scribes(besides=self._scribe())]

    def _scribe(self) -> int | None:
        return self.session.scribe_id if self.session else None

    def clean_number(self) -> int:
        """Refuse a number that another session has."""
        number = self.cleaned_data["number"]
        others = Session.objects.filter(number=number)
        if self.session:
            others = others.exclude(pk=self.session.pk)
        if others.exists():
            raise forms.ValidationError(f"Choose another number; there is a session {number} already.")
        return number

    def clean(self) -> dict:
        """Make the start and the end out of date, times and zone; each problem stands at its field."""
        data = super().clean()
        day, zone = data.get("date"), data.get("time_zone")
        clocks = {name: data[name] for name in ("starts", "ends") if data.get(name) is not None}
        if not day or not zone:  # what can be said of the two clocks without them
            self._in_order(clocks)
            return data
        instants = {}
        for name, clock in clocks.items():
            try:
                instants[name] = self._stored(name, day, clock, zone) or moment(day, clock, zone)
            except NoSuchTime as skipped:
                self.add_error(name, str(skipped))
        data["starts_at"], data["ends_at"] = instants.get("starts"), instants.get("ends")
        self._in_order(instants)
        return data

    def _in_order(self, times: dict[str, time] | dict[str, datetime]) -> None:
        """Tell at the end's field when it does not come after the start."""
        if len(times) == 2 and times["ends"] <= times["starts"]:
            self.add_error("ends", "Choose a later end; it has to come after the start, on the same day.")

    def _stored(self, name: str, day: date, clock: time, zone: str) -> datetime | None:
        """The stored start or end, when it reads as what was typed.

        The form cannot show all of it: the seconds, the second of two equal hours, an end after midnight.
        """
        session = self.session
        if session is None or zone != session.time_zone or day != session.local_start.date():
            return None
        local = session.local_start if name == "starts" else session.local_end
        same = local.time().replace(second=0, microsecond=0) == clock
        return local.astimezone(UTC) if same else None
