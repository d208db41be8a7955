"""Whether a member comes to a session."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import Count, FilteredRelation, Max, Q

from members.models import Member
from sessions_app.models.session import Session


@dataclass(frozen=True)
class Tally:
    """Who comes, of the active members, and what one of them said ("" for nothing yet)."""

    members: int
    coming: int
    unsure: int
    mine: str


class RsvpQuerySet(models.QuerySet):
    def tally(self, *, session: Session, member: Member | None) -> Tally:
        """What the page of a session says of its answers. One query."""
        active = Q(state=Member.State.ACTIVE)
        mine = Max("reply__answer", filter=Q(pk=member.pk if member else 0))
        counts = Member.objects.annotate(
            reply=FilteredRelation("rsvps", condition=Q(rsvps__session=session))
        ).aggregate(
            members=Count("pk", filter=active),
            coming=Count("pk", filter=active & Q(reply__answer=Rsvp.Answer.YES)),
            unsure=Count("pk", filter=active & Q(reply__answer=Rsvp.Answer.MAYBE)),
            mine=mine,
        )
        return Tally(**{**counts, "mine": counts["mine"] or ""})


class Rsvp(models.Model):
    class Answer(models.TextChoices):
        YES = "yes", "I’ll come"
        MAYBE = "maybe", "Not sure"
        NO = "no", "I can’t"

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="rsvps")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="rsvps")
    answer = models.CharField(max_length=5, choices=Answer)
    note = models.CharField(max_length=300, blank=True, help_text="Such as “half an hour late”.")
    warm_up = models.CharField(max_length=500, blank=True, help_text="Their answer to the warm-up question.")
    answered_at = models.DateTimeField()
    in_line_since = models.DateTimeField(
        null=True, blank=True, help_text="Set while they would come and the room is full."
    )

    objects = RsvpQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "member"], name="sessions_app_one_answer_a_member"),
            models.CheckConstraint(
                condition=Q(answer__in=["yes", "maybe", "no"]), name="sessions_app_answer_known"
            ),
            models.CheckConstraint(
                condition=Q(answer="yes") | Q(in_line_since__isnull=True),
                name="sessions_app_in_line_who_would_come",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.get_answer_display()}"
