"""What a writer may type about the notes of a session."""

from __future__ import annotations

from django import forms

from members.forms.fields import LongTextField
from sessions_app.models import Notes
from sessions_app.models.notes import LONGEST_NOTES
from sessions_app.notes import LONGEST_COMMENT

MISSING_BASE = "Copy your text and open this page again; it no longer knows with which version you began."


def text_field(*, required: bool) -> LongTextField:
    """The text itself. It is saved only when there is one; a draft or a preview may be empty."""
    return LongTextField(
        rows=22,
        required=required,
        label="Notes",
        strip=False,
        max_length=LONGEST_NOTES,
        help_text="Markdown. Formulas in TeX between dollars: $a^2$ in a line, $$a^2$$ on its own.",
        error_messages={
            "required": "Write something. To hide the notes, choose who reads them.",
            "max_length": f"Shorten the notes; at most {LONGEST_NOTES:,} characters are kept.",
            "null_characters_not_allowed": "Take out the null characters; they cannot be kept.",
        },
    )


class NotesForm(forms.Form):
    """The text, who reads it, and the version that the writer began from."""

    text = text_field(required=True)
    audience = forms.ChoiceField(
        label="Who reads them",
        choices=[
            (Notes.Audience.PUBLIC, "Everybody"),
            (Notes.Audience.MEMBERS, "Members"),
            (Notes.Audience.ORGANISERS, "Organisers, and those who write here"),
        ],
        error_messages={
            "required": "Choose who reads the notes.",
            "invalid_choice": "Choose one of the three.",
        },
    )
    comment = forms.CharField(
        required=False,
        label="What you changed",
        max_length=LONGEST_COMMENT,
        help_text="For the list of versions.",
        error_messages={"max_length": f"Say it in at most {LONGEST_COMMENT} characters."},
    )
    base = forms.IntegerField(
        min_value=0,
        max_value=2_000_000_000,
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            MISSING_BASE,
        ),
    )


class DraftForm(forms.Form):
    """What the page sends by itself while somebody writes."""

    text = text_field(required=False)
    base = NotesForm.base_fields["base"]
