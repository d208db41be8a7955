"""What an organiser may type about a session. Its lists are in `row_forms`; `editor` puts them together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from crispy_forms.layout import HTML, Field, Fieldset
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from members.forms.fields import LongSelect
from sessions_app import prerequisites
from sessions_app.forms import WebField, helper, row, text_area, zones
from sessions_app.models import Session, Track
from sessions_app.models.session import LONGEST_TEXT
from sessions_app.planning import NoSuchTime, moment
from sessions_app.scribe_field import scribe_field

HIGHEST_NUMBER = 9999
MOST_CHAIRS = 5000
EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)  # every zone can show these


class SessionForm(forms.Form):
    """The session itself. `session` is the one being changed, None for a new one.

    `built_on` are the sessions that it builds on, to be shown by their titles.
    """

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
        widget=LongSelect,
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
    address = forms.CharField(required=False, max_length=300, help_text="Street and town. Everybody sees it.")
    access_notes = forms.CharField(
        required=False,
        max_length=LONGEST_TEXT,
        widget=text_area(3),
        label="Steps, lifts, doors, toilets",
        help_text="For whoever needs to know before coming. Everybody sees it. Markdown.",
    )
    online_url = WebField(
        required=False,
        max_length=500,
        label="Where to join from afar",
        help_text="A link. Members only, until the session is over.",
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
        required=False, max_length=LONGEST_TEXT, widget=text_area(3), help_text="What happens when. Markdown."
    )
    warm_up = forms.CharField(
        required=False,
        max_length=300,
        label="Warm-up question",
        help_text="Whoever says that they come may answer it. The presenters read the answers.",
    )
    builds_on = forms.CharField(
        required=False,
        max_length=200,
        label="Builds on",
        help_text="The numbers of earlier sessions, with commas between them, such as 3, 5.",
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
    )
    tracks = forms.TypedMultipleChoiceField(
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Tick again; a track that you had ticked is gone."},
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

    def __init__(
        self,
        *args,
        session: Session | None = None,
        tracks: Sequence[tuple[int, str]] | None = None,
        built_on: Sequence[dict] = (),
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.session = session
        self.built_on: Sequence[dict | Session] = built_on
        if tracks is None:
            tracks = list(Track.objects.values_list("pk", "name"))
        self.fields["tracks"].choices = tracks
        self.fields["time_zone"].choices = self._zones()
        self.fields["scribe"] = scribe_field(session.scribe_id if session else None)
        if session is None or session.hours_known:
            del self.fields["hours_unknown"]
        when = row(("number", 2), ("date", 4), ("starts", 3), ("ends", 3)), Field("time_zone")
        unknown = [Field("hours_unknown")] if "hours_unknown" in self.fields else []
        tracks = [Field("tracks")] if self.fields["tracks"].choices else []
        self.helper = helper(
            Fieldset(
                "The session",
                Field("title"),
                *when,
                *unknown,
                Field("summary"),
                Field("builds_on"),
                HTML('{% include "organiser/_built_on.html" %}'),
                *tracks,
            ),
            Fieldset(
                "The place",
                row(("place", 6), ("address", 6)),
                Field("chairs"),
                row(("host", 6), ("host_url", 6)),
                Field("access_notes"),
                Field("directions"),
                Field("online_url"),
            ),
            Fieldset("On the day", Field("agenda"), Field("warm_up")),
        )
        self.afterwards = helper(
            Fieldset("Afterwards", Field("scribe"), Field("notes_url"), Field("up_next"))
        )

    def _zones(self) -> list[tuple[str, str]]:
        """The zones to choose from; one that is in use already stays, though it has an old name."""
        used = self.session.time_zone if self.session else self.initial.get("time_zone")
        return zones() if not used or (used, used.replace("_", " ")) in zones() else [(used, used), *zones()]

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
            self._choose_earlier(data)
            return data
        instants = {}
        for name, clock in clocks.items():
            try:
                instants[name] = self._stored(name, day, clock, zone) or moment(day, clock, zone)
            except NoSuchTime as skipped:
                self.add_error(name, str(skipped))
        data["starts_at"], data["ends_at"] = instants.get("starts"), instants.get("ends")
        self._in_order(instants)
        self._choose_earlier(data)
        return data

    def _choose_earlier(self, data: dict) -> None:
        """Find the sessions whose numbers were typed; `builds_on` becomes the list of these."""
        if "builds_on" not in data:
            return
        try:
            self.built_on = prerequisites.choose(
                prerequisites.numbers_in(data["builds_on"]),
                session_id=self.session.pk if self.session else None,
                number=data.get("number"),
                starts_at=data.get("starts_at"),
            )
        except prerequisites.CannotBuildOn as refused:
            self.add_error("builds_on", str(refused))
        else:
            data["builds_on"] = [session.number for session in self.built_on]

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
