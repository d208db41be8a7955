"""Rule 8: typed text becomes HTML that cannot harm, and formulas become MathML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app import text
from sessions_app.remembering import OVERHEAD, remembered

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    "<svg/onload=alert(1)>",
    '<https://example.org/"onmouseover=alert(1)>',
    '[x](https://example.org "a" onclick="alert(1))',
    "$<script>alert(1)</script>$",
    "$$\\text{<img src=x onerror=alert(1)>}$$",
    "$\\href{javascript:alert(1)}{x}$",
    '<a href="vbscript:x">x</a>',
    "<iframe src=//example.org>",
    "<style>*{display:none}</style>",
    '<p style="position:fixed">x</p>',
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    # OWASP's filter evasion cheat sheet, as text and in the places where Markdown takes addresses and words.
    "<SCRIPT SRC=https://example.org/xss.js></SCRIPT>",
    '<a onmouseover="alert(document.cookie)">xxs link</a>',
    '<IMG """><SCRIPT>alert(\'XSS\')</SCRIPT>"\\>',
    '<img src=x onerror="&#0000106&#0000097&#0000118&#0000097&#0000115&#0000099">',
    "<IMG SRC=\"jav&#x09;ascript:alert('XSS');\">",
    '<SCRIPT/XSS SRC="https://example.org/xss.js"></SCRIPT>',
    "<BODY onload!#$%&()*~+-_.,:;?@[/|\\]^`=alert('XSS')>",
    "<<SCRIPT>alert('XSS');//\\<</SCRIPT>",
    "<IMG SRC=\"`<javascript:alert>`('XSS')\"",
    "</TITLE><SCRIPT>alert('XSS');</SCRIPT>",
    '<INPUT TYPE="IMAGE" SRC="javascript:alert(\'XSS\');">',
    '<META HTTP-EQUIV="refresh" CONTENT="0;url=data:text/html base64,PHNjcmlwdD4">',
    '<OBJECT TYPE="text/x-scriptlet" DATA="https://example.org/x.html"></OBJECT>',
    '<math><mtext><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "[x](jav&#x09;ascript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\\u006aavascript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](%6aavascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:image/svg+xml;base64,PHN2Zy8+)",
    "![x](data:image/png;base64,iVBORw0KGgo=)",
    '![x" onerror="alert(1)](/p.png)',
    "![x](/p.png '\" onload=alert(1) x=\"')",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "[^1]\n\n[^1]: <script>alert(1)</script> [x](javascript:alert(1))",
    '[^"><script>alert(1)</script>]\n\n[^"><script>alert(1)</script>]: x',
    '# <script>alert(1)</script>\n# " onclick="alert(1)\n# a\n# b',
    "| <script>alert(1)</script> | [x](javascript:alert(1)) |\n| :-: | --: |\n| <img src=x onerror=y> | x |",
    "```<script>alert(1)</script>\n</code></pre><script>alert(1)</script>\n```",
    "$\\style{x:expression(alert(1))}{x}$",
    "$\\text{</mtext><script>alert(1)</script>}$",
    "$\\unicode{<img src=x onerror=alert(1)>}$",
    '$$\\color{" onmouseover="alert(1)}{x}$$',
]


class Reader(HTMLParser):
    """What a browser would make of the HTML: its elements with their attributes."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.elements.append((tag, dict(attributes)))

    handle_startendtag = handle_starttag


def dangers(html: str) -> list[tuple]:
    """Elements, attributes and addresses that have no place in what people typed."""
    found = []
    for tag, attributes in Reader(html).elements:
        if tag not in text.BLOCKS | set(text.MATHML):
            found.append((tag,))
        for name, value in attributes.items():
            if name.startswith("on") or name in ("style", "srcdoc", "formaction", "target"):
                found.append((tag, name))
            if name in ("href", "src", "action", "data") or name.endswith(":href"):
                scheme = urlsplit(re.sub(r"[\x00-\x20]", "", value or "")).scheme.lower()
                if scheme not in ("", "http", "https", "mailto"):
                    found.append((tag, name, scheme))
    return found


def document(source: str) -> str:
    """A long text as one string: what stands in its contents, too."""
    made = text.document(source, name="notes")
    return "".join([*(entry.html for entry in made.contents), made.html])


RENDERS = [text.markdown, document, text.inline, text.title]


@pytest.mark.parametrize(
    ("html", "danger"),
    [
        ("<script>x</script>", ("script",)),
        ("<p onclick=x>", ("p", "onclick")),
        ("<a href=' java\nscript:x'>", ("a", "href", "javascript")),
        ("<img src='data:image/png,x'>", ("img", "src", "data")),
    ],
)
def test_dangers_finds_each_kind(html, danger):
    assert dangers(html) == [danger]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("render", RENDERS)
def test_attack_leaves_no_element_attribute_or_address(render, attack):
    assert dangers(render(attack)) == []


WILD = st.text(st.characters(codec="utf-8"), max_size=300)
MARKS = st.text("<>\"'&$\\*_[]()#`|{}!aonclick=:/ \n", max_size=300)


PLACES = [
    "{}",
    "[x]({})",
    "![{}]({})",
    "# {}",
    "| {} |\n|-|\n| {} |",
    "x[^1]\n\n[^1]: {}",
    "$${}$$",
    "```{}\n{}",
]
WRAPPED = st.builds(
    lambda place, wild: place.replace("{}", wild),
    st.sampled_from(PLACES),
    WILD | MARKS | st.sampled_from(ATTACKS),
)


@given(st.lists(WRAPPED, max_size=5).map("\n\n".join))
def test_wild_text_renders_without_danger(source):
    for render in RENDERS:
        assert dangers(render(source)) == []
    text.plain(source)


def test_markdown_renders_what_notes_need():
    html = text.markdown("# Head\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n*x* and $a^2$[^1]\n\n[^1]: note")
    assert "<h2>Head</h2>" in html  # h1 is the page's own
    assert "<td>1</td>" in html
    assert "<math" in html
    assert "<msup>" in html
    assert "note" in html


def test_formula_that_cannot_be_read_is_shown_as_typed():
    assert "\\frac{1" in text.markdown("$\\frac{1$") or "<math" in text.markdown("$\\frac{1$")


def test_title_keeps_emphasis_and_drops_links():
    assert text.title("_Deep_ [x](https://example.org) & <b>") == "<em>Deep</em> x &amp; &lt;b&gt;"
    assert text.plain("AI *x* Fashion & more") == "AI x Fashion & more"


# --- Long texts ----------------------------------------------------------------------------------------
def headings(html: str) -> list[tuple]:
    return re.findall(r'<(h\d) id="([^"]+)">', html)


def test_document_steps_down_one_level_at_a_time_below_the_pages_headings():
    made = text.document("### a\n\n##### b\n\n# c\n\n###### d\n\n## e", name="n")

    assert headings(made.html) == [("h3", "n-a"), ("h4", "n-b"), ("h3", "n-c"), ("h4", "n-d"), ("h4", "n-e")]
    assert [(entry.depth, entry.anchor, entry.html) for entry in made.contents] == [
        (1, "n-a", "a"), (2, "n-b", "b"), (1, "n-c", "c"), (2, "n-d", "d"), (2, "n-e", "e"),
    ]  # fmt: skip


def test_document_with_three_headings_has_no_contents():
    assert text.document("# a\n# b\n# c", name="n").contents == []


def test_document_gives_every_heading_another_id():
    made = text.document("# a\n# a 2\n# a\n# A-2\n# $x$\n# !?\n# ", name="n")

    anchors = [anchor for _, anchor in headings(made.html)]
    assert len(set(anchors)) == len(anchors) == 6


def test_contents_show_formulas_and_no_links_or_footnote_marks():
    made = text.document("# *a* [b](https://e.org)[^1] $x$\n\n# b\n# c\n# d\n\n[^1]: note", name="n")

    assert re.sub(r"<math.*</math>", "MATH", made.contents[0].html) == "<em>a</em> b MATH"


def test_footnotes_of_two_texts_have_ids_of_their_own():
    pages = text.markdown("a[^1]\n\n[^1]: one") + text.markdown("b[^1]\n\n[^1]: two")

    ids = re.findall(r' id="([^"]+)"', pages)
    assert len(set(ids)) == len(ids) == 4
    assert set(re.findall(r'href="#([^"]+)"', pages)) == set(ids)


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("![A net](/media/net.png)", '<img src="/media/net.png" alt="A net" loading="lazy">'),
        ("![A net](https://e.org/net.png)", '<a href="https://e.org/net.png" rel="{rel}">A net</a>'),
        ("![](https://e.org/net.png)", '<a href="https://e.org/net.png" rel="{rel}">Picture</a>'),
        ("[![A net](https://e.org/n.png)](https://e.org)", '<a href="https://e.org" rel="{rel}">A net</a>'),
        ("![A net](//e.org/net.png)", "A net"),
        ("![A net](net.png)", "A net"),
        ("![A net](data:image/png;base64,AA)", "A net"),
    ],
)
def test_pictures_are_shown_from_here_and_linked_from_elsewhere(source, html):
    rel = "noopener noreferrer nofollow"
    assert text.markdown(source) == f"<p>{html.format(rel=rel)}</p>\n"


def test_picture_with_the_sites_own_address_is_shown(settings):
    settings.SITE_URL = "https://group.example.org"

    assert "<img" in text.document("![x](https://group.example.org/p.png)", name="n").html
    assert "<img" not in text.document("![x](https://group.example.org.evil.org/p.png)", name="n").html


def test_wide_things_scroll_by_keyboard():
    html = text.markdown("| a |\n| --: |\n| 1 |\n\n```\n" + "x" * 80 + "\n```\n\n$$" + "a + " * 30 + "b$$")

    assert '<div class="scroll-x" tabindex="0" role="group" aria-label="Table"><table>' in html
    assert '<td class="text-end">1</td>' in html
    assert '<pre tabindex="0">' in html
    assert '<div class="formula" tabindex="0" role="group" aria-label="Formula"><math' in html


def test_html_is_shown_as_it_was_typed():
    assert text.markdown("<b>x</b> <!-- y -->") == "<p>&lt;b&gt;x&lt;/b&gt; &lt;!-- y --&gt;</p>\n"


@pytest.mark.parametrize("typed", ["<img src=x>", "<b>x</b>", "</mtext>", "<!-- x"])
def test_tag_typed_in_a_formula_does_not_swallow_what_follows(typed):
    html = text.markdown(f"$$\\text{{{typed}}}$$\n\nAfter *it*.")

    assert html.endswith("<p>After <em>it</em>.</p>\n")
    assert "<code>" in html


def test_less_than_in_a_formula_is_a_formula():
    assert "<mo>&lt;</mo>" in text.markdown("$a < b$")


@pytest.mark.parametrize("tex", ["\\left.", "\\begin{matrix}", "{" * 3000])
def test_broken_formula_is_shown_as_code(tex):
    assert f"<code>{tex}</code>" in text.markdown(f"${tex}$")


def test_remembered_texts_stay_within_bounds():
    calls = []

    @remembered(characters=10 * (OVERHEAD + 20))
    def double(source: str) -> str:
        calls.append(source)
        return source * 2

    for number in range(50):
        double(f"{number:06}")
    assert double.characters() <= 10 * (OVERHEAD + 20)
    assert [double("000049"), double("000000")] == ["000049" * 2, "000000" * 2]
    assert calls[50:] == ["000000"]  # the latest is kept, the first is not
    double("x" * 5000)
    double("x" * 5000)
    assert calls[51:] == ["x" * 5000] * 2  # too long to keep
