"""The field that says who writes the notes: a list of the members, or a name where they are too many."""

from __future__ import annotations

from django import forms
from django.db.models import QuerySet

from members.forms.fields import LongSelect
from members.models import Member
from sessions_app import notes
from sessions_app.speakers import Directory, Unclear, fold

MOST = 60  # members in a list to choose from
WORDS = {"required": False, "label": "Scribe, who writes the notes"}
HINT = "Organisers and the members who present may write them, too."


def scribe_field(now: int | None) -> forms.Field:
    """The field; its value is a member's key, or None for nobody. One query.

    now: the key of who is the scribe already, though perhaps no longer in the group.
    """
    offered = notes.possible_scribes(besides=now)
    rows = offered.values_list("pk", "user__name", "user__email")[: MOST + 1]
    if len(rows) > MOST:
        return NamedScribeField(offered=offered, now=now)
    field = forms.TypedChoiceField(
        widget=LongSelect,
        coerce=int,
        empty_value=None,
        help_text=HINT,
        error_messages={"invalid_choice": "Choose somebody else; this person is no longer in the group."},
        **WORDS,
    )
    field.choices = [("", "Nobody yet"), *((pk, name or email) for pk, name, email in rows)]
    return field


class NamedScribeField(forms.CharField):
    """A member by name or e-mail address. Who is the scribe already is meant while the line says so."""

    def __init__(self, *, offered: QuerySet[Member], now: int | None):
        hint = f"The name or the e-mail address of a member. {HINT}"
        super().__init__(max_length=254, help_text=hint, **WORDS)
        self.widget.attrs |= {"dir": "auto", "autocomplete": "off", "spellcheck": "false"}
        self.offered, self.now = offered, now

    def prepare_value(self, value: object) -> str:
        """A key as the name of whom it means."""
        if not isinstance(value, int):
            return value or ""
        member = self.offered.filter(pk=value).first()
        return member.name if member else ""

    def clean(self, value: object) -> int | None:
        """The key of the member whom the line means; a ValidationError that says what to write instead."""
        typed = " ".join(super().clean(value).split())
        if not typed:
            return None
        if self.now and fold(typed) == fold(self.prepare_value(self.now)):
            return self.now
        try:
            member, _ = Directory().find(typed)
        except Unclear as unclear:
            raise forms.ValidationError(str(unclear)) from unclear
        if member is None or not self.offered.filter(pk=member).exists():
            raise forms.ValidationError(
                f"Write the name or the e-mail address of a member; nobody in the group is called “{typed}”."
            )
        return member
