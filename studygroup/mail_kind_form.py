"""What organisers may type into the wording of a kind of mail."""

from __future__ import annotations

import uuid

from django import forms

from members.forms.fields import LongTextField
from outbox import wordings
from outbox.desk import LONGEST_SOURCE
from outbox.kinds import Kind
from outbox.wording import LONGEST_SUBJECT, Wording, WordingRefused
from studygroup.outbox_forms import AGAIN


class WordingForm(forms.Form):
    """Subject and text of a kind of mail, with placeholders that are checked."""

    subject = forms.CharField(
        label="Subject",
        max_length=LONGEST_SUBJECT,
        error_messages={
            "required": "Write a subject; the reader sees it first.",
            "max_length": f"Shorten the subject to {LONGEST_SUBJECT} characters.",
        },
    )
    source = LongTextField(
        rows=20,
        label="Text",
        strip=False,
        max_length=LONGEST_SOURCE,
        help_text="Markdown, with placeholders. Why the mail came, and how to stop it, follows by itself.",
        error_messages={
            "required": "Write something; an empty mail says nothing.",
            "max_length": f"Shorten the text; at most {LONGEST_SOURCE:,} characters are sent.",
            "null_characters_not_allowed": "Take out the null characters; they cannot be sent.",
        },
    )
    version = forms.IntegerField(
        min_value=0,
        max_value=2_000_000_000,
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), AGAIN),
    )
    once = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, kind: Kind, **kwargs):
        # A test is written once for each time that the page is made, however often one presses.
        kwargs["initial"] = {"once": uuid.uuid4()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.kind = kind

    def wording(self) -> Wording:
        """What was typed, once the form is valid."""
        return Wording(self.cleaned_data["subject"], self.cleaned_data["source"])

    def clean(self) -> dict:
        """A wording from which mails can be made."""
        cleaned = super().clean()
        if "subject" in cleaned and "source" in cleaned:
            try:
                wordings.checked(self.kind, Wording(cleaned["subject"], cleaned["source"]))
            except WordingRefused as refusal:
                self.add_error(refusal.field, str(refusal))
        return cleaned
