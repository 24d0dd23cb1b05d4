"""What a training run measures step by step, as lines: loss, learning rate, speed, memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.drawing.plot import SIZE, Frame, along, upward
from app.drawing.svg import Element, add, drawing, text_of

WIDTH, HEIGHT = 480, 236
LEFT, TOP, RIGHT, FOOT = 66, 48, 16, 46
LEGEND = 38
"""Where the words for the lines stand."""
MOST_POINTS = 240
"""Points of one line: more than half of the width in pixels shows nothing more."""
MOST_ROWS = 15
FEW = 12
"""Points of a line that are few enough to be marked one by one."""
WANTED = 4
"""About so many numbers on the upright axis."""
DASHES = ("", "6 4", "2 3")
SHAPES = ("disc", "square", "ring")
EMPTY = "Nothing was measured yet."

Point = tuple[int, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its name and its points, as (step, value) with growing steps."""

    label: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes say and how far they go."""

    unit: str
    """What the upright axis counts, with its unit."""
    along: str = "step"
    last: int | None = None
    """The last step that there will be: the lines grow towards it."""
    from_zero: bool = False
    """Whether the upright axis begins at nothing; else round what was measured."""


def curves(lines: Sequence[Line], axes: Axes, name: str, title: str) -> Markup:
    """An accessible SVG of up to three lines over steps, told apart by dashes and by their ends.

    ``name`` prefixes the ids inside. Values that are no number are left out.
    """
    known = [Line(line.label, finite(line.points)) for line in lines[: len(DASHES)]]
    root = drawing(name, WIDTH, HEIGHT, title, curves_words(known, axes))
    frame, low, ticks = _plane(known, axes)
    add(root, "text", axes.unit, x=4, y=16, font_size=SIZE, class_="quiet")
    upward(root, frame, [(value - low, words) for value, words in ticks])
    along(root, frame, [(step, f"{step:,}") for step in step_ticks(int(frame.most_x))])
    middle = {"x": (frame.left + frame.right) / 2, "y": HEIGHT - 8, "text_anchor": "middle"}
    add(root, "text", axes.along, font_size=SIZE, class_="quiet", **middle)
    drawn = [(place, line) for place, line in enumerate(known) if line.points]
    for place, line in drawn:
        _line(root, frame, line, low, place)
    if len(known) > 1:
        _legend(root, known)
    return text_of(root)


def curves_words(lines: Sequence[Line], axes: Axes) -> str:
    """Every line in words: where it began, where it is, and its ends up and down."""
    said = [_said(line, axes) for line in lines if line.points]
    return " ".join(said) or EMPTY


def finite(points: Sequence[Point]) -> list[Point]:
    """Points whose value is a number, thinned to what can be seen; the last always among them."""
    good = [(step, value) for step, value in points if math.isfinite(value)]
    every = max(1, -(-len(good) // MOST_POINTS))
    kept = good[::every]
    return kept if not good or kept[-1] == good[-1] else [*kept, good[-1]]


def table(lines: Sequence[Line], most: int = MOST_ROWS) -> list[tuple[int, list[float | None]]]:
    """The same as rows: a step, and the value of each line there, or None.

    At most about ``most`` rows: steps of the sparsest line, where it has enough of them, else
    evenly chosen ones; the first and the last always.
    """
    by_step: dict[int, list[float | None]] = {}
    for place, line in enumerate(lines):
        for step, value in line.points:
            if math.isfinite(value):
                by_step.setdefault(step, [None] * len(lines))[place] = value
    return [(step, by_step[step]) for step in _chosen(sorted(by_step), by_step, most)]


def figure(value: float) -> str:
    """A value with four digits that count; very small and very large ones by powers of ten."""
    if value and not 1e-3 <= abs(value) < 1e6:
        mantissa, _, power = f"{value:.2e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def round_ticks(low: float, high: float, wanted: int = WANTED) -> list[float]:
    """Round numbers from at most ``low`` to at least ``high``, about ``wanted`` steps apart."""
    reach = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(reach))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= reach * 0.999)
    first = math.floor(low / step + 1e-12)
    last = max(math.ceil(high / step - 1e-12), first + 1)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def step_ticks(last: int) -> list[int]:
    """Steps to name along the axis: nothing, the last one, and round ones between."""
    size = next(
        number
        for power in range(12)
        for number in (10**power, 2 * 10**power, 5 * 10**power)
        if last <= WANTED * number
    )
    # a round number too close to the last one would run into its words
    return [*range(0, last - size // 2, size), last] if last > 0 else [0]


# --- the plane --------------------------------------------------------------------------------


def _plane(lines: Sequence[Line], axes: Axes) -> tuple[Frame, float, list[tuple[float, str]]]:
    values = [value for line in lines for _, value in line.points]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if axes.from_zero:
        low, high = min(0.0, low), max(0.0, high)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        spare = abs(high) * 0.1 or 1.0
        low, high = low - spare * (not axes.from_zero), high + spare
    ticks = round_ticks(low, high)
    steps = [step for line in lines for step, _ in line.points]
    reach = max([axes.last or 1, *steps])
    frame = Frame(LEFT, TOP, WIDTH - RIGHT, HEIGHT - FOOT, reach, ticks[-1] - ticks[0])
    return frame, ticks[0], [(value, _tick(value, ticks)) for value in ticks]


def _tick(value: float, ticks: Sequence[float]) -> str:
    """A number on the axis, with as many digits as its neighbours need."""
    largest, step = max(map(abs, ticks)), ticks[1] - ticks[0]
    if not 1e-3 <= largest < 1e6:
        return figure(value)
    digits = min(6, max(0, -math.floor(math.log10(step) + 1e-9)))
    digits += digits > 0 and round(step * 10**digits, 6) % 1 > 0
    return f"{value + 0.0:,.{digits}f}"


# --- lines ------------------------------------------------------------------------------------


def _line(root: Element, frame: Frame, line: Line, low: float, place: int) -> None:
    group = add(root, "g", class_=f"run run-{place}")
    spots = [(frame.x(step), frame.y(value - low)) for step, value in line.points]
    look: dict[str, object] = {"fill": "none", "stroke": "currentColor", "stroke_width": 2}
    dashes: dict[str, object] = {"stroke_dasharray": DASHES[place]} if DASHES[place] else {}
    path = "M" + " L".join(f"{x:g} {y:g}" for x, y in spots)
    if len(spots) > 1:
        add(group, "path", d=path, class_="line", stroke_linejoin="round", **look, **dashes)
    if place and len(spots) <= FEW:
        for x, y in spots[:-1]:
            _spot(group, place, x, y, 2.6)
    _spot(group, place, *spots[-1], 4.2)


def _spot(group: Element, place: int, x: float, y: float, size: float) -> None:
    """A disc, a square or a ring."""
    if SHAPES[place] == "square":
        corner = {"x": round(x - size, 1), "y": round(y - size, 1)}
        add(group, "rect", width=2 * size, height=2 * size, class_="mark", **corner)
    elif SHAPES[place] == "ring":
        add(group, "circle", cx=x, cy=y, r=size, fill="Canvas", class_="hole")
        look: dict[str, object] = {"fill": "none", "stroke": "currentColor", "stroke_width": 1.5}
        add(group, "circle", cx=x, cy=y, r=size, class_="line", **look)
    else:
        add(group, "circle", cx=x, cy=y, r=size, class_="mark")


def _legend(root: Element, lines: Sequence[Line]) -> None:
    x = float(LEFT)
    for place, line in enumerate(lines):
        group = add(root, "g", class_=f"run run-{place}")
        look: dict[str, object] = {"stroke": "currentColor", "stroke_width": 2, "fill": "none"}
        dashes: dict[str, object] = {"stroke_dasharray": DASHES[place]} if DASHES[place] else {}
        add(group, "path", d=f"M{x:g} {LEGEND - 4} h22", class_="line", **look, **dashes)
        _spot(group, place, x + 22, LEGEND - 4, 3.5)
        words = _short(line.label, len(lines))
        add(root, "text", words, x=x + 32, y=LEGEND, font_size=SIZE)
        x += 52 + 6.6 * len(words)


def _short(label: str, lines: int) -> str:
    most = 44 // lines
    return label if len(label) <= most else label[: most - 1] + "…"


# --- words and rows ---------------------------------------------------------------------------


def _said(line: Line, axes: Axes) -> str:
    (first, start), (last, end) = line.points[0], line.points[-1]
    if len(line.points) == 1:
        return f"{line.label}: {figure(end)} at {axes.along} {last:,}."
    lowest = min(line.points, key=lambda point: point[1])
    highest = max(line.points, key=lambda point: point[1])
    return (
        f"{line.label}: from {figure(start)} at {axes.along} {first:,} to {figure(end)} at "
        f"{axes.along} {last:,}; lowest {figure(lowest[1])} at {lowest[0]:,}, highest "
        f"{figure(highest[1])} at {highest[0]:,}."
    )


def _chosen(
    steps: Sequence[int], values: Mapping[int, Sequence[float | None]], most: int
) -> Iterator[int]:
    full = [step for step in steps if None not in values[step]]
    sparse = full if len(full) >= 3 else steps
    every = max(1, -(-len(sparse) // max(1, most)))
    wanted = {*sparse[::every], *steps[:1], *steps[-1:]}
    return (step for step in steps if step in wanted)
