"""What a member writes with the answer to a session, and the question that the presenters ask."""

from __future__ import annotations

from django import forms

from members.forms.fields import LongTextField
from sessions_app.rsvps import LONGEST, LONGEST_QUESTION

NULLS = {"null_characters_not_allowed": "Take out the null characters; they cannot be kept."}


class ComingForm(forms.Form):
    """The note and the answer to the warm-up question, beside the three buttons."""

    note = LongTextField(
        rows=2,
        required=False,
        label="A note to the organisers",
        max_length=LONGEST["note"],
        help_text="Such as “half an hour late”. The presenters read it too; the other members do not.",
        error_messages={
            "max_length": f"Shorten the note; at most {LONGEST['note']} characters fit.",
            **NULLS,
        },
    )
    warm_up = LongTextField(
        rows=3,
        required=False,
        label="Your answer",
        max_length=LONGEST["warm_up"],
        help_text="The presenters and the organisers read it; the other members do not.",
        error_messages={
            "max_length": f"Shorten your answer; at most {LONGEST['warm_up']} characters fit.",
            **NULLS,
        },
    )

    def __init__(self, *args, **kwargs):
        # Other forms of the page have fields of these names, too.
        super().__init__(*args, auto_id="rsvp_%s", **kwargs)

    def written(self) -> dict[str, str]:
        """The texts that were sent; a field that the page did not show stays as it is."""
        return {name: self.cleaned_data[name] for name in self.fields if name in self.data}

    def clean_note(self) -> str:
        """One line, however it was typed."""
        return " ".join(self.cleaned_data["note"].split())


class WarmUpForm(forms.Form):
    """The one question for those who come. Empty: none."""

    question = LongTextField(
        rows=2,
        required=False,
        label="The question",
        max_length=LONGEST_QUESTION,
        help_text="Members who say that they come may answer it. You and the organisers read the answers.",
        error_messages={
            "max_length": f"Shorten the question; at most {LONGEST_QUESTION} characters fit.",
            **NULLS,
        },
    )
