"""What organisers may type into a mail to many."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from members.forms.fields import LongTextField, helper
from outbox.wording import LONGEST_SUBJECT, Wording, WordingRefused, check
from sessions_app.models import Session
from sessions_app.text import plain
from studygroup.circulars import OF_A_SESSION, PLACEHOLDERS, Selection

SESSIONS = 20  # the newest ones are offered
LONGEST_QUERY = 2000


def offered() -> QuerySet[Session]:
    """The sessions that one may write about: the newest that were announced. One query when read."""
    return Session.objects.published().order_by("-starts_at", "-pk")[:SESSIONS]


class CircularForm(forms.Form):
    """Whom to write to, and what. The words may say {{ name }} and {{ group }}."""

    to = forms.ChoiceField(
        label="To",
        choices=Selection,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose whom to write to.",
            "invalid_choice": "Choose one of those listed.",
        },
    )
    session = forms.TypedChoiceField(
        label="Session",
        required=False,
        coerce=int,
        empty_value=None,
        help_text="For those who come, or have not answered.",
        error_messages={"invalid_choice": "Choose one of the sessions listed."},
    )
    queue = forms.CharField(required=False, max_length=LONGEST_QUERY, widget=forms.HiddenInput)
    subject = forms.CharField(
        label="Subject",
        max_length=LONGEST_SUBJECT - 50,  # a name may take the place of a word
        error_messages={"required": "Write a subject; it is read first."},
    )
    text = LongTextField(
        rows=12,
        label="Text",
        max_length=10_000,
        help_text="Markdown. {{ name }} becomes the reader’s name, {{ group }} the group’s, which also "
        "follows by itself below.",
        error_messages={"required": "Write something; an empty mail says nothing."},
    )
    once = forms.RegexField(
        r"^[\w-]{8,40}$",
        widget=forms.HiddenInput,
        error_messages={"required": "Press the button once more.", "invalid": "Press the button once more."},
    )

    def __init__(self, *args, **kwargs):
        kwargs["initial"] = {"once": secrets.token_urlsafe(12)} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.sessions = {session.pk: session for session in offered()}
        self.fields["session"].choices = [
            ("", "None"),
            *((pk, f"{session.number}. {plain(session.title)}") for pk, session in self.sessions.items()),
        ]
        self.helper = helper()

    def clean_subject(self) -> str:
        """The subject, whose placeholders are known."""
        return self._checked("subject")

    def clean_text(self) -> str:
        """The text, whose placeholders are known."""
        return self._checked("text")

    def _checked(self, field: str) -> str:
        text = self.cleaned_data[field]
        try:
            check(Wording(text, text), PLACEHOLDERS)
        except WordingRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return text

    def clean(self) -> dict:
        """A selection of a session's people needs the session. An unusable word is replaced by a new one."""
        cleaned = super().clean()
        if cleaned.get("to") in OF_A_SESSION and not cleaned.get("session") and "session" not in self.errors:
            self.add_error("session", "Choose the session.")
        if "once" in self.errors:
            self.data = self.data.copy()
            self.data["once"] = secrets.token_urlsafe(12)
        return cleaned

    def chosen(self) -> dict:
        """Whom the form names, as `circulars.addressees` takes it: of a form that is valid in `to`."""
        session = self.sessions.get(self.cleaned_data.get("session") or 0)
        return {
            "session": session if self.cleaned_data["to"] in OF_A_SESSION else None,
            "query": self.cleaned_data.get("queue", ""),
        }


def initial_of(asked: QueryDict) -> dict:
    """What the address fills in: `to`, `session` (its key), and for applicants the list's own filters."""
    rest = [
        (name, value) for name, values in asked.lists() for value in values if name not in ("to", "session")
    ]
    initial = {"to": asked.get("to", ""), "session": asked.get("session", "")}
    return initial | {"queue": urlencode(rest)[:LONGEST_QUERY]}
