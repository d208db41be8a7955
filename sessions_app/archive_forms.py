"""What an organiser chooses when bringing notes along."""

from __future__ import annotations

from django import forms

from members.forms.fields import helper
from sessions_app.archive_import.dates import Order
from sessions_app.models import Notes

ORDERS = [
    ("", "As the other files show"),
    (Order.MONTH_FIRST.value, "The month comes first"),
    (Order.DAY_FIRST.value, "The day comes first"),
]
AUDIENCES = [
    ("", "Members; older notes keep their readers"),
    *((value, label) for value, label in Notes.Audience.choices),
]


class ArchiveUploadForm(forms.Form):
    """A zip of notes."""

    file = forms.FileField(
        label="Zip file",
        allow_empty_file=True,  # the reading says what to do about an empty one
        help_text="A folder of .md, .markdown or .txt files, one file or folder a session. At most 20 MB.",
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
        error_messages={"required": "Choose a zip file."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()


class ArchiveChoicesForm(forms.Form):
    """What the files leave open."""

    dates = forms.ChoiceField(
        label="Dates such as 08-09-2016",
        choices=ORDERS,
        required=False,
        error_messages={"invalid_choice": "Choose one of the orders."},
    )
    audience = forms.ChoiceField(
        label="Who reads the notes",
        choices=AUDIENCES,
        required=False,
        error_messages={"invalid_choice": "Choose one of the audiences."},
    )
    overwrite = forms.BooleanField(
        label="Take the files’ words where somebody has changed them here",
        required=False,
        help_text="Notes keep every version.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()
