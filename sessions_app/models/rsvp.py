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
    answered_at = models.DateTimeField()

    objects = RsvpQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "member"], name="sessions_app_one_answer_a_member"),
            models.CheckConstraint(
                condition=Q(answer__in=["yes", "maybe", "no"]), name="sessions_app_answer_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.get_answer_display()}"
