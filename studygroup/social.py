"""The pictures that other sites show beside a link to us: 1200 × 630, in the colours and faces of the pages.

Drawn anew from the same data to the same bytes; nothing is kept in a file. The faces are those of the pages,
in subsets, of which the first that has a letter draws it. Text in a script that none of them has is left out:
boxes would say less than nothing.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import groupby

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from members.models import Group
from sessions_app import text
from sessions_app.models import Session
from studygroup import drawings, outside, when

SIZE = WIDTH, HEIGHT = 1200, 630
MARGIN = 84
COLUMN = 330  # where the text begins beside a numeral
PAPER, INK, SOFT, RULE, LAMP, BRICK = "#faf8f3", "#24221d", "#5f5b50", "#d8d4c7", "#1c5746", "#98291e"
BAIZE, BAIZE_LINE, SEAT, FLOOR = "#1c5746", "#3f7d69", "#ecdcb6", "#f3eee1"
SERIF, SANS = "brygada-1918/brygada-1918", "source-sans-3/source-sans-3"
SUBSETS = ("latin", "latin-ext", "vietnamese")
TITLE_SIZES = (84, 72, 62, 54, 46)
LEADING = 1.14
LONGEST = 240  # characters of one text that are looked at


@lru_cache(maxsize=64)
def _faces(family: str, size: int) -> tuple[ImageFont.FreeTypeFont, ...]:
    folder = settings.BASE_DIR / "static" / "vendor"
    return tuple(
        ImageFont.truetype(
            folder / f"{family}-{subset}-400-normal.woff2", size, layout_engine=ImageFont.Layout.BASIC
        )
        for subset in SUBSETS
    )


@lru_cache(maxsize=4096)
def _face_of(letter: str, family: str) -> int | None:
    """Which subset has a letter; None when none has. A face draws the same box for all that it lacks."""
    for index, face in enumerate(_faces(family, 40)):
        if letter.isspace() or bytes(face.getmask(letter)) != bytes(face.getmask("\uffff")):
            return index
    return None


def drawable(words: str, family: str = SERIF) -> str:
    """The text as the faces can draw it: without signs that they lack, empty when a letter is among these."""
    words = " ".join(unicodedata.normalize("NFC", words[:LONGEST]).split())
    lacking = {letter for letter in words if _face_of(letter, family) is None}
    if any(unicodedata.category(letter)[0] in "LMN" for letter in lacking):
        return ""
    return " ".join("".join(letter for letter in words if letter not in lacking).split())


def _runs(words: str, family: str) -> list[tuple[int, str]]:
    """The text in pieces, each with the number of the face that draws it."""
    return [
        (face or 0, "".join(letters)) for face, letters in groupby(words, key=lambda x: _face_of(x, family))
    ]


def _width(words: str, family: str, size: int) -> float:
    faces = _faces(family, size)
    return sum(faces[face].getlength(piece) for face, piece in _runs(words, family))


def _lines(words: str, family: str, size: int, width: int) -> list[str]:
    """The text in lines no wider than this; a word that is too long is cut."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer, family, size) <= width:
            lines[-1] = longer
            continue
        while len(word) > 1 and _width(word, family, size) > width:
            word = word[:-1]
        lines.append(word)
    return [line for line in lines if line]


def fitted(words: str, family: str, sizes: tuple[int, ...], width: int, height: int) -> tuple[int, list[str]]:
    """The largest size at which the text fits the box, and its lines; else the smallest, cut short."""
    for size in sizes:
        lines = _lines(words, family, size, width)
        most = max(int(height / (LEADING * size)), 1)
        if len(lines) <= most:
            return size, lines
    last = lines[most - 1]
    while last and _width(last + "…", family, size) > width:
        last = last[:-1].rstrip()
    return size, [*lines[: most - 1], last.rstrip(",;:. ") + "…"]


class _Sheet:
    """A sheet of paper to write on."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", SIZE, PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def write(self, x: float, baseline: float, words: str, family: str, size: int, colour: str) -> None:
        for face, piece in _runs(words, family):
            font = _faces(family, size)[face]
            self.draw.text((x, baseline), piece, font=font, fill=colour, anchor="ls")
            x += font.getlength(piece)

    def write_lines(self, x: float, baseline: float, lines: list[str], size: int) -> None:
        for row, line in enumerate(lines):
            self.write(x, baseline + row * LEADING * size, line, SERIF, size, INK)

    def png(self) -> bytes:
        stream = BytesIO()
        self.image.save(stream, "PNG")
        return stream.getvalue()


@dataclass(frozen=True)
class Card:
    """What stands on a session's picture."""

    group: str
    number: int
    title: str
    day: str
    cancelled: bool
    accent: str


def _accent(group: Group | None) -> str:
    return (group.accent if group else "") or LAMP


def card_of(session: Session, group: Group | None) -> Card:
    """The texts of a session's picture."""
    return Card(
        group=outside.name_of(group),
        number=session.number,
        title=text.plain(session.title),
        day=when.full_date(session.local_start),
        cancelled=session.state == Session.State.CANCELLED,
        accent=_accent(group),
    )


def in_words(session: Session) -> str:
    """What a session's picture shows, for those who do not see it."""
    called_off = ", cancelled" if session.state == Session.State.CANCELLED else ""
    day = when.full_date(session.local_start)
    return f"Session {session.number}: {text.plain(session.title)}, {day}{called_off}"


def session_picture(card: Card) -> bytes:
    """The PNG of a session: the group's name, the numeral in the margin, the title, the day."""
    sheet = _Sheet()
    _head(sheet, card.group, card.accent)
    width = WIDTH - MARGIN - COLUMN
    size, lines = fitted(drawable(card.title), SERIF, TITLE_SIZES, width, 270)
    numeral = drawings.roman(card.number)
    largest = next((s for s in range(140, 40, -4) if _width(numeral, SERIF, s) <= COLUMN - MARGIN - 34), 40)
    baseline = 226 + 0.72 * max(size, largest)
    sheet.write(MARGIN - 4, baseline, numeral, SERIF, largest, card.accent)
    sheet.write_lines(COLUMN, baseline, lines, size)
    sheet.write(MARGIN, HEIGHT - 74, f"Session {card.number}", SANS, 32, SOFT)
    sheet.write(COLUMN, HEIGHT - 74, card.day, SANS, 32, SOFT)
    if card.cancelled:
        after = COLUMN + _width(card.day, SANS, 32) + 32
        sheet.write(after, HEIGHT - 74, "Cancelled", SANS, 32, BRICK)
    return sheet.png()


@dataclass(frozen=True)
class Poster:
    """What stands on the group's picture."""

    group: str
    tagline: str
    seats: int
    accent: str


def poster_of(group: Group | None) -> Poster:
    """The texts of the group's picture, even before there is a group."""
    if group is None:
        return Poster(group=outside.NO_GROUP, tagline="", seats=0, accent=LAMP)
    return Poster(group=group.name, tagline=group.tagline, seats=group.capacity, accent=_accent(group))


def group_picture(poster: Poster) -> bytes:
    """The PNG of the group: its name, its headline, the room from above."""
    sheet = _Sheet()
    _head(sheet, poster.group, poster.accent)
    size, lines = fitted(drawable(poster.tagline), SERIF, TITLE_SIZES, 600, 330)
    sheet.write_lines(MARGIN, 226 + 0.72 * size, lines, size)
    _room(sheet, poster.seats)
    return sheet.png()


def _head(sheet: _Sheet, name: str, accent: str) -> None:
    """The table from above, the group's name, a hairline."""
    table = Image.new("L", (240, 168), 0)
    ImageDraw.Draw(table).rounded_rectangle((0, 24, 239, 143), 60, fill=255)
    table = table.resize((60, 42), Image.Resampling.LANCZOS)
    sheet.image.paste(Image.new("RGB", table.size, accent), (MARGIN, 80), table)
    size, lines = fitted(drawable(name), SERIF, (42, 36), WIDTH - 2 * MARGIN - 84, 48)
    sheet.write(MARGIN + 84, 115, "".join(lines), SERIF, size, INK)
    sheet.draw.line((MARGIN, 166, WIDTH - MARGIN, 166), fill=RULE, width=2)


def _room(sheet: _Sheet, seats: int) -> None:
    """The public room: table and chairs, no states. Drawn larger and then reduced, for smooth edges."""
    scale, finer = 0.78, 3
    factor = scale * finer
    width, height = int(drawings.ROOM_WIDTH * factor), int(drawings.WALLS_BOTTOM * factor)
    room = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(room)
    plan = drawings.room(taken=[""] * seats, public=True)
    for chair in plan.chairs:
        draw.polygon(_chair(chair.place, plan, factor), fill=SEAT, outline=INK, width=finer)
    x, y = drawings.CENTRE_X, drawings.CENTRE_Y
    half = drawings.HALF_STRAIGHT
    for radius, fill in ((92, BAIZE), (84, BAIZE_LINE), (82, BAIZE)):
        box = (x - half - radius, y - radius, x + half + radius, y + radius)
        draw.rounded_rectangle([value * factor for value in box], radius * factor, fill=fill)
    small = room.resize((width // finer, height // finer), Image.Resampling.LANCZOS)
    sheet.image.paste(small, (WIDTH - MARGIN - small.width + 20, 218))


def _chair(place: drawings.Place, plan: drawings.Room, factor: float) -> list[tuple[float, float]]:
    turn = math.radians(place.angle)
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    points = []
    for right, down in corners:
        dx, dy = right * plan.chair_width / 2, down * plan.chair_height / 2
        points.append(
            (
                (place.x + dx * math.cos(turn) - dy * math.sin(turn)) * factor,
                (place.y + dx * math.sin(turn) + dy * math.cos(turn)) * factor,
            )
        )
    return points
