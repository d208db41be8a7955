"""The lists of the organisers’ form. A row that nobody wrote into is ignored. Readings: `reading_rows`."""

from __future__ import annotations

from django import forms

from sessions_app.forms import WebField, helper, row, text_area
from sessions_app.models import Presenter
from sessions_app.speakers import Directory, Unclear, read_line

MOST_TALKS = 12  # rows on the page; more would pass settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
LAST = 1000  # the place of a row without a number


class RowForm(forms.Form):
    """One row of a list. A row in which nothing is written is ignored."""

    pk = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)
    order = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=999,
        error_messages={
            "invalid": "Write a number such as 2.",
            "min_value": "Write a number from 0 to 999.",
            "max_value": "Write a number from 0 to 999.",
        },
    )
    remove = forms.BooleanField(required=False, label="Remove")
    written = ()  # fields that make a row count

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        away = "tick Remove" if self["pk"].value() else "empty the row"
        self.fields["title"].error_messages["required"] = f"Write a title, or {away}."

    def has_changed(self) -> bool:
        """Whether somebody wrote something into it; a kind or an order alone is nothing."""
        return any(name in self.changed_data for name in ("pk", *self.written))

    @property
    def is_removed(self) -> bool:
        """Whether Remove is ticked: nothing else in the row matters then."""
        return bool(self.is_bound and self.data.get(self.add_prefix("remove")))

    def removal(self) -> list[tuple[str, int]]:
        """The tick that takes a stored row away; a row that is not stored yet is emptied instead."""
        return [("remove", 6)] if self["pk"].value() else []

    def full_clean(self) -> None:
        """Check the row, unless it is removed: nobody has to mend what goes away."""
        super().full_clean()
        if self.is_removed:
            self._errors = forms.utils.ErrorDict()


class TalkForm(RowForm):
    """One talk. Names are looked up in `directory`; `stored` maps a talk to those who present it already."""

    title = forms.CharField(max_length=200)
    presenters = forms.CharField(
        required=False,
        max_length=1000,
        help_text="Names with commas between them. Members and earlier guests are found by name.",
    )
    url = WebField(required=False, max_length=500, label="Link")
    abstract = forms.CharField(required=False, max_length=6000, widget=text_area(3), help_text="Markdown.")
    written = ("title", "presenters", "url", "abstract")

    def __init__(
        self,
        *args,
        directory: Directory | None = None,
        stored: dict[int, list[Presenter]] | None = None,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.directory, self.stored = directory, stored or {}
        self.helper = helper(
            "pk",
            row(("title", 6), ("url", 6)),
            row("presenters"),
            row("abstract"),
            row(("order", 3)),
            row(*self.removal()),
        )

    def clean_presenters(self) -> list[str]:
        """The names, each of which means one person or somebody new."""
        try:
            among = self.stored.get(self.cleaned_data.get("pk"), ())
            names = read_line(self.cleaned_data["presenters"], among)
            self.directory.check(names, among)
        except Unclear as unclear:
            raise forms.ValidationError(str(unclear)) from unclear
        return names


class RowFormSet(forms.BaseFormSet):
    """Rows in which an untouched one may stand anywhere."""

    def get_form_kwargs(self, index: int | None) -> dict:
        """Let every row be empty."""
        return {**super().get_form_kwargs(index), "empty_permitted": True, "use_required_attribute": False}

    def rows(self) -> list[RowForm]:
        """The valid rows that somebody wrote into and nobody removes, in their order."""
        kept = [form for form in self.forms if form.has_changed() and not form.is_removed]

        def place(form: RowForm) -> int:
            order = form.cleaned_data.get("order")
            return LAST if order is None else order

        return sorted(kept, key=place)

    @property
    def shown(self) -> list[RowForm]:
        """All rows as they stand on the page: by what is written as their number, valid or not."""

        def place(form: RowForm) -> int:
            order = str(form["order"].value() or "")
            return int(order) if order.isdecimal() and len(order) < 4 else LAST

        return sorted(self.forms, key=place)

    def removed(self) -> frozenset[int]:
        """The stored rows that go."""
        taken = (form for form in self.forms if form.is_removed)
        return frozenset(form.cleaned_data["pk"] for form in taken if form.cleaned_data.get("pk"))


def rows_of(
    form: type[RowForm], most: int, what: str, *, formset: type[RowFormSet] = RowFormSet
) -> type[RowFormSet]:
    """A list of such rows, of which at most so many fit; `what` names them in the sentence that says so."""
    made = forms.formset_factory(
        form, formset=formset, extra=0, max_num=most, validate_max=True, absolute_max=most + 20
    )
    made.default_error_messages = {
        **forms.BaseFormSet.default_error_messages,
        "too_many_forms": f"Keep to {most} {what}; the page holds no more.",
        "missing_management_form": "Load the page again; a part of the form did not reach us.",
    }
    return made


TalkRows = rows_of(TalkForm, MOST_TALKS, "presentations")
