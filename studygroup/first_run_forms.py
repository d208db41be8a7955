"""What one types to set a site up."""

from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from members.models import User
from members.seats import MOST_SEATS
from sessions_app.forms import zones
from sessions_app.planning import NoSuchTime, moment
from sessions_app.session_form import EARLIEST, LATEST
from studygroup.first_run import Wanted
from studygroup.settings_forms import NULLS, field_of

GROUP = ("name", "city", "lead", "time_zone", "usual_start", "usual_end", "capacity")


class CodeForm(forms.Form):
    """The code that the server printed."""

    code = forms.CharField(
        label="Set-up code",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": "Enter the code that the server printed.",
            "max_length": "Enter the code that the server printed last; this is not it.",
            **NULLS,
        },
    )


class FirstRunForm(forms.Form):
    """The group, its first organiser and, where a day is given, the first session: saved together."""

    organiser = forms.CharField(
        label="Your name",
        max_length=120,
        help_text="The public pages name you as the organiser; the settings can change that.",
        error_messages={
            "required": "Write your name.",
            "max_length": "Shorten the name to 120 characters.",
            **NULLS,
        },
    )
    email = forms.EmailField(
        label="Your e-mail address",
        max_length=320,
        help_text="You sign in with it.",
        error_messages={
            "required": "Write your e-mail address.",
            "invalid": "Write an address such as you@example.org.",
            "max_length": "Use an address of at most 320 characters.",
        },
    )
    password = forms.CharField(
        required=False,
        strip=False,
        max_length=4096,
        help_text="At least ten characters. Empty: you sign in by a code that is mailed to you.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
        error_messages=NULLS,
    )
    title = forms.CharField(
        required=False,
        max_length=200,
        label="What it is about",
        error_messages={"max_length": "Shorten the title to 200 characters.", **NULLS},
    )
    day = forms.DateField(
        required=False,
        label="Date",
        help_text="It begins and ends at the usual hours, and is a draft until you announce it.",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "Write the date as 2026-10-16."},
        validators=[
            MinValueValidator(EARLIEST, f"Choose a date from {EARLIEST.year} on."),
            MaxValueValidator(LATEST, f"Choose a date up to {LATEST.year}."),
        ],
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in GROUP:
            self.fields[name] = field_of(name)
        for name, text in (("usual_start", "18:30"), ("usual_end", "21:00")):
            self.fields[name].initial = text
        self.fields["name"].label = "Name of the group"
        lead = self.fields["lead"]
        lead.label, lead.help_text, lead.widget.attrs = "What it does, in one sentence", "", {"rows": 2}
        self.fields["city"].help_text = ""
        self.fields["time_zone"].help_text = ""
        self.fields["time_zone"].choices = [("", "Choose a zone"), *zones()]
        self.fields["time_zone"].widget.attrs["data-guess-zone"] = ""
        again = f"Write a whole number from 1 to {MOST_SEATS}."
        self.fields["capacity"] = forms.IntegerField(
            label="Seats",
            initial=20,
            min_value=1,
            max_value=MOST_SEATS,
            help_text="How many members the group has room for, you among them.",
            error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), again),
        )

    @property
    def parts(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """The three parts of the page: title, sentence, fields."""
        return [
            (
                "The group",
                "Everything here can be changed later, in the settings.",
                [self[name] for name in GROUP],
            ),
            (
                "You, its first organiser",
                "You are signed in at once.",
                [self[n] for n in ("organiser", "email", "password")],
            ),
            (
                "The first session",
                "Leave both empty to plan it another time.",
                [self["title"], self["day"]],
            ),
        ]

    def clean(self) -> dict:
        """How the fields go together."""
        cleaned = super().clean()
        self._check_password(cleaned)
        self._check_session(cleaned)
        return cleaned

    def _check_password(self, cleaned: dict) -> None:
        if cleaned.get("password"):
            person = User(email=cleaned.get("email", ""), name=cleaned.get("organiser", ""))
            try:
                validate_password(cleaned["password"], person)
            except ValidationError as error:
                self.add_error("password", error)

    def _check_session(self, cleaned: dict) -> None:
        start, end, zone = (cleaned.get(name) for name in ("usual_start", "usual_end", "time_zone"))
        title, day = cleaned.get("title"), cleaned.get("day")
        if title and not day and "day" not in self.errors:
            self.add_error("day", "Choose a date, or leave the title empty too.")
        if day and not title and "title" not in self.errors:
            self.add_error("title", "Say what it is about, or leave the date empty too.")
        if start and end and end <= start:
            self.add_error("usual_end", "Choose a later end; it has to come after the start.")
        elif day and zone and start and end:
            try:
                moment(day, start, zone), moment(day, end, zone)
            except NoSuchTime as skipped:
                self.add_error("day", str(skipped))

    def wanted(self) -> Wanted:
        """What was typed, once the form is valid."""
        data = self.cleaned_data
        return Wanted(
            group={name: data[name] for name in GROUP},
            name=data["organiser"],
            email=data["email"],
            password=data["password"],
            title=data["title"],
            day=data["day"],
        )
