"""Wording with placeholders: what it may say, how values are put in, and the two parts that come of it."""

from __future__ import annotations

from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outbox.parts import Footer, parts_of
from outbox.wording import Markdown, Wording, WordingRefused, as_markdown, check, default_wording, tidied

KNOWN = ["name", "group", "is_late"]


def text_of(source: str) -> str:
    return parts_of("S", source)[0].rstrip("\n")


def html_of(source: str) -> str:
    html = parts_of("S", source)[1]
    return html.partition('<div class="mail">\n')[2].partition("</div>")[0].strip()


# --- What a wording may say --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "source",
    [
        "Dear {{ name }}, {{name}}",
        "{% if is_late %}Late{% else %}In time{% endif %}",
        "{% if is_late and not name or group == name %}x{% elif group %}y{% endif %}",
        "{% if is_late %}{% if name %}{{ group }}{% endif %}{% endif %}",
        "A { brace }, 100 %, {a}",
    ],
)
def test_wording_with_known_placeholders_is_taken(source):
    check(Wording("For {{ name }}", source), KNOWN)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ nmae }}", "There is no placeholder “nmae” for this mail. Use: name, group, is_late."),
        ("{% if late %}x{% endif %}", "There is no placeholder “late” for this mail."),
        ("{% if name %}{{ x }}{% endif %}", "There is no placeholder “x” for this mail."),
        ("{% if name %}a{% else %}{{ y }}{% endif %}", "There is no placeholder “y” for this mail."),
        ("{% if name and z %}x{% endif %}", "There is no placeholder “z” for this mail."),
        ("{{ name|upper }}", "Check the braces in line 1"),
        ("{{ name.first }}", "“name.first” is more than a placeholder. Write its name alone."),
        ('{{ "name" }}', "is more than a placeholder. Write its name alone."),
        ("{{ 12 }}", "is more than a placeholder. Write its name alone."),
        ("{{ name._meta }}", "Check the braces"),
        ("{{ }}", "Check the braces in line 1"),
        ("a\n{% if name %}b", "Check the braces in line 2 at “if name”."),
        ("{% endif %}", "Check the braces in line 1 at “endif”."),
        ("{% include 'group.css' %}", "Check the braces in line 1 at “include 'group.css'”."),
        ("{% load static %}", "Check the braces"),
        ("{% for a in name %}{% endfor %}", "Check the braces"),
        ("{% debug %}", "Check the braces"),
        ("Dear {{ name", "Close the braces: “{{” begins or ends a placeholder alone."),
        ("Dear name }}", "Close the braces: “}}” begins or ends a placeholder alone."),
        ("{% if name", "Close the braces: “{%” begins or ends a placeholder alone."),
        (" \n ", "Write something here; an empty mail says nothing."),
    ],
)
def test_wording_that_cannot_be_used_is_refused_with_what_is_wrong(source, sentence):
    with pytest.raises(WordingRefused) as refusal:
        check(Wording("Subject", source), KNOWN)
    assert sentence in str(refusal.value)
    assert refusal.value.field == "source"


def test_mistake_in_the_subject_belongs_to_the_subject():
    for subject in ("{{ x }}", "", "{% now %}", "{{ name"):
        with pytest.raises(WordingRefused) as refusal:
            check(Wording(subject, "Text"), KNOWN)
        assert refusal.value.field == "subject"


def test_kind_without_placeholders_says_so():
    with pytest.raises(WordingRefused, match="Use: none"):
        check(Wording("S", "{{ name }}"), [])


def test_default_wording_is_a_subject_and_the_rest():
    wording = default_wording("withdrawn")
    assert wording.subject == "Your application to {{ group }} is withdrawn"
    assert wording.source.startswith("Dear {{ name }},\n\n")


# --- Values ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "subject", "text"),
    [
        ("Zoë", "S Zoë", "T Zoë"),
        ("*a* _b_ `c`", "S *a* _b_ `c`", "T *a* _b_ `c`"),
        ("<b>&amp;</b>", "S <b>&amp;</b>", "T <b>&amp;</b>"),
        ("{{ group }} {% if x %}", "S {{ group }} {% if x %}", "T {{ group }} {% if x %}"),
        ("a\r\nBcc: b@example.org", "S a Bcc: b@example.org", "T a\nBcc: b@example.org"),
        (12, "S 12", "T 12"),
        ("", "S", "T"),
    ],
)
def test_value_is_put_in_as_it_was_typed(value, subject, text):
    filled, source = Wording("S {{ v }}", "T {{ v }}").fill({"v": value, "group": "no"})
    assert (filled, text_of(source)) == (subject, text)


def test_markdown_stays_markdown():
    _, source = Wording("S", "{{ v }}").fill({"v": Markdown("**now** or [here](https://example.org/x)")})
    assert html_of(source) == ('<p><strong>now</strong> or <a href="https://example.org/x">here</a></p>')


def test_truth_decides_and_leaves_no_gap():
    wording = Wording("{% if late %}Late{% else %}In time{% endif %}", "A\n\n{% if late %}B{% endif %}\n\nC")
    assert wording.fill({"late": True}) == ("Late", "A\n\nB\n\nC\n")
    assert wording.fill({"late": False}) == ("In time", "A\n\nC\n")


@pytest.mark.parametrize(
    "typed", ["# a", "- a", "+ a", "1. a", "2) a", "    a", "\ta", "> a", "~~~", "=", "a\n==", "a\n---"]
)
def test_line_of_a_value_begins_no_heading_list_or_code(typed):
    text, html = parts_of("S", as_markdown(typed))
    assert text == "\n".join(line.strip() for line in typed.split("\n")) + "\n"
    assert [tag for tag in ("<h1", "<h2", "<ul", "<ol", "<pre", "<blockquote", "<hr") if tag in html] == []


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("See https://example.org/a_b_c*d.", "https://example.org/a_b_c*d"),
        ("(https://example.org/x)", "https://example.org/x"),
        ("https://example.org/?a=1&b=2, then", "https://example.org/?a=1&b=2"),
        ("“https://example.org/x”", "https://example.org/x"),
        ("https://example.org/x/", "https://example.org/x/"),
    ],
)
def test_address_that_was_typed_is_a_link_and_reads_the_same(typed, address):
    source = as_markdown(typed)
    shown = unescape(html_of(source))
    assert text_of(source) == typed
    assert f'<a href="{address}">{address}</a>' in shown


@pytest.mark.parametrize(
    "typed", ["javascript:alert(1)", "<javascript:alert(1)>", "[x](javascript:alert(1))", "data:text/html,x"]
)
def test_other_addresses_are_no_links(typed):
    assert "href" not in html_of(as_markdown(typed))
    assert "href" not in html_of(typed)


SIGNS = "*_`~[]()<>#+-=|!&;:.\\/\"'{}%@ \t019aZñß漢"
typed_lines = st.lists(st.text(st.sampled_from(SIGNS), max_size=40), max_size=5).map("\n".join)


@settings(deadline=None, max_examples=100)
@given(typed_lines)
def test_whatever_is_typed_reads_the_same_in_the_text_part(typed):
    text, html = parts_of("S", as_markdown(f"A {typed} Z"))
    lines = [line.strip(" \t") for line in f"A {typed} Z".split("\n")]
    assert [line.strip(" \t") for line in text.split("\n") if line.strip()] == [
        line for line in lines if line
    ]
    assert "<em>" not in html
    assert "<img" not in html


# --- The two parts -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("One\ntwo\n\nthree", "One\ntwo\n\nthree"),
        ("# A heading\n\nText", "A heading\n\nText"),
        ("- a\n- b\n  c", "- a\n- b\n  c"),
        ("- a\n\n- b", "- a\n\n- b"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("9. a\n10. b\n    - c", "9. a\n10. b\n    - c"),
        ("> Quoted\n> twice\n>\n> and again", "> Quoted\n> twice\n>\n> and again"),
        ("[words](https://example.org/x)", "words: https://example.org/x"),
        ("[https://example.org/x](https://example.org/x)", "https://example.org/x"),
        ("https://example.org/a_b", "https://example.org/a_b"),
        ("**bold** *and* `code`", "bold and code"),
        ("```\na  b\n\nc\n```", "a  b\n\nc"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("<b>a</b> ![x](https://example.org/x.png)", "<b>a</b> !x: https://example.org/x.png"),
    ],
)
def test_text_part_is_the_twin_of_the_source(source, text):
    assert text_of(source) == text


def test_html_part_has_no_tags_of_the_writers():
    html = html_of('<b onclick="x">a</b> <img src=x>\n\n<div>b</div>\n\n![p](https://example.org/p.png)')
    assert "<b" not in html
    assert "<img" not in html
    assert "<div" not in html
    assert "&lt;b onclick=" in html


def test_subject_is_escaped_in_the_html_part():
    assert "<title>A &lt;b&gt; &amp; c</title>" in parts_of("A <b> & c", "T")[1]


def test_list_keeps_its_first_number():
    assert '<ol start="3">' in html_of("3. a\n4. b")


def test_footer_says_why_and_how_to_stop_in_both_parts():
    footer = Footer("Because.", "https://example.org/stop/?a=1&b=2", "https://example.org/choose/")
    text, html = parts_of("S", "T", footer)
    assert text == (
        "T\n\n-- \nBecause.\nStop mails of this kind: https://example.org/stop/?a=1&b=2\n"
        "Choose what you get: https://example.org/choose/\n"
    )
    assert '<a href="https://example.org/stop/?a=1&amp;b=2">Stop mails of this kind</a>' in html
    assert '<a href="https://example.org/choose/">Choose what you get</a>' in html
    assert parts_of("S", "T")[0] == "T\n"
    assert "Stop mails" not in parts_of("S", "T", Footer("Because."))[1]


@pytest.mark.parametrize(
    ("source", "tidy"),
    [("  a  \r\n\r\n\r\n\r\nb\n\n", "a\n\nb\n"), ("", "\n"), ("a\n\n\n\n\nb", "a\n\nb\n")],
)
def test_source_is_tidied(source, tidy):
    assert tidied(source) == tidy
