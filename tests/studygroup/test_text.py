"""Rule 8: typed text becomes HTML that cannot harm, and formulas become MathML."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studygroup import text

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
]
DANGER = re.compile(
    r"<(script|iframe|style|object|embed|form|svg)\b|<[^>]*\s(on\w+|style)\s*=|<[^>]*(href|src)=.(javascript|data|vbscript)",
    re.IGNORECASE,
)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("render", [text.markdown, text.inline, text.title])
def test_attack_leaves_nothing_dangerous(render, attack):
    assert not DANGER.search(render(attack))


def test_the_pattern_for_danger_finds_danger():
    for html in ("<script>", "<img src=x onerror=y>", '<a href="javascript:x">', '<p style="x">'):
        assert DANGER.search(html)


WILD = st.text(st.characters(codec="utf-8"), max_size=300)
MARKS = st.text("<>\"'&$\\*_[]()#`|{}!aonclick=:/ \n", max_size=300)


@given(WILD | MARKS)
def test_wild_text_renders_without_danger(source):
    assert not DANGER.search(text.markdown(source))
    assert not DANGER.search(text.inline(source))
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
