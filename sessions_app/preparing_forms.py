"""What a member may type beside a reading, and what is answered to a question."""

from __future__ import annotations

from django import forms

from members.forms.fields import LongTextField
from sessions_app.models import StuckPoint
from sessions_app.models.stuck_point import LONGEST_ANSWER, LONGEST_NOTE, LONGEST_QUESTION

NULLS = "Take out the null characters; they cannot be kept."
LONGEST_PLACE = StuckPoint._meta.get_field("where").max_length


def _long(longest: int, **kwargs) -> LongTextField:
    messages = {
        "max_length": f"Shorten it; at most {longest:,} characters are kept.",
        "null_characters_not_allowed": NULLS,
    } | kwargs.pop("messages", {})
    return LongTextField(max_length=longest, error_messages=messages, **kwargs)


class PrivateNoteForm(forms.Form):
    """A note for oneself; an empty one takes it away."""

    text = _long(
        LONGEST_NOTE,
        rows=5,
        required=False,
        label="Your note",
        help_text="Nobody else reads it, not even the organisers. An empty note is taken away.",
    )


class QuestionForm(forms.Form):
    """What one does not understand, and where. `seen` is the version that a change began from."""

    field_order = ("question", "where")

    where = forms.CharField(
        required=False,
        max_length=LONGEST_PLACE,
        label="Where",
        help_text="Such as “p. 41, eq. 2”.",
        error_messages={
            "max_length": f"Name the place in at most {LONGEST_PLACE} characters.",
            "null_characters_not_allowed": NULLS,
        },
    )
    question = _long(
        LONGEST_QUESTION,
        rows=3,
        label="Your question",
        help_text="Members see it with your name. Formulas in TeX between dollars: $a^2$.",
        messages={"required": "Write what you would like to understand."},
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class AnswerForm(forms.Form):
    """What was found out, if somebody writes it down."""

    answer = _long(
        LONGEST_ANSWER,
        rows=4,
        required=False,
        label="Answer",
        help_text="It stands below the session’s notes, for who reads those. Markdown, TeX between dollars.",
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
