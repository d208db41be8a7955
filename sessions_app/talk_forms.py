"""What people type about talks: a proposal, an answer to it, material, and who a guest presenter is."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms

from members.forms.fields import LongTextField, helper
from members.models import Member
from sessions_app.forms import UploadField, WebField
from sessions_app.materials import Values
from sessions_app.models import Material, Presenter, Session
from sessions_app.proposals import LONGEST_MESSAGE, Details
from sessions_app.speakers import Directory, Unclear, line_of, read_line

LONGEST_ABSTRACT = 6000  # characters
LONGEST_BIO = 2000
MOST_MINUTES = 600
UNSEEN = "The session you wished for"


def _dated(session: Session) -> str:
    return f"Session {session.number}, {session.local_start:%-d %B %Y}"


def _long(rows: int, most: int, **kwargs) -> LongTextField:
    messages = {
        "max_length": f"Shorten it; at most {most:,} characters are kept.",
        "null_characters_not_allowed": "Take out the null characters; they cannot be kept.",
    } | kwargs.pop("error_messages", {})
    return LongTextField(rows=rows, max_length=most, error_messages=messages, **kwargs)


class AbstractForm(forms.Form):
    """The abstract alone, and the version that the writer began from."""

    abstract = _long(10, LONGEST_ABSTRACT, required=False, help_text="What it is about. Markdown.")
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()


class ProposalForm(forms.Form):
    """A talk as its presenters describe it.

    sessions: those that may be wished for; unseen: the key of one that the reader may not see, and which the
    talk wishes for all the same. among: who presents it already; None for a new one, whose presenter is
    whoever proposes it, and then only the others are named. reader: whom `Directory` finds names for.
    """

    title = forms.CharField(
        max_length=200,
        help_text="*Stars* around a word emphasise it.",
        error_messages={
            "required": "Give the talk a title.",
            "max_length": "Shorten the title; at most 200 characters fit.",
        },
    )
    abstract = _long(
        8,
        LONGEST_ABSTRACT,
        help_text="What it is about, and what one takes home. Markdown.",
        error_messages={"required": "Say what the talk is about."},
    )
    minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_MINUTES,
        label="How many minutes",
        help_text="With the questions afterwards.",
        error_messages={
            "invalid": "Write whole minutes, such as 30.",
            "min_value": f"Write 1 to {MOST_MINUTES} minutes.",
            "max_value": f"Write 1 to {MOST_MINUTES} minutes.",
        },
    )
    wished_session = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label="In which session",
        error_messages={"invalid_choice": "Choose another session; this one is no longer coming."},
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)  # the line of the presenters
    presenters = forms.CharField(
        required=False,
        max_length=1000,
        help_text="Names with commas between them. Members and earlier guests are found by name.",
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(
        self,
        *args,
        sessions: Iterable[Session],
        unseen: int | None = None,
        among: Iterable[Presenter] | None = None,
        reader: Member | None,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.is_new, self.among, self.reader = among is None, list(among or ()), reader
        self.initial["presenters"] = self.initial["shown"] = line_of(self.among)
        names = self.fields["presenters"]
        names.label = "Who presents it with you" if self.is_new else "Who presents it"
        self.fields["wished_session"].choices = [
            ("", "Whichever suits"),
            *((s.pk, UNSEEN if s.pk == unseen else _dated(s)) for s in sessions),
        ]
        self.helper = helper()

    def clean_presenters(self) -> list[str]:
        """The names, each of which means one person or somebody new."""
        try:
            shown = self.cleaned_data.get("shown", "")
            names = read_line(self.cleaned_data["presenters"], self.among, shown=shown)
            if names:
                Directory(self.reader).check(names, self.among)
        except Unclear as unclear:
            raise forms.ValidationError(str(unclear)) from unclear
        if not names and not self.is_new:
            raise forms.ValidationError("Name at least one person.")
        return names

    def details(self) -> Details:
        """What the valid form says."""
        data = self.cleaned_data
        return Details(
            title=data["title"],
            abstract=data["abstract"],
            minutes=data["minutes"],
            names=data["presenters"],
            wished_session=data["wished_session"],
        )


class MessageForm(forms.Form):
    """What is said with a step."""

    message = _long(4, LONGEST_MESSAGE, required=False, label="Message")

    def __init__(self, *args, hint: str = "It goes to the presenters by mail.", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["message"].help_text = hint
        self.helper = helper()


class ScheduleForm(MessageForm):
    """The session that has room for a talk."""

    session = forms.TypedChoiceField(
        coerce=int,
        error_messages={
            "required": "Choose a session.",
            "invalid_choice": "Choose another session; this one is not to come, or has the talk.",
        },
    )
    field_order = ["session", "message"]

    def __init__(self, *args, sessions: Iterable[Session], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["session"].choices = [
            ("", "Choose a session"),
            *(
                (s.pk, f"{s.number}, {s.local_start:%-d %B %Y}, {s.get_state_display().lower()}")
                for s in sessions
            ),
        ]


class MaterialForm(forms.Form):
    """A link or a file. `material` is the one being changed, None for a new one."""

    kind = forms.ChoiceField(
        choices=Material.Kind.choices,
        label="What it is",
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose what it is."),
    )
    title = forms.CharField(
        required=False,
        max_length=200,
        help_text="The words to click on. Empty: what it is.",
        error_messages={"max_length": "Shorten the title; at most 200 characters fit."},
    )
    url = WebField(required=False, max_length=500, label="Link")
    file = UploadField(required=False, label="File", help_text="A PDF, slides, a notebook …; at most 20 MB.")
    audience = forms.ChoiceField(
        choices=Material.Audience.choices,
        label="Who may open it",
        initial=Material.Audience.PUBLIC,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose who may open it."),
    )

    def __init__(self, *args, material: Material | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.material = material
        if material and material.file_id:
            self.fields["file"].label = "Another file"
            self.fields["file"].help_text = f"In the place of {material.file.name}. At most 20 MB."
            self.fields["url"].label = "A link in its place"
        self.helper = helper()

    def clean(self) -> dict:
        """A link or a file: one of the two."""
        data = super().clean()
        if {"url", "file"} & set(self.errors):
            return data
        if data.get("url") and data.get("file"):
            if self.material and not self.material.file_id and data["url"] == self.material.url:
                data["url"] = ""  # the file takes the place of the link that stood there
            else:
                self.add_error("file", "Give a link or a file: one of the two.")
        elif not data.get("url") and not data.get("file") and not (self.material and self.material.file_id):
            self.add_error("url", "Give a link, or choose a file.")
        return data

    def values(self) -> Values:
        """What the valid form says."""
        data = self.cleaned_data
        return Values(
            kind=data["kind"],
            title=data["title"],
            audience=data["audience"],
            url=data["url"],
            upload=data["file"] or None,
        )


class GuestForm(forms.Form):
    """What a guest presenter says of themselves."""

    bio = _long(
        5,
        LONGEST_BIO,
        required=False,
        label="A few lines about you",
        help_text="Everybody reads them. Markdown.",
    )
    url = WebField(required=False, max_length=500, label="Your web page")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()


class LinkForm(forms.Form):
    """Where a guest's private link goes."""

    email = forms.EmailField(
        required=False,
        label="E-mail",
        help_text="The link is mailed there, and later the question for slides. Nobody else sees it.",
        error_messages={"invalid": "Write an address such as name@example.org."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()
