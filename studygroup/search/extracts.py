"""Extracts of what was found, with the words marked; safe to put on a page (rule 8).

PostgreSQL only says where the words are, by two characters that mean nothing; everything is escaped before
they become marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

START, STOP = "\ue000", "\ue001"  # of the private use area; taken out of every text first
GAP = " … "  # where the text goes on
WINDOW, BEFORE = 900, 250  # characters of a text that its extract is made of; of them before the first word
MOST_BEGINNINGS = 8  # words by which the place of an extract is looked for
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


def windows(texts: list[str], beginnings: Iterable[str]) -> list[str]:
    """Of each long text the part around the first word that begins with one of the beginnings.

    Before a word, marks of Markdown are as good as a space. Cut here and not in the database, which takes
    forty times as long for the small letters of a text.
    """
    wanted = [re.escape(beginning) for beginning in beginnings if beginning][:MOST_BEGINNINGS]
    begins = re.compile(rf"(?:^|[\s*_(\[\"`$-])(?:{'|'.join(wanted)})") if wanted else None
    cut = []
    for text in texts:
        found = begins.search(text.lower()) if begins and len(text) > WINDOW else None
        start = max(found.start() - BEFORE, 0) if found else 0
        cut.append(text[start : start + WINDOW])
    return cut


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
