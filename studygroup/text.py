"""Text that people type, made into HTML: Markdown rendered, formulas as MathML, sanitised last (rule 8)."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape

import latex2mathml.converter
import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

# The presentation elements of MathML Core (W3C, 2023) that latex2mathml emits, and their attributes.
MATHML = {
    "math": {"display", "xmlns"},
    "mo": {
        "stretchy",
        "fence",
        "form",
        "separator",
        "lspace",
        "rspace",
        "movablelimits",
        "minsize",
        "maxsize",
    },
    "mtable": {"columnalign", "rowspacing", "columnspacing", "displaystyle"},
    "mtd": {"columnalign"},
    "mi": {"mathvariant"},
    "mn": {"mathvariant"},
    "mspace": {"width", "linebreak"},
    "mfrac": {"linethickness"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "mstyle": {"displaystyle", "scriptlevel"},
    **{
        name: set()
        for name in [
            "mrow",
            "mtext",
            "msub",
            "msup",
            "msubsup",
            "munderover",
            "msqrt",
            "mroot",
            "mtr",
            "mpadded",
            "mphantom",
        ]
    },
}
BLOCKS = {
    "p",
    "br",
    "hr",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "code",
    "em",
    "strong",
    "s",
    "a",
    "img",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "section",
    "sup",
    "div",
    "span",
}
ATTRIBUTES = {
    "a": {"href", "title", "id"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "li": {"id"},
    **MATHML,
}
SCHEMES = {"http", "https", "mailto"}


def _formula(tex: str, options: dict) -> str:
    """MathML of one formula; what cannot be read as TeX is shown as it was typed."""
    try:
        return latex2mathml.converter.convert(tex, display="block" if options["display_mode"] else "inline")
    except Exception:  # the converter raises its own and others' errors on wild input
        return f"<code>{escape(tex)}</code>"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.enable(["table", "strikethrough"])
    parser.use(footnote_plugin)
    parser.use(dollarmath_plugin, renderer=_formula, allow_digits=False, double_inline=True)
    return parser


PARSER = _parser()


def _clean(html: str, tags: set[str]) -> SafeString:
    clean = nh3.clean(
        html,
        tags=tags | set(MATHML),
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return mark_safe(clean)  # noqa: S308 (the sanitiser's own output)


@lru_cache(maxsize=2048)
def markdown(source: str) -> SafeString:
    """HTML of a Markdown text, safe to put on a page. A typed `# heading` starts at h2: h1 is the page's."""
    html = re.sub(r"(</?h)([1-5])(?=>)", lambda m: f"{m[1]}{int(m[2]) + 1}", PARSER.render(source))
    return _clean(html, BLOCKS)


@lru_cache(maxsize=8192)
def inline(source: str) -> SafeString:
    """HTML of one line: emphasis, code, links and formulas, no paragraphs, lists or pictures."""
    return _clean(PARSER.renderInline(source), {"em", "strong", "code", "a"})


@lru_cache(maxsize=8192)
def title(source: str) -> SafeString:
    """HTML of a title: as `inline` but without links, since a title usually is one."""
    return _clean(PARSER.renderInline(source), {"em", "code"})


@lru_cache(maxsize=8192)
def plain(source: str) -> str:
    """One line of Markdown without its marks, as plain text (not HTML: escape it as usual)."""
    return unescape(re.sub(r"<[^>]*>", "", PARSER.renderInline(source)))
