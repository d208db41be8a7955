"""What an invitee may type."""

from __future__ import annotations

from django import forms

from members.forms.fields import helper


class MoreTimeForm(forms.Form):
    """A word to the organisers with the request for another month."""

    note = forms.CharField(
        label="A word to the organisers",
        required=False,
        max_length=1000,
        help_text="Why you need the time, if you like.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()
        # The browser would cut a longer text without a word; so the counter and the form say it.
        self.fields["note"].widget.attrs["data-maxlength-hint"] = self.fields["note"].max_length
        self.fields["note"].widget.attrs.pop("maxlength", None)
