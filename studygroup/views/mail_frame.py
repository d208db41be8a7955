"""The HTML of a mail as an answer of its own, for a frame on a page."""

from __future__ import annotations

import base64
import hashlib
import re

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.http import HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin

STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def framed(html: str, *, status: int = 200) -> HttpResponse:
    """A whole HTML mail for a sandboxed frame: its own style and nothing else, its links in new windows.

    The style is allowed by what it is, so that a mail of an older look keeps its own.
    """
    style = STYLE.search(html)
    digest = hashlib.sha256(style[1].encode() if style else b"").digest()
    policy = {
        "default-src": [NONE],
        "style-src": [f"'sha256-{base64.b64encode(digest).decode()}'"],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
        "form-action": [NONE],
        "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
    }
    html = html.replace('<a href="', '<a target="_blank" rel="noopener noreferrer" href="')

    @csp(policy)
    @xframe_options_sameorigin
    def answer(request: HttpRequest | None) -> HttpResponse:
        return HttpResponse(html, status=status)

    return answer(None)
