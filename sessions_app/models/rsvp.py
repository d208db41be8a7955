"""Whether a member comes to a session."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import Count, FilteredRelation, Max, Q, Subquery

from members.models import Member
from sessions_app.models.session import Session


@dataclass(frozen=True)
class Tally:
    """Who comes, of the active members, and what one of them said ("" for nothing yet).

    in_line: how many would come and wait for a chair; place: the one's own in that line, 0 outside it.
    """

    members: int
    coming: int
    unsure: int
    in_line: int = 0
    mine: str = ""
    note: str = ""
    warm_up: str = ""
    place: int = 0


class RsvpQuerySet(models.QuerySet):
    def tally(self, *, session: Session, member: Member | None) -> Tally:
        """What the page of a session says of its answers. One query."""
        active = Q(state=Member.State.ACTIVE)
        waits = ~Q(state=Member.State.ALUMNI) & Q(reply__in_line_since__isnull=False)
        own = Q(pk=member.pk if member else 0)
        mine = Rsvp.objects.filter(session=session, member=member)
        since, key = Subquery(mine.values("in_line_since")), Subquery(mine.values("pk"))
        not_after = Q(reply__in_line_since__lt=since) | Q(reply__in_line_since=since, reply__pk__lte=key)
        counts = Member.objects.annotate(
            reply=FilteredRelation("rsvps", condition=Q(rsvps__session=session))
        ).aggregate(
            members=Count("pk", filter=active),
            coming=Count(
                "pk", filter=active & Q(reply__answer=Rsvp.Answer.YES, reply__in_line_since__isnull=True)
            ),
            unsure=Count("pk", filter=active & Q(reply__answer=Rsvp.Answer.MAYBE)),
            in_line=Count("pk", filter=waits),
            mine=Max("reply__answer", filter=own),
            note=Max("reply__note", filter=own),
            warm_up=Max("reply__warm_up", filter=own),
            place=Count("pk", filter=waits & not_after),
        )
        words = {name: counts[name] or "" for name in ("mine", "note", "warm_up")}
        return Tally(**{**counts, **words})


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
