"""The geometry and wording of the drawings, and the tags that render them."""

import math
import re
import types
from itertools import pairwise

import pytest
from django.template import Context, Engine

from sessions_app.durations import duration
from studygroup import drawings


def render(source, **context):
    engine = Engine.get_default()
    return engine.from_string(source).render(Context(context))


# --- Words -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, "I"),
        (4, "IV"),
        (9, "IX"),
        (14, "XIV"),
        (17, "XVII"),
        (38, "XXXVIII"),
        (40, "40"),
        (0, "0"),
        (101, "101"),
    ],
)
def test_roman_counts_to_thirty_nine_then_in_figures(number, expected):
    assert drawings.roman(number) == expected


def test_numeral_class_is_the_largest_that_fits_the_margin():
    for number in range(1, 500):
        text = drawings.roman(number)
        step = int(drawings.numeral_class(text)[-1])
        width = sum(drawings.ADVANCE.get(letter, drawings.WIDEST_FIGURE) for letter in text)

        assert width * drawings.NUMERAL_SIZES[step - 1] <= drawings.MARGIN_COLUMN
        assert step == 1 or width * drawings.NUMERAL_SIZES[step - 2] > drawings.MARGIN_COLUMN


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, "0 min"), (5, "5 min"), (60, "1 h"), (100, "1 h 40 min"), (155, "2 h 35 min"), (600, "10 h")],
)
def test_duration_reads_as_people_say_it(minutes, expected):
    assert duration(minutes) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Zoë Lindqvist", "ZL"), ("Wah Loon Keng", "WK"), ("Łukasz", "Ł"), ("  ", ""), ("“Bo” Diddley", "BD")],
)
def test_initials_take_the_first_and_the_last_word(name, expected):
    assert drawings.initials(name) == expected


def test_number_words_stop_at_twenty():
    assert [drawings.number_words(n) for n in (0, 1, 20, 21)] == ["no", "one", "twenty", "21"]


# --- The room ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("count", [1, 2, 3, 7, 20, 22, 23, 41, 60])
def test_places_are_even_by_arc_length_and_face_the_table(count):
    pitch = drawings.stadium_length(drawings.CHAIRS_RADIUS, drawings.HALF_STRAIGHT) / count
    spots = drawings.places(count)

    assert len(spots) == count
    for index, spot in enumerate(spots):
        ahead = drawings.on_stadium((index + 0.5) * pitch + 0.01)
        along = math.degrees(math.atan2(ahead.y - spot.y, ahead.x - spot.x)) % 360
        assert along == pytest.approx(spot.angle % 360, abs=0.1) or abs(along - spot.angle % 360) > 359.9
    for spot in spots:
        core = min(
            max(spot.x, drawings.CENTRE_X - drawings.HALF_STRAIGHT),
            drawings.CENTRE_X + drawings.HALF_STRAIGHT,
        )
        away = math.hypot(spot.x - core, spot.y - drawings.CENTRE_Y)
        assert away == pytest.approx(drawings.CHAIRS_RADIUS)


@pytest.mark.parametrize("count", [3, 19, 20, 21, 22, 23, 24, 40, 60, 80])
def test_chairs_never_overlap_and_stay_within_the_walls(count):
    width, height = drawings.chair_size(count)
    spots = drawings.places(count)
    half = math.hypot(width, height) / 2

    for one, other in pairwise([*spots, spots[0]]):
        assert math.hypot(one.x - other.x, one.y - other.y) > width
    for spot in spots:
        assert half < spot.x - 5 < 510 - half
        assert half < spot.y - 5 < 385 - half


def test_chair_size_beyond_twenty_two_is_seven_tenths_of_the_pitch():
    pitch = drawings.stadium_length(drawings.CHAIRS_RADIUS, drawings.HALF_STRAIGHT) / 30

    assert drawings.chair_size(22) == (drawings.CHAIR_WIDTH, drawings.CHAIR_HEIGHT)
    assert drawings.chair_size(30)[0] == pytest.approx(0.7 * pitch)


def test_initials_fit_gives_way_as_chairs_shrink():
    fits = [drawings.initials_fit(drawings.chair_size(count)[0]) for count in (20, 24, 40)]

    assert fits == ["always", "wide", "never"]


def test_room_seats_the_taken_then_the_held_then_the_free():
    plan = drawings.room(taken=["AB", "CD"], held=1, free=2)

    assert [(chair.state, chair.initials) for chair in plan.chairs] == [
        ("taken", "AB"),
        ("taken", "CD"),
        ("held", ""),
        ("free", ""),
        ("free", ""),
    ]


def test_room_with_more_than_twenty_waiting_counts_the_rest():
    plan = drawings.room(taken=["AB"], waiting=31)

    assert (len(plan.dots), plan.more) == (20, 11)


def test_room_for_the_public_shows_no_states():
    plan = drawings.room(taken=["AB", "CD"], held=1, free=1, public=True)

    assert {(chair.state, chair.initials) for chair in plan.chairs} == {("plain", "")}


def test_room_with_hundreds_of_seats_draws_the_table_alone():
    assert drawings.room(taken=["AB"] * 500).chairs == []


def test_room_in_words_says_everything_the_drawing_shows():
    sentence = drawings.room_in_words(taken=18, held=1, free=1, waiting=11, capacity=20)

    assert sentence == (
        "The room from above: 18 of 20 seats are taken, 1 is held for an open invitation, 1 is free. "
        "11 people wait at the door."
    )


# --- Bars --------------------------------------------------------------------------------------------
def test_segments_fill_the_bar_in_proportion_to_their_minutes():
    parts = drawings.segments([(50, True), (60, False), (40, False), (5, True)])

    assert parts[0].width / parts[3].width == pytest.approx(10)
    assert parts[-1].start + parts[-1].width == pytest.approx(100)
    assert [part.filled for part in parts] == [True, False, False, True]


def test_segments_without_known_time_are_as_wide_as_the_shortest():
    parts = drawings.segments([(0, False), (10, True), (20, True)])

    assert parts[0].width == pytest.approx(parts[1].width)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [((13, 13), (100, 0)), ((5, 10, 1), (50, 10)), ((0, 0), (0, 0)), ((9, 10, 11), (45, 55))],
)
def test_bar_never_leaves_its_row(arguments, expected):
    assert drawings.bar(*arguments) == pytest.approx(expected)


# --- Tags --------------------------------------------------------------------------------------------
def test_room_plan_tag_writes_one_rect_per_seat_and_the_label():
    html = render("{% room_plan taken=names held=1 free=1 waiting=3 %}", names=["<b", "QO"])

    assert len(re.findall(r'class="seat seat-\w+"', html)) == 4
    assert html.count('class="dot"') == 3
    assert 'role="img" aria-label="The room from above: 2 of 4 seats are taken,' in html
    assert "&lt;b" in html
    assert "<b<" not in html


def test_room_plan_tag_for_the_public_tells_only_the_number():
    html = render("{% room_plan seats=20 public=True %}")

    assert ">Twenty seats<" in html
    assert 'aria-label="The room from above: a table with twenty seats."' in html
    assert html.count("seat-plain") == 20


def test_room_plan_tag_with_more_members_than_seats_seats_them_all():
    html = render("{% room_plan taken=23 seats=20 %}")

    assert html.count("seat-taken") == 23
    assert ">23 of 20<" in html


def test_prep_bar_counts_required_readings_only():
    def reading(minutes, is_read, is_required=True):
        return types.SimpleNamespace(minutes=minutes, is_read=is_read, is_required=is_required)

    html = render(
        "{% prep_bar readings %}", readings=[reading(50, True), reading(60, False), reading(9, False, False)]
    )

    assert 'aria-label="1 of 2 read, 1 h left"' in html
    assert html.count("<rect") == 2


def test_drawings_hold_no_style_attribute():
    html = render("{% room_plan taken=3 waiting=40 %}{% bar 3 5 1 %}{% numeral 17 %}{% chip 'waiting' %}")

    assert "style=" not in html


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("waiting", "chip chip-wait"),
        ("joined", "chip chip-go"),
        ("lapsed", "chip chip-stop"),
        ("draft", "chip"),
    ],
)
def test_chip_takes_its_tone_from_the_state(state, expected):
    assert f'class="{expected}"' in render("{% chip state %}", state=state)


def test_filters_leave_what_they_do_not_understand():
    html = render("{{ a|roman }}|{{ a|minutes }}|{{ b|minutes }}|{{ c|roman }}", a="", b=None, c="17")

    assert html == "|||XVII"
