"""What the organisers' forms are made of: fields that speak our language, and how they stand on the page."""

from __future__ import annotations

import zoneinfo
from functools import lru_cache

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout
from django import forms
from django.core.validators import URLValidator


class WebField(forms.URLField):
    """A web address, http or https only. One typed without its scheme gets https."""

    default_validators = [URLValidator(schemes=["http", "https"])]
    default_error_messages = {"invalid": "Write a web address such as https://example.org/page."}

    def __init__(self, **kwargs):
        super().__init__(assume_scheme="https", **kwargs)
        self.validators = [
            URLValidator(schemes=["http", "https"], message=self.error_messages["invalid"])
            if isinstance(validator, URLValidator)
            else validator
            for validator in self.validators
        ]
        self.widget.input_type = "text"  # the browser's own check would refuse “example.org”
        self.widget.attrs |= {"inputmode": "url", "spellcheck": "false"}


class UploadField(forms.FileField):
    """One file. `sessions_app.stored_files` says which ones are taken."""

    default_error_messages = {
        "required": "Choose a file.",
        "invalid": "Choose the file again; it did not reach us.",
        "missing": "Choose the file again; it did not reach us.",
        "empty": "Choose another file; this one is empty.",
        "max_length": "Choose a file with a shorter name.",
    }


def text_area(rows: int) -> forms.Textarea:
    """A field of several lines."""
    return forms.Textarea(attrs={"rows": rows})


def helper(*layout) -> FormHelper:
    """Fields only: the page has one form element around them all, and shows all errors in one place."""
    made = FormHelper()
    made.form_tag = False
    made.disable_csrf = True
    made.template = "organiser/_fields.html"
    made.layout = Layout(*layout)
    return made


def row(*fields) -> Div:
    """Fields side by side; each is a name or (name, columns of twelve)."""
    pairs = [field if isinstance(field, tuple) else (field, 12) for field in fields]
    return Div(*(Field(name, wrapper_class=f"col-md-{width}") for name, width in pairs), css_class="row")


@lru_cache(maxsize=1)
def zones() -> list[tuple[str, str]]:
    """The IANA zones that are named after a place, and UTC. Read from the disk once."""
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC")
    return [(name, name.replace("_", " ")) for name in names if not name.startswith(("Etc/", "SystemV/"))]
