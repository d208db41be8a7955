"""What members type about themselves, and what is typed when somebody goes, comes back or changes role."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.db import transaction

from members import photos
from members.forms.fields import LinksField, helper
from members.models import Member, Strength

Audience = Member.Audience


class ProfileForm(forms.ModelForm):
    """A member's own page: what is on it, and who sees it."""

    links = LinksField(
        required=False, help_text="Where one finds you or your work, one address a line. At most eight."
    )
    new_photo = forms.FileField(
        label="Photo",
        required=False,
        help_text="JPEG, PNG or WebP, at most 10 MB. We keep a square of the middle, and nothing else that "
        "the file tells, such as where it was taken.",
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={
            "empty": "Choose another file; this one is empty.",
            "invalid": "Choose the file once more; it did not arrive.",
            "max_length": "Give the file a shorter name.",
        },
    )
    remove_photo = forms.BooleanField(label="Remove the photo", required=False)
    profile_audience = forms.ChoiceField(
        label="Who reads your page",
        choices=[
            (Audience.MEMBERS, "All members: your photo, what you write, your strengths and links"),
            (Audience.ORGANISERS, "Organisers only; other members see your name and nothing more"),
        ],
        widget=forms.RadioSelect,
    )
    address_audience = forms.ChoiceField(
        label="Who sees your e-mail address",
        help_text="Other members see it only if they read your page at all.",
        choices=[(Audience.ORGANISERS, "Organisers only"), (Audience.MEMBERS, "All members")],
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Member
        fields = ["bio", "strengths", "links", "profile_audience", "address_audience"]
        labels = {"bio": "About you", "strengths": "Your strengths"}
        help_texts = {
            "bio": "What you do, what you read, what one may ask you about. Markdown works.",
            "strengths": "Tick what you could explain to others.",
        }
        widgets = {
            "bio": forms.Textarea(attrs={"rows": 6, "data-maxlength-hint": 4000}),
            "strengths": forms.CheckboxSelectMultiple,
        }

    field_order = [
        "bio",
        "strengths",
        "links",
        "new_photo",
        "remove_photo",
        "profile_audience",
        "address_audience",
    ]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()
        self.fields["bio"].error_messages["max_length"] = (
            "Write less; at most %(limit_value)d characters fit."
        )
        # The browser would cut a longer text without a word; so the counter and the form say it.
        self.fields["bio"].widget.attrs.pop("maxlength", None)
        self.fields["strengths"].queryset = Strength.objects.all()
        for name in ("profile_audience", "address_audience"):
            self.fields[name].error_messages["required"] = "Choose who may see it."
        if not self.instance.photo:
            del self.fields["remove_photo"]

    def clean_new_photo(self):
        """The uploaded picture as the portrait that is kept, or None."""
        upload = self.cleaned_data["new_photo"]
        if not upload:
            return None
        try:
            return photos.portrait(upload)
        except photos.PhotoRefused as refusal:
            raise forms.ValidationError(str(refusal)) from None

    @transaction.atomic
    def save(self) -> Member:
        """Store the page; a new photo replaces the one before, and wins over “remove”."""
        member = self.instance
        # Nothing but what stands in the form: seat and role may have changed since this page was asked for.
        member.save(update_fields=["bio", "links", "profile_audience", "address_audience"])
        member.strengths.set(self.cleaned_data["strengths"])
        if photo := self.cleaned_data["new_photo"]:
            return photos.put(member_id=member.pk, photo=photo)
        if self.cleaned_data.get("remove_photo"):
            return photos.remove(member_id=member.pk)
        return member


class LeaveForm(forms.Form):
    """From today until a day. `today`: in the group's time zone."""

    until = forms.DateField(
        label="Back on",
        help_text="Until then the seat may be somebody else’s.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Choose the day of return.",
            "invalid": "Write the day like 2026-10-31.",
        },
    )
    reason = forms.CharField(
        required=False,
        max_length=2000,
        help_text="Only organisers read it.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": "Write less; at most %(limit_value)d characters fit."},
    )

    def __init__(self, *args, today: date, **kwargs):
        super().__init__(*args, auto_id="id_leave_%s", **kwargs)
        self.helper = helper()
        self.today = today
        self.fields["until"].widget.attrs["min"] = (today + timedelta(days=1)).isoformat()

    def clean_until(self) -> date:
        """A day after today, and within ten years."""
        until = self.cleaned_data["until"]
        if until <= self.today:
            raise forms.ValidationError("Choose a day of return after today.")
        if until > self.today + timedelta(days=3653):
            raise forms.ValidationError("Choose a day within the next ten years, or leave the group.")
        return until


class GoodbyeForm(forms.Form):
    """One's own leaving."""

    reason = forms.CharField(
        label="Why, if you like",
        required=False,
        max_length=2000,
        help_text="Only organisers read it.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": "Write less; at most %(limit_value)d characters fit."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper()


class RemovalForm(forms.Form):
    """Why the organisers end a membership."""

    reason = forms.CharField(
        max_length=2000,
        help_text="The person reads this in the mail. Be plain and kind.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": "Give a reason; the person reads it.",
            "max_length": "Write less; at most %(limit_value)d characters fit.",
        },
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="id_removal_%s", **kwargs)
        self.helper = helper()


class RoleForm(forms.Form):
    """What somebody may do in the group."""

    role = forms.ChoiceField(
        label="What this person may do",
        choices=[
            (Member.Role.MEMBER, "Member: prepares, answers and takes part"),
            (Member.Role.REVIEWER, "Reviewer: also reads and scores applications"),
            (
                Member.Role.ORGANISER,
                "Organiser: also plans sessions, decides on applications, and gives and ends seats and roles",
            ),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a role.", "invalid_choice": "Choose one of the roles."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="id_role_%s", **kwargs)
        self.helper = helper()
