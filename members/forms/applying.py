"""What an applicant may type."""

from __future__ import annotations

from django import forms

from members.forms.fields import LinksField, LongTextField, TrappedForm, helper
from members.models import Group, Strength
from members.models.application import LONGEST_ANSWER


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
    experience = LongTextField(
        label="Relevant experience",
        max_length=LONGEST_ANSWER,
        help_text="What you have done that touches on what we study. A few sentences are enough.",
        rows=6,
        error_messages={"required": "Tell us what experience you have. “None yet” is an answer too."},
    )
    interest = LongTextField(
        max_length=LONGEST_ANSWER,
        help_text="What you would like to understand, and why with others.",
        rows=6,
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
    talk = LongTextField(
        label="A talk you could give",
        required=False,
        max_length=2000,
        help_text="Something you are building or know well.",
        rows=3,
    )

    def __init__(self, *args, group: Group, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()
        self.fields["interest"].label = group.interest_label
        self.fields["strengths"].queryset = Strength.objects.all()

    def answers(self) -> dict:
        """The cleaned answers without the strengths, as `members.applying` takes them."""
        return {key: value for key, value in self.cleaned_data.items() if key not in ("strengths", "email")}


class ApplicationForm(TrappedForm, AnswersForm):
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


class LostLinkForm(forms.Form):
    """The address of an application whose link is lost."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=320,
        help_text="The one you applied with.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": "Write the e-mail address you applied with.",
            "invalid": "Write an e-mail address such as name@example.org.",
        },
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()
