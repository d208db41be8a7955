"""What people may type about themselves and about each other's applications."""

from __future__ import annotations

import zoneinfo

from crispy_forms.helper import FormHelper
from django import forms
from django.core.validators import URLValidator

from members.models import Criterion, Group, Review, Strength, User
from members.models.application import LONGEST_ANSWER

MOST_LINKS = 8


class LinksField(forms.CharField):
    """Several web addresses, one on a line, as a list."""

    widget = forms.Textarea(attrs={"rows": 3, "inputmode": "url", "spellcheck": "false"})

    def prepare_value(self, value: list[str] | str | None) -> str:
        """Show a stored list one address a line."""
        return "\n".join(value) if isinstance(value, list) else (value or "")

    def clean(self, value: str) -> list[str]:
        """Return the addresses; raise ValidationError that names the line that is not one."""
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MOST_LINKS:
            raise forms.ValidationError(f"Keep to {MOST_LINKS} links; there are {len(lines)}.")
        return [self._address(line) for line in lines]

    def _address(self, line: str) -> str:
        address = line if "://" in line else f"https://{line}"
        try:
            URLValidator(schemes=["http", "https"])(address)
        except forms.ValidationError:
            raise forms.ValidationError(
                f"Write each link like https://example.org/page. This one is none: {line[:80]}"
            ) from None
        if len(address) > 500:
            raise forms.ValidationError("Use a shorter link; at most 500 characters fit.")
        return address


def helper() -> FormHelper:
    """Fields only: each page has its own form element and buttons."""
    made = FormHelper()
    made.form_tag = False
    made.disable_csrf = True
    return made


class AnswersForm(forms.Form):
    """What an application says. `group` words the question about the interest."""

    name = forms.CharField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Tell us your name, as you would like to be called."},
    )
    current_role = forms.CharField(
        label="What you do now",
        max_length=160,
        help_text="Your role, and where, if you like.",
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
        error_messages={"required": "Tell us what you do now, in a few words."},
    )
    experience = forms.CharField(
        label="Relevant experience",
        max_length=LONGEST_ANSWER,
        help_text="What you have done that touches on what we study. A few sentences are enough.",
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Tell us what experience you have. “None yet” is an answer too."},
    )
    interest = forms.CharField(
        max_length=LONGEST_ANSWER,
        help_text="What you would like to understand, and why with others.",
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Tell us what draws you to the group."},
    )
    strengths = forms.ModelMultipleChoiceField(
        queryset=Strength.objects.none(),
        label="What you would bring",
        help_text="Tick what you could explain to others.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    links = LinksField(
        label="Links",
        required=False,
        help_text="Anything that shows what you do, one address a line.",
    )
    talk = forms.CharField(
        label="A talk you could give",
        required=False,
        max_length=2000,
        help_text="Something you are building or know well.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, group: Group, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()
        self.fields["interest"].label = group.interest_label
        self.fields["strengths"].queryset = Strength.objects.all()
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea) and field.max_length:
                field.widget.attrs["data-maxlength-hint"] = field.max_length
                # The browser would cut a longer text without a word; so the counter and the form say it.
                field.widget.attrs.pop("maxlength", None)

    def answers(self) -> dict:
        """The cleaned answers without the strengths, as `members.applying` takes them."""
        return {key: value for key, value in self.cleaned_data.items() if key not in ("strengths", "email")}


class ApplicationForm(AnswersForm):
    """The answers and the address they belong to."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=320,
        help_text="We send one mail to confirm it, and later tell you where your application stands.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": "Write your e-mail address; it is how we reach you.",
            "invalid": "Write an e-mail address such as name@example.org.",
        },
    )
    field_order = ["name", "email"]


class ReviewForm(forms.Form):
    """A score from 1 to 5 for each of the group's criteria, and a note. Nothing is preset."""

    note = forms.CharField(
        label="Note to the other organisers",
        required=False,
        max_length=4000,
        help_text="The applicant can ask to see it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, criteria: list[Criterion], review: Review | None = None, **kwargs):
        values = {score.criterion_id: score.value for score in review.scores.all()} if review else {}
        initial = {f"score_{pk}": value for pk, value in values.items()} | {
            "note": review.note if review else ""
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.criteria = criteria
        self.helper = helper()
        for criterion in criteria:
            self.fields[f"score_{criterion.pk}"] = forms.TypedChoiceField(
                label=criterion.name,
                help_text=criterion.hint,
                choices=[(n, str(n)) for n in range(1, 6)],
                coerce=int,
                error_messages={
                    "required": f"Choose a score from 1 to 5 for “{criterion.name}”.",
                    "invalid_choice": f"Choose a score from 1 to 5 for “{criterion.name}”.",
                },
            )

    def score_fields(self) -> list[tuple[Criterion, forms.BoundField]]:
        """Each criterion with its field, in the group's order."""
        return [(criterion, self[f"score_{criterion.pk}"]) for criterion in self.criteria]

    def scores(self) -> dict[Criterion, int]:
        """The cleaned scores by criterion."""
        return {criterion: self.cleaned_data[f"score_{criterion.pk}"] for criterion in self.criteria}


class DeclineForm(forms.Form):
    """Why an application is declined."""

    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        help_text="The applicant reads this in the mail. Be plain and kind.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Give a reason; the applicant has earned one."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()


class AccountForm(forms.ModelForm):
    """A person's own name and time zone."""

    time_zone = forms.ChoiceField(
        required=False,
        help_text="Sessions held elsewhere also show this zone’s time.",
        widget=forms.Select(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = User
        fields = ["name", "time_zone"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()
        self.fields["name"].required = True
        self.fields["name"].error_messages["required"] = "Write your name, as it should appear to the group."
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone or zone == "UTC")
        self.fields["time_zone"].choices = [("", "As my browser says")] + [
            (zone, zone.replace("_", " ")) for zone in zones
        ]
