"""Extracts of what was found, with the words marked; safe to put on a page (rule 8).

PostgreSQL only says where the words are, by two characters that mean nothing; everything is escaped before
they become marks.
"""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

START, STOP = "\ue000", "\ue001"  # of the private use area; taken out of every text first
GAP = " … "  # where the text goes on
OPTIONS = (
    f"StartSel={START}, StopSel={STOP}, MaxFragments=2, MinWords=14, MaxWords=26, ShortWord=0,"
    f' FragmentDelimiter="{GAP}"'
)
LINKS = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)")
EMPHASIS = re.compile(r"(?<!\w)_+|_+(?!\w)|[*`~$]+")
LISTS = re.compile(r"[|#>]+|^\s*(?:[-+*]|\d+[.)])\s+|-{3,}", re.MULTILINE)


def plain(text: str) -> str:
    """Markdown as a reader would read it aloud, on one line; without the two characters that become marks."""
    text = LINKS.sub(r"\1", text.replace(START, "").replace(STOP, ""))
    return " ".join(EMPHASIS.sub("", LISTS.sub(" ", text)).split())


def mark(cursor, texts: list[str], query: str) -> list[SafeString]:
    """Of each text the passage that fits a tsquery best, the words in <mark>. One query, or none."""
    read = [plain(text) for text in texts]
    if not any(read):
        return [SafeString("")] * len(read)
    cursor.execute(
        "SELECT ts_headline('english', text, %s::tsquery, %s)"
        " FROM unnest(%s::text[]) WITH ORDINALITY AS found (text, place) ORDER BY place",
        [query, OPTIONS, read],
    )
    return [_marked(passage, whole) for (passage,), whole in zip(cursor.fetchall(), read, strict=True)]


def _marked(passage: str, whole: str) -> SafeString:
    """A passage as HTML, with dots where the text goes on."""
    parts = passage.replace(START, "").replace(STOP, "").split(GAP)
    rest = whole[whole.rfind(parts[-1]) + len(parts[-1]) :]
    before = "" if whole.startswith(parts[0]) else GAP.lstrip()
    behind = GAP.rstrip() if any(letter.isalnum() for letter in rest) else rest
    html = escape(f"{before}{passage}{behind}").replace(START, "<mark>").replace(STOP, "</mark>")
    return mark_safe(html)  # noqa: S308 (escaped just before)
