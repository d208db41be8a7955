"""The drawings of the reports: columns in strips, ranges, lying bars, points. Pure functions of numbers.

Across, lengths are percent of the drawing's width; down, pixels: text keeps its size on a phone and on paper.
What colour would tell, place, hatching and words tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from members.names import isolated

STRIP, HEAD, AXIS, GAP = 64, 26, 24, 14  # pixels
WIDEST_COLUMN = 6.0  # percent
FEW = 13  # columns with their numbers above
LONGEST_NAME = 38  # letters beside a lying bar
LYING, LYING_BAR = 40, 10
PLOT, PLOT_LEFT, PLOT_RIGHT = 280, 9.0, 96.0
FEW_POINTS = 30  # with their names beside them
HATCH = mark_safe(
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path class="chart-line" d="M1 0V5"/></pattern></defs>'
)


@dataclass(frozen=True)
class Mark:
    """One element of a drawing. `text`: what a text says; `said`: what is told when one points at it."""

    tag: str
    css: str
    place: dict[str, str]
    text: str = ""
    said: str = ""


@dataclass(frozen=True)
class Drawing:
    """What is drawn; title and description tell it to those who do not see it. keys: (is hatched, words)."""

    title: str
    description: str
    height: int
    marks: list[Mark] = field(default_factory=list)
    keys: Sequence[tuple[bool, str]] = ()

    def markup(self) -> SafeString:
        """The drawing as SVG. Every text is escaped."""
        return format_html(
            '<svg class="chart" width="100%" height="{}" role="img" aria-labelledby="chart-title chart-desc">'
            '<title id="chart-title">{}</title><desc id="chart-desc">{}</desc>{}{}</svg>',
            self.height,
            self.title,
            self.description,
            HATCH,
            format_html_join("", "<{}{}>{}{}</{}>", (_parts(mark) for mark in self.marks)),
        )


@dataclass(frozen=True)
class Column:
    """One column: what it stands for, how high, and a hatched part upon it. None: nobody knows."""

    label: str
    value: float | None
    upon: float = 0

    @property
    def height(self) -> float:
        """Both parts."""
        return (self.value or 0) + self.upon


def strips(
    title: str,
    named: Sequence[tuple[str, Sequence[Column]]],
    ticks: Sequence[tuple[int, str]],
    *,
    shared: bool = False,
    keys: Sequence[tuple[bool, str]] = (),
) -> Drawing:
    """Strips of columns one below the other, each with its name; below the last one the ticks.

    named: each strip's name and its columns, as many in each. shared: all strips have the same scale.
    """
    marks, top = [], 0
    highest = max((column.height for _, columns in named for column in columns), default=0)
    for name, columns in named:
        own = max((column.height for column in columns), default=0)
        marks += _strip(name, columns, top=top, most=(highest if shared else own) or 1)
        top += HEAD + STRIP + GAP
    count = len(named[0][1]) if named else 0
    marks += _ticks(ticks, count, y=top - GAP + 17)
    return Drawing(title, _in_words(named), top - GAP + AXIS, marks, keys)


def _strip(name: str, columns: Sequence[Column], *, top: int, most: float) -> list[Mark]:
    base = top + HEAD + STRIP
    marks = [
        _text("chart-name", 0, top + 16, name),
        Mark("line", "chart-base", {"x1": "0", "x2": "100%", "y1": str(base), "y2": str(base)}),
    ]
    for place, column in enumerate(columns):
        left, width = _across(place, len(columns))
        if column.value is None:
            marks.append(
                _text("chart-unknown", left + width / 2, base - 4, "?", said=f"{column.label}: not known")
            )
            continue
        room = STRIP - (14 if len(columns) <= FEW else 0)
        low, high = room * column.value / most, room * column.upon / most
        said = f"{column.label}: {_plain(column.value)}" + (
            f" and {_plain(column.upon)}" if column.upon else ""
        )
        if low:
            marks.append(_rect("chart-bar", left, base - low, width, low, said))
        if high:
            marks.append(_rect("chart-hatched", left, base - low - high, width, high, said))
        if len(columns) <= FEW and column.height:
            number = _plain(column.height)
            marks.append(_text("chart-value", left + width / 2, base - low - high - 4, number))
    return marks


@dataclass(frozen=True)
class Spread:
    """The middle half of something and its median. None: nothing was measured."""

    label: str
    low: float | None
    median: float | None
    high: float | None


def ranges(title: str, spreads: Sequence[Spread], ticks: Sequence[tuple[int, str]], *, unit: str) -> Drawing:
    """An upright bar from the first to the third quarter, and a dot at the median, for each step."""
    tall, most = 200, max((spread.high for spread in spreads if spread.high is not None), default=0) or 1
    base = HEAD + tall
    marks = [
        _text("chart-value chart-left", 0, 14, f"{_plain(round(most))} {unit}"),
        Mark("line", "chart-rule", {"x1": "0", "x2": "100%", "y1": str(HEAD), "y2": str(HEAD)}),
        Mark("line", "chart-base", {"x1": "0", "x2": "100%", "y1": str(base), "y2": str(base)}),
    ]
    for place, spread in enumerate(spreads):
        if spread.median is None:
            continue
        left, width = _across(place, len(spreads))
        low, middle, high = (base - tall * value / most for value in (spread.low, spread.median, spread.high))
        said = _spread_in_words(spread, unit)
        marks.append(_rect("chart-hatched", left, high, width, max(low - high, 1), said))
        dot = {"cx": _percent(left + width / 2), "cy": _px(middle), "r": "4.5"}
        marks.append(Mark("circle", "chart-dot", dot, said=said))
    marks += _ticks(ticks, len(spreads), y=base + 17)
    words = [f"{_spread_in_words(s, unit)}." for s in spreads if s.median is not None]
    return Drawing(title, " ".join(words), base + AXIS, marks)


@dataclass(frozen=True)
class Bar:
    """A lying bar: somebody or something, how long, and the hatched rest of what it might have been."""

    name: str
    value: float
    rest: float = 0
    words: str = ""


def bars(title: str, rows: Sequence[Bar], *, keys: Sequence[tuple[bool, str]] = ()) -> Drawing:
    """Lying bars, each under its name, with its number at the right."""
    marks, most = [], max((row.value + row.rest for row in rows), default=0) or 1
    for place, row in enumerate(rows):
        top, words = place * LYING, row.words or _plain(row.value)
        name = row.name if len(row.name) <= LONGEST_NAME else row.name[: LONGEST_NAME - 1] + "…"
        marks += [
            _text("chart-label", 0, top + 16, isolated(name)),
            Mark("text", "chart-value chart-right", {"x": "100%", "y": str(top + 16)}, words),
        ]
        solid, rest = 100 * row.value / most, 100 * row.rest / most
        if solid:
            marks.append(_rect("chart-bar", 0, top + 22, solid, LYING_BAR))
        if rest:
            marks.append(_rect("chart-hatched", solid, top + 22, rest, LYING_BAR))
    said = "; ".join(f"{isolated(row.name)}: {row.words or _plain(row.value)}" for row in rows)
    return Drawing(title, f"{said}.", max(len(rows) * LYING, LYING), marks, keys)


@dataclass(frozen=True)
class Point:
    """A point of a plot: its name, how far to the right, how far up from 0 to 1, and what it says."""

    name: str
    across: float
    up: float
    said: str


def points(title: str, found: Sequence[Point], *, across: str) -> Drawing:
    """A plot of points; up is a share, from none to all. across: what the right says."""
    most = max((point.across for point in found), default=0) or 1
    top = 10
    marks = []
    for share, words in ((1.0, "all"), (0.5, "half"), (0.0, "none")):
        y = top + PLOT * (1 - share)
        line = {"x1": _percent(PLOT_LEFT), "x2": "100%", "y1": _px(y), "y2": _px(y)}
        marks.append(Mark("line", "chart-rule" if share else "chart-base", line))
        marks.append(_text("chart-tick chart-left", 0, y + 5, words))
    for value in {0, round(most / 2), round(most)}:
        x = PLOT_LEFT + (PLOT_RIGHT - PLOT_LEFT) * value / most
        marks.append(_text("chart-tick", x, top + PLOT + 18, str(value)))
    marks.append(Mark("text", "chart-tick chart-right", {"x": "100%", "y": str(top + PLOT + 38)}, across))
    for point in found:
        x, y = PLOT_LEFT + (PLOT_RIGHT - PLOT_LEFT) * point.across / most, top + PLOT * (1 - point.up)
        dot = {"cx": _percent(x), "cy": _px(y), "r": "5"}
        marks.append(Mark("circle", "chart-dot", dot, said=point.said))
        if len(found) <= FEW_POINTS:
            label = {"x": _percent(x), "y": _px(y - 9)}
            marks.append(Mark("text", "chart-value", label, point.name))
    return Drawing(title, " ".join(f"{point.said}." for point in found), top + PLOT + 46, marks)


# --- Places and elements ----------------------------------------------------------------------------------
def _across(place: int, count: int) -> tuple[float, float]:
    """Where a column begins and how wide it is, in percent."""
    pitch = 100 / max(count, 1)
    width = min(pitch * 0.7, WIDEST_COLUMN)
    return pitch * (place + 0.5) - width / 2, width


def _ticks(ticks: Sequence[tuple[int, str]], count: int, *, y: float) -> list[Mark]:
    marks = []
    for place, words in ticks:
        left, width = _across(place, count)
        middle = left + width / 2
        if middle < 8:
            marks.append(_text("chart-tick chart-left", left, y, words))
        elif middle > 92:
            ends = {"x": _percent(left + width), "y": _px(y)}
            marks.append(Mark("text", "chart-tick chart-right", ends, words))
        else:
            marks.append(_text("chart-tick", middle, y, words))
    return marks


def _text(css: str, x: float, y: float, text: str, *, said: str = "") -> Mark:
    return Mark("text", css, {"x": _percent(x), "y": _px(y)}, text, said)


def _rect(css: str, x: float, y: float, width: float, height: float, said: str = "") -> Mark:
    place = {"x": _percent(x), "y": _px(y), "width": _percent(width), "height": _px(height)}
    if css == "chart-hatched":
        place["fill"] = "url(#hatch)"
    return Mark("rect", css, place, said=said)


def _parts(mark: Mark) -> tuple[str, SafeString, SafeString, str, str]:
    said = format_html("<title>{}</title>", mark.said) if mark.said else mark_safe("")
    return mark.tag, flatatt({"class": mark.css, **mark.place}), said, mark.text, mark.tag


def _in_words(named: Sequence[tuple[str, Sequence[Column]]]) -> str:
    return " ".join(
        f"{name}. "
        + "; ".join(
            f"{c.label}: {'not known' if c.value is None else _plain(c.height)}"
            for c in columns
            if c.value is None or c.height
        )
        + "."
        for name, columns in named
    )


def _spread_in_words(spread: Spread, unit: str) -> str:
    half = f"middle half {_plain(spread.low)} to {_plain(spread.high)}"
    return f"{spread.label}: median {_plain(spread.median)} {unit}, {half}"


def _plain(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _px(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _percent(value: float) -> str:
    return f"{_px(value)}%"
