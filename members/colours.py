"""The group's accent: what else follows from one chosen colour, and whether it can be read."""

from __future__ import annotations

import re

COLOUR = r"^#[0-9a-fA-F]{6}$"
PAPER, PAPER_DARK = "#faf8f3", "#1b1a17"
LEGIBLE = 4.5  # contrast of text: WCAG 2.2, success criterion 1.4.3


def is_colour(text: str) -> bool:
    """Whether this is written as a colour is: # and six hexadecimal digits."""
    return re.match(COLOUR, text) is not None


def channels(colour: str) -> tuple[int, int, int]:
    """#1c5746 → (28, 87, 70)."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def luminance(colour: str) -> float:
    """Relative luminance from 0 to 1, as WCAG 2.2 defines it."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """The colour with `share` (0 to 1) of the other one in it."""
    mixed = (
        round(a * (1 - share) + b * share) for a, b in zip(channels(colour), channels(other), strict=True)
    )
    return "#" + "".join(f"{value:02x}" for value in mixed)


def palette(accent: str, *, dark: bool) -> dict[str, str]:
    """The custom properties that follow from the accent: lamp, its deep and tinted forms, text upon it."""
    paper = PAPER_DARK if dark else PAPER
    on = max("#ffffff", "#10231b", key=lambda text: contrast(text, accent))
    return {
        "--lamp": accent,
        "--lamp-deep": mix(accent, "#ffffff" if dark else "#000000", 0.25),
        "--lamp-tint": mix(paper, accent, 0.13),
        "--on-lamp": on,
    }
