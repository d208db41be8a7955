"""What to read, as rows of the organisers' form: several links, a file, and a kind that the link may tell."""

from __future__ import annotations

import re

from django import forms
from django.core.files.uploadedfile import UploadedFile

from sessions_app import links
from sessions_app.forms import UploadField, WebField, helper, row, text_area
from sessions_app.models import Reading, StoredFile
from sessions_app.pending_files import FileGone
from sessions_app.row_forms import RowForm, RowFormSet, rows_of

MOST_READINGS = 30  # rows on the page; more would pass settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
MOST_LINKS = 20  # further ones of one reading
LONGEST_LINK = 800  # characters, as Reading.url and ReadingLink.url
LONGEST_WORDS = 250  # characters, as ReadingLink.title
BY_ITS_LINK = ""  # the kind of a new row that nobody chose


class LinkField(WebField):
    """A web address; a bare DOI or arXiv number becomes one."""

    def to_python(self, value: str | None) -> str:
        """The address of what was typed."""
        return super().to_python(links.as_address(value or ""))


class LinksField(forms.CharField):
    """Further links, one a line: an address alone, or a title and then the address."""

    widget = text_area(2)
    address = LinkField(max_length=LONGEST_LINK)

    def __init__(self, **kwargs):
        super().__init__(max_length=MOST_LINKS * (LONGEST_LINK + LONGEST_WORDS), **kwargs)
        self.stored: dict[str, tuple[str, str]] = {}

    def keep(self, stored: list[dict]) -> None:
        """Take these links, each {"title", "url"}, as they are when the lines that show them come back."""
        self.stored = {shown_link(link): (link["title"], link["url"]) for link in stored}

    def clean(self, value: str | None) -> list[tuple[str, str]]:
        """The links as (title, address). Raises ValidationError, a sentence for each line that is none."""
        lines = [shown for line in super().clean(value).splitlines() if (shown := " ".join(line.split()))]
        if len(lines) > MOST_LINKS:
            raise forms.ValidationError(f"Keep to {MOST_LINKS} further links.")
        found, wrong = [], []
        for number, line in enumerate(lines, start=1):
            try:
                found.append(self.stored.get(line) or self._link(line))
            except forms.ValidationError as error:
                wrong += [f"Line {number}: {sentence}" for sentence in error.messages]
        if wrong:
            raise forms.ValidationError(wrong)
        return found

    def _link(self, line: str) -> tuple[str, str]:
        title, address = self._apart(line)
        if "://" in title:
            raise forms.ValidationError("Write one link; put the next one on a line of its own.")
        if len(title) > LONGEST_WORDS:
            raise forms.ValidationError(f"Write a title of at most {LONGEST_WORDS} characters.")
        # With words before it, “notes.md” is hardly a host.
        known = not title or "/" in address or links.as_address(address) != address
        try:
            return title, self.address.clean(address if known else "")
        except forms.ValidationError as error:
            raise forms.ValidationError(
                f"Write an address of at most {LONGEST_LINK} characters."
                if len(address) > LONGEST_LINK
                else "End with a web address such as https://example.org/page."
            ) from error

    @staticmethod
    def _apart(line: str) -> tuple[str, str]:
        """A line as title and address, whichever of them stands first."""
        if match := re.fullmatch(r"\[(.+)\]\((\S+)\)", line):
            return match[1], match[2]
        if links.as_address(line) != line:  # “doi: 10.1000/1” is no title
            return "", line
        first, _, rest = line.partition(" ")
        if rest and "://" in first and "://" not in rest:
            return rest, first
        return line.rpartition(" ")[::2]

    def has_changed(self, initial: str | None, data: str | None) -> bool:
        """Whether the lines are others."""
        return (initial or "").split() != (data or "").split()


def shown_link(link: dict) -> str:
    """A link, {"title", "url"}, as a line of the form."""
    return " ".join(f"{link['title']} {link['url']}".split())


class ReadingForm(RowForm):
    """One item to prepare.

    stored: the session's readings by their keys. pending: files that are not a reading's yet, by their keys.
    """

    kind = forms.ChoiceField(choices=Reading.Kind.choices, initial=BY_ITS_LINK)
    title = forms.CharField(max_length=250)
    url = LinkField(required=False, max_length=LONGEST_LINK, label="Link")
    links = LinksField(
        required=False,
        label="Further links",
        help_text="One a line: the address alone, or a title and then the address.",
    )
    part = forms.CharField(required=False, max_length=120, label="Which part")
    minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=6000,
        error_messages={
            "invalid": "Write whole minutes, or nothing when nobody knows.",
            "min_value": "Write 1 to 6000 minutes, or nothing when nobody knows.",
            "max_value": "Write 1 to 6000 minutes, or nothing when nobody knows.",
        },
    )
    importance = forms.TypedChoiceField(
        choices=Reading.Importance.choices, coerce=int, initial=Reading.Importance.REQUIRED
    )
    note = forms.CharField(required=False, max_length=300, label="Why, or what to look for")
    is_part = forms.BooleanField(required=False, label="Part of the reading above")
    file = UploadField(
        required=False,
        help_text="At most 20 MB. Only members can open it.",
    )
    file_kept = forms.CharField(required=False, widget=forms.HiddenInput, label="File")
    remove_file = forms.BooleanField(required=False, label="Remove the file")
    written = ("title", "url", "links", "part", "minutes", "note", "file", "file_kept")

    def __init__(
        self,
        *args,
        stored: dict[str, Reading] | None = None,
        pending: dict[str, StoredFile] | None = None,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.pending = {} if pending is None else pending
        self.refused_file = ""
        self.reading = (stored or {}).get(str(self["pk"].value() or ""))
        if not self["pk"].value():
            self.fields["kind"].required = False
            self.fields["kind"].choices = [(BY_ITS_LINK, "By its link"), *Reading.Kind.choices]
        if self.reading:
            self.fields["links"].keep(self.reading.link_list)
        self.helper = helper(
            "pk",
            row(("title", 6), ("url", 6)),
            row(("kind", 3), ("part", 3), ("minutes", 3), ("importance", 3)),
            row(("note", 12)),
        )
        self.more_helper = helper("links")
        self.last_helper = helper(row(("is_part", 5), *self.removal(), ("order", 3)))

    @property
    def upload(self) -> UploadedFile | None:
        """The file that was chosen for it and has come just now."""
        return self.files.get(self.add_prefix("file"))

    @property
    def upload_to_keep(self) -> UploadedFile | None:
        """That file, unless the row goes or the file is known to be wrong."""
        wrong = self.is_removed or "file" in (self._errors or {})
        return None if wrong else self.upload

    @property
    def pending_file(self) -> StoredFile | None:
        """The file that it came with and that waits for the form to be saved."""
        return self.pending.get(str(self["file_kept"].value() or ""))

    @property
    def shown_file(self) -> StoredFile | None:
        """The file that it has once the form is saved, unless it is removed."""
        return self.pending_file or (self.reading.file if self.reading else None)

    def keep_file(self, file: StoredFile) -> None:
        """Let a file wait that has come with the row: it counts as typed from now on."""
        self.pending[str(file.pk)] = file
        self.data = self.data.copy()
        self.data[self.add_prefix("file_kept")] = str(file.pk)

    def refuse_file(self, sentence: str) -> None:
        """Say why a file was not taken, whether the row is checked or only shown again."""
        self.refused_file = sentence
        if self.is_bound and self._errors is not None:
            self.add_error("file", sentence)

    @property
    def is_open(self) -> bool:
        """Whether the further links and the file have to be seen at once."""
        wrong = self.is_bound and any(name in self.errors for name in ("links", "file", "file_kept"))
        return bool(wrong or self.refused_file or self.pending_file)

    @property
    def holds(self) -> str:
        """What stands in that part of the row: “2 links, notes.pdf”."""
        lines = [line for line in (self["links"].value() or "").splitlines() if line.strip()]
        counted = [f"{len(lines)} link{'' if len(lines) == 1 else 's'}"] if lines else []
        return ", ".join([*counted, *([self.shown_file.name] if self.shown_file else [])])

    def clean(self) -> dict:
        """Ask for a file again that is gone, and let the link tell the kind that nobody chose."""
        data = super().clean()
        goes = self.upload or data.get("remove_file")
        if data.get("file_kept") and self.pending_file is None and not goes:
            self.add_error("file", str(FileGone()))
        data["kind_by_link"] = data.get("kind") == BY_ITS_LINK
        if data["kind_by_link"]:
            data["told_kind"] = links.kind_of_address(data.get("url") or "")
            data["kind"] = data["told_kind"] or Reading.Kind.ARTICLE
        return data


class ReadingRowSet(RowFormSet):
    """The readings of the form."""

    def told_kinds(self) -> str:
        """Which kinds the new rows have got by their links, in sentences; empty when all were chosen."""
        told: dict[str, list[str]] = {}
        silent: list[str] = []
        for form in self.rows():
            data = form.cleaned_data
            if data["kind_by_link"]:
                kind = data["told_kind"]
                (told.setdefault(kind.label.lower(), []) if kind else silent).append(f"“{data['title']}”")
        said = []
        if told:
            kinds = "; ".join(f"{kind}: {', '.join(titles)}" for kind, titles in told.items())
            said.append(f"By their links, the new readings are entered as {kinds}.")
        if silent:
            said.append(f"Entered as article, since no link tells more: {', '.join(silent)}.")
        return " ".join(said)


ReadingRows = rows_of(ReadingForm, MOST_READINGS, "readings", formset=ReadingRowSet)
