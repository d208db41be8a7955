"""A place in a line, in words."""

from __future__ import annotations

from django import template

register = template.Library()

WORDS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]


@register.filter
def ordinal(number: int) -> str:
    """First to tenth in words; 11th, 21st, 112th beyond."""
    if 1 <= number <= len(WORDS):
        return WORDS[number - 1]
    teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
