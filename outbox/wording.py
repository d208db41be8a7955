"""The wording of mails: Markdown with named placeholders, made into a subject, plain text and HTML.

Wording may say `{{ name }}` and `{% if name %}…{% else %}…{% endif %}`, and nothing else: no filters, no
other tags, no parts of things. So an organiser who edits it can neither break a page nor read what is not
theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.template import Context, Engine, Library, Template, TemplateSyntaxError
from django.template.base import FilterExpression, Node, TextNode, Variable, VariableNode
from django.template.defaulttags import IfNode, do_if
from django.template.loader import get_template

SUBJECT = "Subject:"
LONGEST_SUBJECT = 250
TAG = re.compile(r"\{%\s*(if|endif)?\b(.*?)%\}")
DEEPEST = 10  # conditions within one another
LONGEST_CONDITION = 200  # characters

register = Library()
register.tag("if", do_if)


# Django's template language without its tags and filters, so that none has to be forbidden.
_engine = Engine(autoescape=False, debug=True)
_engine.template_builtins = [register]


class Markdown(str):
    """A value that is Markdown already, made by us or typed as Markdown: put in as it stands."""


BRACES = re.compile(r"\{\{|\}\}|\{%|%\}")
Value = str | int | bool | Markdown


class WordingRefused(ValueError):
    """A wording cannot be used. Its text is a sentence for whoever wrote it; `field` is where it belongs."""

    def __init__(self, sentence: str, field: str = "source") -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class Wording:
    """The subject (one line) and the Markdown of a kind of mail, with placeholders."""

    subject: str
    source: str

    def fill(self, values: Mapping[str, Value]) -> tuple[str, str]:
        """The subject and the Markdown source of one mail, with the values put in.

        A value is shown as it was typed, whatever Markdown would make of it, but for `Markdown`.
        """
        # One line, however it was typed: a line break in a header would start another header.
        subject = " ".join(_parsed(self.subject).render(Context(dict(values), autoescape=False)).split())
        shown = {name: as_markdown(value) if _is_text(value) else value for name, value in values.items()}
        source = _parsed(self.source).render(Context(shown, autoescape=False))
        return subject[:LONGEST_SUBJECT], tidied(source)


def default_wording(kind: str) -> Wording:
    """The wording that a kind comes with, from `templates/mail/<kind>.md`; its first line is the subject.

    Raises ValueError for a file that does not begin with one.
    """
    text = get_template(f"mail/{kind}.md").template.source
    first, _, source = text.strip().partition("\n")
    if not first.startswith(SUBJECT):
        raise ValueError(f"mail/{kind}.md must start with '{SUBJECT}'")
    return Wording(first.removeprefix(SUBJECT).strip(), tidied(source))


def check(wording: Wording, placeholders: Iterable[str]) -> None:
    """Raise WordingRefused for a wording that is empty, cannot be read, or names an unknown placeholder."""
    known = list(placeholders)
    for field, text in (("subject", wording.subject), ("source", wording.source)):
        if not text.strip():
            raise WordingRefused("Write something here; an empty mail says nothing.", field)
        _check_conditions(text, field)
        try:
            nodes = _parsed(text).nodelist
        except TemplateSyntaxError as fault:
            raise WordingRefused(_sentence(fault), field) from fault
        try:
            unknown = [name for name in _names(nodes) if name not in known]
        except WordingRefused as refusal:
            raise WordingRefused(str(refusal), field) from refusal
        if unknown:
            raise WordingRefused(
                f"There is no placeholder “{unknown[0]}” for this mail. Use: {', '.join(known) or 'none'}.",
                field,
            )


def _check_conditions(text: str, field: str) -> None:
    # Reading them calls itself once for each that stands within another, and the stack has an end.
    depth = 0
    for tag in TAG.finditer(text):
        depth += {"if": 1, "endif": -1}.get(tag[1] or "", 0)
        if depth > DEEPEST:
            raise WordingRefused(f"Use at most {DEEPEST} conditions within one another.", field)
        if len(tag[2]) > LONGEST_CONDITION:
            raise WordingRefused(f"Shorten the condition “{tag[2].strip()[:40]}…”.", field)


def _parsed(text: str) -> Template:
    return Template(text, engine=_engine)


def _sentence(fault: TemplateSyntaxError) -> str:
    token = getattr(fault, "token", None)
    where = f" in line {token.lineno}" if token is not None and token.lineno else ""
    shown = f" at “{token.contents}”" if token is not None and token.contents.strip() else ""
    return (
        f"Check the braces{where}{shown}. A placeholder is {{{{ name }}}}; a part that is only sometimes "
        "there stands between {% if name %} and {% endif %}."
    )


def _names(nodes: Iterable[Node]) -> Iterator[str]:
    """What a wording names. Raises WordingRefused for what it may not do."""
    for node in nodes:
        if isinstance(node, TextNode):
            if braces := BRACES.search(node.s):
                raise WordingRefused(f"Close the braces: “{braces[0]}” begins or ends a placeholder alone.")
            continue
        if isinstance(node, VariableNode):
            yield _name(node.filter_expression)
        elif isinstance(node, IfNode):
            for condition, inside in node.conditions_nodelists:
                if condition is not None:
                    yield from _condition(condition)
                yield from _names(inside)
        else:  # pragma: no cover - the engine knows no other
            raise WordingRefused(f"“{node}” is not for mails.")


def _condition(part) -> Iterator[str]:
    value = getattr(part, "value", None)
    if isinstance(value, FilterExpression):
        yield _name(value)
        return
    for side in (getattr(part, "first", None), getattr(part, "second", None)):
        if side is not None:
            yield from _condition(side)


def _name(expression: FilterExpression) -> str:
    variable = expression.var
    lookups = variable.lookups if isinstance(variable, Variable) else None
    if expression.filters or not lookups or len(lookups) != 1:
        raise WordingRefused(f"“{expression.token}” is more than a placeholder. Write its name alone.")
    return lookups[0]


# --- Values ----------------------------------------------------------------------------------------
ADDRESS = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)\]’”\"']")
SPECIAL = re.compile(r"([\\`*_\[\]<>~|]|&(?=[#\w]+;))")
INDENT = re.compile(r"(?m)^[ \t]+")  # an indented line would become code
LINE_START = re.compile(r"(?m)^(?:(#{1,6}(?=\s|$))|([-+=])|(\d{1,9})([.)]))")


def _is_text(value: Value) -> bool:
    return isinstance(value, str) and not isinstance(value, Markdown)


def as_markdown(text: str) -> str:
    """Markdown that shows a text exactly as it was typed, its web addresses as links."""
    text = INDENT.sub("", text)
    pieces, end = [], 0
    for found in ADDRESS.finditer(text):
        pieces += [_escaped(text[end : found.start()]), f"<{found[0]}>"]
        end = found.end()
    return LINE_START.sub(_escape_start, "".join([*pieces, _escaped(text[end:])]))


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


def _escape_start(found: re.Match) -> str:
    # What begins a line would make it a heading, a list or a code block.
    heading, sign, number, stop = found.groups()
    return f"\\{heading}" if heading else f"\\{sign}" if sign else f"{number}\\{stop}"


def tidied(source: str) -> str:
    """Markdown without blank ends, and with one empty line where parts that were left out leave more."""
    lines = "\n".join(line.rstrip() for line in source.replace("\r\n", "\n").strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"
