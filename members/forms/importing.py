"""What an organiser chooses when importing applicants from a file."""

from __future__ import annotations

from django import forms

from members.forms.fields import helper
from members.importing.columns import FIELDS, REQUIRED, shown

ENCODINGS = [
    ("utf-8", "UTF-8 (usual)"),
    ("windows-1252", "Windows-1252 (older spreadsheets, Western Europe)"),
    ("windows-1250", "Windows-1250 (older spreadsheets, Central Europe)"),
    ("windows-1251", "Windows-1251 (older spreadsheets, Cyrillic)"),
    ("utf-16", "UTF-16 (“Unicode text”)"),
    ("mac-roman", "Mac Roman"),
]


class UploadForm(forms.Form):
    """A file, and how its letters are written."""

    file = forms.FileField(
        label="CSV file",
        allow_empty_file=True,  # the reading says what to do about an empty one
        help_text="One row of headings, then one row for each person. At most 5 MB.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        error_messages={"required": "Choose a CSV file."},
    )
    encoding = forms.ChoiceField(
        label="Encoding",
        choices=ENCODINGS,
        help_text="Leave it, unless you are told that the file has another one.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()


class ColumnsForm(forms.Form):
    """Which column fills which field; one select for each field."""

    def __init__(self, *args, headings: list[str], fields: dict[str, int], **kwargs):
        super().__init__(*args, initial={name: str(at) for name, at in fields.items()}, **kwargs)
        self.headings, self.helper = headings, helper()
        choices = [("", "No column")] + [(str(at), shown(headings, at)) for at in range(len(headings))]
        for name, (label, _) in FIELDS.items():
            self.fields[name] = forms.ChoiceField(
                label=label,
                choices=choices,
                required=name in REQUIRED,
                error_messages={
                    "required": f"Choose the column that holds the {label.lower()}.",
                    "invalid_choice": "Choose one of the file’s columns.",
                },
            )

    def clean(self) -> dict:
        """Refuse a column that would fill two fields."""
        taken: dict[str, str] = {}
        for name, at in list(self.cleaned_data.items()):  # `add_error` takes them out
            if at and at in taken:
                other = self.fields[taken[at]].label
                self.add_error(
                    name, f"Choose another column; “{shown(self.headings, int(at))}” fills {other}."
                )
            elif at:
                taken[at] = name
        return self.cleaned_data

    def chosen(self) -> dict[str, int]:
        """Field to column, of the fields that have one."""
        return {name: int(at) for name, at in self.cleaned_data.items() if at}
