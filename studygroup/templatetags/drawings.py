"""Template tags for drawings and words: numerals, the room, bars, chips, durations, the navigation.

They are built-ins of the template engine (see settings), so that no page has to load them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django import template
from django.forms.utils import flatatt
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from sessions_app.durations import duration
from studygroup import drawings

register = template.Library()

GO, WAIT, STOP = "chip-go", "chip-wait", "chip-stop"
CHIP_CLASSES = {
    "shortlisted": GO,
    "invited": GO,
    "joined": GO,
    "accepted": GO,
    "unconfirmed": WAIT,
    "waiting": WAIT,
    "held": WAIT,
    "declined": STOP,
    "lapsed": STOP,
    "cancelled": STOP,
    "failed": STOP,
}


def number(value: float) -> str:
    """A length as an SVG attribute: at most two decimals, always a point, whatever the locale."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def is_number(value) -> bool:
    """Whether this is a whole number, or a text that is one."""
    return isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit())


# --- Words -------------------------------------------------------------------------------------------
@register.filter
def roman(value) -> str:
    """17 becomes XVII; from 40 on, figures; what is no number stays as it is."""
    return drawings.roman(int(value)) if is_number(value) else str(value)


@register.filter
def number_words(value) -> str:
    """20 becomes twenty; from 21 on, figures; what is no number stays as it is."""
    return drawings.number_words(int(value)) if is_number(value) else str(value)


@register.filter
def minutes(value) -> str:
    """100 becomes 1 h 40 min; nothing stays nothing."""
    return duration(int(value)) if is_number(value) else ""


@register.filter
def initials(value) -> str:
    """Wah Loon Keng becomes WK."""
    return drawings.initials(str(value or ""))


@register.filter
def chip_class(state) -> str:
    """The tone of a state's chip: chip-go, chip-wait, chip-stop, or nothing for a neutral one."""
    return CHIP_CLASSES.get(str(state), "")


# --- Small pieces ------------------------------------------------------------------------------------
@register.simple_tag
def numeral(value) -> SafeString:
    """A session's numeral at the size that fits the margin, hidden from screen readers.

    The words "Session 17" stand beside it on the page.
    """
    text = drawings.roman(int(value))
    return format_html(
        '<span class="numeral {}" aria-hidden="true">{}</span>', drawings.numeral_class(text), text
    )


@register.simple_tag
def session_links(numbers: Sequence[int]) -> SafeString:
    """Links to sessions by their numbers; "none yet" where there are none. Written at once: they are many."""
    if not numbers:
        return mark_safe("none yet")
    address = reverse("sessions:detail", args=[0]).replace("0", "{}")
    return format_html_join(
        "",
        '<a class="d-inline-block {} me-1" href="{}" aria-label="Session {}">{}</a>',
        (
            ("px-2" if place else "pe-3", address.format(number), number, drawings.roman(number))
            for place, number in enumerate(numbers)
        ),
    )


@register.inclusion_tag("components/_chip.html")
def chip(state, label="", tone=None) -> dict:
    """A status chip. `tone` ("go", "wait", "stop" or "") overrules what the state's value says."""
    css = chip_class(state) if tone is None else {"go": GO, "wait": WAIT, "stop": STOP}.get(tone, "")
    return {"css": css, "label": label or str(state).replace("_", " ").capitalize()}


@register.simple_tag(takes_context=True)
def nav_link(
    context, view_name: str, label: str, quiet: bool = False, exact: bool = False, also: str = ""
) -> SafeString:
    """One link of the masthead, marked as current when the page's address begins with it.

    A view that does not exist (yet) gives no link. `exact` is for an address that others begin with; `also`
    names further views, with spaces between, whose pages belong to this link.
    """
    try:
        href = reverse(view_name)
    except NoReverseMatch:
        return mark_safe("")
    request = context.get("request")
    path = request.path if request is not None else ""
    current = path == href if exact else path.startswith((href, *map(reverse, also.split())))
    return format_html(
        '<li><a href="{}"{}{}>{}</a></li>',
        href,
        mark_safe(' class="quiet"') if quiet else "",
        mark_safe(' aria-current="page"') if current else "",
        label,
    )


@register.simple_tag
def checks(options: list[dict], field, inline_class: str = "") -> SafeString:
    """Boxes or buttons of a field to choose from, written at once: there may be hundreds."""
    line = "form-check form-check-inline" if inline_class else "form-check"
    box = "form-check-input is-invalid" if field.errors else "form-check-input"
    return format_html_join(
        "\n",
        '<div class="{}">\n<input type="{}" class="{}" name="{}" value="{}"{}>\n'
        '<label class="form-check-label" for="{}">{}</label>\n</div>',
        (
            (
                line,
                option["type"],
                box,
                field.html_name,
                option["value"],
                flatatt(option["attrs"]),
                option["attrs"].get("id", ""),
                option["label"],
            )
            for option in options
        ),
    )


# --- The room ----------------------------------------------------------------------------------------
@register.inclusion_tag("components/_room.html")
def room_plan(
    taken: Sequence[str] | int = (),
    held: int = 0,
    free: int = 0,
    waiting: int = 0,
    label: str = "",
    public: bool = False,
    seats: int | None = None,
) -> dict:
    """The room from above as SVG.

    `taken` is the members' initials in the order in which they sit, or just their number. `seats` is the
    capacity where it differs from the sum. With `public` only the number of seats is told, no states.
    """
    names = [""] * max(taken, 0) if isinstance(taken, int) else list(taken)
    count = max(len(names) + held + free, 0)
    capacity = count if seats is None else seats
    if public:
        names, held, free, waiting = [""] * capacity, 0, 0, 0
    plan = drawings.room(taken=names, held=held, free=free, waiting=waiting, public=public)
    words = f"{drawings.number_words(capacity)} {'seat' if capacity == 1 else 'seats'}"
    if not label and public:
        label = f"The room from above: a table with {words}."
    elif not label:
        label = drawings.room_in_words(
            taken=len(names), held=held, free=free, waiting=waiting, capacity=capacity
        )
    width, height = plan.chair_width, plan.chair_height
    chairs = [
        {
            "state": chair.state,
            "initials": chair.initials if plan.initials_fit != "never" else "",
            "x": number(chair.place.x),
            "y": number(chair.place.y),
            "angle": number(chair.place.angle),
        }
        for chair in plan.chairs
    ]
    return {
        "label": label,
        "public": public,
        "chairs": chairs,
        "left": number(-width / 2),
        "top": number(-height / 2),
        "width": number(width),
        "height": number(height),
        "radius": number(width / 5),
        "initials_class": "initials-wide" if plan.initials_fit == "wide" else "initials",
        "dots": [number(x) for x in plan.dots],
        "more": plan.more,
        "more_x": number(plan.dots[-1] - 14) if plan.dots else "0",
        "drawing_height": 425 if plan.dots else 395,
        "count": words[0].upper() + words[1:] if public else f"{len(names)} of {capacity}",
        "caption": "" if public else "seats taken",
    }


# --- Bars --------------------------------------------------------------------------------------------
def counted(readings: Iterable) -> list:
    """The readings that count towards what is left: all but those that say they are not required."""
    return [reading for reading in readings if getattr(reading, "is_required", True)]


@register.simple_tag
def prep_bar(readings) -> SafeString:
    """The bar over the readings: a segment for each, as wide as its minutes, filled when read."""
    parts = [(reading.minutes or 0, bool(reading.is_read)) for reading in counted(readings)]
    if not parts:
        return mark_safe("")
    left = sum(minutes for minutes, is_read in parts if not is_read)
    label = f"{sum(is_read for _, is_read in parts)} of {len(parts)} read, {duration(left)} left"
    rects = format_html_join(
        "",
        '<rect class="{}" x="{}%" y="0.5" width="{}%" height="11" rx="1"/>',
        (
            ("read" if part.filled else "unread", number(part.start), number(part.width))
            for part in drawings.segments(parts)
        ),
    )
    return format_html(
        '<svg class="prep-bar" width="100%" height="12" role="img" aria-label="{}">{}</svg>', label, rects
    )


@register.simple_tag
def bar(value, maximum, extra=0) -> SafeString:
    """A bar of a table: grey for the value, lamp for what is added. The number stands in the next cell."""
    base, added = drawings.bar(value or 0, maximum or 0, extra or 0)
    more = ""
    if added:
        more = format_html(
            '<rect class="bar-extra" x="{}%" width="{}%" height="8"/>',
            number(base + 0.5),
            number(max(added - 0.5, 0.5)),
        )
    return format_html(
        '<svg class="bar" width="100%" height="8" aria-hidden="true" focusable="false">'
        '<rect class="bar-value" width="{}%" height="8"/>{}</svg>',
        number(base),
        more,
    )
