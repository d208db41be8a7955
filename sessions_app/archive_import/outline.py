"""Markdown into what a reader sees of it: headings, lists, items and links, each with its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])  # raw HTML stays HTML, so it is no text
BARE = re.compile(r"https?://[^\s<>\"“”]+", re.IGNORECASE)
SPECIAL = re.compile(r"[\\`*_\[\]<>&$~!]")
BOX = re.compile(r"^\s*\[[ xX]\]\s+")
LONGEST_LABEL = 60  # characters: a line in bold that is longer is a sentence, not a heading


@dataclass(frozen=True)
class Piece:
    """A run of words of one line, with the address that it leads to (None where it is no link)."""

    text: str
    source: str  # the same in Markdown, without the link
    href: str | None = None


@dataclass
class Line:
    """The content of one paragraph, heading or item, in pieces."""

    pieces: list[Piece] = field(default_factory=list)
    images: int = 0
    comments: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words, as they are read."""
        return " ".join("".join(piece.text for piece in self.pieces).split())

    @property
    def source(self) -> str:
        """The words as Markdown, without links."""
        return " ".join("".join(piece.source for piece in self.pieces).split())

    @property
    def links(self) -> list[Piece]:
        """The pieces that lead somewhere."""
        return [piece for piece in self.pieces if piece.href is not None]


@dataclass
class ListItem:
    """One item with the lists inside it; `first` and `last` are lines, the last not included."""

    line: Line
    first: int
    last: int
    items: list[ListItem] = field(default_factory=list)
    more: bool = False  # holds more than words and lists: code, a table, a picture


@dataclass
class Block:
    """One block of the text. kind: heading, label, paragraph, list, table, comment, rule, other."""

    kind: str
    first: int
    last: int
    line: Line = field(default_factory=Line)
    level: int = 0
    items: list[ListItem] = field(default_factory=list)
    content: str = ""


@dataclass
class Outline:
    """A whole text: its blocks, its lines, and the addresses that are defined apart from their links."""

    blocks: list[Block]
    lines: list[str]
    references: dict[str, dict]


def parse(text: str) -> Outline:
    """The outline of a Markdown text."""
    env: dict = {}
    tokens = PARSER.parse(text, env)
    blocks, at = [], 0
    while at < len(tokens):
        end = _closing(tokens, at)
        blocks.append(_block(tokens[at : end + 1]))
        at = end + 1
    lines = text.split("\n")
    return Outline(list(_joined(blocks, lines)), lines, env.get("references", {}))


def _joined(blocks: list[Block], lines: list[str]) -> Iterator[Block]:
    """Lists as they are meant, where too few spaces before an inner list make Markdown end the outer one."""
    outer: Block | None = None
    for block in blocks:
        if block.kind != "list":
            yield from [outer] if outer else []
            outer = None
            yield block
        elif outer is None:
            outer = block
        elif not lines[block.first - 1].strip():  # a blank line says that another list begins
            yield outer
            outer = block
        else:
            if _indent(lines[block.first]) > _indent(lines[outer.first]):
                outer.items[-1].items += block.items
                outer.items[-1].last = block.last
            else:
                outer.items += block.items
            outer.last = block.last
    if outer:
        yield outer


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _closing(tokens: list[Token], at: int) -> int:
    depth = 0
    for here in range(at, len(tokens)):
        depth += tokens[here].nesting
        if depth == 0:
            return here
    return len(tokens) - 1


def _block(tokens: list[Token]) -> Block:
    first = tokens[0]
    begin, end = first.map or (0, 0)
    block = Block("other", begin, end, content=first.content)
    if first.type == "heading_open":
        block.kind, block.level, block.line = "heading", int(first.tag[1]), line_of(tokens[1])
    elif first.type == "paragraph_open":
        block.kind, block.line = "paragraph", line_of(tokens[1])
        if _is_label(tokens[1], block.line):
            block.kind, block.level = "label", 7
    elif first.type in ("bullet_list_open", "ordered_list_open"):
        block.kind, block.items = "list", list(_items(tokens[1:-1]))
    elif first.type == "table_open":
        block.kind = "table"
    elif first.type == "hr":
        block.kind = "rule"
    elif first.type == "html_block" and is_comment(first.content):
        block.kind = "comment"
    return block


def is_comment(html: str) -> bool:
    """Whether a piece of HTML is nothing but comments."""
    return "<!--" in html and not re.sub(r"<!--.*?(?:-->|\Z)", "", html, flags=re.DOTALL).strip()


def _is_label(inline: Token, line: Line) -> bool:
    """Whether a paragraph stands as a heading: all of it in bold, or a few words with a colon after them."""
    if not line.text or len(line.text) > LONGEST_LABEL or "\n" in inline.content or line.links or line.images:
        return False
    shown = [token for token in inline.children or [] if token.type != "text" or token.content.strip(" :")]
    if len(shown) >= 2 and shown[0].type == "strong_open" and shown[-1].type == "strong_close":
        return sum(token.type == "strong_open" for token in shown) == 1
    return line.text.endswith(":")


def _items(tokens: list[Token]) -> Iterator[ListItem]:
    at = 0
    while at < len(tokens):
        end = _closing(tokens, at)
        if tokens[at].type == "list_item_open":
            yield _item(tokens[at : end + 1])
        at = end + 1


def _item(tokens: list[Token]) -> ListItem:
    begin, end = tokens[0].map or (0, 0)
    item, at, inner = ListItem(Line(), begin, end), 0, tokens[1:-1]
    while at < len(inner):
        stop = _closing(inner, at)
        kind = inner[at].type
        if kind == "paragraph_open":
            line = line_of(inner[at + 1])
            if item.line.pieces and line.pieces:
                item.line.pieces.append(Piece(" ", " "))
            item.line.pieces += line.pieces
            item.line.images += line.images
            item.line.comments += line.comments
            item.more = item.more or bool(line.images)
        elif kind in ("bullet_list_open", "ordered_list_open"):
            item.items += _items(inner[at + 1 : stop])
        else:
            item.more = True
        at = stop + 1
    if item.line.pieces and item.line.pieces[0].href is None:
        piece = item.line.pieces[0]
        item.line.pieces[0] = Piece(BOX.sub("", piece.text), BOX.sub("", piece.source))
    return item


def line_of(inline: Token) -> Line:
    """The pieces of a run of words: what is a link apart from what is not."""
    line, text, source, href = Line(), "", "", None

    def close() -> None:
        nonlocal text, source
        if href is not None:
            line.pieces.append(Piece(text, source, href))
        elif text:
            line.pieces += _with_bare_links(text, source)
        text = source = ""

    for token in inline.children or []:
        if token.type == "link_open":
            close()
            href = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            close()
            href = None
        elif token.type == "image":
            line.images += 1
        elif token.type in ("softbreak", "hardbreak"):
            text, source = text + " ", source + " "
        elif token.type == "code_inline":
            room = " " if "`" in token.content else ""
            source += f"{token.markup}{room}{token.content}{room}{token.markup}"
            text += token.content
        elif token.type == "text":
            text, source = text + token.content, source + escape(token.content)
        elif token.type == "html_inline":
            line.comments += [token.content] if is_comment(token.content) else []
        else:
            source += token.markup
    close()
    return line


def escape(text: str) -> str:
    """Plain text as Markdown that reads the same, with no more backslashes than it needs."""
    if not SPECIAL.search(text) or _plain(text) == text:
        return text
    return SPECIAL.sub(r"\\\g<0>", text)


def _plain(source: str) -> str:
    tokens = PARSER.parseInline(source)[0].children or []
    if any(token.type not in ("text", "text_special") for token in tokens):
        return ""
    return "".join(token.content for token in tokens)


def _with_bare_links(text: str, source: str) -> list[Piece]:
    """An address that stands in the text by itself is a link too."""
    if not BARE.search(text) or BARE.findall(text) != BARE.findall(source):
        return [Piece(text, source)]
    pieces, at = [], 0
    for match in BARE.finditer(source):
        href = match.group().rstrip(".,;:!?'")
        while href.endswith(")") and href.count(")") > href.count("("):
            href = href[:-1].rstrip(".,;:!?'")
        before = source[at : match.start()]
        pieces += [Piece(before, before)] if before else []
        pieces.append(Piece(href, href, href))
        at = match.start() + len(href)
    if source[at:]:
        pieces.append(Piece(source[at:], source[at:]))
    return pieces


def section(blocks: list[Block], at: int) -> int:
    """Where the section ends that the heading at `at` begins: the place of the next of its level or above."""
    level = blocks[at].level
    for here in range(at + 1, len(blocks)):
        block = blocks[here]
        if block.kind == "heading" and block.level <= level:
            return here
        if level == 7 and block.kind == "label":
            return here
    return len(blocks)


def with_definitions(text: str, references: dict[str, dict]) -> str:
    """The text with the addresses that its links `[like this][1]` need, where they are defined elsewhere."""
    own: dict = {}
    PARSER.parse(text, own)
    folded = re.sub(r"\s+", " ", text).lower().upper()  # as the parser compares labels
    missing = []
    for label, reference in references.items():
        if label not in own.get("references", {}) and f"[{label}]" in folded:
            title = reference.get("title", "").replace('"', '\\"')
            missing.append(f"[{label.lower()}]: <{reference['href']}>" + (f' "{title}"' if title else ""))
    return text + ("\n\n" + "\n".join(missing) if missing else "")
