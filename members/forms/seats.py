"""What organisers may type about seats, invitations and the shortlist's order."""

from __future__ import annotations

from django import forms

from members.forms.fields import helper
from members.seats import MOST_SEATS

LONGEST_REASON = 1000


def _text(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class SeatsForm(forms.Form):
    """How many seats the group has."""

    capacity = forms.IntegerField(
        label="Number of seats",
        min_value=1,
        max_value=MOST_SEATS,
        error_messages={
            "required": "Write how many seats the group has.",
            "invalid": "Write the number in figures.",
            "min_value": "Choose a number from 1 on.",
            "max_value": f"Choose a number up to {MOST_SEATS}.",
        },
    )
    reason = forms.CharField(
        label="Why", required=False, max_length=200, help_text="For the ledger; name no people."
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()


class RevokeForm(forms.Form):
    """Why an invitation is taken back. One form for each invitation of a page, told apart by `auto_id`."""

    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        help_text="The invitee reads this in the mail. Be plain and kind.",
        widget=_text(3),
        error_messages={"required": "Give a reason; the invitee reads it."},
    )

    def __init__(self, *args, invitation_id: int, **kwargs):
        super().__init__(*args, auto_id=f"id_revoke_{invitation_id}_%s", **kwargs)
        self.helper = helper()


class InviteForm(forms.Form):
    """An invitation from the shortlist; the reason only where the verb asks for one."""

    reason = forms.CharField(
        label="Why now, and not the first in the order",
        required=False,
        max_length=LONGEST_REASON,
        help_text="Kept in the history of the application. The invitee is not told.",
        widget=_text(2),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, application_id: int, **kwargs):
        super().__init__(*args, auto_id=f"id_invite_{application_id}_%s", **kwargs)
        self.helper = helper()


class OrderForm(forms.Form):
    """An order of the shortlist, as the page carries it in hidden fields."""

    order = forms.CharField()
    seen = forms.CharField()

    def clean_order(self) -> list[int]:
        """The applications' keys; a text that holds anything else is an order of nobody."""
        keys = self.cleaned_data["order"].split(",")
        return [int(key) for key in keys] if all(key.isascii() and key.isdigit() for key in keys) else []
