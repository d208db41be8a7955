"""What organisers may type into letters and their templates."""

from __future__ import annotations

import secrets

from django import forms

from members.errors import Refused
from members.forms.fields import helper
from members.letters import check
from members.models import ReplyTemplate

PLACEHOLDERS_HINT = "{name} becomes the applicant’s name, {group} the group’s."


def checked(text: str, words: dict[str, str] | None = None) -> str:
    """The text as it is; raises ValidationError that names the placeholders that stand for nothing."""
    try:
        check(text, words)
    except Refused as refusal:
        raise forms.ValidationError(str(refusal)) from refusal
    return text


class LetterForm(forms.Form):
    """A letter to one applicant. `words`: what placeholders stand for."""

    subject = forms.CharField(
        label="Subject",
        max_length=200,
        error_messages={"required": "Write a subject; the applicant sees it first."},
    )
    text = forms.CharField(
        label="Text",
        max_length=6000,
        help_text=f"{PLACEHOLDERS_HINT} A link to the application and the group’s name follow by themselves.",
        widget=forms.Textarea(attrs={"rows": 12}),
        error_messages={"required": "Write something; an empty letter helps nobody."},
    )
    once = forms.RegexField(
        r"^[\w-]{8,40}$",
        widget=forms.HiddenInput,
        error_messages={
            "required": "Press the button once more.",
            "invalid": "Press the button once more.",
        },
    )

    def __init__(self, *args, words: dict[str, str], **kwargs):
        kwargs["initial"] = {"once": secrets.token_urlsafe(12)} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.words = words
        self.helper = helper()

    def clean_subject(self) -> str:
        """The subject, whose placeholders are known."""
        return checked(self.cleaned_data["subject"], self.words)

    def clean_text(self) -> str:
        """The text, whose placeholders are known."""
        return checked(self.cleaned_data["text"], self.words)

    def clean(self) -> dict:
        """Give a form without a usable word a new one, so that the next press gets through."""
        if "once" in self.errors:
            self.data = self.data.copy()
            self.data["once"] = secrets.token_urlsafe(12)
        return super().clean()


class TemplateForm(forms.ModelForm):
    """Words that organisers use more than once."""

    class Meta:
        model = ReplyTemplate
        fields = ("name", "use", "subject", "text")
        labels = {"name": "Name", "use": "What it is for", "subject": "Subject", "text": "Text"}
        help_texts = {
            "subject": "Of the mail. A reason for declining has none.",
            "text": PLACEHOLDERS_HINT,
        }
        widgets = {"text": forms.Textarea(attrs={"rows": 10})}
        error_messages = {
            "name": {"required": "Give it a name, by which you choose it."},
            "text": {"required": "Write the text."},
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()

    def clean_subject(self) -> str:
        """The subject, whose placeholders are known."""
        return checked(self.cleaned_data["subject"])

    def clean_text(self) -> str:
        """The text, whose placeholders are known, no longer than a reason may be."""
        return checked(self.cleaned_data["text"])

    def clean(self) -> dict:
        """A letter has a subject, a reason none and at most the length of one."""
        cleaned = super().clean()
        if cleaned.get("use") == ReplyTemplate.Use.DECLINE:
            cleaned["subject"] = ""
            if len(cleaned.get("text", "")) > 2000:
                self.add_error("text", "Use fewer words: a reason has at most 2000 characters.")
        elif cleaned.get("use") and not cleaned.get("subject") and "subject" not in self.errors:
            self.add_error("subject", "Write a subject; the applicant sees it first.")
        return cleaned
