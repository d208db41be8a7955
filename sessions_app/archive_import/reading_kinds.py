"""What sort of thing a reading is, which part of it is meant, and whether it is optional.

By address and words alone: nothing is fetched. What tells nothing stays an article.
"""

from __future__ import annotations

import re

from sessions_app.links import kind_of_address
from sessions_app.models import Reading

Kind = Reading.Kind

# The first that is found decides: a tutorial on GitHub is a tutorial, notes for a video are notes.
WORDS = [
    (Kind.NOTES, r"\b(?:lecture|course|class)\s+notes\b|\bsets? of\s+notes\b|\bnotes\s+(?:on|for|from|of)\b"),
    (Kind.TUTORIAL, r"\btutorials?\b|\bgetting started\b|\bwalk-?through\b|\bquick-?start\b|\bhow-?to\b"),
    (Kind.SOFTWARE, r"\binstall(?:ing|ation)?\b|\bset-?up\b|\bset up\b|\bdownload\b"),
    (Kind.CHAPTER, r"\bchapters?\b|\bch\.\s*\d|\bchap\.|\bchp\.?\s*\d"),
]
LATER_WORDS = [
    (Kind.PAPER, r"\bpapers?\b|\bpreprint\b"),
    (Kind.VIDEO, r"\bvideos?\b|\blectures?\b|\bscreencast\b|\brecording\b|\bwatch\b"),
    (Kind.NOTES, r"\bnotes\b|\bslides\b"),
    (Kind.BOOK, r"\b(?:text|e-?)?book\b"),
    (Kind.ARTICLE, r"\barticle\b|\bblog\b|\bpost\b|\bessay\b|\bnews\b"),
    (Kind.SOFTWARE, r"\bgithub\b|\brepo(?:sitory)?\b|\blibrary\b"),
]
OPTIONAL = re.compile(
    r"(?<!not )\b(?:optional(?:ly)?|additional(?:ly)?|bonus|supplementary|if you have (?:the )?time|"
    r"if you(?:'|’)?re (?:curious|interested)|if time (?:permits|allows)|for the (?:curious|interested|keen)|"
    r"nice to have|not required|further reading|going further|extra (?:reading|credit|material)s?)\b",
    re.IGNORECASE,
)
COUNT = (
    r"(?:\d+(?:\.\d+)*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|twenty|[ivxl]+)"
)
THINGS = r"(?:lectures?|chapters?|chs?\.|sections?|secs?\.|§+|pages?|pp?\.|parts?|slides?|videos?|episodes?|units?|modules?|exercises?|minutes?)"  # noqa: E501
TIME = r"\d{1,2}(?::\d{2}){1,2}"
# "lectures seven through twelve of CS231n": a range of something larger that the rest of the words name.
LEADING = re.compile(
    rf"^(?:the\s+)?(?P<part>{THINGS}\s*{COUNT}(?:\s*(?:through|thru|to|until|–|—|-|and|&|,)\s*{COUNT})+)\s+(?:of|from|in)\s+"
    rf"(?P<title>\S.*)$",
    re.IGNORECASE,
)
IN_BRACKETS = re.compile(
    rf"\s*[(\[](?:i\.e\.,?\s*|that is,?\s*)?(?P<part>(?:(?:only|just|up)\s+)?"
    rf"(?:(?:starting|start|beginning)\s+)?(?:"
    rf"(?:from|at|until|to)\s+(?:the\s+)?{TIME}[^()\[\]]{{0,40}}|{TIME}\s*(?:–|—|-|to|until)\s*{TIME}|"
    rf"{THINGS}\s*{COUNT}(?:\s*(?:through|thru|to|until|–|—|-|and|&|,)\s*{COUNT})*))[)\]]\s*(?=$|[.,;])",
    re.IGNORECASE,
)
LONGEST_PART = 120


def kind_of(text: str, url: str) -> Kind | None:
    """What sort of thing it is; None where neither words nor address tell."""
    text = re.sub(r"https?://\S+", " ", text)
    by_address = kind_of_address(url)
    if by_address == Kind.VIDEO:
        return by_address
    for kind, words in WORDS:
        if re.search(words, text, re.IGNORECASE):
            return kind
    if by_address:
        return by_address
    for kind, words in LATER_WORDS:
        if re.search(words, text, re.IGNORECASE):
            return kind
    return None


def optional_word(text: str) -> str:
    """The word that makes something optional, or nothing."""
    match = OPTIONAL.search(text)
    return match.group() if match else ""


def part_of(title: str) -> tuple[str, str]:
    """A title apart from the part of the work that it names: (title, part). An unclear one stays."""
    if (match := LEADING.match(title)) and len(match["part"]) <= LONGEST_PART:
        return match["title"].strip(), match["part"]
    if (match := IN_BRACKETS.search(title)) and len(match["part"]) <= LONGEST_PART:
        rest = (title[: match.start()] + title[match.end() :]).strip()
        if rest:
            return rest, match["part"].strip()
    return title, ""
