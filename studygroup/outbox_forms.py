"""What organisers may type about mails: what they ask of the list, and a mail's words."""

from __future__ import annotations

from django import forms

from members.forms.fields import LongTextField
from outbox.desk import LONGEST_SOURCE
from outbox.wording import LONGEST_SUBJECT
from studygroup.mail_people import KEY
from studygroup.outbox_list import STATES, Filters

AGAIN = "Copy your text and open this page again; it no longer knows with which version you began."


class FilterForm(forms.Form):
    """What stands in the address of the outbox. What is not understood is left out, and said."""

    state = forms.ChoiceField(required=False, choices=[("", "")] + [(word, word) for word in STATES])
    kind = forms.RegexField(r"^[\w-]{1,60}$", required=False)
    thread = forms.CharField(required=False, max_length=120)
    person = forms.RegexField(rf"^{KEY.pattern}$", required=False)
    q = forms.CharField(
        required=False,
        max_length=200,
        error_messages={"max_length": "Type a shorter name; at most 200 characters are looked for."},
    )
    since = forms.DateField(
        required=False, error_messages={"invalid": "Write the day as 2026-03-31; it is left out now."}
    )

    def filters(self) -> Filters:
        """What was understood."""
        self.is_valid()
        found = self.cleaned_data
        return Filters(
            state=found.get("state", ""),
            kind=found.get("kind", ""),
            thread=found.get("thread", ""),
            text=found.get("q", ""),
            person=found.get("person", ""),
            since=found.get("since"),
        )

    def not_understood(self) -> list[str]:
        """A sentence for each field that says what to do instead."""
        return [self.errors[name][0] for name in ("q", "since") if name in self.errors]


class MailForm(forms.Form):
    """The words of one mail, and the version that the writer began from."""

    subject = forms.CharField(
        label="Subject",
        max_length=LONGEST_SUBJECT,
        error_messages={
            "required": "Write a subject; the reader sees it first.",
            "max_length": f"Shorten the subject to {LONGEST_SUBJECT} characters.",
        },
    )
    source = LongTextField(
        rows=18,
        label="Text",
        strip=False,
        max_length=LONGEST_SOURCE,
        help_text="Markdown. What stands below the line, and why the mail came, follows by itself.",
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
    together = forms.BooleanField(required=False, label="Change the others like it, too")
