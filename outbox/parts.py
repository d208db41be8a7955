"""The two parts of a mail, plain text and HTML, made from the same Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass

import nh3
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "pre", "code", "em",
    "strong", "a",
}  # fmt: skip
# An address that stands alone becomes a link; one in a link's brackets or in a code is left to Markdown.
BARE = re.compile(r"(?<![<(\[`\w/])(https?://[^\s<>`]+[^\s<>`.,;:!?)\]’”\"'*_])")

_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")


@dataclass(frozen=True)
class Footer:
    """What stands below every mail: why it came and, where one may, how to stop mails of its kind."""

    why: str = ""
    stop_url: str = ""
    choices_url: str = ""


def parts_of(subject: str, source: str, footer: Footer | None = None) -> tuple[str, str]:
    """Plain text and HTML of a mail with this subject and Markdown source."""
    footer = footer or Footer()
    text = _blocks(SyntaxTreeNode(_markdown.parse(_with_links(source)))).strip() + "\n"
    context = {"subject": subject, "body": body_of(source), "footer": footer}
    return text + _footer_text(footer), render_to_string("mail/layout.html", context)


def body_of(source: str) -> SafeString:
    """The HTML of a mail's Markdown alone, without what stands around it; fit for a page."""
    body = nh3.clean(
        _markdown.render(_with_links(source)),
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    return mark_safe(body)  # noqa: S308 - just cleaned


def _with_links(source: str) -> str:
    return BARE.sub(r"<\1>", source)


def _footer_text(footer: Footer) -> str:
    lines = [footer.why] if footer.why else []
    if footer.stop_url:
        lines.append(f"Stop mails of this kind: {footer.stop_url}")
    if footer.choices_url:
        lines.append(f"Choose what you get: {footer.choices_url}")
    # "-- " begins a signature (RFC 3676, 4.3): mail programs show it smaller and leave it out of replies.
    return "\n-- \n" + "\n".join(lines) + "\n" if lines else ""


# --- Plain text ------------------------------------------------------------------------------------
def _blocks(node: SyntaxTreeNode, *, tight: bool = False) -> str:
    return ("\n" if tight else "\n\n").join(filter(None, map(_block, node.children)))


def _block(node: SyntaxTreeNode) -> str:
    if node.type in ("paragraph", "heading"):
        return _inline(node.children[0]) if node.children else ""
    if node.type in ("bullet_list", "ordered_list"):
        return _list(node)
    if node.type == "blockquote":
        return _indented(_blocks(node), "> ", "> ")
    if node.type in ("fence", "code_block"):
        return node.content.rstrip("\n")
    return "* * *" if node.type == "hr" else _blocks(node)


def _list(node: SyntaxTreeNode) -> str:
    first = int(node.attrs.get("start", 1))
    # Tight: the list was written without empty lines, which hides its paragraphs.
    tight = all(
        child.hidden for item in node.children for child in item.children if child.type == "paragraph"
    )
    lines = []
    for number, item in enumerate(node.children, start=first):
        mark = f"{number}. " if node.type == "ordered_list" else "- "
        lines.append(_indented(_blocks(item, tight=tight), mark, " " * len(mark)))
    return ("\n" if tight else "\n\n").join(lines)


def _indented(text: str, first: str, later: str) -> str:
    return "\n".join(
        ((later if number else first) + line).rstrip() for number, line in enumerate(text.split("\n"))
    )


def _inline(node: SyntaxTreeNode) -> str:
    if node.type in ("softbreak", "hardbreak"):
        return "\n"
    if node.type == "link":
        words, address = "".join(map(_inline, node.children)), str(node.attrs.get("href", ""))
        # The parser writes addresses in ASCII; one that was shown as itself needs no second mention.
        return words if node.info == "auto" or words == address else f"{words}: {address}"
    if node.children:
        return "".join(map(_inline, node.children))
    return node.content
