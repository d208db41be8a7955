"""How somebody wants their mail: a choice for every kind that may come to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms

from members.access import can_organise
from members.models import User
from outbox import kinds
from outbox.choices import How, ways_of
from outbox.kinds import Kind

WORDS = {How.MAIL: "Mail", How.DIGEST: "Digest", How.NOTHING: "Nothing"}
WHY_DIGEST = (
    "Once a week what you have chosen to have in it, and what is left to prepare for the next session. It "
    "comes by itself as soon as you choose “Digest” for anything."
)
DIGEST = "digest"  # the members' own, in which what is kept for it stands


@dataclass(frozen=True)
class Part:
    """The kinds of one part of the group's life. fields: to choose about. necessary: what always comes."""

    name: str
    fields: list[forms.BoundField]
    necessary: list[Kind]


def kinds_for(user: User) -> list[Kind]:
    """The kinds of mail that may come to this account."""
    shown = {"", kinds.TO_ORGANISERS} if can_organise(user) else {""}
    return [kind for kind in kinds.every() if kind.to in shown]


def how_now(kind: Kind, chosen: Mapping[str, str]) -> str:
    """How a kind comes to somebody who has chosen so; the digest also comes when anything is kept for it."""
    if kind.name in chosen:
        return chosen[kind.name]
    if kind.by_choice and How.DIGEST not in chosen.values():
        return How.NOTHING
    return How.MAIL


class ChoicesForm(forms.Form):
    """A field for every kind that this person may choose about, named like the kind."""

    def __init__(self, *args, user: User, chosen: Mapping[str, str], **kwargs):
        super().__init__(*args, **kwargs)
        self.kinds, self.chosen = kinds_for(user), chosen
        for kind in self.optional():
            self.fields[kind.name] = forms.ChoiceField(
                label=kind.title,
                help_text=WHY_DIGEST if kind.name == DIGEST else kind.why,
                choices=[(how, WORDS[how]) for how in ways_of(kind)],
                initial=how_now(kind, chosen),
                required=False,  # a kind that has come since the page was made stays as it is
                widget=forms.RadioSelect,
                error_messages={"invalid_choice": "Choose one of the ways that are offered."},
            )

    def optional(self) -> list[Kind]:
        """The kinds that this person may choose about."""
        return [kind for kind in self.kinds if kind.optional]

    def parts(self) -> list[Part]:
        """All kinds that may come to this person, as the page shows them."""
        names = dict.fromkeys(kind.part for kind in self.kinds)
        return [
            Part(
                name,
                [self[kind.name] for kind in self.kinds if kind.part == name and kind.optional],
                [kind for kind in self.kinds if kind.part == name and not kind.optional],
            )
            for name in names
        ]

    def clean(self) -> dict:
        """What is kept for the digest must find one: it comes, unless it has just been switched off."""
        cleaned = super().clean()
        wanted = self._wanted(cleaned)
        if How.DIGEST in wanted.values() and wanted.get(DIGEST) == How.NOTHING:
            if self.fields[DIGEST].initial == How.NOTHING:
                cleaned[DIGEST] = How.MAIL
            else:
                self.add_error(
                    DIGEST, "Keep the digest, or choose something else for the mails that stand in it."
                )
        return cleaned

    def _wanted(self, cleaned: Mapping[str, str]) -> dict[str, str]:
        names = [kind.name for kind in self.optional()]
        return {name: cleaned.get(name) or self.fields[name].initial for name in names}

    def changes(self) -> dict[str, str]:
        """What is to be another way than it is, by kind."""
        wanted = self._wanted(self.cleaned_data)
        return {name: how for name, how in wanted.items() if how != self.fields[name].initial}
