"""What an address says by itself: a video and where it starts, a paper and its number. Nothing is fetched.

Addresses come from outside: whatever they are, nothing here raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from sessions_app.models import Reading

Kind = Reading.Kind
# The hosts and, below, the paths that tell what sort of thing stands there; the first that fits decides.
HOSTS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (Kind.TUTORIAL, ("codelabs.developers.google.com", "colab.research.google.com", "kaggle.com")),
    (
        Kind.VIDEO,
        (
            *("youtube.com", "youtube-nocookie.com", "youtu.be", "vimeo.com", "twitch.tv", "ted.com"),
            "videolectures.net",
        ),
    ),
    (
        Kind.PAPER,
        (
            *("arxiv.org", "doi.org", "openreview.net", "aclanthology.org", "aclweb.org", "jmlr.org"),
            *("proceedings.mlr.press", "papers.nips.cc", "proceedings.neurips.cc", "ncbi.nlm.nih.gov"),
            *("biorxiv.org", "semanticscholar.org", "ssrn.com", "dl.acm.org", "ieeexplore.ieee.org"),
            "pnas.org",
        ),
    ),
)
CODE_HOSTS = ("github.com", "gitlab.com", "bitbucket.org", "pypi.org", "hub.docker.com")

VIDEO_PATH = re.compile(r"/(?:embed|shorts|live|v|e)/([A-Za-z0-9_-]{6,20})/?")
SHORT_PATH = re.compile(r"/([A-Za-z0-9_-]{6,20})/?")
VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{6,20}")
LIST_ID = re.compile(r"[A-Za-z0-9_-]{2,64}")
IN_UNITS = re.compile(r"(?:([0-9]{1,3})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,6})s?)?", re.IGNORECASE)
BY_COLONS = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-9]{2})")
ARXIV_NUMBER = r"(?:[0-9]{4}\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?/[0-9]{7})(?:v[0-9]{1,3})?"
ARXIV_PATH = re.compile(rf"/(?:abs|pdf|html|ps|e-print)/({ARXIV_NUMBER})(?:\.pdf)?/?")
ARXIV_TYPED = re.compile(rf"arxiv:\s*({ARXIV_NUMBER})", re.IGNORECASE)
DOI = r"10\.[0-9]{4,9}(?:\.[0-9]{1,9})*/\S+"
DOI_PATH = re.compile(rf"/(?:doi:)?({DOI})", re.IGNORECASE)
DOI_TYPED = re.compile(rf"(?:doi:\s*)?({DOI})", re.IGNORECASE)


@dataclass(frozen=True)
class Recognised:
    """An address that says what it is. `id`: of the video, list or paper; `start`: in seconds, 0 for none."""

    site: str
    kind: Kind
    label: str
    id: str = ""
    start: int = 0

    @property
    def starts_at(self) -> str:
        """Where a video starts, as a player shows it: 57:30 or 1:02:03; empty at its beginning."""
        minutes, seconds = divmod(self.start, 60)
        hours, minutes = divmod(minutes, 60)
        if not self.start:
            return ""
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


# --- What it is ----------------------------------------------------------------------------------------
def recognise(url: str) -> Recognised | None:
    """What an address says of itself, None for one that is like any other."""
    parts = _split(url)
    if parts is None:
        return None
    host = _host(parts)
    if _is_of(host, ("youtube.com", "youtube-nocookie.com", "youtu.be")):
        return _youtube(parts, short=_is_of(host, ("youtu.be",)))
    path = unquote(parts.path)
    if _is_of(host, ("arxiv.org",)) and (match := ARXIV_PATH.fullmatch(path)):
        return Recognised("arxiv", Kind.PAPER, f"arXiv {match[1]}", match[1])
    if _is_of(host, ("doi.org",)) and (match := DOI_PATH.fullmatch(path)):
        # Unquoted it can hold signs that are not seen or that turn the writing around.
        name = match[1] if match[1].isprintable() else quote(match[1], errors="replace")
        return Recognised("doi", Kind.PAPER, f"DOI {name}", name)
    if path.lower().endswith(".pdf"):
        return Recognised("pdf", kind_of_address(url) or Kind.PAPER, "PDF")
    return None


def kind_of_address(url: str) -> Kind | None:
    """What sort of thing stands at an address, None where it does not tell."""
    parts = _split(url)
    if parts is None:
        return None
    host, path = _host(parts), parts.path.lower()
    for kind, hosts in HOSTS:
        if _is_of(host, hosts):
            return kind
    if re.search(r"/tutorials?/", path):
        return Kind.TUTORIAL
    if re.search(r"/chap(?:ter)?[-_]?\d", path):
        return Kind.CHAPTER
    if host in CODE_HOSTS and not path.endswith(".pdf"):
        return Kind.SOFTWARE
    return Kind.PAPER if path.endswith(".pdf") else None


def words(url: str, *, part: str = "") -> str:
    """Where a click leads: “YouTube, from 57:30”, “arXiv 1706.03762”, “PDF, example.org”, else the host.

    part: what is said of the part to read already; a start that it names is not said again.
    """
    found, parts = recognise(url), _split(url)
    if found is None:
        return _host(parts) if parts else ""
    if found.site == "pdf":
        return f"{found.label}, {_host(parts)}"
    start = found.starts_at
    return f"{found.label}, from {start}" if start and start not in part else found.label


def as_address(typed: str) -> str:
    """What somebody typed as a link: a bare DOI or arXiv number as an address, anything else as it is."""
    typed = typed.strip()
    if match := DOI_TYPED.fullmatch(typed):
        return "https://doi.org/" + quote(match[1], safe="/:;()._-,+@!*'&=$~%", errors="replace")
    if match := ARXIV_TYPED.fullmatch(typed):
        return f"https://arxiv.org/abs/{match[1]}"
    return typed


# --- Taking it apart -----------------------------------------------------------------------------------
def _split(url: str) -> SplitResult | None:
    """The parts of a web address, None for anything else."""
    try:
        parts = urlsplit(url.strip())
        return parts if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").removeprefix("www.")


def _is_of(host: str, known: tuple[str, ...]) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in known)


def _youtube(parts: SplitResult, *, short: bool) -> Recognised | None:
    """A video or a playlist; None for a channel or a search."""
    asked = _query(parts)
    listed, path = asked.get("list", ""), parts.path
    match = (SHORT_PATH if short else VIDEO_PATH).fullmatch(path)
    if match and match[1] != "videoseries":
        video = match[1]
    elif path.rstrip("/") == "/watch" and VIDEO_ID.fullmatch(asked.get("v", "")):
        video = asked["v"]
    elif LIST_ID.fullmatch(listed):
        return Recognised("youtube", Kind.VIDEO, "YouTube playlist", listed)
    else:
        return None
    starts = [_seconds(asked.get(name)) for name in ("t", "start", "time_continue")]
    return Recognised("youtube", Kind.VIDEO, "YouTube", video, next(filter(None, starts), 0))


def _query(parts: SplitResult) -> dict[str, str]:
    """What an address asks for, the first of each name; a fragment such as #t=3450 counts, too."""
    asked = f"{parts.query}&{parts.fragment}".replace("&amp;", "&")
    try:
        return {name: values[0] for name, values in parse_qs(asked, max_num_fields=50).items()}
    except ValueError:
        return {}


def _seconds(text: str | None) -> int:
    """57m30s, 3450, 3450s or 57:30 in seconds; 0 for anything else."""
    match = IN_UNITS.fullmatch(text or "") or BY_COLONS.fullmatch(text or "")
    hours, minutes, seconds = (int(number or 0) for number in match.groups()) if match else (0, 0, 0)
    return hours * 3600 + minutes * 60 + seconds
