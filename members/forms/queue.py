"""What may be asked of the queue: the form whose answers stand in the address bar, and the bulk forms."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict

from members import letters
from members.errors import Refused
from members.forms.fields import helper
from members.models import Decision, ReplyTemplate
from members.models.application import OPEN_STATES, State

OPEN, ALL = "open", "all"  # words for several states at once
UNREVIEWED = "unreviewed"  # as a state: what links of old ask for
TO_REVIEW = (State.WAITING, State.SHORTLISTED)  # what “not reviewed by me” means when no state is named
LARGEST_KEY = 2**63 - 1


class Order(models.TextChoices):
    WAITING = "waiting", "Longest waiting first"
    NEWEST = "newest", "Newest first"
    HIGHEST = "highest", "Highest score first"
    LOWEST = "lowest", "Lowest score first"
    MOVED = "moved", "Last moved first"


class Mine(models.TextChoices):
    NO = "no", "Not reviewed by you"
    YES = "yes", "Reviewed by you"


@dataclass(frozen=True)
class Filters:
    """What somebody asks of the queue. `named`: the states as they stand in the address."""

    named: tuple[str, ...] = ()
    text: str = ""
    strength: int | None = None
    least: float | None = None
    most: float | None = None
    mine: str = ""
    disagree: bool = False
    prepared: bool = False
    order: str = Order.WAITING

    @property
    def states(self) -> tuple[str, ...]:
        """The states asked for, in the order in which an application passes through them."""
        wanted = set(self.named)
        if not wanted:
            found = TO_REVIEW if self.mine == Mine.NO else OPEN_STATES
        elif ALL in wanted:
            found = tuple(State)
        else:
            opens = OPEN_STATES if OPEN in wanted else ()
            found = tuple(state for state in State if state in wanted or state in opens)
        if len(found) > 1 and (self.mine == Mine.YES or self.asks_for_scores):
            found = tuple(state for state in found if state != State.UNCONFIRMED)  # never reviewed
        return found

    @property
    def asks_for_scores(self) -> bool:
        """Whether the answer tells something about scores, which are hidden until one has reviewed."""
        by_score = self.order in (Order.HIGHEST, Order.LOWEST)
        return by_score or self.disagree or self.least is not None or self.most is not None

    @property
    def only_states(self) -> bool:
        """Whether nothing but states is asked for, so that the tally knows how many there are."""
        return not (self.asks_for_scores or self.text or self.strength or self.mine or self.prepared)

    @property
    def narrowed(self) -> bool:
        """Whether more is asked for than what the links of the states can say."""
        return not self.only_states or len(self.named) > 1

    def query(self, **changed) -> str:
        """The filters as the address carries them: what is usual is left out. changed: other values."""
        values = {
            "state": self.named,
            "q": self.text,
            "strength": self.strength,
            "least": self.least,
            "most": self.most,
            "mine": self.mine,
            "disagree": "1" if self.disagree else "",
            "prepared": "1" if self.prepared else "",
            "order": "" if self.order == Order.WAITING else self.order,
        } | changed
        given = {name: value for name, value in values.items() if value not in ("", None, ())}
        return urlencode(
            {name: f"{value:g}" if isinstance(value, float) else value for name, value in given.items()},
            doseq=True,
        )


class QueueForm(forms.Form):
    """The filters and the order. What is not understood is left out, and said in a sentence."""

    q = forms.CharField(
        label="Words in the application",
        max_length=200,
        required=False,
        help_text="Beginnings of words are enough.",
        error_messages={"max_length": "Search for fewer words: 200 characters at most."},
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "enterkeyhint": "search"}),
    )
    order = forms.ChoiceField(label="Order", choices=Order, required=False)
    state = forms.MultipleChoiceField(
        label="States",
        choices=State,
        required=False,
        help_text="None ticked: all open ones.",
        widget=forms.CheckboxSelectMultiple,
    )
    strength = forms.IntegerField(
        label="Would bring",
        min_value=1,
        max_value=LARGEST_KEY,
        required=False,
        widget=forms.Select,
    )
    least = forms.FloatField(label="Score at least", min_value=1, max_value=5, required=False)
    most = forms.FloatField(label="Score at most", min_value=1, max_value=5, required=False)
    mine = forms.ChoiceField(label="Your review", choices=[("", "Either"), *Mine.choices], required=False)
    disagree = forms.BooleanField(label="Reviewers disagree", required=False)
    prepared = forms.BooleanField(label="A decision is prepared", required=False)

    def __init__(self, data: QueryDict, *, organiser: bool, strengths: list[tuple[int, str]] = ()):
        """strengths: what the list of them offers, as (key, name). organiser: may see what is prepared."""
        super().__init__(data, auto_id="queue_%s")
        self.helper = helper()
        self.fields["strength"].widget.choices = [("", "Any"), *strengths]
        self.fields["state"].choices = [*State.choices, (OPEN, "Open"), (ALL, "All"), (UNREVIEWED, "")]
        if not organiser:
            del self.fields["prepared"]
        for name in ("strength", "least", "most", "mine", "order"):
            sentence = f"Choose “{self.fields[name].label}” anew; what the address says is left out."
            for kind in ("invalid", "invalid_choice", "min_value", "max_value"):
                self.fields[name].error_messages[kind] = sentence
        self.fields["state"].error_messages["invalid_choice"] = (
            "There is no state “%(value)s”; it is left out."
        )
        for field in self.fields.values():  # the validators of the numbers carry messages of their own
            for validator in field.validators:
                if getattr(validator, "code", "") in field.error_messages:
                    validator.message = field.error_messages[validator.code]

    def clean(self) -> dict:
        """Refuse a range of scores that is empty."""
        least, most = self.cleaned_data.get("least"), self.cleaned_data.get("most")
        if least is not None and most is not None and least > most:
            raise ValidationError("“At least” is above “at most”; no score is both.")
        return self.cleaned_data

    def filters(self) -> Filters:
        """The filters that were understood."""
        self.is_valid()
        found = self.cleaned_data
        named, mine = list(dict.fromkeys(found.get("state", []))), found.get("mine", "")
        if UNREVIEWED in named:
            named.remove(UNREVIEWED)
            mine = Mine.NO
        return Filters(
            named=tuple(named),
            text=" ".join(found.get("q", "").split()),
            strength=found.get("strength"),
            least=found.get("least"),
            most=found.get("most"),
            mine=mine,
            disagree=found.get("disagree", False),
            prepared=found.get("prepared", False),
            order=found.get("order") or Order.WAITING,
        )

    def not_understood(self) -> list[str]:
        """A sentence for each part of the address that is left out."""
        return list(dict.fromkeys(sentence for errors in self.errors.values() for sentence in errors))


TAKE_BACK = "take_back"
NO_REASON = "Give a reason; the applicants have earned one."


class BulkForm(forms.Form):
    """What to do with the ticked applications, and in what words."""

    action = forms.ChoiceField(
        label="With those ticked",
        choices=[
            (Decision.Kind.SHORTLIST, "Prepare: put on the shortlist"),
            (Decision.Kind.INVITE, "Prepare: invite to a seat"),
            (Decision.Kind.DECLINE, "Prepare: decline"),
            (TAKE_BACK, "Take prepared decisions back"),
        ],
        error_messages={
            "required": "Choose what to do with the ticked applications.",
            "invalid_choice": "Choose what to do with the ticked applications.",
        },
    )


class BulkReasonForm(forms.Form):
    """The reason that goes with prepared decisions; declining needs one."""

    template = forms.ModelChoiceField(
        label="Words kept for this",
        queryset=ReplyTemplate.objects.none(),
        required=False,
        empty_label="None: I write my own",
        help_text="{name} in them becomes the applicant's name.",
        error_messages={"invalid_choice": "Choose other words: these are not kept any more."},
    )
    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "data-maxlength-hint": 2000}),
    )

    def __init__(self, *args, kind: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.helper = helper()
        kept = ReplyTemplate.objects.filter(use=ReplyTemplate.Use.DECLINE)
        if kind == Decision.Kind.DECLINE and kept.exists():
            self.fields["template"].queryset = kept
            self.fields["reason"].help_text = "Instead of kept words. All of them read it: be plain and kind."
        elif kind == Decision.Kind.DECLINE:
            del self.fields["template"]
            self.fields["reason"].required = True
            self.fields["reason"].error_messages["required"] = NO_REASON
            self.fields["reason"].help_text = "All of them read this in the mail. Be plain and kind."
        else:
            del self.fields["template"]
            self.fields["reason"].label = "Why, where a rule or the order is passed over"
            self.fields["reason"].help_text = "Kept in the history; the applicants do not read it."

    def clean(self) -> dict:
        """Declining: one's own words or the kept ones, not both and not none."""
        template, reason = self.cleaned_data.get("template"), self.cleaned_data.get("reason", "")
        if self.kind == Decision.Kind.DECLINE and not self.errors:
            if template and reason:
                self.add_error("reason", "Write your own words or choose kept ones, not both.")
            elif not (template or reason):
                self.add_error("reason", NO_REASON)
            else:
                self._check(template.text if template else reason, "template" if template else "reason")
        return self.cleaned_data

    def _check(self, words: str, field: str) -> None:
        try:
            letters.check(words)
        except Refused as refusal:
            self.add_error(field, str(refusal))

    def words(self) -> str:
        """The reason; `{name}` and `{group}` stand in it for what differs."""
        template = self.cleaned_data.get("template")
        return template.text if template else self.cleaned_data["reason"]
