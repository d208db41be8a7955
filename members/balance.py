"""The group's strengths as members hold them, and what one more person would add."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from members.models import Application, Member, Strength


@dataclass(frozen=True)
class Bar:
    """One strength: how many active members hold it, and whether the candidate would add to it."""

    name: str
    members: int
    adds: bool


def balance(application: Application) -> list[Bar]:
    """Every strength of the group's list, the most common first, and which the applicant names. One query."""
    held = Count("members", filter=Q(members__state=Member.State.ACTIVE))
    adds = Exists(
        Application.strengths.through.objects.filter(application=application, strength=OuterRef("pk"))
    )
    strengths = Strength.objects.annotate(held=held, adds=adds).order_by("-held", "position", "pk")
    return [Bar(name=each.name, members=each.held, adds=each.adds) for each in strengths]
