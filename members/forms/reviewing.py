"""What a reviewer or an organiser may type about an application."""

from __future__ import annotations

from django import forms

from members.errors import Refused
from members.forms.fields import helper
from members.letters import fill
from members.models import Criterion, Decision, Review


class ReviewForm(forms.Form):
    """A score from 1 to 5 for each of the group's criteria, and a note. Nothing is preset."""

    note = forms.CharField(
        label="Private note",
        required=False,
        max_length=4000,
        help_text="For those who review. The applicant can download it, without your name.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, criteria: list[Criterion], review: Review | None = None, **kwargs):
        values = review.values if review else {}
        initial = {f"score_{pk}": value for pk, value in values.items()} | {
            "note": review.note if review else ""
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.criteria = criteria
        self.helper = helper()
        for criterion in criteria:
            self.fields[f"score_{criterion.pk}"] = forms.TypedChoiceField(
                label=criterion.name,
                help_text=criterion.hint,
                choices=[(n, str(n)) for n in range(1, 6)],
                coerce=int,
                # As radios, so that the summary's link leads to the first of them.
                widget=forms.RadioSelect,
                error_messages={
                    "required": f"Choose a score from 1 to 5 for “{criterion.name}”, or abstain.",
                    "invalid_choice": f"Choose a score from 1 to 5 for “{criterion.name}”.",
                },
            )

    def score_fields(self) -> list[tuple[Criterion, forms.BoundField]]:
        """Each criterion with its field, in the group's order."""
        return [(criterion, self[f"score_{criterion.pk}"]) for criterion in self.criteria]

    def scores(self) -> dict[Criterion, int]:
        """The cleaned scores by criterion."""
        return {criterion: self.cleaned_data[f"score_{criterion.pk}"] for criterion in self.criteria}


class AbstainForm(forms.Form):
    """The note that may go with an abstention; scores are left aside."""

    note = forms.CharField(required=False, max_length=4000)


class DecisionForm(forms.Form):
    """What is said with a decision: `said` names the field. `words`: what placeholders stand for."""

    said = ""

    def __init__(self, *args, words: dict[str, str], **kwargs):
        super().__init__(*args, **kwargs)
        self.words = words
        self.helper = helper()

    def typed(self) -> str:
        """What was typed, checked."""
        return self.cleaned_data[self.said]

    def field(self) -> forms.BoundField:
        """The one field."""
        return self[self.said]


class ShortlistForm(DecisionForm):
    """Why fewer reviews than the group asks for are enough; the verb says whether it is needed."""

    said = "override"
    override = forms.CharField(
        label="Why these reviews are enough",
        required=False,
        max_length=1000,
        help_text="Kept in the history; the applicant does not read it.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class InviteForm(DecisionForm):
    """Why somebody is asked before the first in the agreed order; the verb says whether it is needed."""

    said = "why"
    why = forms.CharField(
        label="Why out of order",
        required=False,
        max_length=1000,
        help_text="Kept in the history; the applicant does not read it.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class DeclineForm(DecisionForm):
    """Why an application is declined."""

    said = "reason"
    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        help_text="The applicant reads this in the mail. Be plain and kind.",
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Give a reason; the applicant has earned one."},
    )

    def clean_reason(self) -> str:
        """The reason with its placeholders filled in."""
        try:
            filled = fill(self.cleaned_data["reason"], self.words)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        if len(filled) > 2000:
            raise forms.ValidationError("Use fewer words: with the names filled in, 2000 characters fit.")
        return filled


DECISION_FORMS = {
    Decision.Kind.SHORTLIST: ShortlistForm,
    Decision.Kind.INVITE: InviteForm,
    Decision.Kind.DECLINE: DeclineForm,
}
