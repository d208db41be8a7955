"""The group: one row, its texts, its size, and what it looks for in people."""

from __future__ import annotations

from datetime import time

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from members import colours
from members.models.user import validate_time_zone

colour = RegexValidator(colours.COLOUR, "Write the colour as # and six hexadecimal digits.")


class GroupQuerySet(models.QuerySet):
    def current(self) -> Group | None:
        """The group this site is the home of, or None before it is set up."""
        return self.first()

    def locked(self) -> Group:
        """The group's row, locked until the transaction ends.

        Everything that takes, holds or frees a seat calls this first: it is what makes rule 1 hold when
        two people act at once. Raises Group.DoesNotExist before the group is set up.
        """
        return self.select_for_update().get()


class Group(models.Model):
    """The one study group of this site. Every text on the public pages that speaks of it stands here."""

    only = models.BooleanField(default=True, editable=False)
    name = models.CharField(max_length=120)
    tagline = models.CharField(max_length=160, help_text="The headline of the home page.")
    lead = models.TextField(help_text="One paragraph under the headline. Markdown for emphasis and links.")
    about = models.TextField(blank=True, help_text="The text of the page “About”, in Markdown.")
    city = models.CharField(max_length=80)
    area = models.CharField(max_length=120, blank=True, help_text="Where, as told to the public.")
    cadence = models.CharField(max_length=160, blank=True, help_text="How often, in words.")
    time_zone = models.CharField(max_length=64, validators=[validate_time_zone])
    usual_start = models.TimeField(help_text="Suggested for a new session.")
    usual_end = models.TimeField(help_text="Suggested for a new session.")
    capacity = models.PositiveSmallIntegerField(
        "seats", validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    organiser_name = models.CharField(max_length=120, blank=True)
    organiser_url = models.URLField(max_length=500, blank=True)
    repository_url = models.URLField(max_length=500, blank=True, help_text="Where the group keeps its code.")
    waiting_list_open = models.BooleanField(default=True, help_text="Whether people may apply.")
    apply_note = models.CharField(
        max_length=200, blank=True, help_text="Beside the button that leads to the application."
    )
    apply_intro = models.TextField(blank=True, help_text="Above the application form, in Markdown.")
    interest_label = models.CharField(
        max_length=120, default="Your interest", help_text="How the application form asks for the interest."
    )
    invitation_days = models.PositiveSmallIntegerField(
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text="How many days an invitation holds a seat.",
    )
    reminder_days = models.PositiveSmallIntegerField(
        default=3,
        validators=[MaxValueValidator(30)],
        help_text="How many days before its expiry an invitation is mentioned again. 0: never.",
    )
    reviews_needed = models.PositiveSmallIntegerField(
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text="How many reviews an application needs before it is shortlisted.",
    )
    automatic_offers = models.BooleanField(
        default=False,
        help_text="Invite the next on the agreed shortlist order by itself when a seat frees.",
    )
    ask_after_days = models.PositiveSmallIntegerField(
        default=180,
        validators=[MaxValueValidator(1000)],
        help_text="After how many days on the list an applicant is asked “still interested?”. 0: never.",
    )
    answer_days = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(7), MaxValueValidator(365)],
        help_text="How many days they have to answer before the application becomes dormant.",
    )
    keep_months = models.PositiveSmallIntegerField(
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text="How many months a closed or dormant application is kept before it is erased.",
    )
    materials_days = models.PositiveSmallIntegerField(
        default=7,
        validators=[MaxValueValidator(60)],
        help_text="How many days before a session its presenters are asked for their slides. 0: never.",
    )
    quiet_from = models.TimeField(
        default=time(22),
        help_text="From this time of the group’s day no mail goes out but what somebody is waiting for.",
    )
    quiet_until = models.TimeField(
        default=time(8), help_text="When mail goes out again. The same as the other: at any time."
    )
    digest_weekday = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(7)],
        choices=[
            (1, "Monday"),
            (2, "Tuesday"),
            (3, "Wednesday"),
            (4, "Thursday"),
            (5, "Friday"),
            (6, "Saturday"),
            (7, "Sunday"),
        ],
        help_text="On which day the weekly digests go out, at the end of the quiet hours.",
    )
    show_who_has_read = models.BooleanField(
        default=False,
        help_text="Presenters and organisers see who has read what. Otherwise they see only how many.",
    )
    second_factor = models.BooleanField(
        default=False, help_text="Organisers must sign in with a second factor."
    )
    accent = models.CharField(
        max_length=7, blank=True, validators=[colour], help_text="Own accent colour on light pages."
    )
    accent_dark = models.CharField(
        max_length=7, blank=True, validators=[colour], help_text="Own accent colour on dark pages."
    )

    objects = GroupQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["only"], name="members_one_group"),
            models.CheckConstraint(condition=Q(only=True), name="members_group_is_the_only"),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="members_group_has_seats"),
            models.CheckConstraint(
                condition=Q(digest_weekday__gte=1, digest_weekday__lte=7), name="members_group_digest_day"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse accents that cannot be read on our paper: one wrong colour would spoil every link."""
        for field, paper in (("accent", colours.PAPER), ("accent_dark", colours.PAPER_DARK)):
            accent = getattr(self, field)
            if colours.is_colour(accent) and colours.contrast(accent, paper) < colours.LEGIBLE:
                raise ValidationError({field: f"Choose a colour with more contrast to the page ({paper})."})
        if bool(self.accent) != bool(self.accent_dark):
            raise ValidationError({"accent": "Give both accents, for light and for dark pages, or neither."})


class Ordered(models.Model):
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True
        ordering = ["position", "pk"]


class Strength(Ordered):
    """What a person brings: mathematics, statistics, software …"""

    name = models.CharField(max_length=80)

    class Meta(Ordered.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                name="members_one_strength_per_name",
                violation_error_message="The list has this strength already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Criterion(Ordered):
    """One question that a reviewer answers with a score from 1 to 5."""

    name = models.CharField(max_length=80)
    hint = models.CharField(max_length=160, blank=True)
    low = models.CharField("words at 1", max_length=40, default="Hardly")
    high = models.CharField("words at 5", max_length=40, default="Very much")
    weight = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )

    class Meta(Ordered.Meta):
        verbose_name_plural = "criteria"
        constraints = [
            models.UniqueConstraint(fields=["name"], name="members_one_criterion_per_name"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="members_criterion_weighs"),
        ]

    def __str__(self) -> str:
        return self.name


class Acknowledgement(Ordered):
    """Somebody the group thanks on its pages: its host, a sponsor."""

    name = models.CharField(max_length=120)
    url = models.URLField(max_length=500, blank=True)
    role = models.CharField(max_length=120, blank=True, help_text="Such as “founder of untapt”.")
    reason = models.CharField(max_length=200, help_text="Completes “Thanks for …”.")

    class Meta(Ordered.Meta):
        pass

    def __str__(self) -> str:
        return self.name


class ReplyTemplate(Ordered):
    """Words that organisers write to applicants more than once."""

    class Use(models.TextChoices):
        MESSAGE = "message", "Message to an applicant"
        DECLINE = "decline", "Reason for declining"

    name = models.CharField(max_length=80, help_text="As organisers choose it.")
    use = models.CharField(max_length=10, choices=Use, default=Use.MESSAGE)
    subject = models.CharField(max_length=200, blank=True, help_text="Of the mail. Not for reasons.")
    text = models.TextField(max_length=4000, help_text="{name} is the applicant's name, {group} the group's.")

    class Meta(Ordered.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["use", "name"],
                name="members_one_template_per_name",
                violation_error_message="There is a template with this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name
