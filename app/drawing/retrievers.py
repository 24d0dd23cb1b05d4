"""Retrievers compared as dots with 95% intervals: their figures, and the differences of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.drawing.svg import Element, add, drawing, text_of, wrapped

WIDTH = 360
SIZE = 12
LEFT, RIGHT = 112.0, 306.0
"""Where 0 and 1 stand in the drawing of figures: labels before, numbers behind."""
ROW, TOP, FOOT = 26, 6, 24
LABEL = 16
"""Characters of a label; what is longer ends with an ellipsis."""
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
SIDE, PAIR = 14.0, 44
"""Space left and right of the drawing of differences, and the height of a pair in it."""
TIES = "Nothing to compare: one retriever was measured."
LINE: dict[str, object] = {"stroke": "currentColor", "fill": "none"}


@dataclass(frozen=True, slots=True)
class Row:
    """A retriever's figure, from 0 to 1, with the ends of its 95% interval."""

    label: str
    value: float
    low: float
    high: float
    chosen: bool = False
    """Whether it is the one to use: drawn as a filled square, the others as discs."""


@dataclass(frozen=True, slots=True)
class Pair:
    """By how much one retriever is above another, from -1 to 1, with its 95% interval."""

    label: str
    difference: float
    low: float
    high: float
    beyond_noise: bool
    """Whether chance does not explain it: drawn as a filled disc, else as a ring."""


def figures(rows: Sequence[Row], name: str, title: str) -> Markup:
    """An accessible SVG of one metric: a line a retriever, from 0 to 1, and the number behind it.

    ``name`` prefixes the ids inside.
    """
    height = TOP + ROW * len(rows) + FOOT
    root = drawing(name, WIDTH, height, title, figures_words(rows))
    _quarters(root, TOP + ROW * len(rows))
    for index, row in enumerate(rows):
        _row(root, row, TOP + ROW * (index + 0.5))
    return text_of(root)


def figures_words(rows: Sequence[Row]) -> str:
    """Every row in words, such as ``BM25 0.710, 95% interval 0.650 to 0.770``."""
    return " ".join(
        f"{row.label} {row.value:.3f}, 95% interval {row.low:.3f} to {row.high:.3f}."
        for row in rows
    )


def differences(pairs: Sequence[Pair], margin: float, name: str, title: str) -> Markup:
    """An accessible SVG of paired differences round zero; dashes stand at a useful gain."""
    height = TOP + PAIR * len(pairs) + FOOT
    root = drawing(name, WIDTH, height, title, differences_words(pairs, margin))
    reach = _reach(pairs, margin)
    bottom = TOP + PAIR * len(pairs)
    _marks(root, reach, margin, bottom)
    for index, pair in enumerate(pairs):
        _pair(root, pair, reach, TOP + PAIR * index)
    return text_of(root)


def differences_words(pairs: Sequence[Pair], margin: float) -> str:
    """Every pair in words, and what would be a useful gain."""
    said = [
        f"{pair.label}: {pair.difference:+.3f}, 95% interval {pair.low:+.3f} to {pair.high:+.3f}, "
        f"{'more than noise' if pair.beyond_noise else 'noise could explain it'}."
        for pair in pairs
    ]
    return " ".join([*said, f"A useful gain is {margin:g}."] if said else [TIES])


def place(value: float) -> float:
    """Where a figure from 0 to 1 stands, in drawing units."""
    return round(LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, value)), 1)


def beside(value: float, reach: float) -> float:
    """Where a difference stands, in drawing units; zero is in the middle."""
    share = min(1.0, max(-1.0, value / reach))
    return round(WIDTH / 2 + (WIDTH / 2 - SIDE) * share, 1)


def _quarters(root: Element, bottom: float) -> None:
    for quarter in QUARTERS:
        x = place(quarter)
        look = {**LINE, "stroke_opacity": 0.35, "class_": "axis"}
        add(root, "path", d=f"M{x:g} {TOP} V{bottom + 4:g}", **look)
        if quarter in (0.0, 0.5, 1.0):
            put = {"x": x, "y": bottom + 18, "text_anchor": "middle", "class_": "quiet"}
            add(root, "text", f"{quarter:g}", font_size=SIZE, **put)


def _row(root: Element, row: Row, y: float) -> None:
    look: dict[str, object] = {"font_weight": 650} if row.chosen else {}
    add(root, "text", _short(row.label), x=0, y=y + 4, font_size=SIZE, **look)
    group = add(root, "g", class_=f"share share-{'chosen' if row.chosen else 'other'}")
    _spread(group, place(row.low), place(row.high), y)
    x = place(row.value)
    if row.chosen:
        add(group, "rect", x=x - 5, y=y - 5, width=10, height=10, class_="mark")
    else:
        add(group, "circle", cx=x, cy=y, r=5.5, class_="mark")
    put = {"x": WIDTH, "y": y + 4, "text_anchor": "end", "font_size": SIZE}
    add(root, "text", f"{row.value:.3f}", **put, **look)


def _spread(group: Element, low: float, high: float, y: float) -> None:
    look: dict[str, object] = {"class_": "spread", "fill_opacity": 0.35, "rx": 3}
    add(group, "rect", x=low, y=y - 5, width=round(max(high - low, 2.0), 1), height=10, **look)


def _reach(pairs: Sequence[Pair], margin: float) -> float:
    """How far the drawing goes to each side: all intervals and the margin, and a little more."""
    ends = [abs(end) for pair in pairs for end in (pair.low, pair.high, pair.difference)]
    return 1.1 * max([2 * margin, *ends]) or 1.0


def _marks(root: Element, reach: float, margin: float, bottom: float) -> None:
    """The line at zero, dashes at a useful gain either way, and their words."""
    for value, dashes in ((0.0, ""), (-margin, "3 4"), (margin, "3 4")):
        look: dict[str, object] = {"stroke_dasharray": dashes} if dashes else {"stroke_width": 1.5}
        place = f"M{beside(value, reach):g} {TOP} V{bottom + 4:g}"
        add(root, "path", d=place, class_="axis", **LINE, **look)
    for value, anchor, text in (
        (-reach, "start", "worse"),
        (0.0, "middle", "0"),
        (reach, "end", "better"),
    ):
        put = {"x": beside(value, reach), "y": bottom + 18, "text_anchor": anchor}
        add(root, "text", text, font_size=SIZE, class_="quiet", **put)


def _pair(root: Element, pair: Pair, reach: float, top: float) -> None:
    _paper(root, 0, top)
    add(root, "text", wrapped(pair.label, 38, 1)[0], x=0, y=top + 13, font_size=SIZE)
    put = {"x": WIDTH, "y": top + 13, "text_anchor": "end", "font_size": SIZE}
    add(root, "text", f"{pair.difference:+.3f}", **put)
    y = top + 30
    add(root, "path", d=f"M{SIDE:g} {y:g} H{WIDTH - SIDE:g}", class_="axis", **LINE)
    group = add(root, "g", class_=f"share share-{'chosen' if pair.beyond_noise else 'other'}")
    _spread(group, beside(pair.low, reach), beside(pair.high, reach), y)
    x = beside(pair.difference, reach)
    if pair.beyond_noise:
        add(group, "circle", cx=x, cy=y, r=5.5, class_="mark")
    else:
        add(group, "circle", cx=x, cy=y, r=5, class_="hole", fill="Canvas")
        add(group, "circle", cx=x, cy=y, r=5, class_="line", stroke_width=2, **LINE)


def _paper(root: Element, x: float, top: float) -> None:
    """Behind the words of a pair, so that no line runs through them."""
    add(root, "rect", x=x, y=top, width=WIDTH, height=18, class_="hole paper", fill="Canvas")


def _short(label: str) -> str:
    return label if len(label) <= LABEL else label[: LABEL - 1] + "…"
