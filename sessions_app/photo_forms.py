"""What somebody may type about the photos of a session."""

from __future__ import annotations

import re

from django import forms

from members.pictures import PictureRefused
from sessions_app import photos
from sessions_app.forms import UploadField
from sessions_app.models import Photo

AT_ONCE = 3  # photos that one page takes
LONGEST = 300  # characters, as in the model
FILE_NAME = re.compile(r"\S+\.(jpe?g|png|webp|heic)", re.IGNORECASE)


class PhotoForm(forms.Form):
    """What is said of a photo, and who sees it."""

    alternative = forms.CharField(
        label="What it shows",
        max_length=LONGEST,
        help_text="One sentence for whoever does not see the photo.",
        error_messages={
            "required": "Say what the photo shows, for whoever does not see it.",
            "max_length": f"Say it in at most {LONGEST} characters.",
        },
    )
    caption = forms.CharField(
        label="Caption",
        required=False,
        max_length=LONGEST,
        help_text="Stands below the photo.",
        error_messages={"max_length": f"Say it in at most {LONGEST} characters."},
    )
    audience = forms.ChoiceField(
        label="Who sees it",
        choices=[(Photo.Audience.MEMBERS, "Members"), (Photo.Audience.PUBLIC, "Everybody")],
        initial=Photo.Audience.MEMBERS,
        help_text="Ask the people in it before everybody sees it.",
        error_messages={"required": "Choose who sees the photo.", "invalid_choice": "Choose one of the two."},
    )

    def clean_alternative(self) -> str:
        """Refuse what only names the file, as some programs fill in."""
        alternative = " ".join(self.cleaned_data["alternative"].split())
        if FILE_NAME.fullmatch(alternative):
            raise forms.ValidationError("Say what the photo shows; the name of a file does not.")
        return alternative

    def clean_caption(self) -> str:
        """One line."""
        return " ".join(self.cleaned_data["caption"].split())


class NewPhotoForm(PhotoForm):
    """One photo to add; a row that is left empty adds none."""

    file = UploadField(
        label="Picture",
        help_text="JPEG, PNG or WebP, at most 20 MB. Nothing else that the file tells is kept, such as where "
        "it was taken.",
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    field_order = ["file", "alternative", "caption", "audience"]

    def has_changed(self) -> bool:
        """Whether somebody filled the row in; who would see it, says nothing of that."""
        return bool(set(self.changed_data) - {"audience"})

    def clean_file(self) -> photos.Prepared:
        """The picture as it is kept."""
        try:
            return photos.prepared(self.cleaned_data["file"])
        except PictureRefused as refusal:
            raise forms.ValidationError(str(refusal)) from None

    def new_photo(self) -> photos.NewPhoto:
        """What was chosen and typed, once it is valid."""
        said = self.cleaned_data
        return photos.NewPhoto(said["file"], said["alternative"], said["caption"], said["audience"])


def rows(data=None, files=None) -> list[NewPhotoForm]:
    """The rows of the page that adds photos. One has to be filled in; which one does not matter."""
    made = [
        NewPhotoForm(data, files, prefix=f"photo{n}", empty_permitted=True, use_required_attribute=False)
        for n in range(1, AT_ONCE + 1)
    ]
    if made[0].is_bound and not any(row.has_changed() for row in made):
        made[0].empty_permitted = False
    return made
