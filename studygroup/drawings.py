"""The geometry and the wording of the drawings: numerals, the room, the bars. Pure functions, no templates.

All lengths are in the units of each drawing's viewBox; `studygroup/templatetags/drawings.py` renders them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# --- Words and numerals ------------------------------------------------------------------------------
FIGURES_FROM = 40  # a Roman numeral above is longer than its margin
ROMAN = [(10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
WORDS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]

# Advance widths of Brygada 1918 in em, as measured in the font; any other sign counts as a wide figure.
ADVANCE = {"I": 0.40, "V": 0.69, "X": 0.67}
WIDEST_FIGURE = 0.64
NUMERAL_SIZES = (4.75, 3.75, 3.0, 2.5)  # rem; classes numeral-1 to numeral-4
MARGIN_COLUMN = 10.5  # rem


def roman(number: int) -> str:
    """The number in Roman numerals up to 39, in figures from 40 on (and for what Romans could not count).

    >>> roman(17), roman(39), roman(40)
    ('XVII', 'XXXIX', '40')
    """
    if not 0 < number < FIGURES_FROM:
        return str(number)
    letters = ""
    for value, letter in ROMAN:
        times, number = divmod(number, value)
        letters += letter * times
    return letters


def numeral_class(text: str) -> str:
    """The largest size at which this numeral still fits the margin column, as a class name.

    >>> numeral_class("XVII"), numeral_class("XVIII"), numeral_class("XXXVIII")
    ('numeral-1', 'numeral-2', 'numeral-4')
    """
    width = sum(ADVANCE.get(letter, WIDEST_FIGURE) for letter in text)
    for step, size in enumerate(NUMERAL_SIZES, start=1):
        if width * size <= MARGIN_COLUMN:
            return f"numeral-{step}"
    return f"numeral-{len(NUMERAL_SIZES)}"


def number_words(number: int) -> str:
    """The number in words up to twenty, in figures beyond. None is said as "no", as in "no questions".

    >>> number_words(20), number_words(21), number_words(0)
    ('twenty', '21', 'no')
    """
    return WORDS[number] if 0 <= number < len(WORDS) else str(number)


def initials(name: str) -> str:
    """The first letters of the first and the last word of a name, so that two people differ more often.

    >>> initials("Wah Loon Keng"), initials("Zoë"), initials("")
    ('WK', 'Z', '')
    """
    words = [word.lstrip("(“\"'") for word in name.split()]
    words = [word for word in words if word]
    if not words:
        return ""
    ends = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0].upper() for word in ends)


# --- The room ----------------------------------------------------------------------------------------
ROOM_WIDTH = 520
WALLS_BOTTOM = 390  # the room is 510 by 385, 5 from the edge of the drawing
CENTRE_X, CENTRE_Y = 260.0, 207.5
HALF_STRAIGHT = 68.0  # half of the straight side, of the table and of the line of chairs alike
CHAIRS_RADIUS = 127.5
CHAIR_WIDTH, CHAIR_HEIGHT = 38.0, 32.5
FULL_SIZE_UP_TO = 22  # chairs; beyond, a chair is .7 of its pitch
SHRINK = 0.7
MOST_CHAIRS = 80  # beyond, chairs would be dots: the table alone says the count
NARROW_SCALE, WIDE_SCALE = 280 / ROOM_WIDTH, 400 / ROOM_WIDTH  # px per unit on a phone and in 25rem
SMALLEST_NAMED_CHAIR = 22  # px
DOOR_HINGE = 507
DOT_PITCH, DOTS_Y, MOST_DOTS = 17, 413, 20


@dataclass(frozen=True)
class Place:
    """A point on the line of chairs, and the angle by which what sits there is turned to the table."""

    x: float
    y: float
    angle: float


@dataclass(frozen=True)
class Chair:
    place: Place
    state: str  # taken, held, free or plain (the public drawing)
    initials: str = ""


@dataclass(frozen=True)
class Room:
    chairs: list[Chair]
    chair_width: float
    chair_height: float
    initials_fit: str  # "always", "wide" (not on a phone) or "never"
    dots: list[float]
    more: int  # people at the door beyond the dots


def stadium_length(radius: float, half_straight: float) -> float:
    """The way round a stadium: two straight sides and two half circles."""
    return 4 * half_straight + 2 * math.pi * radius


def on_stadium(way: float, radius: float = CHAIRS_RADIUS, half_straight: float = HALF_STRAIGHT) -> Place:
    """The place after going this far clockwise, from the left end of the upper straight side."""
    straight, arc = 2 * half_straight, math.pi * radius
    way %= 2 * (straight + arc)
    if way < straight:
        return Place(CENTRE_X - half_straight + way, CENTRE_Y - radius, 0.0)
    if way < straight + arc:
        turn = (way - straight) / radius
        return Place(
            CENTRE_X + half_straight + radius * math.sin(turn),
            CENTRE_Y - radius * math.cos(turn),
            math.degrees(turn),
        )
    if way < 2 * straight + arc:
        return Place(CENTRE_X + half_straight - (way - straight - arc), CENTRE_Y + radius, 180.0)
    turn = (way - 2 * straight - arc) / radius
    return Place(
        CENTRE_X - half_straight - radius * math.sin(turn),
        CENTRE_Y + radius * math.cos(turn),
        180 + math.degrees(turn),
    )


def places(count: int) -> list[Place]:
    """Places for so many chairs, evenly by arc length."""
    if count <= 0:
        return []
    pitch = stadium_length(CHAIRS_RADIUS, HALF_STRAIGHT) / count
    return [on_stadium((index + 0.5) * pitch) for index in range(count)]


def chair_size(count: int) -> tuple[float, float]:
    """Width and height of a chair when there are so many: full size up to 22, then .7 of the pitch."""
    if count <= FULL_SIZE_UP_TO:
        return CHAIR_WIDTH, CHAIR_HEIGHT
    width = SHRINK * stadium_length(CHAIRS_RADIUS, HALF_STRAIGHT) / count
    return width, width * CHAIR_HEIGHT / CHAIR_WIDTH


def initials_fit(chair_width: float) -> str:
    """Whether initials still read in a chair of this width: "always", "wide" (not on a phone) or "never"."""
    if chair_width * NARROW_SCALE >= SMALLEST_NAMED_CHAIR or chair_width == CHAIR_WIDTH:
        return "always"
    return "wide" if chair_width * WIDE_SCALE >= SMALLEST_NAMED_CHAIR else "never"


def room(
    *, taken: Sequence[str], held: int = 0, free: int = 0, waiting: int = 0, public: bool = False
) -> Room:
    """The room from above: taken chairs clockwise from the upper left, then held, then free ones.

    `taken` holds the initials of each member. More members than seats are all drawn: nobody stands.
    """
    held, free, waiting = max(held, 0), max(free, 0), max(waiting, 0)
    states = [("taken", name) for name in taken] + [("held", "")] * held + [("free", "")] * free
    if public:
        states = [("plain", "")] * len(states)
    width, height = chair_size(len(states))
    spots = places(len(states)) if len(states) <= MOST_CHAIRS else []
    dots = min(waiting, MOST_DOTS)
    return Room(
        chairs=[Chair(spot, state, name) for spot, (state, name) in zip(spots, states, strict=False)],
        chair_width=width,
        chair_height=height,
        initials_fit=initials_fit(width),
        dots=[DOOR_HINGE - 8 - DOT_PITCH * index for index in range(dots)],
        more=waiting - dots,
    )


def room_in_words(*, taken: int, held: int, free: int, waiting: int, capacity: int) -> str:
    """What the drawing of the room shows, for those who do not see it."""
    parts = [f"{taken} of {capacity} seats are taken"]
    if held:
        parts.append(f"{held} {'is' if held == 1 else 'are'} held for an open invitation")
    if free:
        parts.append(f"{free} {'is' if free == 1 else 'are'} free")
    sentence = "The room from above: " + ", ".join(parts) + "."
    if waiting:
        sentence += f" {waiting} {'person waits' if waiting == 1 else 'people wait'} at the door."
    return sentence


# --- Bars --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Segment:
    """A part of a bar, in percent of its length."""

    start: float
    width: float
    filled: bool


SEGMENT_GAP = 0.75  # percent


def segments(parts: Iterable[tuple[int, bool]], gap: float = SEGMENT_GAP) -> list[Segment]:
    """Lay (minutes, read) pairs end to end over 100 percent, each as wide as its minutes.

    What takes no known time is as wide as the shortest that does, so that it can be seen.
    """
    parts = list(parts)
    known = [minutes for minutes, _ in parts if minutes]
    weights = [minutes or (min(known) if known else 1) for minutes, _ in parts]
    room_for_parts = 100 - gap * (len(parts) - 1)
    result, start = [], 0.0
    for weight, (_, filled) in zip(weights, parts, strict=True):
        width = room_for_parts * weight / sum(weights)
        result.append(Segment(start, width, filled))
        start += width + gap
    return result


def bar(value: float, maximum: float, extra: float = 0) -> tuple[float, float]:
    """Widths in percent of a value and of what is added to it, beside a row whose value is the maximum."""
    whole = max(maximum, value + extra, 0)
    if whole <= 0:
        return 0.0, 0.0
    return 100 * max(value, 0) / whole, 100 * max(extra, 0) / whole
