"""Fields that several forms share, how crispy draws a form here, and what programs stumble over."""

from __future__ import annotations

from datetime import UTC, datetime

from crispy_forms.helper import FormHelper
from django import forms
from django.core import signing
from django.core.validators import URLValidator
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

MOST_LINKS = 8
FEWEST_SECONDS = 3  # nobody reads the form and fills it in faster
_opened = signing.Signer(salt="members.forms.opened")


class LongSelect(forms.Select):
    """A choice among hundreds. Django renders a template for each option; this writes them in one go."""

    def render(self, name: str, value: object, attrs: dict | None = None, renderer=None) -> SafeString:
        """The element with its options; groups of options are not known here."""
        chosen = set(self.format_value(value))
        context = self.get_context(name, None, attrs)["widget"]
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            (
                ("" if key is None else key, " selected" if str(key) in chosen else "", label)
                for key, label in self.choices
            ),
        )
        return format_html('<select name="{}"{}>\n{}\n</select>', name, flatatt(context["attrs"]), options)


class LongTextField(forms.CharField):
    """A text of several lines, with how long it may be said while one types."""

    def __init__(self, *, rows: int, **kwargs):
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict:
        """No `maxlength`: the browser would cut a longer text without a word."""
        return {"data-maxlength-hint": self.max_length}

    def to_python(self, value: object) -> str:
        """A line break is one character, as the counter on the page counts it; browsers send two."""
        return super().to_python(value).replace("\r\n", "\n")


class LinksField(forms.CharField):
    """Several web addresses, one on a line, as a list."""

    widget = forms.Textarea(attrs={"rows": 3, "inputmode": "url", "spellcheck": "false"})

    def prepare_value(self, value: list[str] | str | None) -> str:
        """Show a stored list one address a line."""
        return "\n".join(value) if isinstance(value, list) else (value or "")

    def clean(self, value: str) -> list[str]:
        """Return the addresses; raise ValidationError that names the line that is not one."""
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MOST_LINKS:
            raise forms.ValidationError(f"Keep to {MOST_LINKS} links; there are {len(lines)}.")
        return [self._address(line) for line in lines]

    def _address(self, line: str) -> str:
        address = line if "://" in line else f"https://{line}"
        try:
            URLValidator(schemes=["http", "https"])(address)
        except forms.ValidationError:
            raise forms.ValidationError(
                f"Write each link like https://example.org/page. This one is none: {line[:80]}"
            ) from None
        if len(address) > 500:
            raise forms.ValidationError("Use a shorter link; at most 500 characters fit.")
        return address


def stamp(now: datetime) -> str:
    """The moment a form was opened, signed, to be sent back with it."""
    return _opened.sign(str(int(now.timestamp())))


def opened_at(stamped: str) -> datetime | None:
    """The moment inside a stamp, or None when this site did not sign it."""
    try:
        return datetime.fromtimestamp(int(_opened.unsign(stamped)), UTC)
    except (signing.BadSignature, ValueError):
        return None


class TrappedForm(forms.Form):
    """A form that programs rarely get through: a field nobody sees, and a shortest time.

    `public/_traps.html` draws both; they are no fields of the form, so nothing else shows or stores them.
    A refusal asks to press once more, for it may meet somebody whose browser fills in fields by itself.
    """

    def __init__(self, *args, now: datetime, **kwargs):
        super().__init__(*args, **kwargs)
        self.now = now

    @property
    def opened(self) -> str:
        """The stamp for the page: the one that came back, so that waiting helps, else a new one."""
        came = self.data.get("opened", "")
        return came if opened_at(came) else stamp(self.now)

    def clean(self) -> dict:
        """Refuse what only programs do; once everything else is right."""
        cleaned = super().clean()
        if self.errors:
            return cleaned
        if self.data.get("website"):
            raise forms.ValidationError(
                "Press the button once more. A field that people do not see was filled in, as programs do; "
                "it is empty again.",
                code="trap",
            )
        opened = opened_at(self.data.get("opened", ""))
        if opened is None or (self.now - opened).total_seconds() < FEWEST_SECONDS:
            raise forms.ValidationError(
                "Wait a moment and press once more. This came back faster than people type.", code="too_fast"
            )
        return cleaned


def helper() -> FormHelper:
    """Fields only: each page has its own form element and buttons."""
    made = FormHelper()
    made.form_tag = False
    made.disable_csrf = True
    return made
