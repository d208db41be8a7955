"""An application to the waiting list, the table of its allowed moves, and the log of the moves made."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core import signing
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from members.addresses import fold
from members.models.group import Strength

LINK_SALT = "members.application"
LONGEST_ANSWER = 12_000  # characters: about two thousand words


class State(models.TextChoices):
    UNCONFIRMED = "unconfirmed", "Unconfirmed"
    WAITING = "waiting", "Waiting"
    SHORTLISTED = "shortlisted", "Shortlisted"
    INVITED = "invited", "Invited"
    DORMANT = "dormant", "Dormant"
    JOINED = "joined", "Joined"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


OPEN_STATES = (State.UNCONFIRMED, State.WAITING, State.SHORTLISTED, State.INVITED, State.DORMANT)
IN_LINE = (State.WAITING, State.SHORTLISTED, State.INVITED)  # confirmed, and awake

# Rule 3. Dormant is who does not answer: the place is kept, and one click wakes the application up.
# The only writer of the state is `members.moves.move`, which reads this table.
ALLOWED_MOVES: dict[str, frozenset[str]] = {
    State.UNCONFIRMED: frozenset({State.WAITING, State.DECLINED, State.WITHDRAWN}),
    State.WAITING: frozenset({State.SHORTLISTED, State.DORMANT, State.DECLINED, State.WITHDRAWN}),
    State.SHORTLISTED: frozenset({State.INVITED, State.DORMANT, State.DECLINED, State.WITHDRAWN}),
    State.INVITED: frozenset(
        {State.JOINED, State.SHORTLISTED, State.DORMANT, State.DECLINED, State.WITHDRAWN}
    ),
    State.DORMANT: frozenset({State.WAITING, State.SHORTLISTED, State.DECLINED, State.WITHDRAWN}),
    State.JOINED: frozenset(),
    State.DECLINED: frozenset(),
    State.WITHDRAWN: frozenset(),
}


class ApplicationQuerySet(models.QuerySet):
    def open(self) -> ApplicationQuerySet:
        """Applications that may still lead to a seat."""
        return self.filter(state__in=OPEN_STATES)

    def live_for(self, address: str) -> ApplicationQuerySet:
        """The live application of an address, however it is spelled: none or one (rule 2)."""
        return self.open().filter(email_key=fold(address))

    def in_line(self) -> ApplicationQuerySet:
        """The longest waiting first, by when the address was confirmed."""
        return self.order_by("since", "pk")

    def agreed(self) -> ApplicationQuerySet:
        """The shortlist in its agreed order; who has no place yet comes last, the longest waiting first."""
        return self.filter(state=State.SHORTLISTED).order_by(F("place").asc(nulls_last=True), "since", "pk")

    def unreviewed_by(self, user) -> ApplicationQuerySet:
        """Applications in waiting or on the shortlist that this person has not reviewed."""
        return self.filter(state__in=[State.WAITING, State.SHORTLISTED]).exclude(reviews__reviewer=user)


class ApplicationManager(models.Manager.from_queryset(ApplicationQuerySet)):
    def get_queryset(self) -> ApplicationQuerySet:
        """Without the words' index, which is as long as the answers and is never shown."""
        return super().get_queryset().defer("search")

    def count_by_state(self) -> dict[str, int]:
        """How many applications are in each state; every state is a key. From the tally, in one query."""
        counts = dict.fromkeys(State.values, 0)
        counts.update(StateTally.objects.order_by().values_list("state").annotate(Sum("change")))
        return counts


class Application(models.Model):
    State = State

    email = models.EmailField("e-mail address", max_length=320)
    email_key = models.CharField(max_length=400, editable=False, help_text="The address, folded.")
    name = models.CharField(max_length=120)
    current_role = models.CharField(max_length=160)
    experience = models.TextField("relevant experience", max_length=LONGEST_ANSWER)
    interest = models.TextField(max_length=LONGEST_ANSWER)
    strengths = models.ManyToManyField(Strength, blank=True, related_name="applications")
    links = ArrayField(models.URLField(max_length=500), default=list, blank=True)
    talk = models.TextField("a talk you could give", max_length=2000, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.UNCONFIRMED)
    link_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    applied_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(help_text="When the state last changed.")
    since = models.GeneratedField(
        expression=Coalesce("confirmed_at", "applied_at"),
        output_field=models.DateTimeField(),
        db_persist=True,
        help_text="On the list since: what the line is ordered by.",
    )
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When “still interested?” was asked.")
    kept_at = models.DateTimeField(null=True, blank=True, help_text="When the applicant last said yes to it.")
    place = models.PositiveIntegerField(
        null=True, blank=True, help_text="In the shortlist's agreed order, from 1."
    )
    lapses = models.PositiveSmallIntegerField(default=0, help_text="Invitations that nobody answered.")
    # What the reviews come to, kept by `members.scoring` so that the queue can be sorted by it.
    review_count = models.PositiveSmallIntegerField(default=0, editable=False, help_text="Abstentions aside.")
    score = models.FloatField(null=True, blank=True, editable=False, help_text="Mean of the reviews, 1 to 5.")
    spread = models.FloatField(
        null=True, blank=True, editable=False, help_text="Between the kindest and the harshest review."
    )
    search = models.GeneratedField(
        expression=SearchVector("name", "email", "current_role", "experience", "interest", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ApplicationManager()

    class Meta:
        ordering = ["-applied_at", "-pk"]
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["email_key"],
                condition=Q(state__in=[s.value for s in OPEN_STATES]),
                name="members_one_live_application_per_address",
                violation_error_message="This address has a live application.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in State]), name="members_application_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["unconfirmed", "declined", "withdrawn"])
                | Q(confirmed_at__isnull=False),
                name="members_application_confirmed_before_it_moves",
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__range=(1, 5)),
                name="members_application_score_from_1_to_5",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "since", "id"], include=["score"], name="members_application_queue"
            ),
            models.Index(fields=["since", "id"], name="members_application_line"),
            models.Index(fields=["state", "score", "id"], name="members_application_by_score"),
            models.Index(fields=["score", "id"], name="members_application_score"),
            models.Index(fields=["state", "moved_at", "id"], name="members_application_moves"),
            models.Index(fields=["moved_at", "id"], name="members_application_moved"),
            # The line of all open states together, and the few whose reviewers disagree (`members.scoring`).
            models.Index(
                fields=["since", "id"],
                condition=Q(state__in=[s.value for s in OPEN_STATES]),
                name="members_application_open",
            ),
            models.Index(
                fields=["state", "since", "id"],
                condition=Q(spread__gte=1.5),
                name="members_application_disputed",
            ),
            models.Index(
                fields=["place", "since", "id"],
                condition=Q(state="shortlisted", place__isnull=False, lapses=0),
                name="members_application_agreed",
            ),
            GinIndex(fields=["search"], name="members_application_search"),
            GinIndex(
                fields=["search"],
                condition=Q(state__in=[s.value for s in OPEN_STATES]),
                name="members_application_words",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, **kwargs) -> None:
        """Keep the folded address beside the typed one."""
        self.email_key = fold(self.email)
        if (fields := kwargs.get("update_fields")) and "email" in fields:
            kwargs["update_fields"] = {*fields, "email_key"}
        super().save(**kwargs)

    def get_absolute_url(self) -> str:
        """The applicant's private page."""
        return reverse("application", args=[self.token])

    @property
    def is_open(self) -> bool:
        """Whether it may still lead to a seat."""
        return self.state in OPEN_STATES

    @property
    def token(self) -> str:
        """The secret part of the private page's address: the row's key, signed.

        The database holds only the key; without the site's SECRET_KEY it opens nothing.
        """
        return signing.Signer(salt=LINK_SALT).sign(self.link_key.hex)

    @classmethod
    def key_of(cls, token: str) -> uuid.UUID | None:
        """The link key inside a token, or None when it was not signed by this site."""
        try:
            return uuid.UUID(signing.Signer(salt=LINK_SALT).unsign(token))
        except (signing.BadSignature, ValueError):
            return None


class ApplicationChange(models.Model):
    """One move or edit: who, when, from what to what, and why. Written once, never changed."""

    class By(models.TextChoices):
        APPLICANT = "applicant", "the applicant"
        ORGANISER = "organiser", "an organiser"
        SYSTEM = "system", "the system"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="changes")
    before = models.CharField(max_length=12, choices=State, blank=True)
    after = models.CharField(max_length=12, choices=State)
    by = models.CharField(max_length=10, choices=By)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_before_display() or 'nothing'} → {self.get_after_display()}"


class StateTally(models.Model):
    """How many applications are in each state, as a sum: counting 100,000 rows for each page takes too long.

    A trigger (migration 0003) writes one row for each state that a statement touches; adding rows instead of
    changing one makes nobody wait for anybody. `members.tasks` folds the rows of a state together.
    """

    state = models.CharField(max_length=12)
    change = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["state"], include=["change"], name="members_state_tally")]

    def __str__(self) -> str:
        return f"{self.state}: {self.change:+}"
