"""Text that people type, made into HTML: Markdown rendered, formulas as MathML, sanitised last (rule 8)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from html import escape, unescape
from xml.etree import ElementTree

import latex2mathml.converter
import nh3
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from sessions_app.remembering import remembered

PLAIN_MATHML = [
    "mrow", "mtext", "msub", "msup", "msubsup", "munderover", "msqrt", "mroot", "mtr", "mpadded", "mphantom",
]  # fmt: skip
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
    **dict.fromkeys(PLAIN_MATHML, frozenset()),
}
BLOCKS = {
    "p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em",
    "strong", "s", "a", "img", "table", "thead", "tbody", "tr", "th", "td", "section", "sup", "div", "span",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title", "id", "aria-label"},
    "img": {"src", "alt", "title", "loading"},
    "ol": {"start"},
    "li": {"id"},
    **{name: {"id"} for name in ("h2", "h3", "h4", "h5", "h6")},
    "div": {"tabindex", "role", "aria-label"},
    "pre": {"tabindex"},
    **MATHML,
}
# Ours alone: nobody can type a class or an id, since typed HTML is shown as text.
CLASSES = {
    "div": {"scroll-x", "formula"},
    "th": {"text-end", "text-center"},
    "td": {"text-end", "text-center"},
}
SCHEMES = {"http", "https", "mailto"}
WIDE = 60  # characters: longer lines of code and formulas may have to be scrolled, so the keyboard gets there
DESCRIPTION = 200  # characters of what other sites are told
FEWEST_HEADINGS = 4  # a text with fewer has no table of contents
MOST_ENTRIES = 150  # of a table of contents


def _formula(tex: str, options: dict) -> str:
    """MathML of one formula; what cannot be read as TeX is shown as it was typed."""
    try:
        made = latex2mathml.converter.convert(tex, display="block" if options["display_mode"] else "inline")
        # It does not escape what stands in \text{…}: a typed tag would swallow the rest of the page.
        names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(made).iter()}  # noqa: S314
    except Exception:  # the converter raises its own and others' errors on wild input
        return f"<code>{escape(tex)}</code>"
    return made if all(name.startswith("m") for name in names) else f"<code>{escape(tex)}</code>"


def _scrolling(label: str, *, wide: bool = True, css: str = "scroll-x") -> str:
    """The start of a box that scrolls sideways, by keyboard too where it is wide."""
    reach = f' tabindex="0" role="group" aria-label="{label}"' if wide else ""
    return f'<div class="{css}"{reach}>'


def _render_displayed(renderer, tokens: list[Token], index: int, options, env: dict) -> str:
    tex = tokens[index].content.strip()
    formula = _formula(tex, {"display_mode": True})
    return f"{_scrolling('Formula', wide=len(tex) > WIDE, css='formula')}{formula}</div>\n"


def _render_code(renderer, tokens: list[Token], index: int, options, env: dict) -> str:
    code = tokens[index].content
    reach = ' tabindex="0"' if any(len(line) > WIDE for line in code.splitlines()) else ""
    return f"<pre{reach}><code>{escape(code)}</code></pre>\n"


def _render_table_open(renderer, tokens: list[Token], index: int, options, env: dict) -> str:
    return f"{_scrolling('Table')}<table>\n"


def _render_way_back(renderer, tokens: list[Token], index: int, options, env: dict) -> str:
    name = renderer.rules["footnote_anchor_name"](tokens, index, options, env)
    again = f":{tokens[index].meta['subId']}" if tokens[index].meta.get("subId", -1) > 0 else ""
    return f' <a href="#fnref{name}{again}" aria-label="Back to the text">↩︎</a>'


def _is_own(address: str) -> bool:
    """Whether a picture is served by this site: from elsewhere the Content-Security-Policy lets none in."""
    if address.startswith(f"{settings.SITE_URL}/"):
        return True
    return address.startswith("/") and address[1:2] not in ("/", "\\")


def _picture(image: Token, *, linked: bool, shown: bool) -> list[Token]:
    """What stands for a picture: itself, when it is ours, else a link with its alternative text."""
    address = str(image.attrGet("src") or "")
    if shown and _is_own(address):
        image.attrSet("loading", "lazy")
        return [image]
    alt = PARSER.renderer.renderInlineAsText(image.children, PARSER.options, {})
    words = Token("text", "", 0, content=alt or "Picture")
    if linked or not address.startswith(("https://", "http://")):
        return [words]
    return [Token("link_open", "a", 1, attrs={"href": address}), words, Token("link_close", "a", -1)]


def _settle(state: StateCore) -> None:
    """After parsing: pictures as they may be shown, and the sides of table cells as classes."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open") and "style" in token.attrs:
            side = str(token.attrs.pop("style")).removeprefix("text-align:")
            if side in ("right", "center"):
                token.attrSet("class", "text-end" if side == "right" else "text-center")
        if not any(child.type == "image" for child in token.children or ()):
            continue
        settled, depth = [], 0
        for child in token.children:
            depth += {"link_open": 1, "link_close": -1}.get(child.type, 0)
            if child.type == "image":
                settled += _picture(child, linked=depth > 0, shown=state.env.get("pictures", False))
            else:
                settled.append(child)
        token.children = settled


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.enable(["table", "strikethrough"])
    parser.use(footnote_plugin)
    parser.use(
        dollarmath_plugin, renderer=_formula, allow_digits=False, double_inline=True, allow_labels=False
    )
    parser.core.ruler.push("settle", _settle)
    for name in ("math_block", "math_inline_double"):
        parser.add_render_rule(name, _render_displayed)
    for name in ("fence", "code_block"):
        parser.add_render_rule(name, _render_code)
    parser.add_render_rule("table_open", _render_table_open)
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    parser.add_render_rule("footnote_anchor", _render_way_back)
    return parser


PARSER = _parser()


def _clean(html: str, tags: set[str]) -> SafeString:
    clean = nh3.clean(
        html,
        tags=tags | set(MATHML),
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return mark_safe(clean)  # noqa: S308 (the sanitiser's own output)


# --- What a text becomes -------------------------------------------------------------------------------
@dataclass(frozen=True)
class Entry:
    """One line of a table of contents: its depth from 1, the heading's id, and its words as HTML."""

    depth: int
    anchor: str
    html: SafeString


@dataclass(frozen=True)
class Document:
    """A long text as HTML, with its table of contents; none for a short text."""

    html: SafeString
    contents: list[Entry] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.html) + sum(len(entry.html) for entry in self.contents)


@remembered(characters=8_000_000)
def markdown(source: str) -> SafeString:
    """HTML of a Markdown text, safe to put on a page. A typed `# heading` starts at h2: h1 is the page's."""
    # Several texts stand on one page, each with its own footnotes 1, 2, 3.
    name = hashlib.sha256(source.encode(errors="replace")).hexdigest()[:8]
    env = {"docId": name, "pictures": True}
    tokens = PARSER.parse(source, env)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    return _clean(PARSER.renderer.render(tokens, PARSER.options, env), BLOCKS)


@remembered(characters=16_000_000)
def document(source: str, *, name: str, top: int = 3) -> Document:
    """A long Markdown text. `name` begins the ids of its headings; the highest heading becomes h`top`.

    Headings step down one level at a time, however they were typed, so that the page's outline has no gaps.
    """
    env = {"docId": name, "pictures": True}
    tokens = PARSER.parse(source, env)
    above: list[int] = []
    entries: list[Entry] = []
    counts: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type == "heading_close":
            token.tag = f"h{min(top + len(above) - 1, 6)}"
        if token.type != "heading_open":
            continue
        level = int(token.tag[1])
        while above and above[-1] >= level:
            above.pop()
        above.append(level)
        token.tag = f"h{min(top + len(above) - 1, 6)}"
        words = [child for child in tokens[index + 1].children if child.type != "footnote_ref"]
        html = _clean(PARSER.renderer.render(words, PARSER.options, env), {"em", "code"})
        if heading := unescape(re.sub(r"<[^>]*>", "", html)).strip():
            token.attrSet("id", _anchor(f"{name}-{_slug(heading)}", counts))
            entries.append(Entry(len(above), str(token.attrs["id"]), html))
    html = _clean(PARSER.renderer.render(tokens, PARSER.options, env), BLOCKS)
    return Document(html, entries[:MOST_ENTRIES] if len(entries) >= FEWEST_HEADINGS else [])


def _slug(heading: str) -> str:
    return "-".join(re.findall(r"\w+", heading.lower()))[:60] or "part"


def _anchor(wanted: str, counts: dict[str, int]) -> str:
    """An id that no heading before has; `counts` remembers them."""
    anchor = wanted
    while anchor in counts:
        counts[wanted] += 1
        anchor = f"{wanted}-{counts[wanted]}"
    counts[anchor] = 1
    return anchor


@remembered(characters=2_000_000)
def inline(source: str) -> SafeString:
    """HTML of one line: emphasis, code, links and formulas, no paragraphs, lists or pictures."""
    return _clean(PARSER.renderInline(source), {"em", "strong", "code", "a"})


@remembered(characters=2_000_000)
def title(source: str) -> SafeString:
    """HTML of a title: as `inline` but without links, since a title usually is one."""
    return _clean(PARSER.renderInline(source), {"em", "code"})


@remembered(characters=2_000_000)
def plain(source: str) -> str:
    """One line of Markdown without its marks, as plain text (not HTML: escape it as usual)."""
    return unescape(re.sub(r"<[^>]*>", "", PARSER.renderInline(source)))


def plain_opening(source: str, most: int = DESCRIPTION) -> str:
    """The beginning of a Markdown text as plain text in one line, at most so many characters."""
    html = markdown(source)
    html = re.sub(r"</(?:p|li|h\d|td|th|pre|blockquote)>|<[bh]r ?/?>", " ", html)
    words = unescape(re.sub(r"<[^>]*>", "", html)).split()
    line = " ".join(words[:most])  # no more words than characters
    if len(line) <= most:
        return line
    cut, following = line[: most - 1], line[most - 1]
    whole_words = cut if following == " " else cut.rpartition(" ")[0]
    whole_words = whole_words or cut  # a script without spaces is one long word
    return whole_words.rstrip(" ,;:–") + "…"
