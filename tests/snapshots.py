"""What a mail says, kept as a file, so that a changed word is seen in review.

`RENEW_SNAPSHOTS=1 pytest …` writes the files anew.
"""

from __future__ import annotations

import os
from difflib import unified_diff
from pathlib import Path

from django.conf import settings

from outbox.kinds import kind_of
from outbox.models import Message
from outbox.writing import footer_of


def as_text(message: Message) -> str:
    """The subject, the plain text and the HTML between <body> and </body>, as one text.

    Written as [stop], [choices], [secret] and [site]: the links of the footer, what the message itself says
    is secret, and the site's address.
    """
    html = message.html.partition("<body>")[2].partition("</body>")[0].strip()
    shown = f"Subject: {message.subject}\n\n{message.text.strip()}\n\n=== HTML ===\n{html}\n"
    footer = footer_of(kind_of(message.kind), message.recipient)
    for address, name in ((footer.stop_url, "[stop]"), (footer.choices_url, "[choices]")):
        shown = shown.replace(address, name) if address else shown
    for secret in message.secrets:
        shown = shown.replace(secret, "[secret]")
    return shown.replace(settings.SITE_URL, "[site]")


def check(path: Path, message: Message) -> None:
    """Compare a mail with the file at `path`. Keys and names in it are the test's to fix."""
    shown = as_text(message)
    if os.environ.get("RENEW_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown)
    assert path.exists(), f"There is no {path.name} yet: run with RENEW_SNAPSHOTS=1, and read it."
    kept = path.read_text()
    assert shown == kept, "\n".join(unified_diff(kept.splitlines(), shown.splitlines(), lineterm="", n=1))
