"""What a member chooses for their calendar."""

from __future__ import annotations

from django import forms

from sessions_app.calendar_links import CHOICES
from sessions_app.models import CalendarLink


class CalendarForm(forms.ModelForm):
    """What the calendar holds. Saved by `calendar_links.choose`, which sees whether it is still there."""

    class Meta:
        model = CalendarLink
        fields = CHOICES
