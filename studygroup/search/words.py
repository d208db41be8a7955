"""What somebody types into the search, made into PostgreSQL's language: words, "phrases", -without, or.

Nothing typed is ever put into that language itself: the database makes lexemes of each term, and here they
are put together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST_TERMS = 20
SHORTEST_BEGINNING = 3  # Latin letters; with one or two of them half of all texts have a word
TERM = re.compile(r'(?P<minus>-*)(?:"(?P<phrase>[^"]*)(?P<closed>"?)|(?P<word>[^\s"]+))')
LEXEME = re.compile(r"'(?:[^']|'')*'(?::\*)?")  # as PostgreSQL writes them


@dataclass(frozen=True)
class Term:
    """One word or phrase that is looked for, or must not be there."""

    text: str
    is_excluded: bool = False
    is_begun: bool = False  # the last word is still being typed: whatever begins so will do


@dataclass(frozen=True)
class Lexemes:
    """What the database makes of a term: its stems (none for a stop word), and its words as they are."""

    stems: str
    words: str


@dataclass(frozen=True)
class Terms:
    """What was typed: alternatives, each a list of terms that must all hold."""

    alternatives: tuple[tuple[Term, ...], ...]
    is_cut: bool = False  # there were more than MOST_TERMS

    def texts(self) -> list[str]:
        """The texts of all terms in their order, for the database."""
        return [term.text for terms in self.alternatives for term in terms]


@dataclass(frozen=True)
class Query:
    """The same in PostgreSQL's language; every text is a tsquery."""

    exact: str
    loose: str  # what an index answers by itself: a phrase is only its words, an excluded phrase nothing
    any: str  # whatever has one of the words
    beginnings: tuple[str, ...]  # with which the words that are looked for begin in a text

    @property
    def needs_check(self) -> bool:
        """Whether what `loose` finds must be looked at once more."""
        return self.exact != self.loose


def parse(typed: str) -> Terms:
    """The terms of a line. What has no letter or digit is no term; the last word counts as begun.

    A word is finished by a space behind it or by the closing of its quotes. One or two Latin letters are
    taken for a whole word.
    """
    alternatives: list[list[Term]] = [[]]
    count, is_cut = 0, False
    for match in TERM.finditer(typed):
        text = match["word"] if match["phrase"] is None else match["phrase"]
        if match["word"] and not match["minus"] and text.casefold() == "or":
            alternatives.append([])
            continue
        if not any(letter.isalnum() for letter in text):
            continue
        last = re.split(r"[^\w]+", text)[-1]
        is_begun = (
            match.end() == len(typed)
            and not match["closed"]
            and not match["minus"]
            and (len(last) >= SHORTEST_BEGINNING or (bool(last) and not last.isascii()))
        )
        term = Term(text, is_excluded=bool(match["minus"]), is_begun=is_begun)
        if term in alternatives[-1]:
            continue
        if count == MOST_TERMS:
            is_cut = True
            break
        count += 1
        alternatives[-1].append(term)
    return Terms(tuple(tuple(terms) for terms in alternatives if terms), is_cut)


def compose(terms: Terms, lexemes: Iterable[Lexemes]) -> Query | None:
    """The query for terms, given the lexemes of each in the order of `Terms.texts`.

    Stop words count only where nothing else is looked for. None when nothing is looked for at all: no word,
    or only words that must not be there.
    """
    made = iter(lexemes)
    exact, loose, anything, beginnings = [], [], [], []
    for alternative in terms.alternatives:
        found = [(term, next(made)) for term in alternative]
        wanted = [(term, parts) for term, parts in found if not term.is_excluded and parts.words]
        wanted = [(term, parts) for term, parts in wanted if parts.stems] or wanted
        if not wanted:
            continue
        forms = [_forms(parts, begun=term.is_begun) for term, parts in wanted]
        without = [_forms(parts, begun=False) for term, parts in found if term.is_excluded and parts.stems]
        single = [each for each in without if all(len(LEXEME.findall(form)) == 1 for form in each)]
        loosely = [_either([_all_of(form) for form in each]) for each in forms]
        exact.append(" & ".join([*map(_either, forms), *(f"!{_either(each)}" for each in without)]))
        loose.append(" & ".join([*loosely, *(f"!{_either(each)}" for each in single)]))
        anything += loosely
        beginnings += [
            _beginning(lexeme) for each in forms for form in each for lexeme in LEXEME.findall(form)
        ]
    if not exact:
        return None
    return Query(
        exact=" | ".join(exact),
        loose=" | ".join(loose),
        any=" | ".join(anything),
        beginnings=tuple(dict.fromkeys(beginnings)),
    )


def _forms(parts: Lexemes, *, begun: bool) -> list[str]:
    """The tsqueries of a term, each of which will do: by its stems, and as it is written."""
    forms = list(dict.fromkeys(form for form in (parts.stems, parts.words) if form))
    if not begun:
        return forms
    begun_forms = [f"{form}:*" if form.endswith("'") else form for form in forms]
    # Whatever begins like the longer form begins like the shorter one, too.
    return [
        form
        for form in begun_forms
        if not any(other != form and form.startswith(other.removesuffix("':*")) for other in begun_forms)
    ]


def _either(forms: list[str]) -> str:
    return "( " + " | ".join(f"( {form} )" if " " in form else form for form in forms) + " )"


def _all_of(form: str) -> str:
    """The lexemes of a form wherever they stand; a single one stays as it is."""
    return " & ".join(LEXEME.findall(form))


def _beginning(lexeme: str) -> str:
    """How words of this lexeme begin: a stem ends in i where its word may end in y."""
    return lexeme.removesuffix(":*")[1:-1].replace("''", "'").replace("\\\\", "\\").removesuffix("i")
