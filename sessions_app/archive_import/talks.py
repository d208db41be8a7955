"""Who presented what, with which slides, as the sentences of the notes tell it.

Only of people of the group: the sentence, or the one that leads up to its list, has to speak of "we", of the
group or of this session. What is read from a sentence is doubtful, and the report says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sessions_app.archive_import import links
from sessions_app.archive_import.outline import Block, Line, ListItem
from sessions_app.archive_import.said import Talk

LONGEST_TITLE = 200
WORD = r"(?:[^\W\d_](?:[^\W\d_]|['’.-])*)"
CAPITAL = r"(?:[A-ZÀ-ÖØ-ÞĀŁŚŠŽÇĐ](?:[^\W\d_]|['’.-])*)"
PARTICLE = r"(?:de|da|del|della|der|den|di|dos|du|la|le|van|von|bin|al|el|y|e)"
NAME = rf"{CAPITAL}(?:\s+{PARTICLE}){{0,2}}(?:\s+{CAPITAL}){{1,3}}"
ONLY_NAME = re.compile(rf"^{NAME}$")
PEOPLE_SITES = re.compile(
    r"^https?://(?:[a-z]+\.)?(?:linkedin\.com/(?:in|pub)/|angel\.co/|wellfound\.com/u/|github\.com/[^/]+/?$|twitter\.com/[^/]+/?$|"
    r"x\.com/[^/]+/?$|about\.me/|scholar\.google\.|researchgate\.net/profile|medium\.com/@[^/]+/?$|orcid\.org/|"
    r"bsky\.app/profile/|[^/]+\.(?:github\.io|wordpress\.com|tumblr\.com|substack\.com|blogspot\.com)/?$)",
    re.IGNORECASE,
)  # fmt: skip
OURS = re.compile(
    r"\b(?:we|our|us|ours|this session|this week|this meeting|study group|reading group|guest speakers?|"
    r"tonight|members?)\b",
    re.IGNORECASE,
)  # fmt: skip
ADVERB = r"(?:\s+(?:then|also|kindly|briefly|quickly|next|[a-z]+ly))?"
VERB = (
    r"(?:(?:presented|spoke|talked|reported|lectured|gave (?:a|an|his|her|their|us a) (?:\w+ )?"
    r"(?:talk|presentation|overview|introduction|demo|tutorial|lecture)|"
    r"led (?:a|the|our|us in a) (?:\w+ )?(?:discussion|session|talk))"
    r"(?:\s+(?:on|about|of|to))?|demonstrated|demoed|demo'd|unveiled|introduced|explained|described|describing|"
    r"showed(?: us)?|shared|walked us through|took us through|led us through|talked us through|"
    r"covered|led|on)"
)
AFTER_NAME = re.compile(rf"^[*_\s]*{ADVERB}\s*\b(?P<verb>{VERB})\s+(?P<topic>.*)$", re.DOTALL)
LATER = re.compile(
    r"\b(?P<verb>describing|presenting(?: on)?|explaining|demonstrating|showing)\s+(?P<topic>.*)$",
    re.DOTALL,
)
LEADING = re.compile(r"^[*_\s]*(?:leading|presenting|explaining|guiding)\b")
ROLE = r"(?:member|speaker|presenter|engineer|scientist|researcher|developer|student|lead|guest|friend|analyst|founder|colleague)"  # noqa: E501
UNLINKED = re.compile(
    rf"(?:\b{ROLE}\s+)(?P<name>{NAME})(?P<adverb>{ADVERB})\s+(?P<verb>{VERB}|[a-z]+ed|gave|took|led)\b"
)
LABELLED = re.compile(
    rf"^\W*(?:presenters?|speakers?|presented by|talk by|led by|guest speakers?|presentation by)\b\W*\s"
    rf"(?P<names>{NAME}(?:\s*(?:,|&|and|/)\s*(?:and\s+)?{NAME})*)\W*$",
    re.IGNORECASE | re.MULTILINE,
)
BETWEEN = re.compile(r"^[*_\s]*(?:,|and|&|,\s*and)[*_\s]*$")
SLIDES = re.compile(r"\b(?:slides?|slide ?deck|deck|presentation)\b[^.;)]{0,30}$", re.IGNORECASE)
CODE = re.compile(r"\b(?:code|demo|notebook|repo(?:sitory)?|implementation)\b[^.;)]{0,30}$", re.IGNORECASE)
RECORDING = re.compile(
    r"\b(?:recording|recorded|video of the (?:talk|session))\b[^.;)]{0,30}$", re.IGNORECASE
)
SENTENCE_END = re.compile(r"(?<=[a-z)\]\"”’'])[.!?](?=\s+[A-Z]|\s*$)")
GENERAL = re.compile(
    r"^(?:summary|applications?|notes|presentations?|talks?|discussion|agenda|minutes|topics?|overview|introduction|recap)$",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True)
class Sentence:
    """One paragraph or item, with what leads up to it and the heading above it."""

    line: Line
    at: int
    lead: str
    heading: str


def sentences(blocks: list[Block], apart: set[int]) -> list[Sentence]:
    """Every paragraph and item, but for the blocks that begin in the lines `apart`."""
    found: list[Sentence] = []
    heading = lead = ""
    for block in blocks:
        if block.kind in ("heading", "label"):
            heading, lead = block.line.text.rstrip(":"), ""
        if block.first in apart:
            continue
        if block.kind == "paragraph":
            found.append(Sentence(block.line, block.first, "", heading))
            lead = block.line.text
        elif block.kind == "list":
            _items(found, block.items, lead, heading)
    return found


def _items(found: list[Sentence], items: list[ListItem], lead: str, heading: str) -> None:
    for item in items:
        found.append(Sentence(item.line, item.first, lead, heading))
        _items(found, item.items, lead, heading)


def read(found: list[Sentence], session_title: str) -> tuple[list[Talk], list[tuple[str, str]], list[str]]:
    """(talks, slides that belong to no talk, what could not be taken)."""
    talks: list[Talk] = []
    slides: list[tuple[str, str]] = []
    left: list[str] = []
    for sentence in found:
        here = _talks(sentence, session_title)
        talks += here
        used = {url for talk in here for _, url in talk.links}
        for kind, words, href, _ in _materials(sentence.line):
            why = links.fault(href, links.LONGEST_MATERIAL)
            if why and kind == "slides":
                left.append(f"The link “{words}” to slides in line {sentence.at + 1} {why}.")
            elif kind == "slides" and href not in used and not why:
                slides.append((kind, href))
    return _merged(talks), list(dict.fromkeys(slides)), left


def _merged(talks: list[Talk]) -> list[Talk]:
    """The talks, each once: the same people under the same title are one."""
    found: dict[tuple, Talk] = {}
    for talk in talks:
        key = (talk.title.casefold(), tuple(name.casefold() for name, _ in talk.people))
        if key not in found:
            found[key] = talk
    return list(found.values())


def _talks(sentence: Sentence, session_title: str) -> list[Talk]:
    line = sentence.line
    labelled = [name for match in LABELLED.finditer(line.text) for name in re.findall(NAME, match["names"])]
    if labelled:
        known = {piece.text.strip(): piece.href or "" for piece in line.links}
        people = tuple((name, _address(known.get(name, ""))) for name in labelled)
        return [
            Talk(
                session_title or sentence.heading, people, _kept(_materials(line)), sentence.at + 1, line.text
            )
        ]
    if not OURS.search(line.text) and not OURS.search(sentence.lead):
        return []
    return _linked(sentence, session_title) or _unlinked(sentence, session_title)


def _address(url: str) -> str:
    return "" if links.fault(url, links.LONGEST_MATERIAL) else url


def _linked(sentence: Sentence, session_title: str) -> list[Talk]:
    """Talks of people whose names are links to pages of people."""
    pieces = sentence.line.pieces
    at = 0
    found: list[Talk] = []
    while at < len(pieces):
        people = [at] if _is_person(pieces[at]) else []
        while (
            people
            and at + 2 < len(pieces)
            and _is_person(pieces[at + 2])
            and BETWEEN.match(pieces[at + 1].text)
        ):
            at += 2
            people.append(at)
        at += 1
        if not people:
            continue
        after = "".join(piece.text for piece in pieces[at:])
        before = "".join(piece.text for piece in pieces[: people[0]])
        named = tuple((pieces[each].text.strip(), _address(pieces[each].href or "")) for each in people)
        if LEADING.match(after):
            topic = _link_before(sentence, people[0]) or _fallback(sentence, session_title)
            found.append(_talk(topic, named, [], sentence))
            continue
        match = AFTER_NAME.match(after) or LATER.search(_first_sentence(after))
        if not match:
            if re.search(
                r"\b(?:hear(?:d)? from|presented by|talk by|presentation by|led by)\s*[*_]*$", before
            ):
                found.append(
                    _talk(_fallback(sentence, session_title), named, _materials(sentence.line), sentence)
                )
            continue
        start = (
            len(before) + sum(len(pieces[each].text) for each in range(people[0], at)) + match.start("topic")
        )
        found += _by_topic(sentence, named, _first_sentence(match["topic"]), start, session_title)
    return found


def _by_topic(sentence: Sentence, people: tuple, topic: str, start: int, session_title: str) -> list[Talk]:
    """One talk of all these people; or one each, where the sentence says “respectively”."""
    materials = [each for each in _materials(sentence.line) if each[3] >= start]
    if len(people) > 1 and re.search(r"\brespectively\b", topic):
        shares = _shares(re.sub(r",?\s*respectively\b.*$", "", topic, flags=re.DOTALL), len(people))
        if shares:
            talks, at = [], start
            for person, share in zip(people, shares, strict=True):
                until = at + len(share) + 5  # “ and ”
                own = [each for each in materials if at <= each[3] < until]
                talks.append(_talk(_title(share, sentence, session_title), (person,), own, sentence))
                at = until
            return talks
    return [_talk(_title(topic, sentence, session_title), people, materials, sentence)]


def _shares(text: str, count: int) -> list[str]:
    """The text in as many shares as there are people, parted at “and” outside brackets; or none."""
    shares, depth, at = [], 0, 0
    for match in re.finditer(r"[()\[\]]| and ", text):
        if match.group() in "([":
            depth += 1
        elif match.group() in ")]":
            depth -= 1
        elif depth == 0:
            shares.append(text[at : match.start()])
            at = match.end()
    shares.append(text[at:])
    return shares if len(shares) == count else []


def _unlinked(sentence: Sentence, session_title: str) -> list[Talk]:
    """A talk of somebody who is named after what they are: “our member Jane Doe demonstrated …”."""
    text = sentence.line.text
    match = UNLINKED.search(text)
    if not match:
        return []
    topic = ""
    if re.fullmatch(VERB, match["verb"]):
        topic = _first_sentence(text[match.end() :])
    title = _title(topic, sentence, session_title)
    return [_talk(title, ((match["name"], ""),), _materials(sentence.line), sentence)]


def _is_person(piece) -> bool:
    return bool(piece.href and ONLY_NAME.match(piece.text.strip()) and PEOPLE_SITES.match(piece.href))


def _link_before(sentence: Sentence, place: int) -> str:
    """The words of the last link before somebody's name."""
    before = [piece for piece in sentence.line.pieces[:place] if piece.href]
    return before[-1].text.strip() if before else ""


def _first_sentence(text: str) -> str:
    end = SENTENCE_END.search(text)
    return text[: end.start()] if end else text


def _fallback(sentence: Sentence, session_title: str) -> str:
    general = GENERAL.match(sentence.heading) or not sentence.heading
    return session_title if general and session_title else sentence.heading or "Talk"


def _title(topic: str, sentence: Sentence, session_title: str) -> str:
    """A talk's title from what is said of its topic: no brackets, no full stop, a capital first."""
    topic = re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", topic)
    topic = re.sub(r"\s+here$", "", " ".join(topic.split()).strip(' .,;:*_"“”'))
    if len(topic) < 3:
        topic = _fallback(sentence, session_title)
    if len(topic) > LONGEST_TITLE:
        topic = topic[: LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…"
    return topic[:1].upper() + topic[1:]


def _talk(title: str, people: tuple, materials: list, sentence: Sentence) -> Talk:
    return Talk(title[:LONGEST_TITLE], people, _kept(materials), sentence.at + 1, sentence.line.text)


def _kept(materials: list) -> tuple[tuple[str, str], ...]:
    return tuple(
        dict.fromkeys(
            (kind, url) for kind, _, url, _ in materials if not links.fault(url, links.LONGEST_MATERIAL)
        )
    )


def _materials(line: Line) -> list[tuple[str, str, str, int]]:
    """The slides, code and recordings that a line leads to: (kind, words, address, place)."""
    found, at, before = [], 0, ""
    for piece in line.pieces:
        if piece.href is not None and not _is_person(piece):
            words = f"{before}{piece.text}"
            kind = next(
                (
                    kind
                    for kind, pattern in (("slides", SLIDES), ("code", CODE), ("recording", RECORDING))
                    if pattern.search(words)
                ),
                "",
            )
            path = piece.href.lower()
            if not kind and re.search(r"/slides?/|\.pptx?(?:$|[?#])|speakerdeck\.com|slideshare\.net", path):
                kind = "slides"
            if kind:
                found.append((kind, piece.text.strip(), piece.href, at))
            before = ""
        elif piece.href is None:
            before = piece.text[-60:]
        at += len(piece.text)
    return found
