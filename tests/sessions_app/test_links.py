"""What an address says by itself; whatever it is, nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app import links
from sessions_app.links import Recognised, as_address, kind_of_address, recognise, words

V = "VOKaS5FcHjo"


# --- YouTube -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "url",
    [
        f"https://www.youtube.com/watch?v={V}",
        f"http://youtube.com/watch?feature=share&v={V}",
        f"https://m.youtube.com/watch/?v={V}&list=PL12345678",
        f"https://music.youtube.com/watch?v={V}",
        f"https://youtu.be/{V}",
        f"https://youtu.be/{V}/?si=abc",
        f"https://www.youtube.com/embed/{V}",
        f"https://www.youtube-nocookie.com/embed/{V}?rel=0",
        f"https://www.youtube.com/shorts/{V}",
        f"https://www.youtube.com/live/{V}?feature=share",
        f"https://www.youtube.com/v/{V}",
        f" https://YouTube.com/watch?v={V} ",
        f"https://www.youtube.com/watch?x={'&y=1' * 20}&v={V}",
    ],
)
def test_video_on_youtube_is_recognised(url):
    assert recognise(url) == Recognised("youtube", "video", "YouTube", V)


@pytest.mark.parametrize(
    ("asked", "start", "shown"),
    [
        ("t=57m30s", 3450, "57:30"),
        ("t=3450", 3450, "57:30"),
        ("t=3450s", 3450, "57:30"),
        ("start=3450", 3450, "57:30"),
        ("time_continue=90", 90, "1:30"),
        ("t=1h2m3s", 3723, "1:02:03"),
        ("t=2h", 7200, "2:00:00"),
        ("t=57:30", 3450, "57:30"),
        ("t=1:02:03", 3723, "1:02:03"),
        ("t=5", 5, "0:05"),
        ("t=0&start=60", 60, "1:00"),
        ("si=x&amp;t=57m30s", 3450, "57:30"),
        ("t=0", 0, ""),
        ("t=", 0, ""),
        ("t=soon", 0, ""),
        ("t=-5", 0, ""),
        ("t=\u0665", 0, ""),
        ("t=99999999999999999999", 0, ""),
    ],
)
def test_start_of_a_video_is_read_and_shown_as_a_player_does(asked, start, shown):
    found = recognise(f"https://youtu.be/{V}?{asked}")

    assert (found.start, found.starts_at) == (start, shown)


def test_start_in_the_fragment_counts():
    assert recognise(f"https://www.youtube.com/watch?v={V}#t=57m30s").start == 3450


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/playlist?list=PLkt2uSq6rBVctENoVBg1",
        "https://www.youtube.com/embed/videoseries?list=PLkt2uSq6rBVctENoVBg1",
    ],
)
def test_playlist_is_recognised(url):
    assert recognise(url) == Recognised("youtube", "video", "YouTube playlist", "PLkt2uSq6rBVctENoVBg1")


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/@stanford",
        "https://www.youtube.com/results?search_query=nets",
        "https://www.youtube.com/watch",
        "https://www.youtube.com/watch?v=<script>",
        f"https://notyoutube.com/watch?v={V}",
        f"https://youtube.com.example.org/watch?v={V}",
        f"ftp://youtube.com/watch?v={V}",
        f"javascript://youtube.com/watch?v={V}",
        f"youtube.com/watch?v={V}",
        "https://example.org/10.1000/xyz",
        "https://example.org/paper.pdf.html",
        "https://arxiv.org/list/cs.LG/recent",
        "https://doi.org/",
        "https://",
        "https://[::1",
        "https://exa\u2100mple.org/a.pdf",
        "",
        "\x00",
    ],
)
def test_other_address_is_not_recognised(url):
    assert recognise(url) is None


# --- Papers --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://arxiv.org/abs/1706.03762", "1706.03762"),
        ("http://www.arxiv.org/abs/1706.03762v5", "1706.03762v5"),
        ("https://arxiv.org/pdf/1706.03762", "1706.03762"),
        ("https://arxiv.org/pdf/1706.03762v5.pdf", "1706.03762v5"),
        ("https://arxiv.org/html/2401.01234v2/", "2401.01234v2"),
        ("https://export.arxiv.org/abs/0704.0001", "0704.0001"),
        ("https://arxiv.org/abs/hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/pdf/hep-th/9901001v2.pdf", "hep-th/9901001v2"),
        ("https://arxiv.org/abs/math.GT/0309136", "math.GT/0309136"),
        ("https://arxiv.org/abs/cond-mat/9901001?context=cs#top", "cond-mat/9901001"),
    ],
)
def test_paper_on_arxiv_is_recognised(url, number):
    assert recognise(url) == Recognised("arxiv", "paper", f"arXiv {number}", number)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://doi.org/10.1038/nature14539", "10.1038/nature14539"),
        ("http://dx.doi.org/10.1038/nature14539", "10.1038/nature14539"),
        ("https://doi.org/10.1000/xyz%3C1%3E", "10.1000/xyz<1>"),
        ("https://doi.org/10.1000.10/123456", "10.1000.10/123456"),
        ("https://doi.org/10.1000/a%E2%80%AEb", "10.1000/a%E2%80%AEb"),
    ],
)
def test_doi_is_recognised(url, name):
    assert recognise(url) == Recognised("doi", "paper", f"DOI {name}", name)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.org/a.pdf", "paper"),
        ("https://example.org/A.PDF?download=1#page=3", "paper"),
        ("https://example.org/book/chapter7.pdf", "chapter"),
        ("https://github.com/a/b/raw/main/notes.pdf", "paper"),
    ],
)
def test_pdf_is_recognised_by_its_ending(url, kind):
    assert recognise(url) == Recognised("pdf", kind, "PDF")


# --- What it is for ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "part", "said"),
    [
        (f"https://youtu.be/{V}?t=57m30s", "", "YouTube, from 57:30"),
        (f"https://youtu.be/{V}?t=57m30s", "from 57:30", "YouTube"),
        (f"https://youtu.be/{V}?t=57m30s", "the proof", "YouTube, from 57:30"),
        ("https://arxiv.org/abs/1706.03762", "", "arXiv 1706.03762"),
        ("https://doi.org/10.1000/182", "", "DOI 10.1000/182"),
        ("https://www.example.org/a.pdf", "", "PDF, example.org"),
        ("https://www.example.org/a", "", "example.org"),
        ("", "", ""),
        ("https://[", "", ""),
    ],
)
def test_words_say_where_a_click_leads(url, part, said):
    assert words(url, part=part) == said


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("10.1000/182", "https://doi.org/10.1000/182"),
        (" doi:10.1000/182 ", "https://doi.org/10.1000/182"),
        ("DOI: 10.1000/182", "https://doi.org/10.1000/182"),
        ("10.1002/(SICI)1097<1::AID>3.0.CO;2-2", "https://doi.org/10.1002/(SICI)1097%3C1::AID%3E3.0.CO;2-2"),
        ("arXiv:1706.03762", "https://arxiv.org/abs/1706.03762"),
        ("arxiv:hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001"),
        ("10.0.0.1/page", "10.0.0.1/page"),
        ("1706.03762", "1706.03762"),
        ("example.org", "example.org"),
        ("https://doi.org/10.1000/182", "https://doi.org/10.1000/182"),
        ("", ""),
    ],
)
def test_bare_number_of_a_paper_becomes_an_address(typed, address):
    assert as_address(typed) == address


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://vimeo.com/1", "video"),
        ("https://github.com/a/b", "software"),
        ("https://colab.research.google.com/x", "tutorial"),
        ("https://example.org/tutorial/x", "tutorial"),
        ("https://openreview.net/forum?id=1", "paper"),
        ("https://example.org/", None),
        ("arxiv.org/abs/1706.03762", None),
    ],
)
def test_kind_of_an_address(url, kind):
    assert kind_of_address(url) == kind


# --- Whatever comes ------------------------------------------------------------------------------------
PIECES = st.sampled_from(
    f"https:// http:/ youtu.be/ youtube.com/watch?v= {V} ?t= &t=1h arxiv.org/abs/ 1706.03762 doi.org/ "
    "10.1000/ % %ZZ [ ] @ :99999 .pdf # \udcff \u202e \u2100".split(" ")
)


@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=8).map("".join)))
def test_wild_address_never_raises_and_stays_the_same(url):
    found = recognise(url)

    assert found == recognise(url)
    assert isinstance(words(url), str)
    kind_of_address(url)
    as_address(url)
    if found:
        assert found.label.isprintable()
        assert found.kind in links.Kind.values
        assert found.start >= 0


@given(st.integers(1, 3600 * 99))
def test_start_in_units_and_in_seconds_is_the_same(seconds):
    hours, rest = divmod(seconds, 3600)
    units = f"{hours}h{rest // 60}m{rest % 60}s"

    assert recognise(f"https://youtu.be/{V}?t={units}") == recognise(f"https://youtu.be/{V}?t={seconds}")
