"""What a link says by its address alone, beside readings."""

from __future__ import annotations

from django import template

from sessions_app import links
from sessions_app.models import Reading

register = template.Library()


@register.filter
def leads_to(reading: Reading) -> str:
    """Where the link of a reading leads: “YouTube, from 57:30”, “arXiv 1706.03762”, else the host."""
    return links.words(reading.url, part=reading.part) if reading.url else ""


@register.filter
def link_label(url: str) -> str:
    """The words for a link without a title: what its address says, else the address itself."""
    return links.words(url) if links.recognise(url) else url
