"""What people may type about themselves."""

from __future__ import annotations

import zoneinfo

from django import forms

from members.forms.fields import LongSelect, helper
from members.models import User


class AccountForm(forms.ModelForm):
    """A person's own name and time zone."""

    time_zone = forms.ChoiceField(
        required=False,
        help_text="Sessions held elsewhere also show this zone’s time.",
        widget=LongSelect(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = User
        fields = ["name", "time_zone"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()
        self.fields["name"].required = True
        self.fields["name"].error_messages["required"] = "Write your name, as it should appear to the group."
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone or zone == "UTC")
        self.fields["time_zone"].choices = [("", "As my browser says")] + [
            (zone, zone.replace("_", " ")) for zone in zones
        ]

    def save(self) -> User:
        """Store name and zone, and nothing else that may have changed since."""
        self.instance.save(update_fields=["name", "time_zone"])
        return self.instance
