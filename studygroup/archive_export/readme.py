"""What a person reads first in an archive: readme.md, with the group's name in it."""

from __future__ import annotations

from pathlib import Path

README = Path(__file__).with_name("readme.md").read_text(encoding="utf-8")


def readme(name: str) -> str:
    """The README of a group's archive."""
    return README.replace("{name}", " ".join(name.split()))


def missing(paths: list[str]) -> str:
    """What is said of files that the database knows and the disk does not have."""
    lines = "".join(f"- {path}\n" for path in sorted(paths))
    return (
        "# Missing files\n\nThese files were lost on the site before this was written. To import the folder, "
        f"put them back or take what speaks of them out.\n\n{lines}"
    )
